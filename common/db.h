/*
 * db.h - the shared SQLite file. The only module that includes <sqlite3.h>.
 *
 * Every connection: WAL, foreign keys, busy_timeout, trusted_schema off.
 * Every write stands between db_begin (BEGIN IMMEDIATE) and db_commit; functions
 * named _tx expect the caller to hold that transaction.
 *
 *	static const char SQL_X[] = "SELECT id, name FROM bots WHERE id = ?1";
 *	struct stmt *s;
 *
 *	if ((rc = db_stmt(db, SQL_X, &s, e)))
 *		return rc;
 *	stmt_bind_int(s, 1, id);
 *	while ((rc = stmt_step(s, e)) == STMT_ROW)
 *		... stmt_int(s, 0) ...
 *	stmt_done(s);
 *
 * Statements are cached by the address of their SQL text: use static const text.
 */
#ifndef COMMON_DB_H
#define COMMON_DB_H

#include "common/err.h"
#include "common/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct stmt;

enum db_role {
	DB_WORKER,	/* may write everything */
	DB_API,		/* authorizer: may not write what the worker owns */
	DB_CLI,		/* as the API: reads, inserts commands */
	DB_TOOL,	/* no authorizer, no migration: doctor, tests */
	DB_ALONE	/* as DB_TOOL, for a file that the caller has to himself: see db_lock */
};

enum { STMT_ROW = 1, STMT_END = 0 };

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
bool db_in_transaction(const struct db *db);

/* Runs SQL text without parameters and rows (schema, pragmas). */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *e);

/*
 * A cached statement, reset and without bindings. Borrowed; call stmt_done when
 * finished with it, also after one row. Asking again while it stands on a row: ASSERT.
 */
MUST_CHECK int db_stmt(struct db *db, const char *sql, struct stmt **out, struct err *e);
void stmt_bind_int(struct stmt *s, int index, int64_t v);
void stmt_bind_double(struct stmt *s, int index, double v);
void stmt_bind_text(struct stmt *s, int index, const char *v);	/* copied; NULL: NULL */
void stmt_bind_blob(struct stmt *s, int index, const void *v, size_t len);
void stmt_bind_null(struct stmt *s, int index);
/* As REAL. What a double can't hold exactly makes the next stmt_step fail with ERR_RANGE. */
void stmt_bind_price(struct stmt *s, int index, struct price v);
void stmt_bind_qty(struct stmt *s, int index, struct qty v);
void stmt_bind_money(struct stmt *s, int index, struct money v);
/*
 * As the REAL nearest to it: never fails. For the worker's own rows: trading must not
 * wait for ever for the last digit of an amount over 67 million (money.h).
 */
void stmt_near_price(struct stmt *s, int index, struct price v);
void stmt_near_qty(struct stmt *s, int index, struct qty v);
void stmt_near_money(struct stmt *s, int index, struct money v);
/* STMT_ROW, STMT_END or a negative error. After END or an error the statement is reset. */
MUST_CHECK int stmt_step(struct stmt *s, struct err *e);
/* step for INSERT/UPDATE/DELETE: expects no row; resets. */
MUST_CHECK int stmt_run(struct stmt *s, struct err *e);
void stmt_done(struct stmt *s);	/* reset and clear bindings */

int64_t stmt_int(struct stmt *s, int col);
double stmt_double(struct stmt *s, int col);
/* Borrowed until the next step; NULL for SQL NULL. */
const char *stmt_text(struct stmt *s, int col);
const void *stmt_blob(struct stmt *s, int col, size_t *len);
bool stmt_is_null(struct stmt *s, int col);
/* A REAL column of ours that does not fit is a corrupt database: they ASSERT. */
struct price stmt_price(struct stmt *s, int col);
struct qty stmt_qty(struct stmt *s, int col);
struct money stmt_money(struct stmt *s, int col);
/* Copy text into a fixed array, "" for NULL, cut with its NUL. */
void stmt_copy(struct stmt *s, int col, char *dst, size_t size);
int stmt_columns(struct stmt *s);
const char *stmt_column_name(struct stmt *s, int col);
enum stmt_type { STMT_NULL, STMT_INT, STMT_REAL, STMT_TEXT, STMT_BLOB };
enum stmt_type stmt_column_type(struct stmt *s, int col);

int64_t db_last_id(struct db *db);
int db_changes(struct db *db);		/* rows changed by the last statement */

/* Changes whenever another connection has committed (PRAGMA data_version); -1 on error. */
int64_t db_data_version(struct db *db);
int db_schema_version(struct db *db);
const char *db_path(const struct db *db);
/*
 * True when the file was moved or deleted under us: what we write from now on is lost
 * to everybody else, so say so and end. A stat: ask once per second, not per turn.
 */
bool db_moved(struct db *db);
/* A consistent copy through SQLite's backup API. */
MUST_CHECK int db_backup(struct db *db, const char *path, struct err *e);
/*
 * The same in steps, of one moment: "step" hears how much is done (0..1) and ends it
 * with ERR_CONFLICT by answering false. Writers are not held up, but the -wal file can't
 * shrink meanwhile.
 */
typedef bool db_copy_step(void *ctx, double done);
MUST_CHECK int db_backup_steps(struct db *db, const char *path, db_copy_step *step, void *ctx,
			       struct err *e);
/* PRAGMA quick_check; ERR_CORRUPT with its first line. */
MUST_CHECK int db_check(struct db *db, struct err *e);
const char *db_library_version(void);

#endif
