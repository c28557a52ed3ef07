/* Lines that never make their writer wait: a reader that hangs, is slow, or is gone. */
#include "common/clock.h"
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 60000
#define FLUSH_US (60 * US_PER_S)

static int fds[2];
static struct output_lane *lane;

static void notice(struct buf *out, unsigned long dropped)
{
	buf_printf(out, "dropped %lu\n", dropped);
}

static int open_lane(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (pipe2(fds, O_CLOEXEC))
		return -1;
	lane = output_lane_new(fds[1], notice);
	return 0;
}

static int close_lane(void **state)
{
	(void)state;
	if (fds[0] >= 0)
		close(fds[0]);	/* whoever still writes ends with EPIPE */
	output_lane_free(lane);
	close(fds[1]);
	return 0;
}

static void put(int from, int to)
{
	char line[64];

	for (int i = from; i < to; i++) {
		int n = snprintf(line, sizeof(line), "line %d of many that are alike\n", i);

		output_lane_line(lane, line, (size_t)n);
	}
}

/* The next line; NULL when none comes within a moment in which one would. */
static FILE *reader(void)
{
	FILE *f = fdopen(fds[0], "r");

	assert_non_null(f);
	fds[0] = -1;
	return f;
}

static void a_hanging_reader_costs_lines_and_no_time(void **state)
{
	char text[200];
	int expected = 0, n;
	unsigned long lost = 0, told;
	FILE *in;

	(void)state;
	put(0, LINES);			/* nobody reads: would hang here for ever */
	assert_false(output_lane_flush(lane, 1000));
	in = reader();
	while (lost == 0) {
		assert_non_null(fgets(text, sizeof(text), in));
		if (sscanf(text, "dropped %lu", &told) == 1) {
			lost = told;
		} else {
			assert_int_equal(sscanf(text, "line %d", &n), 1);
			assert_int_equal(n, expected++);	/* in order, none twice */
		}
	}
	assert_int_equal(expected + (int)lost, LINES);
	assert_in_range(lost, 1, LINES - OUTPUT_ROOM / 40);
	put(LINES, LINES + 10);		/* and it goes on */
	for (int i = LINES; i < LINES + 10; i++) {
		assert_non_null(fgets(text, sizeof(text), in));
		assert_int_equal(sscanf(text, "line %d", &n), 1);
		assert_int_equal(n, i);
	}
	assert_true(output_lane_flush(lane, FLUSH_US));
	fclose(in);
}

static void the_descriptor_stays_as_it_is(void **state)
{
	(void)state;
	put(0, LINES);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
}

static void a_reader_that_is_gone_kills_nobody(void **state)
{
	(void)state;
	close(fds[0]);
	fds[0] = -1;
	put(0, 1000);
	assert_true(output_lane_flush(lane, FLUSH_US));
}

/* Whoever shares the pipe may have made it non-blocking: then no line is torn. */
static void a_descriptor_that_others_made_non_blocking(void **state)
{
	char text[200];
	int n;
	FILE *in;

	(void)state;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	put(0, 5000);
	in = reader();
	for (int i = 0; i < 5000; i++) {
		assert_non_null(fgets(text, sizeof(text), in));
		assert_int_equal(sscanf(text, "line %d of many that are alike", &n), 1);
		assert_int_equal(n, i);
	}
	fclose(in);
}

static void *put_some(void *ctx)
{
	int from = *(int *)ctx;

	put(from, from + 2000);
	return NULL;
}

static void from_several_threads(void **state)
{
	pthread_t t[3];
	int from[3] = { 0, 2000, 4000 }, next[3] = { 0, 2000, 4000 }, n;
	char text[200];
	FILE *in;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, put_some, &from[i]), 0);
	in = reader();
	for (int i = 0; i < 6000; i++) {
		assert_non_null(fgets(text, sizeof(text), in));
		assert_int_equal(sscanf(text, "line %d", &n), 1);
		assert_in_range(n, 0, 5999);
		assert_int_equal(n, next[n / 2000]++);	/* each thread's own in order */
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	fclose(in);
}

static void a_file_has_its_lines_at_once(void **state)
{
	char path[] = "/tmp/test_output_XXXXXX", text[64] = "";
	int fd = mkostemp(path, O_CLOEXEC);
	struct output_lane *l;

	(void)state;
	assert_true(fd >= 0);
	l = output_lane_new(fd, notice);
	output_lane_line(l, "there\n", 6);
	assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 6);
	assert_string_equal(text, "there\n");
	output_lane_free(l);
	close(fd);
	unlink(path);
}

/* /dev/full takes nothing, as a full disk: counted, and nothing else happens. */
static void a_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct output_lane *l;

	(void)state;
	if (fd < 0)
		skip();
	l = output_lane_new(fd, notice);
	for (int i = 0; i < 100; i++)
		output_lane_line(l, "x\n", 2);
	assert_true(output_lane_flush(l, FLUSH_US));
	output_lane_free(l);
	close(fd);
}

#define WITH_LANE(f) cmocka_unit_test_setup_teardown(f, open_lane, close_lane)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LANE(a_hanging_reader_costs_lines_and_no_time),
		WITH_LANE(the_descriptor_stays_as_it_is),
		WITH_LANE(a_reader_that_is_gone_kills_nobody),
		WITH_LANE(a_descriptor_that_others_made_non_blocking),
		WITH_LANE(from_several_threads),
		cmocka_unit_test(a_file_has_its_lines_at_once),
		cmocka_unit_test(a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
