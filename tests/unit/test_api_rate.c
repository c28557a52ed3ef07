#include "api/http/rate.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int taken(struct rate *r, const char *address, int64_t token, int64_t now, int tries)
{
	int64_t wait_s = 0;
	int n = 0;

	for (int i = 0; i < tries; i++)
		n += rate_take(r, address, token, now, &wait_s);
	return n;
}

static void burst_and_refill(void **state)
{
	struct rate *r = rate_new(10);
	int64_t wait_s = 0, t = 1000;

	(void)state;
	assert_int_equal(taken(r, "10.0.0.1", 1, t, 100), 20);
	assert_false(rate_take(r, "10.0.0.1", 1, t, &wait_s));
	assert_int_equal(wait_s, 1);
	assert_int_equal(taken(r, "10.0.0.1", 1, t + 99999, 5), 0);
	assert_int_equal(taken(r, "10.0.0.1", 1, t + 100000, 5), 1);
	assert_int_equal(taken(r, "10.0.0.1", 1, t + 100 * US_PER_S, 100), 20);
	rate_free(r);
}

static void callers_apart(void **state)
{
	struct rate *r = rate_new(1);

	(void)state;
	assert_int_equal(taken(r, "10.0.0.1", 1, 0, 9), 2);
	assert_int_equal(taken(r, "10.0.0.2", 1, 0, 9), 2);
	assert_int_equal(taken(r, "10.0.0.1", 2, 0, 9), 2);
	assert_int_equal(taken(r, "10.0.0.1", 0, 0, 9), 2);
	assert_int_equal(taken(r, "10.0.0.1", 1, 0, 9), 0);
	rate_free(r);
}

/* A flood of addresses neither grows the table nor resets the one who asks most. */
static void many_callers(void **state)
{
	struct rate *r = rate_new(5);
	char address[32];
	int64_t wait_s, now = 0;
	int passed = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		now += 10;
		snprintf(address, sizeof(address), "a%d", i);
		assert_true(rate_take(r, address, 0, now, &wait_s));
		passed += rate_take(r, "busy", 0, now, &wait_s);
	}
	/* One second: the burst of 10 and 5 more. */
	assert_in_range(passed, 14, 16);
	rate_free(r);
}

static void off(void **state)
{
	struct rate *r = rate_new(0);

	(void)state;
	assert_int_equal(taken(r, "10.0.0.1", 1, 0, 5000), 5000);
	rate_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_and_refill),
		cmocka_unit_test(callers_apart),
		cmocka_unit_test(many_callers),
		cmocka_unit_test(off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
