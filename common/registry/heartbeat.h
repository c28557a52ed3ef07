/*
 * heartbeat.h - table worker_heartbeat: does a worker run, and can it store its rows?
 *
 * The beat is a row, which the worker can't write on a full disk or during another program's
 * transaction. Its lock on the database (hold.h) ends with the process.
 */
#ifndef COMMON_REGISTRY_HEARTBEAT_H
#define COMMON_REGISTRY_HEARTBEAT_H

#include "common/db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define HEARTBEAT_DEAD_US INT64_C(5000000)	/* an older beat: the worker is away */

struct heartbeat {
	int64_t pid, started_us, beat_us, stopped_us;	/* 0 never */
	int64_t loop_p50_us, loop_p99_us, turns, events;
	int64_t feed_age_ms, clock_drift_ms, decode_errors, rss_bytes;
	int64_t trades_late, trades_repeated, trades_refused, feed_gaps, book_breaks;
	int64_t market_us;	/* the market's time at the beat; 0: it is the machine's */
	int64_t market_at_us;	/* the machine's when that was last seen to move */
	char feed_problem[200];	/* newest refused frame or gap; "" none */
	char boot_id[40], version[24], trading_mode[16], market_data[16];
	char feed_state[16], feed_message[256];
};
/* ERR_NOT_FOUND: a worker never ran on this file. */
MUST_CHECK int store_heartbeat_get(struct db *db, struct heartbeat *out, struct err *e);
MUST_CHECK int store_heartbeat_tx(struct db *db, const struct heartbeat *h, struct err *e);

enum worker_state {
	WORKER_NEVER,		/* ran on this file; its beat is all 0 */
	WORKER_RUNNING,		/* the beat is fresh, and it has not said that it stops */
	WORKER_BLOCKED,		/* it runs, but has stored nothing for a while */
	WORKER_STOPPED,		/* it ended cleanly */
	WORKER_AWAY		/* no beat for HEARTBEAT_DEAD_US */
};
struct worker_look {
	enum worker_state state;
	int64_t age_us;			/* since the beat */
	char blocked[160];		/* by what, and what to do: the end of a sentence; or "" */
	struct heartbeat beat;
};
MUST_CHECK int heartbeat_look(struct db *db, int64_t now_us, struct worker_look *out,
			      struct err *e);
/* "never", "running", ... */
const char *worker_state_name(enum worker_state s);

#endif
