/*
 * The simulation venue, futures accounts: positions, margin, fees, reduce-only, stops,
 * leverage, resets. Each rule of docs/SIMULATION.md.
 */
#include "tests/unit/sim_futures.h"

static void long_and_back(void **state)
{
	struct world *w = *state;
	struct account_value b;
	const struct venue_update *u;

	market(w, "o", SIDE_BUY, "0.1", false);
	expect_update(w, UPDATE_ACCEPTED, "o", "");
	u = expect_fill(w, "o", "50000.1", "0.1", false);
	assert_int_equal(u->fee_e8, E("5.00001"));
	assert_string_equal(u->fee_asset, "USDT");
	assert_position(w, "0.1", "50000.1");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "500.001");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "494.99899");
	assert_amount(w, 1, LEDGER_PNL, "BTC", "0.1");
	assert_amount(w, 1, LEDGER_PNL, "USDT", "-5000.01");
	world_trade(w, true, "50100.1", "1", false);
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.free), E("494.99899"));
	assert_int_equal(money_units(b.balance), E("994.99999"));
	assert_int_equal(money_units(b.equity), E("1004.99999"));
	assert_int_equal(qty_units(b.base), E("0.1"));
	world_trade(w, true, "49900.1", "1", true);
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.free), E("484.99899")); /* a loss is not there to spend */
	assert_int_equal(money_units(b.equity), E("984.99999"));
	world_book(w, true, "50200", "2", "50200.1", "3");
	market(w, "c", SIDE_SELL, "0.1", true);
	expect_update(w, UPDATE_ACCEPTED, "c", "");
	expect_fill(w, "c", "50200", "0.1", false);
	world_no_more(w);
	assert_position(w, "0", "0");
	/* 1000 + 0.1 x 199.9 - 5.00001 - 5.02 */
	assert_amount(w, 1, LEDGER_FREE, "USDT", "1009.96999");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "0");
	assert_amount(w, 1, LEDGER_PNL, "USDT", "0");
	assert_amount(w, 1, LEDGER_PNL, "BTC", "0");
	assert_amount(w, 1, LEDGER_MARKET, "USDT", "-19.99");
	assert_amount(w, 1, LEDGER_FEES, "USDT", "10.02001");
}

static void short_and_back(void **state)
{
	struct world *w = *state;
	struct account_value b;

	market(w, "o", SIDE_SELL, "0.1", false);
	assert_position(w, "-0.1", "50000");
	world_trade(w, true, "49000", "1", true);
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.equity), E("1095")); /* 995 + 100 */
	assert_int_equal(qty_units(b.base), E("-0.1"));
	world_book(w, true, "48999.9", "2", "49000", "3");
	market(w, "c", SIDE_BUY, "0.04", true);
	assert_position(w, "-0.06", "50000");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "300");
	assert_amount(w, 1, LEDGER_MARKET, "USDT", "-3040"); /* -5000 + 1960: cost still open */
	market(w, "d", SIDE_BUY, "0.06", true);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "1090.1"); /* 1000 + 100 - 5 - 4.9 */
	assert_amount(w, 1, LEDGER_MARKET, "USDT", "-100");
	assert_position(w, "0", "0");
}

/* The average is exact: the cost is kept, not the rounded price. */
static void average_and_flip(void **state)
{
	struct world *w = *state;

	market(w, "a", SIDE_BUY, "0.01", false);
	world_book(w, true, "50000.1", "2", "50000.3", "3");
	market(w, "b", SIDE_BUY, "0.02", false);
	assert_position(w, "0.03", "50000.23333333");
	world_book(w, true, "50000.2", "2", "50000.3", "3");
	market(w, "c", SIDE_SELL, "0.01", false);
	assert_position(w, "0.02", "50000.233333");
	market(w, "d", SIDE_SELL, "0.05", false); /* closes 0.02, opens 0.03 short */
	assert_position(w, "-0.03", "50000.2");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "150.0006");
	market(w, "e", SIDE_BUY, "0.03", true);
	/* bought 500.001 + 1000.006 + 1500.009, sold 500.002 + 2500.01: lost 0.004 */
	assert_amount(w, 1, LEDGER_MARKET, "USDT", "0.004");
	assert_amount(w, 1, LEDGER_PNL, "USDT", "0");
}

static void rejections(void **state)
{
	static const struct { struct ask ask; const char *reason; } t[] = {
		{ { .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.2" },
		  "MARGIN: 1010.00202 USDT needed, 1000 free" },
		{ { .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.2",
		    .price = "50001" }, "MARGIN: 1010.0202 USDT needed, 1000 free" },
		{ { .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.199",
		    .price = "49700" }, "MARGIN: 1004.95 USDT needed" },	/* at 50000 */
		{ { .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.1",
		    .reduce_only = true }, "REDUCE_ONLY: no long position to reduce" },
		{ { .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.1",
		    .stop = "51000", .reduce_only = true }, "REDUCE_ONLY: no short position" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.1", .price = "51000",
		    .stop = "49000" }, "ORDER_TYPE: futures have no OCO" },
		{ { .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.01",
		    .stop = "50000" }, "STOP_PRICE: 50000 would trigger at once" },
		{ { .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.01",
		    .stop = "50000" }, "STOP_PRICE: 50000 would trigger at once" },
		{ { .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.01",
		    .stop = "51000.05" }, "PRICE_FILTER: stop price 51000.05" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.001", .price = "4000" },
		  "NOTIONAL: 4 is under 5" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ask a = t[i].ask;

		a.id = "r";
		world_place(w, a);
		expect_update(w, UPDATE_REJECTED, a.list ? "rt" : "r", t[i].reason);
		if (a.list)
			expect_update(w, UPDATE_REJECTED, "rs", t[i].reason);
		world_no_more(w);
		assert_int_equal(w->rows_n, 2);
	}
}

static void reservations(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.1",
	      .price = "49000");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "494.9");	/* 490 margin, 4.9 fee */
	world_trade(w, true, "48999.9", "1", true);
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "490");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "505.1");
	PLACE(w, .id = "t", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.1",
	      .price = "51000", .reduce_only = true);
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.1",
	      .stop = "48000", .reduce_only = true);
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");	/* what only closes needs nothing */
	PLACE(w, .id = "x", .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.01",
	      .stop = "52000");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "52.52");
	seen(w);
	world_trade(w, true, "51000.1", "0.1", false);
	expect_fill(w, "t", "51000", "0.1", true);
	expect_update(w, UPDATE_EXPIRED, "s", "REDUCE_ONLY: the position is closed");
	world_no_more(w);
	world_cancel(w, 1, "x");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "1190"); /* 1000 + 200 - 4.9 - 5.1 */
}

/* The published fees of USD-M: a taker pays 0.05 %, a maker 0.02 %, each fill by how it came. */
static void fees_by_how_it_filled(void **state)
{
	struct world *w = *state;
	const struct venue_update *u;

	world_stop(w);
	world_init(w);
	w->fees = fees_published(true);
	start(w, "1000", 10);
	market(w, "o", SIDE_BUY, "0.1", false);
	expect_update(w, UPDATE_ACCEPTED, "o", "");
	u = expect_fill(w, "o", "50000.1", "0.1", false);
	assert_int_equal(u->fee_e8, E("2.500005"));
	PLACE(w, .id = "c", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.1",
	      .price = "50100", .reduce_only = true);
	expect_update(w, UPDATE_ACCEPTED, "c", "");
	world_trade(w, true, "50100.1", "1", false);
	u = expect_fill(w, "c", "50100", "0.1", true);
	assert_int_equal(u->fee_e8, E("1.002"));
	assert_amount(w, 1, LEDGER_FEES, "USDT", "3.502005");
}

/* What an order closes needs no margin, at whichever depth it does. */
static void flip_through_levels(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.slippage_e8 = 100000;
	w->fees.taker_e8 = 0;
	start(w, "1000", 10);
	market(w, "o", SIDE_BUY, "0.1", false); /* 500.52 of margin at 50050.2 */
	world_book(w, true, "50000", "0.08", "50000.1", "3");
	seen(w);
	/* levels 49950 x 0.08, 49900 x 0.16: closes 0.1, then opens 0.14 for 698.6 */
	market(w, "a", SIDE_SELL, "0.24", false);
	expect_update(w, UPDATE_REJECTED, "a", "MARGIN: 698.6 USDT needed");
	market(w, "b", SIDE_SELL, "0.19", false);
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_fill(w, "b", "49950", "0.08", false);
	expect_fill(w, "b", "49900", "0.11", false);
	assert_position(w, "-0.09", "49900");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "449.1");
}

/* Thirds that don't divide: the parts' margins, rounded up, still fit the whole's. */
static void rounding_of_parts(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->fees.maker_e8 = w->fees.taker_e8 = 0;
	start(w, "50.0002", 3);
	world_book(w, true, "50000.2", "0", "50000.3", "1");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.003",
	      .price = "50000.2");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0");
	for (int i = 0; i < 3; i++)
		world_trade(w, true, "50000.2", "0.001", true);
	assert_position(w, "0.003", "50000.2");
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "50.0002");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0");
}

/* A sale that starts above its limit is margined at what it gets. */
static void crossing_sale(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.198",
	      .price = "49700");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	expect_fill(w, "s", "50000", "0.198", false);
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "990");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0.1");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
}

static void reduce_only_is_capped(void **state)
{
	struct world *w = *state;

	market(w, "o", SIDE_BUY, "0.05", false);
	PLACE(w, .id = "t", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.08",
	      .price = "50100", .reduce_only = true);
	PLACE(w, .id = "u", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.08",
	      .price = "50300", .reduce_only = true);
	seen(w);
	world_trade(w, true, "50200", "1", false);
	expect_fill(w, "t", "50100", "0.05", true);
	expect_update(w, UPDATE_EXPIRED, "t", "REDUCE_ONLY: the position is closed");
	expect_update(w, UPDATE_EXPIRED, "u", "REDUCE_ONLY: the position is closed");
	world_no_more(w);
	market(w, "p", SIDE_SELL, "0.05", false);
	seen(w);
	market(w, "c", SIDE_BUY, "0.5", true); /* no funds for that much, and none needed */
	expect_update(w, UPDATE_ACCEPTED, "c", "");
	expect_fill(w, "c", "50000.1", "0.05", false);
	expect_update(w, UPDATE_EXPIRED, "c", "REDUCE_ONLY: the position is closed");
	world_no_more(w);
	assert_position(w, "0", "0");
}

static void reduce_only_below_notional(void **state)
{
	struct world *w = *state;
	struct symbol_info info = world_info(true);

	market(w, "o", SIDE_BUY, "0.05", false);
	info.min_notional = M("100");
	assert_int_equal(sim_symbol_add(w->v, &info), w->futures);
	seen(w);
	market(w, "a", SIDE_SELL, "0.001", false);
	expect_update(w, UPDATE_REJECTED, "a", "NOTIONAL: 50 is under 100");
	market(w, "b", SIDE_SELL, "0.001", true);
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_fill(w, "b", "50000", "0.001", false);
}

static void stops(void **state)
{
	struct world *w = *state;

	market(w, "o", SIDE_SELL, "0.05", false);
	PLACE(w, .id = "s", .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.05",
	      .stop = "50500", .reduce_only = true);
	seen(w);
	world_trade(w, true, "50499.9", "1", false);
	world_no_more(w);
	world_trade(w, true, "50600", "1", false);
	expect_fill(w, "s", "50600", "0.05", false);
	world_no_more(w);
	assert_position(w, "0", "0");
	assert_int_equal(w->orders_n, 0);

	/* An entry stop that a gap makes too dear opens nothing. */
	PLACE(w, .id = "e", .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.18",
	      .stop = "51000");
	expect_update(w, UPDATE_ACCEPTED, "e", "");
	world_trade(w, true, "59000", "1", false);
	expect_update(w, UPDATE_EXPIRED, "e", "MARGIN");
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	PLACE(w, .id = "f", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.01",
	      .stop = "58000");
	expect_update(w, UPDATE_ACCEPTED, "f", "");
	world_book(w, true, "57990", "0", "58000", "1"); /* no bids: it waits for one */
	world_trade(w, true, "57995", "1", true);
	world_no_more(w);
	world_book(w, true, "57990", "1", "58000", "1");
	expect_fill(w, "f", "57990", "0.01", false);
	assert_position(w, "-0.01", "57990");
}

static void leverage(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_int_equal(sim_account_leverage(w->v, 7, RATE_ONE, w->now, &e), ERR_NOT_FOUND);
	assert_int_equal(sim_account_leverage(w->v, 1, 0, w->now, &e), ERR_INVALID);
	assert_int_equal(sim_account_leverage(w->v, 1, 200 * RATE_ONE, w->now, &e), ERR_INVALID);
	market(w, "o", SIDE_BUY, "0.1", false);
	assert_int_equal(sim_account_leverage(w->v, 1, 20 * RATE_ONE, w->now, &e), ERR_CONFLICT);
	assert_int_equal(sim_account_leverage(w->v, 1, 10 * RATE_ONE, w->now, &e), 0);
	market(w, "c", SIDE_SELL, "0.1", true);
	assert_int_equal(sim_account_leverage(w->v, 1, RATE_ONE * 5 / 2, w->now, &e), 0);
	assert_int_equal(w->accounts[0].leverage_e8, RATE_ONE * 5 / 2);
	market(w, "p", SIDE_BUY, "0.01", false);
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "200.0004");
	world_open(w, 2, false, "10", 1);
	assert_int_equal(sim_account_leverage(w->v, 2, 2 * RATE_ONE, w->now, &e), ERR_INVALID);
}

static void reset(void **state)
{
	struct world *w = *state;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT", .futures = true,
				      .initial_capital = M("2000"), .leverage_e8 = 5 * RATE_ONE };

	market(w, "o", SIDE_BUY, "0.05", false);
	seen(w);
	assert_int_equal(sim_account_reset(w->v, &a, false, w->now, NULL), ERR_CONFLICT);
	assert_int_equal(sim_account_reset(w->v, &a, true, w->now, NULL), 0);
	world_no_more(w);
	assert_position(w, "0", "0");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "2000");
	assert_int_equal(w->v->ops->next_due(w->v), INT64_MAX);
	world_trade(w, true, "100", "1", true); /* nobody left to liquidate */
	world_no_more(w);
	a.futures = false; /* the bot moved to spot */
	assert_int_equal(sim_account_reset(w->v, &a, false, w->now, NULL), 0);
	assert_false(sim_account_get(w->v, 1)->futures);
	assert_int_equal(sim_account_get(w->v, 1)->leverage_e8, RATE_ONE);
}

static void restore_position(void **state)
{
	struct world *w = *state;
	struct account_value before, after;
	struct sim_account row;

	market(w, "o", SIDE_BUY, "0.05", false);
	world_trade(w, true, "50500", "1", false);
	assert_int_equal(sim_account_value(w->v, 1, &before, NULL), 0);
	world_restart(w);
	world_warm_trade(w, true, "50500");
	assert_int_equal(sim_account_value(w->v, 1, &after, NULL), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(w->v->ops->next_due(w->v), T0 + EIGHT_H);
	row = w->accounts[0];
	w->accounts[0].position = Q("0.04");
	w->v->ops->free(w->v);
	world_markets(w);
	assert_int_equal(sim_account_restore(w->v, &w->accounts[0], NULL), 0);
	for (size_t i = 0; i < w->balances_n; i++)
		assert_int_equal(sim_balance_restore(w->v, &w->balances[i], NULL), 0);
	assert_int_equal(sim_check(w->v, NULL), ERR_CORRUPT);
	w->accounts[0] = row;
	world_restart(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(long_and_back), TEST(short_and_back), TEST(average_and_flip),
		TEST(rejections), TEST(reservations), TEST(fees_by_how_it_filled),
		TEST(flip_through_levels), TEST(rounding_of_parts), TEST(crossing_sale),
		TEST(reduce_only_is_capped), TEST(reduce_only_below_notional), TEST(stops),
		TEST(leverage), TEST(reset), TEST(restore_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
