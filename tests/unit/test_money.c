/* Properties of exact decimals over seeded random values, and the cases at their edges. */
#include "common/money.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES 300000
#define TWO_26 (INT64_C(1) << 26)

static uint64_t seed;

static uint64_t next(void)	/* splitmix64 */
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Any magnitude is as likely as any other, and so is either sign. */
static int64_t any(void)
{
	int64_t v = (int64_t)(next() >> (1 + next() % 63));

	return next() & 1 ? v : -v;
}

static int64_t power(int n)
{
	int64_t p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

static void text_comes_back(void **state)
{
	char buf[MONEY_TEXT_MAX], expect[64];
	struct money m;

	(void)state;
	seed = 1;
	for (int i = 0; i < CASES; i++) {
		int64_t v = any();
		int64_t a = v < 0 ? -v : v;

		money_text(money_of_units(v), buf);
		assert_int_equal(money_parse(buf, &m), 0);
		assert_int_equal(money_units(m), v);
		/* all eight decimals, and zeros after them, are the same value */
		snprintf(expect, sizeof(expect), "%s%" PRId64 ".%08" PRId64 "00", v < 0 ? "-" : "",
			 a / RATE_ONE, a % RATE_ONE);
		assert_int_equal(money_parse(expect, &m), 0);
		assert_int_equal(money_units(m), v);
		assert_true(strlen(buf) < strlen(expect));
		assert_int_equal(strncmp(buf, expect, strlen(buf)), 0);
	}
}

static void texts_are_shortest(void **state)
{
	static const struct { const char *in, *out; int64_t units; } t[] = {
		{ "0", "0", 0 }, { "-0", "0", 0 }, { "-0.00", "0", 0 },
		{ "007", "7", 7 * RATE_ONE },
		{ "61837.63", "61837.63", INT64_C(6183763000000) }, { "0.1", "0.1", 10000000 },
		{ "-3", "-3", -3 * RATE_ONE }, { "-3.0", "-3", -3 * RATE_ONE },
		{ "0.00000001", "0.00000001", 1 }, { "-0.00000001", "-0.00000001", -1 },
		{ "0.000000010000", "0.00000001", 1 }, { "1.10000000", "1.1", 110000000 },
		{ "92233720368.54775807", "92233720368.54775807", INT64_MAX },
		{ "-92233720368.54775807", "-92233720368.54775807", -INT64_MAX },
	};
	char buf[MONEY_TEXT_MAX];
	struct price p;
	struct qty q;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(price_parse(t[i].in, &p), 0);
		assert_int_equal(price_units(p), t[i].units);
		assert_string_equal(price_text(p, buf), t[i].out);
		assert_int_equal(qty_parse(t[i].in, &q), 0);
		assert_string_equal(qty_text(q, buf), t[i].out);
	}
	assert_int_equal(price_parse_n("12.5,rest", 4, &p), 0);
	assert_string_equal(price_text(p, buf), "12.5");
}

static void other_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "-", ".", "-.", ".5", "5.", "+1", " 1", "1 ", "1e3", "1E3", "0x10", "1,5",
		"--1", "1.2.3", "0.123456789", "1.000000001", "nan", "inf", "1-", "1.-5",
		"\xd9\xa1", "99999999999999999999999x", "99999999999999999999999.",
	};
	static const char *const big[] = {
		"92233720368.54775808", "-92233720368.54775808", "92233720369", "100000000000",
		"184467440737.09551616", "18446744073709551616", "99999999999999999999999999",
		"-99999999999999999999999999.5",
	};
	struct money m = money_of_units(42);
	struct price p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(money_parse(bad[i], &m), ERR_INVALID);
	for (size_t i = 0; i < sizeof(big) / sizeof(big[0]); i++)
		assert_int_equal(money_parse(big[i], &m), ERR_RANGE);
	assert_int_equal(price_parse_n("1\0002", 3, &p), ERR_INVALID);
	assert_int_equal(price_parse_n("", 0, &p), ERR_INVALID);
	assert_int_equal(money_units(m), 42);
}

static void comes_back_from_real(int64_t units)
{
	struct price back;
	double v;

	assert_int_equal(price_to_real(price_of_units(units), &v), 0);
	assert_int_equal(price_from_real(v, &back), 0);
	assert_int_equal(price_units(back), units);
}

/* Up to 2^26 every value is a column value. */
static void real_holds_every_value_to_2_26(void **state)
{
	const int64_t limit = TWO_26 * RATE_ONE;

	(void)state;
	seed = 2;
	for (int i = 0; i < CASES; i++) {
		comes_back_from_real((int64_t)(next() % (uint64_t)(2 * limit + 1)) - limit);
		comes_back_from_real(any() % (limit + 1));
	}
	for (int64_t d = 0; d < 20000; d++) {
		comes_back_from_real(limit - d);
		comes_back_from_real(-limit + d);
		comes_back_from_real(d);
		comes_back_from_real(limit / 2 + d);
	}
}

/* Above it every one of 15 significant digits is. */
static void real_holds_15_digits(void **state)
{
	(void)state;
	seed = 3;
	for (int i = 0; i < CASES; i++) {
		int64_t v = (int64_t)(next() % UINT64_C(1000000000000000));
		int shift = (int)(next() % 5);

		if (v > INT64_MAX / power(shift))
			continue;
		comes_back_from_real(v * power(shift));
		comes_back_from_real(-v * power(shift));
	}
	comes_back_from_real(INT64_C(9223372036854770000));
}

/* Whatever its size, a value is either refused or comes back: never altered silently. */
static void real_never_alters(void **state)
{
	struct money back, m;
	int stored = 0, refused = 0;
	double v;

	(void)state;
	seed = 4;
	for (int i = 0; i < CASES; i++) {
		m = money_of_units(i & 1 ? any() : (int64_t)(next() >> 1));
		if (money_to_real(m, &v)) {
			refused++;
			continue;
		}
		stored++;
		assert_int_equal(money_from_real(v, &back), 0);
		assert_int_equal(money_units(back), money_units(m));
	}
	assert_true(stored > CASES / 4);
	assert_true(refused > CASES / 100);
}

/* What is stored in any case: the same where that is exact, else within one step of doubles. */
static void near_real_is_near(void **state)
{
	struct money back, m;
	double v;

	(void)state;
	seed = 5;
	for (int i = 0; i < CASES; i++) {
		int64_t n = any();

		m = money_of_units(n == INT64_MIN ? 0 : n);
		if (money_to_real(m, &v) == 0)
			assert_true(v == money_near_real(m));
		assert_int_equal(money_from_real(money_near_real(m), &back), 0);
		assert_true(llabs(money_units(back) / 2 - money_units(m) / 2) <= 54775807 + 1024);
	}
	assert_true(qty_near_real(qty_of_units(INT64_MAX)) == 92233720368.0);
	assert_true(price_near_real(price_of_units(-INT64_MAX)) == -92233720368.0);
}

/* The text that people read in the shell is the value: 17 digits give the same double. */
static void real_reads_as_its_text(void **state)
{
	char buf[MONEY_TEXT_MAX], shell[40];
	double v;

	(void)state;
	seed = 5;
	for (int i = 0; i < CASES; i++) {
		struct qty q = qty_of_units(any() % (TWO_26 * RATE_ONE));

		assert_int_equal(qty_to_real(q, &v), 0);
		assert_true(strtod(qty_text(q, buf), NULL) == v);
		snprintf(shell, sizeof(shell), "%.17g", v);
		assert_true(strtod(shell, NULL) == v);
	}
}

static void from_real_takes_the_nearest(void **state)
{
	struct money m = money_of_units(42);

	(void)state;
	assert_int_equal(money_from_real(0.1 + 0.2, &m), 0);
	assert_int_equal(money_units(m), 30000000);
	assert_int_equal(money_from_real(-0.0, &m), 0);
	assert_int_equal(money_units(m), 0);
	assert_int_equal(money_from_real(1e-300, &m), 0);
	assert_int_equal(money_units(m), 0);
	assert_int_equal(money_from_real(0x1p-9, &m), 0); /* 195312.5 units: a tie */
	assert_int_equal(money_units(m), 195313);
	assert_int_equal(money_from_real(-0x1p-9, &m), 0);
	assert_int_equal(money_units(m), -195313);
	assert_int_equal(money_from_real(NAN, &m), ERR_RANGE);
	assert_int_equal(money_from_real(INFINITY, &m), ERR_RANGE);
	assert_int_equal(money_from_real(-INFINITY, &m), ERR_RANGE);
	assert_int_equal(money_from_real(1e11, &m), ERR_RANGE);
	assert_int_equal(money_from_real(92233720368.5478, &m), ERR_RANGE);
	assert_int_equal(money_from_real(1e308, &m), ERR_RANGE);
	assert_int_equal(money_units(m), -195313);
}

static bool fits(__int128 v)
{
	return v >= -(__int128)INT64_MAX && v <= INT64_MAX;
}

static int expected(__int128 exact)
{
	return fits(exact) ? 0 : ERR_RANGE;
}

/* The definition of each rounding, as inequalities between exact products. */
static void is_quotient(int rc, int64_t q, __int128 n, int64_t d, enum rounding r)
{
	const __int128 top = (__int128)INT64_MAX * d;
	__int128 qd = (__int128)q * d, off = n - qd;

	if (rc) {
		assert_int_equal(rc, ERR_RANGE);
		assert_true(n > top - d || n < -top + d);
		return;
	}
	assert_true(fits(q));
	switch (r) {
	case ROUND_DOWN: assert_true(off >= 0 && off < d); break;
	case ROUND_UP: assert_true(off <= 0 && off > -(__int128)d); break;
	case ROUND_NEAREST:
		assert_true(2 * off <= d && 2 * off >= -(__int128)d);
		if (2 * off == d)
			assert_true(n < 0);
		if (2 * off == -(__int128)d)
			assert_true(n > 0);
		break;
	}
}

static void products_and_quotients(void **state)
{
	(void)state;
	seed = 6;
	for (int i = 0; i < CASES; i++) {
		enum rounding r = (enum rounding)(next() % 3);
		int64_t a = any(), b = any(), d = any();
		struct price p = price_of_units(a);
		struct qty q = qty_of_units(a);
		struct money m = money_of_units(a);
		int rc;

		rc = money_notional(p, qty_of_units(b), r, &m);
		is_quotient(rc, money_units(m), (__int128)a * b, RATE_ONE, r);
		rc = price_scale(price_of_units(a), b, r, &p);
		is_quotient(rc, price_units(p), (__int128)a * b, RATE_ONE, r);
		rc = qty_scale(qty_of_units(a), b, r, &q);
		is_quotient(rc, qty_units(q), (__int128)a * b, RATE_ONE, r);
		rc = money_scale(money_of_units(a), b, r, &m);
		is_quotient(rc, money_units(m), (__int128)a * b, RATE_ONE, r);
		d = d > 0 ? d : 1 - d;
		rc = qty_for_money(money_of_units(a), price_of_units(d), r, &q);
		is_quotient(rc, qty_units(q), (__int128)a * RATE_ONE, d, r);
		rc = price_average(money_of_units(a), qty_of_units(d), r, &p);
		is_quotient(rc, price_units(p), (__int128)a * RATE_ONE, d, r);
		rc = money_share(money_of_units(a), qty_of_units(b), qty_of_units(d), r, &m);
		is_quotient(rc, money_units(m), (__int128)a * b, d, r);
	}
}

/* Ties hardly ever come up at random. */
static void ties_round_away_from_zero(void **state)
{
	struct money m;

	(void)state;
	for (int64_t n = -9; n <= 9; n++) {
		assert_int_equal(money_share(money_of_units(n), qty_of_units(1), qty_of_units(2),
					     ROUND_NEAREST, &m),
				 0);
		assert_int_equal(money_units(m), n >= 0 ? (n + 1) / 2 : (n - 1) / 2);
		assert_int_equal(money_share(money_of_units(n), qty_of_units(1), qty_of_units(2),
					     ROUND_DOWN, &m),
				 0);
		assert_int_equal(money_units(m), n >= 0 ? n / 2 : (n - 1) / 2);
		assert_int_equal(money_share(money_of_units(n), qty_of_units(1), qty_of_units(2),
					     ROUND_UP, &m),
				 0);
		assert_int_equal(money_units(m), n >= 0 ? (n + 1) / 2 : n / 2);
	}
}

static void sums_never_wrap(void **state)
{
	(void)state;
	seed = 7;
	for (int i = 0; i < CASES; i++) {
		int64_t a = any(), b = any();
		struct money m = money_of_units(1);
		struct price p = price_of_units(1);
		struct qty q = qty_of_units(1);
		struct money ma = money_of_units(a), mb = money_of_units(b);
		struct price pa = price_of_units(a), pb = price_of_units(b);
		struct qty qa = qty_of_units(a), qb = qty_of_units(b);
		int rc = expected((__int128)a + b);

		assert_int_equal(money_add(ma, mb, &m), rc);
		assert_true(money_units(m) == (rc ? 1 : a + b));
		assert_int_equal(price_add(pa, pb, &p), rc);
		assert_int_equal(qty_add(qa, qb, &q), rc);
		rc = expected((__int128)a - b);
		assert_int_equal(money_sub(ma, mb, &m), rc);
		assert_int_equal(price_sub(pa, pb, &p), rc);
		assert_int_equal(qty_sub(qa, qb, &q), rc);
		if (!rc)
			assert_true(price_units(p) == a - b && qty_units(q) == a - b);
	}
}

static void edges_are_range_errors(void **state)
{
	struct money top = money_of_units(INT64_MAX), one = money_of_units(1), m = one;
	struct price p = price_of_units(1);
	struct qty q = qty_of_units(1);

	(void)state;
	assert_int_equal(money_add(top, one, &m), ERR_RANGE);
	assert_int_equal(money_sub(money_neg(top), one, &m), ERR_RANGE);
	assert_int_equal(
		money_notional(price_of_units(INT64_MAX), qty_of_units(INT64_MAX), ROUND_DOWN, &m),
		ERR_RANGE);
	assert_int_equal(
		money_notional(price_of_units(INT64_MIN), qty_of_units(INT64_MIN), ROUND_DOWN, &m),
		ERR_RANGE);
	assert_int_equal(qty_for_money(top, price_of_units(0), ROUND_DOWN, &q), ERR_RANGE);
	assert_int_equal(qty_for_money(top, price_of_units(-5), ROUND_DOWN, &q), ERR_RANGE);
	assert_int_equal(qty_for_money(top, price_of_units(1), ROUND_DOWN, &q), ERR_RANGE);
	assert_int_equal(price_average(top, qty_of_units(0), ROUND_DOWN, &p), ERR_RANGE);
	assert_int_equal(money_share(top, q, qty_of_units(0), ROUND_DOWN, &m), ERR_RANGE);
	assert_int_equal(money_units(m), 1);
	assert_int_equal(price_units(p), 1);
	assert_int_equal(qty_units(q), 1);
}

static void compares_and_signs(void **state)
{
	(void)state;
	seed = 8;
	for (int i = 0; i < 10000; i++) {
		int64_t a = any(), b = i % 7 ? any() : a;
		int want = a < b ? -1 : a > b ? 1 : 0;

		assert_int_equal(price_cmp(price_of_units(a), price_of_units(b)), want);
		assert_int_equal(qty_cmp(qty_of_units(a), qty_of_units(b)), want);
		assert_int_equal(money_cmp(money_of_units(a), money_of_units(b)), want);
		assert_int_equal(qty_units(qty_min(qty_of_units(a), qty_of_units(b))),
				 a < b ? a : b);
		assert_int_equal(money_units(money_neg(money_of_units(a))), -a);
		assert_int_equal(qty_units(qty_neg(qty_of_units(a))), -a);
		want = a < 0 ? -1 : a > 0;
		assert_int_equal(price_sign(price_of_units(a)), want);
		assert_int_equal(qty_sign(qty_of_units(a)), want);
		assert_int_equal(money_sign(money_of_units(a)), want);
		assert_true(price_double(price_of_units(a)) == (double)a / 1e8);
		assert_true(qty_double(qty_of_units(a)) == (double)a / 1e8);
		assert_true(money_double(money_of_units(a)) == (double)a / 1e8);
	}
}

static void steps_and_ticks(void **state)
{
	const struct qty ten = qty_of_units(10);

	(void)state;
	seed = 9;
	for (int i = 0; i < CASES; i++) {
		enum rounding r = (enum rounding)(next() % 3);
		int64_t v = any(), step = any() & INT64_MAX, got;

		got = price_units(price_to_tick(price_of_units(v), price_of_units(step), r));
		assert_true(got == qty_units(qty_to_step(qty_of_units(v), qty_of_units(step), r)));
		if (step == 0) {
			assert_true(got == v);
			continue;
		}
		assert_true(got % step == 0);
		if (v < INT64_MAX - step && v > -INT64_MAX + step)
			is_quotient(0, got / step, v, step, r);
	}
	assert_int_equal(qty_units(qty_to_step(qty_of_units(INT64_MAX), ten, ROUND_UP)),
			 INT64_MAX / 10 * 10);
	assert_int_equal(qty_units(qty_to_step(qty_of_units(-INT64_MAX), ten, ROUND_DOWN)),
			 -(INT64_MAX / 10 * 10));
	assert_int_equal(price_units(price_to_tick(price_of_units(6183763), price_of_units(1000),
						   ROUND_NEAREST)),
			 6184000);
}

static void rates(void **state)
{
	int64_t r = 42;

	(void)state;
	assert_int_equal(rate_from_double(0.001, &r), 0);
	assert_int_equal(r, 100000);
	assert_int_equal(rate_from_double(-0.00015, &r), 0);
	assert_int_equal(r, -15000);
	assert_int_equal(rate_from_double(1e9, &r), 0);
	assert_int_equal(r, INT64_C(100000000000000000));
	assert_int_equal(rate_from_double(1.1e9, &r), ERR_RANGE);
	assert_int_equal(rate_from_double(NAN, &r), ERR_RANGE);
	assert_int_equal(rate_from_double(-INFINITY, &r), ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(texts_are_shortest),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(real_holds_every_value_to_2_26),
		cmocka_unit_test(real_holds_15_digits),
		cmocka_unit_test(real_never_alters),
		cmocka_unit_test(near_real_is_near),
		cmocka_unit_test(real_reads_as_its_text),
		cmocka_unit_test(from_real_takes_the_nearest),
		cmocka_unit_test(products_and_quotients),
		cmocka_unit_test(ties_round_away_from_zero),
		cmocka_unit_test(sums_never_wrap),
		cmocka_unit_test(edges_are_range_errors),
		cmocka_unit_test(compares_and_signs),
		cmocka_unit_test(steps_and_ticks),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
