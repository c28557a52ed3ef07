/*
 * What reaches the database's file and its WAL: folders, second connections, backups,
 * locks, and commits that a kill or a failing write cuts. Statements: test_db.c.
 */
#include "tests/unit/db_rows.h"

#include "common/db/backup.h"
#include "common/db/check.h"
#include "common/fault.h"

#include <signal.h>

static void test_makes_folders(void **state)
{
	struct db *db;
	struct err e;

	(void)state;
	assert_int_equal(db_open(scratch_path("a/b/c/app.db"), DB_CLI, &db, &e), 0);
	db_close(db);
	assert_int_equal(access(scratch_path("a/b/c/app.db"), R_OK), 0);
}

static void test_existing_only(void **state)
{
	struct db *db = NULL;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(db_open_existing(scratch_path("app.db"), DB_API, &db, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "is missing"));
	assert_null(db);
	assert_int_not_equal(stat(scratch_path("app.db"), &st), 0);
	db_close(open_db(DB_WORKER));
	assert_int_equal(db_open_existing(scratch_path("app.db"), DB_API, &db, &e), 0);
	db_close(db);
}

static bool wal_is_there(void)
{
	struct stat st;

	return stat(scratch_path("app.db-wal"), &st) == 0;
}

/*
 * Opening a second connection must not drop the locks of the first: another program
 * that closes the file as, so it thinks, the last one deletes the -wal file.
 */
static void test_second_connection(void **state)
{
	struct db *first, *second, *other;
	int go[2], status;
	pid_t pid;
	char x = 0;

	(void)state;
	assert_int_equal(pipe(go), 0);
	pid = fork(); /* before SQLite is in use here */
	if (pid == 0) {
		close(go[1]);
		if (read(go[0], &x, 1) != 1)
			_exit(1);
		other = open_db(DB_TOOL);
		db_close(other);
		_exit(0);
	}
	first = open_db(DB_WORKER);
	second = open_db(DB_API);
	db_close(second);
	assert_int_equal(put(first, "a", NULL), 0);
	assert_int_equal(write(go[1], &x, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(wal_is_there());
	close(go[0]);
	close(go[1]);
	db_close(first);
	assert_false(wal_is_there());
}

static void test_durable(void **state)
{
	static const char SYNC[] = "PRAGMA synchronous";
	struct db *db = open_db(DB_WORKER);

	(void)state;
	db_set_durable(db, true);
	assert_int_equal(ask(db, SYNC), 2);
	db_set_durable(db, false);
	assert_int_equal(ask(db, SYNC), 1);
	db_set_durable(db, true);
	assert_int_equal(ask(db, SYNC), 2);
	db_close(db);
}

struct pages {
	bool take;
	int newest, calls;
};

static bool on_pages(void *ctx, int pages)
{
	struct pages *p = ctx;

	p->newest = pages;
	p->calls++;
	return p->take;
}

static void test_on_wal(void **state)
{
	struct db *db = open_db(DB_WORKER);
	struct pages p = { .take = true };
	int before;

	(void)state;
	db_on_wal(db, on_pages, &p);
	assert_int_equal(put(db, "a", NULL), 0);
	assert_int_equal(p.calls, 1);
	before = p.newest;
	assert_int_equal(put(db, "b", NULL), 0);
	assert_true(p.newest > before);
	/* Not taken care of: moved in the commit, so that the next one begins anew. */
	p.take = false;
	assert_int_equal(put(db, "c", NULL), 0);
	assert_true(p.newest > before);
	p.take = true;
	assert_int_equal(put(db, "d", NULL), 0);
	assert_true(p.newest <= before);
	db_on_wal(db, NULL, NULL);
	assert_int_equal(put(db, "e", NULL), 0);
	assert_int_equal(p.calls, 4);
	db_close(db);
}

static void test_backup(void **state)
{
	struct db *db = open_db(DB_WORKER), *copy;
	struct err e;

	(void)state;
	assert_int_equal(put(db, "a", &e), 0);
	/* While a transaction is open: the copy holds what is committed. */
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(put(db, "b", &e), 0);
	assert_int_equal(db_backup(db, scratch_path("copy.db"), &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(db_open(scratch_path("copy.db"), DB_WORKER, &copy, &e), 0);
	assert_int_equal(ask(copy, SQL_COUNT), 1);
	assert_int_equal(db_check(copy, &e), 0);
	db_close(copy);
	/* Over an older copy; a failure keeps that one. */
	assert_int_equal(db_backup(db, scratch_path("copy.db"), &e), 0);
	assert_int_equal(db_backup(db, scratch_path("none/copy.db"), &e), ERR_IO);
	assert_int_not_equal(access(scratch_path("copy.db.part"), F_OK), 0);
	assert_int_equal(db_open(scratch_path("copy.db"), DB_WORKER, &copy, &e), 0);
	assert_int_equal(ask(copy, SQL_COUNT), 2);
	db_close(copy);
	db_close(db);
}

static bool step_twice(void *ctx, double done)
{
	int *left = ctx;

	assert_true(done >= 0 && done <= 1);
	return --*left > 0;
}

/* A copy that somebody ends leaves nothing, and the one before stays. */
static void test_backup_ended(void **state)
{
	struct db *db = open_db(DB_WORKER);
	int left = 1, many = 1000;
	struct err e;

	(void)state;
	assert_int_equal(db_backup(db, scratch_path("copy.db"), &e), 0);
	assert_int_equal(put(db, "a", &e), 0);
	assert_int_equal(db_backup_steps(db, scratch_path("copy.db"), step_twice, &left, &e),
			 ERR_CONFLICT);
	assert_int_equal(access(scratch_path("copy.db.part"), F_OK), -1);
	assert_int_equal(access(scratch_path("copy.db.part-journal"), F_OK), -1);
	assert_int_equal(access(scratch_path("copy.db"), F_OK), 0);
	assert_int_equal(db_backup_steps(db, scratch_path("copy.db"), step_twice, &many, &e), 0);
	assert_true(many < 1000);
	db_close(db);
}

/* To oneself, or not at all; also a file that is none. */
static void test_lock(void **state)
{
	struct db *db = open_db(DB_API), *other = NULL;
	const char *path = scratch_path("app.db");
	struct db_lock *lock = NULL, *second = NULL;
	struct err e;

	(void)state;
	assert_int_equal(db_lock(path, &lock, &e), ERR_BUSY);
	assert_non_null(strstr(e.msg, "in use"));
	db_close(db);
	assert_int_equal(db_lock(path, &lock, &e), 0);
	assert_int_equal(db_lock(path, &second, &e), ERR_BUSY);
	assert_int_equal(db_open(path, DB_WORKER, &other, &e), ERR_BUSY);
	assert_non_null(strstr(e.msg, "being restored"));
	assert_int_equal(db_open(path, DB_TOOL, &other, &e), ERR_BUSY);
	assert_int_equal(db_open(path, DB_ALONE, &other, &e), 0);
	db_close(other);
	db_unlock(lock);
	db_close(open_db(DB_WORKER));
	assert_int_equal(db_lock(scratch_path("missing.db"), &lock, &e), 0);
	assert_true(db_lock_made(lock));
	db_unlock(lock);
	assert_int_equal(db_lock(scratch_path("missing.db"), &lock, &e), 0);
	assert_false(db_lock_made(lock));
	db_unlock(lock);
	assert_int_equal(db_lock(scratch_path("none/missing.db"), &lock, &e), ERR_IO);
}

/* ---- faults by counting ---- */

#ifdef FAULTS
/* Three transactions; migration commits come first and are counted as well. */
static int three_commits(void *arg)
{
	static const char *const names[] = { "a", "b", "c" };
	struct db *db;

	(void)arg;
	fault_restart();
	if (db_open(scratch_path("app.db"), DB_WORKER, &db, NULL))
		return 1;
	for (size_t i = 0; i < 3; i++)
		if (db_begin(db, NULL) || put(db, names[i], NULL) || db_commit(db, NULL))
			return 1;
	db_close(db);
	return 0;
}

static void kill_at(int n, const char *when, int expect)
{
	char text[32];
	struct db *db;

	snprintf(text, sizeof(text), "%d:%s", n, when);
	setenv("FAULT_COMMIT", text, 1);
	assert_int_equal(scratch_child(three_commits, NULL), n > 3 ? 0 : -SIGKILL);
	unsetenv("FAULT_COMMIT");
	db = open_db(DB_WORKER);
	assert_int_equal(db_check(db, NULL), 0);
	assert_int_equal(ask(db, SQL_COUNT), expect);
	assert_int_equal(db_exec(db, "DELETE FROM counters", NULL), 0);
	db_close(db);
}

static void test_kill_at_commit(void **state)
{
	(void)state;
	db_close(open_db(DB_WORKER)); /* so that the schema is there */
	for (int n = 1; n <= 4; n++) {
		kill_at(n, "before", n > 3 ? 3 : n - 1);
		kill_at(n, "after", n > 3 ? 3 : n);
	}
}

/* The first start killed around the migration's commit: the next one goes on. */
static void test_kill_at_first_start(void **state)
{
	struct db *db;

	(void)state;
	setenv("FAULT_COMMIT", "1:before", 1);
	assert_int_equal(scratch_child(three_commits, NULL), -SIGKILL);
	assert_int_equal(scratch_child(three_commits, NULL), -SIGKILL);
	setenv("FAULT_COMMIT", "1:after", 1);
	assert_int_equal(scratch_child(three_commits, NULL), -SIGKILL);
	unsetenv("FAULT_COMMIT");
	assert_int_equal(scratch_child(three_commits, NULL), 0);
	db = open_db(DB_WORKER);
	assert_int_equal(ask(db, SQL_COUNT), 3);
	db_close(db);
}

static void test_failing_write(void **state)
{
	struct db *db = open_db(DB_WORKER);
	struct err e;

	(void)state;
	setenv("FAULT_WRITE", "2", 1);
	fault_restart();
	assert_int_equal(put(db, "a", &e), 0);
	assert_int_equal(put(db, "b", &e), ERR_FULL);
	assert_non_null(strstr(e.msg, "no space left"));
	assert_int_equal(put(db, "b", &e), 0);
	unsetenv("FAULT_WRITE");
	fault_restart();
	assert_int_equal(ask(db, SQL_COUNT), 2);
	db_close(db);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_makes_folders), WITH_FOLDER(test_existing_only),
		WITH_FOLDER(test_second_connection), WITH_FOLDER(test_durable),
		WITH_FOLDER(test_on_wal), WITH_FOLDER(test_backup),
		WITH_FOLDER(test_backup_ended), WITH_FOLDER(test_lock),
#ifdef FAULTS
		WITH_FOLDER(test_kill_at_commit), WITH_FOLDER(test_kill_at_first_start),
		WITH_FOLDER(test_failing_write),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
