/* When may ages be counted by the clock? */
#include "tests/unit/scratch.h"
#include "worker/store/clock_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HOUR (3600 * US_PER_S)
#define DAY (24 * HOUR)
#define NOW (INT64_C(1723104000) * US_PER_S)

struct world {
	struct clock_watch w;
	int64_t clock_us, boot_us;
};

/* Time passes for both clocks, and the clock steps. */
static enum clock_news after(struct world *t, int64_t passed_us, int64_t step_us)
{
	t->clock_us += passed_us + step_us;
	t->boot_us += passed_us;
	return clock_watch_look(&t->w, t->clock_us, t->boot_us, CLOCK_STEP_MOST_US);
}

static bool settled(const struct world *t)
{
	return clock_watch_age_base(&t->w, t->clock_us) == t->clock_us;
}

static struct world begin(void)
{
	struct world t = { .clock_us = NOW, .boot_us = 77 };

	assert_false(settled(&t)); /* nobody has looked yet */
	assert_int_equal(after(&t, US_PER_S, 0), CLOCK_AS_BEFORE);
	assert_true(settled(&t));
	return t;
}

static void ten_seconds_of_the_future(void **state)
{
	struct world t = begin();

	(void)state;
	assert_int_equal(after(&t, US_PER_S, 400 * DAY), CLOCK_JUMPED);
	assert_int_equal(t.w.jump_us, 400 * DAY);
	for (int i = 0; i < 10; i++) {
		assert_false(settled(&t));
		assert_int_equal(after(&t, US_PER_S, 0), CLOCK_AS_BEFORE);
	}
	assert_int_equal(after(&t, US_PER_S, -400 * DAY), CLOCK_SETTLED);
	assert_true(settled(&t));
	assert_int_equal(t.w.jumps, 2);
}

static void it_settles_by_itself(void **state)
{
	struct world t = begin();
	int64_t passed;

	(void)state;
	assert_int_equal(after(&t, US_PER_S, HOUR), CLOCK_JUMPED);
	for (passed = 0; !settled(&t); passed += US_PER_S)
		(void)after(&t, US_PER_S, 0);
	assert_int_equal(passed, CLOCK_SETTLES_US);
	/* so far that it may be wrong, and stay so for a while: a day; back as well */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(after(&t, US_PER_S, i ? -3 * DAY : 3 * DAY), CLOCK_JUMPED);
		for (passed = 0; !settled(&t); passed += 60 * US_PER_S)
			(void)after(&t, 60 * US_PER_S, 0);
		assert_int_equal(passed, CLOCK_SETTLES_LONG_US);
	}
}

static void small_steps_are_none(void **state)
{
	struct world t = begin();

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(after(&t, US_PER_S, i % 2 ? CLOCK_STEP_MOST_US
						      : -CLOCK_STEP_MOST_US), CLOCK_AS_BEFORE);
		assert_true(settled(&t));
	}
	/* nor is a wait of minutes: a busy machine, a short suspend */
	assert_int_equal(after(&t, CLOCK_LOOK_MOST_US, 0), CLOCK_AS_BEFORE);
	assert_true(settled(&t));
	/* a long suspend is looked at for some minutes: which clock was right? */
	assert_int_equal(after(&t, CLOCK_LOOK_MOST_US + 1, 0), CLOCK_PAUSED);
	assert_false(settled(&t));
	assert_int_equal(t.w.jump_us, 0);
	assert_int_equal(after(&t, CLOCK_SETTLES_US, 0), CLOCK_SETTLED);
}

/* A worker that starts knows the clock of the one before, and no time between. */
static struct world restarted(const struct world *from, int64_t clock_us)
{
	struct world t = { .w = from->w, .clock_us = clock_us, .boot_us = 5 };

	t.w.boot_us = 0;
	return t;
}

static void over_a_restart(void **state)
{
	struct world t = begin(), next = restarted(&t, t.clock_us + CLOCK_LOOK_MOST_US);

	(void)state;
	assert_int_equal(after(&next, 0, 0), CLOCK_AS_BEFORE);
	next = restarted(&t, t.clock_us + 400 * DAY);
	assert_int_equal(after(&next, 0, 0), CLOCK_JUMPED);
	/* the doubt is not settled by another start, and goes on where it was */
	next = restarted(&next, next.clock_us + 22 * HOUR);
	assert_int_equal(after(&next, 0, 0), CLOCK_PAUSED);
	next = restarted(&next, next.clock_us + CLOCK_LOOK_MOST_US);
	assert_int_equal(after(&next, 0, 0), CLOCK_AS_BEFORE);
	assert_false(settled(&next));
	/* set back */
	next = restarted(&t, t.clock_us - HOUR);
	assert_int_equal(after(&next, 0, 0), CLOCK_JUMPED);
	/* the operator may know better */
	next.w.accepted_us = next.clock_us;
	assert_int_equal(after(&next, US_PER_S, 0), CLOCK_SETTLED);
	assert_int_equal(after(&next, US_PER_S, 2 * HOUR), CLOCK_JUMPED); /* this one is new */
	assert_int_equal(after(&next, US_PER_S, 0), CLOCK_AS_BEFORE);
	assert_false(settled(&next));
}

/* What was accepted while the clock was ahead says nothing of where it goes from there. */
static void accepted_once(void **state)
{
	struct world t = begin();

	(void)state;
	assert_int_equal(after(&t, US_PER_S, 400 * DAY), CLOCK_JUMPED);
	t.w.accepted_us = t.clock_us;
	assert_int_equal(after(&t, US_PER_S, 0), CLOCK_SETTLED);
	assert_int_equal(after(&t, US_PER_S, -400 * DAY), CLOCK_JUMPED);
	assert_int_equal(after(&t, US_PER_S, 0), CLOCK_AS_BEFORE);
	assert_false(settled(&t));
	assert_int_equal(after(&t, US_PER_S, 399 * DAY), CLOCK_JUMPED);
	assert_int_equal(after(&t, US_PER_S, 0), CLOCK_AS_BEFORE);
	assert_false(settled(&t));
}

static void as_a_row(void **state)
{
	struct world t = begin();
	struct clock_watch w;
	struct err e = { 0 };
	struct db *db;

	(void)state;
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &db, &e), 0);
	assert_int_equal(clock_watch_load(db, &w, &e), 0);
	assert_int_equal(w.seen_us, 0);
	(void)after(&t, US_PER_S, 400 * DAY);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(clock_watch_sync_tx(db, &t.w, &e), 0);
	assert_int_equal(clock_watch_accept_tx(db, 77, &e), 0);
	assert_int_equal(clock_watch_sync_tx(db, &t.w, &e), 0);
	assert_int_equal(t.w.accepted_us, 77);
	(void)after(&t, US_PER_S, -300 * DAY);
	assert_int_equal(clock_watch_sync_tx(db, &t.w, &e), 0);
	assert_int_equal(t.w.accepted_us, 0);	/* of another jump */
	assert_int_equal(clock_watch_accept_tx(db, 78, &e), 0);
	assert_int_equal(clock_watch_sync_tx(db, &t.w, &e), 0);
	assert_int_equal(t.w.accepted_us, 78);
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(clock_watch_load(db, &w, &e), 0);
	t.w.boot_us = 0;
	assert_memory_equal(&w, &t.w, sizeof(w));
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_seconds_of_the_future),
		cmocka_unit_test(it_settles_by_itself),
		cmocka_unit_test(small_steps_are_none),
		cmocka_unit_test(over_a_restart),
		cmocka_unit_test(accepted_once),
		cmocka_unit_test_setup_teardown(as_a_row, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
