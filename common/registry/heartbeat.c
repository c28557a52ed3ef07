#include "common/registry/heartbeat.h"

#include "common/db/hold.h"
#include "common/db/reserve.h"
#include "common/db/row.h"

#include <stdio.h>
#include <string.h>

#define H(type, member, ...) ROW(struct heartbeat, type, member, __VA_ARGS__)

static const struct row_column columns[] = {
	{ .name = "id", .type = ROW_GIVEN, .use = ROW_KEY, .insert = "1" },
	H(ROW_INT, pid),
	H(ROW_TEXT, boot_id),
	H(ROW_TEXT, version),
	H(ROW_INT, started_us),
	H(ROW_INT, beat_us),
	H(ROW_TIME, stopped_us),
	H(ROW_INT, loop_p50_us),
	H(ROW_INT, loop_p99_us),
	H(ROW_INT, turns),
	H(ROW_INT, events),
	H(ROW_TEXT, trading_mode),
	H(ROW_TEXT, market_data),
	H(ROW_TEXT, feed_state),
	H(ROW_TEXT, feed_message),
	H(ROW_INT, feed_age_ms),
	H(ROW_INT, clock_drift_ms),
	H(ROW_INT, decode_errors),
	H(ROW_INT, rss_bytes),
	H(ROW_INT, trades_late, .since = 7),
	H(ROW_INT, trades_repeated, .since = 7),
	H(ROW_INT, trades_refused, .since = 7),
	H(ROW_INT, feed_gaps, .since = 7),
	H(ROW_INT, book_breaks, .since = 7),
	H(ROW_TEXT, feed_problem, .since = 7),
	H(ROW_INT, market_us, .since = 7),
	H(ROW_INT, market_at_us, .since = 7),
};
static const struct row_table beats = ROW_TABLE("worker_heartbeat", columns);
ROW_SQL(save_beat, beats, NULL);
ROW_SQL(read_beat, beats, "WHERE id = 1");

int store_heartbeat_tx(struct db *db, const struct heartbeat *h, struct err *e)
{
	struct stmt *s;
	int rc = row_save(db, &save_beat, h, &s, e);

	return rc ? rc : stmt_run(s, e);
}

int store_heartbeat_get(struct db *db, struct heartbeat *out, struct err *e)
{
	struct stmt *s;
	int rc = row_select(db, &read_beat, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		memset(out, 0, sizeof(*out));
		ASSERT(row_read(s, &beats, out));
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "a worker has never run on %s", db_path(db));
	return rc < 0 ? rc : 0;
}

static enum worker_state state_of(struct db *db, const struct worker_look *w)
{
	if (w->beat.stopped_us)
		return WORKER_STOPPED;
	/* A beat far ahead: the clock was set back after the worker died. */
	if (w->age_us <= HEARTBEAT_DEAD_US && w->age_us >= -HEARTBEAT_DEAD_US)
		return WORKER_RUNNING;
	/* Another process at the lock is a worker that has no beat yet. */
	return w->beat.pid && db_hold_worker(db_path(db)) == w->beat.pid ? WORKER_BLOCKED
									 : WORKER_AWAY;
}

int heartbeat_look(struct db *db, int64_t now_us, struct worker_look *out, struct err *e)
{
	int rc;

	memset(out, 0, sizeof(*out));
	rc = store_heartbeat_get(db, &out->beat, e);
	if (rc)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	out->age_us = now_us - out->beat.beat_us;
	out->state = state_of(db, out);
	if (out->state == WORKER_BLOCKED)
		snprintf(out->blocked, sizeof(out->blocked), "%s", reserve_disk_full(db_path(db))
			 ? "its disk is full: free some space"
			 : "the database is locked by another program (an open sqlite3 shell?), "
			   "or it hangs or just starts: its log says which");
	return 0;
}

const char *worker_state_name(enum worker_state s)
{
	switch (s) {
	case WORKER_NEVER: return "never";
	case WORKER_RUNNING: return "running";
	case WORKER_BLOCKED: return "blocked";
	case WORKER_STOPPED: return "stopped";
	case WORKER_AWAY: break;
	}
	return "away";
}
