#include "worker/loop_times.h"

#include <string.h>

#define PER_OCTAVE 4

static int64_t edge(unsigned bucket)
{
	int64_t octave = INT64_C(1) << (bucket / PER_OCTAVE);

	return octave + octave * (bucket % PER_OCTAVE + 1) / PER_OCTAVE;
}

void loop_times_add(struct loop_times *t, int64_t us)
{
	unsigned b = 0;

	while (b + 1 < LOOP_BUCKETS && edge(b) < us)
		b++;
	t->count[b]++;
	t->n++;
}

int64_t loop_times_quantile(const struct loop_times *t, double q)
{
	uint64_t seen = 0, want = (uint64_t)(q * (double)t->n);

	if (t->n == 0)
		return 0;
	for (unsigned b = 0; b < LOOP_BUCKETS; b++) {
		seen += t->count[b];
		if (seen > want)
			return edge(b);
	}
	return edge(LOOP_BUCKETS - 1);
}

void loop_times_clear(struct loop_times *t)
{
	memset(t, 0, sizeof(*t));
}
