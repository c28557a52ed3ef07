#include "common/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_whole_text_only(void **state)
{
	static const char *const bad[] = { "", "-", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "--1",
					   "one" };
	int64_t n = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(number_int(bad[i], INT64_MIN, INT64_MAX, &n));
		assert_int_equal(n, 77);
	}
	assert_true(number_int("-12", -12, 12, &n));
	assert_int_equal(n, -12);
	assert_true(number_int("007", -12, 12, &n));
	assert_int_equal(n, 7);
}

static void test_range(void **state)
{
	int64_t n = 77;

	(void)state;
	assert_false(number_int("0", 1, 5, &n));
	assert_false(number_int("6", 1, 5, &n));
	assert_false(number_int("9223372036854775808", INT64_MIN, INT64_MAX, &n));
	assert_false(number_int("-9223372036854775809", INT64_MIN, INT64_MAX, &n));
	assert_int_equal(n, 77);
	assert_true(number_int("9223372036854775807", INT64_MIN, INT64_MAX, &n));
	assert_true(n == INT64_MAX);
	assert_true(number_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
	assert_true(n == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_text_only),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
