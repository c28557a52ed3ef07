/*
 * stmt.h - SQL statements: parameters in, rows out.
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
 * Statements are cached by the address of their SQL text, so the text must be static const.
 */
#ifndef COMMON_DB_STMT_H
#define COMMON_DB_STMT_H

#include "common/err.h"
#include "common/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct stmt;

enum { STMT_ROW = 1, STMT_END = 0 };

/*
 * A cached statement, reset and without bindings. Borrowed; call stmt_done when finished
 * with it, also after one row. Asking for it again while it stands on a row: ASSERT.
 */
MUST_CHECK int db_stmt(struct db *db, const char *sql, struct stmt **out, struct err *e);
void stmt_bind_int(struct stmt *s, int index, int64_t v);
void stmt_bind_nonzero(struct stmt *s, int index, int64_t v);	/* 0: NULL */
void stmt_bind_double(struct stmt *s, int index, double v);
void stmt_bind_text(struct stmt *s, int index, const char *v);	/* copied; NULL: NULL */
void stmt_bind_null(struct stmt *s, int index);
/* Binds a REAL. A value that a double can't hold makes the next stmt_step fail with ERR_RANGE. */
void stmt_bind_price(struct stmt *s, int index, struct price v);
void stmt_bind_money(struct stmt *s, int index, struct money v);
/*
 * Binds the nearest REAL; never fails. For the worker's own rows, because a turn's rows must
 * be stored even if an amount over 67 million loses its last digit (money.h).
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
bool stmt_is_null(struct stmt *s, int col);
/* These ASSERT that a REAL fits, because one that does not means a corrupt database. */
struct price stmt_price(struct stmt *s, int col);
struct qty stmt_qty(struct stmt *s, int col);
struct money stmt_money(struct stmt *s, int col);
/* Copies text into a fixed array, cut to fit with its NUL; "" for NULL. */
void stmt_copy(struct stmt *s, int col, char *dst, size_t size);
int stmt_columns(struct stmt *s);
const char *stmt_column_name(struct stmt *s, int col);
enum stmt_type { STMT_NULL, STMT_INT, STMT_REAL, STMT_TEXT, STMT_BLOB };
enum stmt_type stmt_column_type(struct stmt *s, int col);

/*
 * The number in the first column of a statement's first row; 0 without a row. params: ?1 and on;
 * NULL: it has none.
 */
MUST_CHECK int db_number(struct db *db, const char *sql, const int64_t *params, int64_t *out,
			 struct err *e);
/* Runs SQL text without parameters and rows (schema, pragmas). */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *e);

int64_t db_last_id(struct db *db);
int db_changes(struct db *db);		/* rows changed by the last statement */

#endif
