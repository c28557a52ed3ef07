#include "common/db_check.h"

#include "common/db_internal.h"

#include <string.h>

static const char SQL_CHECK[] = "PRAGMA quick_check(1)";
static const char SQL_CHECK_WHOLE[] = "PRAGMA integrity_check(1)";
static const char SQL_REFERENCES[] = "PRAGMA foreign_key_check";

static int check(struct db *db, const char *sql, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		rc = strcmp(stmt_text(s, 0), "ok") == 0 ? 0 :
		     db_fail_damaged(db, stmt_text(s, 0), e);
	stmt_done(s);
	return rc;
}

int db_check(struct db *db, struct err *e)
{
	return check(db, SQL_CHECK, e);
}

int db_check_whole(struct db *db, struct err *e)
{
	return check(db, SQL_CHECK_WHOLE, e);
}

int db_check_references(struct db *db, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_REFERENCES, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		rc = err_set(e, ERR_CORRUPT, "%s: row %lld of table %s points to a missing row "
			     "of %s", db_path(db), (long long)stmt_int(s, 1), stmt_text(s, 0),
			     stmt_text(s, 2));
	stmt_done(s);
	return rc;
}
