/*
 * prng.h - reproducible chance: the same seed gives the same numbers, to the last
 * bit, on every machine.
 *
 * xoshiro256** (Blackman and Vigna, 2018) seeded by splitmix64. The
 * transformations use only +, -, * and / (and callers sqrt), which IEEE 754 rounds
 * exactly, and no other function of libm: their last bit differs between versions.
 */
#ifndef WORKER_FEED_PRNG_H
#define WORKER_FEED_PRNG_H

#include <stdbool.h>
#include <stdint.h>

struct chance { uint64_t s[4]; };

void chance_init(struct chance *c, uint64_t seed);
/* One well-mixed number from two, for seeds and for noise at a place. */
uint64_t chance_mix(uint64_t a, uint64_t b);

uint64_t chance_u64(struct chance *c);
double chance_uniform(struct chance *c);		/* [0, 1) */
int64_t chance_below(struct chance *c, int64_t n);	/* 0 .. n - 1, n > 0 */
bool chance_hit(struct chance *c, double probability);
double chance_normal(struct chance *c);			/* mean 0, variance 1, within +-3.5 */
double chance_exponential(struct chance *c);		/* mean 1 */

double chance_exp(double x);		/* e^x, relative error < 1e-9 for |x| < 500 */
double chance_log(double x);		/* natural logarithm of a normal x > 0, error < 1e-9 */

#endif
