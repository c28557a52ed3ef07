/*
 * Strategy "buy_and_hold": enter whenever the bot has neither a position nor a waiting entry.
 * The bot's own exits end the position. With profit_target_pct 0 and a far stop it is the
 * benchmark for other strategies.
 */
#include "worker/strategy/strategy.h"

#include <stdio.h>
#include <string.h>

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	(void)state;
	(void)e;
	out->side = strcmp(in->config->side_mode, "short") == 0 ? SIDE_SELL : SIDE_BUY;
	out->figures[0] = (double)in->positions_n;
	if (in->positions_n) {
		out->rule = "holds";
		return 0;
	}
	out->rule = "entry";
	out->confidence = 1;
	decision_add(out, INTENT_ENTER, out->side)->confidence = 1;
	return 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	(void)in;
	snprintf(reason, DECISION_REASON_MAX, "%.0f orders are open", d->figures[0]);
}

const struct strategy strategy_buy_and_hold = {
	.spec = &strategy_spec_buy_and_hold,
	.on_candle = on_candle,
	.explain = explain,
};
