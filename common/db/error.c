#include "common/db/internal.h"

#include <errno.h>
#include <string.h>

int db_fail_access(const struct db *db, int os, struct err *e)
{
	if (os == ENOSPC || os == EDQUOT)
		return err_set(e, ERR_FULL, "%s: no space left on its file system (%s): free some "
			       "space", db->path, strerror(os));
	if (os == EFBIG)
		return err_set(e, ERR_FULL, "%s has reached the limit on the size of files (%s): "
			       "raise it (ulimit -f, LimitFSIZE)", db->path, strerror(os));
	if (os == EACCES || os == EROFS || os == EPERM)
		return err_set(e, ERR_READONLY, "%s or its folder can't be written (%s): give this "
			       "user the right to write both, or set DATA_DIR to another folder",
			       db->path, strerror(os));
	if (os == EISDIR)
		return err_set(e, ERR_IO, "%s is a folder: a database file is expected", db->path);
	return err_set(e, ERR_IO, "%s can't be read or written (%s): look at the disk and the "
		       "kernel's log", db->path, os ? strerror(os) : "input/output error");
}

static int fail_constraint(const struct db *db, int rc, struct err *e)
{
	const char *why = sqlite3_errmsg(db->lite);

	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return err_set(e, ERR_CONFLICT, "exists already: %s", why);
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return err_set(e, ERR_CONFLICT, "another row refers to it, or the one it refers to "
			       "is missing: %s", why);
	default:
		return err_set(e, ERR_INVALID, "not a valid row: %s", why);
	}
}

int db_fail_damaged(const struct db *db, const char *why, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s): stop both programs, keep a copy, and "
		       "restore a backup", db->path, why);
}

/* When a commit fails SQLite forgets the system's reason; errno still has it. */
static int os_error(const struct db *db)
{
	int os = errno;

	return sqlite3_system_errno(db->lite) ? sqlite3_system_errno(db->lite) : os;
}

int db_fail(const struct db *db, int rc, const char *sql, struct err *e)
{
	const char *why = sqlite3_errmsg(db->lite);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return err_set(e, ERR_BUSY, "%s is locked by another program: end its transaction "
			       "(an open sqlite3 shell?) and try again", db->path);
	case SQLITE_FULL:
		return err_set(e, ERR_FULL, "%s: no space left on its file system: free some space",
			       db->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		if (rc == SQLITE_READONLY_DBMOVED)
			return err_set(e, ERR_IO, "%s was moved or deleted while in use: put it "
				       "back and restart both programs", db->path);
		return db_fail_access(db, EROFS, e);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return db_fail_access(db, os_error(db), e);
	case SQLITE_NOTADB:
		return err_set(e, ERR_CORRUPT, "%s is not a SQLite database: move it away, then "
			       "start again or restore a backup", db->path);
	case SQLITE_CORRUPT:
		return db_fail_damaged(db, why, e);
	case SQLITE_AUTH:
		return err_set(e, ERR_DENIED, "this program may not do that in %s (%s): %.*s",
			       db->path, why, DB_SQL_SHOWN, sql ? sql : "");
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return fail_constraint(db, rc, e);
	case SQLITE_INTERRUPT:
		return err_set(e, ERR_UNAVAILABLE, "reading was stopped: this program is ending");
	case SQLITE_TOOBIG:
		return err_set(e, ERR_RANGE, "%s: a value is too long to be stored", db->path);
	}
	/* No memory, or our use of SQLite is wrong. */
	ASSERT(rc != SQLITE_NOMEM && rc != SQLITE_MISUSE && rc != SQLITE_RANGE);
	if (db->schema > 0 && db->schema < db->newest)
		return err_set(e, ERR_CONFLICT, "%s has schema version %d, of an older version, "
			       "and this program reads %d (%s): use the older version's "
			       "trading-bot, or start this version's programs, which bring it up "
			       "to date", db->path, db->schema, db->newest, why);
	return err_set(e, ERR_INVALID, "%s: SQL failed (%s): %.*s", db->path, why, DB_SQL_SHOWN,
		       sql ? sql : "");
}
