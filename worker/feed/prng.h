/*
 * prng.h - random numbers that are reproducible: the same seed gives the same numbers, to
 * the last bit, on every machine.
 *
 * xoshiro256** (Blackman and Vigna, 2018) seeded by splitmix64. The transformations use only
 * +, -, * and / (and callers sqrt), because IEEE 754 fixes their result to the last bit; the
 * last bit of other libm functions differs between versions.
 */
#ifndef WORKER_FEED_PRNG_H
#define WORKER_FEED_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct prng { uint64_t s[4]; };

void prng_init(struct prng *c, uint64_t seed);
/* Mixes two numbers into one, for seeds and for noise that is a function of a place. */
uint64_t prng_mix(uint64_t a, uint64_t b);

uint64_t prng_u64(struct prng *c);
double prng_uniform(struct prng *c);		/* [0, 1) */
int64_t prng_below(struct prng *c, int64_t n);	/* 0 .. n - 1, n > 0 */
bool prng_hit(struct prng *c, double probability);
double prng_normal(struct prng *c);			/* mean 0, variance 1, within +-3.5 */
double prng_exponential(struct prng *c);		/* mean 1 */

double prng_exp(double x);		/* e^x, relative error < 1e-9 for |x| < 500 */
double prng_log(double x);		/* natural logarithm of a normal x > 0, error < 1e-9 */

#endif
