#include "common/db/stmt.h"

#include "common/db/internal.h"

#include "common/fault.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE 64				/* at first */

static size_t cache_slot(const struct db *db, const char *sql)
{
	size_t i = ((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 32;

	for (;; i++) {
		struct stmt *s = db->cache[i &= db->cache_size - 1];

		if (!s || s->sql == sql)
			return i;
	}
}

static void cache_grow(struct db *db)
{
	struct stmt **old = db->cache;
	size_t n = db->cache_size;

	db->cache_size *= 2;
	db->cache = xcalloc(db->cache_size, sizeof(*db->cache));
	for (size_t i = 0; i < n; i++)
		if (old[i])
			db->cache[cache_slot(db, old[i]->sql)] = old[i];
	free(old);
}

void db_stmts_init(struct db *db)
{
	db->cache_size = CACHE_SIZE;
	db->cache = xcalloc(db->cache_size, sizeof(*db->cache));
}

void db_stmts_free(struct db *db)
{
	for (size_t i = 0; i < db->cache_size; i++) {
		if (!db->cache[i])
			continue;
		sqlite3_finalize(db->cache[i]->st);
		free(db->cache[i]);
	}
	free(db->cache);
}

static void rest(struct stmt *s)
{
	sqlite3_reset(s->st); /* its result repeats the step's */
	if (s->active)
		s->db->active--;
	s->active = false;
}

int db_stmt(struct db *db, const char *sql, struct stmt **out, struct err *e)
{
	size_t slot = cache_slot(db, sql);
	struct stmt *s = db->cache[slot];
	sqlite3_stmt *st = NULL;
	int rc;

	if (s) {
		ASSERT(!s->active); /* nested use, or a forgotten stmt_done */
		if (!s->clean)
			stmt_done(s);
		s->clean = false;
		*out = s;
		return 0;
	}
	db->cascade = false;
	rc = sqlite3_prepare_v3(db->lite, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc)
		return db_fail(db, rc, sql, e);
	ASSERT(st != NULL);
	s = xcalloc(1, sizeof(*s));
	*s = (struct stmt){ .db = db, .sql = sql, .st = st };
	db->cache[slot] = s;
	if (++db->cache_used * 2 > db->cache_size)
		cache_grow(db);
	*out = s;
	return 0;
}

static void check_bind(struct stmt *s, int index, int rc)
{
	if (rc == SQLITE_OK)
		return;
	ASSERT(rc == SQLITE_TOOBIG); /* else: no such parameter, or bound while on a row */
	if (!s->bad_param)
		s->bad_param = index;
}

void stmt_bind_int(struct stmt *s, int index, int64_t v)
{
	check_bind(s, index, sqlite3_bind_int64(s->st, index, v));
}

void stmt_bind_nonzero(struct stmt *s, int index, int64_t v)
{
	if (v)
		stmt_bind_int(s, index, v);
	else
		stmt_bind_null(s, index);
}

void stmt_bind_double(struct stmt *s, int index, double v)
{
	/* SQLite would store NaN as NULL. */
	check_bind(s, index, isfinite(v) ? sqlite3_bind_double(s->st, index, v) : SQLITE_TOOBIG);
}

void stmt_bind_text(struct stmt *s, int index, const char *v)
{
	check_bind(s, index, sqlite3_bind_text(s->st, index, v, -1, SQLITE_TRANSIENT));
}

void stmt_bind_null(struct stmt *s, int index)
{
	check_bind(s, index, sqlite3_bind_null(s->st, index));
}

static void bind_exact(struct stmt *s, int index, int rc, double v)
{
	check_bind(s, index, rc ? SQLITE_TOOBIG : sqlite3_bind_double(s->st, index, v));
}

void stmt_bind_price(struct stmt *s, int index, struct price v)
{
	double real = 0;
	int rc = price_to_real(v, &real);

	bind_exact(s, index, rc, real);
}

void stmt_bind_money(struct stmt *s, int index, struct money v)
{
	double real = 0;
	int rc = money_to_real(v, &real);

	bind_exact(s, index, rc, real);
}

void stmt_near_price(struct stmt *s, int index, struct price v)
{
	stmt_bind_double(s, index, price_near_real(v));
}

void stmt_near_qty(struct stmt *s, int index, struct qty v)
{
	stmt_bind_double(s, index, qty_near_real(v));
}

void stmt_near_money(struct stmt *s, int index, struct money v)
{
	stmt_bind_double(s, index, money_near_real(v));
}

int stmt_step(struct stmt *s, struct err *e)
{
	int rc;

	if (s->bad_param) {
		rc = err_set(e, ERR_RANGE, "parameter %d can't be stored exactly in: %.*s",
			     s->bad_param, DB_SQL_SHOWN, s->sql);
		rest(s);
		return rc;
	}
	errno = 0;
	rc = sqlite3_step(s->st);
	if (rc == SQLITE_ROW) {
		if (!s->active)
			s->db->active++;
		s->active = true;
		return STMT_ROW;
	}
	rc = rc == SQLITE_DONE ? STMT_END : db_fail(s->db, rc, s->sql, e);
	rest(s);
	return rc;
}

int stmt_run(struct stmt *s, struct err *e)
{
	int rc;

	if (fault_write())
		return db_fail(s->db, SQLITE_FULL, s->sql, e);
	rc = stmt_step(s, e);
	ASSERT(rc != STMT_ROW);
	return rc;
}

void stmt_done(struct stmt *s)
{
	rest(s);
	sqlite3_clear_bindings(s->st);
	s->bad_param = 0;
	s->clean = true;
}

static sqlite3_stmt *at_column(struct stmt *s, int col)
{
	ASSERT(s->active && col >= 0 && col < sqlite3_column_count(s->st));
	return s->st;
}

int64_t stmt_int(struct stmt *s, int col)
{
	return sqlite3_column_int64(at_column(s, col), col);
}

double stmt_double(struct stmt *s, int col)
{
	return sqlite3_column_double(at_column(s, col), col);
}

const char *stmt_text(struct stmt *s, int col)
{
	return (const char *)sqlite3_column_text(at_column(s, col), col);
}

bool stmt_is_null(struct stmt *s, int col)
{
	return sqlite3_column_type(at_column(s, col), col) == SQLITE_NULL;
}

struct price stmt_price(struct stmt *s, int col)
{
	struct price v;

	ASSERT(price_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

struct qty stmt_qty(struct stmt *s, int col)
{
	struct qty v;

	ASSERT(qty_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

struct money stmt_money(struct stmt *s, int col)
{
	struct money v;

	ASSERT(money_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

void stmt_copy(struct stmt *s, int col, char *dst, size_t size)
{
	const char *text = stmt_text(s, col);
	size_t n = text ? strnlen(text, size - 1) : 0;

	/* Not in the middle of a UTF-8 character. */
	if (text && text[n])
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	if (n)
		memcpy(dst, text, n);
	dst[n] = '\0';
}

int stmt_columns(struct stmt *s)
{
	return sqlite3_column_count(s->st);
}

const char *stmt_column_name(struct stmt *s, int col)
{
	return sqlite3_column_name(s->st, col);
}

enum stmt_type stmt_column_type(struct stmt *s, int col)
{
	switch (sqlite3_column_type(at_column(s, col), col)) {
	case SQLITE_INTEGER: return STMT_INT;
	case SQLITE_FLOAT: return STMT_REAL;
	case SQLITE_TEXT: return STMT_TEXT;
	case SQLITE_BLOB: return STMT_BLOB;
	default: return STMT_NULL;
	}
}

int db_number(struct db *db, const char *sql, const int64_t *params, int64_t *out, struct err *e)
{
	struct stmt *s = NULL;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	ASSERT(s);
	for (int i = 0, n = params ? sqlite3_bind_parameter_count(s->st) : 0; i < n; i++)
		stmt_bind_int(s, i + 1, params[i]);
	rc = stmt_step(s, e);
	if (rc >= 0)
		*out = rc == STMT_ROW ? stmt_int(s, 0) : 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	/* Statement by statement: the authorizer looks at each on its own. */
	while (*sql) {
		sqlite3_stmt *st = NULL;
		const char *at = sql;
		int rc;

		fault_sql();
		db->cascade = false;
		errno = 0;
		rc = sqlite3_prepare_v2(db->lite, at, -1, &st, &sql);
		if (!rc && st)
			do {
				rc = sqlite3_step(st);
			} while (rc == SQLITE_ROW);
		if (rc && rc != SQLITE_DONE)
			rc = db_fail(db, rc, at, e);
		else
			rc = 0;
		sqlite3_finalize(st);
		if (rc)
			return rc;
	}
	return 0;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->lite);
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->lite);
}
