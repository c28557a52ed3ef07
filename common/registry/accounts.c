#include "common/registry/accounts.h"

static const char SQL_EXISTS[] = "SELECT count(*) FROM exchange_accounts WHERE id = ?1";

int store_account_check(struct db *db, int64_t id, struct field_errors *f, struct err *e)
{
	int64_t there;
	int rc = db_number(db, SQL_EXISTS, &id, &there, e);

	if (rc == 0 && !there)
		field_error(f, "account_id", "can't be %lld: there is no such account",
			    (long long)id);
	return rc;
}
