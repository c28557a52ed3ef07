/*
 * Trades per second through a session: candles, window, paper venue, one bot.
 *	bench_engine [MILLIONS]
 * Dense: 1000 trades in a second of market time; sparse: 30, as BTCUSDT has them, so
 * that candles close (and the bot decides) 33 times as often per trade.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "worker/market/features.h"
#include "tests/unit/paper_session.h"

#define RING 8192
#define START_US INT64_C(1723104000000000)

enum kind { NO_BOT, IDLE_BOT, RESTING_BOT, DECIDING_BOT };

static struct trade ring[RING];

static void ring_fill(void)
{
	uint64_t x = 88172645463325252; /* xorshift64, Marsaglia */

	for (int i = 0; i < RING; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		ring[i] = (struct trade){
			.price = price_of_units(60000 * RATE_ONE +
						(int64_t)(x % 2000) * (RATE_ONE / 100)),
			.qty = qty_of_units(1000 + (int64_t)(x >> 40) % 100000),
			.buyer_is_maker = x & 4096,
			.whole = true, /* as a feed without holes says */
		};
	}
}

static int predict(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	(void)features;
	(void)n;
	(void)e;
	*out = *(const float *)ctx;
	return 0;
}

static struct session *session_with(enum kind kind, float *probability)
{
	struct config config;
	struct session_args a = { .config = &config };
	struct symbol_info info = {
		.symbol = "BTCUSDT", .base = "BTC", .quote = "USDT",
		.tick = price_of_units(RATE_ONE / 100), .step = qty_of_units(1000),
		.min_qty = qty_of_units(1000), .min_notional = money_of_units(5 * RATE_ONE),
	};
	struct predictor p = { .model_id = 1, .features = FEATURES_DEFAULT, .ctx = probability,
			       .predict = predict };
	struct bot_restore running = { .status = kind == IDLE_BOT ? BOT_STOPPED : BOT_RUNNING };
	struct bot_config bot;
	struct session *s;
	struct err e;

	config_defaults(&config);
	bot_config_defaults(&bot);
	bot.profit_target_pct = 0.9;
	bot.stop_loss_pct = 0.3;
	bot.holding_time = 31536000;
	bot.max_positions = 1;
	bot.decision_interval_ms = 1;
	bot.ignore_risk_per_trade = true;
	bot.ignore_risk_reward = true; /* not what is measured */
	if (paper_session(&a, NULL, &s, &e))
		die("%s", e.msg);
	session_market_add(s, &info);
	if (kind == NO_BOT)
		return s;
	if (session_account(s, 1, &bot, START_US, &e) ||
	    engine_bot_add(session_engine(s), 1, &bot, &running, &e))
		die("%s", e.msg);
	engine_bot_model(session_engine(s), 1, &p, NULL);
	return s;
}

/* n trades, step_us of market time apart; returns the time behind the last. */
static int64_t drive(struct session *s, int64_t from_us, int64_t n, int64_t step_us)
{
	struct feed_sink sink = session_sink(s, false);
	int market = sink.market(sink.ctx, "BTCUSDT");
	int64_t at = from_us;

	for (int64_t i = 0; i < n; i++) {
		struct trade *t = &ring[i & (RING - 1)];

		at += step_us;
		t->time_us = at;
		sink.trade(sink.ctx, market, t, at);
	}
	return at;
}

static void book(struct session *s, int64_t at)
{
	struct feed_sink sink = session_sink(s, false);
	struct book_top b = {
		.bid = price_of_units(60010 * RATE_ONE), .ask = price_of_units(60011 * RATE_ONE),
		.bid_qty = qty_of_units(RATE_ONE), .ask_qty = qty_of_units(RATE_ONE),
	};

	sink.book(sink.ctx, sink.market(sink.ctx, "BTCUSDT"), &b, at);
}

static void measure(const char *what, enum kind kind, int64_t n, int64_t step_us)
{
	float probability = 0.1f;
	struct session *s = session_with(kind, &probability);
	int64_t at = START_US, from_us;
	double took_s;

	book(s, at);
	at = drive(s, at, 61 * (1000000 / step_us), step_us); /* a full window */
	if (kind == RESTING_BOT) { /* a position behind an OCO that is never reached */
		probability = 0.9f;
		for (int i = 0; i < 100; i++) { /* a book that is old fills nothing */
			at = drive(s, at, 100000 / step_us, step_us);
			book(s, at);
		}
		probability = 0.1f;
		ASSERT(engine_open_orders(session_engine(s), 1) == 1);
	}
	from_us = clock_mono_us();
	drive(s, at, n, step_us);
	took_s = (double)(clock_mono_us() - from_us) / 1e6;
	printf("engine: %-44s %6.1f ns/trade, %6.2f M trades/s, %lld open\n", what,
	       took_s * 1e9 / (double)n, (double)n / took_s / 1e6,
	       (long long)engine_open_orders(session_engine(s), 1));
	session_free(s);
}

int main(int argc, char **argv)
{
	int64_t n = (argc > 1 ? strtol(argv[1], NULL, 10) : 10) * 1000000;

	ring_fill();
	measure("no bot (venue only), dense", NO_BOT, n, 1000);
	measure("candles, stopped bot, dense", IDLE_BOT, n, 1000);
	measure("bot that decides each second, dense", DECIDING_BOT, n, 1000);
	measure("bot with a protected position, dense", RESTING_BOT, n, 1000);
	measure("candles, stopped bot, sparse", IDLE_BOT, n / 4, 33333);
	measure("bot that decides each second, sparse", DECIDING_BOT, n / 4, 33333);
	measure("bot with a protected position, sparse", RESTING_BOT, n / 4, 33333);
	return 0;
}
