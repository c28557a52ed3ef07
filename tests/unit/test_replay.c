/* Replays of recordings made here (by the seeded market), damaged ones, and the shared ones. */
#include "common/buf.h"
#include "common/file.h"
#include "tests/unit/scratch.h"
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

static void lines_free(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct lines){ 0 };
}

static void lines_add(struct lines *l, const char *text)
{
	if ((l->n & (l->n - 1)) == 0)
		l->v = xrealloc(l->v, (l->n ? 2 * l->n : 1) * sizeof(*l->v));
	l->v[l->n++] = xstrdup(text);
}

/* Frames of [from_us, to_us) of a market that begins at START_US. */
static struct lines record(const char *symbol, bool futures, int64_t from_us, int64_t to_us)
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
};

static void hear(struct heard *h, const char *symbol, int64_t now_us, const char *what, int64_t id)
{
	assert_true(now_us >= h->now_us);
	h->now_us = now_us;
	if (!h->first_us)
		h->first_us = now_us;
	if (!h->only || strcmp(h->only, symbol) == 0)
		buf_printf(&h->text, "%lld %s %s %lld\n", (long long)now_us, symbol, what,
			   (long long)id);
}

static void on_trade(void *ctx, const char *symbol, const struct trade *t, int64_t now_us)
{
	struct heard *h = ctx;

	h->trades++;
	hear(h, symbol, now_us, "trade", t->id * 1000 + price_units(t->price) % 1000);
	hear(h, symbol, now_us, "at", t->time_us);
}

static void on_book(void *ctx, const char *symbol, const struct book_top *b, int64_t now_us)
{
	hear(ctx, symbol, now_us, "top", b->update_id);
}

static void on_time(void *ctx, const char *symbol, int64_t exchange_us, int64_t now_us)
{
	hear(ctx, symbol, now_us, "time", exchange_us);
}

static void on_gap(void *ctx, const char *symbol, int64_t now_us)
{
	((struct heard *)ctx)->gaps++;
	hear(ctx, symbol, now_us, "gap", 0);
}

static void on_valid(void *ctx, const char *symbol, bool valid, int64_t now_us)
{
	struct heard *h = ctx;

	*(valid ? &h->valid : &h->invalid) += 1;
	hear(h, symbol, now_us, "valid", valid);
}

static struct feed_sink sink_of(struct heard *h)
{
	return (struct feed_sink){ .ctx = h, .trade = on_trade, .book = on_book, .time = on_time,
				   .gap = on_gap, .book_valid = on_valid };
}

static struct feed *open_replay(const struct replay_args *a, struct heard *h)
{
	struct feed_sink sink = sink_of(h);
	struct feed *f = NULL;
	struct err e = { 0 };

	if (replay_open(a, &sink, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

/* At most "lines" lines, at full speed, "each" at a time. True at the end. */
static bool play(struct feed *f, size_t lines, size_t each)
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
static struct heard play_all(const char *files, size_t each, struct feed_stats *stats)
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

static void heard_free(struct heard *h) { buf_free(&h->text); }

static void same_text(const struct heard *a, const struct heard *b)
{
	assert_string_equal(buf_text(&a->text), buf_text(&b->text));
}

/* ---- tests ---- */

static void all_frames(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 20);
	struct feed_stats stats;
	struct heard one = play_all(path, 1000, &stats), other = play_all(path, 1, NULL);

	(void)state;
	assert_true(one.trades > 50 && one.trades == stats.trades);
	assert_int_equal(stats.decode_errors + stats.book_gaps + stats.book_crossed, 0);
	assert_int_equal(stats.snapshots, 1);
	assert_true(one.valid == 1 && one.invalid == 0 && one.gaps == 0);
	assert_true(one.first_us >= START_US && one.first_us < START_US + S);
	assert_int_equal(stats.clock_drift_us / 1000, SYNTHETIC_LATENCY_US / 1000);
	same_text(&one, &other);
	heard_free(&one);
	heard_free(&other);
}

static void files_in_a_row(void **state)
{
	const char *whole = recorded("whole.gz", "BTCUSDT", 0, 12);
	const char *first = recorded("first.gz", "BTCUSDT", 0, 5);
	const char *second = recorded("second.gz", "BTCUSDT", 5, 12);
	const char *overlap = recorded("overlap.gz", "BTCUSDT", 3, 12);
	struct heard one = play_all(whole, 100, NULL), two, three;
	struct feed_stats stats;
	char files[512];

	(void)state;
	snprintf(files, sizeof(files), " %s  %s ", second, first);
	two = play_all(files, 100, &stats);
	same_text(&one, &two);
	assert_int_equal(stats.book_gaps, 0);
	snprintf(files, sizeof(files), "%s %s", first, overlap);
	three = play_all(files, 100, NULL);
	same_text(&one, &three);
	heard_free(&one);
	heard_free(&two);
	heard_free(&three);
}

static void symbols_are_merged(void **state)
{
	const char *const symbols[] = { "BTCUSDT", "ETHUSDT" };
	struct symbol_info info[4];
	char files[512];
	size_t n;

	(void)state;
	snprintf(files, sizeof(files), "%s %s", recorded("eth.gz", "ETHUSDT", 2, 9),
		 recorded("btc.gz", "BTCUSDT", 0, 8));
	assert_int_equal(replay_symbols(files, info, 4, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(info[0].symbol, "BTCUSDT");
	assert_string_equal(info[1].base, "ETH");
	assert_false(info[1].futures);
	for (size_t i = 0; i < 2; i++) {
		struct heard alone = play_all(scratch_path(i ? "eth.gz" : "btc.gz"), 100, NULL);
		struct heard merged = { .only = symbols[i] };
		struct replay_args a = { .files = files };
		struct feed *f = open_replay(&a, &merged);

		assert_true(play(f, SIZE_MAX, 100));
		f->ops->free(f);
		same_text(&alone, &merged);
		heard_free(&alone);
		heard_free(&merged);
	}
}

static void futures_symbols(void **state)
{
	struct lines l = record("BTCUSDT", true, START_US, START_US + 3 * S);
	struct symbol_info info[2];
	struct heard h;
	struct feed_stats stats;
	char files[512];
	size_t n;
	struct err e = { 0 };

	(void)state;
	write_gz("um.gz", &l);
	lines_free(&l);
	assert_int_equal(replay_symbols(scratch_path("um.gz"), info, 1, &n, NULL), 0);
	assert_true(n == 1 && info[0].futures);
	h = play_all(scratch_path("um.gz"), 100, &stats);
	assert_true(h.valid == 1 && stats.book_gaps == 0);
	heard_free(&h);
	snprintf(files, sizeof(files), "%s %s", scratch_path("um.gz"),
		 recorded("spot.gz", "BTCUSDT", 1, 2));
	assert_int_equal(replay_symbols(files, info, 2, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_true(info[0].futures != info[1].futures);
}

/* Polls until a file can't be opened; how many polls later it still can't. */
static void play_until_missing(struct feed *f)
{
	struct err e = { 0 };
	int64_t next_us;
	int rc = 0;

	while (rc == 0)
		rc = f->ops->poll(f, START_US, 7, &next_us, &e);
	assert_int_equal(rc, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "eth"));
}

/*
 * One of two recordings is missing where it has to be opened (a round's end, the file after
 * the first): nothing plays on without it, and with it everything goes on as if nothing had
 * been.
 */
static void missing_file_is_waited_for(const char *files, const char *missing, bool loop)
{
	struct heard whole = { 0 }, broken = { 0 };
	struct replay_args a = { .files = files, .loop = loop };
	struct feed *one = open_replay(&a, &whole), *two = open_replay(&a, &broken);
	struct feed_position before, after;
	char away[300];
	size_t heard;
	int64_t next_us;

	snprintf(away, sizeof(away), "%s.away", missing);
	assert_int_equal(rename(missing, away), 0);
	play_until_missing(two);
	two->ops->position(two, &before);
	heard = broken.text.len;
	for (int i = 0; i < 50; i++)
		assert_int_equal(two->ops->poll(two, START_US, 7, &next_us, NULL), ERR_NOT_FOUND);
	two->ops->position(two, &after);
	assert_memory_equal(&before, &after, sizeof(after));
	assert_int_equal(broken.text.len, heard);
	assert_int_equal(rename(away, missing), 0);
	for (int i = 0; i < 3000; i++)
		if (two->ops->poll(two, START_US, 7, &next_us, NULL))
			break;
	two->ops->position(two, &after);
	do {
		one->ops->position(one, &before);
	} while ((before.loop < after.loop ||
		  (before.loop == after.loop && before.frame < after.frame)) &&
		 !play(one, 1, 1));
	same_text(&whole, &broken);
	one->ops->free(one);
	two->ops->free(two);
	heard_free(&whole);
	heard_free(&broken);
}

static void missing_files(void **state)
{
	char files[700], eth[256];

	(void)state;
	snprintf(eth, sizeof(eth), "%s", recorded("eth2.gz", "ETHUSDT", 3, 6));
	snprintf(files, sizeof(files), "%s %s", recorded("btc1.gz", "BTCUSDT", 0, 6), eth);
	missing_file_is_waited_for(files, eth, true);
	snprintf(files, sizeof(files), "%s %s %s", recorded("btc1.gz", "BTCUSDT", 0, 6), eth,
		 recorded("ethfirst.gz", "ETHUSDT", 0, 3));
	missing_file_is_waited_for(files, eth, false);
}

static void position_counts_lines(const char *path, size_t lines)
{
	struct heard h = { 0 };
	struct replay_args a = { .files = path };
	struct feed *f = open_replay(&a, &h);
	struct feed_position at;

	for (size_t i = 1; i <= lines; i++) {
		play(f, 1, 1);
		f->ops->position(f, &at);
		assert_int_equal(at.frame, i);
	}
	f->ops->free(f);
	heard_free(&h);
}

static void broken_lines(void **state)
{
	static const char *const bad[] = {
		"garbage", "", " ", "123", "99999999999999999999999 {}", "5 {\"e\":1}",
		"1723161600000000000 {\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\"}}",
		"1723161600000000000 {\"stream\":", "1723161600000000000\t{}",
		"-1723161602000000000 {}",
		"1723968002000000000 {}",	/* days ahead */
	};
	const size_t bad_n = sizeof(bad) / sizeof(bad[0]);
	struct lines l = record("BTCUSDT", false, START_US, START_US + 6 * S), mixed = { 0 };
	struct feed_stats stats;
	struct heard clean, h;
	const char *path;

	(void)state;
	path = write_gz("clean.gz", &l);
	clean = play_all(path, 100, NULL);
	for (size_t i = 0; i < l.n; i++) {
		if (i % 20 == 10)
			lines_add(&mixed, bad[i / 20 % bad_n]);
		lines_add(&mixed, l.v[i]);
	}
	lines_add(&mixed, "the last one");
	assert_true(l.n > 20 * bad_n);
	h = play_all(write_gz("mixed.gz", &mixed), 100, &stats);
	same_text(&clean, &h);
	assert_int_equal(stats.decode_errors, mixed.n - l.n);
	assert_int_equal(stats.frames, mixed.n);
	assert_non_null(strstr(stats.last_error, "mixed.gz line "));
	assert_non_null(strstr(stats.last_error, "not a receive time in ns"));
	heard_free(&clean);
	heard_free(&h);
	position_counts_lines(scratch_path("mixed.gz"), mixed.n);
	lines_free(&l);
	lines_free(&mixed);
}

static void cut_file(void **state)
{
	const char *path = recorded("whole.gz", "BTCUSDT", 0, 20);
	struct heard whole = play_all(path, 100, NULL), h;
	struct buf bytes = { 0 };
	struct feed_stats stats;

	(void)state;
	assert_int_equal(file_read(path, 1 << 24, &bytes, NULL), 0);
	assert_int_equal(file_write(scratch_path("cut.gz"), bytes.data, bytes.len / 2, 0600, NULL),
			 0);
	h = play_all(scratch_path("cut.gz"), 100, &stats);
	assert_true(h.trades > 10 && h.trades < whole.trades);
	assert_memory_equal(h.text.data, whole.text.data, h.text.len);
	assert_in_range(stats.decode_errors, 1, 2); /* the end, and a last line cut in two */
	assert_non_null(strstr(stats.last_error, "cut.gz after line "));
	assert_non_null(strstr(stats.last_error, "ends in the middle"));
	heard_free(&h);
	heard_free(&whole);
	bytes.data[bytes.len / 2] = (char)~bytes.data[bytes.len / 2];
	assert_int_equal(file_write(scratch_path("bad.gz"), bytes.data, bytes.len, 0600, NULL), 0);
	h = play_all(scratch_path("bad.gz"), 100, &stats);
	assert_true(stats.decode_errors > 0);
	heard_free(&h);
	buf_free(&bytes);
}

static void refused(const char *files, int code, const char *why)
{
	struct replay_args a = { .files = files };
	struct feed_sink sink = { 0 };
	struct symbol_info info[1];
	struct feed *f = NULL;
	struct err e = { 0 };
	size_t n;

	assert_int_equal(replay_open(&a, &sink, &f, &e), code);
	assert_null(f);
	if (!strstr(e.msg, why))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, why);
	assert_int_equal(replay_symbols(files, info, 1, &n, NULL), code);
}

static void files_that_are_none(void **state)
{
	struct lines l = { 0 };
	char files[512];
	const char *a;

	(void)state;
	refused("", ERR_INVALID, "no recording is named");
	refused(scratch_path("absent.gz"), ERR_NOT_FOUND, "absent.gz: No such file");
	refused(scratch_folder, ERR_IO, "Is a directory");
	assert_int_equal(file_write(scratch_path("empty.gz"), "", 0, 0600, NULL), 0);
	refused(scratch_path("empty.gz"), ERR_CORRUPT,
		"empty.gz is empty; a recording is a gzip file");
	assert_int_equal(file_write(scratch_path("plain.gz"), "hello\n", 6, 0600, NULL), 0);
	refused(scratch_path("plain.gz"), ERR_CORRUPT, "plain.gz is not gzip; a recording is");
	lines_add(&l, "hello");
	lines_add(&l, "1723161602000000000 {\"result\":null,\"id\":1}");
	refused(write_gz("none.gz", &l), ERR_CORRUPT, "none.gz holds no frame of a market");
	lines_free(&l);
	refused(write_gz("nothing.gz", &l), ERR_CORRUPT, "nothing.gz is empty");
	a = recorded("a.gz", "BTCUSDT", 0, 2);
	snprintf(files, sizeof(files), "%s %s", a, a);
	refused(files, ERR_INVALID, "are the same recording");
}

static void looping(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 10);
	struct heard once = play_all(path, 100, NULL), h = { 0 };
	struct replay_args a = { .files = path, .loop = true };
	struct feed *f = open_replay(&a, &h);
	struct feed_position at;
	struct feed_stats stats;
	int64_t length_us = once.now_us - once.first_us, frames;

	(void)state;
	play(f, 10, 1);
	for (frames = 10; h.gaps == 0 && frames < 100000; frames++)
		play(f, 1, 1);
	assert_true(h.now_us == once.now_us + S);
	f->ops->position(f, &at);
	assert_true(at.loop == 1 && at.frame == 1 && at.offset_us == length_us + S);
	assert_int_equal(h.invalid, 1);
	play(f, (size_t)(2 * frames), 7);
	stats = f->stats;
	assert_true(h.gaps == 3 && h.invalid == 3 && h.valid == 3);
	assert_int_equal(stats.book_gaps, 0);
	f->ops->free(f);
	heard_free(&h);
	heard_free(&once);
}

/* What was played before a cut warms up, what comes after it is heard as if uncut. */
static void resumed(const char *path, bool loop, size_t cut, size_t all)
{
	struct heard uncut = { 0 }, before = { 0 }, after = { 0 };
	struct replay_args a = { .files = path, .loop = loop };
	struct feed *f = open_replay(&a, &uncut);
	size_t at;

	play(f, cut, 50);
	at = uncut.text.len;
	f->ops->position(f, &a.resume);
	play(f, all - cut, 50);
	f->ops->free(f);
	a.warm = sink_of(&before);
	f = open_replay(&a, &after);
	play(f, all - cut, 50);
	f->ops->free(f);
	assert_string_equal(buf_text(&after.text), buf_text(&uncut.text) + at);
	if (a.resume.loop == 0)
		assert_memory_equal(buf_text(&before.text), buf_text(&uncut.text), at);
	else
		assert_true(before.invalid == 1 && before.gaps == (a.resume.frame > 0));
	heard_free(&uncut);
	heard_free(&before);
	heard_free(&after);
}

static void resume_anywhere(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 3);
	struct feed_stats stats;
	struct heard h = play_all(path, 100, &stats);
	struct replay_args a = { .files = path, .resume = { .frame = (int64_t)stats.frames + 1 } };
	struct feed_sink sink = { 0 };
	struct feed *f = NULL;
	struct err e = { 0 };

	(void)state;
	for (size_t cut = 0; cut <= stats.frames; cut += 11)
		resumed(path, false, cut, stats.frames);
	resumed(path, false, stats.frames, stats.frames);
	for (size_t cut = 0; cut < 3 * stats.frames; cut += 37)
		resumed(path, true, cut, 3 * stats.frames);
	assert_int_equal(replay_open(&a, &sink, &f, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "it is not the same recording"));
	heard_free(&h);
}

/* ---- pace ---- */

static int64_t poll_at(struct feed *f, int64_t now_us)
{
	int64_t next_us = 0;
	struct err e = { 0 };

	do {
		if (f->ops->poll(f, now_us, 10, &next_us, &e))
			fail_msg("%s", e.msg);
	} while (next_us <= now_us);
	return next_us;
}

static void paced(const char *path, double speed)
{
	const int64_t wall = INT64_C(1900000000000000);
	struct replay_args a = { .files = path, .speed = speed };
	struct heard h = { 0 };
	struct feed *f = open_replay(&a, &h);
	int64_t next_us = poll_at(f, wall);
	size_t steps = 0;

	assert_true(h.first_us == wall);
	for (; next_us != INT64_MAX; steps++) {
		int64_t ahead = (int64_t)((double)(next_us - wall) * speed);

		assert_true(h.now_us <= wall + ahead);
		next_us = poll_at(f, next_us);
		assert_in_range(h.now_us - (wall + ahead) + 10, 0, 20);
	}
	assert_true(steps > 20 && h.now_us > wall + 4 * S && h.now_us < wall + 6 * S);
	f->ops->free(f);
	heard_free(&h);
}

static void pace_and_speed(void **state)
{
	const char *path = recorded("a.gz", "BTCUSDT", 0, 5);

	(void)state;
	paced(path, 1);
	paced(path, 10);
	paced(path, 0.25);
}

static void warm_up(void **state)
{
	const int64_t wall = INT64_C(1900000000000000);
	const char *path = recorded("a.gz", "BTCUSDT", 0, 8);
	struct replay_args a = { .files = path, .speed = 1, .warm_up_s = 5 };
	struct heard h = { 0 };
	struct feed *f = open_replay(&a, &h);
	int64_t next_us = poll_at(f, wall);

	(void)state;
	assert_true(h.first_us == wall - 5 * S);
	assert_true(h.now_us <= wall && h.now_us > wall - S);
	assert_true(next_us > wall && next_us < wall + S);
	f->ops->free(f);
	heard_free(&h);
}

/* A silence of minutes: a gap. Full speed keeps recorded times, a paced replay goes on at once. */
static void hole(void **state)
{
	char files[512];
	struct heard h;
	struct replay_args a = { .files = files, .speed = 1 };
	struct feed *f;
	int64_t next_us, wall = INT64_C(1900000000000000);

	(void)state;
	snprintf(files, sizeof(files), "%s %s", recorded("a.gz", "BTCUSDT", 0, 3),
		 recorded("b.gz", "BTCUSDT", 100, 103));
	h = play_all(files, 10, NULL);
	assert_true(h.gaps == 1 && h.invalid == 1 && h.valid == 1);
	assert_true(h.now_us - h.first_us > 100 * S);
	heard_free(&h);
	h = (struct heard){ 0 };
	f = open_replay(&a, &h);
	for (next_us = wall; next_us != INT64_MAX;)
		next_us = poll_at(f, next_us);
	assert_int_equal(h.gaps, 1);
	assert_true(h.now_us - wall < 8 * S);
	f->ops->free(f);
	heard_free(&h);
}

/* ---- the shared recordings ---- */

static const char *shared_files(const char *names, char *out, size_t size)
{
	const char *shared = getenv("SHARED_DATA");
	size_t used = 0;

	for (const char *p = names; *p; p += strspn(p, " ")) {
		int len = (int)strcspn(p, " ");

		used += (size_t)snprintf(out + used, size - used, "%s/recordings/%.*s ",
					 shared ? shared : "../shared/data", len, p);
		p += len;
	}
	return out;
}

static void shared(const char *names, size_t trades, size_t frames)
{
	char files[1024], first[512];
	struct feed_sink none = { 0 };
	struct replay_args a = { .files = shared_files(names, files, sizeof(files)) };
	struct feed *f = NULL;
	struct err e = { 0 };

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(files, " "), files);
	if (access(first, R_OK) != 0)
		skip();
	if (replay_open(&a, &none, &f, &e))
		fail_msg("%s", e.msg);
	assert_true(play(f, SIZE_MAX, 1000));
	assert_int_equal(f->stats.trades, trades);
	assert_int_equal(f->stats.frames, frames);
	assert_int_equal(f->stats.decode_errors + f->stats.book_gaps + f->stats.book_crossed, 0);
	f->ops->free(f);
}

static void shared_spot(void **state)
{
	(void)state;
	shared("spot/btcusdt_20240808.gz spot/btcusdt_20240809.gz", 9757 + 10147, 41249 + 58325);
	shared("spot/btcusdt_20240808.gz spot/btcusdt_20240809.gz spot/ethusdt_20240808.gz "
	       "spot/ethusdt_20240809.gz", 34419, 41249 + 58325 + 33618 + 46126);
}

static void shared_usdm(void **state)
{
	(void)state;
	shared("usdm/btcusdt_20240808.gz", 21313, 93954);
	shared("usdm/ethusdt_20240808.gz usdm/btcusdt_20240808.gz", 35389, 93954 + 74655);
}

#define REPLAY_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLAY_TEST(all_frames), REPLAY_TEST(files_in_a_row),
		REPLAY_TEST(symbols_are_merged),
		REPLAY_TEST(futures_symbols), REPLAY_TEST(missing_files),
		REPLAY_TEST(broken_lines), REPLAY_TEST(cut_file),
		REPLAY_TEST(files_that_are_none), REPLAY_TEST(looping),
		REPLAY_TEST(resume_anywhere),
		REPLAY_TEST(pace_and_speed), REPLAY_TEST(warm_up), REPLAY_TEST(hole),
		cmocka_unit_test(shared_spot), cmocka_unit_test(shared_usdm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
