/* Questions to the simulation: they travel as orders do, and are answered when they arrive. */
#include "tests/unit/sim_world.h"

#define LATENCY INT64_C(50000)

struct heard {			/* the newest answer */
	size_t n;
	struct venue_answer a;
	struct venue_update list[8];
};
static struct heard heard;

static void on_answer(void *ctx, const struct venue_answer *a)
{
	(void)ctx;
	heard.n++;
	heard.a = *a;
	assert_true(a->n <= 8);
	for (size_t i = 0; i < a->n; i++)
		heard.list[i] = a->list[i];
}

static struct venue *start(struct world *w)
{
	struct sim_account_args account = { .bot_id = 1, .symbol = "BTCUSDT",
					    .initial_capital = M("10000"),
					    .leverage_e8 = RATE_ONE };
	struct symbol_info spot = world_info(false);
	struct err e;

	memset(&heard, 0, sizeof(heard));
	world_init(w);
	w->args.latency_us = LATENCY;
	w->args.sink = (struct venue_sink){ .answer = on_answer };
	w->v = sim_new(&w->args);
	w->spot = sim_symbol_add(w->v, &spot);
	assert_int_equal(sim_account_add(w->v, &account, w->now, &e), 0);
	sim_book(w->v, w->spot, &(struct book_top){ .bid = P("50000"), .ask = P("50001"),
		 .bid_qty = Q("1"), .ask_qty = Q("1") }, w->now);
	return w->v;
}

static void ask(struct world *w, enum venue_question kind, const char *id)
{
	struct venue_query q = { .kind = kind, .bot_id = 1, .asked_us = w->now };
	struct err e;

	snprintf(q.client_order_id, sizeof(q.client_order_id), "%s", id);
	assert_int_equal(w->v->ops->ask(w->v, &q, w->now, &e), 0);
}

static void wait_us(struct world *w, int64_t us)
{
	w->now += us;
	w->v->ops->advance(w->v, w->now);
}

static void place(struct world *w, const char *id, const char *price)
{
	struct venue_order o = { .bot_id = 1, .symbol = "BTCUSDT", .side = SIDE_BUY,
				 .type = TYPE_LIMIT_MAKER, .price = P(price),
				 .quantity = Q("0.002") };
	struct err e;

	snprintf(o.client_order_id, sizeof(o.client_order_id), "%s", id);
	assert_int_equal(w->v->ops->place(w->v, &o, 1, w->now, &e), 0);
}

/* The answer is as late as a request, and says what is known when the question arrives. */
static void after_the_latency(void **state)
{
	struct world w;
	struct venue *v = start(&w);

	(void)state;
	place(&w, "a", "49000");
	wait_us(&w, LATENCY / 2);
	ask(&w, ASK_ORDER, "a");
	ask(&w, ASK_ORDER, "never");
	assert_int_equal(v->ops->next_due(v), w.now + LATENCY / 2); /* the order comes first */
	wait_us(&w, LATENCY - 1);
	assert_int_equal(heard.n, 0);
	assert_int_equal(v->ops->next_due(v), w.now + 1);
	wait_us(&w, 1);
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.a.rc, ERR_NOT_FOUND);
	assert_string_equal(heard.a.query.client_order_id, "never");
	ask(&w, ASK_ORDER, "a");
	wait_us(&w, LATENCY);
	assert_int_equal(heard.a.rc, 0);
	assert_int_equal(heard.list[0].kind, UPDATE_ACCEPTED);
	assert_true(heard.list[0].exchange_id[0] != '\0');
	assert_int_equal(heard.a.at_us, w.now);
	v->ops->free(v);
}

static void what_is_open_and_traded(void **state)
{
	struct world w;
	struct venue *v = start(&w);
	struct trade t = { .id = 1, .price = P("48999"), .qty = Q("1"), .buyer_is_maker = true };

	(void)state;
	place(&w, "a", "49000");
	place(&w, "b", "48000");
	wait_us(&w, LATENCY);
	t.time_us = ++w.now;
	sim_trade(v, w.spot, &t, w.now);
	ask(&w, ASK_OPEN_ORDERS, "");
	wait_us(&w, LATENCY);
	assert_int_equal(heard.a.n, 1);
	assert_string_equal(heard.list[0].client_order_id, "b");
	ask(&w, ASK_TRADES, "a");
	wait_us(&w, LATENCY);
	assert_int_equal(heard.a.n, 1);
	assert_int_equal(heard.list[0].kind, UPDATE_FILL);
	assert_int_equal(qty_units(heard.list[0].cumulative), qty_units(Q("0.002")));
	assert_int_equal(price_units(heard.list[0].price), price_units(P("49000")));
	assert_true(heard.list[0].fee_e8 > 0);
	ask(&w, ASK_TRADES, "b");
	wait_us(&w, LATENCY);
	assert_int_equal(heard.a.n, 0);
	ask(&w, ASK_ACCOUNT, "");
	wait_us(&w, LATENCY);
	assert_true(heard.a.account.known && heard.a.account.bot_id == 1);
	assert_int_equal(qty_units(heard.a.account.base),
			 qty_units(Q("0.002")) - heard.list[0].fee_e8);
	v->ops->free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_the_latency),
		cmocka_unit_test(what_is_open_and_traded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
