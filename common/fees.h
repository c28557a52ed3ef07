/*
 * fees.h - what a fill costs: the exchanges' published fees, in one table.
 *
 * A paper account pays these fees; SIMULATION_COMMISSION replaces both. session_market_add
 * stores a market's fees in its struct symbol_info, so that the engine, the risk rules and
 * the simulation all read the same two numbers.
 */
#ifndef COMMON_FEES_H
#define COMMON_FEES_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

#define COMMISSION_OF_EXCHANGE (-1.0)	/* SIMULATION_COMMISSION: the published ones */

struct fees {			/* 1e-8 of what is traded: 100000 is 0.1 % */
	int64_t maker_e8, taker_e8;
};

/* The fees that the exchange publishes for a regular user, without discounts. */
struct fees fees_published(bool futures);
/* Where they are published: "Binance spot, regular user, ...". */
const char *fees_source(bool futures);	/* (tests) */

/*
 * The fees under SIMULATION_COMMISSION: "commission" for makers and takers, or with
 * COMMISSION_OF_EXCHANGE the published ones. ERR_RANGE: the fraction does not fit.
 */
MUST_CHECK int fees_with(double commission, bool futures, struct fees *out);

#endif
