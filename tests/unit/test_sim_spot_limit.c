/*
 * The simulation venue, spot accounts: orders that rest, wait for a price, or are on
 * their way. Each rule of docs/SIMULATION.md.
 */
#include "tests/unit/sim_spot.h"

static void through_the_price(void **state)
{
	struct world *w = *state;
	const struct venue_update *u;

	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "50000");
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "500");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "500");
	assert_int_equal(qty_units(w->orders[0].queue_ahead), E("2"));
	world_trade(w, false, "50000.01", "10", false);
	world_no_more(w);
	world_trade(w, false, "49999.99", "0.01", true); /* the level is gone */
	u = expect_fill(w, "a", "50000", "0.01", true);
	assert_int_equal(u->fee_e8, E("0.00001"));
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0.00999");
	PLACE(w, .id = "t", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.00999",
	      .price = "50100");
	expect_update(w, UPDATE_ACCEPTED, "t", "");
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999");
	world_trade(w, false, "50100.01", "0.01", false);
	expect_fill(w, "t", "50100", "0.00999", true);
	world_no_more(w);
	assert_amount(w, 1, LEDGER_FREE, "USDT", "999.998501");
}

static void queue_and_partial_fills(void **state)
{
	struct world *w = *state;
	struct venue_update q;

	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.01",
	      .price = "50000");
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	world_trade(w, false, "50000", "5", false); /* buyers don't trade with buyers */
	world_trade(w, false, "50000", "1.5", true);
	world_no_more(w);
	assert_int_equal(qty_units(w->orders[0].queue_ahead), E("0.5"));
	world_trade(w, false, "50000", "0.5", true); /* exactly the queue */
	world_no_more(w);
	world_trade(w, false, "50000", "0.004", true);
	assert_int_equal(qty_units(expect_fill(w, "a", "50000", "0.004", true)->cumulative),
			 E("0.004"));
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "300");
	assert_int_equal(sim_order_state(w->v, "a", &q, NULL), 0);
	assert_int_equal(q.kind, UPDATE_ACCEPTED);
	assert_int_equal(qty_units(q.cumulative), E("0.004"));
	world_trade(w, false, "50000", "3", true);
	assert_int_equal(qty_units(expect_fill(w, "a", "50000", "0.006", true)->cumulative),
			 E("0.01"));
	world_no_more(w);
	assert_int_equal(w->orders_n, 0);
	assert_int_equal(sim_order_state(w->v, "a", &q, NULL), 0);
	assert_int_equal(q.kind, UPDATE_FILL);
	assert_int_equal(qty_units(q.quantity), 0);
	assert_int_equal(qty_units(q.cumulative), E("0.01"));
	assert_int_equal(sim_order_state(w->v, "never", &q, NULL), ERR_NOT_FOUND);
}

/* Where an order queues, by its price against the book 50000 (2) / 50000.01 (3). */
static void queue_on_arrival(void **state)
{
	static const struct { const char *bid, *price, *queue; } t[] = {
		{ "50000", "50000", "2" },	/* at the best: what is shown */
		{ "49990", "49995", "0" },	/* inside the spread: first */
		{ "50000", "49000", "2" },	/* deeper: estimated like the best */
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		world_book(w, false, t[i].bid, "2", "50000.01", "3");
		PLACE(w, .id = "q", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER,
		      .quantity = "0.001", .price = t[i].price);
		assert_int_equal(qty_units(w->orders[0].queue_ahead), E(t[i].queue));
		world_cancel(w, 1, "q");
	}
	world_book(w, false, "50000", "0", "50000.01", "3");
	PLACE(w, .id = "q", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "50000");
	assert_int_equal(qty_units(w->orders[0].queue_ahead), 0);
	world_cancel(w, 1, "q");
	world_book(w, false, "50000", "1", "50000.01", "0"); /* nobody sells: nothing to cross */
	PLACE(w, .id = "q", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "50010");
	assert_int_equal(w->orders_n, 1);
	world_cancel(w, 1, "q");
	world_book(w, false, "50000", "0", "50000.01", "3");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.002");
	PLACE(w, .id = "q", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "50000.01");
	assert_int_equal(qty_units(w->orders[0].queue_ahead), E("3"));
	world_trade(w, false, "50000.01", "3.0004", false);
	w->ups_seen = w->ups_n - 1;
	expect_fill(w, "q", "50000.01", "0.0004", true);
}

/* One bot's two orders share a trade; another bot's world has it whole. */
static void volume_once_per_account(void **state)
{
	struct world *w = *state;

	world_open(w, 2, false, CAPITAL, 1);
	world_book(w, false, "49990", "2", "50000", "3");
	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.003",
	      .price = "49995");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.003",
	      .price = "49995");
	PLACE(w, .bot = 2, .id = "c", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.01",
	      .price = "49995");
	w->ups_seen = w->ups_n;
	world_trade(w, false, "49995", "0.004", true);
	expect_fill(w, "a", "49995", "0.003", true);
	expect_fill(w, "b", "49995", "0.001", true);
	expect_fill(w, "c", "49995", "0.004", true);
	world_no_more(w);
}

static void crossing_limit(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.slippage_e8 = 10000;
	world_start(w);
	world_open(w, 1, false, "100000", 1);
	world_book(w, false, "50000", "0.1", "50010", "0.1");
	/* levels 50010 (0.1), 50015.01 (0.2), 50020.01 (0.4): two of them are within the limit */
	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT, .quantity = "0.5",
	      .price = "50016");
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	expect_fill(w, "a", "50015.01", "0.1", false);
	expect_fill(w, "a", "50016", "0.2", false); /* slipped, but never beyond the limit */
	world_no_more(w);
	assert_int_equal(w->orders[0].stage, SIM_RESTING);
	assert_int_equal(qty_units(w->orders[0].queue_ahead), 0);
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "10003.2");
	world_trade(w, false, "50016", "0.05", true);
	expect_fill(w, "a", "50016", "0.05", true);
	world_cancel(w, 1, "a");
	assert_int_equal(qty_units(expect_update(w, UPDATE_CANCELLED, "a", "")->cumulative),
			 E("0.35"));
	assert_amount(w, 1, LEDGER_RESERVED, "USDT", "0");
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.1",
	      .price = "49998");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	expect_fill(w, "s", "49998", "0.1", false);
	world_no_more(w);
}

static void cancel_kinds(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "49000");
	world_cancel(w, 1, "a");
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	expect_update(w, UPDATE_CANCELLED, "a", "");
	assert_amount(w, 1, LEDGER_FREE, "USDT", "1000");
	world_cancel(w, 1, "a");
	expect_update(w, UPDATE_CANCEL_REJECTED, "a", "UNKNOWN_ORDER");
	world_cancel(w, 1, "never");
	expect_update(w, UPDATE_CANCEL_REJECTED, "never", "UNKNOWN_ORDER");
	world_open(w, 2, false, CAPITAL, 1);
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "49000");
	world_cancel(w, 2, "b");	/* not its own */
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	assert_int_equal(expect_update(w, UPDATE_CANCEL_REJECTED, "b", "")->bot_id, 2);
	world_no_more(w);
	assert_int_equal(w->orders_n, 1);
}

static void latency(void **state)
{
	struct world *w = *state;
	struct venue_update q;

	world_stop(w);
	world_init(w);
	w->args.latency_us = 1000;
	world_start(w);
	world_open(w, 1, false, CAPITAL, 1);
	world_book(w, false, "50000", "2", "50000.01", "3");
	assert_int_equal(w->v->ops->next_due(w->v), INT64_MAX);
	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "50000");
	world_no_more(w);
	assert_int_equal(w->orders[0].stage, SIM_TRAVELLING);
	assert_int_equal(w->orders[0].due_us, w->now + 1000);
	assert_int_equal(w->v->ops->next_due(w->v), w->now + 1000);
	assert_int_equal(sim_order_state(w->v, "a", &q, NULL), 0);
	assert_int_equal(q.kind, UPDATE_ACCEPTED);
	assert_string_equal(q.exchange_id, "");
	w->now += 10;
	world_cancel(w, 1, "a");
	world_cancel(w, 1, "a"); /* the first is on its way: one answer for both */
	assert_int_equal(w->orders_n, 2);
	world_trade(w, false, "49000", "1", true); /* before it arrived: not ours */
	world_no_more(w);
	w->now += 989;
	w->v->ops->advance(w->v, w->now);
	assert_int_equal(expect_update(w, UPDATE_ACCEPTED, "a", "")->at_us, w->now);
	world_trade(w, false, "50000", "2.004", true); /* fills while the cancel travels */
	expect_fill(w, "a", "50000", "0.004", true);
	world_restart(w);
	w->now += 100;
	w->v->ops->advance(w->v, w->now);
	assert_int_equal(qty_units(expect_update(w, UPDATE_CANCELLED, "a", "")->cumulative),
			 E("0.004"));
	world_no_more(w);
	assert_int_equal(w->orders_n, 0);
	assert_int_equal(w->v->ops->next_due(w->v), INT64_MAX);
	/* A trade brings the time along: who was due before it is in the book. */
	world_book(w, false, "50000", "2", "50000.01", "3");
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.01",
	      .price = "49000");
	w->now += 999;
	world_trade(w, false, "48000", "1", true);
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_fill(w, "b", "49000", "0.01", true);
}

static void oco_limit_part(void **state)
{
	struct world *w = *state;

	hold(w, "0.01");
	PLACE(w, .id = "o", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
	      .price = "50100", .stop = "49900");
	expect_update(w, UPDATE_ACCEPTED, "ot", "");
	expect_update(w, UPDATE_ACCEPTED, "os", "");
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999"); /* once, not twice */
	world_trade(w, false, "49900.01", "1", true);
	world_trade(w, false, "50100", "3.001", false);
	expect_update(w, UPDATE_EXPIRED, "os", "OCO_TRIGGER");
	expect_fill(w, "ot", "50100", "0.001", true);
	world_trade(w, false, "50100.01", "0.1", false);
	expect_fill(w, "ot", "50100", "0.00899", true);
	world_trade(w, false, "49000", "1", true); /* the stop went with it */
	world_no_more(w);
}

/* As at the exchange: the first fill of the target ends the stop. */
static void oco_stop_part(void **state)
{
	struct world *w = *state;

	hold(w, "0.01");
	PLACE(w, .id = "o", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
	      .price = "50100", .stop = "49900");
	expect_update(w, UPDATE_ACCEPTED, "ot", "");
	expect_update(w, UPDATE_ACCEPTED, "os", "");
	world_trade(w, false, "50100", "3.001", false);
	expect_update(w, UPDATE_EXPIRED, "os", "OCO_TRIGGER");
	expect_fill(w, "ot", "50100", "0.001", true);
	assert_int_equal(w->orders_n, 1);
	world_trade(w, false, "49890", "0.1", true);
	world_no_more(w);
	world_restart(w);
	world_book(w, false, "50099", "1", "50101", "1");
	world_trade(w, false, "50100.01", "1", false); /* the rest of the target lives on */
	assert_int_equal(qty_units(expect_fill(w, "ot", "50100", "0.00899", true)->cumulative),
			 E("0.00999"));
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
}

static void spot_stop(void **state)
{
	struct world *w = *state;

	hold(w, "0.01");
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.00999",
	      .stop = "49900");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	world_trade(w, false, "49900.01", "1", true);
	world_no_more(w);
	world_book(w, false, "49899", "1", "49900", "1");
	world_trade(w, false, "49900", "1", true); /* at the stop; sold into the bid */
	expect_fill(w, "s", "49899", "0.00999", false);
	world_no_more(w);
}

/* The quiet range must not hide a trade that matters, whatever came and went before. */
static void quiet_range(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "q%d", i);
		PLACE(w, .id = id, .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER,
		      .quantity = "0.001", .price = i == 1 ? "49900" : "49800");
		world_trade(w, false, "49950", "1", true);
	}
	w->ups_seen = w->ups_n;
	world_trade(w, false, "49899.99", "1", true);
	expect_fill(w, "q1", "49900", "0.001", true);
	world_trade(w, false, "49850", "1", true);
	world_no_more(w);
	world_trade(w, false, "49799", "1", true);
	expect_fill(w, "q0", "49800", "0.001", true);
	expect_fill(w, "q2", "49800", "0.001", true);
	world_trade(w, false, "0", "1", true); /* no price at all: ignored */
	world_no_more(w);
}

/* A spot and a futures market of one name are two; each hears of its own alone. */
static void by_handle(void **state)
{
	struct world *w = *state;
	struct book_top b = { .bid = P("40000"), .ask = P("40001"), .bid_qty = Q("1"),
			      .ask_qty = Q("1") };
	struct trade t = { .time_us = w->now + 10, .price = P("39000"), .qty = Q("1") };

	w->v->ops->on_book(w->v, w->spot, &b, ++w->now);
	PLACE(w, .id = "a", .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
	      .price = "40000");
	w->v->ops->on_trade(w->v, w->futures, &t, ++w->now);
	expect_update(w, UPDATE_ACCEPTED, "a", "");
	world_no_more(w);
	w->v->ops->on_trade(w->v, w->spot, &t, ++w->now);
	expect_fill(w, "a", "40000", "0.001", true);
	assert_int_equal(sim_symbol_find(w->v, "BTCUSDT", true), w->futures);
	assert_int_equal(sim_symbol_find(w->v, "NONE", true), -1);
	w->v->ops->flush(w->v);
}

/* As the engine does: new requests, queries and balances from inside the sink. */
static void react(struct world *w, const struct venue_update *u)
{
	static int n;
	struct account_value b;
	struct venue_update q;
	char id[24];

	snprintf(id, sizeof(id), "react-%d", ++n);
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(sim_order_state(w->v, u->client_order_id, &q, NULL),
			 u->kind == UPDATE_CANCEL_REJECTED ? ERR_NOT_FOUND : 0);
	assert_true(w->v->ops->next_due(w->v) > 0);
	if (u->kind == UPDATE_ACCEPTED || n > 200)
		return;
	assert_int_equal(world_try(w, (struct ask){ .id = id, .side = SIDE_BUY,
				   .type = TYPE_LIMIT_MAKER, .quantity = "0.001",
				   .price = "49000" }, NULL), 0);
	assert_int_equal(w->v->ops->cancel(w->v, 1, "BTCUSDT", "a", w->now, NULL), 0);
}

static void reactions_from_the_sink(void **state)
{
	struct world *w = *state;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("250") };

	world_stop(w);
	world_init(w);
	w->args.latency_us = 1000;
	world_start(w);
	world_open(w, 1, false, CAPITAL, 1);
	world_book(w, false, "50000", "2", "50000.01", "3");
	world_trade(w, false, "50000", "1", false);
	w->react = react;
	for (int i = 0; i < 40; i++) {
		char id[24];

		snprintf(id, sizeof(id), "p%d", i);
		PLACE(w, .id = id, .side = SIDE_BUY, .type = i % 3 ? TYPE_MARKET : TYPE_LIMIT,
		      .quantity = "0.0002", .price = "49500");
	}
	w->now += 1000;
	w->v->ops->advance(w->v, w->now); /* fills, each answered */
	w->now += 1000;
	world_trade(w, false, "49499", "1", true);
	assert_true(w->orders_n > 0);
	assert_int_equal(sim_account_reset(w->v, &a, true, w->now, NULL), 0);
	assert_true(w->orders_n > 0); /* the answers to the reset travel on */
	w->react = NULL;
	w->now += 1000;
	w->v->ops->advance(w->v, w->now);
	assert_int_equal(sim_account_get(w->v, 1)->epoch, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(through_the_price), TEST(queue_and_partial_fills), TEST(queue_on_arrival),
		TEST(volume_once_per_account), TEST(crossing_limit), TEST(cancel_kinds),
		TEST(latency), TEST(oco_limit_part), TEST(oco_stop_part), TEST(spot_stop),
		TEST(quiet_range), TEST(by_handle), TEST(reactions_from_the_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
