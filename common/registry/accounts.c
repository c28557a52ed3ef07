#include "common/registry/accounts.h"

static const char SQL_EXISTS[] = "SELECT 1 FROM exchange_accounts WHERE id = ?1";

int store_account_check(struct db *db, int64_t id, struct field_errors *f, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EXISTS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	stmt_done(s);
	if (rc == STMT_END)
		field_error(f, "account_id", "can't be %lld: there is no such account",
			    (long long)id);
	return rc == STMT_ROW || rc == STMT_END ? 0 : rc;
}
