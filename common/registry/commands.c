#include "common/registry/commands.h"

#include "common/clock.h"
#include "common/db/row.h"
#include "common/registry/heartbeat.h"

#include <string.h>

#define C(type, member) ROW(struct command, type, member)

static const struct row_column columns[] = {
	C(ROW_INT, id), C(ROW_TEXT, kind), C(ROW_INT, bot_id), C(ROW_TEXT, args),
	C(ROW_TEXT, requested_by), C(ROW_TEXT, correlation_id), C(ROW_TEXT, idempotency_key),
	C(ROW_INT, created_us), C(ROW_INT, expires_us), C(ROW_TEXT, status), C(ROW_TEXT, code),
	C(ROW_TEXT, message), C(ROW_TEXT, result), C(ROW_INT, answered_us),
};
static const struct row_table commands = ROW_TABLE("commands", columns);
ROW_SQL(get_command, commands, "WHERE id = ?1");
ROW_SQL(next_command, commands, "WHERE status = 'queued' AND id > ?1 ORDER BY id LIMIT 1");

static const char SQL_SAME_KEY[] =
	"SELECT id, kind, bot_id, args FROM commands WHERE idempotency_key = ?1";
static const char SQL_BOT_EXISTS[] = "SELECT EXISTS (SELECT 1 FROM bots WHERE id = ?1)";
static const char SQL_INSERT[] =
	"INSERT INTO commands(kind, bot_id, args, requested_by, correlation_id, idempotency_key, "
	"created_us, expires_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

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
	struct worker_look w;
	int rc = heartbeat_look(db, now_us, &w, e);
	long long age_s = w.age_us / US_PER_S, pid = w.beat.pid;

	if (rc)
		return rc;
	switch (w.state) {
	case WORKER_RUNNING:
		return 0;
	case WORKER_NEVER:
		return err_set(e, ERR_UNAVAILABLE, "the worker has never run on %s: start "
			       "trading-bot-worker; nothing was queued", db_path(db));
	case WORKER_BLOCKED:
		return err_set(e, ERR_UNAVAILABLE, "the worker (pid %lld) runs, but has stored "
			       "nothing for %lld s: %s; nothing was queued", pid, age_s, w.blocked);
	case WORKER_STOPPED:
		return err_set(e, ERR_UNAVAILABLE, "the worker was stopped %lld s ago: start "
			       "trading-bot-worker; nothing was queued",
			       (long long)((now_us - w.beat.stopped_us) / US_PER_S));
	case WORKER_AWAY:
		break;
	}
	return err_set(e, ERR_UNAVAILABLE, "the worker (pid %lld) has been silent for %lld s: "
		       "look at its log or start it again; nothing was queued", pid, age_s);
}

static int insert(struct db *db, const struct command *c, int64_t now_us, int64_t *id,
		  struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_INSERT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, c->kind);
	stmt_bind_nonzero(s, 2, c->bot_id);
	stmt_bind_text(s, 3, args_of(c));
	stmt_bind_text(s, 4, c->requested_by);
	stmt_bind_text(s, 5, c->correlation_id);
	stmt_bind_text(s, 6, c->idempotency_key[0] ? c->idempotency_key : NULL);
	stmt_bind_int(s, 7, now_us);
	stmt_bind_nonzero(s, 8, c->expires_us);
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

static int read_one(struct db *db, struct row_sql *q, int64_t id, struct command *out,
		    struct err *e)
{
	struct stmt *s;
	int rc = row_select(db, q, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		ASSERT(row_read(s, &commands, out));
		rc = 0;
	} else if (rc == STMT_END) {
		rc = ERR_NOT_FOUND;
	}
	stmt_done(s);
	return rc;
}

int store_command_get(struct db *db, int64_t id, struct command *out, struct err *e)
{
	int rc = read_one(db, &get_command, id, out, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc, "there is no command %lld", (long long)id);
	return rc;
}

int store_command_next(struct db *db, int64_t after, struct command *out, struct err *e)
{
	int rc = read_one(db, &next_command, after, out, e);

	if (rc == ERR_NOT_FOUND)
		return err_set(e, rc, "no command is queued after %lld", (long long)after);
	return rc;
}

int store_command_bot_exists(struct db *db, int64_t bot_id, bool *out, struct err *e)
{
	int64_t there = 0;
	int rc = db_number(db, SQL_BOT_EXISTS, &bot_id, &there, e);

	if (rc == 0)
		*out = there != 0;
	return rc;
}
