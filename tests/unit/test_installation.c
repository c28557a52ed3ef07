/* Installations: made once, anew by a restore, and what of all ids is ours. */
#include "tests/unit/scratch.h"
#include "worker/store/installation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct db *db;
static struct err e;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	return scratch_teardown(state);
}

static bool ours(const char *installation, const char *rest)
{
	char id[CLIENT_ORDER_ID_MAX];
	bool is = false;

	snprintf(id, sizeof(id), "tb%s-%s", installation, rest);
	assert_int_equal(store_installation_ours(db, id, &is, &e), 0);
	return is;
}

static void once_and_anew(void **state)
{
	char first[INSTALLATION_MAX], again[INSTALLATION_MAX], second[INSTALLATION_MAX];

	(void)state;
	assert_int_equal(store_installation(db, 1, first, &e), 0);
	assert_int_equal(store_installation(db, 2, again, &e), 0);
	assert_string_equal(first, again);
	assert_int_equal(strlen(first), 6);
	assert_int_equal(strspn(first, "abcdefghijklmnopqrstuvwxyz234567"), 6);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(store_installation_new_tx(db, 3, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(store_installation(db, 4, second, &e), 0);
	assert_string_not_equal(first, second);
	assert_true(ours(first, "17-e1") && ours(second, "9223372036854775807-e12"));
	assert_true(ours("1", "1-17-e-1")); /* of before there were installations */
	assert_false(ours("zzzzzz", "17-e1"));
	assert_false(ours("", "17-e1"));
	assert_true(strlen("tb-9223372036854775807-e12") + 6 <= 36); /* what Binance takes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(once_and_anew, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
