/*
 * Silences of a recording: which ones are the market's own and which a hole, trades that
 * come twice, names with blanks, and the first moment.
 */
#include "common/buf.h"
#include "tests/unit/scratch.h"
#include "worker/feed/feed.h"
#include "worker/feed/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define T0 INT64_C(1723161600000000)
#define S INT64_C(1000000)
#define HOUR (3600 * S)

/* ---- recordings of trades ---- */

static void put_trade(gzFile f, const char *symbol, int64_t id, int64_t at_us)
{
	gzprintf(f, "%lld000 {\"e\":\"trade\",\"E\":1,\"s\":\"%s\",\"t\":%lld,\"p\":\"100\","
		 "\"q\":\"1\",\"T\":%lld,\"m\":true,\"M\":true}\n", (long long)at_us + 40000, symbol,
		 (long long)id, (long long)at_us / 1000);
}

/* n trades a second apart; returns the time behind the last. */
static int64_t put_row(gzFile f, int64_t id, int64_t n, int64_t from_us)
{
	for (int64_t i = 0; i < n; i++)
		put_trade(f, "BTCUSDT", id + i, from_us + i * S);
	return from_us + n * S;
}

static gzFile tape(const char *path)
{
	gzFile f = gzopen(path, "wb1");

	assert_non_null(f);
	return f;
}

/* ---- what is heard ---- */

struct heard {
	size_t trades, gaps;
	int64_t first_id, last_id, now_us;
};

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct heard *h = ctx;

	(void)market;
	if (h->trades++ == 0)
		h->first_id = t->id;
	h->last_id = t->id;
	h->now_us = now_us;
}

static void on_gap(void *ctx, int market, int64_t now_us)
{
	(void)market;
	(void)now_us;
	((struct heard *)ctx)->gaps++;
}

static struct feed *open_feed(const char *files, double speed, struct heard *h)
{
	struct replay_args a = { .files = files, .speed = speed };
	struct feed_sink sink = { .ctx = h, .trade = on_trade, .gap = on_gap };
	struct feed *f = NULL;
	struct err e = { 0 };

	*h = (struct heard){ 0 };
	if (replay_open(&a, &sink, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

static struct feed_stats play(const char *files, struct heard *h)
{
	struct feed *f = open_feed(files, 0, h);
	struct feed_stats stats;
	struct err e = { 0 };
	int64_t next_us = 0;

	while (f->ops->poll(f, 0, 100, &next_us, &e) == 0 && next_us != INT64_MAX)
		;
	stats = f->stats;
	f->ops->free(f);
	return stats;
}

/* ---- tests ---- */

/* The same silence, with the ids going on or not. */
static void ids_tell_a_silence_from_a_hole(void **state)
{
	static const struct {
		int64_t silence_us, next_id;
		size_t gaps;
	} cases[] = {
		{ 61 * S, 101, 0 },	{ 61 * S, 110, 1 },	{ 20 * HOUR, 101, 0 },
		{ 20 * HOUR, 5000, 1 }, { 25 * HOUR, 101, 1 },	{ 400 * HOUR, 101, 1 },
		{ 59 * S, 101, 0 },	{ 59 * S, 110, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = scratch_path("tape.gz");
		gzFile f = tape(path);
		struct heard h;
		struct feed_stats stats;

		put_row(f, cases[i].next_id, 50,
			put_row(f, 1, 100, T0) + cases[i].silence_us);
		assert_int_equal(gzclose(f), Z_OK);
		stats = play(path, &h);
		assert_int_equal(h.trades, 150);
		assert_int_equal(h.gaps, cases[i].gaps);
		assert_int_equal(stats.gaps, cases[i].gaps);
		assert_int_equal(stats.decode_errors, 0);
	}
}

/* A paced replay waits for the market's silence, and not for the recorder's. */
static void pace_of_silences(void **state)
{
	const int64_t wall = INT64_C(1900000000000000);

	(void)state;
	for (int64_t jump = 0; jump < 2; jump++) {
		const char *path = scratch_path("tape.gz");
		gzFile g = tape(path);
		int64_t next_us = wall;
		struct err e = { 0 };
		struct feed *f;
		struct heard h;

		put_row(g, 101 + jump, 3, put_row(g, 1, 100, T0) + HOUR);
		assert_int_equal(gzclose(g), Z_OK);
		f = open_feed(path, 1, &h);
		while (next_us != INT64_MAX)
			if (f->ops->poll(f, next_us, 100, &next_us, &e))
				fail_msg("%s", e.msg);
		assert_int_equal(h.trades, 103);
		assert_int_equal(h.gaps, jump);
		assert_int_equal(h.now_us - wall > HOUR, !jump);
		f->ops->free(f);
	}
}

/* Two files of the same hours, received at other times: each trade counts once. */
static void overlapping_files(void **state)
{
	struct buf files = { 0 };
	gzFile f = tape(scratch_path("one.gz"));
	struct feed_stats stats;
	struct heard h;

	(void)state;
	put_row(f, 1, 200, T0);
	assert_int_equal(gzclose(f), Z_OK);
	f = tape(scratch_path("two.gz"));
	for (int64_t i = 150; i < 300; i++) { /* received three seconds later than in one.gz */
		gzprintf(f, "%lld000 ", (long long)(T0 + (i + 2) * S));
		gzprintf(f, "{\"e\":\"trade\",\"E\":1,\"s\":\"BTCUSDT\",\"t\":%lld,\"p\":\"100\","
			 "\"q\":\"1\",\"T\":%lld,\"m\":true,\"M\":true}\n", (long long)i,
			 (long long)(T0 + (i - 1) * S) / 1000);
	}
	assert_int_equal(gzclose(f), Z_OK);
	names_add(&files, scratch_path("two.gz"));
	names_add(&files, scratch_path("one.gz"));
	stats = play(buf_text(&files), &h);
	assert_int_equal(h.trades, 299);
	assert_int_equal(h.gaps, 0);
	assert_in_range(stats.repeated, 1, 5);
	assert_int_equal(stats.repeated + stats.passed, 51);
	buf_free(&files);
}

/* One wrong time at a file's begin or end must not put the files in another order. */
static void wrong_times_at_the_ends(void **state)
{
	const int64_t wrong[] = { -300 * HOUR, 300 * HOUR };
	struct buf files = { 0 };

	(void)state;
	names_add(&files, scratch_path("one.gz"));
	names_add(&files, scratch_path("two.gz"));
	for (int k = 0; k < 8; k++) {
		struct feed_stats stats;
		struct heard h;

		for (int n = 0; n < 2; n++) {
			gzFile f = tape(scratch_path(n ? "two.gz" : "one.gz"));
			int64_t at = T0 + n * 100 * S, id = n * 100 + 1;

			if (k == n)
				put_trade(f, "BTCUSDT", 0, at + wrong[k / 4]);
			put_row(f, id, 100, at);
			if (k % 4 == n + 2)
				put_trade(f, "BTCUSDT", 0, at + wrong[k / 4]);
			if (k >= 4 && k - 4 == n)
				put_trade(f, "BTCUSDT", 0, at + wrong[1]);
			assert_int_equal(gzclose(f), Z_OK);
		}
		stats = play(buf_text(&files), &h);
		assert_int_equal(h.trades, 200);
		assert_int_equal(stats.decode_errors, 1);
		assert_int_equal(stats.passed, 0);
		assert_int_equal(h.last_id, 200);
	}
	buf_free(&files);
}

static void names_with_blanks(void **state)
{
	struct buf files = { 0 };
	struct heard h;
	gzFile f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		f = tape(scratch_path(i ? "my second tape.gz" : "my tape.gz"));
		put_row(f, 1 + i * 10, 10, T0 + i * 10 * S);
		assert_int_equal(gzclose(f), Z_OK);
		names_add(&files, scratch_path(i ? "my second tape.gz" : "my tape.gz"));
	}
	play(buf_text(&files), &h);
	assert_int_equal(h.trades, 20);
	play(scratch_path("my tape.gz"), &h);	/* without quotes: it is the name of a file */
	assert_int_equal(h.trades, 10);
	buf_free(&files);
}

static void the_first_moment_is_known_before(void **state)
{
	const char *path = scratch_path("tape.gz");
	gzFile g = tape(path);
	struct err e = { 0 };
	int64_t next_us;
	struct feed *f;
	struct heard h;

	(void)state;
	put_row(g, 7, 5, T0);
	assert_int_equal(gzclose(g), Z_OK);
	f = open_feed(path, 0, &h);
	assert_int_equal(f->ops->first_us(f), T0 + 40000);
	assert_int_equal(h.trades, 0);
	assert_int_equal(f->ops->poll(f, 0, 1, &next_us, &e), 0);
	assert_int_equal(h.first_id, 7);
	assert_int_equal(f->ops->first_us(f), T0 + S + 40000);
	f->ops->free(f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_tell_a_silence_from_a_hole), TEST(pace_of_silences),
		TEST(overlapping_files), TEST(wrong_times_at_the_ends), TEST(names_with_blanks),
		TEST(the_first_moment_is_known_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
