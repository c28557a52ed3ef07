/* One worker for each database; who is second hears who is first. */
#include "tests/unit/scratch.h"
#include "worker/loop/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct err e;

static void make_database(const char *name)
{
	FILE *f = fopen(scratch_path(name), "w");

	assert_non_null(f);
	fclose(f);
}

static void the_second_is_told_who_is_first(void **state)
{
	struct worker_lock *lock = NULL, *other = NULL;
	char pid[32];

	(void)state;
	make_database("app.db");
	make_database("other.db");
	assert_int_equal(worker_lock(scratch_path("app.db"), &lock, &e), 0);
	assert_int_equal(worker_lock(scratch_path("app.db"), &other, &e), ERR_BUSY);
	assert_null(other);
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_non_null(strstr(e.msg, pid));
	assert_non_null(strstr(e.msg, scratch_path("app.db")));
	/* It is the database's, not the machine's; and it ends with who holds it. */
	assert_int_equal(worker_lock(scratch_path("other.db"), &other, &e), 0);
	worker_unlock(other);
	worker_unlock(lock);
	assert_int_equal(worker_lock(scratch_path("app.db"), &lock, &e), 0);
	worker_unlock(lock);
}

static int lock_and_die(void *arg)
{
	struct worker_lock *lock;

	(void)arg;
	return worker_lock(scratch_path("app.db"), &lock, NULL);
}

static void a_dead_one_holds_nothing(void **state)
{
	char text[32] = "", expected[32];
	struct worker_lock *lock;
	FILE *f;

	(void)state;
	make_database("app.db");
	assert_int_equal(scratch_child(lock_and_die, NULL), 0);
	assert_int_equal(worker_lock(scratch_path("app.db"), &lock, &e), 0);
	f = fopen(scratch_path("app.db.worker"), "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	snprintf(expected, sizeof(expected), "%d\n", (int)getpid());
	assert_string_equal(text, expected);
	worker_unlock(lock);
}

static void no_folder(void **state)
{
	struct worker_lock *lock = NULL;

	(void)state;
	assert_int_equal(worker_lock(scratch_path("none/app.db"), &lock, &e), ERR_IO);
	assert_null(lock);
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
