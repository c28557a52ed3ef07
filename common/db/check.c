#include "common/db/check.h"

#include "common/db/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char SQL_CHECK[] = "PRAGMA quick_check(1)";
static const char SQL_CHECK_WHOLE[] = "PRAGMA integrity_check(1)";
static const char SQL_REFERENCES[] = "PRAGMA foreign_key_check";

/*
 * SQLite lists a page that it could not read among the damaged ones: "unable to get the page.
 * error code=10". SQLITE_IOERR_SHORT_READ is real damage, because it means that the file was
 * cut.
 */
static int failed_read(const char *line)
{
	static const char WORDS[] = "error code";
	const char *at = strstr(line, WORDS);
	int code = 0;

	if (at) {
		at += strlen(WORDS);
		code = (int)strtol(at + (*at == '='), NULL, 10);
	}
	if (code == SQLITE_IOERR_SHORT_READ)
		return 0;
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_INTERRUPT:
		return code;
	default:
		return 0;
	}
}

int db_check_line(const struct db *db, const char *line, struct err *e)
{
	int failed = failed_read(line);

	if (strcmp(line, "ok") == 0)
		return 0;
	if (failed) {
		errno = 0; /* what the disk said to an earlier call is no reason of this one */
		return db_fail(db, failed, SQL_CHECK, e);
	}
	return db_fail_damaged(db, line, e);
}

static int check(struct db *db, const char *sql, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		rc = db_check_line(db, stmt_text(s, 0), e);
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
