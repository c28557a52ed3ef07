#include "worker/loop/turn_times.h"

#include <string.h>

#define PER_OCTAVE 4

static int64_t edge(unsigned bucket)
{
	int64_t octave = INT64_C(1) << (bucket / PER_OCTAVE);

	return octave + octave * (bucket % PER_OCTAVE + 1) / PER_OCTAVE;
}

static void turn_over(struct loop_times *t, int64_t minute)
{
	if (minute == t->minute + 1)
		memcpy(t->count[1], t->count[0], sizeof(t->count[1]));
	else
		memset(t->count[1], 0, sizeof(t->count[1]));
	memset(t->count[0], 0, sizeof(t->count[0]));
	t->minute = minute;
}

void loop_times_add(struct loop_times *t, int64_t us, int64_t mono_us)
{
	unsigned b = 0;

	if (mono_us / LOOP_MINUTE_US != t->minute)
		turn_over(t, mono_us / LOOP_MINUTE_US);
	while (b + 1 < LOOP_BUCKETS && edge(b) < us)
		b++;
	t->count[0][b]++;
}

int64_t loop_times_quantile(const struct loop_times *t, double q)
{
	uint64_t n = 0, seen = 0, want;

	for (unsigned b = 0; b < LOOP_BUCKETS; b++)
		n += t->count[0][b] + t->count[1][b];
	if (n == 0)
		return 0;
	want = (uint64_t)(q * (double)n);
	for (unsigned b = 0; b < LOOP_BUCKETS; b++) {
		seen += t->count[0][b] + t->count[1][b];
		if (seen > want)
			return edge(b);
	}
	return edge(LOOP_BUCKETS - 1);
}
