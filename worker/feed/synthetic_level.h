/*
 * synthetic_level.h - the slow changes of a made-up market's price.
 *
 * A pure function of seed and date, so that a market that starts again is near the price where
 * it was. It is value noise in octaves with periods from 4 minutes to 3 days; the amplitude
 * grows with the square root of the period, as a random walk's does.
 */
#ifndef WORKER_FEED_SYNTHETIC_LEVEL_H
#define WORKER_FEED_SYNTHETIC_LEVEL_H

#include <stdint.h>

/* ln of price at a time (UTC), around "start" (ln of the symbol's usual price). */
double synthetic_level(uint64_t seed, double start, int64_t time_us);

#endif
