/*
 * Strategy "ema_cross": enter when the fast exponential mean of closes crosses the slow one,
 * upwards for a long, downwards for a short.
 *
 * EMA k is indicator_ema over the look-back's window, seeded with the simple mean of its first
 * k closes. At the newest candle the means have crossed if the fast one now lies on the other
 * side of the slow one than when the two last differed. If they were equal in the whole window
 * before, any difference is a cross. While the price stands still the means differ in their
 * last bits only; a difference of at most EQUAL times the slow mean counts as none.
 *
 * With trend_interval an entry also needs the trend of that interval: its slow mean must be
 * higher (for a long) or lower (for a short) than one candle ago.
 *
 * Source: John J. Murphy, "Technical Analysis of the Financial Markets". 12 and 26 are those of
 * Gerald Appel's MACD, whose sign says which mean is higher.
 */
#include "worker/strategy/strategy.h"

#include "worker/market/indicator.h"
#include "worker/market/lanes.h"

#include <math.h>
#include <stdio.h>

#define EQUAL 1e-9

/* Figures: both means; crossed 1 up, -1 down, 0 not; trend 1 rises, -1 falls, 0 neither. */
enum { F_FAST, F_SLOW, F_CROSS, F_TREND };

/* 1: fast above slow, -1: below, 0: equal. */
static int side_of(double fast, double slow)
{
	if (fabs(fast - slow) <= EQUAL * slow)
		return 0;
	return fast > slow ? 1 : -1;
}

/* On which side the fast mean was when the two last differed before the newest candle. */
static int side_before(const double *fast, const double *slow, size_t first, size_t now)
{
	int side = 0;

	for (size_t i = now; side == 0 && i-- > first;)
		side = side_of(fast[i], slow[i]);
	return side;
}

/* 1: they crossed upwards at the newest of n closes, -1: downwards, 0: not. Sets the means. */
static int cross(const double *closes, size_t n, const double *params, double means[2])
{
	double fast[LOOK_BACK_MAX], slow[LOOK_BACK_MAX];
	size_t period = (size_t)params[EMA_SLOW];
	int side;

	indicator_ema(closes, n, (size_t)params[EMA_FAST], fast);
	indicator_ema(closes, n, period, slow);
	means[F_FAST] = fast[n - 1];
	means[F_SLOW] = slow[n - 1];
	side = side_of(fast[n - 1], slow[n - 1]);
	return side != side_before(fast, slow, period - 1, n - 1) ? side : 0;
}

/* ---- the trend of another interval ---- */

static const char *trend_interval(const double *params)
{
	return strategy_param_word(&strategy_spec_ema_cross.params[EMA_TREND], params[EMA_TREND]);
}

static size_t extras(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	if (!trend_interval(params)[0])
		return 0;
	out[0] = (struct strategy_extra){
		.interval = trend_interval(params),
		.look_back = strategy_spec_ema_cross.look_back(params),
	};
	return 1;
}

/* 1: the slow mean of this window rises at its newest candle, -1: it falls, 0: neither. */
static int trend(const struct window *w, const double *params)
{
	double slow[LOOK_BACK_MAX];

	indicator_ema(w->close + w->begin, w->n, (size_t)params[EMA_SLOW], slow);
	return side_of(slow[w->n - 1], slow[w->n - 2]);
}

static bool with_trend(const double *params, int crossed, int trend)
{
	return !trend_interval(params)[0] || crossed == trend;
}

static int on_candle(void *state, const struct strategy_input *in, struct decision *out,
		     struct err *e)
{
	const struct window *w = in->window;
	int crossed = cross(w->close + w->begin, w->n, in->params, out->figures);

	(void)state;
	(void)e;
	out->figures[F_CROSS] = crossed;
	if (trend_interval(in->params)[0])
		out->figures[F_TREND] = trend(in->extra[0], in->params);
	out->side = side_of(out->figures[F_FAST], out->figures[F_SLOW]) < 0 ? SIDE_SELL : SIDE_BUY;
	if (!crossed) {
		out->rule = "no_cross";
	} else if (!strategy_side_allowed(in->config, out->side)) {
		out->rule = "side_mode";
	} else if (!with_trend(in->params, crossed, (int)out->figures[F_TREND])) {
		out->rule = "trend";
	} else {
		out->rule = "entry";
		out->confidence = 1;
		decision_add(out, INTENT_ENTER, out->side)->confidence = 1;
	}
	return 0;
}

static void explain(const struct strategy_input *in, const struct decision *d,
		    char reason[DECISION_REASON_MAX])
{
	double fast = d->figures[F_FAST], slow = d->figures[F_SLOW], crossed = d->figures[F_CROSS];
	double rises = d->figures[F_TREND];
	int side = side_of(fast, slow), used;

	used = snprintf(reason, DECISION_REASON_MAX, "EMA %.0f %.8g %s EMA %.0f %.8g%s",
			in->params[EMA_FAST], fast, side > 0 ? ">" : side < 0 ? "<" : "=",
			in->params[EMA_SLOW], slow,
			crossed > 0 ? ", crossed up" : crossed < 0 ? ", crossed down" : "");
	if (trend_interval(in->params)[0] && used < DECISION_REASON_MAX)
		snprintf(reason + used, DECISION_REASON_MAX - (size_t)used, "; the slow one of %s "
			 "%s", trend_interval(in->params),
			 rises > 0 ? "rises" : rises < 0 ? "falls" : "stands");
}

/* ---- many candles at once ---- */

struct batch {
	const struct strategy_input *in;
	const double *params;
	size_t look_back;
	uint64_t *up, *down;		/* NULL: this side is not allowed */
};

/* Was there such a trend at the end of candle i? */
static bool trend_agrees(const struct batch *b, size_t i, int crossed)
{
	const struct window *w = b->in->window;
	int64_t end_us = w->last_open_us - (int64_t)(w->n - 1 - i) * w->length_us + w->length_us;
	struct window at;

	if (!trend_interval(b->params)[0])
		return true;
	at = strategy_extra_at(b->in->extra[0], end_us, b->look_back);
	return at.n == b->look_back && with_trend(b->params, crossed, trend(&at, b->params));
}

static void mark(const struct batch *b, size_t i, int crossed)
{
	uint64_t *bits = crossed > 0 ? b->up : crossed < 0 ? b->down : NULL;

	if (bits && trend_agrees(b, i, crossed))
		signal_set(bits, i);
}

/* LANES windows, the first of which begins at x and ends with candle i. */
static void batch_lanes(const struct batch *b, const double *x, size_t i)
{
	size_t fast_n = (size_t)b->params[EMA_FAST], slow_n = (size_t)b->params[EMA_SLOW];
	double fast_k = 2.0 / ((double)fast_n + 1.0), slow_k = 2.0 / ((double)slow_n + 1.0);
	size_t now = b->look_back - 1;
	lanes fast, slow, fast_before, slow_before;
	double means[2];

	lanes_mean(&fast, x, fast_n);
	lanes_mean(&slow, x, slow_n);
	for (size_t k = fast_n; k < slow_n; k++)
		lanes_follow(&fast, fast_k, x + k);
	for (size_t k = slow_n; k < now; k++) {
		lanes_follow(&fast, fast_k, x + k);
		lanes_follow(&slow, slow_k, x + k);
	}
	fast_before = fast;
	slow_before = slow;
	lanes_follow(&fast, fast_k, x + now);
	lanes_follow(&slow, slow_k, x + now);
	for (size_t l = 0; l < LANES; l++) {
		int before = side_of(fast_before[l], slow_before[l]);
		int side = side_of(fast[l], slow[l]);

		if (before == 0)	/* rare: look further back */
			side = cross(x + l, b->look_back, b->params, means);
		mark(b, i + l, side != before ? side : 0);
	}
}

static void batch(const struct strategy_input *in, struct signals *out)
{
	const double *closes = in->window->close + in->window->begin;
	struct batch b = {
		.in = in,
		.params = in->params,
		.look_back = strategy_spec_ema_cross.look_back(in->params),
		.up = strategy_side_allowed(in->config, SIDE_BUY) ? out->buy : NULL,
		.down = strategy_side_allowed(in->config, SIDE_SELL) ? out->sell : NULL,
	};
	size_t i = b.look_back - 1, n = in->window->n;
	double means[2];

	for (; i + LANES <= n; i += LANES)
		batch_lanes(&b, closes + i + 1 - b.look_back, i);
	for (; i < n; i++)
		mark(&b, i, cross(closes + i + 1 - b.look_back, b.look_back, b.params, means));
}

const struct strategy strategy_ema_cross = {
	.spec = &strategy_spec_ema_cross,
	.on_candle = on_candle,
	.explain = explain,
	.batch = batch,
	.extras = extras,
};
