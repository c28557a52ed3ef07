#include "api/store_audit.h"

static const char SQL_ADD[] =
	"INSERT INTO audit_log(at_us, actor, action, target, detail, status, address,"
	" correlation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
#define LIST(which) \
	"SELECT id, at_us, actor, action, target, detail, status, address, correlation_id" \
	" FROM audit_log WHERE id < ?1" which " ORDER BY id DESC LIMIT ?2"
static const char SQL_LIST[] = LIST("");
static const char SQL_LIST_ACTOR[] = LIST(" AND actor = ?3");
const struct column store_audit_columns[] = {
	{ "id", COL_INT }, { "at", COL_TIME }, { "actor", COL_TEXT }, { "action", COL_TEXT },
	{ "target", COL_TEXT }, { "detail", COL_TEXT }, { "status", COL_INT },
	{ "address", COL_TEXT }, { "correlation_id", COL_TEXT }, { NULL, COL_INT },
};

static int add_tx(struct db *db, const struct audit_row *row, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ADD, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, row->at_us);
	stmt_bind_text(s, 2, row->actor);
	stmt_bind_text(s, 3, row->action);
	stmt_bind_text(s, 4, row->target);
	stmt_bind_text(s, 5, row->detail);
	stmt_bind_int(s, 6, row->status);
	stmt_bind_text(s, 7, row->address);
	stmt_bind_text(s, 8, row->correlation_id);
	return stmt_run(s, e);
}

int store_audit_add(struct db *db, const struct audit_row *rows, size_t n, struct err *e)
{
	int rc = db_begin(db, e);

	for (size_t i = 0; !rc && i < n; i++)
		rc = add_tx(db, &rows[i], e);
	if (!rc)
		rc = db_commit(db, e);
	db_rollback(db);
	return rc;
}

int store_audit_list(struct db *db, const char *actor, const struct page *p, struct json *j,
		     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, actor ? SQL_LIST_ACTOR : SQL_LIST, &s, e);

	if (rc)
		return rc;
	page_bind(s, 1, 2, p);
	if (actor)
		stmt_bind_text(s, 3, actor);
	return rows_page(j, "audit", s, store_audit_columns, p, e);
}
