/*
 * grid.h - derives a market's tick and step from its recorded prices and quantities.
 *
 * Every price that the exchange sends is a multiple of its tick, and every quantity a multiple
 * of its step, except for a few resting orders that are older than today's rules (BTCUSDT,
 * 2024-08: one in 60,000). So the grid is the largest of 1, 2 or 5 times a power of ten that
 * divides all but one in GRID_OLD_SHARE of the values. With few different values this rule
 * says little (the tick of a single price would be that price); then the grid is the largest
 * power of ten that divides them all and is small against the price.
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

/* Adds all prices and quantities of a decoded frame, except zeros. */
void grid_frame(struct grid *g, const struct frame *f);
/* Adds the values of another file of the same market. */
void grid_merge(struct grid *g, const struct grid *more);

/* Are the values multiples of this tick and step, which are powers of ten? True without values. */
bool grid_fits(const struct grid *g, struct price tick, struct qty step);
/*
 * Derives tick and step. least_value: the smallest value of an order (quote asset, 0 unknown);
 * with few different quantities the step is a small part of it. False: no price or no
 * quantity was seen.
 */
bool grid_steps(const struct grid *g, struct money least_value, struct price *tick,
		struct qty *step);
/* Were there enough different values to rely on tick and step? */
bool grid_sure(const struct grid *g);

#endif
