/* What the simulation says it can do (venue_caps) is what it takes, and no more. */
#include "tests/unit/sim_world.h"

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	world_init(w);
	world_start(w);
	world_open(w, 1, false, "10000", 1);
	world_open(w, 2, true, "10000", 1);
	world_book(w, false, "50000", "1", "50001", "1");
	world_book(w, true, "50000", "1", "50001", "1");
	PLACE(w, .bot = 1, .id = "b1", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.1");
	PLACE(w, .bot = 2, .id = "b2", .side = SIDE_BUY, .type = TYPE_MARKET, .quantity = "0.1");
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

static bool takes(struct world *w, struct ask a)
{
	size_t n = a.list ? 2 : 1;

	w->ups_n = w->ups_seen = 0;
	world_place(w, a);
	return w->ups_n == n && w->ups[n - 1].kind == UPDATE_ACCEPTED;
}

static void rests(void **state)
{
	struct world *w = *state;
	const struct venue_caps *c = &w->v->ops->caps;

	assert_int_equal(c->resting_stop,
			 takes(w, (struct ask){ .bot = 2, .id = "s", .side = SIDE_SELL,
						.type = TYPE_STOP_MARKET, .quantity = "0.1",
						.stop = "49000", .reduce_only = true }));
	assert_int_equal(c->oco,
			 takes(w, (struct ask){ .bot = 1, .id = "o", .side = SIDE_SELL,
						.list = true, .quantity = "0.09",
						.price = "51000", .stop = "49000" }));
}

/* One position per symbol: a sale of more than is held makes a long one short. */
static void nets(void **state)
{
	struct world *w = *state;

	assert_false(w->v->ops->caps.hedge);
	PLACE(w, .bot = 2, .id = "s", .side = SIDE_SELL, .type = TYPE_MARKET, .quantity = "0.15");
	assert_int_equal(qty_units(sim_account_get(w->v, 2)->position), qty_units(Q("-0.05")));
}

/* A request starts in place(): nothing waits for flush(). */
static void sends_at_once(void **state)
{
	struct world *w = *state;

	assert_false(w->v->ops->caps.sends_in_flush);
	assert_true(takes(w, (struct ask){ .bot = 1, .id = "l", .side = SIDE_BUY,
					   .type = TYPE_LIMIT, .quantity = "0.01",
					   .price = "49000" }));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(rests), CASE(nets), CASE(sends_at_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
