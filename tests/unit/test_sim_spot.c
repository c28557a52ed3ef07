/*
 * The simulation venue, spot accounts: deposits, refusals, market orders, resets. Each
 * rule of docs/SIMULATION.md.
 */
#include "tests/unit/sim_spot.h"

static void deposit(void **state)
{
	struct world *w = *state;
	struct account_value b;

	assert_int_equal(w->rows_n, 2);
	assert_int_equal(w->rows[0].kind, LEDGER_DEPOSIT);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "1000");
	assert_amount(w, 1, LEDGER_CAPITAL, "USDT", "-1000");
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.free), E("1000"));
	assert_int_equal(money_units(b.balance), E("1000"));
	assert_int_equal(money_units(b.equity), E("1000"));
	assert_int_equal(sim_account_value(w->v, 9, &b, NULL), ERR_NOT_FOUND);
}

static void accounts_refused(void **state)
{
	struct world *w = *state;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("1"), .leverage_e8 = RATE_ONE };
	struct err e;

	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_CONFLICT);
	a.bot_id = 2;
	a.initial_capital = M("0");
	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_INVALID);
	a.initial_capital = M("90000000.00000001");
	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_INVALID);
	a.initial_capital = M("1");
	snprintf(a.symbol, sizeof(a.symbol), "NONE");
	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_NOT_FOUND);
	snprintf(a.symbol, sizeof(a.symbol), "BTCUSDT");
	a.futures = true;
	a.leverage_e8 = 126 * RATE_ONE;
	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_INVALID);
	a.leverage_e8 = RATE_ONE - 1;
	assert_int_equal(sim_account_add(w->v, &a, w->now, &e), ERR_INVALID);
	assert_int_equal(sim_account_reset(w->v, &(struct sim_account_args){ .bot_id = 5,
			 .symbol = "BTCUSDT", .initial_capital = M("1") }, false, w->now, &e),
			 ERR_NOT_FOUND);
	assert_null(sim_account_get(w->v, 2));
}

/* Every refusal, its kind of order, and the name that its reason begins with. */
static void rejections(void **state)
{
	static const struct { struct ask ask; const char *reason; } t[] = {
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
		    .price = "49000.005" }, "PRICE_FILTER: price 49000.005 is not a multiple" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.001", .price = "0" },
		  "PRICE_FILTER: price 0 is not above 0" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.001", .price = "-5" },
		  "PRICE_FILTER: price -5" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0", .price = "49000" },
		  "LOT_SIZE: quantity 0 is not above 0" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.000001",
		    .price = "49000" }, "LOT_SIZE: quantity 0.000001 is under 0.00001" },
		{ { .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "1000.00001" },
		  "LOT_SIZE: quantity 1000.00001 is over 1000" },
		{ { .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.001001" },
		  "LOT_SIZE: quantity 0.001001 is not a multiple of 0.00001" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.0001", .price = "49000" },
		  "NOTIONAL: 4.9 is under 5" },
		{ { .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00009" },
		  "NOTIONAL: 4.5000009 is under 5" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "1000",
		    .price = "92233720368" }, "NOTIONAL: price x quantity does not fit" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.021", .price = "49000" },
		  "INSUFFICIENT_BALANCE: 1029 USDT needed, 1000 free" },
		{ { .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.02" },
		  "INSUFFICIENT_BALANCE: 1000.0002 USDT needed, 1000 free" },
		{ { .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.001",
		    .price = "51000" }, "INSUFFICIENT_BALANCE: 0.001 BTC needed, 0 free" },
		{ { .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.001" },
		  "INSUFFICIENT_BALANCE: 0.001 BTC needed, 0 free" },
		{ { .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
		    .price = "50000.01" },
		  "LIMIT_MAKER: BUY 50000.01 would trade at once with 50000.01" },
		{ { .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
		    .price = "50000" }, "LIMIT_MAKER: SELL 50000 would trade at once" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.001", .price = "51000",
		    .stop = "51000" }, "STOP_PRICE: 51000 would trigger at once" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.001", .price = "49000",
		    .stop = "49500" }, "OCO: limit 49000 must be above stop 49500" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.001", .price = "51000",
		    .stop = "50000.01" }, "STOP_PRICE: 50000.01 would trigger at once" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.001", .price = "51000",
		    .stop = "0" }, "PRICE_FILTER: stop price 0" },
		{ { .side = SIDE_SELL, .list = true, .quantity = "0.001", .price = "51000",
		    .stop = "49000" }, "INSUFFICIENT_BALANCE" },
		{ { .side = SIDE_BUY, .list = true, .quantity = "0.001", .price = "49000",
		    .stop = "51000" }, "ORDER_TYPE: the simulation takes spot stops" },
		{ { .side = SIDE_BUY, .type = TYPE_STOP_MARKET, .quantity = "0.001",
		    .stop = "51000" }, "ORDER_TYPE: the simulation takes spot stops" },
		{ { .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.001",
		    .reduce_only = true }, "REDUCE_ONLY: only futures have it" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ask a = t[i].ask;
		char reason[96];
		struct venue_update q;

		a.id = "r";
		snprintf(reason, sizeof(reason), "%s", t[i].reason);
		if (a.list && strncmp(reason, "STOP_PRICE: 51000", 17) == 0)
			snprintf(reason, sizeof(reason), "OCO: limit 51000 must be above");
		world_place(w, a);
		expect_update(w, UPDATE_REJECTED, a.list ? "rt" : "r", reason);
		if (a.list)
			expect_update(w, UPDATE_REJECTED, "rs", reason);
		world_no_more(w);
		assert_int_equal(sim_order_state(w->v, a.list ? "rs" : "r", &q, NULL), 0);
		assert_int_equal(q.kind, UPDATE_REJECTED);
		assert_int_equal(w->orders_n, 0);
		assert_int_equal(w->rows_n, 2);
	}
}

static void other_symbol(void **state)
{
	struct world *w = *state;
	struct venue_order o = { .client_order_id = "x", .bot_id = 1, .symbol = "ETHUSDT",
				 .type = TYPE_MARKET, .quantity = Q("0.01") };

	assert_int_equal(w->v->ops->place(w->v, &o, 1, w->now, NULL), 0);
	w->v->ops->advance(w->v, w->now);
	expect_update(w, UPDATE_REJECTED, "x", "SYMBOL: ETHUSDT is not the account's BTCUSDT");
}

static void requests_refused_at_once(void **state)
{
	struct world *w = *state;
	struct ask a = { .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER,
			 .quantity = "0.001", .price = "49000" };
	struct err e;

	world_place(w, a);
	assert_int_equal(world_try(w, a, &e), ERR_CONFLICT);
	assert_memory_equal(e.msg, "DUPLICATE_ORDER", 15);
	a.id = "b";
	a.bot = 8;
	assert_int_equal(world_try(w, a, &e), ERR_NOT_FOUND);
	a.bot = 1;
	a.id = "";
	assert_int_equal(world_try(w, a, &e), ERR_INVALID);
	a.id = "0123456789012345678901234567890123456";
	assert_int_equal(world_try(w, a, &e), ERR_INVALID);
	assert_int_equal(w->v->ops->cancel(w->v, 1, "BTCUSDT", a.id, w->now, &e), ERR_INVALID);
	assert_int_equal(w->v->ops->cancel(w->v, 8, "BTCUSDT", "a", w->now, &e), ERR_NOT_FOUND);
	world_cancel(w, 1, "a");
	a.id = "a"; /* free again once the first is gone, as at Binance */
	world_place(w, a);
	assert_int_equal(w->ups[w->ups_n - 1].kind, UPDATE_ACCEPTED);
}

static void market_buy_and_sell(void **state)
{
	struct world *w = *state;
	struct account_value b;
	const struct venue_update *u;

	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	u = expect_update(w, UPDATE_ACCEPTED, "b", "");
	assert_string_equal(u->exchange_id, "2");
	u = expect_fill(w, "b", "50000.01", "0.01", false);
	assert_int_equal(u->fee_e8, E("0.00001"));
	assert_string_equal(u->fee_asset, "BTC");
	assert_int_equal(u->trade_id, 1);
	assert_int_equal(qty_units(u->cumulative), E("0.01"));
	world_no_more(w);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "499.9999");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0.00999");
	assert_amount(w, 1, LEDGER_FEES, "BTC", "0.00001");
	assert_amount(w, 1, LEDGER_MARKET, "USDT", "500.0001");
	assert_amount(w, 1, LEDGER_MARKET, "BTC", "-0.01");
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(qty_units(b.base), E("0.00999"));
	assert_int_equal(money_units(b.equity), E("999.4999999"));

	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00999");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	u = expect_fill(w, "s", "50000", "0.00999", false);
	assert_int_equal(u->fee_e8, E("0.4995"));
	assert_string_equal(u->fee_asset, "USDT");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "999.0004");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0");
	assert_int_equal(w->orders_n, 0);
}

static void slippage_and_depth(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.slippage_e8 = 10000; /* 0.01 % */
	world_start(w);
	world_open(w, 1, false, "100000", 1);
	world_book(w, false, "50000", "0.1", "50010", "0.1");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.5");
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_fill(w, "b", "50015.01", "0.1", false); /* 50010 x 1.0001 = 50015.001 */
	expect_fill(w, "b", "50020.01", "0.2", false);
	expect_fill(w, "b", "50025.01", "0.2", false);
	world_no_more(w);
	/* Falls through the floor of the depth model: 0.1 x (2^16 - 1) is all there is. */
	world_book(w, false, "50000", "0.00001", "50010", "0.1");
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.499");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	for (int k = 0; k < 15; k++)
		expect_update(w, UPDATE_FILL, "s", "");
	assert_int_equal(w->ups_n, w->ups_seen + 1); /* 0.00001 x 32767 < 0.499 <= x 65535 */
	world_next(w);
	world_book(w, false, "50000", "0.000001", "50010", "0.1");
	PLACE(w, .id = "b2", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.2");
	w->ups_seen = w->ups_n;
	PLACE(w, .id = "s2", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.1");
	while (w->ups_seen + 1 < w->ups_n)
		world_next(w);
	expect_update(w, UPDATE_EXPIRED, "s2", "NO_LIQUIDITY");
	assert_int_equal(qty_units(w->ups[w->ups_n - 1].cumulative), E("0.065535"));
	assert_int_equal(price_units(w->ups[w->ups_n - 2].price),
			 E("49920"));	/* 50000 x (1 - 16 x 0.0001) */
}

/* The largest slippage that can be set reaches price 0 before the depth ends. */
static void largest_slippage(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.slippage_e8 = RATE_ONE / 10;
	world_start(w);
	world_open(w, 1, false, "100000", 1);
	world_book(w, false, "50000", "0.00001", "50010", "5");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "1");
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.5");
	assert_int_equal(price_units(w->ups[w->ups_n - 2].price), E("5000"));
	w->ups_seen = w->ups_n - 1;
	assert_int_equal(qty_units(expect_update(w, UPDATE_EXPIRED, "s", "NO_LIQUIDITY")
				   ->cumulative), E("0.00511"));	/* 2^9 - 1 times 0.00001 */
}

static void market_without_prices(void **state)
{
	struct world *w = *state;
	struct account_value b;

	world_stop(w);
	world_init(w);
	world_start(w);
	world_open(w, 1, false, CAPITAL, 1);
	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	expect_update(w, UPDATE_REJECTED, "a", "NO_MARKET");
	world_trade(w, false, "40000", "1", true);
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_update(w, UPDATE_EXPIRED, "b", "NO_LIQUIDITY"); /* a trade is no book */
	world_book(w, false, "39999", "0", "40000", "1");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_fill(w, "b", "40000", "0.01", false);
	PLACE(w, .id = "c", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.005");
	expect_update(w, UPDATE_ACCEPTED, "c", "");
	expect_update(w, UPDATE_EXPIRED, "c", "NO_LIQUIDITY");
	world_restart(w); /* the market is forgotten, what is held can't be valued */
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), ERR_UNAVAILABLE);
	world_warm_trade(w, false, "40000");
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
}

static void reset(void **state)
{
	struct world *w = *state;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("250") };
	size_t rows;

	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "49000");
	assert_int_equal(sim_account_reset(w->v, &a, false, w->now, NULL), ERR_CONFLICT);
	world_cancel(w, 1, "a");
	hold(w, "0.01");
	assert_int_equal(sim_account_reset(w->v, &a, false, w->now, NULL), ERR_CONFLICT);
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.005",
	      .price = "49000");
	w->ups_seen = w->ups_n;
	rows = w->rows_n;
	assert_int_equal(sim_account_reset(w->v, &a, true, w->now, NULL), 0);
	expect_update(w, UPDATE_EXPIRED, "b", "RESET");
	assert_int_equal(w->rows[rows].kind, LEDGER_RELEASE);
	assert_int_equal(w->rows[rows + 2].kind, LEDGER_RESET);
	assert_int_equal(sim_account_get(w->v, 1)->epoch, 2);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "250");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0");
	for (size_t i = 0; i < w->balances_n; i++) /* the closed epoch holds nothing */
		if (w->balances[i].epoch == 1)
			assert_int_equal(w->balances[i].amount_e8, 0);
	assert_int_equal(w->orders_n, 0);
	/* Dust that can't be sold does not stand in the way. */
	hold(w, "0.001");
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00099");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0.000009");
	assert_int_equal(sim_account_reset(w->v, &a, false, w->now, NULL), 0);
	assert_int_equal(sim_account_get(w->v, 1)->epoch, 3);
}

static void restore_refuses(void **state)
{
	struct world *w = *state;
	struct sim_account a = w->accounts[0];
	struct sim_balance b = w->balances[0];
	struct sim_order o = { .client_order_id = "x", .bot_id = 9 };
	struct err e;

	assert_int_equal(sim_account_restore(w->v, &a, &e), ERR_CONFLICT);
	a.bot_id = 2;
	snprintf(a.base_asset, sizeof(a.base_asset), "ETH");
	assert_int_equal(sim_account_restore(w->v, &a, &e), ERR_NOT_FOUND);
	b.bot_id = 9;
	assert_int_equal(sim_balance_restore(w->v, &b, &e), ERR_NOT_FOUND);
	b.bot_id = 1;
	snprintf(b.asset, sizeof(b.asset), "ETH");
	assert_int_equal(sim_balance_restore(w->v, &b, &e), ERR_CORRUPT);
	b.epoch = 0;
	assert_int_equal(sim_balance_restore(w->v, &b, &e), 0);
	assert_int_equal(sim_order_restore(w->v, &o, &e), ERR_NOT_FOUND);
	PLACE(w, .id = "x", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "49000");
	o.bot_id = 1;
	assert_int_equal(sim_order_restore(w->v, &o, &e), ERR_CONFLICT);
	/* A lost row is noticed. */
	for (size_t i = 0; i < w->balances_n; i++) {
		b = w->balances[i];
		b.amount_e8++;
		assert_int_equal(sim_balance_restore(w->v, &b, &e), 0);
		assert_int_equal(sim_check(w->v, &e), ERR_CORRUPT);
		b.amount_e8--;
		assert_int_equal(sim_balance_restore(w->v, &b, &e), 0);
	}
	w->orders[0].client_order_id[0] = 'y';
	assert_int_equal(sim_order_restore(w->v, &w->orders[0], &e), 0);
	assert_int_equal(sim_check(w->v, &e), ERR_CORRUPT);
	w->orders[0].client_order_id[0] = 'x';
	world_restart(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(deposit), TEST(accounts_refused), TEST(rejections), TEST(other_symbol),
		TEST(requests_refused_at_once), TEST(market_buy_and_sell),
		TEST(slippage_and_depth), TEST(largest_slippage), TEST(market_without_prices),
		TEST(reset), TEST(restore_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
