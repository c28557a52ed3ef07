/*
 * db.h - the shared SQLite file: connections and transactions. Statements are in
 * db_stmt.h, which comes with it; only the db_*.c files know <sqlite3.h>.
 *
 * Every connection: WAL, foreign keys, busy_timeout, trusted_schema off.
 * Every write stands between db_begin (BEGIN IMMEDIATE) and db_commit; functions
 * named _tx expect the caller to hold that transaction.
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include "common/db_stmt.h"
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

enum db_role {
	DB_WORKER,	/* may write everything */
	DB_API,		/* authorizer: may not write what the worker owns */
	DB_CLI,		/* as the API: reads, inserts commands */
	DB_TOOL,	/* no authorizer, no migration: doctor, tests */
	DB_ALONE	/* as DB_TOOL, for a file that the caller has to himself: see db_lock */
};

/*
 * Open (creating file and parent folder when missing), migrate under one lock with
 * a backup before each migration, install the role's authorizer.
 * Errors: ERR_NEWER, ERR_CORRUPT (not a database), ERR_READONLY, ERR_BUSY,
 * ERR_FULL, ERR_IO; the sentence says what to do.
 */
MUST_CHECK int db_open(const char *path, enum db_role role, struct db **out, struct err *e);
/*
 * The same for a file that was there before: what is missing now is not made anew,
 * empty, where nobody asked for it: ERR_IO.
 */
MUST_CHECK int db_open_existing(const char *path, enum db_role role, struct db **out,
				struct err *e);
void db_close(struct db *db);
/* From another thread: the statement that runs now, if any, ends with ERR_UNAVAILABLE. */
void db_interrupt(struct db *db);
/*
 * The database at path to oneself, also when it is damaged or missing: *fd holds the
 * lock until it is closed, and db_open with any role but DB_ALONE fails meanwhile with
 * ERR_BUSY. ERR_BUSY: somebody has it open. (flock on <path>.lock; a sqlite3 shell does
 * not know of it, but is seen by its own locks.)
 */
MUST_CHECK int db_lock(const char *path, int *fd, struct err *e);
/*
 * How long a call waits for another program's transaction before ERR_BUSY; at first
 * 5 s for the worker, 2 s for the others.
 */
void db_set_busy_timeout(struct db *db, int64_t ms);

/*
 * BEGIN IMMEDIATE. No statement may stand on a row (ASSERT): its old snapshot
 * would make every later write fail, however long the busy timeout.
 */
MUST_CHECK int db_begin(struct db *db, struct err *e);
/* Rolls back when it fails. Wakes who watches the file (watch.h). */
MUST_CHECK int db_commit(struct db *db, struct err *e);
/* How often db_commit of this connection succeeded. */
uint64_t db_commits(const struct db *db);
void db_rollback(struct db *db);			/* harmless outside a transaction */
/* The end of a transaction that came to rc: commits at 0, else rolls back and returns rc. */
MUST_CHECK int db_end(struct db *db, int rc, struct err *e);
/*
 * true (at first): a commit is on the disk when db_commit returns, with all before it.
 * false, from the next db_begin on: it is the operating system's; kill -9 loses nothing,
 * power loss the newest commits, never one in part. For what can be lost so.
 */
void db_set_durable(struct db *db, bool durable);
/*
 * From now on, "waiting" hears after each commit how many pages stand in the -wal file,
 * and db_commit moves them into the database file only when it answers false (SQLite by
 * itself does from the 1000th on). "waiting" must not use db. NULL: as it was.
 */
void db_on_wal(struct db *db, bool (*waiting)(void *ctx, int pages), void *ctx);
/*
 * Move what can be moved from the -wal file into the database file, waiting for nobody.
 * *waiting: pages that stand in -wal; *left: those that could not be moved, because a
 * reader still needs what they replace. ERR_*: it failed.
 */
MUST_CHECK int db_checkpoint(struct db *db, int *waiting, int *left, struct err *e);
bool db_in_transaction(const struct db *db);

/* Changes whenever another connection has committed (PRAGMA data_version); -1 on error. */
int64_t db_data_version(struct db *db);
int db_schema_version(struct db *db);
const char *db_path(const struct db *db);
/*
 * True when the file was moved or deleted under us: what we write from now on is lost
 * to everybody else, so say so and end. A stat: ask once per second, not per turn.
 */
bool db_moved(struct db *db);
const char *db_library_version(void);

#endif
