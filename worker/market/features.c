#include "worker/market/features.h"

#include "worker/market/indicator.h"

#include <math.h>
#include <string.h>

/*
 * The positions of features-1. This order never changes, because models were trained on it.
 * Another list gets its own enum, table and name.
 */
enum features_1 {
	F_CLOSE, F_HIGH, F_LOW, F_VOLUME,
	F_BUY_1, F_BUY_5, F_BUY_10, F_BUY_30, F_BUY_60,
	F_SELL_1, F_SELL_5, F_SELL_10, F_SELL_30, F_SELL_60,
	F_FLOW_1, F_FLOW_5, F_FLOW_10, F_FLOW_30, F_FLOW_60,
	F_PRESSURE_1, F_PRESSURE_5, F_PRESSURE_10, F_PRESSURE_30, F_PRESSURE_60,
	F_MA_5, F_MA_10, F_MA_20, F_MA_30,
	F_CLOSE_TO_MA_5, F_CLOSE_TO_MA_10, F_CLOSE_TO_MA_20, F_CLOSE_TO_MA_30,
	F_RETURN_1, F_RETURN_5, F_RETURN_10, F_RETURN_30, F_RETURN_60,
	F_VOLATILITY_10, F_VOLATILITY_30, F_VOLATILITY_60,
	F_RSI_14, F_MOMENTUM_10,
	F_RANGE_10, F_RANGE_30, F_RANGE_60,
	F_VWAP_10, F_VWAP_30, F_VWAP_60,
	F_TRADES_1, F_TRADES_5, F_TRADES_10, F_TRADES_30, F_TRADES_60,
	F_COUNT
};

#define QUOTE "quote per base"
#define BASE "base"
#define FRACTION "fraction"

/* Index i counts back from the newest candle: c[0] is its close. See docs/FEATURES.md. */
static const struct feature FEATURES_1[] = {
	[F_CLOSE] = {"close", QUOTE, 1, "c[0]"},
	[F_HIGH] = {"high", QUOTE, 1, "h[0]"},
	[F_LOW] = {"low", QUOTE, 1, "l[0]"},
	[F_VOLUME] = {"volume", BASE, 1, "v[0]"},
	[F_BUY_1] = {"buy_volume_1", BASE, 1, "sum(b[i], i = 0..0)"},
	[F_BUY_5] = {"buy_volume_5", BASE, 5, "sum(b[i], i = 0..4)"},
	[F_BUY_10] = {"buy_volume_10", BASE, 10, "sum(b[i], i = 0..9)"},
	[F_BUY_30] = {"buy_volume_30", BASE, 30, "sum(b[i], i = 0..29)"},
	[F_BUY_60] = {"buy_volume_60", BASE, 60, "sum(b[i], i = 0..59)"},
	[F_SELL_1] = {"sell_volume_1", BASE, 1, "sum(v[i] - b[i], i = 0..0)"},
	[F_SELL_5] = {"sell_volume_5", BASE, 5, "sum(v[i] - b[i], i = 0..4)"},
	[F_SELL_10] = {"sell_volume_10", BASE, 10, "sum(v[i] - b[i], i = 0..9)"},
	[F_SELL_30] = {"sell_volume_30", BASE, 30, "sum(v[i] - b[i], i = 0..29)"},
	[F_SELL_60] = {"sell_volume_60", BASE, 60, "sum(v[i] - b[i], i = 0..59)"},
	[F_FLOW_1] = {"net_flow_1", BASE, 1, "buy_volume_1 - sell_volume_1"},
	[F_FLOW_5] = {"net_flow_5", BASE, 5, "buy_volume_5 - sell_volume_5"},
	[F_FLOW_10] = {"net_flow_10", BASE, 10, "buy_volume_10 - sell_volume_10"},
	[F_FLOW_30] = {"net_flow_30", BASE, 30, "buy_volume_30 - sell_volume_30"},
	[F_FLOW_60] = {"net_flow_60", BASE, 60, "buy_volume_60 - sell_volume_60"},
	[F_PRESSURE_1] = {"pressure_1", FRACTION, 1,
		"net_flow_1 / (buy_volume_1 + sell_volume_1)"},
	[F_PRESSURE_5] = {"pressure_5", FRACTION, 5,
		"net_flow_5 / (buy_volume_5 + sell_volume_5)"},
	[F_PRESSURE_10] = {"pressure_10", FRACTION, 10,
		"net_flow_10 / (buy_volume_10 + sell_volume_10)"},
	[F_PRESSURE_30] = {"pressure_30", FRACTION, 30,
		"net_flow_30 / (buy_volume_30 + sell_volume_30)"},
	[F_PRESSURE_60] = {"pressure_60", FRACTION, 60,
		"net_flow_60 / (buy_volume_60 + sell_volume_60)"},
	[F_MA_5] = {"ma_5", QUOTE, 5, "sum(c[i], i = 0..4) / 5"},
	[F_MA_10] = {"ma_10", QUOTE, 10, "sum(c[i], i = 0..9) / 10"},
	[F_MA_20] = {"ma_20", QUOTE, 20, "sum(c[i], i = 0..19) / 20"},
	[F_MA_30] = {"ma_30", QUOTE, 30, "sum(c[i], i = 0..29) / 30"},
	[F_CLOSE_TO_MA_5] = {"close_to_ma_5", FRACTION, 5, "c[0] / ma_5 - 1"},
	[F_CLOSE_TO_MA_10] = {"close_to_ma_10", FRACTION, 10, "c[0] / ma_10 - 1"},
	[F_CLOSE_TO_MA_20] = {"close_to_ma_20", FRACTION, 20, "c[0] / ma_20 - 1"},
	[F_CLOSE_TO_MA_30] = {"close_to_ma_30", FRACTION, 30, "c[0] / ma_30 - 1"},
	[F_RETURN_1] = {"return_1", FRACTION, 2, "c[0] / c[1] - 1"},
	[F_RETURN_5] = {"return_5", FRACTION, 6, "c[0] / c[5] - 1"},
	[F_RETURN_10] = {"return_10", FRACTION, 11, "c[0] / c[10] - 1"},
	[F_RETURN_30] = {"return_30", FRACTION, 31, "c[0] / c[30] - 1"},
	[F_RETURN_60] = {"return_60", FRACTION, 60, "c[0] / o[59] - 1"},
	[F_VOLATILITY_10] = {"volatility_10", FRACTION, 11, "stddev(r[i], i = 0..9)"},
	[F_VOLATILITY_30] = {"volatility_30", FRACTION, 31, "stddev(r[i], i = 0..29)"},
	[F_VOLATILITY_60] = {"volatility_60", FRACTION, 60, "stddev(r[i], i = 0..59)"},
	[F_RSI_14] = {"rsi_14", "0..100", 60, "100 * G / (G + L)"},
	[F_MOMENTUM_10] = {"momentum_10", QUOTE, 11, "c[0] - c[10]"},
	[F_RANGE_10] = {"range_position_10", FRACTION, 10,
		"(c[0] - min(l[i])) / (max(h[i]) - min(l[i])), i = 0..9"},
	[F_RANGE_30] = {"range_position_30", FRACTION, 30,
		"(c[0] - min(l[i])) / (max(h[i]) - min(l[i])), i = 0..29"},
	[F_RANGE_60] = {"range_position_60", FRACTION, 60,
		"(c[0] - min(l[i])) / (max(h[i]) - min(l[i])), i = 0..59"},
	[F_VWAP_10] = {"vwap_distance_10", FRACTION, 10,
		"c[0] / (sum(p[i] * v[i]) / sum(v[i])) - 1, i = 0..9"},
	[F_VWAP_30] = {"vwap_distance_30", FRACTION, 30,
		"c[0] / (sum(p[i] * v[i]) / sum(v[i])) - 1, i = 0..29"},
	[F_VWAP_60] = {"vwap_distance_60", FRACTION, 60,
		"c[0] / (sum(p[i] * v[i]) / sum(v[i])) - 1, i = 0..59"},
	[F_TRADES_1] = {"trades_1", "count", 1, "sum(n[i], i = 0..0)"},
	[F_TRADES_5] = {"trades_5", "count", 5, "sum(n[i], i = 0..4)"},
	[F_TRADES_10] = {"trades_10", "count", 10, "sum(n[i], i = 0..9)"},
	[F_TRADES_30] = {"trades_30", "count", 30, "sum(n[i], i = 0..29)"},
	[F_TRADES_60] = {"trades_60", "count", 60, "sum(n[i], i = 0..59)"},
};

_Static_assert(F_COUNT <= FEATURES_MAX, "FEATURES_MAX is too small");
_Static_assert(sizeof(FEATURES_1) / sizeof(FEATURES_1[0]) == F_COUNT, "a feature has no row");

#define LAST (CANDLE_WINDOW - 1)

/* The window's columns, oldest first. */
struct columns {
	const double *o, *h, *l, *c, *v, *b, *n;
};

/* Running sums and extremes from the newest candle backwards. */
struct sums {
	double buy, sell, volume, value, trades, closes, high, low;
};

static const size_t HORIZONS[] = {1, 5, 10, 30, 60};
#define HORIZONS_N 5

/* part / whole, or "none" when whole is 0. */
static double ratio(double part, double whole, double none)
{
	return whole > 0 ? part / whole : none;
}

static double change(double now, double before)
{
	return ratio(now, before, 1) - 1;
}

/* Adds the candles i = from .. to-1, counted back from the newest. */
static void sums_extend(struct sums *s, const struct columns *w, size_t from, size_t to)
{
	struct sums t = *s;

	for (size_t i = from; i < to; i++) {
		size_t at = LAST - i;
		double typical = (w->h[at] + w->l[at] + w->c[at]) / 3.0;

		t.buy += w->b[at];
		t.sell += w->v[at] - w->b[at];
		t.volume += w->v[at];
		t.value += typical * w->v[at];
		t.trades += w->n[at];
		t.closes += w->c[at];
		t.high = w->h[at] > t.high ? w->h[at] : t.high;
		t.low = w->l[at] < t.low ? w->l[at] : t.low;
	}
	*s = t;
}

static void flow_features(const struct sums *s, size_t horizon, float *out)
{
	double flow = s->buy - s->sell;

	out[F_BUY_1 + horizon] = (float)s->buy;
	out[F_SELL_1 + horizon] = (float)s->sell;
	out[F_FLOW_1 + horizon] = (float)flow;
	out[F_PRESSURE_1 + horizon] = (float)ratio(flow, s->buy + s->sell, 0);
	out[F_TRADES_1 + horizon] = (float)s->trades;
}

static void mean_features(const struct sums *s, size_t n, double close, float *ma, float *to_ma)
{
	double mean = s->closes / (double)n;

	*ma = (float)mean;
	*to_ma = (float)change(close, mean);
}

static void level_features(const struct sums *s, double close, float *range, float *vwap)
{
	*range = (float)ratio(close - s->low, s->high - s->low, 0.5);
	*vwap = (float)change(close, ratio(s->value, s->volume, 0));
}

static void sum_features(const struct columns *w, float *out)
{
	double close = w->c[LAST];
	struct sums s = { .high = w->h[LAST], .low = w->l[LAST] };

	sums_extend(&s, w, 0, 1);
	flow_features(&s, 0, out);
	sums_extend(&s, w, 1, 5);
	flow_features(&s, 1, out);
	mean_features(&s, 5, close, &out[F_MA_5], &out[F_CLOSE_TO_MA_5]);
	sums_extend(&s, w, 5, 10);
	flow_features(&s, 2, out);
	mean_features(&s, 10, close, &out[F_MA_10], &out[F_CLOSE_TO_MA_10]);
	level_features(&s, close, &out[F_RANGE_10], &out[F_VWAP_10]);
	sums_extend(&s, w, 10, 20);
	mean_features(&s, 20, close, &out[F_MA_20], &out[F_CLOSE_TO_MA_20]);
	sums_extend(&s, w, 20, 30);
	flow_features(&s, 3, out);
	mean_features(&s, 30, close, &out[F_MA_30], &out[F_CLOSE_TO_MA_30]);
	level_features(&s, close, &out[F_RANGE_30], &out[F_VWAP_30]);
	sums_extend(&s, w, 30, 60);
	flow_features(&s, 4, out);
	level_features(&s, close, &out[F_RANGE_60], &out[F_VWAP_60]);
}

/* The oldest candle has no close before it, so its step begins at its open. */
static void return_features(const struct columns *w, float *out)
{
	double close = w->c[LAST];
	double r[CANDLE_WINDOW];

	r[0] = change(w->c[0], w->o[0]);
	for (size_t at = 1; at < CANDLE_WINDOW; at++)
		r[at] = change(w->c[at], w->c[at - 1]);
	for (size_t i = 0; i < HORIZONS_N; i++) {
		double before = HORIZONS[i] == CANDLE_WINDOW ? w->o[0] : w->c[LAST - HORIZONS[i]];

		out[F_RETURN_1 + i] = (float)change(close, before);
	}
	out[F_VOLATILITY_10] = (float)indicator_stddev(r, CANDLE_WINDOW, 10);
	out[F_VOLATILITY_30] = (float)indicator_stddev(r, CANDLE_WINDOW, 30);
	out[F_VOLATILITY_60] = (float)indicator_stddev(r, CANDLE_WINDOW, 60);
}

static void features_1_compute(const struct window *window, float *out)
{
	size_t at = window->begin + window->n - CANDLE_WINDOW;
	struct columns w = {
		window->open + at, window->high + at, window->low + at, window->close + at,
		window->volume + at, window->buy_volume + at, window->trades + at,
	};

	ASSERT(window->n >= CANDLE_WINDOW);
	out[F_CLOSE] = (float)w.c[LAST];
	out[F_HIGH] = (float)w.h[LAST];
	out[F_LOW] = (float)w.l[LAST];
	out[F_VOLUME] = (float)w.v[LAST];
	sum_features(&w, out);
	return_features(&w, out);
	out[F_RSI_14] = (float)indicator_rsi(w.c, CANDLE_WINDOW, 14);
	out[F_MOMENTUM_10] = (float)indicator_momentum(w.c, CANDLE_WINDOW, 10);
}

static const struct feature_list LISTS[] = {
	{"features-1", FEATURES_1, F_COUNT, features_1_compute},
};

const char *const FEATURES_DEFAULT = "features-1";

const struct feature_list *features_find(const char *name)
{
	for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++)
		if (strcmp(name, LISTS[i].name) == 0)
			return &LISTS[i];
	return NULL;
}
