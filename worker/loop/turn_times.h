/*
 * turn_times.h - the durations of the loop's turns in the last one to two minutes, as a
 * histogram that gives quantiles. Older turns, such as the long ones of a start, are forgotten.
 */
#ifndef WORKER_LOOP_TURN_TIMES_H
#define WORKER_LOOP_TURN_TIMES_H

#include <stdint.h>

#define LOOP_BUCKETS 112		/* up to four minutes */

#define LOOP_MINUTE_US INT64_C(60000000)

struct loop_times {
	/* This minute's and the one's before; four buckets per power of two microseconds. */
	uint64_t count[2][LOOP_BUCKETS];
	int64_t minute;			/* that count[0] is of */
};

/* mono_us: now, on a clock that does not jump. */
void loop_times_add(struct loop_times *t, int64_t us, int64_t mono_us);
/* Upper edge of the bucket that holds quantile q (0..1), us; 0 when empty. */
int64_t loop_times_quantile(const struct loop_times *t, double q);

#endif
