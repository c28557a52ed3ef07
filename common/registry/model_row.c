#include "common/registry/model_row.h"

static const char SQL_ADD[] =
	"INSERT INTO models(name, symbol, format, sha256, size_bytes, path, features,"
	" feature_names, metrics, origin, description, created_us, updated_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)";
static const char SQL_BY_HASH[] = "SELECT id FROM models WHERE sha256 = ?1";

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
	rc = stmt_run(s, e);
	if (rc == 0)
		*id = db_last_id(db);
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
