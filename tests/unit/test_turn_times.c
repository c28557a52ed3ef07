#include "worker/loop/turn_times.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_quantiles(void **state)
{
	struct loop_times t = { 0 };

	(void)state;
	assert_int_equal(loop_times_quantile(&t, 0.5), 0);
	for (int i = 0; i < 99; i++)
		loop_times_add(&t, 100, 5 * LOOP_MINUTE_US);
	loop_times_add(&t, 100000, 5 * LOOP_MINUTE_US);
	/* An upper edge: at most a quarter above. */
	assert_in_range(loop_times_quantile(&t, 0.5), 100, 125);
	assert_in_range(loop_times_quantile(&t, 0.98), 100, 125);
	assert_in_range(loop_times_quantile(&t, 0.99), 100000, 125000);
	loop_times_add(&t, INT64_MAX, 5 * LOOP_MINUTE_US);
	assert_true(loop_times_quantile(&t, 1) > 0);
}

static void test_forgets(void **state)
{
	struct loop_times t = { 0 };

	(void)state;
	loop_times_add(&t, 100000, 5 * LOOP_MINUTE_US);
	loop_times_add(&t, 10, 6 * LOOP_MINUTE_US);
	assert_true(loop_times_quantile(&t, 0.99) >= 100000); /* the minute before counts */
	loop_times_add(&t, 10, 7 * LOOP_MINUTE_US);
	assert_in_range(loop_times_quantile(&t, 0.99), 10, 13);
	loop_times_add(&t, 100000, 8 * LOOP_MINUTE_US - 1);
	loop_times_add(&t, 10, 10 * LOOP_MINUTE_US); /* nothing for a minute */
	assert_in_range(loop_times_quantile(&t, 0.99), 10, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
