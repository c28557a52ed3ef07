#include "common/registry/audit.h"

static const char SQL_ADD[] =
	"INSERT INTO audit_log(at_us, actor, action, target, detail, status, address,"
	" correlation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

int store_audit_add_tx(struct db *db, const struct audit_row *row, struct err *e)
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
		rc = store_audit_add_tx(db, &rows[i], e);
	return db_end(db, rc, e);
}
