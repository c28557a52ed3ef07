/*
 * The simulation venue, futures accounts: what happens without an order. Funding,
 * liquidation, and what gives way when money is short. Each rule of docs/SIMULATION.md.
 */
#include "tests/unit/sim_futures.h"

static void funding(void **state)
{
	struct world *w = *state;
	int64_t at = T0 + EIGHT_H; /* 16:00 UTC */

	assert_int_equal(w->v->ops->next_due(w->v), INT64_MAX);
	market(w, "o", SIDE_BUY, "0.05", false);
	assert_int_equal(w->v->ops->next_due(w->v), at);
	world_trade(w, true, "51000", "1", false);
	w->v->ops->advance(w->v, at - 1);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0");
	w->v->ops->advance(w->v, at);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.255"); /* 0.05 x 51000 x 0.0001 */
	assert_int_equal(w->rows[w->rows_n - 1].kind, LEDGER_FUNDING_PAID);
	assert_int_equal(w->rows[w->rows_n - 1].at_us, at);
	w->v->ops->advance(w->v, at);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.255"); /* once */
	w->now = at + 2 * EIGHT_H; /* two times missed at once */
	world_restart(w); /* without a price: the entry's */
	w->v->ops->advance(w->v, w->now);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.755001");
	world_book(w, true, "51000", "2", "51000.1", "3");
	market(w, "c", SIDE_SELL, "0.1", false); /* now 0.05 short, on the same clock */
	assert_int_equal(w->v->ops->next_due(w->v), at + 3 * EIGHT_H);
	world_trade(w, true, "51000", "1", false);
	w->now = at + 3 * EIGHT_H;
	w->v->ops->advance(w->v, w->now);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.500001"); /* shorts receive */
	market(w, "d", SIDE_BUY, "0.05", true);
	assert_int_equal(w->v->ops->next_due(w->v), INT64_MAX);
}

/* A gap of years is charged for every funding time in it, in one booking. */
static void funding_over_a_gap(void **state)
{
	struct world *w = *state;
	size_t rows;

	anew(w, "100000", 10);
	market(w, "o", SIDE_BUY, "0.05", false);
	world_trade(w, true, "51000", "1", false);
	rows = w->rows_n;
	w->v->ops->advance(w->v, T0 + EIGHT_H + 12 * 365 * 3 * EIGHT_H);
	assert_true(w->rows_n - rows <= 4);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "3350.955"); /* 0.255 x 13,141 */
	assert_int_equal(w->v->ops->next_due(w->v), T0 + EIGHT_H + (12 * 365 * 3 + 1) * EIGHT_H);
}

static void negative_funding(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.funding_rate_e8 = -10000;
	start(w, "1000", 10);
	market(w, "o", SIDE_BUY, "0.05", false);
	w->v->ops->advance(w->v, T0 + EIGHT_H);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "-0.25");
}

/* 0.019 long at 50000.1, wallet 99.04...: liquidated at (cost - wallet) / (size x 0.995). */
static void liquidation_long(void **state)
{
	struct world *w = *state;
	const struct venue_update *u;
	struct venue_update q;

	anew(w, "100", 10);
	market(w, "o", SIDE_BUY, "0.019", false);
	PLACE(w, .id = "t", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.019",
	      .price = "51000", .reduce_only = true);
	PLACE(w, .id = "e", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "30000");
	seen(w);
	/* cost 950.0019, wallet 100 - 0.9500019 = 99.0499981: p = 45012.0022 */
	world_trade(w, true, "45012.1", "1", true);
	world_no_more(w);
	world_book(w, true, "45012.5", "0.01", "45012.6", "1");
	world_trade(w, true, "45012", "1", true);
	expect_update(w, UPDATE_EXPIRED, "t", "LIQUIDATION: equity 4.27");
	expect_update(w, UPDATE_EXPIRED, "e", "LIQUIDATION: equity 4.27");
	u = expect_fill(w, "liquidation-1-7", "45012", "0.019", false);
	assert_memory_equal(u->reason, "LIQUIDATION: equity", 19);
	assert_int_equal(u->bot_id, 1);
	assert_string_equal(u->symbol, "BTCUSDT");
	assert_int_equal(u->fee_e8, E("4.2760981")); /* all that is left, 1.25 % is more */
	world_no_more(w);
	assert_position(w, "0", "0");
	assert_int_equal(w->orders_n, 0);
	assert_int_equal(sim_order_state(w->v, "t", &q, NULL), 0);
	assert_int_equal(q.kind, UPDATE_EXPIRED);
	for (size_t i = 0; i < w->rows_n; i++)
		if (strncmp(w->rows[i].client_order_id, "liquidation", 11) == 0)
			assert_int_equal(w->rows[i].kind, LEDGER_LIQUIDATION);
}

static void liquidation_short_bankrupt(void **state)
{
	struct world *w = *state;
	struct account_value b;

	anew(w, "100", 10);
	market(w, "o", SIDE_SELL, "0.019", false);
	seen(w);
	/* (950 + 99.05) / (0.019 x 1.005) = 54938.47 */
	world_trade(w, true, "54938.5", "1", false);
	assert_true(w->ups_n > w->ups_seen);
	anew(w, "100", 10);
	market(w, "o", SIDE_SELL, "0.019", false);
	seen(w);
	world_trade(w, true, "54938.4", "1", false);
	world_no_more(w);
	world_trade(w, true, "80000", "1", false); /* a gap: the account can't pay */
	expect_fill(w, "liquidation-1-3", "80000", "0.019", false);
	world_no_more(w);
	assert_position(w, "0", "0");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0"); /* never below: the market pays the rest */
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.equity), 0);
}

/* A price on the floor, as coins have had it: there is no price below it to sell at. */
static void liquidation_on_the_floor(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.slippage_e8 = 10000000; /* 10 % a level */
	start(w, "100", 10);
	market(w, "o", SIDE_BUY, "0.015", false);
	seen(w);
	world_book(w, true, "0", "1", "0.2", "1"); /* a bid of nothing */
	world_trade(w, true, "0.1", "1", true);
	world_no_more(w);
	world_book(w, true, "0.1", "1", "0.2", "1");
	expect_fill(w, "liquidation-1-3", "0.1", "0.015", false);
	assert_position(w, "0", "0");
}

/* Funding on an account whose money is all reserved takes an order's reservation. */
static void reservation_gives_way(void **state)
{
	struct world *w = *state;

	market(w, "o", SIDE_BUY, "0.1", false);
	PLACE(w, .id = "e", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.098",
	      .price = "50000");
	seen(w);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0.09899");
	w->now = T0 + EIGHT_H;
	w->v->ops->advance(w->v, w->now);
	expect_update(w, UPDATE_EXPIRED, "e", "MARGIN: its reservation was needed");
	assert_int_equal(expect_update(w, UPDATE_FUNDING, "", "")->fee_e8, E("0.5"));
	world_no_more(w);
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.5");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
}

/* With everything in margin, a payment comes out of the margin. */
static void margin_gives_way(void **state)
{
	struct world *w = *state;

	anew(w, "505.00101", 10);
	world_trade(w, true, "50000.1", "1", false);
	market(w, "o", SIDE_BUY, "0.1", false);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "0");
	w->v->ops->advance(w->v, T0 + EIGHT_H);
	assert_amount(w, 1, LEDGER_MARGIN, "USDT", "499.500999");
	assert_amount(w, 1, LEDGER_FUNDING, "USDT", "0.500001");
	market(w, "c", SIDE_SELL, "0.1", true);
	assert_position(w, "0", "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(funding), TEST(funding_over_a_gap), TEST(negative_funding),
		TEST(liquidation_long), TEST(liquidation_short_bankrupt),
		TEST(liquidation_on_the_floor), TEST(reservation_gives_way),
		TEST(margin_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
