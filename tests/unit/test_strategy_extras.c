/*
 * Candles of another symbol or interval as strategies see them: aligned with the decision, none
 * of the future, alike in batch and on_candle; and the trend of ema_cross.
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
#define HISTORY 4000		/* minutes */

static struct bot_config config;
static double params[STRATEGY_PARAMS_MAX];
static struct err e;

static uint64_t seed = 88172645463325252; /* xorshift64, Marsaglia */

static double chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/* Random closes of candles of this length, from time 0 to so many minutes. */
static struct window *history_new(int64_t minutes, int64_t length_us)
{
	struct window *w = xcalloc(1, sizeof(*w));
	size_t n = (size_t)(minutes * MINUTE / length_us);
	double price = 100;

	window_keep(w, n);
	for (size_t i = 0; i < n; i++) {
		struct candle c = { .open_us = (int64_t)i * length_us };

		if (i % 50 < 40)
			price *= 1 + (chance() - 0.5) * 0.01;
		assert_int_equal(price_from_real(price, &c.close), 0);
		window_push(w, &c, length_us);
	}
	return w;
}

static void history_free(struct window *w)
{
	window_fini(w);
	free(w);
}

static struct window first(const struct window *h, size_t n)
{
	struct window w = window_newest(h, h->n);

	w.n = n;
	w.last_open_us -= (int64_t)(h->n - n) * h->length_us;
	return w;
}

static void begin(const char *strategy, const char *side_mode)
{
	bot_config_defaults(&config);
	snprintf(config.strategy, sizeof(config.strategy), "%s", strategy);
	snprintf(config.side_mode, sizeof(config.side_mode), "%s", side_mode);
	snprintf(config.interval, sizeof(config.interval), "1m");
	strategy_params_default(strategy_spec_find(strategy), params);
}

static struct strategy_input input(const struct window *own, const struct window *extra)
{
	return (struct strategy_input){ .config = &config, .params = params, .window = own,
					.extra = { extra } };
}

/* ---- a strategy that only looks ---- */

static int64_t seen_us[2];		/* end of its own newest candle, and of the extra's */
static size_t seen_n;

static size_t one(const double *p)
{
	(void)p;
	return 1;
}

static size_t three_of_five_minutes(const double *p, struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	(void)p;
	out[0] = (struct strategy_extra){ .symbol = "ETHUSDT", .interval = "5m", .look_back = 3 };
	return 1;
}

static int look(void *state, const struct strategy_input *in, struct decision *out, struct err *err)
{
	(void)state;
	(void)err;
	out->rule = "looked";
	seen_us[0] = in->window->last_open_us + in->window->length_us;
	seen_us[1] = in->extra[0]->last_open_us + in->extra[0]->length_us;
	seen_n = in->extra[0]->n;
	return 0;
}

static const struct strategy_spec LOOKS_SPEC = { .name = "looks", .look_back = one };
static const struct strategy LOOKS = {
	.spec = &LOOKS_SPEC, .on_candle = look, .extras = three_of_five_minutes,
};

/* At each minute it sees the newest three of five minutes that had ended, whatever is there. */
static void sees_what_had_ended(void **state)
{
	struct window *own = history_new(400, MINUTE), *extra = history_new(400, 5 * MINUTE);
	struct decision d;

	(void)state;
	begin("model", "long");
	for (size_t n = 1; n <= own->n; n++) {
		struct window w = first(own, n);
		struct strategy_input in = input(&w, extra);
		char reason[DECISION_REASON_MAX];
		size_t had_ended = n / 5;

		assert_int_equal(strategy_ask(&LOOKS, NULL, &in, &d, &e), 0);
		if (had_ended < 3) {
			assert_string_equal(d.rule, "warm_up");
			(void)strategy_reason(&LOOKS, &in, &d, reason);
			assert_non_null(strstr(reason, "of 3 of ETHUSDT 5m"));
			assert_int_equal(reason[16], '0' + (int)had_ended);
			continue;
		}
		assert_string_equal(d.rule, "looked");
		assert_int_equal(seen_n, 3);
		assert_int_equal(seen_us[1], (int64_t)had_ended * 5 * MINUTE);
		assert_true(seen_us[1] <= seen_us[0]);
	}
	history_free(own);
	history_free(extra);
}

static void what_is_complete(void **state)
{
	struct window *h = history_new(100, 5 * MINUTE);	/* ends at 100 minutes */
	struct window empty = { 0 };

	(void)state;
	assert_true(strategy_complete(h, 100 * MINUTE));
	assert_true(strategy_complete(h, 105 * MINUTE - 1));
	assert_false(strategy_complete(h, 105 * MINUTE));	/* one has ended since */
	assert_true(strategy_complete(h, 50 * MINUTE));		/* it has later ones */
	assert_true(strategy_complete(&empty, 50 * MINUTE));	/* nobody has heard of it */
	history_free(h);
}

/* ---- those that there are ---- */

static void without_state(void **state)
{
	(void)state;
	for (size_t i = 0; strategies[i]; i++)
		assert_true(!strategies[i]->extras || strategies[i]->state_size == 0);
}

static bool wants(const struct decision *d, enum side side)
{
	return d->n == 1 && d->intents[0].side == side;
}

/* Bits of a batch over all candles, compared with on_candle at each; returns how many. */
static size_t compare_batch(const struct window *h, const struct window *extra)
{
	size_t words = h->n / 64 + 1, wanted = 0;
	struct signals out = { xcalloc(words, 8), xcalloc(words, 8), xcalloc(words, 8) };
	struct strategy_input in = input(h, extra);
	struct decision d;

	strategy_ema_cross.batch(&in, &out);
	for (size_t i = 0; i < h->n; i++) {
		struct window part = first(h, i + 1);

		in.window = &part;
		assert_int_equal(strategy_ask(&strategy_ema_cross, NULL, &in, &d, &e), 0);
		assert_int_equal(signal_get(out.buy, i), wants(&d, SIDE_BUY));
		assert_int_equal(signal_get(out.sell, i), wants(&d, SIDE_SELL));
		wanted += d.n > 0;
	}
	free(out.buy);
	free(out.sell);
	free(out.exit);
	return wanted;
}

static int64_t trend_us(void)
{
	const struct strategy_param *p = &strategy_spec_ema_cross.params[EMA_TREND];

	return candle_interval_us(strategy_param_word(p, params[EMA_TREND]));
}

static void batch_is_on_candle(void **state)
{
	static const char *const modes[] = { "long", "short", "both" };
	struct window *h = history_new(HISTORY, MINUTE);
	size_t wanted = 0;

	(void)state;
	for (int trend = 1; trend < 6; trend++) {	/* 1s to 1h; 4h never warms up here */
		struct window *extra;

		begin("ema_cross", modes[trend % 3]);
		params[EMA_TREND] = trend;
		params[EMA_FAST] = 2 + floor(chance() * 5);
		params[EMA_SLOW] = 8 + floor(chance() * 10);
		extra = history_new(HISTORY, trend_us());
		wanted += compare_batch(h, extra);
		history_free(extra);
	}
	assert_true(wanted > 200);
	history_free(h);
}

/* ---- the trend of ema_cross ---- */

static struct window *line(size_t n, int64_t length_us, double from, double step)
{
	struct window *w = xcalloc(1, sizeof(*w));

	window_keep(w, n);
	for (size_t i = 0; i < n; i++) {
		struct candle c = { .open_us = (int64_t)i * length_us };

		assert_int_equal(price_from_real(from + step * (double)i, &c.close), 0);
		window_push(w, &c, length_us);
	}
	return w;
}

/* Falls, and rises with its last candle: the fast mean crosses the slow one there. */
static struct window *crosses_up(void)
{
	struct window *w = line(400, MINUTE, 1000, -1);
	struct candle c = { .open_us = 400 * MINUTE };

	assert_int_equal(price_from_real(1500, &c.close), 0);
	window_push(w, &c, MINUTE);
	return w;
}

static void only_with_the_trend(void **state)
{
	static const struct { double step; const char *rule, *word; } rows[] = {
		{ 1, "entry", "; the slow one of 5m rises" },
		{ -1, "trend", "; the slow one of 5m falls" },
		{ 0, "trend", "; the slow one of 5m stands" },
	};
	struct window *h = crosses_up();
	char reason[DECISION_REASON_MAX];
	struct decision d;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct window *extra = line(80, 5 * MINUTE, 500, rows[i].step);
		struct strategy_input in = input(h, extra);

		begin("ema_cross", "long");
		params[EMA_TREND] = 3;	/* 5m */
		assert_int_equal(strategy_ask(&strategy_ema_cross, NULL, &in, &d, &e), 0);
		assert_string_equal(d.rule, rows[i].rule);
		assert_non_null(strstr(strategy_reason(&strategy_ema_cross, &in, &d, reason),
				       rows[i].word));
		params[EMA_TREND] = 0;	/* none is asked for, none is needed */
		in.extra[0] = NULL;
		assert_int_equal(strategy_ask(&strategy_ema_cross, NULL, &in, &d, &e), 0);
		assert_string_equal(d.rule, "entry");
		history_free(extra);
	}
	history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_what_had_ended),
		cmocka_unit_test(what_is_complete),
		cmocka_unit_test(without_state),
		cmocka_unit_test(batch_is_on_candle),
		cmocka_unit_test(only_with_the_trend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
