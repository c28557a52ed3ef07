/*
 * The made-up market is like the recordings: its figures stay in bands around theirs
 * (docs/MARKET.md has both).
 */
#include "tests/unit/market_figures.h"
#include "tests/unit/synthetic_open.h"
#include "worker/feed/synthetic_market.h"

#include <unistd.h>

/* The mean over seeds of runs as long as the recordings are. */
static struct figures measure(const char *symbol, bool futures, int64_t seconds, int seeds)
{
	struct figures mean = { 0 }, one = { 0 };
	double *sum = (double *)&mean, *add = (double *)&one;

	for (int i = 0; i < seeds; i++) {
		struct figures_input in = { 0 };
		struct feed_sink sink = figures_sink(&in);
		struct symbol_info info;
		struct feed *f = open_market(symbol, futures, (uint64_t)i + 1, 0, &sink);

		symbol_info_default(symbol, futures, &info);
		snprintf(in.symbol, sizeof(in.symbol), "%s", symbol);
		in.tick = price_double(info.tick);
		poll_all(f, START_US + seconds * S, 100000);
		f->ops->free(f);
		figures_compute(&in, &one);
		figures_free(&in);
		for (size_t j = 0; j < sizeof(mean) / sizeof(double); j++)
			sum[j] += add[j] / seeds;
	}
	return mean;
}

struct band { const char *name; size_t offset; double recorded, low, high; };
#define BAND(field, recorded, low, high) \
	{ #field, offsetof(struct figures, field), recorded, low, high }

static void in_bands(const char *name, const struct figures *f, const struct band *b, size_t n)
{
	figures_print(name, f);
	for (size_t i = 0; i < n; i++) {
		double v = ((const double *)f)[b[i].offset / sizeof(double)];

		if (v < b[i].low || v > b[i].high)
			fail_msg("%s: %s is %g, recorded %g, wanted %g to %g", name, b[i].name, v,
				 b[i].recorded, b[i].low, b[i].high);
	}
}

static const struct band spot_bands[] = {
	BAND(trades_s, 30.6, 20, 45), BAND(tops_s, 112.5, 80, 150),
	BAND(depths_s, 10, 9.5, 10.5),
	BAND(fano_1s, 120, 40, 180), BAND(fano_10s, 156, 80, 300),
	BAND(same_ms, 0.64, 0.55, 0.75),
	BAND(value_p50, 41, 20, 90), BAND(value_p90, 3550, 2000, 5000),
	BAND(value_p99, 19994, 12000, 30000), BAND(value_mean, 1357, 900, 2000),
	BAND(top_p50, 65083, 40000, 100000), BAND(top_p90, 254859, 150000, 400000),
	BAND(one_tick, 0.893, 0.85, 0.95), BAND(spread_mean, 19.1, 9, 25),
	BAND(spread_p99, 363, 200, 500), BAND(sd_bps, 1.25, 0.9, 1.8),
	BAND(kurtosis, 20.6, 8, 60),
	BAND(acf_abs1, 0.13, 0.04, 0.25), BAND(var_ratio_10, 1.06, 0.85, 1.35),
	BAND(var_ratio_30, 1.04, 0.75, 1.5), BAND(sign_acf1, 0.79, 0.7, 0.9),
	BAND(sign_acf10, 0.57, 0.35, 0.65), BAND(sign_acf50, 0.24, 0.1, 0.4),
	BAND(buy_share, 0.46, 0.4, 0.6), BAND(imbalance_1s, 0.29, 0.12, 0.35),
	BAND(imbalance_10s, 0.17, 0.1, 0.35), BAND(flow_same_10s, 0.53, 0.25, 0.65),
	BAND(flow_10_10s, -0.04, 0.02, 0.25),	/* wanted: something to find, weakly */
};
#define SPOT_N (sizeof(spot_bands) / sizeof(spot_bands[0]))

static const struct band usdm_bands[] = {
	BAND(trades_s, 61.9, 40, 90), BAND(tops_s, 191.9, 130, 260),
	BAND(fano_1s, 332, 50, 400),
	BAND(same_ms, 0.75, 0.65, 0.85), BAND(value_p90, 16377, 6000, 25000),
	BAND(value_mean, 7031, 3500, 10000), BAND(top_p50, 165092, 100000, 250000),
	BAND(one_tick, 0.942, 0.9, 0.97), BAND(spread_mean, 2.04, 1.4, 3),
	BAND(sd_bps, 1.4, 0.9, 2.0), BAND(sign_acf1, 0.79, 0.7, 0.92),
	BAND(imbalance_1s, 0.18, 0.12, 0.35), BAND(flow_same_10s, 0.55, 0.25, 0.65),
};
#define USDM_N (sizeof(usdm_bands) / sizeof(usdm_bands[0]))

static void like_spot(void **state)
{
	struct figures f = measure("BTCUSDT", false, 600, 8);

	(void)state;
	in_bands("synthetic spot BTCUSDT", &f, spot_bands, SPOT_N);
}

static void like_usdm(void **state)
{
	struct figures f = measure("BTCUSDT", true, 345, 8);

	(void)state;
	in_bands("synthetic USD-M BTCUSDT", &f, usdm_bands, USDM_N);
}

/* Hours, without the way through text and decoder: only the best prices count here. */
static struct figures measure_hours(const char *symbol, int hours, uint64_t seed)
{
	struct synthetic_market *m = synthetic_market_new(symbol, false, seed, START_US);
	const struct symbol_info *info = synthetic_market_info(m);
	struct figures_input in = { .tick = price_double(info->tick) };
	const struct synthetic_event *e;
	struct figures f = { 0 };

	snprintf(in.symbol, sizeof(in.symbol), "%s", symbol);
	while ((e = synthetic_market_peek(m))->time_us < START_US + hours * 3600 * S) {
		struct book_top b = {
			.bid = price_of_units(e->bid.price * price_units(info->tick)),
			.ask = price_of_units(e->ask.price * price_units(info->tick)),
			.bid_qty = info->step, .ask_qty = info->step,
		};

		if (e->kind == SYNTHETIC_TOP)
			figures_top(&in, market_named(NULL, symbol), &b, e->time_us);
		synthetic_market_take(m);
	}
	figures_compute(&in, &f);
	figures_free(&in);
	synthetic_market_free(m);
	return f;
}

/* One-minute candles' figures (recorded: klines 2021 and 2025, BTC and ETH). */
static void like_klines(void **state)
{
	static const struct band bands[] = {
		BAND(minute_sd_bps, 10, 5, 20), BAND(minute_kurtosis, 30, 5, 60),
		BAND(minute_abs1, 0.29, 0.15, 0.5), BAND(minute_abs5, 0.2, 0.08, 0.35),
		BAND(minute_ratio_5, 0.98, 0.7, 1.2), BAND(minute_ratio_60, 0.98, 0.3, 1.4),
	};
	struct figures f = measure_hours("ABCUSDT", 16, 1);

	(void)state;
	in_bands("synthetic ABCUSDT, hours", &f, bands, sizeof(bands) / sizeof(bands[0]));
}

/* The recorded figures above are what the recordings say. */
static void recorded(const char *names, bool futures, const struct band *b, size_t n)
{
	const char *shared = getenv("SHARED_DATA");
	struct figures_input in = { .symbol = "BTCUSDT", .tick = futures ? 0.1 : 0.01 };
	struct feed_sink sink = figures_sink(&in);
	struct replay_args a = { 0 };
	char files[1024], first[512];
	struct figures f = { 0 };
	struct feed *feed;
	struct err e = { 0 };
	int64_t next_us;

	if (!shared)
		shared = "../shared/data";
	snprintf(first, sizeof(first), "%s/recordings/%s_20240808.gz", shared, names);
	if (access(first, R_OK) != 0)
		skip();
	if (futures)
		snprintf(files, sizeof(files), "%s", first);
	else
		snprintf(files, sizeof(files), "%s %s/recordings/%s_20240809.gz", first, shared,
			 names);
	a.files = files;
	if (replay_open(&a, &sink, &feed, &e))
		fail_msg("%s", e.msg);
	while (feed->ops->poll(feed, 0, 1000, &next_us, &e) == 0)
		;
	feed->ops->free(feed);
	figures_compute(&in, &f);
	figures_free(&in);
	figures_print(files, &f);
	for (size_t i = 0; i < n; i++) {
		double v = ((const double *)&f)[b[i].offset / sizeof(double)];

		if (fabs(v - b[i].recorded) > 0.02 * fabs(b[i].recorded) + 0.006)
			fail_msg("%s is %g, not %g", b[i].name, v, b[i].recorded);
	}
}

static void recorded_spot(void **state)
{
	(void)state;
	recorded("spot/btcusdt", false, spot_bands, SPOT_N);
}

static void recorded_usdm(void **state)
{
	(void)state;
	recorded("usdm/btcusdt", true, usdm_bands, USDM_N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_spot), cmocka_unit_test(like_usdm),
		cmocka_unit_test(like_klines), cmocka_unit_test(recorded_spot),
		cmocka_unit_test(recorded_usdm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
