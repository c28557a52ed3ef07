#include "common/registry/model_row.h"

static const char SQL_ADD[] =
	"INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features,"
	" feature_names, metrics, origin, description, created_us, updated_us, objective, writer,"
	" trees, trees_used, trial, warning)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13, ?14, ?15, ?16, ?17,"
	" coalesce(?18, ''))";
static const char SQL_EXPLAIN[] =
	"UPDATE models SET objective = ?2, writer = ?3, trees = ?4, trees_used = ?5, trial = ?6"
	" WHERE sha256 = ?1";
static const char SQL_EXPLAINED[] = "SELECT objective != '' FROM models WHERE id = ?1";
static const char SQL_BY_HASH[] = "SELECT id FROM models WHERE sha256 = ?1";

/* Five columns from "at" on. */
static void bind_file(struct stmt *s, int at, const struct model_new *m)
{
	stmt_bind_text(s, at, m->objective);
	stmt_bind_text(s, at + 1, m->writer);
	stmt_bind_int(s, at + 2, m->trees);
	stmt_bind_int(s, at + 3, m->trees_used);
	stmt_bind_text(s, at + 4, m->trial);
}

int store_model_add_tx(struct db *db, const struct model_new *m, int64_t now_us, int64_t *id,
		       struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ADD, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, m->name);
	stmt_bind_text(s, 2, m->symbol);
	stmt_bind_text(s, 3, m->format);
	stmt_bind_text(s, 4, m->sha256);
	stmt_bind_int(s, 5, m->size_bytes);
	stmt_bind_text(s, 6, m->path);
	stmt_bind_text(s, 7, m->features);
	stmt_bind_text(s, 8, m->feature_names);
	stmt_bind_text(s, 9, m->metrics);
	stmt_bind_text(s, 10, m->origin);
	stmt_bind_text(s, 11, m->description);
	stmt_bind_int(s, 12, now_us);
	bind_file(s, 13, m);
	stmt_bind_text(s, 18, m->warning);
	rc = stmt_run(s, e);
	if (rc == 0)
		*id = db_last_id(db);
	return rc;
}

int store_model_explain_tx(struct db *db, const struct model_new *m, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EXPLAIN, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, m->sha256);
	bind_file(s, 2, m);
	return stmt_run(s, e);
}

int store_model_explained(struct db *db, int64_t id, bool *known, struct err *e)
{
	int64_t n = 0;
	int rc = db_number(db, SQL_EXPLAINED, &id, &n, e);

	if (rc == 0)
		*known = n != 0;
	return rc;
}

int store_model_by_hash(struct db *db, const char *sha256, int64_t *id, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BY_HASH, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, sha256);
	rc = stmt_step(s, e);
	if (rc >= 0)
		*id = rc == STMT_ROW ? stmt_int(s, 0) : 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}
