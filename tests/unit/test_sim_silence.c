/* The simulation venue without news: a book has an age, and an old one fills nothing. */
#include "tests/unit/sim_world.h"

#define STALE (10 * INT64_C(1000000))
#define HOURS (INT64_C(2) * 3600 * 1000000)

static struct world *open_world(bool futures)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	w->args.stale_us = STALE;
	world_start(w);
	world_open(w, 1, futures, "1000", 10);
	world_book(w, futures, "50000", "2", "50000.1", "3");
	world_trade(w, futures, "50000", "0.1", true);
	return w;
}

static int setup(void **state)
{
	struct world *w = open_world(false);

	PLACE(w, .id = "hold", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	w->ups_seen = w->ups_n;
	*state = w;
	return 0;
}

/* Long 0.1 at ten times the money. */
static int setup_futures(void **state)
{
	struct world *w = open_world(true);

	PLACE(w, .id = "hold", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.1");
	w->ups_seen = w->ups_n;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static void silence(struct world *w, int64_t us)
{
	w->now += us;
	w->v->ops->advance(w->v, w->now);
}

static bool tradable(const struct world *w, enum side side)
{
	return w->v->ops->tradable(w->v, 1, w->spot, side, w->now);
}

/* Two hours of halt: sold at what the first book says, not at what the last one said. */
static void market_exit_waits(void **state)
{
	struct world *w = *state;
	struct venue_update q;

	assert_true(tradable(w, SIDE_SELL));
	silence(w, HOURS);
	assert_false(tradable(w, SIDE_SELL));
	PLACE(w, .id = "x", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00999");
	expect_update(w, UPDATE_ACCEPTED, "x", "");
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0.00999");
	assert_int_equal(sim_order_state(w->v, "x", &q, NULL), 0);
	assert_int_equal(q.kind, UPDATE_ACCEPTED);
	world_trade(w, false, "40000", "1", true); /* a trade is no book */
	world_no_more(w);
	world_restart(w);
	world_trade(w, false, "40010", "1", true);
	world_no_more(w);
	world_book(w, false, "39990", "2", "40000", "2");
	expect_fill(w, "x", "39990", "0.00999", false);
	world_no_more(w);
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
}

/* Who buys at a price that nobody knows gets nothing, and knows it at once. */
static void market_entry_ends(void **state)
{
	struct world *w = *state;

	silence(w, STALE + 2);
	PLACE(w, .id = "b", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.001");
	expect_update(w, UPDATE_ACCEPTED, "b", "");
	expect_update(w, UPDATE_EXPIRED, "b", "NO_LIQUIDITY");
	world_no_more(w);
}

static void age_is_counted(void **state)
{
	struct world *w = *state;
	int64_t book_us = w->now - 1; /* setup: then one trade */

	silence(w, STALE - 1);
	assert_int_equal(w->now, book_us + STALE);
	assert_true(tradable(w, SIDE_SELL));
	sim_time(w->v, w->spot, w->now); /* heard of, and still the same */
	silence(w, STALE);
	assert_true(tradable(w, SIDE_SELL));
	silence(w, 1);
	assert_false(tradable(w, SIDE_SELL));
	sim_time(w->v, w->spot, w->now); /* what happened in between is not known */
	assert_false(tradable(w, SIDE_SELL));
	world_trade(w, false, "50000", "1", true);
	assert_false(tradable(w, SIDE_SELL));
	world_book(w, false, "50000", "2", "50000.1", "0");
	assert_true(tradable(w, SIDE_SELL));
	assert_false(tradable(w, SIDE_BUY)); /* nobody sells */
}

/* A jump over the stop in the first trade after a halt: the first bid decides. */
static void stop_waits(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "o", .side = SIDE_SELL, .list = true, .quantity = "0.00999",
	      .price = "50500", .stop = "49500");
	expect_update(w, UPDATE_ACCEPTED, "ot", "");
	expect_update(w, UPDATE_ACCEPTED, "os", "");
	silence(w, HOURS);
	world_trade(w, false, "40000", "1", true);
	expect_update(w, UPDATE_EXPIRED, "ot", "OCO_TRIGGER"); /* before the stop has filled */
	world_no_more(w);
	world_restart(w);
	world_trade(w, false, "51000", "1", false);
	world_book(w, false, "41000", "0", "41001", "2"); /* nobody buys yet */
	world_no_more(w);
	world_book(w, false, "39000", "2", "39001", "2");
	expect_fill(w, "os", "39000", "0.00999", false);
	world_no_more(w);
}

/* Never better than the trade that set it off. */
static void stop_is_never_better(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.00999",
	      .stop = "49500");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	silence(w, HOURS);
	world_trade(w, false, "40000", "1", true);
	world_book(w, false, "45000", "2", "45001", "2");
	expect_fill(w, "s", "40000", "0.00999", false);
	world_no_more(w);
}

/* A fresh book with nobody on that side: the stop waits, a market order ends. */
static void stop_on_an_empty_side(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.00999",
	      .stop = "49500");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	world_book(w, false, "49000", "0", "49600", "1");
	world_trade(w, false, "49400", "1", true);
	world_trade(w, false, "49300", "1", true);
	world_no_more(w);
	world_cancel(w, 1, "s"); /* who waits can be taken back */
	expect_update(w, UPDATE_CANCELLED, "s", "");
	assert_amount(w, 1, LEDGER_RESERVED, "BTC", "0");
	PLACE(w, .id = "m", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00999");
	expect_update(w, UPDATE_ACCEPTED, "m", "");
	expect_update(w, UPDATE_EXPIRED, "m", "NO_LIQUIDITY");
	world_no_more(w);
}

static void limits_rest(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "t", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.005",
	      .price = "50500");
	expect_update(w, UPDATE_ACCEPTED, "t", "");
	silence(w, HOURS);
	world_trade(w, false, "52000", "1", false);
	world_no_more(w);
	PLACE(w, .id = "l", .side = SIDE_SELL, .type = TYPE_LIMIT, .quantity = "0.004",
	      .price = "49000"); /* would cross what was shown two hours ago */
	expect_update(w, UPDATE_ACCEPTED, "l", "");
	world_no_more(w);
	world_book(w, false, "52000", "1", "52001", "1");
	world_no_more(w);
	world_trade(w, false, "52001", "1", false);
	expect_fill(w, "t", "50500", "0.005", true);
	expect_fill(w, "l", "49000", "0.004", true);
	world_no_more(w);
}

/* How much stands before a limit that arrives in a silence, nobody knows: no trade at its own
 * price fills it, only one beyond. */
static void queue_in_a_silence_is_unknown(void **state)
{
	struct world *w = *state;

	silence(w, HOURS);
	PLACE(w, .id = "q", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER, .quantity = "0.005",
	      .price = "50500");
	expect_update(w, UPDATE_ACCEPTED, "q", "");
	world_trade(w, false, "50500", "100", false);
	world_book(w, false, "50499", "1", "50501", "1");
	world_trade(w, false, "50500", "100", false);
	world_no_more(w);
	world_trade(w, false, "50501", "1", false);
	expect_fill(w, "q", "50500", "0.005", true);
	world_no_more(w);
}

static void book_out_of_step(void **state)
{
	struct world *w = *state;

	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.00999",
	      .stop = "49500");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	sim_book_valid(w->v, w->spot, false, ++w->now);
	world_trade(w, false, "49000", "1", true);
	world_book(w, false, "48000", "1", "48001", "1");
	world_no_more(w);
	sim_book_valid(w->v, w->spot, true, ++w->now);
	expect_fill(w, "s", "48000", "0.00999", false);
	world_no_more(w);
}

/* A gap takes the book away: before it was as if there were depth at the last price. */
static void gap(void **state)
{
	struct world *w = *state;

	world_book(w, false, "0", "0", "0", "0");
	PLACE(w, .id = "x", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.00999");
	expect_update(w, UPDATE_ACCEPTED, "x", "");
	world_no_more(w);
	world_book(w, false, "49000", "1", "49001", "1");
	expect_fill(w, "x", "49000", "0.00999", false);
	world_no_more(w);
}

static void liquidation_waits(void **state)
{
	struct world *w = *state;
	struct account_value b;

	silence(w, HOURS);
	world_trade(w, true, "39000", "1", true);
	world_no_more(w);
	assert_int_equal(sim_account_value(w->v, 1, &b, NULL), 0);
	assert_int_equal(money_units(b.equity), 0); /* 0, and no debt */
	world_book(w, true, "39500", "0", "39501", "1");
	world_no_more(w);
	world_book(w, true, "39500", "1", "39501", "1");
	assert_int_equal(expect_update(w, UPDATE_FILL, "liquidation-1-3", "LIQUIDATION")->kind,
			 UPDATE_FILL);
	world_no_more(w);
}

static void reduce_only_exit_waits(void **state)
{
	struct world *w = *state;

	silence(w, HOURS);
	PLACE(w, .id = "x", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.1",
	      .reduce_only = true);
	expect_update(w, UPDATE_ACCEPTED, "x", "");
	PLACE(w, .id = "e", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.1");
	expect_update(w, UPDATE_ACCEPTED, "e", "");
	expect_update(w, UPDATE_EXPIRED, "e", "NO_LIQUIDITY"); /* may open: it does not wait */
	world_no_more(w);
	world_restart(w);
	world_book(w, true, "49000", "2", "49001", "2");
	expect_fill(w, "x", "49000", "0.1", false);
	world_no_more(w);
}

#define SPOT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define FUTURES(name) cmocka_unit_test_setup_teardown(name, setup_futures, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(market_exit_waits), SPOT(market_entry_ends), SPOT(age_is_counted),
		SPOT(stop_waits), SPOT(stop_is_never_better), SPOT(stop_on_an_empty_side),
		SPOT(limits_rest), SPOT(queue_in_a_silence_is_unknown),
		SPOT(book_out_of_step), SPOT(gap),
		FUTURES(liquidation_waits), FUTURES(reduce_only_exit_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
