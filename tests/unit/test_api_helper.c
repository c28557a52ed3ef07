/* Helpers that do everything wrong: shell scripts in the program's place. */
#include "api/pending/helper.h"

#include "common/clock.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define WAIT_US (60 * US_PER_S)

static struct event_base *base;
static struct helpers *all;

struct heard {			/* what "done" was told */
	int calls, status;
	struct buf out;
	struct err e;
};

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	base = event_base_new();
	all = helpers_new(base, scratch_path("program"));
	return 0;
}

static int teardown(void **state)
{
	helpers_free(all);
	event_base_free(base);
	return scratch_teardown(state);
}

static void put_program(const char *script)
{
	FILE *f = fopen(scratch_path("program"), "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	assert_int_equal(chmod(scratch_path("program"), 0700), 0);
}

static void done_cb(void *ctx, int status, const struct buf *out, struct err *e)
{
	struct heard *h = ctx;

	h->calls++;
	h->status = status;
	buf_add(&h->out, out->data, out->len);
	h->e = *e;
}

static int start(struct heard *h, const char *input, struct err *e)
{
	const struct helper_args a = {
		.argv = { "one", "two words", "", "3" },
		.input = input,
		.input_len = input ? strlen(input) : 0,
		.done = done_cb,
		.ctx = h,
	};

	memset(h, 0, sizeof(*h));
	return helper_run(all, &a, e);
}

static void finish(struct heard *h)
{
	int64_t begin_us = clock_mono_us();

	while (!h->calls) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("the helper never ends");
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(h->calls, 1);
}

static void run(struct heard *h, const char *script, const char *input)
{
	struct err e = { 0 };

	put_program(script);
	if (start(h, input, &e))
		fail_msg("%s", e.msg);
	finish(h);
}

static void expect(const char *script, const char *input, int status, const char *out)
{
	struct heard h;

	run(&h, script, input);
	if (h.status != status || (out && strcmp(buf_text(&h.out), out) != 0))
		fail_msg("%s -> %d %s %s", script, h.status, h.e.msg, buf_text(&h.out));
	buf_free(&h.out);
}

static void words_in_and_out(void **state)
{
	(void)state;
	expect("echo $# \"$1\" \"$2\" \"$3\" \"$4\"", NULL, 0, "4 one two words  3\n");
	expect("cat", "rows", 0, "rows");
	expect("cat", "", 0, "");
	expect("cat", NULL, 0, "");
	expect("exit 7", NULL, 7, "");
	expect("echo said; exit 1", NULL, 1, "said\n");
	/* its output ends before it does */
	expect("echo said; exec >&-; sleep 0.2; exit 3", NULL, 3, "said\n");
	expect("exec >/dev/null; sleep 0.1", NULL, 0, "");
}

static void nothing_of_ours(void **state)
{
	struct heard h;

	(void)state;
	setenv("TB_SECRET", "of the parent", 1);
	assert_int_equal(dup2(STDERR_FILENO, 50), 50);	/* stays open over an exec */
	run(&h, "env; n=; for f in /proc/$$/fd/*; do n=\"$n ${f##*/}\"; done; echo files$n;"
		"echo mb $(ulimit -v) s $(ulimit -t) core $(ulimit -c)", NULL);
	close(50);
	assert_null(strstr(buf_text(&h.out), "SECRET"));
	/* 3 and 10 are the shell's own */
	assert_non_null(strstr(buf_text(&h.out), "files 0 1 10 2 3\n"));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	assert_non_null(strstr(buf_text(&h.out), "s 20 core 0\n"));
#else
	assert_non_null(strstr(buf_text(&h.out), "mb 1048576 s 20 core 0\n"));
#endif
	buf_free(&h.out);
}

static void much_input(void **state)
{
	const size_t len = (size_t)4 << 20;
	char *text = xcalloc(1, len + 1);

	(void)state;
	memset(text, 'x', len);
	expect("wc -c", text, 0, "4194304\n");
	expect("exit 0", text, 0, "");	/* that it does not read it is fine */
	free(text);
}

static void limits(void **state)
{
	struct heard h;

	(void)state;
	run(&h, "head -c 262144 /dev/zero | tr '\\0' x", NULL);
	assert_int_equal(h.status, 0);
	assert_int_equal(h.out.len, HELPER_OUTPUT_MAX);
	buf_free(&h.out);
	run(&h, "head -c 262145 /dev/zero | tr '\\0' x; exec sleep 600", NULL);
	assert_int_equal(h.status, ERR_LIMIT);
	buf_free(&h.out);
	run(&h, "exec yes", NULL);
	assert_int_equal(h.status, ERR_LIMIT);
	buf_free(&h.out);
	run(&h, "ulimit -t 1; while :; do :; done", NULL);
	assert_int_equal(h.status, ERR_LIMIT);
	assert_non_null(strstr(h.e.msg, "signal 9"));
	buf_free(&h.out);
	run(&h, "kill -SEGV $$", NULL);
	assert_int_equal(h.status, ERR_LIMIT);
	assert_non_null(strstr(h.e.msg, "signal 11: it has 20 s and 1024 MB"));
	buf_free(&h.out);
}

static void wall_time(void **state)
{
	struct heard h;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip();	/* once is enough: it takes HELPER_TIME_S */
#endif
	run(&h, "echo begun; exec >&-; exec sleep 600", NULL);
	assert_int_equal(h.status, ERR_LIMIT);
	assert_string_equal(buf_text(&h.out), "begun\n");
	buf_free(&h.out);
}

static void too_many(void **state)
{
	struct heard h[HELPERS_MAX], more;
	struct err e = { 0 };

	(void)state;
	put_program("while [ ! -e ${0%/*}/go ]; do sleep 0.01; done");
	for (int i = 0; i < HELPERS_MAX; i++)
		assert_int_equal(start(&h[i], NULL, &e), 0);
	assert_int_equal(start(&more, NULL, &e), ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, "already"));
	fclose(fopen(scratch_path("go"), "w"));
	for (int i = 0; i < HELPERS_MAX; i++) {
		finish(&h[i]);
		assert_int_equal(h[i].status, 0);
		buf_free(&h[i].out);
	}
	assert_int_equal(more.calls, 0);
	assert_int_equal(start(&more, NULL, &e), 0);
	finish(&more);
	buf_free(&more.out);
}

static void no_program(void **state)
{
	struct err e = { 0 };
	struct heard h;

	(void)state;
	assert_int_equal(start(&h, NULL, &e), ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, scratch_path("program")));
	assert_int_equal(h.calls, 0);
	/* there, but no program of this machine */
	put_program("");
	FILE *f = fopen(scratch_path("program"), "w");
	fputs("\177ELF nonsense", f);
	fclose(f);
	assert_int_equal(start(&h, NULL, &e), 0);
	finish(&h);
	assert_int_equal(h.status, 127);
	buf_free(&h.out);
}

static void end_with_running_ones(void **state)
{
	struct heard h[2];
	struct err e = { 0 };
	char text[32] = "";
	FILE *f;

	(void)state;
	put_program("echo $$ >${0%/*}/pid.part; mv ${0%/*}/pid.part ${0%/*}/pid; exec sleep 600");
	assert_int_equal(start(&h[0], NULL, &e), 0);
	while (access(scratch_path("pid"), F_OK))
		usleep(1000);
	assert_int_equal(start(&h[1], NULL, &e), 0);
	f = fopen(scratch_path("pid"), "r");
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	helpers_free(all);
	all = NULL;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(h[i].calls, 1);
		assert_int_equal(h[i].status, ERR_UNAVAILABLE);
		assert_non_null(strstr(h[i].e.msg, "stopping"));
		buf_free(&h[i].out);
	}
	assert_int_not_equal(kill((pid_t)strtol(text, NULL, 10), 0), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_in_and_out),
		TEST(nothing_of_ours),
		TEST(much_input),
		TEST(limits),
		TEST(wall_time),
		TEST(too_many),
		TEST(no_program),
		TEST(end_with_running_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
