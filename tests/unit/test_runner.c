/* The job runner with children that do everything wrong: shell scripts in the program's place. */
#include "worker/job/runner.h"

#include "common/clock.h"
#include "common/log.h"
#include "tests/unit/scratch.h"
#include "worker/job/job.h"
#include "worker/store/jobs.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_US (60 * US_PER_S)

static struct event_base *base;
static struct db *db;
static struct runner *runner;
static int64_t ahead_us;		/* of the runner's clock before ours */

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	log_set_fd(-1);
	base = event_base_new();
	ahead_us = 0;
	runner = NULL;
	return db_open(scratch_path("app.db"), DB_WORKER, &db, NULL);
}

static int teardown(void **state)
{
	runner_free(runner);
	event_base_free(base);
	db_close(db);
	return scratch_teardown(state);
}

/* The program is a script; the runner begins. */
static void begin(const char *script)
{
	FILE *f = fopen(scratch_path("program"), "w");
	struct err e = { 0 };

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	assert_int_equal(chmod(scratch_path("program"), 0700), 0);
	runner_free(runner);
	if (runner_new(base, db, scratch_path("program"), &runner, &e))
		fail_msg("%s", e.msg);
}

static void sql(const char *text)
{
	struct err e = { 0 };

	if (db_exec(db, text, &e))
		fail_msg("%s: %s", text, e.msg);
}

static int64_t queue(const char *args)
{
	int64_t id = 0;

	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(job_row_insert_tx(db, "check", args, "test", 1, &id, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	return id;
}

static struct job_row row(int64_t id)
{
	struct job_row r;

	assert_int_equal(job_row_get(db, id, &r, NULL), 0);
	return r;
}

static void write_rows(void)
{
	struct err e = { 0 };
	int rc;

	if (!runner_pending(runner))
		return;
	assert_int_equal(db_begin(db, &e), 0);
	rc = runner_write_tx(runner, db, &e);
	if (rc || db_commit(db, &e))
		fail_msg("trading would wait: %s", e.msg);
	runner_clear(runner);
}

/* What the worker's loop does in one turn. */
static void turn(void)
{
	struct err e = { 0 };

	event_base_loop(base, EVLOOP_NONBLOCK);
	if (runner_look(runner, db, &e))
		fail_msg("%s", e.msg);
	runner_tick(runner, clock_mono_us() + ahead_us);
	write_rows();
	usleep(1000);
}

static bool is(int64_t id, const char *state)
{
	return !strcmp(row(id).state, state);
}

static struct job_row ends(int64_t id, const char *state)
{
	int64_t begin_us = clock_mono_us();

	while (!is(id, "done") && !is(id, "failed") && !is(id, "cancelled")) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("job %lld is %s for ever", (long long)id, row(id).state);
		turn();
	}
	struct job_row r = row(id);

	if (strcmp(r.state, state) != 0)
		fail_msg("job %lld is %s: %s", (long long)id, r.state, r.error);
	assert_int_equal(r.pid, 0);
	assert_true(r.ended_us > 0);
	return r;
}

/* Until it runs and its process has said so. */
static void runs(int64_t id)
{
	int64_t begin_us = clock_mono_us();

	while (!is(id, "running") || !row(id).message[0]) {
		if (clock_mono_us() - begin_us > WAIT_US)
			fail_msg("job %lld never runs: %s", (long long)id, row(id).state);
		turn();
	}
	assert_true(row(id).pid > 1);
}

static void run_one(const char *script, const char *state, const char *words)
{
	struct job_row r;

	begin(script);
	r = ends(queue("{}"), state);
	if (words && !strstr(r.error, words))
		fail_msg("\"%s\" should say \"%s\"", r.error, words);
	if (!words)
		assert_string_equal(r.error, "");
}

static void good(void **state)
{
	struct job_row r;

	(void)state;
	begin("[ $1 = job-run ] && echo \"P 0.25 halfway\" >&3 && echo 'R {\"id\":'$2'}' >&3");
	queue("{}");
	r = ends(queue("{\"a\":1}"), "done");
	assert_string_equal(r.result, "{\"id\":2}");
	assert_string_equal(r.message, "halfway");
	assert_true(r.progress == 1);
	assert_int_equal(r.attempts, 1);
	assert_string_equal(row(1).result, "{\"id\":1}");
	run_one("exit 0", "done", NULL);
}

static void bad_ends(void **state)
{
	(void)state;
	run_one("echo 'E the moon is full' >&3; exit 3", "failed", "the moon is full");
	run_one("exit 3", "failed", "exit code 3");
	run_one("kill -9 $$", "failed", "signal 9 (KILL)");
	run_one("kill -9 $$", "failed", "1024 MB");
	run_one("exec /nowhere", "failed", "exit code");
	begin("exit 0");
	assert_int_equal(unlink(scratch_path("program")), 0);
	assert_string_equal(ends(queue("{}"), "failed").error,
			    "its process ended with exit code 127");
}

static void bad_results(void **state)
{
	(void)state;
	run_one("echo 'R [1,2]' >&3", "failed", "no JSON object");
	run_one("echo 'R {\"a\":' >&3", "failed", "no JSON object");
	run_one("printf 'R {\"a\":\"%05000d\"}\\n' 1 >&3", "failed", "no JSON object");
	run_one("printf 'R {\"a\":\"%04080d\"}\\n' 1 >&3", "done", NULL);
}

/* The row must stay one that can be written, whatever a child says. */
static void nonsense(void **state)
{
	static const char *const said[] = {
		"nan", "-nan", "inf", "-inf", "1e999", "-0.5", "7", "x", "0x1p-3", "",
	};
	char script[200];

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		snprintf(script, sizeof(script),
			 "echo 'P %s words' >&3; while [ ! -e %s ]; do sleep 0.01; done", said[i],
			 scratch_path("go"));
		begin(script);
		int64_t id = queue("{}");

		while (!is(id, "running"))
			turn();
		for (int k = 0; k < 20; k++)
			turn();
		assert_true(row(id).progress >= 0 && row(id).progress <= 1);
		fclose(fopen(scratch_path("go"), "w"));
		ends(id, "done");
		unlink(scratch_path("go"));
	}
	run_one("printf 'P\\n\\nX\\nP \\nQ 1\\n\\377\\376\\nE\\nR\\n' >&3", "done", NULL);
	run_one("head -c 3000000 /dev/zero | tr '\\0' 'P' >&3", "done", NULL);
	run_one("yes 'Q nonsense' | head -n 100000 >&3", "done", NULL);
	run_one("printf 'P 0.5 no line end' >&3", "done", NULL);
}

static void cancelled(void **state)
{
	int64_t id;

	(void)state;
	begin("echo 'P 0.1 on' >&3; exec sleep 600");
	id = queue("{}");
	runs(id);
	sql("UPDATE jobs SET cancel_requested = 1");
	assert_string_equal(ends(id, "cancelled").error, "cancelled");
	/* It does not listen: ended by force 5 s later. */
	begin("trap '' TERM; echo 'P 0.1 on' >&3; while :; do sleep 0.01; done");
	id = queue("{}");
	runs(id);
	sql("UPDATE jobs SET cancel_requested = 1 WHERE state = 'running'");
	for (int i = 0; i < 50; i++)
		turn();
	assert_true(is(id, "running"));
	ahead_us = 6 * US_PER_S;
	ends(id, "cancelled");
}

static void too_long(void **state)
{
	int64_t id;

	(void)state;
	begin("echo 'P 0.1 on' >&3; exec sleep 600");
	id = queue("{}");
	runs(id);
	ahead_us = (job_check.time_s - 60) * US_PER_S;
	turn();
	assert_true(is(id, "running"));
	ahead_us = (job_check.time_s + 1) * US_PER_S;
	assert_non_null(strstr(ends(id, "failed").error, "longer than its time limit"));
}

static void limits_and_files(void **state)
{
	struct job_row r;

	(void)state;
	assert_int_equal(dup2(STDERR_FILENO, 50), 50);	/* stays open over an exec */
	begin("n=; for f in /proc/$$/fd/*; do n=\"$n ${f##*/}\"; done;"
	      "echo \"R {\\\"mb\\\":\\\"$(ulimit -v)\\\",\\\"s\\\":\\\"$(ulimit -t)\\\","
	      "\\\"core\\\":\\\"$(ulimit -c)\\\",\\\"nice\\\":$(nice),"
	      "\\\"files\\\":\\\"$n\\\"}\" >&3");
	r = ends(queue("{}"), "done");
	close(50);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_non_null(strstr(r.result, "\"mb\":\"1048576\""));
#endif
	assert_non_null(strstr(r.result, "\"s\":\"600\""));
	assert_non_null(strstr(r.result, "\"core\":\"0\""));
	assert_non_null(strstr(r.result, "\"nice\":1"));
	/* 4 and 10 are the shell's own */
	assert_non_null(strstr(r.result, "\"files\":\" 0 1 10 2 3 4\""));
}

static void one_at_a_time(void **state)
{
	char script[300];

	(void)state;
	snprintf(script, sizeof(script), "mkdir %s || exit 9; sleep 0.05; rmdir %s",
		 scratch_path("busy"), scratch_path("busy"));
	begin(script);
	for (int i = 0; i < 5; i++)
		queue("{}");
	for (int64_t id = 1; id <= 5; id++)
		ends(id, "done");
}

static void row_deleted(void **state)
{
	int64_t id, next;

	(void)state;
	begin("[ $2 = 1 ] || exit 0; echo 'P 0.1 on' >&3; exec sleep 600");
	id = queue("{}");
	runs(id);
	int64_t pid = row(id).pid;

	sql("DELETE FROM jobs");
	next = queue("{}");
	ends(next, "done");
	assert_int_not_equal(kill((pid_t)pid, 0), 0);
}

/* Started with SIGCHLD ignored, the kernel keeps nothing for us to ask. */
static void children_that_nobody_keeps(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	run_one("exit 0", "failed", "is not known");
	signal(SIGCHLD, SIG_DFL);
}

static void stopped_on_purpose(void **state)
{
	struct job_row r;
	int64_t id;

	(void)state;
	for (int i = 0; i < JOB_ATTEMPTS + 2; i++) {
		begin("echo 'P 0.5 on' >&3; exec sleep 600");
		id = i ? 1 : queue("{}");
		runs(id);
		int64_t pid = row(id).pid;

		runner_stop(runner, 77);
		assert_int_not_equal(kill((pid_t)pid, 0), 0);
		write_rows();
		r = row(id);
		assert_string_equal(r.state, "queued");
		assert_int_equal(r.attempts, 0);
		assert_int_equal(r.pid, 0);
	}
	begin("exit 0");
	ends(id, "done");
	/* what was to end anyway does not begin again */
	begin("trap '' TERM; echo 'P 0.1 on' >&3; while :; do sleep 0.01; done");
	id = queue("{}");
	runs(id);
	sql("UPDATE jobs SET cancel_requested = 1 WHERE state = 'running'");
	turn();
	runner_stop(runner, 77);
	write_rows();
	assert_true(is(id, "cancelled"));
	assert_int_equal(row(id).ended_us, 77);
}

static pid_t process(const char *second, const char *third)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", "while :; do sleep 0.05; done", second, third,
		      (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Waits until the process has become its program. */
static void becomes(pid_t pid, const char *word)
{
	char path[40], text[200];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	for (;;) {
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

		if (f)
			fclose(f);
		if (memmem(text, n, word, strlen(word)))
			return;
		usleep(1000);
	}
}

/* An earlier worker's child that still lives ends; a stranger with its number does not. */
static void left_by_another(void **state)
{
	pid_t ours = process("job-run", "1"), stranger = process("job-run", "22");
	pid_t dead = fork();		/* has ended, and nobody has asked how */
	siginfo_t info;
	char text[200];
	int status;

	(void)state;
	if (dead == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)dead, &info, WEXITED | WNOWAIT), 0);
	becomes(ours, "job-run");
	becomes(stranger, "job-run");
	for (int i = 0; i < 3; i++)
		queue("{}");
	snprintf(text, sizeof(text), "UPDATE jobs SET state = 'running', attempts = 1,"
		 " pid = CASE id WHEN 1 THEN %d WHEN 2 THEN %d ELSE %d END",
		 (int)ours, (int)stranger, (int)dead);
	sql(text);
	begin("exit 0");
	assert_int_equal(waitpid(ours, &status, 0), ours);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(stranger, &status, WNOHANG), 0);
	kill(stranger, SIGKILL);
	waitpid(stranger, &status, 0);
	assert_int_equal(ends(1, "done").attempts, 2);
	waitpid(dead, &status, 0);
	assert_int_equal(ends(2, "done").attempts, 2);
	assert_int_equal(ends(3, "done").attempts, 2);
}

static void end_with_a_running_one(void **state)
{
	int64_t id, pid;

	(void)state;
	begin("echo 'P 0.1 on' >&3; exec sleep 600");
	id = queue("{}");
	runs(id);
	pid = row(id).pid;
	runner_free(runner);
	runner = NULL;
	assert_int_not_equal(kill((pid_t)pid, 0), 0);
	/* the next worker: three starts that did not end are enough */
	sql("UPDATE jobs SET attempts = 3");
	begin("exit 0");
	assert_non_null(strstr(ends(id, "failed").error, "not tried again"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good),
		TEST(bad_ends),
		TEST(bad_results),
		TEST(nonsense),
		TEST(cancelled),
		TEST(too_long),
		TEST(limits_and_files),
		TEST(one_at_a_time),
		TEST(row_deleted),
		TEST(children_that_nobody_keeps),
		TEST(stopped_on_purpose),
		TEST(left_by_another),
		TEST(end_with_a_running_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
