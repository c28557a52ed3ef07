/* The local book: the documented procedure, chance against a plain model, recordings. */
#include "worker/feed/book.h"
#include "worker/feed/prng.h"
#include "worker/feed/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define E8 INT64_C(100000000)

static struct frame frame;

static int book_setup(void **state)
{
	frame_init(&frame);
	*state = book_new();
	return 0;
}

static int book_teardown(void **state)
{
	book_free(*state);
	frame_free(&frame);
	return 0;
}

static const struct frame *parse(const char *text)
{
	struct err e = { 0 };

	if (frame_decode(text, strlen(text), &frame, &e))
		fail_msg("%s: %s", text, e.msg);
	return &frame;
}

/* previous < 0: spot. */
static enum book_result depth(struct book *b, int first, int last, int previous, const char *bids,
			      const char *asks)
{
	char text[512], pu[32] = "";

	if (previous >= 0)
		snprintf(pu, sizeof(pu), ",\"pu\":%d", previous);
	snprintf(text, sizeof(text),
		 "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"AB\",\"U\":%d,\"u\":%d%s,"
		 "\"b\":[%s],\"a\":[%s]}", first, last, pu, bids, asks);
	return book_depth(b, parse(text));
}

static enum book_result snapshot(struct book *b, int id, const char *bids, const char *asks)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"lastUpdateId\":%d,\"bids\":[%s],\"asks\":[%s]}", id, bids,
		 asks);
	return book_snapshot(b, parse(text));
}

static void best_is(const struct book *b, int64_t id, const char *bid, const char *ask)
{
	char text[MONEY_TEXT_MAX];
	struct book_top top;

	assert_true(book_best(b, &top));
	assert_true(top.update_id == id);
	assert_string_equal(price_text(top.bid, text), bid);
	assert_string_equal(price_text(top.ask, text), ask);
}

#define BIDS "[\"10\",\"1\"],[\"9\",\"2\"],[\"8\",\"3\"]"
#define ASKS "[\"11\",\"1\"],[\"12\",\"2\"]"

static void spot_start(void **state)
{
	struct book *b = *state;
	struct book_top top;

	assert_false(book_valid(b) || book_best(b, &top));
	assert_int_equal(depth(b, 91, 95, -1, "[\"9.5\",\"7\"]", ""), BOOK_BUFFERED); /* old */
	assert_int_equal(depth(b, 96, 103, -1, "[\"10\",\"5\"]", ""), BOOK_BUFFERED);
	assert_int_equal(depth(b, 104, 106, -1, "[\"10.5\",\"4\"]", "[\"11\",\"0\"]"),
			 BOOK_BUFFERED);
	assert_int_equal(snapshot(b, 100, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, 106, "10.5", "12");
	assert_true(qty_cmp(book_qty(b, true, price_of_units(10 * E8)), qty_of_units(5 * E8)) == 0);
	assert_int_equal(qty_sign(book_qty(b, true, price_of_units(95 * E8 / 10))), 0);
	assert_int_equal(depth(b, 107, 107, -1, "[\"10.5\",\"0\"]", "[\"7\",\"0\"]"), BOOK_APPLIED);
	best_is(b, 107, "10", "12");
	assert_int_equal(depth(b, 100, 107, -1, "[\"1\",\"1\"]", ""), BOOK_OLD);
}

static void spot_first_event(void **state)
{
	struct book *b = *state;

	depth(b, 102, 105, -1, "[\"10.5\",\"4\"]", "");
	assert_int_equal(snapshot(b, 100, BIDS, ASKS), BOOK_TOO_OLD);
	assert_false(book_valid(b));
	assert_int_equal(snapshot(b, 101, BIDS, ASKS), BOOK_APPLIED); /* U == lastUpdateId + 1 */
	best_is(b, 105, "10.5", "11");
}

static void spot_gap(void **state)
{
	struct book *b = *state;

	assert_int_equal(snapshot(b, 100, BIDS, ASKS), BOOK_APPLIED);
	assert_int_equal(depth(b, 101, 103, -1, "", ""), BOOK_APPLIED);
	assert_int_equal(depth(b, 105, 106, -1, "[\"9.7\",\"1\"]", ""), BOOK_GAP);
	assert_false(book_valid(b));
	assert_int_equal(depth(b, 107, 108, -1, "[\"9.8\",\"1\"]", ""), BOOK_BUFFERED);
	assert_int_equal(snapshot(b, 103, BIDS, ASKS), BOOK_TOO_OLD);
	assert_int_equal(snapshot(b, 104, "[\"5\",\"1\"]", ASKS), BOOK_APPLIED);
	best_is(b, 108, "9.8", "11");
	assert_int_equal(qty_sign(book_qty(b, true, price_of_units(10 * E8))), 0);
}

static void futures(void **state)
{
	struct book *b = *state;

	depth(b, 90, 99, 80, "[\"9.9\",\"1\"]", ""); /* u < lastUpdateId: dropped */
	depth(b, 95, 100, 99, "[\"10.2\",\"1\"]", ""); /* U <= lastUpdateId <= u */
	assert_int_equal(snapshot(b, 100, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, 100, "10.2", "11");
	assert_int_equal(depth(b, 120, 130, 100, "[\"10.3\",\"1\"]", ""), BOOK_APPLIED);
	assert_int_equal(depth(b, 131, 140, 129, "", ""), BOOK_GAP);
	assert_false(book_valid(b));
	assert_int_equal(snapshot(b, 130, BIDS, ASKS), BOOK_TOO_OLD); /* U 131 > 130 */
	assert_int_equal(snapshot(b, 135, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, 140, "10", "11");
}

/* Nothing buffered: the first event comes after the snapshot and is tested all the same. */
static void futures_first_event_later(void **state)
{
	struct book *b = *state;

	assert_int_equal(snapshot(b, 100, BIDS, ASKS), BOOK_APPLIED);
	assert_true(book_valid(b));
	assert_int_equal(depth(b, 80, 99, 70, "[\"10.9\",\"1\"]", ""), BOOK_OLD);
	assert_int_equal(depth(b, 101, 105, 99, "", ""), BOOK_GAP);
	assert_int_equal(snapshot(b, 102, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, 105, "10", "11");
}

static void crossed(void **state)
{
	struct book *b = *state;

	snapshot(b, 100, BIDS, ASKS);
	assert_int_equal(depth(b, 101, 101, -1, "[\"11\",\"1\"]", ""), BOOK_CROSSED);
	assert_false(book_valid(b));
	assert_int_equal(snapshot(b, 100, "[\"5\",\"1\"]", "[\"4\",\"1\"]"), BOOK_CROSSED);
	assert_int_equal(snapshot(b, 101, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, 101, "10", "11");
}

static void newer_snapshot(void **state)
{
	struct book *b = *state;

	snapshot(b, 100, BIDS, ASKS);
	depth(b, 101, 110, -1, "[\"10.1\",\"1\"]", "");
	assert_int_equal(snapshot(b, 105, BIDS, ASKS), BOOK_OLD);
	best_is(b, 110, "10.1", "11");
	assert_int_equal(snapshot(b, 120, "[\"3\",\"1\"]", ASKS), BOOK_APPLIED);
	best_is(b, 120, "3", "11");
	assert_int_equal(depth(b, 111, 125, -1, "[\"4\",\"1\"]", ""), BOOK_APPLIED);
	best_is(b, 125, "4", "11");
}

static void one_sided_and_edge(void **state)
{
	struct book *b = *state;
	struct book_top top;
	struct level l;

	assert_int_equal(snapshot(b, 1, "", "[\"2\",\"1\"]"), BOOK_APPLIED);
	assert_true(book_best(b, &top));
	assert_int_equal(qty_sign(top.bid_qty), 0);
	assert_false(book_covers_top(b));
	book_reset(b);
	snapshot(b, 100, BIDS, ASKS);
	assert_true(book_covers_top(b));
	assert_true(book_level(b, true, 2, &l) && price_cmp(l.price, price_of_units(8 * E8)) == 0);
	assert_false(book_level(b, true, 3, &l));
	depth(b, 101, 101, -1, "[\"10\",\"0\"],[\"9\",\"0\"],[\"8\",\"0\"],[\"7\",\"1\"]", "");
	assert_false(book_covers_top(b));
	best_is(b, 101, "7", "11");
}

/* A bounded buffer keeps the newest events, a bounded side the best levels. */
static void bounds(void **state)
{
	struct book *b = *state;
	char text[64];
	struct level l;

	for (int i = 1; i <= BOOK_PENDING_MAX + 10; i++)
		assert_int_equal(depth(b, i, i, -1, "", ""), BOOK_BUFFERED);
	assert_int_equal(snapshot(b, 5, BIDS, ASKS), BOOK_TOO_OLD);
	assert_int_equal(snapshot(b, 10, BIDS, ASKS), BOOK_APPLIED);
	best_is(b, BOOK_PENDING_MAX + 10, "10", "11");
	for (int i = 1; i <= BOOK_LEVELS_MAX; i++) {
		snprintf(text, sizeof(text), "[\"%d.%04d\",\"1\"]", 9, i);
		depth(b, 1, BOOK_PENDING_MAX + 10 + i, -1, text, "");
	}
	assert_true(book_level(b, true, BOOK_LEVELS_MAX - 1, &l));
	assert_false(book_level(b, true, BOOK_LEVELS_MAX, &l));
	assert_int_equal(qty_sign(book_qty(b, true, price_of_units(8 * E8))), 0);
	best_is(b, 2 * 0 + BOOK_PENDING_MAX + 10 + BOOK_LEVELS_MAX, "10", "11");
}

/* ---- against a plain model: quantity by price, found by looking at all ---- */

#define PRICES 200

static void model_agrees(const struct book *b, const int64_t *qty, bool bids)
{
	int64_t best = 0;
	struct level l;
	size_t n = 0;

	for (int64_t p = 1; p < PRICES; p++) {
		assert_true(qty_units(book_qty(b, bids, price_of_units(p))) == qty[p]);
		if (qty[p] && (!best || bids))
			best = p;
		n += qty[p] != 0;
	}
	assert_true(book_level(b, bids, 0, &l) == (best != 0));
	if (best)
		assert_true(price_units(l.price) == best && qty_units(l.qty) == qty[best]);
	assert_false(book_level(b, bids, n, &l));
}

static void prng_against_model(void **state)
{
	static int64_t bid[PRICES], ask[PRICES];
	struct book *b = *state;
	struct prng c;

	prng_init(&c, 11);
	assert_int_equal(snapshot(b, 1, "", ""), BOOK_APPLIED);
	for (int id = 2; id < 5000; id++) {
		char text[2][256] = { "", "" };

		for (int64_t k = prng_below(&c, 4); k >= 0; k--) {
			bool bids = prng_hit(&c, 0.5);
			int64_t p = 1 + prng_below(&c, PRICES / 2 - 1) + (bids ? 0 : PRICES / 2);
			int64_t q = prng_hit(&c, 0.4) ? 0 : 1 + prng_below(&c, 9);
			char *to = text[bids];

			snprintf(to + strlen(to), 64, "%s[\"0.%08lld\",\"0.%08lld\"]",
				 *to ? "," : "", (long long)p, (long long)q);
			(bids ? bid : ask)[p] = q;
		}
		assert_int_equal(depth(b, id, id, -1, text[1], text[0]), BOOK_APPLIED);
		model_agrees(b, bid, true);
		model_agrees(b, ask, false);
	}
}

/* ---- recordings: the top after each depth event is what bookTicker said at that id ---- */

struct tops { struct book_top *v; size_t n; };

static void note(struct tops *t, const struct book_top *top)
{
	if ((t->n & (t->n - 1)) == 0)
		t->v = xrealloc(t->v, (t->n ? t->n * 2 : 1) * sizeof(*t->v));
	t->v[t->n++] = *top;
}

static void read_tops(const char *path, struct book *b, struct tops *local, struct tops *ticker)
{
	struct recording *r;
	struct recording_line line;
	struct err e = { 0 };
	struct book_top top;

	if (recording_open(path, &r, &e))
		fail_msg("%s", e.msg);
	while (recording_next(r, &line, &e) == 0) {
		if (frame_decode(line.json, line.len, &frame, &e))
			fail_msg("%s line %lld: %s", path, (long long)line.number, e.msg);
		if (frame.kind == FRAME_SNAPSHOT)
			assert_int_equal(book_snapshot(b, &frame), BOOK_APPLIED);
		if (frame.kind == FRAME_TOP)
			note(ticker, &frame.top);
		if (frame.kind != FRAME_DEPTH)
			continue;
		assert_int_not_equal(book_depth(b, &frame), BOOK_GAP);
		if (book_best(b, &top))
			note(local, &top);
	}
	recording_close(r);
}

static bool same_top(const struct book_top *a, const struct book_top *b)
{
	return price_cmp(a->bid, b->bid) == 0 && price_cmp(a->ask, b->ask) == 0 &&
	       qty_cmp(a->bid_qty, b->bid_qty) == 0 && qty_cmp(a->ask_qty, b->ask_qty) == 0;
}

static void recorded(const char *name, struct book *b)
{
	const char *shared = getenv("SHARED_DATA");
	struct tops local = { 0 }, ticker = { 0 };
	size_t compared = 0, same = 0, at = 0;
	char path[512];

	snprintf(path, sizeof(path), "%s/recordings/%s", shared ? shared : "../shared/data", name);
	if (access(path, R_OK) != 0)
		skip();
	read_tops(path, b, &local, &ticker);
	for (size_t i = 0; i < local.n; i++) {
		while (at + 1 < ticker.n && ticker.v[at + 1].update_id <= local.v[i].update_id)
			at++;
		if (ticker.v[at].update_id > local.v[i].update_id || at + 1 == ticker.n)
			continue;
		compared++;
		same += same_top(&ticker.v[at], &local.v[i]);
	}
	print_message("%s: %zu of %zu tops agree with bookTicker\n", name, same, compared);
	assert_true(compared > 2000);
	assert_true(same == compared);
	free(local.v);
	free(ticker.v);
}

static void recorded_spot_btc(void **state) { recorded("spot/btcusdt_20240808.gz", *state); }
static void recorded_spot_eth(void **state) { recorded("spot/ethusdt_20240808.gz", *state); }
static void recorded_usdm_btc(void **state) { recorded("usdm/btcusdt_20240808.gz", *state); }
static void recorded_usdm_eth(void **state) { recorded("usdm/ethusdt_20240808.gz", *state); }

#define BOOK_TEST(f) cmocka_unit_test_setup_teardown(f, book_setup, book_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(spot_start), BOOK_TEST(spot_first_event), BOOK_TEST(spot_gap),
		BOOK_TEST(futures), BOOK_TEST(futures_first_event_later), BOOK_TEST(crossed),
		BOOK_TEST(newer_snapshot), BOOK_TEST(one_sided_and_edge), BOOK_TEST(bounds),
		BOOK_TEST(prng_against_model), BOOK_TEST(recorded_spot_btc),
		BOOK_TEST(recorded_spot_eth), BOOK_TEST(recorded_usdm_btc),
		BOOK_TEST(recorded_usdm_eth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
