#include "api/store/models.h"

#include <string.h>

#define MODEL_SELECT \
	"SELECT m.id, m.name, m.symbol, m.format, m.sha256, m.size_bytes, m.features," \
	" m.feature_names, m.metrics, m.origin, m.description, m.status, m.version," \
	" (SELECT json_group_array(bot_id) FROM trading_configs c WHERE c.model_id = m.id)," \
	" m.created_us, m.updated_us, m.objective, m.writer, m.trees, m.trees_used, m.trial," \
	" m.warning" \
	" FROM models m "
static const char SQL_LIST[] =
	MODEL_SELECT "WHERE m.id < ?1 AND (?3 IS NULL OR m.symbol = ?3)"
	" ORDER BY m.id DESC LIMIT ?2";
static const char SQL_GET[] = MODEL_SELECT "WHERE m.id = ?1";
static const char SQL_LOOK[] = "SELECT status, version, path FROM models WHERE id = ?1";
static const char SQL_UPDATE[] =
	"UPDATE models SET name = coalesce(?2, name), symbol = coalesce(?3, symbol),"
	" description = coalesce(?4, description), status = coalesce(?5, status),"
	" version = version + 1, updated_us = ?6 WHERE id = ?1 AND"
	" (name IS NOT coalesce(?2, name) OR symbol IS NOT coalesce(?3, symbol)"
	" OR description IS NOT coalesce(?4, description) OR status IS NOT coalesce(?5, status))";
static const char SQL_USERS[] =
	"SELECT b.id FROM bots b LEFT JOIN trading_configs c ON c.bot_id = b.id"
	" LEFT JOIN bot_state s ON s.bot_id = b.id"
	" WHERE ?1 IN (c.model_id, s.applied_model_id) LIMIT 1";
static const char SQL_DELETE[] = "DELETE FROM models WHERE id = ?1";
static const char SQL_FILE[] =
	"SELECT path, sha256, name, size_bytes, feature_names FROM models WHERE id = ?1";

const struct column store_models_columns[] = {
	{ "id", COL_INT }, { "name", COL_TEXT }, { "symbol", COL_TEXT }, { "format", COL_TEXT },
	{ "sha256", COL_TEXT }, { "size_bytes", COL_INT }, { "features", COL_TEXT },
	{ "feature_names", COL_JSON }, { "metrics", COL_JSON }, { "origin", COL_TEXT },
	{ "description", COL_TEXT }, { "status", COL_TEXT }, { "version", COL_INT },
	{ "assigned_to", COL_JSON }, { "created", COL_TIME }, { "updated", COL_TIME },
	{ "objective", COL_TEXT }, { "writer", COL_TEXT }, { "trees", COL_INT },
	{ "trees_used", COL_INT }, { "trial", COL_JSON }, { "warning", COL_TEXT },
	{ NULL, COL_INT },
};

int store_models_list(struct db *db, const char *symbol, const struct page *p, struct json *j,
		      struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LIST, &s, e);

	if (rc)
		return rc;
	page_bind(s, 1, 2, p);
	stmt_bind_text(s, 3, symbol);
	return rows_page(j, "models", s, store_models_columns, p, e);
}

struct look {
	char status[12];
	char path[256];
	int64_t version;
};

static int look(struct db *db, int64_t id, struct look *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LOOK, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, out->status, sizeof(out->status));
		out->version = stmt_int(s, 1);
		stmt_copy(s, 2, out->path, sizeof(out->path));
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no model %lld", (long long)id);
	return rc < 0 ? rc : 0;
}

int store_models_get(struct db *db, int64_t id, int64_t *version, struct json *j, struct err *e)
{
	struct stmt *s;
	struct look m = { 0 };
	int rc;

	rc = look(db, id, &m, e);
	if (!rc)
		rc = db_stmt(db, SQL_GET, &s, e);
	if (rc)
		return rc;
	*version = m.version;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_models_columns, "model", id, e);
}

int store_models_update_tx(struct db *db, int64_t id, const struct model_change *c,
			   int64_t now_us, struct err *e)
{
	struct stmt *s;
	struct look m = { 0 };
	int rc;

	rc = look(db, id, &m, e);
	if (!rc)
		rc = db_stmt(db, SQL_UPDATE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	stmt_bind_text(s, 2, c->name);
	stmt_bind_text(s, 3, c->symbol);
	stmt_bind_text(s, 4, c->description);
	stmt_bind_text(s, 5, c->status);
	stmt_bind_int(s, 6, now_us);
	return stmt_run(s, e);
}

static int check_unused_tx(struct db *db, int64_t id, struct err *e)
{
	int64_t bot = 0;
	int rc = db_number(db, SQL_USERS, &id, &bot, e);

	if (rc == 0 && bot)
		return err_set(e, ERR_CONFLICT,
			       "model %lld is used by bot %lld: assign another model to it first",
			       (long long)id, (long long)bot);
	return rc;
}

int store_models_delete_tx(struct db *db, int64_t id, char *path, size_t size, struct err *e)
{
	struct stmt *s;
	struct look m = { 0 };
	size_t len;
	int rc;

	rc = look(db, id, &m, e);
	if (!rc)
		rc = check_unused_tx(db, id, e);
	if (!rc)
		rc = db_stmt(db, SQL_DELETE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_run(s, e);
	if (rc)
		return rc;
	len = strlen(m.path) < size ? strlen(m.path) : size - 1;
	memcpy(path, m.path, len);
	path[len] = '\0';
	return 0;
}

int store_models_ready(struct db *db, int64_t id, struct err *e)
{
	struct look m = { 0 };
	int rc = look(db, id, &m, e);

	if (!rc && strcmp(m.status, "ready") != 0)
		return err_set(e, ERR_CONFLICT,
			       "model %lld is %s: only a ready one can be assigned", (long long)id,
			       m.status);
	return rc;
}

int store_models_check(struct db *db, int64_t id, struct field_errors *f, struct err *e)
{
	struct err why = { 0 };
	int rc = store_models_ready(db, id, &why);

	if (rc != ERR_NOT_FOUND && rc != ERR_CONFLICT)
		return rc ? err_set(e, rc, "%s", why.msg) : 0;
	field_error(f, "model_id", "can't be %lld: %s", (long long)id, why.msg);
	return 0;
}

int store_models_file(struct db *db, int64_t id, struct model_file *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FILE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, out->path, sizeof(out->path));
		stmt_copy(s, 1, out->sha256, sizeof(out->sha256));
		stmt_copy(s, 2, out->name, sizeof(out->name));
		out->size_bytes = stmt_int(s, 3);
		buf_puts(&out->feature_names, stmt_text(s, 4));
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no model %lld", (long long)id);
	return rc < 0 ? rc : 0;
}
