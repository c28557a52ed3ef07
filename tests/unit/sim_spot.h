/*
 * sim_spot.h - what the tests of the simulation's spot accounts share: one account of
 * 1000 USDT, a book and a trade.
 */
#ifndef TESTS_UNIT_SIM_SPOT_H
#define TESTS_UNIT_SIM_SPOT_H

#include "tests/unit/sim_world.h"

#define CAPITAL "1000"

static inline int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	world_start(w);
	world_open(w, 1, false, CAPITAL, 1);
	world_book(w, false, "50000", "2", "50000.01", "3");
	world_trade(w, false, "50000.01", "0.1", false);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static inline void hold(struct world *w, const char *qty)
{
	PLACE(w, .id = "hold", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = qty);
	w->ups_seen = w->ups_n;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
