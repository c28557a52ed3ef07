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
 * Open a file that is there; ERR_IO when it is missing: what is missing is not made anew,
 * empty, where nobody asked for it. The role's authorizer is installed.
 *
 * The first four roles need this program's schema: an older file is brought up to it, with a
 * copy before, when nobody else has it open; else ERR_BUSY, and nothing is changed (the two
 * programs first wait a while for the older ones' end). The others never change it.
 *
 * A symbolic link is followed, and a file with several names (hard links) refused: db_path()
 * is where it leads. Nothing else in a program may open a database file that is in use, not
 * even to look: see hold.h.
 * Errors: ERR_NEWER, ERR_CORRUPT (not a database), ERR_READONLY, ERR_BUSY, ERR_CONFLICT
 * (hard links), ERR_FULL, ERR_IO; the sentence says what to do.
 */
MUST_CHECK int db_open_existing(const char *path, enum db_role role, struct db **out,
				struct err *e);
/*
 * The same, and makes the file and its folder when missing. For tests: a program asks db_start
 * (start.h) whether it may.
 */
MUST_CHECK int db_open(const char *path, enum db_role role, struct db **out, struct err *e);
void db_close(struct db *db);
/* From another thread: the statement that runs now, if any, ends with ERR_UNAVAILABLE. */
void db_interrupt(struct db *db);
/*
 * The database at path to oneself, also when it is damaged or missing, until db_unlock:
 * db_open with any role but DB_ALONE fails meanwhile with ERR_BUSY. ERR_BUSY: somebody has it
 * open. (flock on <path>.lock, and hold.h on the file; a sqlite3 shell does not know of
 * them, but is seen by its own locks.)
 */
MUST_CHECK int db_lock(const char *path, struct db_lock **out, struct err *e);
bool db_lock_made(const struct db_lock *l);	/* it made the lock's file */
void db_unlock(struct db_lock *take_l);		/* NULL is harmless */
void db_lock_undo(struct db_lock *take_l);	/* and without the file that it made */
/*
 * How long a call waits for another program's transaction before ERR_BUSY; at first
 * 5 s for the worker, 2 s for the others.
 */
void db_set_busy_timeout(struct db *db, int64_t ms);

/* As soon as *flag (set by a signal) is not 0, no call waits for another program any more. */
void db_set_hurry(struct db *db, const volatile int *flag);

/*
 * BEGIN IMMEDIATE. No statement may stand on a row (ASSERT): its old snapshot
 * would make every later write fail, however long the busy timeout.
 */
MUST_CHECK int db_begin(struct db *db, struct err *e);
/*
 * From now on each db_begin asks "check", inside the transaction, and fails with what it says:
 * may this program still write? NULL: nobody asks.
 */
void db_on_begin(struct db *db, int (*check)(void *ctx, struct err *e), void *ctx);
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
 * Is the file that we have open still the one that others find by its name? 0, or ERR_IO (it
 * was replaced, moved or deleted) or ERR_CONFLICT (so were -wal or -shm): what we write from now
 * on is lost to everybody else, so say so and end. Some stats: ask several times per second.
 */
MUST_CHECK int db_lost(struct db *db, struct err *e);
/*
 * After db_lost, before db_close. A removed -wal file that nobody has replaced yet is still open
 * here: what is in it goes into the database. Beside another -wal nothing is touched any more.
 */
void db_abandon(struct db *db);
const char *db_library_version(void);

#endif
