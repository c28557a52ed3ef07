#include "api/store/status.h"

#include "common/clock.h"
#include "common/registry/commands.h"

static const char SQL_STATUS[] =
	"SELECT b.id, b.name, coalesce(s.status, 'STOPPED'), s.emergency, s.error, s.mode,"
	" coalesce(nullif(s.running_us, 0), s.start_us), s.last_execution_us, c.version,"
	" s.applied_config_version, s.config_error,"
	" s.applied_model_id, s.model_error, s.pending_orders, s.open_positions,"
	" coalesce(s.equity, 0.0), coalesce(s.last_price, 0.0),"
	" h.pid, h.started_us, h.beat_us, h.stopped_us, h.version, h.market_data, h.feed_state,"
	" h.feed_message, h.feed_age_ms, coalesce(c.model_id, 0),"
	" coalesce(s.candles, 0), c.interval, h.market_us, h.market_at_us"
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN trading_configs c ON c.bot_id = b.id"
	" LEFT JOIN worker_heartbeat h ON h.id = 1 WHERE b.id = ?1";
static const char SQL_COUNTS[] =
	"SELECT (SELECT count(*) FROM bots),"
	" (SELECT count(*) FROM bot_state WHERE status = 'RUNNING'),"
	" (SELECT coalesce(sum(open_positions), 0) FROM bot_state),"
	" (SELECT count(*) FROM commands WHERE status = 'queued'),"
	" (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')),"
	" (SELECT count(*) FROM notifications WHERE state = 'queued')";

static void read_bot(struct stmt *s, struct bot_status *out)
{
	out->bot_id = stmt_int(s, 0);
	stmt_copy(s, 1, out->name, sizeof(out->name));
	stmt_copy(s, 2, out->status, sizeof(out->status));
	out->emergency = (int)stmt_int(s, 3);
	stmt_copy(s, 4, out->error, sizeof(out->error));
	stmt_copy(s, 5, out->mode, sizeof(out->mode));
	out->start_us = stmt_int(s, 6);
	out->last_execution_us = stmt_int(s, 7);
	out->config_wanted = stmt_int(s, 8);
	out->config_applied = stmt_int(s, 9);
	stmt_copy(s, 10, out->config_error, sizeof(out->config_error));
	out->model_id = stmt_int(s, 11);
	stmt_copy(s, 12, out->model_error, sizeof(out->model_error));
	out->pending_orders = stmt_int(s, 13);
	out->open_positions = stmt_int(s, 14);
	out->equity = stmt_money(s, 15);
	out->last_price = stmt_price(s, 16);
	out->model_wanted = stmt_int(s, 26);
	out->candles = stmt_int(s, 27);
	stmt_copy(s, 28, out->interval, sizeof(out->interval));
}

static void read_worker(struct stmt *s, struct bot_status *out)
{
	out->worker_seen = !stmt_is_null(s, 17);
	out->worker_pid = stmt_int(s, 17);
	out->worker_started_us = stmt_int(s, 18);
	out->beat_us = stmt_int(s, 19);
	out->stopped_us = stmt_int(s, 20);
	stmt_copy(s, 21, out->worker_version, sizeof(out->worker_version));
	stmt_copy(s, 22, out->market_data, sizeof(out->market_data));
	stmt_copy(s, 23, out->feed_state, sizeof(out->feed_state));
	stmt_copy(s, 24, out->feed_message, sizeof(out->feed_message));
	out->feed_age_ms = stmt_int(s, 25);
	out->market_us = stmt_int(s, 29);
	out->market_at_us = stmt_int(s, 30);
}

/* When the beat is old, the lock shows whether a worker runs that can't write. */
static void look_at_lock(struct db *db, struct bot_status *out)
{
	int64_t age_us = clock_now_us() - out->beat_us;

	out->holder = 0;
	out->blocked[0] = '\0';
	if (out->worker_seen && (age_us > HEARTBEAT_DEAD_US || age_us < -HEARTBEAT_DEAD_US))
		out->holder = worker_blocked(db_path(db), out->stopped_us ? 0 : out->worker_pid,
					     out->blocked);
}

int store_status_get(struct db *db, int64_t bot_id, struct bot_status *out, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_STATUS, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		read_bot(s, out);
		read_worker(s, out);
	}
	stmt_done(s);
	if (rc == STMT_ROW)
		look_at_lock(db, out);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	return rc < 0 ? rc : 0;
}

int store_counts_get(struct db *db, struct store_counts *out, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_COUNTS, &s, e);
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->bots = stmt_int(s, 0);
		out->running = stmt_int(s, 1);
		out->open_positions = stmt_int(s, 2);
		out->queued_commands = stmt_int(s, 3);
		out->open_jobs = stmt_int(s, 4);
		out->notifications = stmt_int(s, 5);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}
