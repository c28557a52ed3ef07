/* Every value that money.h promises to store comes back from SQLite as it was. */
#include "common/db/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define EXACT_MAX ((INT64_C(1) << 26) * RATE_ONE)	/* money.h: all up to here */
#define ROUNDS 60000

static const char SQL_TABLE[] =
	"CREATE TABLE t(id INTEGER PRIMARY KEY, p REAL, q REAL, m REAL) STRICT";
static const char SQL_PUT[] = "INSERT INTO t(id, p, q, m) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_GET[] = "SELECT p, q, m FROM t WHERE id = ?1";

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* All magnitudes alike: a random number of bits, then the bits. */
static int64_t random_e8(int64_t max)
{
	unsigned bits = 1 + (unsigned)(next_random() % 63);
	int64_t v = (int64_t)((next_random() >> (64 - bits)) % ((uint64_t)max + 1));

	return next_random() & 1 ? v : -v;
}

/* Zeros behind the 15th digit. */
static int64_t cut_digits(int64_t e8)
{
	int64_t unit = 1;

	while (e8 / unit > INT64_C(999999999999999) || e8 / unit < -INT64_C(999999999999999))
		unit *= 10;
	return e8 / unit * unit;
}

static void put(struct db *db, int64_t id, int64_t e8)
{
	struct stmt *s;

	assert_int_equal(db_stmt(db, SQL_PUT, &s, NULL), 0);
	stmt_bind_int(s, 1, id);
	stmt_bind_price(s, 2, price_of_units(e8));
	stmt_bind_money(s, 3, money_of_units(e8));
	stmt_bind_money(s, 4, money_of_units(e8));
	assert_int_equal(stmt_run(s, NULL), 0);
}

static void check(struct db *db, int64_t id, int64_t e8)
{
	struct stmt *s;

	assert_int_equal(db_stmt(db, SQL_GET, &s, NULL), 0);
	stmt_bind_int(s, 1, id);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	assert_int_equal(price_units(stmt_price(s, 0)), e8);
	assert_int_equal(qty_units(stmt_qty(s, 1)), e8);
	assert_int_equal(money_units(stmt_money(s, 2)), e8);
	stmt_done(s);
}

static void test_edges(void **state)
{
	struct db *db = *state;
	int64_t id = ROUNDS + 1;

	put(db, ++id, EXACT_MAX);
	check(db, id, EXACT_MAX);
	for (int64_t at = 1; at <= EXACT_MAX; at *= 2)
		for (int64_t d = -2; d <= 2; d++) {
			int64_t e8 = at + d;

			put(db, ++id, e8);
			check(db, id, e8);
			put(db, ++id, -e8);
			check(db, id, -e8);
		}
}

static void test_random(void **state)
{
	struct db *db = *state;
	uint64_t first = seed;

	for (int64_t id = 1; id <= ROUNDS; id++)
		put(db, id, random_e8(EXACT_MAX));
	seed = first;
	for (int64_t id = 1; id <= ROUNDS; id++)
		check(db, id, random_e8(EXACT_MAX));
}

/* Above that: refused, or exactly the same. At most 15 digits are never refused. */
static void test_large(void **state)
{
	struct db *db = *state;
	int64_t id = 2000000;
	int stored = 0, refused = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int64_t e8 = random_e8(INT64_MAX);
		double real;

		if (i % 2)
			e8 = cut_digits(e8);
		if (money_to_real(money_of_units(e8), &real)) {
			assert_int_equal(i % 2, 0);
			refused++;
			continue;
		}
		put(db, ++id, e8);
		check(db, id, e8);
		stored++;
	}
	assert_true(stored > ROUNDS / 2 && refused > 100);
}

/* What a double can't hold is refused, and nothing is stored in its place. */
static void test_not_exact(void **state)
{
	struct db *db = *state;
	struct stmt *s;
	struct err e;

	assert_int_equal(db_stmt(db, SQL_PUT, &s, NULL), 0);
	stmt_bind_int(s, 1, 1000000);
	stmt_bind_price(s, 2, price_of_units(1));
	stmt_bind_money(s, 3, money_of_units(INT64_MAX));
	stmt_bind_money(s, 4, money_of_units(1));
	assert_int_equal(stmt_run(s, &e), ERR_RANGE);
	assert_int_equal(db_stmt(db, SQL_GET, &s, NULL), 0);
	stmt_bind_int(s, 1, 1000000);
	assert_int_equal(stmt_step(s, NULL), STMT_END);
	/* The statement works again. */
	put(db, 1000000, 5);
	check(db, 1000000, 5);
}

static int setup(void **state)
{
	struct db *db;

	if (db_open(":memory:", DB_TOOL, &db, NULL) || db_exec(db, SQL_TABLE, NULL) ||
	    db_begin(db, NULL))
		return -1;
	*state = db;
	return 0;
}

static int teardown(void **state)
{
	int rc = db_commit(*state, NULL);

	db_close(*state);
	return rc;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_not_exact),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
