/*
 * db_rows.h - what the tests of common/db share: a database in the scratch folder, one
 * row put, one number asked for.
 */
#ifndef TESTS_UNIT_DB_ROWS_H
#define TESTS_UNIT_DB_ROWS_H

#include "common/db/db.h"
#include "common/db/stmt.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

static const char SQL_PUT[] = "INSERT INTO counters(name, value) VALUES (?1, ?2)";
static const char SQL_COUNT[] = "SELECT count(*) FROM counters";
static const char SQL_ALL[] = "SELECT name, value FROM counters ORDER BY name";

static inline struct db *open_db(enum db_role role)
{
	struct db *db = NULL;
	struct err e;

	if (db_open(scratch_path("app.db"), role, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static inline int put(struct db *db, const char *name, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PUT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, name);
	stmt_bind_int(s, 2, 7);
	return stmt_run(s, e);
}

static inline int64_t ask(struct db *db, const char *sql)
{
	struct stmt *s;
	int64_t v;

	assert_int_equal(db_stmt(db, sql, &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
