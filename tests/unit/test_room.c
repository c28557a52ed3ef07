/* The waiting room: who leaves when, in which order, and what the end is. */
#include "api/pending/room.h"

#include "common/clock.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_US (60 * US_PER_S)

struct one {
	struct guest guest;
	char name;
	bool has_come;
	unsigned asked;
	char again;		/* enters again under this name when it ends; 0: no */
};

static struct event_base *base;
static struct room room;
static struct one ones[8];
static char left[16];		/* who has left, capitals: not because it had come */
static int last_rc;
static unsigned emptied;

static bool come(struct room *r, struct guest *g, int *rc, struct err *e)
{
	struct one *x = (struct one *)g;

	x->asked++;
	*rc = x->has_come ? 7 : r->closing ? room_stopping(e) : -1;
	return x->has_come;
}

static struct one *enter(char name, int64_t us)
{
	struct one *x = &ones[name - 'a'];

	*x = (struct one){ .name = name };
	room_enter(&room, &x->guest, NULL, us);
	return x;
}

static void end(struct guest *g, int rc, struct err *e)
{
	struct one *x = (struct one *)g;
	size_t n = strlen(left);

	(void)e;
	left[n] = rc == 7 ? x->name : (char)(x->name - 'a' + 'A');
	left[n + 1] = '\0';
	last_rc = rc;
	if (x->again)
		enter(x->again, ROOM_NO_LIMIT)->has_come = true;
}

static void empty(struct room *r)
{
	(void)r;
	emptied++;
}

static void begin(const struct reason *why)
{
	memset(ones, 0, sizeof(ones));
	left[0] = '\0';
	emptied = 0;
	room_init(&room, base, why);
}

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static const struct reason any = { .come = come, .end = end, .empty = empty };
static const struct reason line = { .in_line = true, .come = come, .end = end };
static const struct reason single = { .in_line = true, .one = true, .come = come, .end = end };
static const struct reason timed = { .soon_us = 1000, .later_us = 2000, .come = come, .end = end };

static void whoever_has_it_leaves(void **state)
{
	struct one *a, *b, *c;

	(void)state;
	begin(&any);
	a = enter('a', ROOM_NO_LIMIT);
	b = enter('b', ROOM_NO_LIMIT);
	c = enter('c', ROOM_NO_LIMIT);
	c->has_come = true;
	turn();
	assert_int_equal(a->asked, 0);	/* nobody has woken it */
	room_wake(&room);
	turn();
	assert_string_equal(left, "c");
	b->has_come = true;
	room_look(&room);
	assert_string_equal(left, "cb");
	assert_int_equal(room.n, 1);
	assert_int_equal(emptied, 0);
	a->has_come = true;
	a->again = 'd';		/* the last one leaves while another enters */
	room_look(&room);
	room_look(&room);
	assert_string_equal(left, "cbad");
	assert_true(emptied > 0);
	assert_int_equal(room.n, 0);
	room_fini(&room);
}

static void in_line(void **state)
{
	struct one *a, *b;

	(void)state;
	begin(&line);
	a = enter('a', ROOM_NO_LIMIT);
	b = enter('b', ROOM_NO_LIMIT);
	b->has_come = true;
	room_look(&room);
	assert_string_equal(left, "");
	assert_int_equal(b->asked, 0);
	a->has_come = true;
	room_look(&room);
	assert_string_equal(left, "ab");
	room_fini(&room);
	begin(&single);
	enter('a', ROOM_NO_LIMIT)->has_come = true;
	enter('b', ROOM_NO_LIMIT)->has_come = true;
	room_look(&room);
	assert_string_equal(left, "a");
	room_look(&room);
	assert_string_equal(left, "ab");
	room_fini(&room);
}

/* By the timer alone, until its time is over; "come" says what it ends with. */
static void deadline(void **state)
{
	int64_t begin_us = clock_mono_us();
	struct one *a;

	(void)state;
	begin(&timed);
	a = enter('a', 50000);
	enter('b', WAIT_US);
	while (!left[0]) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("it waits for ever");
		event_base_loop(base, EVLOOP_ONCE);
	}
	assert_string_equal(left, "A");
	assert_int_equal(last_rc, -1);
	assert_true(clock_mono_us() - begin_us >= 50000);
	assert_true(a->asked > 1);
	room_fini(&room);
}

static void the_end_of_all(void **state)
{
	(void)state;
	begin(&single);
	enter('a', ROOM_NO_LIMIT);
	enter('b', ROOM_NO_LIMIT)->has_come = true;
	enter('c', ROOM_NO_LIMIT);
	room_fini(&room);
	assert_string_equal(left, "AbC");
	assert_int_equal(last_rc, ERR_UNAVAILABLE);
}

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	return base ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_has_it_leaves),
		cmocka_unit_test(in_line),
		cmocka_unit_test(deadline),
		cmocka_unit_test(the_end_of_all),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
