#include "common/db/db.h"
#include "common/db/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], path[128];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_watch.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/app.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm", "x", "-wal.bak", ".other",
					     ".lock" };
	char name[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	return rmdir(folder);
}

#define WAIT_MS 60000

static bool readable(const struct watch *w, int ms)
{
	struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void touch(const char *suffix)
{
	char name[256];
	int fd;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static struct db *open_db(void)
{
	struct db *db;
	struct err e;

	if (db_open(path, DB_WORKER, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

/* A commit of another connection makes the descriptor readable, and one drain empties it. */
static void test_commit_wakes(void **state)
{
	static const char SQL[] = "INSERT INTO counters(name, value) VALUES ('a', 1)";
	struct db *db = open_db();
	struct watch *w;
	struct err e;

	(void)state;
	assert_int_equal(watch_open(path, &w, &e), 0);
	assert_false(readable(w, 0));
	assert_false(watch_drain(w));
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_exec(db, SQL, &e), 0);
	assert_false(readable(w, 0)); /* nothing to be seen yet */
	assert_int_equal(db_commit(db, &e), 0);
	assert_true(readable(w, WAIT_MS));
	assert_true(watch_drain(w));
	assert_false(readable(w, 0));
	assert_false(watch_drain(w));
	watch_close(w);
	db_close(db);
}

#define COMMITS 100
static int ack[2];

/* Looks only when woken; says so on the pipe each time the database has changed. */
static int look_when_woken(void *arg)
{
	struct watch *w;
	struct db *db;
	int64_t seen, now;

	(void)arg;
	if (watch_open(path, &w, NULL) || db_open(path, DB_WORKER, &db, NULL))
		return 1;
	seen = db_data_version(db);
	for (int i = 0; i <= COMMITS; i++) {
		if (write(ack[1], "x", 1) != 1)
			return 2;
		for (now = seen; i < COMMITS && now == seen; now = db_data_version(db)) {
			if (!readable(w, WAIT_MS))
				return 3;
			watch_drain(w);
		}
		seen = now;
	}
	watch_close(w);
	db_close(db);
	return 0;
}

/*
 * A wake-up must not come only before the commit can be seen, or the other side
 * would sleep on: every commit of the one is noticed by the other.
 */
static void test_no_commit_is_missed(void **state)
{
	static const char SQL[] = "INSERT INTO commands(kind) VALUES ('pause')";
	struct db *db;
	pid_t pid;
	char x;
	int status;

	(void)state;
	assert_int_equal(pipe(ack), 0);
	db_close(open_db());
	pid = fork();
	if (pid == 0)
		_exit(look_when_woken(NULL));
	close(ack[1]); /* so that its end ends our reading */
	db = open_db();
	for (int i = 0; i < COMMITS; i++) {
		assert_int_equal(read(ack[0], &x, 1), 1);
		assert_int_equal(db_begin(db, NULL), 0);
		assert_int_equal(db_exec(db, SQL, NULL), 0);
		assert_int_equal(db_commit(db, NULL), 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ack[0]);
	db_close(db);
}

static void test_names(void **state)
{
	static const char *const ours[] = { "", "-wal", "-shm", "-journal" };
	static const char *const others[] = { "x", "-wal.bak", ".other", ".lock" };
	struct watch *w;
	struct err e;
	char name[256];

	(void)state;
	assert_int_equal(watch_open(path, &w, &e), 0);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		touch(ours[i]);
		assert_true(watch_drain(w));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		touch(others[i]);
		assert_true(readable(w, 0));
		assert_false(watch_drain(w));
	}
	/* Ours between two others is seen. */
	touch("x");
	touch("-wal");
	touch("x");
	assert_true(watch_drain(w));
	/* A file that goes and comes back, as -wal does. */
	snprintf(name, sizeof(name), "%s-journal", path);
	unlink(name);
	assert_true(watch_drain(w));
	watch_close(w);
}

static void test_many_events(void **state)
{
	struct watch *w;
	struct err e;

	(void)state;
	assert_int_equal(watch_open(path, &w, &e), 0);
	for (int i = 0; i < 2000; i++) {
		touch("x");
		touch("-wal");
	}
	assert_true(watch_drain(w));
	assert_false(readable(w, 0));
	watch_close(w);
}

static void test_no_folder(void **state)
{
	struct watch *w = NULL;
	struct err e;
	char name[256];

	(void)state;
	snprintf(name, sizeof(name), "%s/none/app.db", folder);
	assert_int_equal(watch_open(name, &w, &e), ERR_NOT_FOUND);
	assert_null(w);
	assert_non_null(strstr(e.msg, "/none can't be watched"));
	watch_close(NULL);
}

static void test_relative(void **state)
{
	struct watch *w;
	struct err e;
	char old[512];

	(void)state;
	assert_non_null(getcwd(old, sizeof(old)));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(watch_open("app.db", &w, &e), 0);
	touch("-wal");
	assert_true(watch_drain(w));
	watch_close(w);
	assert_int_equal(chdir(old), 0);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_commit_wakes),
		WITH_FOLDER(test_no_commit_is_missed),
		WITH_FOLDER(test_names),
		WITH_FOLDER(test_many_events),
		WITH_FOLDER(test_no_folder),
		WITH_FOLDER(test_relative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
