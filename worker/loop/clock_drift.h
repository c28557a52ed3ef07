/*
 * clock_drift.h - how far our clock is off the exchange's, from the times of market data.
 *
 *	drift = least (receive time - event time) of what came within a beat
 *
 * What travels fastest tells most of the clock and least of the way: one late frame is
 * no drift, and a clock that is behind shows in the smallest (negative) difference.
 */
#ifndef WORKER_LOOP_CLOCK_DRIFT_H
#define WORKER_LOOP_CLOCK_DRIFT_H

#include "worker/feed/feed.h"

#include <stdbool.h>
#include <stdint.h>

struct drift {			/* all 0: nothing seen */
	int64_t least_us;
	bool seen;
};

/* The newest event of a feed; a feed that brought none yet tells nothing. */
void drift_note(struct drift *d, const struct feed_stats *s);
/* The least since the last time, and begins anew. False, *us untouched: nothing came. */
bool drift_take(struct drift *d, int64_t *us);

#endif
