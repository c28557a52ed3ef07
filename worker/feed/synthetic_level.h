/*
 * synthetic_level.h - the slow path of a made-up market's price.
 *
 * A pure function of seed and date, so that a market begun anew is near where it
 * was: value noise in octaves, of periods from 4 minutes to 3 days. The amplitude
 * grows with the root of the period, as a random walk's does.
 */
#ifndef WORKER_FEED_SYNTHETIC_LEVEL_H
#define WORKER_FEED_SYNTHETIC_LEVEL_H

#include <stdint.h>

/* ln of price at a time (UTC), around "start" (ln of the symbol's usual price). */
double synthetic_level(uint64_t seed, double start, int64_t time_us);

#endif
