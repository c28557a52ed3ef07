/* The simulation venue: how much of what traded was ours, and when we were there. */
#include "tests/unit/sim_world.h"

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	world_start(w);
	world_open(w, 1, false, "90000000", 1);
	world_open(w, 4, false, "90000000", 1);
	world_book(w, false, "50000", "2", "50000.01", "3");
	world_trade(w, false, "50000", "0.1", true);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static void bid(struct world *w, int64_t bot, const char *id, const char *price, const char *qty)
{
	PLACE(w, .bot = bot, .id = id, .side = SIDE_BUY, .type = TYPE_LIMIT_MAKER,
	      .quantity = qty, .price = price);
	expect_update(w, UPDATE_ACCEPTED, id, "");
}

/* A trade of 0.00001 through our price is 0.00001, not 90,000 USDT. */
static void through_takes_what_was_printed(void **state)
{
	struct world *w = *state;

	bid(w, 1, "a", "50000", "1.8");
	world_trade(w, false, "49999", "0.00001", true);
	expect_fill(w, "a", "50000", "0.00001", true);
	assert_int_equal(qty_units(w->orders[0].queue_ahead), 0); /* nobody is before us now */
	world_trade(w, false, "50000", "0.5", true);
	expect_fill(w, "a", "50000", "0.5", true);
	world_trade(w, false, "49990", "5", true);
	expect_fill(w, "a", "50000", "1.29999", true);
	world_no_more(w);
}

/* Each volume once for each account, whether through a price or at it. */
static void volume_is_shared(void **state)
{
	struct world *w = *state;

	bid(w, 1, "a", "50000", "0.3");
	bid(w, 1, "b", "49999", "0.3");
	bid(w, 1, "c", "49998", "0.3");
	bid(w, 4, "d", "49998", "0.3"); /* another bot: another world */
	world_trade(w, false, "49990", "0.5", true);
	expect_fill(w, "a", "50000", "0.3", true);
	expect_fill(w, "b", "49999", "0.2", true);
	expect_fill(w, "d", "49998", "0.3", true);
	world_no_more(w);
	world_trade(w, false, "49998", "0.25", true); /* through b, and at c's price */
	expect_fill(w, "b", "49999", "0.1", true);
	expect_fill(w, "c", "49998", "0.15", true);
	world_no_more(w);
}

static void through_all(void **state)
{
	struct world *w = *state;

	world_stop(w);
	world_init(w);
	w->args.through_all = true;
	world_start(w);
	world_open(w, 1, false, "90000000", 1);
	world_book(w, false, "50000", "2", "50000.01", "3");
	bid(w, 1, "a", "50000", "1.8");
	world_trade(w, false, "49999", "0.00001", true);
	expect_fill(w, "a", "50000", "1.8", true);
	world_no_more(w);
}

/* Heard of after the order arrived, but it happened before. */
static void happened_before(void **state)
{
	struct world *w = *state;
	struct trade t = { .id = 900, .price = P("49000"), .qty = Q("9"), .buyer_is_maker = true };

	bid(w, 1, "a", "50000", "0.3");
	t.time_us = w->now - 1;
	sim_trade(w->v, w->spot, &t, w->now + 300000);
	world_no_more(w);
	assert_int_equal(qty_units(w->orders[0].queue_ahead), E("2")); /* not even the queue */
	world_restart(w);
	world_book(w, false, "50000", "2", "50000.01", "3");
	sim_trade(w->v, w->spot, &t, w->now + 400000);
	world_no_more(w);
	t.time_us = w->orders[0].due_us;
	sim_trade(w->v, w->spot, &t, w->now + 500000);
	expect_fill(w, "a", "50000", "0.3", true);
	world_no_more(w);
}

/* Neither is a stop set off by what happened before it was there. */
static void stop_before(void **state)
{
	struct world *w = *state;
	struct trade t = { .id = 900, .price = P("49000"), .qty = Q("9"), .buyer_is_maker = true };

	PLACE(w, .id = "h", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.01");
	w->ups_seen = w->ups_n;
	PLACE(w, .id = "s", .side = SIDE_SELL, .type = TYPE_STOP_MARKET, .quantity = "0.009",
	      .stop = "49500");
	expect_update(w, UPDATE_ACCEPTED, "s", "");
	t.time_us = w->now - 1;
	sim_trade(w->v, w->spot, &t, ++w->now);
	world_no_more(w);
	t.time_us = w->now;
	sim_trade(w->v, w->spot, &t, ++w->now);
	expect_fill(w, "s", "49000", "0.009", false);
	world_no_more(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(through_takes_what_was_printed), TEST(volume_is_shared), TEST(through_all),
		TEST(happened_before), TEST(stop_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
