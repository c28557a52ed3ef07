/*
 * loop_times.h - how long loop turns take: a histogram that gives quantiles.
 */
#ifndef WORKER_LOOP_TIMES_H
#define WORKER_LOOP_TIMES_H

#include <stdint.h>

#define LOOP_BUCKETS 64

struct loop_times {
	uint64_t count[LOOP_BUCKETS];	/* four buckets per power of two microseconds */
	uint64_t n;
};

void loop_times_add(struct loop_times *t, int64_t us);
/* Upper edge of the bucket that holds quantile q (0..1), us; 0 when empty. */
int64_t loop_times_quantile(const struct loop_times *t, double q);
void loop_times_clear(struct loop_times *t);

#endif
