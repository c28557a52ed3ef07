/* The made-up market: reproducible, and consistent with itself. */
#include "tests/unit/market_names.h"
#include "tests/unit/synthetic_open.h"
#include "worker/feed/book.h"
#include "worker/feed/frame.h"
#include "worker/feed/prng.h"
#include "worker/feed/synthetic_frame.h"

#include <math.h>

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

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	hear(ctx, market_name(market), now_us, t->id ^ qty_units(t->qty),
	     price_units(t->price) * 2 + t->buyer_is_maker);
}

static void on_book(void *ctx, int market, const struct book_top *b, int64_t now_us)
{
	hear(ctx, market_name(market), now_us, price_units(b->bid) ^ qty_units(b->ask_qty),
	     price_units(b->ask));
}

static void on_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	hear(ctx, market_name(market), now_us, exchange_us, 0);
}

static void on_gap(void *ctx, int market, int64_t now_us)
{
	((struct heard *)ctx)->gaps++;
	hear(ctx, market_name(market), now_us, 1, 1);
}

static void on_valid(void *ctx, int market, bool valid, int64_t now_us)
{
	((struct heard *)ctx)->valid += valid;
	hear(ctx, market_name(market), now_us, 2, valid);
}

static struct feed_sink sink_of(struct heard *h)
{
	return (struct feed_sink){ .ctx = h, .market = market_named, .trade = on_trade,
				   .book = on_book, .time = on_time,
				   .gap = on_gap, .book_valid = on_valid };
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

/* ---- a time in which nobody was here ---- */

struct trades { uint64_t digest; size_t n, tops, valid; int64_t first_top_us; };

static void count_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct trades *h = ctx;

	(void)market;
	h->n++;
	h->digest = prng_mix(h->digest ^ (uint64_t)(t->id ^ qty_units(t->qty)),
			       (uint64_t)(price_units(t->price) * 2 + t->buyer_is_maker) ^
			       (uint64_t)(t->time_us * 31 + now_us));
}

static void count_top(void *ctx, int market, const struct book_top *b, int64_t now_us)
{
	struct trades *h = ctx;

	(void)market;
	(void)b;
	if (!h->tops++)
		h->first_top_us = now_us;
}

static void count_valid(void *ctx, int market, bool valid, int64_t now_us)
{
	(void)market;
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
		cmocka_unit_test(polling_changes_nothing),
		cmocka_unit_test(same_bytes_everywhere), cmocka_unit_test(history_at_once),
		cmocka_unit_test(restart_goes_on_nearby),
		cmocka_unit_test(adding_disturbs_nobody), cmocka_unit_test(no_symbol_yet),
		cmocka_unit_test(book_and_trades_fit), cmocka_unit_test(any_symbol),
		cmocka_unit_test(known_symbols), cmocka_unit_test(long_ago_trades_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
