#include "worker/feed/prng.h"

#include <string.h>

/* A fused multiply-add rounds once where two operations round twice. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

#define LN2 0.69314718055994530942
#define SQRT_HALF 0.70710678118654752440
#define TWO_53 9007199254740992.0

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void prng_init(struct prng *c, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		c->s[i] = splitmix(&seed);
}

uint64_t prng_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a, y;

	y = splitmix(&x) ^ b;
	return splitmix(&y);
}

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

uint64_t prng_u64(struct prng *c)
{
	uint64_t *s = c->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

double prng_uniform(struct prng *c)
{
	return (double)(prng_u64(c) >> 11) / TWO_53;
}

int64_t prng_below(struct prng *c, int64_t n)
{
	return (int64_t)((unsigned __int128)prng_u64(c) * (uint64_t)n >> 64);
}

bool prng_hit(struct prng *c, double probability)
{
	return prng_uniform(c) < probability;
}

/* The sum of four uniform numbers (Irwin-Hall) has variance 1/3. */
double prng_normal(struct prng *c)
{
	uint64_t bits = prng_u64(c);
	int64_t sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (int64_t)(bits >> (16 * i) & 0xffff);
	return ((double)sum - 131070.0) / 65536.0 * 1.7320508075688772935;
}

double prng_exponential(struct prng *c)
{
	return -prng_log(1.0 - prng_uniform(c));
}

double prng_exp(double x)
{
	double k = x / LN2, r, sum = 1, term = 1;
	int64_t n = (int64_t)(k < 0 ? k - 0.5 : k + 0.5);
	uint64_t bits = (uint64_t)(n + 1023) << 52;
	double scale;

	memcpy(&scale, &bits, sizeof(scale));
	r = x - (double)n * LN2;
	for (int i = 1; i <= 11; i++) {
		term = term * r / i;
		sum += term;
	}
	return sum * scale;
}

/* x = m 2^n with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh((m - 1) / (m + 1)). */
double prng_log(double x)
{
	uint64_t bits;
	double m, z, z2, sum = 0, term;
	int64_t n;

	memcpy(&bits, &x, sizeof(bits));
	n = (int64_t)(bits >> 52) - 1022;
	bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(1022) << 52;
	memcpy(&m, &bits, sizeof(m));
	if (m < SQRT_HALF) {
		m *= 2;
		n--;
	}
	z = (m - 1) / (m + 1);
	z2 = z * z;
	term = z;
	for (int i = 1; i <= 15; i += 2) {
		sum += term / i;
		term *= z2;
	}
	return 2 * sum + (double)n * LN2;
}
