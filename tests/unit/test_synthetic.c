/* The made-up market: reproducible, consistent with itself, and like the recordings. */
#include "tests/unit/market_figures.h"
#include "worker/feed/book.h"
#include "worker/feed/prng.h"
#include "worker/feed/symbol.h"
#include "worker/feed/synthetic_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define START_US INT64_C(1754000000000000)
#define S INT64_C(1000000)

/* ---- helpers ---- */

struct heard {
	const char *only;	/* digest of this symbol; NULL: of all */
	uint64_t digest;
	int64_t first_us, now_us;
	size_t n, gaps, valid;
};

static void hear(struct heard *h, const char *symbol, int64_t now_us, int64_t a, int64_t b)
{
	assert_true(now_us >= h->now_us);
	h->now_us = now_us;
	if (!h->first_us)
		h->first_us = now_us;
	if (h->only && strcmp(symbol, h->only) != 0)
		return;
	h->n++;
	h->digest = prng_mix(h->digest ^ (uint64_t)a, (uint64_t)b ^ (uint64_t)now_us);
}

static void on_trade(void *ctx, const char *symbol, const struct trade *t, int64_t now_us)
{
	hear(ctx, symbol, now_us, t->id ^ qty_units(t->qty),
	     price_units(t->price) * 2 + t->buyer_is_maker);
}

static void on_book(void *ctx, const char *symbol, const struct book_top *b, int64_t now_us)
{
	hear(ctx, symbol, now_us, price_units(b->bid) ^ qty_units(b->ask_qty), price_units(b->ask));
}

static void on_time(void *ctx, const char *symbol, int64_t exchange_us, int64_t now_us)
{
	hear(ctx, symbol, now_us, exchange_us, 0);
}

static void on_gap(void *ctx, const char *symbol, int64_t now_us)
{
	((struct heard *)ctx)->gaps++;
	hear(ctx, symbol, now_us, 1, 1);
}

static void on_valid(void *ctx, const char *symbol, bool valid, int64_t now_us)
{
	((struct heard *)ctx)->valid += valid;
	hear(ctx, symbol, now_us, 2, valid);
}

static struct feed_sink sink_of(struct heard *h)
{
	return (struct feed_sink){ .ctx = h, .trade = on_trade, .book = on_book, .time = on_time,
				   .gap = on_gap, .book_valid = on_valid };
}

static struct feed *open_market(const char *symbols, bool futures, uint64_t seed, int64_t history_s,
				const struct feed_sink *sink)
{
	char names[32][SYMBOL_MAX];
	struct synthetic_args a = {
		.symbols = (const char (*)[SYMBOL_MAX])names, .futures = futures, .seed = seed,
		.start_us = START_US, .history_s = history_s,
	};
	struct feed *f = NULL;
	struct err e = { 0 };

	for (const char *p = symbols; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		snprintf(names[a.symbols_n++], SYMBOL_MAX, "%.*s", (int)len, p);
		p += len;
	}
	if (synthetic_open(&a, sink, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

/* Hand on all that is due; returns when to ask again. */
static int64_t poll_all(struct feed *f, int64_t now_us, size_t max)
{
	struct err e = { 0 };
	int64_t next_us;

	do {
		if (f->ops->poll(f, now_us, max, &next_us, &e))
			fail_msg("%s", e.msg);
	} while (next_us <= now_us);
	return next_us;
}

static struct heard hear_seconds(const char *symbols, bool futures, uint64_t seed, int64_t seconds,
				 int64_t step_us, size_t max)
{
	struct heard h = { 0 };
	struct feed_sink sink = sink_of(&h);
	struct feed *f = open_market(symbols, futures, seed, 0, &sink);

	for (int64_t t = START_US; t < START_US + seconds * S;) {
		t = t + step_us < START_US + seconds * S ? t + step_us : START_US + seconds * S;
		poll_all(f, t, max);
		assert_true(h.now_us <= t);
	}
	assert_int_equal(f->stats.decode_errors + f->stats.book_gaps + f->stats.book_crossed, 0);
	f->ops->free(f);
	return h;
}

/* ---- reproducible ---- */

static void polling_changes_nothing(void **state)
{
	struct heard once = hear_seconds("BTCUSDT ETHUSDT", false, 1, 20, 20 * S, 100000);
	struct heard often = hear_seconds("BTCUSDT ETHUSDT", false, 1, 20, 7001, 100000);
	struct heard single = hear_seconds("BTCUSDT ETHUSDT", false, 1, 20, S, 1);
	struct heard other = hear_seconds("BTCUSDT ETHUSDT", false, 2, 20, S, 1000);

	(void)state;
	assert_true(once.n > 1000 && once.n == often.n && once.n == single.n);
	assert_true(once.digest == often.digest && once.digest == single.digest);
	assert_true(once.digest != other.digest);
	assert_true(once.valid == 2 && once.gaps == 0);
}

static uint64_t text_digest(const char *symbol, bool futures, int64_t seconds)
{
	struct synthetic_market *m = synthetic_market_new(symbol, futures, 1, START_US);
	struct buf text = { 0 };
	uint64_t h = 0;

	while (synthetic_market_peek(m)->time_us < START_US + seconds * S) {
		synthetic_frame_write(m, &text);
		h = prng_mix(h, symbol_hash(buf_text(&text)));
		synthetic_market_take(m);
	}
	buf_free(&text);
	synthetic_market_free(m);
	return h;
}

/*
 * The very bytes, whatever compiler and machine: a change of the model changes
 * these numbers, and nothing else may. When it does, take the figures of
 * docs/MARKET.md again.
 */
static void same_bytes_everywhere(void **state)
{
	(void)state;
	assert_int_equal(text_digest("BTCUSDT", false, 60), UINT64_C(0x5e6b4daa4f4cd89b));
	assert_int_equal(text_digest("BTCUSDT", true, 60), UINT64_C(0xdd80d3fa265e5677));
	assert_int_equal(text_digest("ABCUSDT", false, 60), UINT64_C(0x261d94f8cb2fe1d3));
}

static void history_at_once(void **state)
{
	struct heard h = { 0 };
	struct feed_sink sink = sink_of(&h);
	struct feed *f = open_market("BTCUSDT", false, 1, 75, &sink);
	int64_t next_us = poll_all(f, START_US, 1000);
	struct feed_position at;

	(void)state;
	assert_true(h.first_us >= START_US - 75 * S && h.first_us < START_US - 74 * S);
	assert_true(h.now_us <= START_US && h.now_us > START_US - S / 2);
	assert_true(next_us > START_US && next_us < START_US + S / 2);
	f->ops->position(f, &at);
	assert_true((uint64_t)at.frame == f->stats.frames);
	f->ops->free(f);
}

/* The slow path depends on the date alone: a market begun later is near the older one. */
static void restart_goes_on_nearby(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct synthetic_market *old = synthetic_market_new("BTCUSDT", false, seed,
								    START_US);
		struct synthetic_market *new = synthetic_market_new("BTCUSDT", false, seed,
								    START_US + 7200 * S);
		double a, b;

		while (synthetic_market_peek(old)->time_us < START_US + 7200 * S)
			synthetic_market_take(old);
		a = (double)synthetic_book_best(synthetic_market_book(old), SYNTHETIC_BID).price;
		b = (double)synthetic_book_best(synthetic_market_book(new), SYNTHETIC_BID).price;
		assert_true(fabs(a / b - 1) < 0.025);
		assert_true(fabs(b * 0.01 / 61800 - 1) < 0.25);
		synthetic_market_free(old);
		synthetic_market_free(new);
	}
}

static void adding_disturbs_nobody(void **state)
{
	struct heard alone = hear_seconds("BTCUSDT", false, 1, 20, S, 1000);
	struct heard h = { .only = "BTCUSDT" };
	struct heard eth = { .only = "ETHUSDT" };
	struct feed_sink sink = sink_of(&h), eth_sink = sink_of(&eth);
	struct feed *f = open_market("BTCUSDT", false, 1, 0, &sink);
	struct err e = { 0 };

	(void)state;
	poll_all(f, START_US + 10 * S, 1000);
	assert_int_equal(synthetic_add(f, "BTCUSDT", &e), 0);
	assert_int_equal(synthetic_add(f, "ETHUSDT", &e), 0);
	assert_int_equal(synthetic_add(f, "ETHUSDT", &e), 0);
	poll_all(f, START_US + 20 * S, 1000);
	assert_true(h.n == alone.n && h.digest == alone.digest);
	f->ops->free(f);
	f = open_market("BTCUSDT", false, 1, 0, &eth_sink);
	poll_all(f, START_US + 10 * S, 1000);
	assert_int_equal(synthetic_add(f, "ETHUSDT", &e), 0);
	poll_all(f, START_US + 20 * S, 1000);
	assert_true(eth.n > 200 && eth.valid == 2);
	assert_int_equal(synthetic_add(f, "eth/usdt", &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "\"eth/usdt\" is not a symbol"));
	f->ops->free(f);
}

/* A feed without a symbol is asked again and waits for one. */
static void no_symbol_yet(void **state)
{
	struct heard h = { 0 };
	struct feed_sink sink = sink_of(&h);
	struct feed *f = open_market("", false, 1, 0, &sink);

	(void)state;
	assert_true(poll_all(f, START_US, 10) > START_US);
	assert_int_equal(synthetic_add(f, "SOLUSDT", NULL), 0);
	poll_all(f, START_US + 5 * S, 1000);
	assert_true(h.n > 50);
	f->ops->free(f);
}

/* ---- consistent ---- */

struct check {
	struct frame frame;
	struct book *book;
	struct book_top top;
	int64_t depth_id, trade_id;
	size_t tops, depths;
};

/* The taker's side fits the book before it, and the book fits bookTicker at the same id. */
static void check_frame(struct check *c)
{
	const struct frame *f = &c->frame;
	struct book_top local;

	switch (f->kind) {
	case FRAME_TRADE:
		assert_true(!c->trade_id || f->trade.id == c->trade_id + 1);
		c->trade_id = f->trade.id;
		if (c->tops && f->trade.buyer_is_maker)
			assert_true(price_cmp(f->trade.price, c->top.bid) <= 0);
		else if (c->tops)
			assert_true(price_cmp(f->trade.price, c->top.ask) >= 0);
		break;
	case FRAME_TOP:
		assert_true(f->top.update_id > c->top.update_id || c->tops == 0 ||
			    price_cmp(f->top.bid, c->top.bid) == 0);
		assert_true(price_cmp(f->top.bid, f->top.ask) < 0);
		assert_true(qty_sign(f->top.bid_qty) > 0 && qty_sign(f->top.ask_qty) > 0);
		c->top = f->top;
		c->tops++;
		break;
	case FRAME_DEPTH:
		assert_true(!c->depth_id || f->depth.first_id == c->depth_id + 1);
		assert_true(!f->futures || !c->depth_id || f->depth.previous_id == c->depth_id);
		c->depth_id = f->depth.last_id;
		c->depths++;
		if (book_depth(c->book, f) != BOOK_APPLIED || !c->tops)
			break;
		assert_true(book_best(c->book, &local));
		assert_true(price_cmp(local.bid, c->top.bid) == 0);
		assert_true(price_cmp(local.ask, c->top.ask) == 0);
		assert_true(qty_cmp(local.bid_qty, c->top.bid_qty) == 0);
		assert_true(qty_cmp(local.ask_qty, c->top.ask_qty) == 0);
		break;
	case FRAME_SNAPSHOT:
		assert_int_equal(book_snapshot(c->book, f), BOOK_APPLIED);
		break;
	case FRAME_AGG_TRADE:
	case FRAME_SKIP:
	case FRAME_OTHER:
		fail();
	}
}

static void consistent(const char *symbol, bool futures, uint64_t seed)
{
	struct synthetic_market *m = synthetic_market_new(symbol, futures, seed, START_US);
	struct check c = { .book = book_new() };
	struct buf text = { 0 };
	struct err e = { 0 };
	const struct synthetic_event *event;
	int64_t last_us = 0;

	frame_init(&c.frame);
	while ((event = synthetic_market_peek(m))->time_us < START_US + 120 * S) {
		assert_true(event->time_us >= last_us);
		last_us = event->time_us;
		synthetic_frame_write(m, &text);
		if (frame_decode(text.data, text.len, &c.frame, &e))
			fail_msg("%s: %s", e.msg, buf_text(&text));
		assert_true(c.frame.futures == futures);
		check_frame(&c);
		synthetic_market_take(m);
	}
	assert_true(book_valid(c.book) && c.tops > 100);
	assert_in_range(c.depths, 1150, 1250);
	frame_free(&c.frame);
	book_free(c.book);
	buf_free(&text);
	synthetic_market_free(m);
}

static void book_and_trades_fit(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		consistent("BTCUSDT", false, seed);
		consistent("ETHUSDT", true, seed);
		consistent("DOGEUSDT", false, seed);
		consistent("XYZBTC", true, seed);
	}
}

/* Whatever the name: a price, filters that fit it, and a market that trades. */
static void any_symbol(void **state)
{
	char name[SYMBOL_MAX];

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct symbol_info info;
		struct heard h;

		snprintf(name, sizeof(name), "COIN%dUSDT", i * i);
		symbol_info_default(name, i % 2, &info);
		assert_true(price_cmp(info.tick, symbol_start_price(name)) < 0);
		assert_true(price_sign(info.tick) > 0 && qty_sign(info.step) > 0);
		h = hear_seconds(name, i % 2, 1, 10, S, 1000);
		assert_true(h.n > 100 && h.valid == 1);
	}
}

static void known_symbols(void **state)
{
	static const struct { const char *symbol, *base, *quote; } t[] = {
		{ "BTCUSDT", "BTC", "USDT" }, { "ETHBTC", "ETH", "BTC" },
		{ "BTCFDUSD", "BTC", "FDUSD" },
		{ "1000PEPEUSDC", "1000PEPE", "USDC" }, { "USDT", "USDT", "unknown" },
		{ "X", "X", "unknown" }, { "USDTMXN", "USDT", "MXN" },
		{ "BTCUSD1", "BTC", "USD1" }, { "SOLPLN", "SOL", "PLN" },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZUSDT", "ABCDEFGHIJK", "USDT" },
	};
	struct symbol_info info;
	char text[MONEY_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		symbol_info_default(t[i].symbol, false, &info);
		assert_string_equal(info.symbol, t[i].symbol);
		assert_string_equal(info.base, t[i].base);
		assert_string_equal(info.quote, t[i].quote);
	}
	symbol_info_default("BTCUSDT", false, &info);
	assert_false(info.futures);
	assert_string_equal(price_text(info.tick, text), "0.01");
	assert_string_equal(qty_text(info.step, text), "0.00001");
	assert_string_equal(money_text(info.min_notional, text), "5");
	symbol_info_default("BTCUSDT", true, &info);
	assert_true(info.futures);
	assert_string_equal(price_text(info.tick, text), "0.1");
	assert_string_equal(qty_text(info.step, text), "0.001");
	assert_string_equal(money_text(info.min_notional, text), "100");
}

/* ---- like the recordings ---- */

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
			figures_top(&in, symbol, &b, e->time_us);
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

/* ---- a time in which nobody was here ---- */

struct trades { uint64_t digest; size_t n, tops, valid; int64_t first_top_us; };

static void count_trade(void *ctx, const char *symbol, const struct trade *t, int64_t now_us)
{
	struct trades *h = ctx;

	(void)symbol;
	h->n++;
	h->digest = prng_mix(h->digest ^ (uint64_t)(t->id ^ qty_units(t->qty)),
			       (uint64_t)(price_units(t->price) * 2 + t->buyer_is_maker) ^
			       (uint64_t)(t->time_us * 31 + now_us));
}

static void count_top(void *ctx, const char *symbol, const struct book_top *b, int64_t now_us)
{
	struct trades *h = ctx;

	(void)symbol;
	(void)b;
	if (!h->tops++)
		h->first_top_us = now_us;
}

static void count_valid(void *ctx, const char *symbol, bool valid, int64_t now_us)
{
	(void)symbol;
	(void)now_us;
	((struct trades *)ctx)->valid += valid;
}

/* Trades of one market from 300 s before START_US to 30 s after it. */
static struct trades since(bool futures, int64_t history_s, int64_t begin_us, size_t max)
{
	struct trades h = { 0 };
	struct feed_sink sink = {
		.ctx = &h, .trade = count_trade, .book = count_top, .book_valid = count_valid,
	};
	char names[1][SYMBOL_MAX] = { "ETHUSDT" };
	struct synthetic_args a = {
		.symbols = (const char (*)[SYMBOL_MAX])names, .symbols_n = 1, .futures = futures,
		.seed = 5, .start_us = START_US, .history_s = history_s,
		.begin_us = begin_us ? &begin_us : NULL,
	};
	struct feed *f;
	struct err e;

	if (synthetic_open(&a, &sink, &f, &e))
		fail_msg("%s", e.msg);
	poll_all(f, START_US + 30 * S, max);
	assert_int_equal(f->stats.book_gaps, 0);
	assert_int_equal(f->stats.gaps, 0);
	assert_int_equal(f->stats.decode_errors, 0);
	f->ops->free(f);
	return h;
}

/* Trades alone, without their frames, are the same trades; then the book comes as at a start. */
static void long_ago_trades_alone(void **state)
{
	(void)state;
	for (int futures = 0; futures < 2; futures++) {
		struct trades whole = since(futures, 300, 0, 1000);
		struct trades fast = since(futures, 75, START_US - 300 * S, futures ? 1 : 7);

		assert_true(whole.n > 1000);
		assert_int_equal(fast.n, whole.n);
		assert_int_equal(fast.digest, whole.digest);
		assert_true(fast.tops < whole.tops / 2);
		assert_in_range(fast.first_top_us, START_US - 75 * S, START_US - 74 * S);
		assert_int_equal(fast.valid, 1);
	}
	/* a begin within the history is the history's */
	assert_int_equal(since(false, 75, START_US - 10 * S, 7).digest,
			 since(false, 75, 0, 7).digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_ago_trades_alone),
		cmocka_unit_test(polling_changes_nothing), cmocka_unit_test(same_bytes_everywhere),
		cmocka_unit_test(history_at_once), cmocka_unit_test(restart_goes_on_nearby),
		cmocka_unit_test(adding_disturbs_nobody), cmocka_unit_test(no_symbol_yet),
		cmocka_unit_test(book_and_trades_fit), cmocka_unit_test(any_symbol),
		cmocka_unit_test(known_symbols), cmocka_unit_test(like_spot),
		cmocka_unit_test(like_usdm), cmocka_unit_test(like_klines),
		cmocka_unit_test(recorded_spot), cmocka_unit_test(recorded_usdm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
