/* Hours of trading: zones with summer time, intervals over midnight, and what is no zone. */
#include "common/registry/trading_hours.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm t = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
			.tm_hour = hour, .tm_min = minute };

	return (int64_t)timegm(&t);
}

static bool inside(const struct trading_hours *h, int64_t s)
{
	return trading_hours_inside(h, s * US_PER_S);
}

static void always_without_a_setting(void **state)
{
	struct trading_hours h = { 0 };

	(void)state;
	assert_true(inside(&h, 0));
	assert_true(inside(&h, utc(2026, 12, 1, 3, 0)));
}

/* 08:00 in Berlin is 07:00 UTC in winter and 06:00 in summer; the change is at 01:00 UTC. */
static void summer_time(void **state)
{
	struct trading_hours h = { .days = HOURS_ALL_DAYS, .from_min = 480, .to_min = 1320,
				   .rule = BERLIN };

	(void)state;
	assert_false(inside(&h, utc(2026, 3, 28, 6, 59)));
	assert_true(inside(&h, utc(2026, 3, 28, 7, 0)));
	assert_true(inside(&h, utc(2026, 3, 28, 20, 59)));
	assert_false(inside(&h, utc(2026, 3, 28, 21, 0)));
	assert_false(inside(&h, utc(2026, 3, 29, 5, 59)));
	assert_true(inside(&h, utc(2026, 3, 29, 6, 0)));
	assert_true(inside(&h, utc(2026, 10, 24, 6, 0)));
	assert_false(inside(&h, utc(2026, 10, 25, 6, 0)));
	assert_true(inside(&h, utc(2026, 10, 25, 7, 0)));
	assert_int_equal(trading_hours_offset_s(BERLIN, utc(2026, 3, 29, 0, 59)), 3600);
	assert_int_equal(trading_hours_offset_s(BERLIN, utc(2026, 3, 29, 1, 0)), 7200);
	assert_int_equal(trading_hours_offset_s(BERLIN, utc(2026, 10, 25, 0, 59)), 7200);
	assert_int_equal(trading_hours_offset_s(BERLIN, utc(2026, 10, 25, 1, 0)), 3600);
}

static void days_and_midnight(void **state)
{
	struct trading_hours h = { .days = 1U << 4, .from_min = 1320, .to_min = 360,
				   .rule = "UTC0" };

	(void)state; /* Friday 22:00 to Saturday 06:00; 2026-12-04 is a Friday */
	assert_false(inside(&h, utc(2026, 12, 4, 21, 59)));
	assert_true(inside(&h, utc(2026, 12, 4, 22, 0)));
	assert_true(inside(&h, utc(2026, 12, 5, 5, 59)));
	assert_false(inside(&h, utc(2026, 12, 5, 6, 0)));
	assert_false(inside(&h, utc(2026, 12, 5, 22, 0)));
	assert_false(inside(&h, utc(2026, 12, 4, 5, 0))); /* of Thursday's night */
	h.from_min = h.to_min = 0; /* all day */
	assert_true(inside(&h, utc(2026, 12, 4, 0, 0)));
	assert_true(inside(&h, utc(2026, 12, 4, 23, 59)));
	assert_false(inside(&h, utc(2026, 12, 5, 0, 0)));
	assert_true(inside(&h, -6 * 86400 + 1)); /* Friday 1969-12-26 */
	assert_false(inside(&h, -7 * 86400 + 1));
}

/* As the C library has it, where it has the zone: random times of 30 years. */
static void like_the_c_library(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata",
					     "Australia/Sydney", "Asia/Tokyo", "America/Santiago",
					     "Europe/London", "Pacific/Auckland" };
	uint64_t x = 88172645463325252;
	int compared = 0;

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		char rule[HOURS_RULE_MAX];

		if (trading_hours_rule(zones[z], rule, NULL))
			continue; /* this machine has no zone database */
		assert_int_equal(setenv("TZ", rule, 1), 0);
		tzset();
		for (int i = 0; i < 3000; i++) {
			time_t at;
			struct tm t;

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at = (time_t)(utc(2015, 1, 1, 0, 0) +
				      (int64_t)(x % (30 * 366 * UINT64_C(86400))));
			localtime_r(&at, &t);
			assert_int_equal(trading_hours_offset_s(rule, at), t.tm_gmtoff);
			compared++;
		}
	}
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	assert_true(compared % 3000 == 0);
}

static void zones(void **state)
{
	char rule[HOURS_RULE_MAX] = "before";
	static const char *const bad[] = { "", "Mars/Olympus", "/etc/passwd", "../../../etc/passwd",
					   "Europe/../../../etc/passwd", "+25:00", "+02:00x", "+",
					   "Europe/Berlin ", "posixrules\n" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(trading_hours_rule(bad[i], rule, &e), ERR_INVALID);
		assert_string_equal(rule, "before");
	}
	assert_int_equal(trading_hours_rule("UTC", rule, &e), 0);
	assert_int_equal(trading_hours_offset_s(rule, 0), 0);
	assert_int_equal(trading_hours_rule("+02:00", rule, &e), 0);
	assert_int_equal(trading_hours_offset_s(rule, 0), 7200);
	assert_int_equal(trading_hours_rule("-03:30", rule, &e), 0);
	assert_int_equal(trading_hours_offset_s(rule, 0), -12600);
	assert_int_equal(trading_hours_rule("+5", rule, &e), 0);
	assert_int_equal(trading_hours_offset_s(rule, 0), 18000);
	if (trading_hours_rule("Europe/Berlin", rule, &e) == 0)
		assert_string_equal(rule, BERLIN);
}

static void rules(void **state)
{
	static const char *const good[] = {
		"UTC0", "<+0330>-3:30", BERLIN, "EST5EDT,M3.2.0,M11.1.0",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1",
	};
	static const char *const bad[] = {
		"", "U0", "UTC", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J60,J300",
		"CET-99999999999999999999", "CET-1CEST,M3.5.0,M10.5.0/3x", "<+0>0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(trading_hours_rule_usable(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (trading_hours_rule_usable(bad[i]))
			fail_msg("%s", bad[i]);
	assert_int_equal(trading_hours_offset_s("IST-1GMT0,M10.5.0,M3.5.0/1",
						utc(2026, 7, 1, 0, 0)), 3600);
	assert_int_equal(trading_hours_offset_s("IST-1GMT0,M10.5.0,M3.5.0/1",
						utc(2026, 1, 1, 0, 0)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(always_without_a_setting), cmocka_unit_test(summer_time),
		cmocka_unit_test(days_and_midnight),	    cmocka_unit_test(like_the_c_library),
		cmocka_unit_test(zones),		    cmocka_unit_test(rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
