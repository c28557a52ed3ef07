#include "common/clock.h"
#include "common/db/checkpoint.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROW_BYTES 4000		/* about a page */
#define LIMIT_US (60 * US_PER_S)

static const char SQL_PUT[] =
	"INSERT INTO audit_log(at_us, actor, action, detail) VALUES (1, 'a', 'b', ?1)";

static struct db *open_db(void)
{
	struct db *db;
	struct err e;

	if (db_open(scratch_path("app.db"), DB_WORKER, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static void put(struct db *db, int rows)
{
	static char text[ROW_BYTES + 1];
	struct stmt *s;

	memset(text, 'x', ROW_BYTES);
	assert_int_equal(db_begin(db, NULL), 0);
	for (int i = 0; i < rows; i++) {
		assert_int_equal(db_stmt(db, SQL_PUT, &s, NULL), 0);
		stmt_bind_text(s, 1, text);
		assert_int_equal(stmt_run(s, NULL), 0);
	}
	assert_int_equal(db_commit(db, NULL), 0);
}

static off_t file_bytes(void)
{
	struct stat st;

	assert_int_equal(stat(scratch_path("app.db"), &st), 0);
	return st.st_size;
}

static uint64_t made(struct checkpoint *c)
{
	struct checkpoint_state s;

	checkpoint_state(c, &s);
	assert_int_equal(s.failed, 0);
	return s.made;
}

static void test_moves_beside(void **state)
{
	struct db *db = open_db();
	struct checkpoint *c;
	struct err e;
	int64_t end_us = clock_mono_us() + LIMIT_US;
	off_t before;

	(void)state;
	assert_int_equal(checkpoint_begin(db, &c, &e), 0);
	put(db, 10);
	assert_int_equal(made(c), 0); /* too little to care */
	before = file_bytes();
	put(db, CHECKPOINT_PAGES);
	while (made(c) == 0)
		assert_true(clock_mono_us() < end_us);
	assert_true(file_bytes() >= before + (off_t)CHECKPOINT_PAGES * ROW_BYTES);
	checkpoint_end(c);
	put(db, 1); /* the hook is gone with it */
	db_close(db);
}

/* A reader that stands still holds the pages back; in the end the commit itself tries. */
static void test_held_back(void **state)
{
	static const char SQL_ONE[] = "SELECT id FROM bots";
	struct db *db = open_db(), *reader = open_db();
	struct checkpoint *c;
	struct stmt *s;
	struct err e;
	off_t before;

	(void)state;
	assert_int_equal(checkpoint_begin(db, &c, &e), 0);
	put(db, 1);
	assert_int_equal(db_stmt(reader, SQL_ONE, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	before = file_bytes();
	put(db, CHECKPOINT_MOST);
	assert_true(file_bytes() < before + (off_t)CHECKPOINT_MOST * ROW_BYTES);
	stmt_done(s);
	put(db, 1);
	assert_true(file_bytes() >= before + (off_t)CHECKPOINT_MOST * ROW_BYTES);
	checkpoint_end(c);
	db_close(reader);
	db_close(db);
}

static struct checkpoint_state await(struct checkpoint *c, struct db *db, bool failing)
{
	int64_t end_us = clock_mono_us() + LIMIT_US;
	struct checkpoint_state s;

	do {
		assert_true(clock_mono_us() < end_us);
		put(db, 1);
		checkpoint_state(c, &s);
	} while (s.failing != failing);
	return s;
}

/* Another process reads in an old transaction: who it is is told, until it ends. */
static void test_who_holds_it_up(void **state)
{
	static const char SQL_ONE[] = "SELECT id FROM bots";
	struct db *db = open_db();
	struct checkpoint_state now;
	struct checkpoint *c;
	int begun[2], end[2];
	char name[40], byte;
	struct err e;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(begun) | pipe(end), 0);
	put(db, 1);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct db *reader = open_db();
		struct stmt *s;

		close(end[1]);
		if (db_stmt(reader, SQL_ONE, &s, NULL) || stmt_step(s, NULL) != STMT_ROW ||
		    write(begun[1], "b", 1) != 1 || read(end[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(end[0]);
	assert_int_equal(read(begun[0], &byte, 1), 1);
	assert_int_equal(checkpoint_begin(db, &c, &e), 0);
	put(db, CHECKPOINT_HELD + 100);
	now = await(c, db, true);
	snprintf(name, sizeof(name), "process %d (", (int)child);
	assert_non_null(strstr(now.why, name));
	assert_true(now.wal_pages > CHECKPOINT_HELD);
	close(end[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	now = await(c, db, false);
	assert_string_equal(now.why, "");
	checkpoint_end(c);
	close(begun[0]);
	close(begun[1]);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves_beside, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_held_back, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(test_who_holds_it_up, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
