/*
 * clock_drift.h - measures how far our clock is off the exchange's, from market data.
 *
 *	drift = least (receive time - event time) of what came within a beat
 *
 * The fastest frame shows the clocks' difference best, because it has the least delay on the
 * way. So a late frame is no drift, and a clock that is behind gives a negative difference.
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

/* Adds the newest event of a feed, if the feed had one. */
void drift_note(struct drift *d, const struct feed_stats *s);
/* The smallest difference since the last call; starts over. False, *us untouched: no event came. */
bool drift_take(struct drift *d, int64_t *us);

#endif
