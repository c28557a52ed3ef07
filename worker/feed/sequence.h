/*
 * sequence.h - finds repeated and missing trades of one market by their ids.
 *
 * An exchange numbers the trades of a market (and its aggregate trades) one by one. So when a
 * trade's id follows the newest one, nothing is missing before it. A trade that came before
 * (after a reconnect, or in overlapping files) counts only once. An id that is left out is a
 * missed trade, unless that trade comes within CANDLE_GRACE_US. This is judged only when the
 * ids had no hole for SEQUENCE_DENSE trades, because a recording may be numbered in another
 * way.
 */
#ifndef WORKER_FEED_SEQUENCE_H
#define WORKER_FEED_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SEQUENCE_SEEN 4096	/* newest trades that are remembered; a power of two */
#define SEQUENCE_DENSE 64	/* so many in a row without a hole: a hole is a missing trade */

struct sequence {
	int64_t next_id;	/* follows the newest; 0: no trade yet */
	int64_t newest_us;	/* exchange's time of the newest */
	int64_t unsure_us;	/* until this exchange's time an earlier trade may come */
	int64_t dense;		/* trades in a row whose id followed */
	int64_t hole_id, missing;	/* first id and count of those left out, not yet given up */
	bool doubted;		/* something else was lost: the next id must follow */
	struct { int64_t id, time_us; } seen[SEQUENCE_SEEN];	/* by the id's last bits */
};

enum sequence_result {
	SEQUENCE_NEXT,		/* nothing is missing before it */
	SEQUENCE_OTHER,		/* new, but that is not sure */
	SEQUENCE_REPEATED	/* the same trade came before */
};

enum sequence_result sequence_take(struct sequence *s, int64_t id, int64_t time_us);
/* Another stream of the market lost frames, so the next trade must show that none is missing. */
void sequence_doubt(struct sequence *s);
/*
 * The exchange's time is time_us: how many trades are missing that will not come any more?
 * Each is counted once; 0 none.
 */
int64_t sequence_lost(struct sequence *s, int64_t time_us);
/* A gap was reported already, so the trades missing now belong to it. */
void sequence_gap(struct sequence *s);
/* The ids begin again, because a recording starts over. */
void sequence_reset(struct sequence *s);

#endif
