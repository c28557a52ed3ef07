/* Receive times of a recording that jump: pauses, wrong ones, a clock that was set back. */
#include "worker/feed/recording.h"

#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define T0 INT64_C(1723161600)	/* seconds */
#define S INT64_C(1000000)
#define HOUR 3600
#define LINES 12
#define REFUSED INT64_MIN

/* The times (seconds after T0) of the lines as they were written; each carries its number. */
static struct recording *written(const int64_t *at_s, size_t n)
{
	const char *path = scratch_path("tape.gz");
	gzFile f = gzopen(path, "wb1");
	struct recording *r = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		gzprintf(f, "%lld {\"n\":%zu}\n", (long long)(T0 + at_s[i]) * 1000000000, i);
	assert_int_equal(gzclose(f), Z_OK);
	if (recording_open(path, &r, &e))
		fail_msg("%s", e.msg);
	return r;
}

/* want_s: the times that come out, or REFUSED. */
static void comes_out(const int64_t *at_s, const int64_t *want_s, size_t n)
{
	struct recording *r = written(at_s, n);
	struct recording_line line;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		char number[16];
		int rc = recording_next(r, &line, &e);

		if (rc != (want_s[i] == REFUSED ? ERR_INVALID : 0))
			fail_msg("%lld %lld %lld: line %zu: %d, %s", (long long)at_s[0],
				 (long long)at_s[1], (long long)at_s[2], i + 1, rc, e.msg);
		if (rc)
			continue;
		assert_int_equal(line.time_us, (T0 + want_s[i]) * S);
		snprintf(number, sizeof(number), "{\"n\":%zu}", i);
		assert_int_equal(line.len, strlen(number));
		assert_memory_equal(line.json, number, line.len);
	}
	assert_int_equal(recording_next(r, &line, &e), ERR_END);
	recording_close(r);
}

static void pauses_stand(void **state)
{
	const int64_t at[] = { 0, 1, 2, 100, 101, 101 + 30 * HOUR, 102 + 30 * HOUR,
			       10000 * HOUR, 10000 * HOUR + 1 };

	(void)state;
	comes_out(at, at, 9);
}

static void one_wrong_time_is_refused(void **state)
{
	const int64_t wrong[] = { 10, 3 * HOUR, 20 * HOUR, 9000 * HOUR, -10, -3 * HOUR,
				  -9000 * HOUR };

	(void)state;
	for (size_t w = 0; w < sizeof(wrong) / sizeof(wrong[0]); w++) {
		for (size_t at = 0; at < LINES; at++) {
			int64_t in[LINES], want[LINES];
			/* At an end there is one neighbour only: less is sure. */
			bool alone = (at == 0 && wrong[w] > -2 * HOUR && wrong[w] < 0) ||
				     (at == LINES - 1 && wrong[w] > 0 && wrong[w] < HOUR);

			for (size_t i = 0; i < LINES; i++)
				in[i] = want[i] = (int64_t)i;
			in[at] += wrong[w];
			want[at] = alone ? in[at] : REFUSED;
			comes_out(in, want, LINES);
		}
	}
}

static void a_clock_that_was_set_back(void **state)
{
	const int64_t in[] = { 0, 1, 2, 3, 3 - HOUR, 4 - HOUR, 5 - HOUR, 6 - HOUR };
	const int64_t want[] = { 0, 1, 2, 3, 3, 4, 5, 6 };
	struct recording_line line;
	struct recording *r;

	(void)state;
	comes_out(in, want, 8);
	r = written(in, 8);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(recording_next(r, &line, NULL), 0);
		assert_int_equal(line.set_back, i == 4);
	}
	recording_close(r);
}

/* Some wrong times in a row can't be told from a pause; what comes behind them is read. */
static void several_wrong_times(void **state)
{
	const int64_t in[] = { 0, 1, 50 * HOUR, 50 * HOUR + 1, 2, 3, 4 };
	const int64_t want[] = { 0, 1, 50 * HOUR, 50 * HOUR + 1, 50 * HOUR + 1, 50 * HOUR + 2,
				 50 * HOUR + 3 };

	(void)state;
	comes_out(in, want, 7);
}

static void looking_ahead(void **state)
{
	const int64_t in[] = { 0, 1, 2, 3 };
	struct recording *r = written(in, 4);
	struct recording_line line, ahead;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(recording_next(r, &line, NULL), 0);
		for (size_t k = 1; k < 6; k++) {
			char text[16];

			assert_int_equal(recording_ahead(r, k, &ahead, &line.json), i + k < 4);
			if (i + k < 4) {
				snprintf(text, sizeof(text), "{\"n\":%zu}", i + k);
				assert_memory_equal(ahead.json, text, ahead.len);
			}
			snprintf(text, sizeof(text), "{\"n\":%zu}", i);
			assert_memory_equal(line.json, text, line.len);
		}
	}
	recording_close(r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pauses_stand), TEST(one_wrong_time_is_refused),
		TEST(a_clock_that_was_set_back), TEST(several_wrong_times), TEST(looking_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
