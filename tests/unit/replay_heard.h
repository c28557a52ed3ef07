/*
 * replay_heard.h - what the tests of replays share: recordings made by the seeded
 * market, and what a sink heard of them, as text.
 */
#ifndef TESTS_UNIT_REPLAY_HEARD_H
#define TESTS_UNIT_REPLAY_HEARD_H

#include "common/buf.h"
#include "common/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/market_names.h"
#include "worker/feed/feed.h"
#include "worker/feed/synthetic_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define START_US INT64_C(1723161600000000)
#define S INT64_C(1000000)

/* ---- recordings ---- */

struct lines { char **v; size_t n; };

static inline void lines_free(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct lines){ 0 };
}

static inline void lines_add(struct lines *l, const char *text)
{
	if ((l->n & (l->n - 1)) == 0)
		l->v = xrealloc(l->v, (l->n ? 2 * l->n : 1) * sizeof(*l->v));
	l->v[l->n++] = xstrdup(text);
}

/* Frames of [from_us, to_us) of a market that begins at START_US. */
static inline struct lines record(const char *symbol, bool futures, int64_t from_us, int64_t to_us)
{
	struct synthetic_market *m = synthetic_market_new(symbol, futures, 5, START_US);
	const struct synthetic_event *e;
	struct buf text = { 0 }, line = { 0 };
	struct lines l = { 0 };

	while ((e = synthetic_market_peek(m))->time_us < to_us) {
		if (e->time_us >= from_us) {
			synthetic_frame_write(m, &text);
			buf_clear(&line);
			buf_printf(&line, "%lld123 %s", (long long)e->time_us, buf_text(&text));
			lines_add(&l, buf_text(&line));
		}
		synthetic_market_take(m);
	}
	buf_free(&text);
	buf_free(&line);
	synthetic_market_free(m);
	return l;
}

static const char *write_gz(const char *name, const struct lines *l)
{
	const char *path = scratch_path(name);
	gzFile f = gzopen(path, "wb1");

	assert_non_null(f);
	for (size_t i = 0; i < l->n; i++) {
		assert_true(gzputs(f, l->v[i]) >= 0);
		gzputc(f, '\n');
	}
	assert_int_equal(gzclose(f), Z_OK);
	return path;
}

static const char *recorded(const char *name, const char *symbol, int64_t from_s, int64_t to_s)
{
	struct lines l = record(symbol, false, START_US + from_s * S, START_US + to_s * S);
	const char *path = write_gz(name, &l);

	lines_free(&l);
	return path;
}

/* ---- what a sink heard, as text ---- */

struct heard {
	struct buf text;
	int64_t now_us, first_us;
	size_t trades, gaps, valid, invalid;
	const char *only;	/* NULL: all symbols */
	struct heard *before;	/* hears what only warms up; NULL: nobody */
	bool again;
};

static inline struct heard *hearer(void *ctx)
{
	struct heard *h = ctx;

	return h->again ? h->before : h;
}

static inline void hear(struct heard *h, const char *symbol, int64_t now_us, const char *what,
			int64_t id)
{
	assert_true(now_us >= h->now_us);
	h->now_us = now_us;
	if (!h->first_us)
		h->first_us = now_us;
	if (!h->only || strcmp(h->only, symbol) == 0)
		buf_printf(&h->text, "%lld %s %s %lld\n", (long long)now_us, symbol, what,
			   (long long)id);
}

static inline void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct heard *h = hearer(ctx);

	h->trades++;
	hear(h, market_name(market), now_us, "trade", t->id * 1000 + price_units(t->price) % 1000);
	hear(h, market_name(market), now_us, "at", t->time_us);
}

static inline void on_book(void *ctx, int market, const struct book_top *b, int64_t now_us)
{
	hear(hearer(ctx), market_name(market), now_us, "top", b->update_id);
}

static inline void on_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	hear(hearer(ctx), market_name(market), now_us, "time", exchange_us);
}

static inline void on_gap(void *ctx, int market, int64_t now_us)
{
	hearer(ctx)->gaps++;
	hear(hearer(ctx), market_name(market), now_us, "gap", 0);
}

static inline void on_valid(void *ctx, int market, bool valid, int64_t now_us)
{
	struct heard *h = hearer(ctx);

	*(valid ? &h->valid : &h->invalid) += 1;
	hear(h, market_name(market), now_us, "valid", valid);
}

static inline void on_warm(void *ctx, bool on)
{
	((struct heard *)ctx)->again = on;
}

static inline struct feed_sink sink_of(struct heard *h)
{
	return (struct feed_sink){ .ctx = h, .market = market_named, .trade = on_trade,
				   .book = on_book, .time = on_time,
				   .gap = on_gap, .book_valid = on_valid,
				   .warm = h->before ? on_warm : NULL };
}

static inline struct feed *open_replay(const struct replay_args *a, struct heard *h)
{
	struct feed_sink sink = sink_of(h);
	struct feed *f = NULL;
	struct err e = { 0 };

	if (replay_open(a, &sink, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

/* At most "lines" lines, at full speed, "each" at a time. True at the end. */
static inline bool play(struct feed *f, size_t lines, size_t each)
{
	struct err e = { 0 };
	int64_t next_us;

	while (lines > 0) {
		size_t n = each < lines ? each : lines;
		int rc = f->ops->poll(f, START_US, n, &next_us, &e);

		if (rc == ERR_END)
			return true;
		if (rc)
			fail_msg("%s", e.msg);
		lines -= n;
	}
	return false;
}

/* The whole recording; stats may be NULL. */
static inline struct heard play_all(const char *files, size_t each, struct feed_stats *stats)
{
	struct heard h = { 0 };
	struct replay_args a = { .files = files };
	struct feed *f = open_replay(&a, &h);

	assert_true(play(f, SIZE_MAX, each));
	if (stats)
		*stats = f->stats;
	f->ops->free(f);
	return h;
}

static inline void heard_free(struct heard *h) { buf_free(&h->text); }

static inline void same_text(const struct heard *a, const struct heard *b)
{
	assert_string_equal(buf_text(&a->text), buf_text(&b->text));
}

#define REPLAY_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
