#include "worker/store/worker.h"

static const char SQL_BOOT_ID[] = "SELECT boot_id FROM worker_heartbeat WHERE id = 1";
static const char SQL_CLAIM[] = "UPDATE worker_heartbeat SET boot_id = ?1 WHERE id = 1";
static const char SQL_QUEUED[] =
	"SELECT id FROM commands WHERE status = 'queued'"
	" AND (?2 = 0 OR bot_id IS NULL OR bot_id = ?2)"
	" ORDER BY kind != 'emergency-stop', id LIMIT ?1";
static const char SQL_EMERGENCY_AFTER[] =
	"SELECT EXISTS (SELECT 1 FROM commands WHERE id > ?1 AND kind = 'emergency-stop'"
	" AND (bot_id IS NULL OR bot_id = ?2))";
static const char SQL_QUEUED_AFTER[] =
	"SELECT EXISTS (SELECT 1 FROM commands WHERE status = 'queued' AND id > ?1"
	" AND (?2 = 0 OR bot_id IS NULL OR bot_id = ?2))";
static const char SQL_ANSWER[] =
	"UPDATE commands SET status = ?2, code = ?3, message = ?4, result = ?5, answered_us = ?6"
	" WHERE id = ?1 AND status = 'queued'";
static const char SQL_HAND_ON[] =
	"INSERT INTO commands(kind, bot_id, args, requested_by, correlation_id, created_us,"
	" expires_us)"
	" SELECT c.kind, b.id, c.args, c.requested_by, c.correlation_id, c.created_us, c.expires_us"
	" FROM commands c JOIN bots b ON b.id != ?2"
	" WHERE c.id = ?1 AND c.bot_id IS NULL AND c.status != 'expired' ORDER BY b.id";
static const char SQL_POSITION[] =
	"SELECT loop, frame, offset_us, now_us FROM feed_positions WHERE source = ?1";
static const char SQL_POSITION_SET[] =
	"INSERT OR REPLACE INTO feed_positions(source, loop, frame, offset_us, now_us, updated_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char SQL_ASSIGN[] = "UPDATE trading_configs SET model_id = ?2 WHERE bot_id = ?1";
/* The versions so far had no model because there was none; they asked no other. */
static const char SQL_ASSIGN_PAST[] =
	"UPDATE trading_config_history SET config = json_set(config, '$.model_id', ?2)"
	" WHERE bot_id = ?1 AND json_valid(config) AND json_extract(config, '$.model_id') = 0";
static const char SQL_HAS[] =
	"SELECT (SELECT count(*) FROM models) + (SELECT count(*) FROM trading_configs"
	" WHERE bot_id = ?1 AND model_id != 0)";

int store_boot_id(struct db *db, char *out, size_t size, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BOOT_ID, &s, e);

	out[0] = '\0';
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, out, size);
		rc = 0;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "a worker has never run on %s", db_path(db));
	}
	stmt_done(s);
	return rc;
}

int store_claim_tx(struct db *db, const char *boot_id, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CLAIM, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, boot_id);
	return stmt_run(s, e);
}

int store_queued(struct db *db, int64_t only_bot, int64_t *ids, size_t max, size_t *n,
		 struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_QUEUED, &s, e);

	if (rc)
		return rc;
	*n = 0;
	stmt_bind_int(s, 1, (int64_t)max);
	stmt_bind_int(s, 2, only_bot);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		ids[(*n)++] = stmt_int(s, 0);
	stmt_done(s);
	return rc;
}

static int exists_after(struct db *db, const char *sql, int64_t id, int64_t bot_id, bool *out,
			struct err *e)
{
	int64_t found = 0;
	int rc = db_number(db, sql, (const int64_t[]){ id, bot_id }, &found, e);

	if (rc == 0)
		*out = found != 0;
	return rc;
}

int store_emergency_after(struct db *db, int64_t id, int64_t bot_id, bool *out, struct err *e)
{
	return exists_after(db, SQL_EMERGENCY_AFTER, id, bot_id, out, e);
}

int store_queued_after(struct db *db, int64_t id, int64_t bot_id, bool *out, struct err *e)
{
	return exists_after(db, SQL_QUEUED_AFTER, id, bot_id, out, e);
}

int store_answer_tx(struct db *db, const struct command_answer *a, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ANSWER, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, a->id);
	stmt_bind_text(s, 2, a->status);
	stmt_bind_text(s, 3, a->code);
	stmt_bind_text(s, 4, a->message);
	stmt_bind_text(s, 5, a->result);
	stmt_bind_int(s, 6, a->at_us);
	return stmt_run(s, e);
}

int store_hand_on_tx(struct db *db, int64_t id, int64_t only_bot, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_HAND_ON, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	stmt_bind_int(s, 2, only_bot);
	return stmt_run(s, e);
}

int store_position_get(struct db *db, const char *source, struct feed_position *out,
		       int64_t *now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_POSITION, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, source);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->loop = stmt_int(s, 0);
		out->frame = stmt_int(s, 1);
		out->offset_us = stmt_int(s, 2);
		*now_us = stmt_int(s, 3);
		rc = 0;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "nothing was replayed from %s yet", source);
	}
	stmt_done(s);
	return rc;
}

int store_position_tx(struct db *db, const char *source, const struct feed_position *p,
		      int64_t now_us, int64_t wall_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_POSITION_SET, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, source);
	stmt_bind_int(s, 2, p->loop);
	stmt_bind_int(s, 3, p->frame);
	stmt_bind_int(s, 4, p->offset_us);
	stmt_bind_int(s, 5, now_us);
	stmt_bind_int(s, 6, wall_us);
	return stmt_run(s, e);
}

static int assign(struct db *db, const char *sql, int64_t bot_id, int64_t model_id, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, model_id);
	return stmt_run(s, e);
}

int store_model_assign_tx(struct db *db, const struct model_new *m, int64_t bot_id,
			  int64_t now_us, int64_t *model_id, struct err *e)
{
	int rc = store_model_by_hash(db, m->sha256, model_id, e);

	if (rc == 0 && !*model_id)
		rc = store_model_add_tx(db, m, now_us, model_id, e);
	if (rc == 0)
		rc = assign(db, SQL_ASSIGN, bot_id, *model_id, e);
	if (rc == 0)
		rc = assign(db, SQL_ASSIGN_PAST, bot_id, *model_id, e);
	return rc;
}

int store_has_model(struct db *db, int64_t bot_id, bool *out, struct err *e)
{
	int64_t n = 0;
	int rc = db_number(db, SQL_HAS, &bot_id, &n, e);

	if (rc == 0)
		*out = n > 0;
	return rc;
}
