/* The ids of a market's trades: repeated ones, holes, and series that begin again. */
#include "worker/feed/sequence.h"

#include "common/err.h"
#include "worker/market/candle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define T0 INT64_C(1700000000000000)
#define MS INT64_C(1000)

static int setup(void **state)
{
	*state = xcalloc(1, sizeof(struct sequence));
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* n trades in a row from id on, a millisecond apart; returns the time of the last. */
static int64_t row(struct sequence *s, int64_t id, int64_t n, int64_t from_us)
{
	for (int64_t i = 0; i < n; i++)
		(void)sequence_take(s, id + i, from_us + i * MS);
	return from_us + (n - 1) * MS;
}

static void one_after_the_other(void **state)
{
	struct sequence *s = *state;

	assert_int_equal(sequence_take(s, 500, T0), SEQUENCE_OTHER); /* nothing before is known */
	row(s, 501, 600, T0 + MS);
	assert_int_equal(sequence_take(s, 1101, T0 + 700 * MS), SEQUENCE_NEXT);
	assert_int_equal(sequence_lost(s, T0 + 9999 * MS), 0);
}

static void the_same_trade_counts_once(void **state)
{
	struct sequence *s = *state;
	int64_t at = row(s, 0, SEQUENCE_SEEN, T0);

	for (int64_t i = 0; i < SEQUENCE_SEEN; i++)
		assert_int_equal(sequence_take(s, i, T0 + i * MS), SEQUENCE_REPEATED);
	assert_int_equal(sequence_take(s, SEQUENCE_SEEN, at), SEQUENCE_NEXT);
	assert_int_equal(sequence_take(s, SEQUENCE_SEEN, at), SEQUENCE_REPEATED);
}

static void hole_that_is_filled(void **state)
{
	struct sequence *s = *state;
	int64_t at = row(s, 1, 200, T0);

	assert_int_equal(sequence_take(s, 203, at + MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 204, at + 2 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 202, at), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 201, at), SEQUENCE_OTHER);
	assert_int_equal(sequence_lost(s, at + MS + CANDLE_GRACE_US), 0);
	assert_int_equal(sequence_take(s, 205, at + MS + CANDLE_GRACE_US), SEQUENCE_NEXT);
}

static void hole_that_stays(void **state)
{
	struct sequence *s = *state;
	int64_t at = row(s, 1, 200, T0);

	assert_int_equal(sequence_take(s, 204, at + MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 202, at), SEQUENCE_OTHER);
	assert_int_equal(sequence_lost(s, at + CANDLE_GRACE_US), 0);
	assert_int_equal(sequence_lost(s, at + MS + CANDLE_GRACE_US), 2);
	assert_int_equal(sequence_lost(s, at + MS + CANDLE_GRACE_US), 0);	/* told once */
	assert_int_equal(sequence_take(s, 205, at + MS + CANDLE_GRACE_US), SEQUENCE_NEXT);
}

/* Ids of a recording that was numbered otherwise say nothing. */
static void ids_that_are_never_dense(void **state)
{
	struct sequence *s = *state;

	for (int64_t i = 1; i < 300; i++) {
		int64_t at = T0 + i * 500 * MS;

		assert_int_equal(sequence_take(s, 2 * i, at), SEQUENCE_OTHER);
		assert_int_equal(sequence_take(s, 2 * i, at), SEQUENCE_REPEATED);
		assert_int_equal(sequence_lost(s, at + 10 * CANDLE_GRACE_US), 0);
	}
	assert_int_equal(sequence_take(s, 777777, T0 + 160000 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 600, T0 + 160500 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 777777, T0 + 160000 * MS), SEQUENCE_REPEATED);
	assert_int_equal(sequence_lost(s, T0 + 990000 * MS), 0);
}

/* Something else was lost: any id but the next one is a gap. */
static void doubt(void **state)
{
	struct sequence *s = *state;

	row(s, 1, 10, T0);
	sequence_doubt(s);
	assert_int_equal(sequence_take(s, 11, T0 + 20 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 13, T0 + 21 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_lost(s, T0 + 5000 * MS), 0); /* the doubt was over */
	sequence_doubt(s);
	assert_int_equal(sequence_take(s, 20, T0 + 22 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_lost(s, T0 + 22 * MS), 6);
}

/* The same ids at later times are other trades. */
static void ids_begin_again(void **state)
{
	struct sequence *s = *state;
	int64_t at = row(s, 1, 300, T0);

	assert_int_equal(sequence_take(s, 1, at + 1000 * MS), SEQUENCE_OTHER);
	assert_int_equal(sequence_take(s, 2, at + 1001 * MS), SEQUENCE_OTHER);
	row(s, 3, 500, at + 1002 * MS);
	assert_int_equal(sequence_take(s, 503, at + 2000 * MS), SEQUENCE_NEXT);
	sequence_reset(s);
	assert_int_equal(sequence_take(s, 503, at + 2000 * MS), SEQUENCE_OTHER);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_after_the_other), TEST(the_same_trade_counts_once),
		TEST(hole_that_is_filled), TEST(hole_that_stays), TEST(ids_that_are_never_dense),
		TEST(doubt), TEST(ids_begin_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
