/* One worker for each database; who is second hears who is first. */
#include "worker/worker_lock.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct err e;

static void the_second_is_told_who_is_first(void **state)
{
	int fd = -1, other = -1;
	char pid[32];

	(void)state;
	assert_int_equal(worker_lock(scratch_path("app.db"), &fd, &e), 0);
	assert_true(fd >= 0);
	assert_int_equal(worker_lock(scratch_path("app.db"), &other, &e), ERR_BUSY);
	assert_int_equal(other, -1);
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_non_null(strstr(e.msg, pid));
	assert_non_null(strstr(e.msg, scratch_path("app.db")));
	/* It is the database's, not the machine's; and it ends with who holds it. */
	assert_int_equal(worker_lock(scratch_path("other.db"), &other, &e), 0);
	close(other);
	close(fd);
	assert_int_equal(worker_lock(scratch_path("app.db"), &fd, &e), 0);
	close(fd);
}

static int lock_and_die(void *arg)
{
	int fd;

	(void)arg;
	return worker_lock(scratch_path("app.db"), &fd, NULL);
}

static void a_dead_one_holds_nothing(void **state)
{
	char text[32] = "", expected[32];
	FILE *f;
	int fd;

	(void)state;
	assert_int_equal(scratch_child(lock_and_die, NULL), 0);
	assert_int_equal(worker_lock(scratch_path("app.db"), &fd, &e), 0);
	f = fopen(scratch_path("app.db.worker"), "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	snprintf(expected, sizeof(expected), "%d\n", (int)getpid());
	assert_string_equal(text, expected);
	close(fd);
}

static void no_folder(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(worker_lock(scratch_path("none/app.db"), &fd, &e), ERR_IO);
	assert_int_equal(fd, -1);
	assert_non_null(strstr(e.msg, "app.db.worker"));
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(the_second_is_told_who_is_first),
		WITH_FOLDER(a_dead_one_holds_nothing),
		WITH_FOLDER(no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
