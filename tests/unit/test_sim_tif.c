/*
 * The simulation venue, spot and futures: limits that are IOC or FOK. Each rule of
 * docs/SIMULATION.md, "Takers".
 *
 * The book is 50000 (2) / 50000.1 (3), without slippage unless a test says so: then the next
 * level holds twice as much and is one step worse.
 */
#include "tests/unit/sim_world.h"

static struct world *begin(bool futures, int64_t slippage_e8)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	w->args.slippage_e8 = slippage_e8;
	world_start(w);
	world_open(w, 1, futures, "1000000", futures ? 10 : 1);
	world_book(w, futures, "50000", "2", "50000.1", "3");
	world_trade(w, futures, "50000", "0.1", true);
	return w;
}

/* It has left nothing behind: no order, nothing set aside. */
static void end(struct world *w)
{
	world_no_more(w);
	assert_int_equal(w->orders_n, 0);
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
	world_stop(w);
	free(w);
}

#define BUY(w, ...) PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT, __VA_ARGS__)

static void ioc_takes_all_of_it(void **state)
{
	(void)state;
	for (int futures = 0; futures < 2; futures++) {
		struct world *w = begin(futures, 0);

		BUY(w, .tif = TIF_IOC, .quantity = "0.5", .price = "50001");
		expect_update(w, UPDATE_ACCEPTED, "a", "");
		expect_fill(w, "a", "50000.1", "0.5", false);
		end(w);
	}
}

/* One slippage step is 50: the second level costs 50100.2, beyond the limit. */
static void ioc_takes_what_is_there(void **state)
{
	(void)state;
	for (int futures = 0; futures < 2; futures++) {
		struct world *w = begin(futures, 100000);
		const struct venue_update *u;
		struct venue_update q;

		BUY(w, .tif = TIF_IOC, .quantity = "4", .price = "50050");
		expect_update(w, UPDATE_ACCEPTED, "a", "");
		expect_fill(w, "a", "50050", "3", false);
		u = expect_update(w, UPDATE_EXPIRED, "a", "IOC: the book has no more of it");
		assert_int_equal(qty_units(u->cumulative), E("3"));
		assert_int_equal(sim_order_state(w->v, "a", &q, NULL), 0);
		assert_int_equal(q.kind, UPDATE_EXPIRED);
		assert_int_equal(qty_units(q.cumulative), E("3"));
		end(w);
	}
}

static void nothing_up_to_the_limit(void **state)
{
	static const enum tif tifs[] = { TIF_IOC, TIF_FOK };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct world *w = begin(i % 2, 0);

		BUY(w, .tif = tifs[i / 2], .quantity = "0.5", .price = "50000");
		expect_update(w, UPDATE_ACCEPTED, "a", "");
		expect_update(w, UPDATE_EXPIRED, "a", tif_name(tifs[i / 2]));
		world_trade(w, i % 2, "49000", "5", true); /* it does not rest */
		end(w);
	}
}

static void fok_all_or_nothing(void **state)
{
	(void)state;
	for (int futures = 0; futures < 2; futures++) {
		struct world *w = begin(futures, 100000);

		BUY(w, .tif = TIF_FOK, .quantity = "3.001", .price = "50050");
		expect_update(w, UPDATE_ACCEPTED, "a", "");
		expect_update(w, UPDATE_EXPIRED, "a", "FOK: the book has not all of it");
		assert_amount(w, 1, LEDGER_FREE, "USDT", "1000000");
		BUY(w, .tif = TIF_FOK, .quantity = "3", .price = "50050");
		expect_update(w, UPDATE_ACCEPTED, "a", "");
		expect_fill(w, "a", "50050", "3", false);
		end(w);
	}
}

/* A sale reaches down to its limit over two levels: 49950, then 49900. */
static void fok_over_two_levels(void **state)
{
	struct world *w = begin(true, 100000);

	(void)state;
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_LIMIT, .tif = TIF_FOK,
	      .quantity = "5", .price = "49900");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	expect_fill(w, "s", "49950", "2", false);
	expect_fill(w, "s", "49900", "3", false);
	end(w);
}

/* A reduce-only order can't be filled beyond the position: as FOK not at all. */
static void reduce_only_beyond_the_position(void **state)
{
	struct world *w = begin(true, 0);

	(void)state;
	PLACE(w, .id = "h", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.2");
	w->ups_seen = w->ups_n;
	PLACE(w, .id = "f", .side = SIDE_SELL, .type = TYPE_LIMIT, .tif = TIF_FOK,
	      .quantity = "0.3", .price = "49000", .reduce_only = true);
	expect_update(w, UPDATE_ACCEPTED, "f", "");
	expect_update(w, UPDATE_EXPIRED, "f", "FOK");
	PLACE(w, .id = "i", .side = SIDE_SELL, .type = TYPE_LIMIT, .tif = TIF_IOC,
	      .quantity = "0.3", .price = "49000", .reduce_only = true);
	expect_update(w, UPDATE_ACCEPTED, "i", "");
	expect_fill(w, "i", "50000", "0.2", false);
	expect_update(w, UPDATE_EXPIRED, "i", "");
	end(w);
}

/* An old book fills nothing, and an IOC does not wait for the next one, not even a close. */
static void an_old_book(void **state)
{
	struct world *w = begin(false, 0);

	(void)state;
	PLACE(w, .id = "h", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.2");
	w->ups_seen = w->ups_n;
	sim_book_valid(w->v, w->spot, false, w->now);
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_LIMIT, .tif = TIF_IOC,
	      .quantity = "0.1", .price = "49000");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	expect_update(w, UPDATE_EXPIRED, "s", "IOC: the book is old");
	sim_book_valid(w->v, w->spot, true, w->now);
	end(w);
}

static void only_a_limit_has_one(void **state)
{
	static const enum leg_type types[] = { TYPE_LIMIT_MAKER, TYPE_MARKET, TYPE_STOP_MARKET };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct world *w = begin(true, 0);

		PLACE(w, .id = "a", .side = SIDE_BUY, .type = types[i], .tif = TIF_IOC,
		      .quantity = "0.5", .price = "49000", .stop = "51000");
		expect_update(w, UPDATE_REJECTED, "a", "TIME_IN_FORCE");
		end(w);
	}
}

/* The row of one that travels says what it is: after a restart it still does not rest. */
static void travels_over_a_restart(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct ask a = { .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT, .tif = TIF_FOK,
			 .quantity = "5", .price = "50000.1" };

	(void)state;
	world_init(w);
	w->args.latency_us = 1000;
	w->args.slippage_e8 = 100000;
	world_start(w);
	world_open(w, 1, false, "1000000", 1);
	assert_int_equal(world_try(w, a, NULL), 0);
	world_restart(w);
	world_book(w, false, "50000", "2", "50000.1", "3");
	w->now += 1000;
	w->v->ops->advance(w->v, w->now);
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	expect_update(w, UPDATE_EXPIRED, "a", "FOK");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ioc_takes_all_of_it),
		cmocka_unit_test(ioc_takes_what_is_there),
		cmocka_unit_test(nothing_up_to_the_limit),
		cmocka_unit_test(fok_all_or_nothing),
		cmocka_unit_test(fok_over_two_levels),
		cmocka_unit_test(reduce_only_beyond_the_position),
		cmocka_unit_test(an_old_book),
		cmocka_unit_test(only_a_limit_has_one),
		cmocka_unit_test(travels_over_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
