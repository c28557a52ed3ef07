/*
 * What holds for every strategy: a batch has the bits of on_candle, a state follows from the
 * look-back, a decision from what it is given; and what rsi, grid and buy_and_hold want.
 */
#include "worker/strategy/strategies.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000000)
#define HISTORY 6000

static struct bot_config config;
static double params[STRATEGY_PARAMS_MAX];

static uint64_t seed = 88172645463325252; /* xorshift64, Marsaglia */

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/*
 * A walk with flat stretches, where means become equal and the index stands still, and a step
 * so small in each that the means differ, are equal again, and part anew within one window.
 */
static struct window *history_new(size_t n)
{
	struct window *w = xcalloc(1, sizeof(*w));
	double price = 100;

	window_keep(w, n);
	for (size_t i = 0; i < n; i++) {
		struct candle c = { .open_us = (int64_t)i * MINUTE };

		if (i / 150 % 4 != 3)
			price *= 1 + (chance() - 0.5) * 0.01;
		else if (i % 600 == 545)
			price *= i % 1200 < 600 ? 1 + 3e-8 : 1 - 3e-8;
		assert_int_equal(price_from_real(price, &c.close), 0);
		c.open = c.high = c.low = c.close;
		window_push(w, &c, MINUTE);
	}
	return w;
}

static void history_free(struct window *w)
{
	window_fini(w);
	free(w);
}

/* The first n candles of a history. */
static struct window first(const struct window *h, size_t n)
{
	struct window w = window_newest(h, h->n);

	w.n = n;
	w.last_open_us -= (int64_t)(h->n - n) * MINUTE;
	return w;
}

static struct strategy_input input(const struct window *w)
{
	return (struct strategy_input){ .config = &config, .params = params, .window = w };
}

static void begin(const char *strategy, const char *side_mode)
{
	bot_config_defaults(&config);
	snprintf(config.strategy, sizeof(config.strategy), "%s", strategy);
	snprintf(config.side_mode, sizeof(config.side_mode), "%s", side_mode);
	strategy_params_default(strategy_spec_find(strategy), params);
}

static void ask(const struct strategy_input *in, struct decision *d)
{
	struct err e = { 0 };

	memset(d, 0xee, sizeof(*d));
	if (strategy_ask(strategy_find(config.strategy), NULL, in, d, &e))
		fail_msg("%s", e.msg);
}

/* ---- all of them ---- */

/* Values in range, different each time; the rule over several values holds. */
static void random_params(const struct strategy_spec *s)
{
	do {
		for (size_t i = 0; i < s->params_n; i++) {
			const struct strategy_param *p = &s->params[i];
			double most = p->type == STRATEGY_INT && p->max > 80 ? 80 : p->max;
			double v = p->min + chance() * (most - p->min);

			params[i] = p->type == STRATEGY_REAL ? v : floor(v + 0.5);
			if (p->type == STRATEGY_WORD) /* see test_strategy_extras.c */
				params[i] = p->def;
		}
	} while (s->broken && s->broken(params));
}

static void specs_are_sound(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; strategy_specs[i]; i++) {
		const struct strategy_spec *s = strategy_specs[i];

		strategy_params_default(s, params);
		assert_true(!s->broken || !s->broken(params));
		assert_in_range(s->look_back(params), 1, LOOK_BACK_MAX);
		for (size_t k = 0; k < s->params_n; k++) {
			const struct strategy_param *p = &s->params[k];

			assert_true(p->min < p->max && p->def >= p->min && p->def <= p->max);
			assert_true(p->type == STRATEGY_REAL || p->def == floor(p->def));
			assert_true(strlen(p->help) > 10);
			for (size_t j = 0; p->type == STRATEGY_WORD && j <= (size_t)p->max; j++)
				assert_non_null(strategy_param_word(p, (double)j));
			strategy_param_allowed(p, &text);
			assert_true(text.len > 10);
			buf_free(&text);
			params[k] = p->max;
		}
		assert_in_range(s->look_back(params), 1, LOOK_BACK_MAX);
	}
	assert_string_equal(strategy_spec_ema_cross.params[EMA_SLOW].name, "slow");
	assert_string_equal(strategy_spec_rsi.params[RSI_EXIT].name, "exit");
	assert_string_equal(strategy_spec_grid.params[GRID_RUNGS].name, "rungs");
	strategy_params_default(&strategy_spec_ema_cross, params);
	assert_int_equal(strategy_spec_ema_cross.look_back(params), 60); /* as it always was */
	strategy_params_default(&strategy_spec_rsi, params);
	assert_int_equal(strategy_spec_rsi.look_back(params), 60);
}

static bool wants(const struct decision *d, enum intent_kind kind, int side)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->intents[i].kind == kind && (side < 0 || (int)d->intents[i].side == side))
			return true;
	return false;
}

/* Bits of a batch over the first n candles, compared with on_candle at each; returns how many. */
static size_t compare_batch(const struct strategy *s, const struct window *h, size_t n)
{
	size_t words = n / 64 + 1, wanted = 0;
	struct signals out = { xcalloc(words, 8), xcalloc(words, 8), xcalloc(words, 8) };
	struct window w = first(h, n), part;
	struct strategy_input in = input(&w);
	struct decision d;

	s->batch(&in, &out);
	in.window = &part;
	for (size_t i = 0; i < n; i++) {
		part = first(h, i + 1);
		ask(&in, &d);
		assert_int_equal(signal_get(out.buy, i), wants(&d, INTENT_ENTER, SIDE_BUY));
		assert_int_equal(signal_get(out.sell, i), wants(&d, INTENT_ENTER, SIDE_SELL));
		assert_int_equal(signal_get(out.exit, i), wants(&d, INTENT_EXIT, -1));
		wanted += d.n > 0;
	}
	free(out.buy);
	free(out.sell);
	free(out.exit);
	return wanted;
}

static void batch_is_on_candle(void **state)
{
	static const char *const modes[] = { "long", "short", "both" };
	struct window *h = history_new(HISTORY);
	size_t batches = 0, wanted = 0;

	(void)state;
	for (size_t i = 0; strategies[i]; i++) {
		const struct strategy *s = strategies[i];

		if (!s->batch)
			continue;
		batches++;
		assert_int_equal(s->state_size, 0);
		for (int k = 0; k < 6; k++) {
			begin(s->spec->name, modes[k % 3]);
			if (k)
				random_params(s->spec);
			wanted += compare_batch(s, h, HISTORY);
		}
		strategy_params_default(s->spec, params);
		for (size_t n = 1; n < 90; n++) /* short of a window, each remainder of lanes */
			(void)compare_batch(s, h, n);
	}
	assert_int_equal(batches, 2);
	assert_true(wanted > 500);
	history_free(h);
}

/* Candles older than the look-back, and newer ones that are not there yet, change nothing. */
static void only_the_look_back_counts(void **state)
{
	struct window *h = history_new(700);
	struct decision a, b;

	(void)state;
	for (size_t i = 0; strategies[i]; i++) {
		if (strategies[i]->spec->needs_model)
			continue;
		for (size_t n = 500; n < 600; n++) {
			struct window all = first(h, n), some;
			struct strategy_input in = input(&all);

			begin(strategies[i]->spec->name, "long");
			random_params(strategies[i]->spec);
			some = window_newest(&all, strategies[i]->spec->look_back(params));
			ask(&in, &a);
			in.window = &some;
			ask(&in, &b);
			assert_int_equal(a.n, b.n);
			assert_memory_equal(a.figures, b.figures, sizeof(a.figures));
			assert_memory_equal(a.intents, b.intents, a.n * sizeof(a.intents[0]));
			assert_ptr_equal(a.rule, b.rule);
		}
	}
	history_free(h);
}

/* ---- a state ---- */

struct streak {
	double last;
	int ups;			/* closes in a row that rose, counted to 5 */
};

static size_t six(const double *p)
{
	(void)p;
	return 6;
}

static void streak_init(void *state, const double *p)
{
	(void)p;
	((struct streak *)state)->ups = 0;
}

static int streak_candle(void *state, const struct strategy_input *in, struct decision *out,
			 struct err *e)
{
	struct streak *s = state;
	double close = in->window->close[in->window->begin + in->window->n - 1];

	(void)e;
	s->ups = s->last > 0 && close > s->last ? s->ups + 1 : 0;
	s->ups = s->ups > 5 ? 5 : s->ups;
	s->last = close;
	out->rule = "streak";
	out->figures[0] = s->ups;
	if (s->ups == 5)
		decision_add(out, INTENT_ENTER, SIDE_BUY);
	return 0;
}

static const struct strategy_spec STREAK_SPEC = { .name = "streak", .look_back = six };
static const struct strategy STREAK = {
	.spec = &STREAK_SPEC, .state_size = sizeof(struct streak), .init = streak_init,
	.on_candle = streak_candle,
};

/* Rebuilt from the window's candles at any time, the state goes on as if nothing had been. */
static void restart_equals_none(void **state)
{
	struct window *h = history_new(2000);
	struct streak running = { 0 }, fresh;
	struct decision a, b;
	size_t entries = 0;
	struct err e;

	(void)state;
	begin("model", "long");
	for (size_t n = 1; n <= 2000; n++) {
		struct window w = first(h, n);
		struct strategy_input in = input(&w);

		assert_int_equal(strategy_ask(&STREAK, &running, &in, &a, &e), 0);
		memset(&fresh, 0xee, sizeof(fresh));
		assert_int_equal(strategy_rebuild(&STREAK, &fresh, &in, &e), 0);
		if (n < 6) {
			assert_string_equal(a.rule, "warm_up");
			assert_int_equal(a.n, 0);
		}
		assert_int_equal(fresh.ups, running.ups);
		w = first(h, n < 2000 ? n + 1 : n);
		if (n < 2000) {
			struct streak copy = running;

			assert_int_equal(strategy_ask(&STREAK, &copy, &in, &a, &e), 0);
			assert_int_equal(strategy_ask(&STREAK, &fresh, &in, &b, &e), 0);
			assert_int_equal(a.n, b.n);
			assert_memory_equal(a.figures, b.figures, sizeof(a.figures));
			entries += a.n;
		}
	}
	assert_true(entries > 10);
	history_free(h);
}

/* Asked on some candles only, or twice on one, or with a state that was lost: no difference. */
static void follows_after_any_gap(void **state)
{
	struct window *h = history_new(2000);
	struct streak running = { 0 };
	void *own = NULL;
	int64_t seen_us = 0;
	struct decision a, b;
	struct err e;

	(void)state;
	begin("model", "long");
	for (size_t n = 1; n <= 2000; n++) {
		struct window w = first(h, n);
		struct strategy_input in = input(&w);

		assert_int_equal(strategy_ask(&STREAK, &running, &in, &a, &e), 0);
		if (chance() < 0.1) {
			free(own);
			own = NULL;
			seen_us = 0;
		}
		for (int k = 0; k < 2 && n > 5 && chance() < 0.7; k++) {
			assert_int_equal(strategy_follow(&STREAK, &own, &seen_us, &in, &b, &e), 0);
			assert_int_equal(a.n, b.n);
			assert_memory_equal(a.figures, b.figures, sizeof(a.figures));
		}
	}
	free(own);
	history_free(h);
}

/* ---- other windows ---- */

static void later_candles_are_not_seen(void **state)
{
	struct window *h = history_new(100); /* opens 0 .. 99 minutes */

	(void)state;
	assert_int_equal(strategy_aligned(h, 100 * MINUTE), 100);
	assert_int_equal(strategy_aligned(h, 1000 * MINUTE), 100);
	assert_int_equal(strategy_aligned(h, 100 * MINUTE - 1), 99); /* the newest is open still */
	assert_int_equal(strategy_aligned(h, 99 * MINUTE), 99);
	assert_int_equal(strategy_aligned(h, 99 * MINUTE - 1), 98);
	assert_int_equal(strategy_aligned(h, MINUTE), 1);
	assert_int_equal(strategy_aligned(h, MINUTE - 1), 0);
	assert_int_equal(strategy_aligned(h, 0), 0);
	assert_int_equal(strategy_aligned(h, -5 * MINUTE), 0);
	for (int k = 0; k < 1000; k++) { /* all that it says have closed, and the next has not */
		int64_t at = (int64_t)(chance() * 101 * (double)MINUTE);
		size_t n = strategy_aligned(h, at);

		assert_true(n == 0 || (int64_t)n * MINUTE <= at);
		assert_true(n == 100 || (int64_t)(n + 1) * MINUTE > at);
	}
	window_clear(h);
	assert_int_equal(strategy_aligned(h, 5), 0);
	history_free(h);
}

/* ---- rsi ---- */

static struct window *closes(size_t n, double (*at)(size_t i))
{
	struct window *w = xcalloc(1, sizeof(*w));

	window_keep(w, n);
	for (size_t i = 0; i < n; i++) {
		struct candle c = { .open_us = (int64_t)i * MINUTE };

		assert_int_equal(price_from_real(at(i), &c.close), 0);
		window_push(w, &c, MINUTE);
	}
	return w;
}

static double fall_then_rise(size_t i)
{
	return i < 70 ? 200 - (double)i : 130 + 2 * (double)(i - 69);
}

static void rsi_wants(void **state)
{
	struct window *h = closes(100, fall_then_rise);
	struct strategy_input in = { .config = &config, .params = params };
	size_t buys = 0, exits = 0, shorts = 0;
	struct decision d;
	struct window w;
	char reason[DECISION_REASON_MAX];

	(void)state;
	begin("rsi", "long");
	in.window = &w;
	for (size_t n = 60; n <= 100; n++) {
		w = first(h, n);
		ask(&in, &d);
		buys += wants(&d, INTENT_ENTER, SIDE_BUY);
		exits += wants(&d, INTENT_EXIT, SIDE_BUY);
		shorts += wants(&d, INTENT_ENTER, SIDE_SELL);
		if (wants(&d, INTENT_ENTER, SIDE_BUY)) {
			assert_string_equal(d.rule, "entry");
			assert_true(d.figures[1] <= 30 && d.figures[0] > 30);
			assert_true(d.intents[0].confidence == 1 && d.intents[0].size == 1);
			assert_non_null(strstr(strategy_reason(&strategy_rsi, &in, &d, reason),
					       "RSI 14"));
		}
		if (wants(&d, INTENT_EXIT, SIDE_BUY)) {
			assert_string_equal(d.rule, "exit");
			assert_true(d.intents[0].share == 1);
		}
	}
	assert_int_equal(buys, 1);
	assert_int_equal(exits, 1);
	assert_int_equal(shorts, 0);
	params[RSI_EXIT] = 0;
	for (size_t n = 60; n <= 100; n++) {
		w = first(h, n);
		ask(&in, &d);
		assert_false(wants(&d, INTENT_EXIT, -1));
	}
	history_free(h);
}

/* ---- grid ---- */

static double at_hundred(size_t i)
{
	(void)i;
	return 100;
}

static void grid_wants_rungs(void **state)
{
	struct window *h = closes(5, at_hundred);
	struct strategy_input in = { .config = &config, .params = params, .window = h };
	struct strategy_position held = { .order_id = 1, .side = SIDE_BUY };
	struct decision d, again;

	(void)state;
	begin("grid", "long");
	ask(&in, &d);
	assert_int_equal(d.n, 3);
	for (size_t i = 0; i < d.n; i++) {
		const struct intent *t = &d.intents[i];

		assert_int_equal(t->kind, INTENT_ENTER);
		assert_true(price_double(t->limit) < 100);
		assert_true(fabs(price_double(t->target) / price_double(t->limit) - 1.005) < 1e-9);
		assert_true(i == 0 || price_cmp(t->target, d.intents[i - 1].limit) == 0);
		assert_int_equal(strncmp(t->tag, "rung ", 5), 0);
	}
	assert_true(price_double(d.intents[0].target) >= 100);
	memcpy(held.tag, d.intents[1].tag, sizeof(held.tag));
	in.positions = &held;
	in.positions_n = 1;
	ask(&in, &again);
	assert_int_equal(again.n, 2);
	assert_string_equal(again.intents[1].tag, d.intents[2].tag);
	snprintf(config.side_mode, sizeof(config.side_mode), "short");
	in.positions_n = 0;
	ask(&in, &d);
	assert_int_equal(d.n, 3);
	for (size_t i = 0; i < d.n; i++) {
		assert_int_equal(d.intents[i].side, SIDE_SELL);
		assert_true(price_double(d.intents[i].limit) > 100);
		assert_true(price_cmp(d.intents[i].target, d.intents[i].limit) < 0);
	}
	params[GRID_RUNGS] = 8;
	ask(&in, &d);
	assert_int_equal(d.n, 8);
	history_free(h);
}

static double tiny;
static double at_tiny(size_t i)
{
	(void)i;
	return tiny;
}

/* At any price the rungs are beside it; where no rung can be written down there is none. */
static void grid_at_any_price(void **state)
{
	struct decision d;

	(void)state;
	begin("grid", "long");
	for (int k = 0; k < 400; k++) {
		struct window *h;
		struct strategy_input in;
		double spacing = 1 + params[GRID_SPACING];

		tiny = pow(10, chance() * 17 - 8);
		h = closes(2, at_tiny);
		in = input(h);
		ask(&in, &d);
		tiny = h->close[1];
		if (d.n && tiny > 1e-4) {
			assert_true(price_double(d.intents[0].limit) <= tiny);
			assert_true(price_double(d.intents[0].limit) * spacing > tiny * 0.9999);
		}
		history_free(h);
		random_params(&strategy_spec_grid);
	}
}

/* ---- buy_and_hold ---- */

static void buys_and_holds(void **state)
{
	struct window *h = closes(1, at_hundred);
	struct strategy_input in = { .config = &config, .params = params, .window = h };
	struct strategy_position held = { .order_id = 1 };
	struct decision d;

	(void)state;
	begin("buy_and_hold", "long");
	ask(&in, &d);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.rule, "entry");
	in.positions = &held;
	in.positions_n = 1;
	ask(&in, &d);
	assert_int_equal(d.n, 0);
	assert_string_equal(d.rule, "holds");
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_are_sound),
		cmocka_unit_test(batch_is_on_candle),
		cmocka_unit_test(only_the_look_back_counts),
		cmocka_unit_test(restart_equals_none),
		cmocka_unit_test(follows_after_any_gap),
		cmocka_unit_test(later_candles_are_not_seen),
		cmocka_unit_test(rsi_wants),
		cmocka_unit_test(grid_wants_rungs),
		cmocka_unit_test(grid_at_any_price),
		cmocka_unit_test(buys_and_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
