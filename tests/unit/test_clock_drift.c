/* Our clock against the exchange's: the least difference of a beat. */
#include "worker/loop/clock_drift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct drift drift;

static void came(int64_t drift_us)
{
	struct feed_stats s = { .last_now_us = 1, .clock_drift_us = drift_us };

	drift_note(&drift, &s);
}

static void the_least_of_a_beat(void **state)
{
	const struct feed_stats nothing = { .clock_drift_us = 0 };
	int64_t us = 7;

	(void)state;
	drift_note(&drift, &nothing);
	assert_false(drift_take(&drift, &us));
	assert_int_equal(us, 7);
	came(40000);
	came(2500000);			/* one frame that was held up is no drift */
	came(60000);
	assert_true(drift_take(&drift, &us));
	assert_int_equal(us, 40000);
	assert_false(drift_take(&drift, &us));	/* told once */
	came(90000);			/* the beat before says nothing of this one */
	came(-5000000);			/* our clock is behind */
	came(-4900000);
	assert_true(drift_take(&drift, &us));
	assert_int_equal(us, -5000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_least_of_a_beat) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
