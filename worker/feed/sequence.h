/*
 * sequence.h - the ids of one market's trades: did this one come before, is one missing?
 *
 * An exchange numbers the trades of a market (and its aggregate trades) one by one. So a
 * trade whose id follows the newest one has everything before it, one that was seen
 * before counts once however often it comes (over a reconnect, in overlapping files), and
 * a number that is left out is a trade that we missed, unless it comes within
 * CANDLE_GRACE_US. Only a series that was dense so far is judged so: what made a recording
 * may have numbered otherwise.
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
/* Another stream of the market lost something: were trades lost as well? */
void sequence_doubt(struct sequence *s);
/*
 * The exchange's time is time_us: are trades missing that will not come any more? How
 * many, told once; 0 none.
 */
int64_t sequence_lost(struct sequence *s, int64_t time_us);
/* A gap is known already: whatever is missing now is part of it. */
void sequence_gap(struct sequence *s);
/* The ids begin again: a recording from its start. */
void sequence_reset(struct sequence *s);

#endif
