/*
 * Strategy "ema_cross": enter when the fast exponential mean of closes crosses the
 * slow one, up for a long, down for a short.
 *
 * EMA k is indicator_ema over the 60-candle window, seeded with the simple mean of
 * its first k closes. A cross is at the newest closed candle: the fast mean lies on
 * another side of the slow one than when the two last differed; where they were equal in
 * the whole window, any side is another. On a price that stands still the means differ
 * by their last bits only: up to EQUAL of the slow one they are equal. Source: John
 * J. Murphy, "Technical Analysis of the Financial Markets" (12 and 26: Gerald Appel's
 * MACD, whose sign this is).
 */
#include "worker/strategy/strategy.h"

#include "worker/market/indicator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FAST 12
#define SLOW 26
#define EQUAL 1e-9

static bool side_allowed(const char *mode, enum side side)
{
	if (strcmp(mode, "both") == 0)
		return true;
	return strcmp(mode, side == SIDE_BUY ? "long" : "short") == 0;
}

/* 1: fast above slow, -1: below, 0: equal. */
static int side_of(double fast, double slow)
{
	if (fabs(fast - slow) <= EQUAL * slow)
		return 0;
	return fast > slow ? 1 : -1;
}

/* The side on which they last differed before the newest candle. */
static int side_before(const double *fast, const double *slow, size_t now)
{
	int side = 0;

	for (size_t i = now; side == 0 && i-- > SLOW - 1;)
		side = side_of(fast[i], slow[i]);
	return side;
}

static void judge(const struct strategy_input *in, struct signal *s)
{
	const struct window *w = in->window;
	double fast[CANDLE_WINDOW], slow[CANDLE_WINDOW];
	const size_t now = CANDLE_WINDOW - 1;
	int side, before;
	bool up, down;

	indicator_ema(w->close + w->begin, CANDLE_WINDOW, FAST, fast);
	indicator_ema(w->close + w->begin, CANDLE_WINDOW, SLOW, slow);
	side = side_of(fast[now], slow[now]);
	before = side_before(fast, slow, now);
	up = side > 0 && before <= 0;
	down = side < 0 && before >= 0;
	s->side = side < 0 ? SIDE_SELL : SIDE_BUY;
	s->wanted = (up || down) && side_allowed(in->config->side_mode, s->side);
	s->confidence = s->wanted ? 1 : 0;
	snprintf(s->rule, sizeof(s->rule), "%s",
		 s->wanted ? "entry" : up || down ? "side_mode" : "no_cross");
	snprintf(s->reason, sizeof(s->reason), "EMA %d %.8g %s EMA %d %.8g%s", FAST, fast[now],
		 side > 0 ? ">" : side < 0 ? "<" : "=", SLOW, slow[now],
		 up ? ", crossed up" : down ? ", crossed down" : "");
}

static int decide(const struct strategy_input *in, struct signal *out, struct err *e)
{
	(void)e;
	*out = (struct signal){
		.profit_target = in->config->profit_target_pct,
		.stop_loss = in->config->stop_loss_pct,
	};
	if (!window_full(in->window)) {
		snprintf(out->rule, sizeof(out->rule), "warm_up");
		snprintf(out->reason, sizeof(out->reason), "%zu of %d candles", in->window->n,
			 CANDLE_WINDOW);
		return 0;
	}
	judge(in, out);
	return 0;
}

const struct strategy strategy_ema_cross = {
	.name = "ema_cross",
	.description = "Enters when the exponential mean of 12 closes crosses that of 26",
	.needs_model = false,
	.decide = decide,
};
