#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define SAMPLE INT64_C(1769847330123456)
#define LEAP_DAY INT64_C(951782400000000)	/* 2000-02-29 */

static void test_text(void **state)
{
	char buf[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_text(0, buf), "1970-01-01T00:00:00.000000Z");
	assert_string_equal(clock_text(SAMPLE, buf), "2026-01-31T08:15:30.123456Z");
	assert_string_equal(clock_text(-1, buf), "1969-12-31T23:59:59.999999Z");
	assert_string_equal(clock_text(LEAP_DAY, buf), "2000-02-29T00:00:00.000000Z");
	assert_string_equal(clock_day(SAMPLE, buf), "2026-01-31");
	assert_string_equal(clock_day(-1, buf), "1969-12-31");
	/* The ends of int64_t fit into the buffer. */
	assert_int_equal(strlen(clock_text(INT64_MIN, buf)), 30);
	assert_non_null(clock_day(INT64_MAX, buf));
}

static void test_parse(void **state)
{
	static const struct { const char *text; int64_t us; } good[] = {
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-01-31T08:15:30.123456Z", SAMPLE },
		{ "2026-01-31t08:15:30.123456z", SAMPLE },
		{ "2026-01-31 08:15:30.123456Z", SAMPLE },
		{ "2026-01-31T09:45:30.123456+01:30", SAMPLE },
		{ "2026-01-31T06:45:30.123456-01:30", SAMPLE },
		{ "2026-01-31T08:15:30.1234569Z", SAMPLE },
		{ "2026-01-31T08:15:30.5Z", INT64_C(1769847330500000) },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "2000-02-29", LEAP_DAY },
	};
	static const char *const bad[] = {
		"", "2026", "2026-1-31", "2026-01-32", "2026-02-29", "2026-13-01", "2026-00-10",
		"2026-01-00", "2026-01-31T", "2026-01-31T08:15", "2026-01-31T08:15:30",
		"2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z", "2026-01-31T08:15:60Z",
		"2026-01-31T08:15:30.Z", "2026-01-31T08:15:30Zx", "2026-01-31T08:15:30+0130",
		"2026-01-31T08:15:30+24:00", " 2026-01-31", "2026-01-31 ", "x026-01-31",
		"-026-01-31",
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(clock_parse(good[i].text, &us), 0);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		us = 42;
		if (clock_parse(bad[i], &us) != ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(us, 42);
	}
}

/* Every time between the years 0 and 9999 reads back as what was written. */
static void test_round_trip(void **state)
{
	uint64_t x = 88172645463325252u;
	const int64_t first = INT64_C(-62167219200) * US_PER_S;
	const int64_t last = INT64_C(253402300799) * US_PER_S;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char buf[CLOCK_TEXT_MAX];
		int64_t us, back;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		us = first + (int64_t)(x % (uint64_t)(last - first));
		assert_int_equal(clock_parse(clock_text(us, buf), &back), 0);
		assert_int_equal(us, back);
	}
}

static void test_now(void **state)
{
	int64_t a = clock_mono_us(), b = clock_mono_us();

	(void)state;
	assert_true(b >= a);
	assert_true(clock_mono_ns() / 1000 >= b);
	assert_true(clock_now_us() > INT64_C(1700000000) * US_PER_S);
}

static void steady_never_goes_back(void **state)
{
	struct clock_steady s = { 0 };
	int64_t hour = 3600 * US_PER_S;

	(void)state;
	assert_int_equal(clock_steady_us(&s, 100 * hour, 5), 100 * hour);
	assert_int_equal(clock_steady_us(&s, 100 * hour + 7, 12), 100 * hour + 7);
	/* set back by an hour: it goes on */
	assert_int_equal(clock_steady_us(&s, 99 * hour + 20, 32), 100 * hour + 27);
	assert_int_equal(clock_steady_us(&s, 99 * hour + 20 + hour, 32 + hour), 101 * hour + 27);
}

static void steady_doubts_a_step(void **state)
{
	struct clock_steady s = { 0 };
	int64_t day = 86400 * US_PER_S, t = 100 * day, boot = 5;

	(void)state;
	assert_int_equal(clock_steady_us(&s, t, boot), t);
	/* adjusted by less than a second, and a suspend, which the boot clock counts */
	assert_int_equal(clock_steady_us(&s, t + US_PER_S, boot), t + US_PER_S);
	t += US_PER_S + 3 * day;
	boot += 3 * day;
	assert_int_equal(clock_steady_us(&s, t, boot), t);
	/* ten seconds of a clock in the future: as if nothing had been */
	for (int i = 1; i <= 10; i++)
		assert_int_equal(clock_steady_us(&s, t + i * US_PER_S + 400 * day,
						 boot + i * US_PER_S), t + i * US_PER_S);
	t += 11 * US_PER_S;
	boot += 11 * US_PER_S;
	assert_int_equal(clock_steady_us(&s, t, boot), t);
	/* one that lasts is followed, however long after another one it comes */
	for (int64_t us = 1; us <= CLOCK_HOLD_US; us += US_PER_S)
		assert_int_equal(clock_steady_us(&s, t + us + 2 * day, boot + us), t + us);
	t += CLOCK_HOLD_US + 1 + 2 * day;
	boot += CLOCK_HOLD_US + 1;
	assert_int_equal(clock_steady_us(&s, t, boot), t);
	assert_int_equal(clock_steady_us(&s, t + 1, boot + 1), t + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_now),
		cmocka_unit_test(steady_never_goes_back),
		cmocka_unit_test(steady_doubts_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
