#include "worker/feed/synthetic_level.h"
#include "worker/feed/prng.h"

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#define OCTAVES 11
#define SHORTEST_US INT64_C(240000000)
#define SHORTEST_AMPLITUDE 20e-4
#define ROOT_2 1.41421356237309504880

/* A number in [-1, 1) that belongs to a place of an octave. */
static double noise(uint64_t seed, int octave, int64_t place)
{
	uint64_t h = prng_mix(seed + (uint64_t)octave, (uint64_t)place);

	return (double)(h >> 11) / 4503599627370496.0 - 1;
}

double synthetic_level(uint64_t seed, double start, int64_t time_us)
{
	double sum = start, amplitude = SHORTEST_AMPLITUDE;
	int64_t period_us = SHORTEST_US;

	for (int i = 0; i < OCTAVES; i++) {
		int64_t place = time_us / period_us;
		double f = (double)(time_us % period_us) / (double)period_us;
		double a = noise(seed, i, place), b = noise(seed, i, place + 1);

		f = f * f * (3 - 2 * f); /* smooth at both ends */
		sum += amplitude * (a + (b - a) * f);
		amplitude *= ROOT_2;
		period_us *= 2;
	}
	return sum;
}
