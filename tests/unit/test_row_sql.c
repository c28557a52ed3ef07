/*
 * Every statement that is made of a table's columns (common/db/row.h) can be prepared on the real
 * schema. "--print" prints them, one a line, for test_queries.
 */
#include "common/db/db.h"
#include "common/db/migrate.h"
#include "common/db/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void prepare(void *ctx, const char *sql)
{
	struct err e = { 0 };
	struct stmt *s;

	if (db_stmt(ctx, sql, &s, &e))
		fail_msg("%s: %s", sql, e.msg);
}

static void all_can_be_prepared(void **state)
{
	struct db *db = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(db_open(":memory:", DB_WORKER, &db, &e), 0);
	row_statements((int)migrations_count, prepare, db);
	db_close(db);
}

static void print(void *ctx, const char *sql)
{
	(void)ctx;
	puts(sql);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_can_be_prepared) };

	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		row_statements((int)migrations_count, print, NULL);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
