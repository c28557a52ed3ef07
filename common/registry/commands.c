#include "common/registry/commands.h"

#include "common/clock.h"
#include "common/registry/worker_blocked.h"

#include <string.h>

#define COLUMNS \
	"id, kind, bot_id, args, requested_by, correlation_id, idempotency_key, created_us, " \
	"expires_us, status, code, message, result, answered_us"

static const char SQL_GET[] = "SELECT " COLUMNS " FROM commands WHERE id = ?1";
static const char SQL_NEXT[] =
	"SELECT " COLUMNS " FROM commands WHERE status = 'queued' AND id > ?1 ORDER BY id LIMIT 1";
static const char SQL_SAME_KEY[] =
	"SELECT id, kind, bot_id, args FROM commands WHERE idempotency_key = ?1";
static const char SQL_BOT_EXISTS[] = "SELECT EXISTS (SELECT 1 FROM bots WHERE id = ?1)";
static const char SQL_INSERT[] =
	"INSERT INTO commands(kind, bot_id, args, requested_by, correlation_id, idempotency_key, "
	"created_us, expires_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
#define HEARTBEAT_COLUMNS \
	"pid, started_us, beat_us, stopped_us, loop_p50_us, loop_p99_us, turns, events," \
	" feed_age_ms, clock_drift_ms, decode_errors, rss_bytes, boot_id, version, trading_mode," \
	" market_data, feed_state, feed_message"
#define HEARTBEAT_SCHEMA 7	/* has the columns that are behind these */
static const char SQL_HEARTBEAT[] =
	"SELECT " HEARTBEAT_COLUMNS ", trades_late, trades_repeated, trades_refused, feed_gaps,"
	" book_breaks, feed_problem, market_us, market_at_us FROM worker_heartbeat WHERE id = 1";
static const char SQL_HEARTBEAT_BEFORE[] =
	"SELECT " HEARTBEAT_COLUMNS " FROM worker_heartbeat WHERE id = 1";

static void bind_int_or_null(struct stmt *s, int index, int64_t v)
{
	if (v)
		stmt_bind_int(s, index, v);
	else
		stmt_bind_null(s, index);
}

static const char *args_of(const struct command *c)
{
	return c->args[0] ? c->args : "{}";
}

static bool same_request(struct stmt *s, const struct command *c)
{
	return strcmp(stmt_text(s, 1), c->kind) == 0 && stmt_int(s, 2) == c->bot_id &&
	       strcmp(stmt_text(s, 3), args_of(c)) == 0;
}

/* *id is the command that has c's key already, 0 when there is none. */
static int find_same_key(struct db *db, const struct command *c, int64_t *id, struct err *e)
{
	struct stmt *s;
	int rc;

	*id = 0;
	if (!c->idempotency_key[0])
		return 0;
	if ((rc = db_stmt(db, SQL_SAME_KEY, &s, e)))
		return rc;
	stmt_bind_text(s, 1, c->idempotency_key);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		rc = 0;
		if (same_request(s, c))
			*id = stmt_int(s, 0);
		else
			rc = err_set(e, ERR_CONFLICT, "idempotency key %s belongs to command %lld "
				     "(%s), which asked for something else: use a new key",
				     c->idempotency_key, (long long)stmt_int(s, 0),
				     stmt_text(s, 1));
	}
	stmt_done(s);
	return rc;
}

static int check_worker(struct db *db, int64_t now_us, struct err *e)
{
	char why[WORKER_BLOCKED_TEXT];
	struct heartbeat h;
	int64_t pid;
	int rc = store_heartbeat_get(db, &h, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, ERR_UNAVAILABLE, "the worker has never run on %s: start "
			       "trading-bot-worker; nothing was queued", db_path(db));
	if (rc)
		return rc;
	if (heartbeat_alive(&h, now_us))
		return 0;
	pid = worker_blocked(db_path(db), h.stopped_us ? 0 : h.pid, why);
	if (pid)
		return err_set(e, ERR_UNAVAILABLE, "the worker (pid %lld) runs, but has stored "
			       "nothing for %lld s: %s; nothing was queued", (long long)pid,
			       (long long)((now_us - h.beat_us) / US_PER_S), why);
	if (h.stopped_us)
		return err_set(e, ERR_UNAVAILABLE, "the worker was stopped %lld s ago: start "
			       "trading-bot-worker; nothing was queued",
			       (long long)((now_us - h.stopped_us) / US_PER_S));
	return err_set(e, ERR_UNAVAILABLE, "the worker (pid %lld) has been silent for %lld s: "
		       "look at its log or start it again; nothing was queued",
		       (long long)h.pid, (long long)((now_us - h.beat_us) / US_PER_S));
}

static int insert(struct db *db, const struct command *c, int64_t now_us, int64_t *id,
		  struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_INSERT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, c->kind);
	bind_int_or_null(s, 2, c->bot_id);
	stmt_bind_text(s, 3, args_of(c));
	stmt_bind_text(s, 4, c->requested_by);
	stmt_bind_text(s, 5, c->correlation_id);
	stmt_bind_text(s, 6, c->idempotency_key[0] ? c->idempotency_key : NULL);
	stmt_bind_int(s, 7, now_us);
	bind_int_or_null(s, 8, c->expires_us);
	rc = stmt_run(s, e);
	if (!rc)
		*id = db_last_id(db);
	return rc;
}

int store_command_queue_tx(struct db *db, const struct command *c, int64_t *id, struct err *e)
{
	int64_t now_us = c->created_us ? c->created_us : clock_now_us();
	int64_t found = 0;
	int rc = find_same_key(db, c, &found, e);

	if (!rc && !found && strcmp(c->kind, COMMAND_EMERGENCY_STOP) != 0)
		rc = check_worker(db, now_us, e);
	if (!rc && !found)
		rc = insert(db, c, now_us, &found, e);
	if (!rc)
		*id = found;
	return rc;
}

int store_command_queue(struct db *db, const struct command *c, int64_t *id, struct err *e)
{
	int64_t queued = 0;
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	rc = store_command_queue_tx(db, c, &queued, e);
	rc = db_end(db, rc, e);
	if (!rc)
		*id = queued;
	return rc;
}

int store_command_add_tx(struct db *db, const struct command *c, int64_t *id, struct err *e)
{
	int64_t found = 0;
	int rc = find_same_key(db, c, &found, e);

	*id = 0;
	if (rc == ERR_CONFLICT || (rc == 0 && found))
		return 0;
	return rc ? rc : insert(db, c, c->created_us, id, e);
}

void store_command_init(struct command *c)
{
	memset(c, 0, offsetof(struct command, result));
	c->result[0] = '\0';
}

static void read_command(struct stmt *s, struct command *c)
{
	c->id = stmt_int(s, 0);
	stmt_copy(s, 1, c->kind, sizeof(c->kind));
	c->bot_id = stmt_int(s, 2);
	stmt_copy(s, 3, c->args, sizeof(c->args));
	stmt_copy(s, 4, c->requested_by, sizeof(c->requested_by));
	stmt_copy(s, 5, c->correlation_id, sizeof(c->correlation_id));
	stmt_copy(s, 6, c->idempotency_key, sizeof(c->idempotency_key));
	c->created_us = stmt_int(s, 7);
	c->expires_us = stmt_int(s, 8);
	stmt_copy(s, 9, c->status, sizeof(c->status));
	stmt_copy(s, 10, c->code, sizeof(c->code));
	stmt_copy(s, 11, c->message, sizeof(c->message));
	stmt_copy(s, 12, c->result, sizeof(c->result));
	c->answered_us = stmt_int(s, 13);
}

static int read_one(struct db *db, const char *sql, int64_t id, struct command *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		read_command(s, out);
		rc = 0;
	} else if (rc == STMT_END) {
		rc = ERR_NOT_FOUND;
	}
	stmt_done(s);
	return rc;
}

int store_command_get(struct db *db, int64_t id, struct command *out, struct err *e)
{
	int rc = read_one(db, SQL_GET, id, out, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc, "there is no command %lld", (long long)id);
	return rc;
}

int store_command_next(struct db *db, int64_t after, struct command *out, struct err *e)
{
	int rc = read_one(db, SQL_NEXT, after, out, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc, "no command is queued after %lld", (long long)after);
	return rc;
}

int store_command_bot_exists(struct db *db, int64_t bot_id, bool *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BOT_EXISTS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*out = stmt_int(s, 0) != 0;
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

static void read_heartbeat(struct stmt *s, struct heartbeat *h)
{
	h->pid = stmt_int(s, 0);
	h->started_us = stmt_int(s, 1);
	h->beat_us = stmt_int(s, 2);
	h->stopped_us = stmt_int(s, 3);
	h->loop_p50_us = stmt_int(s, 4);
	h->loop_p99_us = stmt_int(s, 5);
	h->turns = stmt_int(s, 6);
	h->events = stmt_int(s, 7);
	h->feed_age_ms = stmt_int(s, 8);
	h->clock_drift_ms = stmt_int(s, 9);
	h->decode_errors = stmt_int(s, 10);
	h->rss_bytes = stmt_int(s, 11);
	stmt_copy(s, 12, h->boot_id, sizeof(h->boot_id));
	stmt_copy(s, 13, h->version, sizeof(h->version));
	stmt_copy(s, 14, h->trading_mode, sizeof(h->trading_mode));
	stmt_copy(s, 15, h->market_data, sizeof(h->market_data));
	stmt_copy(s, 16, h->feed_state, sizeof(h->feed_state));
	stmt_copy(s, 17, h->feed_message, sizeof(h->feed_message));
}

static void read_market_data(struct stmt *s, struct heartbeat *h)
{
	h->trades_late = stmt_int(s, 18);
	h->trades_repeated = stmt_int(s, 19);
	h->trades_refused = stmt_int(s, 20);
	h->feed_gaps = stmt_int(s, 21);
	h->book_breaks = stmt_int(s, 22);
	stmt_copy(s, 23, h->feed_problem, sizeof(h->feed_problem));
	h->market_us = stmt_int(s, 24);
	h->market_at_us = stmt_int(s, 25);
}

int store_heartbeat_get(struct db *db, struct heartbeat *out, struct err *e)
{
	bool before = db_schema_version(db) < HEARTBEAT_SCHEMA;
	struct stmt *s;
	int rc = db_stmt(db, before ? SQL_HEARTBEAT_BEFORE : SQL_HEARTBEAT, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		memset(out, 0, sizeof(*out));
		read_heartbeat(s, out);
		if (!before)
			read_market_data(s, out);
		rc = 0;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "a worker has never run on %s", db_path(db));
	}
	stmt_done(s);
	return rc;
}

bool heartbeat_alive(const struct heartbeat *h, int64_t now_us)
{
	int64_t age = now_us - h->beat_us;

	/* A beat far ahead: the clock was set back after the worker died. */
	return !h->stopped_us && age <= HEARTBEAT_DEAD_US && age >= -HEARTBEAT_DEAD_US;
}
