/*
 * db.h - the shared SQLite file: connections and transactions. Statements are in
 * stmt.h, which comes with it; internal.h says which source does what.
 *
 * Every connection: WAL, foreign keys, busy_timeout, trusted_schema off.
 * Every write stands between db_begin (BEGIN IMMEDIATE) and db_commit; functions
 * named _tx expect the caller to hold that transaction.
 */
#ifndef COMMON_DB_DB_H
#define COMMON_DB_DB_H

#include "common/db/role.h"
#include "common/db/stmt.h"
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

struct db_lock;

/*
 * Opens an existing file and installs the role's authorizer. Fails with ERR_IO if the file
 * does not exist; never creates one.
 *
 * The first four roles need this program's schema. They migrate an older file, after a copy
 * of it, when nobody else has it open; else they fail with ERR_BUSY and change nothing (the
 * two programs first wait a while until programs of the older version end). The other roles
 * never change the schema.
 *
 * Follows a symbolic link; db_path() is where it leads. Refuses a file with several names
 * (hard links). Nothing else in a program may open a database file that is in use, not even
 * to look at it: see hold.h.
 * Errors: ERR_NEWER, ERR_CORRUPT (not a database), ERR_READONLY, ERR_BUSY, ERR_CONFLICT
 * (hard links), ERR_FULL, ERR_IO; the sentence says what to do.
 */
MUST_CHECK int db_open_existing(const char *path, enum db_role role, struct db **out,
				struct err *e);
/*
 * The same, and creates a missing file and its folder. For tests: a program must ask db_start
 * (start.h), which decides whether a file may be created.
 */
MUST_CHECK int db_open(const char *path, enum db_role role, struct db **out, struct err *e);
void db_close(struct db *db);
/* Called from another thread: the statement that runs now, if any, fails with ERR_UNAVAILABLE. */
void db_interrupt(struct db *db);
/*
 * Locks the database at path exclusively until db_unlock, also a damaged or missing one:
 * db_open with any role but DB_ALONE fails meanwhile with ERR_BUSY. ERR_BUSY: another program
 * or connection has it open. (Uses flock on <path>.lock and hold.h on the file. A sqlite3
 * shell takes neither, but SQLite's own locks reveal it.)
 */
MUST_CHECK int db_lock(const char *path, struct db_lock **out, struct err *e);
bool db_lock_made(const struct db_lock *l);	/* did db_lock create the lock file? */
void db_unlock(struct db_lock *take_l);		/* NULL is harmless */
void db_lock_undo(struct db_lock *take_l);	/* also removes a lock file it created */
/*
 * Sets how long a call waits for another program's transaction before ERR_BUSY. The default
 * is 5 s for the worker and 2 s for the others.
 */
void db_set_busy_timeout(struct db *db, int64_t ms);

/* Once *flag (set by a signal handler) is not 0, no call waits for another program any more. */
void db_set_hurry(struct db *db, const volatile int *flag);

/*
 * BEGIN IMMEDIATE. No statement may stand on a row (ASSERT), because its old snapshot would
 * make every later write fail, however long the busy timeout is.
 */
MUST_CHECK int db_begin(struct db *db, struct err *e);
/*
 * From now on each db_begin calls "check" inside the transaction and fails with its result:
 * it decides whether this program may still write. NULL removes the check.
 */
void db_on_begin(struct db *db, int (*check)(void *ctx, struct err *e), void *ctx);
/*
 * From now on each db_commit first calls "add" inside the transaction, which may write more
 * rows, and fails with its result. NULL removes it.
 */
void db_on_commit(struct db *db, int (*add)(void *ctx, struct db *db, struct err *e), void *ctx);
/* Rolls back when it fails. Wakes the programs that watch the file (watch.h). */
MUST_CHECK int db_commit(struct db *db, struct err *e);
/* How often db_commit of this connection succeeded. */
uint64_t db_commits(const struct db *db);
void db_rollback(struct db *db);			/* harmless outside a transaction */
/* Ends a transaction whose work returned rc: commits when rc is 0, else rolls back; returns rc. */
MUST_CHECK int db_end(struct db *db, int rc, struct err *e);
/*
 * true (the default): when db_commit returns, this commit and all before it are on the disk.
 * false, from the next db_begin on: the commit is only in the operating system's memory.
 * kill -9 then loses nothing; a power cut loses the newest commits, but never part of one.
 * Only for rows that may be lost in this way.
 */
void db_set_durable(struct db *db, bool durable);
/*
 * From now on each commit calls "waiting" with the number of pages in the -wal file, and
 * db_commit moves them into the database file only when it returns false. (By default SQLite
 * moves them from the 1000th page on.) "waiting" must not use db. NULL: the default again.
 */
void db_on_wal(struct db *db, bool (*waiting)(void *ctx, int pages), void *ctx);
/*
 * Moves pages from the -wal file into the database file without waiting for anybody.
 * *waiting: pages in the -wal file; *left: pages that could not be moved, because a reader
 * still needs the pages that they replace. ERR_*: it failed.
 */
MUST_CHECK int db_checkpoint(struct db *db, int *waiting, int *left, struct err *e);
bool db_in_transaction(const struct db *db);

/* Changes whenever another connection has committed (PRAGMA data_version); -1 on error. */
int64_t db_data_version(struct db *db);
int db_schema_version(struct db *db);	/* when it was opened: nobody changes it meanwhile */
const char *db_path(const struct db *db);
/*
 * Does the file's name still lead to the file that we have open? 0: yes. ERR_IO: the file was
 * replaced, moved or deleted. ERR_CONFLICT: -wal or -shm was. After an error nobody else can
 * see what we write, so log it and end the program. Costs a few stat() calls; may be called
 * several times per second.
 */
MUST_CHECK int db_lost(struct db *db, struct err *e);
/*
 * Call it after db_lost failed and before db_close. A -wal file that was removed but not
 * replaced is still open here, so its pages are moved into the database. If another -wal file
 * has its name by now, nothing is touched.
 */
void db_abandon(struct db *db);
const char *db_library_version(void);

#endif
