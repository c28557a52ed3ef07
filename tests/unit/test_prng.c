/* Reproducible chance: known values, and the functions against libm. */
#include "worker/feed/prng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* splitmix64 from seed 1234567 and xoshiro256** from state 1, 2, 3, 4: reference values. */
static void reference(void **state)
{
	static const uint64_t seeds[] = { UINT64_C(6457827717110365317),
					  UINT64_C(3203168211198807973),
					  UINT64_C(9817491932198370423),
					  UINT64_C(4593380528125082431) };
	static const uint64_t numbers[] = { 11520, 0, 1509978240, UINT64_C(1215971899390074240) };
	struct prng c;

	(void)state;
	prng_init(&c, 1234567);
	for (int i = 0; i < 4; i++)
		assert_true(c.s[i] == seeds[i]);
	c = (struct prng){ { 1, 2, 3, 4 } };
	for (int i = 0; i < 4; i++)
		assert_true(prng_u64(&c) == numbers[i]);
}

static void same_seed_same_numbers(void **state)
{
	struct prng a, b, other;

	(void)state;
	prng_init(&a, 42);
	prng_init(&b, 42);
	prng_init(&other, 43);
	for (int i = 0; i < 100; i++) {
		uint64_t v = prng_u64(&a);

		assert_true(v == prng_u64(&b));
		assert_true(v != prng_u64(&other));
	}
	assert_true(prng_mix(1, 2) != prng_mix(2, 1));
}

static void ranges(void **state)
{
	struct prng c;
	double sum = 0;
	int hits = 0, seen[7] = { 0 };

	(void)state;
	prng_init(&c, 1);
	for (int i = 0; i < 70000; i++) {
		double u = prng_uniform(&c);
		int64_t n = prng_below(&c, 7);

		assert_true(u >= 0 && u < 1);
		assert_true(n >= 0 && n < 7);
		sum += u;
		seen[n]++;
		hits += prng_hit(&c, 0.25);
	}
	assert_true(fabs(sum / 70000 - 0.5) < 0.005);
	assert_in_range(hits, 17000, 18000);
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 9600, 10400);
}

static void moments(void **state)
{
	double n = 200000, normal = 0, squares = 0, exponential = 0;
	struct prng c;

	(void)state;
	prng_init(&c, 2);
	for (int i = 0; i < (int)n; i++) {
		double x = prng_normal(&c), e = prng_exponential(&c);

		assert_true(fabs(x) < 3.5 && e >= 0);
		normal += x;
		squares += x * x;
		exponential += e;
	}
	assert_true(fabs(normal / n) < 0.01);
	assert_true(fabs(squares / n - 1) < 0.01);
	assert_true(fabs(exponential / n - 1) < 0.01);
}

static void like_libm(void **state)
{
	struct prng c;

	(void)state;
	prng_init(&c, 3);
	for (int i = 0; i < 100000; i++) {
		double x = (prng_uniform(&c) - 0.5) * 60;
		double y = exp((prng_uniform(&c) - 0.5) * 80);

		assert_true(fabs(prng_exp(x) / exp(x) - 1) < 1e-9);
		assert_true(fabs(prng_log(y) - log(y)) < 1e-9);
	}
	assert_true(prng_exp(0) == 1 && prng_log(1) == 0);
	assert_true(fabs(prng_exp(-400) / exp(-400) - 1) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference), cmocka_unit_test(same_seed_same_numbers),
		cmocka_unit_test(ranges), cmocka_unit_test(moments), cmocka_unit_test(like_libm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
