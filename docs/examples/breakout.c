/*
 * Strategy "breakout": buy when a candle closes above every high of the candles before it,
 * with the stop at their lowest low. Source: Richard Donchian's channel.
 */
#include "worker/strategy/strategy.h"

#include <stdio.h>

enum { BREAKOUT_PERIOD };		/* places in params */
enum { F_CLOSE, F_HIGHEST, F_LOWEST };	/* figures of a decision */

static size_t look_back(const double *params)
{
	return (size_t)params[BREAKOUT_PERIOD] + 1;
}

static const struct strategy_spec spec = {
	.name = "breakout", .params_n = 1,
	.description = "Buys when a candle closes above the highest high of the period before it",
	.params = {
		[BREAKOUT_PERIOD] = { "period", STRATEGY_INT, 2, 500, 20,
			"Candles before it.", NULL },
	},
	.look_back = look_back,
};

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	const struct window *w = in->window;
	size_t newest = w->begin + w->n - 1;
	double highest = w->high[w->begin], lowest = w->low[w->begin];
	struct intent *enter;

	(void)state;
	for (size_t i = w->begin; i < newest; i++) {
		highest = w->high[i] > highest ? w->high[i] : highest;
		lowest = w->low[i] < lowest ? w->low[i] : lowest;
	}
	out->figures[F_CLOSE] = w->close[newest];
	out->figures[F_HIGHEST] = highest;
	out->figures[F_LOWEST] = lowest;
	out->rule = "no_breakout";
	if (w->close[newest] <= highest || in->positions_n > 0)
		return 0;
	out->rule = "entry";
	enter = decision_add(out, INTENT_ENTER, SIDE_BUY);
	enter->confidence = 1;
	return price_from_real(lowest, &enter->stop) ? err_set(e, ERR_RANGE, "no such price") : 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	snprintf(reason, DECISION_REASON_MAX, "close %.8g, highest of %.0f candles %.8g",
		 d->figures[F_CLOSE], in->params[BREAKOUT_PERIOD], d->figures[F_HIGHEST]);
}

const struct strategy strategy_breakout = {
	.spec = &spec, .on_candle = on_candle, .explain = explain,
};
