/*
 * Strategy "rsi": buy when the relative strength index rises through its low level, sell
 * short when it falls through its high one. With "exit" a long ends when the index rises
 * through the high level, a short when it falls through the low one.
 *
 * The index is indicator_rsi over the look-back's window. Its value one candle ago is that of
 * the same window without the newest candle. It rises through a level when it was at or below
 * the level then and is above it now. Source: J. Welles Wilder, "New Concepts in Technical
 * Trading Systems" (14, 30 and 70 are his).
 */
#include "worker/strategy/strategy.h"

#include "worker/market/indicator.h"
#include "worker/market/lanes.h"

#include <stdio.h>

enum { F_NOW, F_BEFORE };		/* figures: the index */

struct moves {				/* what two values ask for, before side_mode is applied */
	bool buy, sell, exit_long, exit_short;
};

static struct moves moves_of(double before, double now, const double *params)
{
	double low = params[RSI_LOW], high = params[RSI_HIGH];
	bool exits = params[RSI_EXIT] > 0;

	return (struct moves){
		.buy = before <= low && now > low,
		.sell = before >= high && now < high,
		.exit_long = exits && before <= high && now > high,
		.exit_short = exits && before >= low && now < low,
	};
}

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	const struct window *w = in->window;
	const double *closes = w->close + w->begin;
	size_t period = (size_t)in->params[RSI_PERIOD];
	struct moves m;

	(void)state;
	(void)e;
	out->figures[F_NOW] = indicator_rsi(closes, w->n, period);
	out->figures[F_BEFORE] = indicator_rsi(closes, w->n - 1, period);
	m = moves_of(out->figures[F_BEFORE], out->figures[F_NOW], in->params);
	out->side = m.sell || m.exit_short ? SIDE_SELL : SIDE_BUY;
	out->rule = "no_cross";
	if (m.exit_long)
		decision_add(out, INTENT_EXIT, SIDE_BUY);
	if (m.exit_short)
		decision_add(out, INTENT_EXIT, SIDE_SELL);
	if (out->n)
		out->rule = "exit";
	if (!m.buy && !m.sell)
		return 0;
	if (!strategy_side_allowed(in->config, m.buy ? SIDE_BUY : SIDE_SELL)) {
		out->rule = out->n ? "exit" : "side_mode";
		return 0;
	}
	out->rule = "entry";
	out->side = m.buy ? SIDE_BUY : SIDE_SELL;
	out->confidence = 1;
	decision_add(out, INTENT_ENTER, out->side)->confidence = 1;
	return 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	snprintf(reason, DECISION_REASON_MAX, "RSI %.0f %.4g, before %.4g; levels %.4g and %.4g",
		 in->params[RSI_PERIOD], d->figures[F_NOW], d->figures[F_BEFORE],
		 in->params[RSI_LOW], in->params[RSI_HIGH]);
}

/* ---- many candles at once ---- */

static void mark(const struct strategy_input *in, struct signals *out, size_t i, double before,
		 double now)
{
	struct moves m = moves_of(before, now, in->params);

	if (m.buy && strategy_side_allowed(in->config, SIDE_BUY))
		signal_set(out->buy, i);
	if (m.sell && strategy_side_allowed(in->config, SIDE_SELL))
		signal_set(out->sell, i);
	if (m.exit_long || m.exit_short)
		signal_set(out->exit, i);
}

/* The last step of indicator_rsi. */
static double index_of(double gain, double loss)
{
	return gain + loss > 0 ? 100.0 * (gain / (gain + loss)) : 50.0;
}

/* LANES windows of n closes, the first of which begins at x and ends with candle i. */
static void batch_lanes(const struct strategy_input *in, struct signals *out, const double *x,
			size_t n, size_t i)
{
	size_t period = (size_t)in->params[RSI_PERIOD];
	double keep = (double)(period - 1) / (double)period, take = 1.0 / (double)period;
	lanes gain = { 0 }, loss = { 0 }, gain_before, loss_before, up, down;

	for (size_t k = 1; k <= period; k++) {
		lanes_steps(&up, &down, x + k);
		gain += up;
		loss += down;
	}
	gain *= take;
	loss *= take;
	for (size_t k = period + 1; k < n - 1; k++) {
		lanes_steps(&up, &down, x + k);
		gain = gain * keep + up * take;
		loss = loss * keep + down * take;
	}
	gain_before = gain;
	loss_before = loss;
	lanes_steps(&up, &down, x + n - 1);
	gain = gain * keep + up * take;
	loss = loss * keep + down * take;
	for (size_t l = 0; l < LANES; l++)
		mark(in, out, i + l, index_of(gain_before[l], loss_before[l]),
		     index_of(gain[l], loss[l]));
}

static void batch(const struct strategy_input *in, struct signals *out)
{
	const double *closes = in->window->close + in->window->begin;
	size_t look_back = strategy_spec_rsi.look_back(in->params);
	size_t period = (size_t)in->params[RSI_PERIOD];
	size_t i = look_back - 1, n = in->window->n;

	for (; i + LANES <= n; i += LANES)
		batch_lanes(in, out, closes + i + 1 - look_back, look_back, i);
	for (; i < n; i++) {
		const double *x = closes + i + 1 - look_back;

		mark(in, out, i, indicator_rsi(x, look_back - 1, period),
		     indicator_rsi(x, look_back, period));
	}
}

const struct strategy strategy_rsi = {
	.spec = &strategy_spec_rsi,
	.on_candle = on_candle,
	.explain = explain,
	.batch = batch,
};
