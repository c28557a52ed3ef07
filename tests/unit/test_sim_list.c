/*
 * A list of two orders at the paper venue (spot OCO): one request, one reservation, and
 * updates, answers and rows of each order by itself. What ends one ends the other.
 */
#include "tests/unit/sim_world.h"

/* Holds 0.00999 behind a list: target 50100, stop 49900. */
static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	world_start(w);
	world_open(w, 1, false, "1000", 1);
	world_book(w, false, "50000", "2", "50000.01", "2");
	world_trade(w, false, "50000", "0.1", true);
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	w->ups_seen = w->ups_n;
	PLACE(w, .id = "o", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
	      .price = "50100", .stop = "49900");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	world_stop(w);
	free(w);
	return 0;
}

static void accepted(struct world *w)
{
	expect_update(w, UPDATE_ACCEPTED, "ot", "");
	expect_update(w, UPDATE_ACCEPTED, "os", "");
	world_no_more(w);
}

static enum venue_update_kind state_of(const struct world *w, const char *id)
{
	struct venue_update u;

	assert_int_equal(sim_order_state(w->v, id, &u, NULL), 0);
	return u.kind;
}

static void rows_of_both(void **state)
{
	struct world *w = *state;

	accepted(w);
	assert_int_equal(w->orders_n, 2);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(w->orders[i].list_id, "o");
		assert_int_equal(qty_units(w->orders[i].quantity), E("0.00999"));
		assert_int_equal(w->orders[i].stage, SIM_RESTING);
	}
	assert_int_not_equal(w->orders[0].exchange_id, w->orders[1].exchange_id);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999"); /* once */
	assert_int_equal(state_of(w, "ot"), UPDATE_ACCEPTED);
	assert_int_equal(state_of(w, "os"), UPDATE_ACCEPTED);
	/* the coins are locked for anything else */
	PLACE(w, .id = "x", .side = SIDE_SELL, .list = true, .quantity = "0.001",
	      .price = "50100", .stop = "49900");
	expect_update(w, UPDATE_REJECTED, "xt", "INSUFFICIENT_BALANCE: 0.001 BTC needed, 0 free");
	expect_update(w, UPDATE_REJECTED, "xs", "INSUFFICIENT_BALANCE: 0.001 BTC needed, 0 free");
	world_no_more(w);
}

/* A cancel of either is a cancel of both. */
static void cancel_of_either(void **state)
{
	static const char *const ids[] = { "ot", "os" }, *const others[] = { "os", "ot" };
	struct world *w = *state;

	accepted(w);
	for (int i = 0; i < 2; i++) {
		world_cancel(w, 1, ids[i]);
		expect_update(w, UPDATE_CANCELLED, ids[i], "");
		expect_update(w, UPDATE_CANCELLED, others[i], "");
		world_no_more(w);
		assert_int_equal(w->orders_n, 0);
		assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
		assert_amount(w, 1, LEDGER_FREE, "BTC", "0.00999");
		assert_int_equal(state_of(w, others[i]), UPDATE_CANCELLED);
		world_cancel(w, 1, others[i]);
		expect_update(w, UPDATE_CANCEL_REJECTED, others[i], "UNKNOWN_ORDER");
		world_trade(w, false, "50200", "9", false);
		world_trade(w, false, "49000", "9", true);
		world_no_more(w);
		world_trade(w, false, "50000", "1", true);
		PLACE(w, .id = "o", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
		      .price = "50100", .stop = "49900");
		accepted(w);
	}
}

/* Half ended by a part of its target; then a restart, and a cancel of what is left. */
static void target_in_part(void **state)
{
	struct world *w = *state;

	accepted(w);
	world_trade(w, false, "50100", "2.001", false); /* 2 were before us */
	expect_update(w, UPDATE_EXPIRED, "os", "OCO_TRIGGER");
	assert_int_equal(qty_units(expect_fill(w, "ot", "50100", "0.001", true)->cumulative),
			 E("0.001"));
	world_no_more(w);
	assert_int_equal(state_of(w, "os"), UPDATE_EXPIRED);
	assert_int_equal(state_of(w, "ot"), UPDATE_ACCEPTED);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00899");
	world_restart(w);
	world_book(w, false, "50000", "2", "50000.01", "2");
	world_trade(w, false, "49800", "1", true);
	world_no_more(w); /* no stop any more */
	world_cancel(w, 1, "os");
	expect_update(w, UPDATE_CANCEL_REJECTED, "os", "UNKNOWN_ORDER");
	world_cancel(w, 1, "ot");
	expect_update(w, UPDATE_CANCELLED, "ot", "");
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
}

/* Set off in a silence: the target ends at once, its coins stay locked for the stop. */
static void stop_waits(void **state)
{
	struct world *w = *state;

	accepted(w);
	sim_book_valid(w->v, w->spot, false, w->now);
	world_trade(w, false, "49890", "1", true);
	expect_update(w, UPDATE_EXPIRED, "ot", "OCO_TRIGGER");
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0");
	assert_int_equal(w->orders_n, 1);
	assert_int_equal(w->orders[0].reserved_e8, E("0.00999"));
	world_restart(w);
	assert_int_equal(state_of(w, "os"), UPDATE_ACCEPTED);
	world_book(w, false, "49850", "2", "49850.01", "2");
	expect_fill(w, "os", "49850", "0.00999", false);
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
}

/* The part that the book did not take expires; its coins are free. */
static void stop_in_part(void **state)
{
	struct world *w = *state;

	accepted(w);
	world_book(w, false, "49880", "0.00000001", "50000.01", "2"); /* 65535 of it in all */
	world_trade(w, false, "49890", "1", true);
	expect_update(w, UPDATE_EXPIRED, "ot", "OCO_TRIGGER");
	expect_fill(w, "os", "49880", "0.00065535", false);
	expect_update(w, UPDATE_EXPIRED, "os", "NO_LIQUIDITY");
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
	assert_amount(w, 1, LEDGER_FREE, "BTC", "0.00933465");
}

static void reset_ends_both(void **state)
{
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("1000"), .leverage_e8 = RATE_ONE };
	struct world *w = *state;

	accepted(w);
	assert_int_equal(sim_account_reset(w->v, &a, true, w->now, NULL), 0);
	expect_update(w, UPDATE_EXPIRED, "ot", "RESET");
	expect_update(w, UPDATE_EXPIRED, "os", "RESET");
	world_no_more(w);
	assert_int_equal(w->orders_n, 0);
}

/* A restart while both are on their way: they still arrive as one. */
static void on_their_way(void **state)
{
	struct err e;
	struct world *w = *state;
	struct ask again = { .id = "p", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
			     .price = "50100", .stop = "49900" };

	accepted(w);
	world_cancel(w, 1, "ot");
	w->ups_seen = w->ups_n;
	w->args.latency_us = 1000;
	world_restart(w);
	assert_int_equal(world_try(w, again, &e), 0);
	assert_int_equal(w->orders_n, 2);
	world_restart(w);
	w->now += 1000;
	w->v->ops->advance(w->v, w->now);
	expect_update(w, UPDATE_ACCEPTED, "pt", "");
	expect_update(w, UPDATE_ACCEPTED, "ps", "");
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999");
	world_restart(w);
	assert_int_equal(w->v->ops->cancel(w->v, 1, "BTCUSDT", "ps", w->now, NULL), 0);
	w->now += 1000;
	w->v->ops->advance(w->v, w->now);
	expect_update(w, UPDATE_CANCELLED, "ps", "");
	expect_update(w, UPDATE_CANCELLED, "pt", "");
	world_no_more(w);
}

/* Requests that are no list: nothing of them is taken in. */
static void no_list(void **state)
{
	static const struct {
		const char *list, *stop_list, *id;
		enum leg_type type, stop_type;
		const char *quantity;
		enum side side;
		int rc;
	} t[] = {
		{ "l", "m", "s", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_SELL, ERR_INVALID },
		{ "", "", "s", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_SELL, ERR_INVALID },
		{ "0123456789012345678901234567890123456",
		  "0123456789012345678901234567890123456", "s", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET,
		  "1", SIDE_SELL, ERR_INVALID },
		{ "l", "l", "t", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_SELL, ERR_CONFLICT },
		{ "l", "l", "os", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_SELL,
		  ERR_CONFLICT },
		{ "l", "l", "", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_SELL, ERR_INVALID },
		{ "l", "l", "s", TYPE_LIMIT, TYPE_STOP_MARKET, "1", SIDE_SELL, ERR_INVALID },
		{ "l", "l", "s", TYPE_LIMIT_MAKER, TYPE_LIMIT, "1", SIDE_SELL, ERR_INVALID },
		{ "l", "l", "s", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "2", SIDE_SELL, ERR_INVALID },
		{ "l", "l", "s", TYPE_LIMIT_MAKER, TYPE_STOP_MARKET, "1", SIDE_BUY, ERR_INVALID },
	};
	struct world *w = *state;

	accepted(w);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct venue_order o[2] = { { .client_order_id = "t", .bot_id = 1,
					      .symbol = "BTCUSDT", .side = SIDE_SELL } };
		struct err e = { .msg = "" };

		o[0].type = t[i].type;
		o[0].quantity = Q("1");
		o[1] = o[0];
		o[1].type = t[i].stop_type;
		o[1].quantity = Q(t[i].quantity);
		o[1].side = t[i].side;
		snprintf(o[0].list_id, sizeof(o[0].list_id), "%s", t[i].list);
		snprintf(o[1].list_id, sizeof(o[1].list_id), "%s", t[i].stop_list);
		snprintf(o[1].client_order_id, sizeof(o[1].client_order_id), "%s", t[i].id);
		assert_int_equal(w->v->ops->place(w->v, o, 2, w->now, &e), t[i].rc);
		assert_true(e.msg[0]);
		assert_int_equal(w->orders_n, 2);
	}
	w->v->ops->advance(w->v, w->now);
	world_no_more(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_of_both), TEST(cancel_of_either), TEST(target_in_part),
		TEST(stop_waits), TEST(stop_in_part), TEST(reset_ends_both),
		TEST(on_their_way), TEST(no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
