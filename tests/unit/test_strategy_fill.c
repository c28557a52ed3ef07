/* What strategies do at a fill of their own orders: the state that they get, and the grid. */
#include "worker/strategy/strategies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000000)

static struct bot_config config;
static double params[STRATEGY_PARAMS_MAX];
static struct err e;

static struct price at(double p)
{
	struct price price;

	assert_int_equal(price_from_real(p, &price), 0);
	return price;
}

/* So many candles that close at 1, 2, 3 ... */
static void candles(struct window *w, size_t n)
{
	for (size_t i = 1; i <= n; i++) {
		struct candle c = { .open_us = (int64_t)i * MINUTE, .close = at((double)i) };

		window_push(w, &c, MINUTE);
	}
}

static struct strategy_input input(const struct window *w)
{
	return (struct strategy_input){ .config = &config, .params = params, .window = w };
}

/* ---- a state ---- */

struct counting { int candles, fills; double newest; };

static size_t three(const double *p)
{
	(void)p;
	return 3;
}

static int count_candle(void *state, const struct strategy_input *in, struct decision *out,
			struct err *err)
{
	struct counting *c = state;

	(void)out;
	(void)err;
	c->candles++;
	c->newest = in->window->close[in->window->begin + in->window->n - 1];
	return 0;
}

static int count_fill(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		      struct decision *out, struct err *err)
{
	struct counting *c = state;

	(void)err;
	(void)f;
	c->fills++;
	assert_int_equal(in->window->n, 3);
	out->rule = "heard";
	decision_add(out, INTENT_EXIT, SIDE_BUY);
	return 0;
}

static const struct strategy_spec COUNTING_SPEC = { .name = "counting", .look_back = three };
static const struct strategy COUNTING = {
	.spec = &COUNTING_SPEC, .state_size = sizeof(struct counting),
	.on_candle = count_candle, .on_fill = count_fill,
};

/* The state is that of the newest closed candle, however old it was before. */
static void state_is_up_to_date(void **state)
{
	struct strategy_fill f = { .entry = true, .tag = "" };
	struct window w = { 0 };
	struct strategy_input in = input(&w);
	struct counting *c;
	void *own = NULL;
	int64_t seen_us = 0;
	struct decision d;

	(void)state;
	candles(&w, 2);
	assert_int_equal(strategy_filled(&COUNTING, &own, &seen_us, &in, &f, &d, &e), 0);
	assert_int_equal(d.n, 0); /* it warms up */
	window_clear(&w);
	candles(&w, 10);
	assert_int_equal(strategy_filled(&COUNTING, &own, &seen_us, &in, &f, &d, &e), 0);
	c = own;
	assert_int_equal(d.n, 1);
	assert_string_equal(d.rule, "heard");
	assert_int_equal(c->candles, 3); /* rebuilt from its look-back */
	assert_true(c->newest == 10);
	assert_int_equal(strategy_filled(&COUNTING, &own, &seen_us, &in, &f, &d, &e), 0);
	assert_int_equal(c->candles, 3);
	assert_int_equal(c->fills, 2);
	window_push(&w, &(struct candle){ .open_us = 11 * MINUTE, .close = at(11) }, MINUTE);
	assert_int_equal(strategy_follow(&COUNTING, &own, &seen_us, &in, &d, &e), 0);
	assert_int_equal(c->candles, 4); /* and goes on with the next candle */
	assert_int_equal(c->fills, 2);
	free(own);
	window_fini(&w);
}

/* ---- grid ---- */

static void grid(const struct strategy_fill *f, struct decision *d)
{
	struct window w = { 0 };
	struct strategy_input in = input(&w);
	void *none = NULL;
	int64_t seen_us = 0;

	candles(&w, 5);
	assert_int_equal(strategy_filled(&strategy_grid, &none, &seen_us, &in, f, d, &e), 0);
	assert_null(none);
	window_fini(&w);
}

static void begin(const char *side_mode)
{
	bot_config_defaults(&config);
	snprintf(config.strategy, sizeof(config.strategy), "grid");
	snprintf(config.side_mode, sizeof(config.side_mode), "%s", side_mode);
	strategy_params_default(&strategy_spec_grid, params);
	params[GRID_SPACING] = 0.01;
}

/* Rung 100 lies at 1.01^100 = 2.7048, rung 101 at 2.7319, rung 99 at 2.6780. */
static void a_rung_begins_again(void **state)
{
	struct strategy_fill f = { .order_id = 4, .side = SIDE_SELL, .closed = true,
				   .price = at(2.7319), .tag = "rung 100" };
	struct decision d;
	char reason[DECISION_REASON_MAX];
	struct strategy_input in = { .params = params, .config = &config };

	(void)state;
	begin("long");
	grid(&f, &d);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.intents[0].kind, INTENT_ENTER);
	assert_int_equal(d.intents[0].side, SIDE_BUY);
	assert_string_equal(d.intents[0].tag, "rung 100");
	assert_true(price_double(d.intents[0].limit) > 2.704 &&
		    price_double(d.intents[0].limit) < 2.705);
	assert_true(price_double(d.intents[0].target) > 2.731);
	assert_non_null(strstr(strategy_reason(&strategy_grid, &in, &d, reason), "price 2.7319"));
	begin("both");
	f.side = SIDE_BUY; /* a short ended */
	f.price = at(2.678);
	grid(&f, &d);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.intents[0].side, SIDE_SELL);
	assert_true(price_double(d.intents[0].target) < 2.679);
}

static void or_it_does_not(void **state)
{
	const struct strategy_fill won = { .order_id = 4, .side = SIDE_SELL, .closed = true,
					   .price = at(2.7319), .tag = "rung 100" };
	struct strategy_fill f = won;
	struct decision d;

	(void)state;
	begin("long");
	f.entry = true;
	grid(&f, &d);
	assert_int_equal(d.n, 0);
	f = won;
	f.closed = false; /* a part is left */
	grid(&f, &d);
	assert_int_equal(d.n, 0);
	f = won;
	f.price = at(2.6); /* a loss: the price is below the rung */
	grid(&f, &d);
	assert_int_equal(d.n, 0);
	f = won;
	f.tag = ""; /* of before it was a grid */
	grid(&f, &d);
	assert_int_equal(d.n, 0);
	f.tag = "rung 100a";
	grid(&f, &d);
	assert_int_equal(d.n, 0);
	begin("short"); /* longs are not wanted any more */
	grid(&won, &d);
	assert_int_equal(d.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_is_up_to_date),
		cmocka_unit_test(a_rung_begins_again),
		cmocka_unit_test(or_it_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
