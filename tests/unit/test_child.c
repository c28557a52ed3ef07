/* Child processes that do everything wrong: shell scripts, and copies of the test. */
#include "common/child.h"

#include "common/buf.h"
#include "common/clock.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_US (60 * US_PER_S)

static struct child child;
static struct buf heard;

static int setup(void **state)
{
	child = CHILD_NONE;
	heard = (struct buf){ 0 };
	return scratch_setup(state);
}

static int teardown(void **state)
{
	child_stop(&child);
	buf_free(&heard);
	return scratch_teardown(state);
}

static struct child_plan plan_of(const char *script)
{
	static const char *argv[4];

	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	return (struct child_plan){
		.program = "/bin/sh", .argv = argv, .in = -1, .out = STDOUT_FILENO,
		.memory_mb = 1024, .cpu_s = 20, .wall_us = WAIT_US,
	};
}

static void begin(const struct child_plan *plan)
{
	struct err e = { 0 };

	buf_clear(&heard);
	if (child_start(&child, plan, &e))
		fail_msg("%s", e.msg);
}

static void hear(void)
{
	struct pollfd p = { .fd = child.fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	(void)poll(&p, 1, 5);
	while (child.fd >= 0 && (n = child_read(&child, bytes, sizeof(bytes))) > 0)
		buf_add(&heard, bytes, (size_t)n);
}

/* Until the text has come. */
static void says(const char *text)
{
	int64_t begin_us = clock_mono_us();

	while (!strstr(buf_text(&heard), text)) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("it never says %s", text);
		hear();
	}
}

static void ends(int64_t ahead_us)
{
	int64_t begin_us = clock_mono_us();

	while (!child_look(&child, clock_mono_us() + ahead_us)) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("it never ends");
		hear();
	}
	hear();
	assert_int_equal(child.pid, 0);
}

static void text_is(const char *wanted)
{
	char text[CHILD_TEXT_MAX];

	assert_string_equal(child_text(&child, text), wanted);
}

static void run(const char *script, const char *out, const char *end)
{
	struct child_plan plan = plan_of(script);

	begin(&plan);
	ends(0);
	text_is(end);
	assert_string_equal(buf_text(&heard), out);
	child_stop(&child);	/* harmless */
}

static void ends_by_itself(void **state)
{
	(void)state;
	run("echo said", "said\n", "exit code 0");
	assert_int_equal(child_exit_code(&child), 0);
	run("exit 3", "", "exit code 3");
	assert_int_equal(child_exit_code(&child), 3);
	assert_int_equal(child_signal(&child), 0);
	run("echo x; kill -SEGV $$", "x\n", "signal 11 (SEGV)");
	assert_int_equal(child_exit_code(&child), -1);
	assert_int_equal(child_signal(&child), SIGSEGV);
	assert_false(child.killed);
	run("ulimit -t 1; while :; do :; done", "", "signal 9 (KILL)");
}

static void no_such_program(void **state)
{
	struct child_plan plan = plan_of("");

	(void)state;
	plan.program = scratch_path("missing");
	begin(&plan);
	ends(0);
	text_is("exit code 127");
}

static void closes_its_pipe_and_lives_on(void **state)
{
	struct child_plan plan = plan_of("echo said; exec >&-;"
					 " while [ ! -e \"$GO\" ]; do sleep 0.01; done; exit 4");

	(void)state;
	setenv("GO", scratch_path("go"), 1);
	begin(&plan);
	while (child.fd >= 0)
		hear();
	assert_string_equal(buf_text(&heard), "said\n");
	assert_false(child_look(&child, clock_mono_us()));
	fclose(fopen(scratch_path("go"), "w"));
	ends(0);
	text_is("exit code 4");
	/* and one that does so for ever has its deadline */
	plan = plan_of("exec >&-; exec sleep 600");
	begin(&plan);
	while (child.fd >= 0)
		hear();
	ends(WAIT_US + 1);
	assert_true(child.late);
	text_is("signal 9 (KILL)");
}

static void writes_without_end(void **state)
{
	struct child_plan plan = plan_of("exec yes");

	(void)state;
	plan.most = 100000;
	begin(&plan);
	ends(0);
	assert_true(heard.len <= 100000);
	assert_true(child.killed);
	assert_false(child.late);
	text_is("signal 9 (KILL)");
	/* as much as it may */
	plan = plan_of("head -c 100000 /dev/zero | tr '\\0' x");
	plan.most = 100000;
	begin(&plan);
	ends(0);
	assert_int_equal(heard.len, 100000);
	text_is("exit code 0");
	/* no bound, and nobody reads: it waits, we don't */
	plan = plan_of("exec yes");
	begin(&plan);
	assert_false(child_look(&child, clock_mono_us()));
	child_stop(&child);
	text_is("signal 9 (KILL)");
}

static void ignores_sigterm(void **state)
{
	struct child_plan plan = plan_of("trap '' TERM; echo on; while :; do sleep 0.01; done");

	(void)state;
	plan.grace_us = 5 * US_PER_S;
	begin(&plan);
	says("on");
	child_end(&child);
	assert_false(child_look(&child, clock_mono_us()));
	assert_false(child.killed);
	ends(6 * US_PER_S);
	assert_true(child.killed);
	text_is("signal 9 (KILL)");
	/* one that obeys needs no force */
	plan = plan_of("trap 'echo bye; exit 0' TERM; echo on; while :; do sleep 0.01; done");
	plan.grace_us = 5 * US_PER_S;
	begin(&plan);
	says("on");
	child_end(&child);
	ends(0);
	assert_false(child.killed);
	assert_string_equal(buf_text(&heard), "on\nbye\n");
	/* without grace at once */
	plan = plan_of("trap '' TERM; echo on; while :; do sleep 0.01; done");
	begin(&plan);
	says("on");
	child_end(&child);
	ends(0);
	text_is("signal 9 (KILL)");
}

/* Gone, or waiting for init to bury it. */
static bool is_over(pid_t pid)
{
	char path[40], text[200] = "";
	const char *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	state = strrchr(text, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

static void gone_soon(pid_t pid)
{
	int64_t begin_us = clock_mono_us();

	while (!is_over(pid)) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("%d lives on", (int)pid);
		usleep(1000);
	}
}

static pid_t grandchild(void)
{
	says("\n");
	return (pid_t)strtol(buf_text(&heard), NULL, 10);
}

static void what_it_started_ends_with_it(void **state)
{
	struct child_plan plan = plan_of("sleep 600 & echo $!; wait");
	pid_t pid;

	(void)state;
	begin(&plan);
	pid = grandchild();
	child_stop(&child);
	gone_soon(pid);
	/* told to end */
	plan.grace_us = 5 * US_PER_S;
	begin(&plan);
	pid = grandchild();
	child_end(&child);
	ends(0);
	gone_soon(pid);
	/* it ends by itself, and leaves one behind that holds its pipe */
	plan = plan_of("sleep 600 & echo $!; exit 0");
	begin(&plan);
	pid = grandchild();
	ends(0);
	text_is("exit code 0");
	gone_soon(pid);
}

static void limits_input_and_environment(void **state)
{
	struct child_plan plan = plan_of("cat; echo \"$SECRET.\" mb $(ulimit -v) s $(ulimit -t)"
					 " core $(ulimit -c) nice $(nice)");
	char text[100];
	int fds[2], nice_now;
	FILE *f;

	(void)state;
	setenv("SECRET", "ours", 1);
	f = popen("nice", "r");
	assert_non_null(fgets(text, sizeof(text), f));
	pclose(f);
	nice_now = (int)strtol(text, NULL, 10);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "rows ", 5), 5);
	close(fds[1]);
	plan.in = fds[0];
	plan.nice = nice_now > 15 ? 19 : nice_now + 3;
	begin(&plan);
	ends(0);
	close(fds[0]);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	snprintf(text, sizeof(text), " s 20 core 0 nice %d\n", plan.nice);
#else
	snprintf(text, sizeof(text), " mb 1048576 s 20 core 0 nice %d\n", plan.nice);
#endif
	assert_memory_equal(buf_text(&heard), "rows ours.", 10);
	assert_non_null(strstr(buf_text(&heard), text));
	plan = plan_of("echo \"$SECRET.\"");
	plan.bare = true;
	begin(&plan);
	ends(0);
	assert_string_equal(buf_text(&heard), ".\n");
}

static void copy(void *ctx, int out)
{
	dprintf(out, "%s %d\n", (const char *)ctx, getpgrp() == getpid());
	_exit(5);
}

static void endless_copy(void *ctx, int out)
{
	(void)ctx;
	while (write(out, "x", 1) == 1)
		continue;
	_exit(0);
}

static void copies_of_ours(void **state)
{
	struct child_plan plan = plan_of("");
	char word[] = "from the copy";

	(void)state;
	plan.run = copy;
	plan.ctx = word;
	begin(&plan);
	ends(0);
	text_is("exit code 5");
	assert_string_equal(buf_text(&heard), "from the copy 1\n");
	plan.run = endless_copy;
	plan.most = 1000;
	begin(&plan);
	ends(0);
	assert_true(child.killed);
}

/* SIGCHLD ignored: the kernel keeps nothing that could be asked. */
static void how_it_ended_is_not_known(void **state)
{
	struct child_plan plan = plan_of("exit 0");

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	begin(&plan);
	ends(0);
	signal(SIGCHLD, SIG_DFL);
	assert_true(child.lost);
	assert_int_equal(child_exit_code(&child), -1);
	assert_int_equal(child_signal(&child), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_by_itself),
		TEST(no_such_program),
		TEST(closes_its_pipe_and_lives_on),
		TEST(writes_without_end),
		TEST(ignores_sigterm),
		TEST(what_it_started_ends_with_it),
		TEST(limits_input_and_environment),
		TEST(copies_of_ours),
		TEST(how_it_ended_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
