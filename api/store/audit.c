#include "api/store/audit.h"

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
