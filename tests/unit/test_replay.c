/* Replays of recordings made here, of damaged ones, and of the shared ones. */
#include "tests/unit/replay_heard.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		REPLAY_TEST(all_frames), REPLAY_TEST(files_in_a_row),
		REPLAY_TEST(symbols_are_merged), REPLAY_TEST(futures_symbols),
		REPLAY_TEST(missing_files), REPLAY_TEST(broken_lines), REPLAY_TEST(cut_file),
		REPLAY_TEST(files_that_are_none), REPLAY_TEST(shared_spot),
		REPLAY_TEST(shared_usdm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
