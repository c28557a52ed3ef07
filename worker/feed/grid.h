/*
 * grid.h - the price and quantity grid of a market, read from what was recorded of it.
 *
 * The exchange's tick divides the prices that it sends, and its step the quantities; but a
 * few resting orders are older than the rules of today and lie between (BTCUSDT, 2024-08:
 * one in 60,000). So the grid is the coarsest of 1, 2 or 5 times a power of ten that holds
 * all but GRID_OLD_SHARE of the values. With few different values that says little (of one
 * price it is the price); then it is the largest power of ten that holds them and is small
 * against the price.
 */
#ifndef WORKER_FEED_GRID_H
#define WORKER_FEED_GRID_H

#include "worker/feed/frame.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stdint.h>

#define GRID_ENOUGH 24		/* different values from which the grid is believed */
#define GRID_OLD_SHARE 200	/* one value of so many may lie off it */
#define GRID_POWERS 19		/* powers of ten from 1e-8 on */

struct grid_axis {		/* prices, or quantities; 1e-8 */
	int64_t least, most;
	int64_t seen;		/* values looked at */
	/* Values that end in exactly k decimal zeros; of these, multiples of 2 and 5 x 10^k. */
	int64_t zeros[GRID_POWERS], twos[GRID_POWERS], fives[GRID_POWERS];
	int64_t different[GRID_ENOUGH];	/* the first different ones */
	int different_n;
};

struct grid { struct grid_axis price, qty; };

/* All prices and quantities that a decoded frame holds; zeros are none. */
void grid_frame(struct grid *g, const struct frame *f);
/* What another file of the same market holds. */
void grid_merge(struct grid *g, const struct grid *more);

/* Do the values lie on this tick and step, which are powers of ten? (Nothing does.) */
bool grid_fits(const struct grid *g, struct price tick, struct qty step);
/*
 * Tick and step. "least_value" is what the least order may be worth (quote asset, 0 unknown):
 * with few quantities the step is a small part of it. False: no price or no quantity was
 * seen.
 */
bool grid_steps(const struct grid *g, struct money least_value, struct price *tick,
		struct qty *step);
/* Tick and step come from enough different values. */
bool grid_sure(const struct grid *g);

#endif
