/* Which trades and times of a feed are believed, and what is told when some are missing. */
#include "worker/feed/normaliser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 INT64_C(1723161600000000)
#define S INT64_C(1000000)
#define MS INT64_C(1000)

struct ear {			/* an normaliser and what its sink heard */
	struct normaliser *in;
	struct feed_stats stats;
	size_t trades, whole, gaps, times;
	int64_t last_id, time_us, gap_us;
	struct err err;
};

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct ear *h = ctx;

	(void)market;
	(void)now_us;
	h->trades++;
	h->whole += t->whole;
	h->last_id = t->id;
}

static void on_gap(void *ctx, int market, int64_t now_us)
{
	struct ear *h = ctx;

	(void)market;
	h->gaps++;
	h->gap_us = now_us;
}

static void on_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	struct ear *h = ctx;

	(void)market;
	(void)now_us;
	h->times++;
	h->time_us = exchange_us;
}

static int setup(void **state)
{
	struct ear *h = xcalloc(1, sizeof(*h));

	h->in = normaliser_new();
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct ear *h = *state;

	normaliser_free(h->in);
	free(h);
	return 0;
}

static int take(struct ear *h, const char *text, int64_t now_us, int64_t shift_us)
{
	struct feed_sink sink = { .ctx = h, .trade = on_trade, .gap = on_gap, .time = on_time };
	struct normaliser_frame f = {
		.bytes = text, .len = strlen(text), .snapshot_symbol = "BTCUSDT",
		.now_us = now_us, .shift_us = shift_us,
	};

	return normaliser_take(h->in, &f, &sink, &h->stats, &h->err);
}

static const char *trade_text(const char *symbol, int64_t id, int64_t time_us, const char *more)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "{\"e\":\"trade\",\"E\":1,\"s\":\"%s\",\"t\":%lld,\"p\":\"100\",\"q\":\"1\","
		 "\"T\":%lld,\"m\":true%s}",
		 symbol, (long long)id, (long long)time_us / 1000, more);
	return text;
}

/* Stamped stamp_us, received now_us. */
static int trade(struct ear *h, int64_t id, int64_t stamp_us, int64_t now_us)
{
	return take(h, trade_text("BTCUSDT", id, stamp_us, ""), now_us, 0);
}

static int depth(struct ear *h, int64_t id, int64_t stamp_us, int64_t now_us)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "{\"e\":\"depthUpdate\",\"E\":%lld,\"s\":\"BTCUSDT\",\"U\":%lld,\"u\":%lld,"
		 "\"b\":[[\"100\",\"1\"]],\"a\":[[\"101\",\"1\"]]}",
		 (long long)stamp_us / 1000, (long long)id, (long long)id);
	return take(h, text, now_us, 0);
}

static void row(struct ear *h, int64_t id, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(trade(h, id + i, T0 + (id + i) * MS, T0 + (id + i) * MS), 0);
}

static void a_stamp_of_the_future_is_refused(void **state)
{
	struct ear *h = *state;
	const int64_t ahead[] = { STAMP_AHEAD_US + MS, 60 * S, 59 * 60 * S, 86400 * S };

	row(h, 1, 700);
	assert_int_equal(h->whole, 200); /* before the first others may have been on their way */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(trade(h, 99999, T0 + 700 * MS + ahead[i], T0 + 700 * MS),
				 ERR_INVALID);
	assert_int_equal(h->trades, 700);
	assert_int_equal(h->stats.decode_errors, 4);
	assert_non_null(strstr(h->stats.last_error, "BTCUSDT trade 99999 is stamped 86400.0 s"));
	row(h, 701, 1);
	assert_int_equal(h->whole, 201); /* the id of those is no hole */
	assert_int_equal(h->gaps, 0);
	assert_int_equal(trade(h, 702, T0 + STAMP_AHEAD_US, T0), 0); /* a few seconds are usual */
}

/* Times are moved in a replay, receive times as well: that changes nothing. */
static void stamps_of_a_replay(void **state)
{
	struct ear *h = *state;
	const int64_t shift = 700 * 86400 * S;

	assert_int_equal(take(h, trade_text("BTCUSDT", 1, T0, ""), T0 + shift, shift), 0);
	assert_int_equal(take(h, trade_text("BTCUSDT", 2, T0 + 60 * S, ""), T0 + shift, shift),
			 ERR_INVALID);
}

static void a_depth_of_the_future_is_no_time(void **state)
{
	struct ear *h = *state;

	assert_int_equal(depth(h, 1, T0, T0), 0);
	assert_int_equal(depth(h, 2, T0 + 3600 * S, T0 + MS), ERR_INVALID);
	assert_int_equal(h->times, 1);
	assert_int_equal(h->time_us, T0);
	assert_int_equal(h->stats.depths, 2);
	assert_non_null(strstr(h->stats.last_error, "depth to 2 is stamped 3600.0 s"));
}

/* A machine that wakes up an hour behind must not be blind: then our clock is wrong. */
static void all_stamps_of_the_future_are_ours(void **state)
{
	struct ear *h = *state;
	const int64_t behind = 3600 * S;
	size_t refused = 0;

	row(h, 1, 100);
	for (int64_t i = 101; i < 200; i++)
		refused += trade(h, i, T0 + i * MS + behind, T0 + i * MS) != 0;
	assert_in_range(refused, 1, 20);
	assert_int_equal(trade(h, 999, T0 + 200 * MS + 2 * behind, T0 + 200 * MS), ERR_INVALID);
	for (int64_t i = 200; i < 300; i++)	/* and it is set right again */
		assert_int_equal(trade(h, i, T0 + i * MS + behind, T0 + i * MS + behind), 0);
	assert_int_equal(trade(h, 300, T0 + 2 * behind, T0 + behind + S), ERR_INVALID);
}

/* Only frames in a row that agree with each other are a clock that is wrong. */
static void stamps_that_agree_on_nothing(void **state)
{
	struct ear *h = *state;
	int64_t at = T0;

	row(h, 1, 100);
	for (int64_t i = 1; i <= 60; i++, at += MS)	/* garbage, each another */
		assert_int_equal(trade(h, 1000 + i, at + i * 60 * S, at), ERR_INVALID);
	for (int64_t i = 0; i < 200; i++, at += MS)	/* agree, but not in a row */
		assert_int_equal(trade(h, i % 15 ? 2000 + i : 101 + i / 15,
				       i % 15 ? at + 3600 * S : at, at),
				 i % 15 ? ERR_INVALID : 0);
	assert_int_equal(h->trades, 114);
}

/* After our clock was an hour behind and set right, frames that come late are no new lead. */
static void late_frames_are_no_lead(void **state)
{
	struct ear *h = *state;
	int64_t at = T0 + 10 * S;

	for (int64_t i = 1; i < 100; i++, at += MS)
		(void)trade(h, i, at + 3600 * S, at);
	for (int64_t i = 100; i < 200; i++, at += MS)	/* right, 4 s on their way */
		assert_int_equal(trade(h, i, at - 4 * S, at), 0);
	assert_int_equal(trade(h, 200, at + STAMP_AHEAD_US, at), 0);
	assert_int_equal(trade(h, 201, at + STAMP_AHEAD_US + MS, at), ERR_INVALID);
}

static void a_trade_counts_once(void **state)
{
	struct ear *h = *state;

	row(h, 1, 10);
	row(h, 5, 6);
	assert_int_equal(h->trades, 10);
	assert_int_equal(h->stats.repeated, 6);
	/* over a reconnect as well */
	normaliser_gap(h->in, NULL, T0 + S, &(struct feed_sink){ .ctx = h, .gap = on_gap });
	row(h, 5, 7);
	assert_int_equal(h->trades, 11);
	assert_int_equal(h->last_id, 11);
	assert_int_equal(h->stats.repeated, 12);
	/* of another market it is another trade */
	assert_int_equal(take(h, trade_text("ETHUSDT", 11, T0 + 11 * MS, ""), T0 + S, 0), 0);
	assert_int_equal(h->trades, 12);
	/* a recording that begins again */
	normaliser_begin_again(h->in);
	row(h, 5, 7);
	assert_int_equal(h->trades, 19);
}

static void missing_trades_are_a_gap(void **state)
{
	struct ear *h = *state;

	row(h, 1, 100);
	row(h, 105, 200);
	assert_int_equal(h->gaps, 0); /* they may still come */
	row(h, 305, 700);
	assert_int_equal(h->gaps, 1);
	assert_int_equal(h->gap_us, T0 + 605 * MS);
	assert_int_equal(h->stats.gaps, 1);
	assert_non_null(strstr(h->stats.last_error, "BTCUSDT: 4 trades are missing"));
	assert_int_equal(h->trades, 1000);
	/* also when only the depth stream tells that the time is over */
	row(h, 1100, 1);
	(void)depth(h, 1, T0 + 1100 * MS + 499 * MS, T0 + 2 * S);
	assert_int_equal(h->gaps, 1);
	(void)depth(h, 2, T0 + 1100 * MS + 500 * MS, T0 + 2 * S);
	assert_int_equal(h->gaps, 2);
}

/* What numbers otherwise shows no hole, until the depth stream tells that something was lost. */
static void a_depth_break_doubts_the_next_id(void **state)
{
	struct ear *h = *state;
	int64_t id = 1;

	assert_int_equal(take(h, "{\"lastUpdateId\":1,\"bids\":[[\"100\",\"1\"]],"
			      "\"asks\":[[\"101\",\"1\"]]}", T0, 0), 0);
	for (; id < 400; id += 2)
		assert_int_equal(trade(h, id, T0 + id * MS, T0 + id * MS), 0);
	assert_int_equal(depth(h, 2, T0 + id * MS, T0 + id * MS), 0);
	assert_int_equal(trade(h, id, T0 + id * MS, T0 + id * MS), 0);
	assert_int_equal(depth(h, 3, T0 + 2 * S, T0 + 2 * S), 0);
	assert_int_equal(h->gaps, 0);
	assert_int_equal(depth(h, 5, T0 + 3 * S, T0 + 3 * S), 0);
	assert_int_equal(h->stats.book_gaps, 1);
	assert_int_equal(h->gaps, 0);	/* of the book alone, as far as is known */
	assert_int_equal(trade(h, id + 7, T0 + 4 * S, T0 + 4 * S), 0);
	assert_int_equal(h->gaps, 1);	/* of the trades as well */
	for (id += 9; id < 800; id += 2)	/* that is over */
		assert_int_equal(trade(h, id, T0 + 4 * S + id * MS, T0 + 4 * S + id * MS), 0);
	assert_int_equal(h->gaps, 1);
}

/* USD-M numbers trades of the insurance fund as well; they are not missing. */
static void skipped_trades_have_numbers(void **state)
{
	struct ear *h = *state;

	for (int64_t i = 1; i < 300; i++)
		assert_int_equal(take(h, trade_text("BTCUSDT", i, T0 + i * 10 * MS, i % 10 ?
						    ",\"X\":\"MARKET\"" :
						    ",\"X\":\"INSURANCE_FUND\""),
				      T0 + i * 10 * MS, 0), 0);
	assert_int_equal(h->trades, 270);
	assert_int_equal(h->whole, 225);
	assert_int_equal(h->gaps, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* ---- names become handles ---- */

#define NAMED 40

struct names {			/* wants every second market */
	size_t asked;
	int newest;
	size_t heard;
};

static int name_market(void *ctx, const char *symbol)
{
	int n = (int)strtol(symbol + 1, NULL, 10);

	((struct names *)ctx)->asked++;
	return n % 2 ? -1 : n;
}

static void name_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct names *n = ctx;

	(void)now_us;
	assert_int_equal(market, t->id % NAMED);
	n->newest = market;
	n->heard++;
}

/* However often and in whatever order, a market is asked for once, and only wanted ones come. */
static void named_once(void **state)
{
	struct ear *h = *state;
	struct names names = { 0 };
	struct feed_sink sink = { .ctx = &names, .market = name_market, .trade = name_trade };
	struct normaliser_frame f = { 0 };
	char symbol[SYMBOL_MAX];

	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < NAMED; k++) {
			int n = round % 2 ? NAMED - 1 - k : k;

			snprintf(symbol, sizeof(symbol), "C%dUSDT", n);
			f.bytes = trade_text(symbol, (round + 1) * NAMED + n, T0, "");
			f.len = strlen(f.bytes);
			f.now_us = T0 + S;
			assert_int_equal(normaliser_take(h->in, &f, &sink, &h->stats, &h->err), 0);
		}
	}
	assert_int_equal(names.asked, NAMED);
	assert_int_equal(names.heard, 3 * NAMED / 2);
	assert_int_equal(normaliser_market(h->in, "C12USDT", &sink), 12);
	assert_int_equal(names.asked, NAMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stamp_of_the_future_is_refused),
		TEST(stamps_of_a_replay),
		TEST(a_depth_of_the_future_is_no_time),
		TEST(all_stamps_of_the_future_are_ours),
		TEST(stamps_that_agree_on_nothing),
		TEST(late_frames_are_no_lead),
		TEST(a_trade_counts_once),
		TEST(missing_trades_are_a_gap),
		TEST(a_depth_break_doubts_the_next_id),
		TEST(skipped_trades_have_numbers),
		TEST(named_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
