/*
 * sim_futures.h - what the tests of the simulation's futures accounts share: one
 * account with leverage, a book and a trade; market orders and positions in one line.
 */
#ifndef TESTS_UNIT_SIM_FUTURES_H
#define TESTS_UNIT_SIM_FUTURES_H

#include "tests/unit/sim_world.h"

#define EIGHT_H (INT64_C(8) * 3600 * 1000000)

static inline void start(struct world *w, const char *capital, int leverage)
{
	world_start(w);
	world_open(w, 1, true, capital, leverage);
	world_book(w, true, "50000", "2", "50000.1", "3");
	world_trade(w, true, "50000", "0.1", true);
}

/* 1000 USDT, 10 times. */
static inline int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	start(w, "1000", 10);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static inline void anew(struct world *w, const char *capital, int leverage)
{
	world_stop(w);
	world_init(w);
	start(w, capital, leverage);
}

static inline void market(struct world *w, const char *id, enum side side, const char *qty,
			  bool reduce)
{
	PLACE(w, .id = id, .side = side, .type = TYPE_MARKET, .quantity = qty,
	      .reduce_only = reduce);
}

static inline void seen(struct world *w)
{
	w->ups_seen = w->ups_n;
}

static inline void assert_position(const struct world *w, const char *size, const char *entry)
{
	const struct sim_account *a = sim_account_get(w->v, 1);

	assert_int_equal(qty_units(a->position), E(size));
	assert_int_equal(price_units(a->entry_price), E(entry));
	assert_int_equal(qty_units(w->accounts[0].position), E(size));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
