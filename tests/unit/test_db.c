/* Statements, transactions, backups and faults. What db_open refuses: test_db_errors.c. */
#include "common/db/backup.h"
#include "common/db/check.h"
#include "common/fault.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

static const char SQL_PUT[] = "INSERT INTO counters(name, value) VALUES (?1, ?2)";
static const char SQL_COUNT[] = "SELECT count(*) FROM counters";
static const char SQL_ALL[] = "SELECT name, value FROM counters ORDER BY name";

static struct db *open_db(enum db_role role)
{
	struct db *db = NULL;
	struct err e;

	if (db_open(scratch_path("app.db"), role, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static int put(struct db *db, const char *name, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PUT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, name);
	stmt_bind_int(s, 2, 7);
	return stmt_run(s, e);
}

static int64_t ask(struct db *db, const char *sql)
{
	struct stmt *s;
	int64_t v;

	assert_int_equal(db_stmt(db, sql, &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

static void test_open_settings(void **state)
{
	static const char FOREIGN_KEYS[] = "PRAGMA foreign_keys";
	static const char TRUSTED[] = "PRAGMA trusted_schema";
	static const char CELL[] = "PRAGMA cell_size_check", SYNC[] = "PRAGMA synchronous";
	static const char MODE[] = "PRAGMA journal_mode";
	struct db *db = open_db(DB_WORKER);
	struct stmt *s;
	struct stat st;

	(void)state;
	assert_int_equal(ask(db, FOREIGN_KEYS), 1);
	assert_int_equal(ask(db, TRUSTED), 0);
	assert_int_equal(ask(db, CELL), 1);
	assert_int_equal(ask(db, SYNC), 2);
	assert_int_equal(db_stmt(db, MODE, &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	assert_string_equal(stmt_text(s, 0), "wal");
	stmt_done(s);
	assert_int_equal(db_exec(db, "PRAGMA writable_schema = ON; "
				 "UPDATE sqlite_master SET sql = ''", NULL), ERR_INVALID);
	/* Tokens and sealed keys are inside: nobody else may read it. */
	assert_int_equal(stat(db_path(db), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(scratch_path("app.db-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(db_check(db, NULL), 0);
	assert_true(db_schema_version(db) >= 1);
	assert_non_null(db_library_version());
	db_close(db);
}

static void test_makes_folders(void **state)
{
	struct db *db;
	struct err e;

	(void)state;
	assert_int_equal(db_open(scratch_path("a/b/c/app.db"), DB_CLI, &db, &e), 0);
	db_close(db);
	assert_int_equal(access(scratch_path("a/b/c/app.db"), R_OK), 0);
}

static void test_column_types(void **state)
{
	static const char SQL[] = "SELECT ?1, ?2, ?3, x'610062', ?5 AS five";
	struct db *db = open_db(DB_WORKER);
	struct stmt *s;
	char text[6];

	(void)state;
	assert_int_equal(db_stmt(db, SQL, &s, NULL), 0);
	stmt_bind_int(s, 1, INT64_MIN);
	stmt_bind_double(s, 2, 0.1);
	stmt_bind_text(s, 3, "abcd\xc3\xa4\xc3\xb6");
	stmt_bind_null(s, 5);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	assert_int_equal(stmt_columns(s), 5);
	assert_string_equal(stmt_column_name(s, 4), "five");
	assert_int_equal(stmt_column_type(s, 0), STMT_INT);
	assert_int_equal(stmt_column_type(s, 1), STMT_REAL);
	assert_int_equal(stmt_column_type(s, 2), STMT_TEXT);
	assert_int_equal(stmt_column_type(s, 3), STMT_BLOB);
	assert_int_equal(stmt_column_type(s, 4), STMT_NULL);
	assert_true(stmt_int(s, 0) == INT64_MIN);
	assert_true(stmt_double(s, 1) == 0.1);
	assert_true(stmt_is_null(s, 4));
	assert_false(stmt_is_null(s, 3));
	assert_null(stmt_text(s, 4));
	stmt_copy(s, 4, text, sizeof(text));
	assert_string_equal(text, "");
	/* Cut where a character begins. */
	stmt_copy(s, 2, text, sizeof(text));
	assert_string_equal(text, "abcd");
	assert_int_equal(stmt_step(s, NULL), STMT_END);
	stmt_done(s);
	db_close(db);
}

static void test_cache(void **state)
{
	static char sql[300][40];
	struct db *db = open_db(DB_WORKER);
	struct stmt *s, *first[300];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(sql[i], sizeof(sql[i]), "SELECT %d + ?1", i);
		assert_int_equal(db_stmt(db, sql[i], &first[i], NULL), 0);
	}
	for (int i = 0; i < 300; i++) {
		assert_int_equal(db_stmt(db, sql[i], &s, NULL), 0);
		assert_ptr_equal(s, first[i]);
		stmt_bind_int(s, 1, 1000);
		assert_int_equal(stmt_step(s, NULL), STMT_ROW);
		assert_int_equal(stmt_int(s, 0), 1000 + i);
		stmt_done(s);
	}
	/* Bindings do not outlive their use. */
	assert_int_equal(db_stmt(db, sql[0], &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	assert_true(stmt_is_null(s, 0));
	stmt_done(s);
	db_close(db);
}

static void test_bad_values(void **state)
{
	struct db *db = open_db(DB_WORKER);
	struct stmt *s;
	struct err e;

	(void)state;
	assert_int_equal(db_stmt(db, SQL_PUT, &s, NULL), 0);
	stmt_bind_text(s, 1, "x");
	stmt_bind_double(s, 2, NAN);
	assert_int_equal(stmt_run(s, &e), ERR_RANGE);
	assert_non_null(strstr(e.msg, "parameter 2"));
	assert_int_equal(ask(db, SQL_COUNT), 0);
	assert_int_equal(put(db, "x", &e), 0);
	assert_int_equal(put(db, "x", &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "counters.name"));
	assert_int_equal(put(db, NULL, &e), ERR_INVALID);
	assert_int_equal(db_exec(db, "INSERT INTO counters(name, value) VALUES ('y', 'text')", &e),
			 ERR_INVALID);
	assert_int_equal(db_exec(db, "INSERT INTO trading_config_history(bot_id, version, config, "
				 "changed_us, changed_by) VALUES (99, 1, '{}', 1, 'x')", &e),
			 ERR_CONFLICT);
	assert_int_equal(db_exec(db, "INSERT INTO commands(kind) VALUES ('nonsense')", &e),
			 ERR_INVALID);
	assert_int_equal(db_exec(db, "SELECT * FROM missing", &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "no such table"));
	/* Double quotes are names, never text. */
	assert_int_equal(db_exec(db, "SELECT \"text\"", &e), ERR_INVALID);
	assert_int_equal(ask(db, SQL_COUNT), 1);
	db_close(db);
}

static void test_transaction(void **state)
{
	struct db *db = open_db(DB_WORKER), *other = open_db(DB_API);
	int64_t version = db_data_version(other);
	struct err e;

	(void)state;
	assert_int_equal(db_begin(db, &e), 0);
	assert_true(db_in_transaction(db));
	assert_int_equal(put(db, "a", &e), 0);
	assert_int_equal(db_changes(db), 1);
	assert_int_equal(ask(other, SQL_COUNT), 0);
	assert_true(db_data_version(other) == version);
	assert_int_equal(db_commit(db, &e), 0);
	assert_false(db_in_transaction(db));
	assert_int_equal(ask(other, SQL_COUNT), 1);
	assert_true(db_data_version(other) != version);

	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(put(db, "b", &e), 0);
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(ask(db, SQL_COUNT), 1);
	/* An error inside leaves the transaction to its owner. */
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(put(db, "a", &e), ERR_CONFLICT);
	assert_true(db_in_transaction(db));
	assert_int_equal(put(db, "c", &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(ask(db, SQL_COUNT), 2);

	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(put(db, "d", &e), 0);
	assert_int_equal(db_end(db, ERR_LIMIT, &e), ERR_LIMIT);
	assert_false(db_in_transaction(db));
	assert_int_equal(ask(other, SQL_COUNT), 2);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(put(db, "d", &e), 0);
	assert_int_equal(db_end(db, 0, &e), 0);
	assert_int_equal(ask(other, SQL_COUNT), 3);
	db_close(other);
	db_close(db);
}

static void test_moved(void **state)
{
	struct db *db = open_db(DB_WORKER);
	struct err e;

	(void)state;
	assert_int_equal(db_lost(db, &e), 0);
	assert_int_equal(rename(scratch_path("app.db"), scratch_path("old.db")), 0);
	assert_int_equal(db_lost(db, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "replaced, moved or deleted"));
	assert_int_equal(rename(scratch_path("old.db"), scratch_path("app.db")), 0);
	assert_int_equal(db_lost(db, &e), 0);
	assert_int_equal(unlink(scratch_path("app.db")), 0);
	assert_int_equal(db_lost(db, &e), ERR_IO);
	db_close(db);
}

static void test_last_id(void **state)
{
	struct db *db = open_db(DB_API);
	int64_t id;

	(void)state;
	assert_int_equal(db_exec(db, "INSERT INTO commands(kind) VALUES ('pause')", NULL), 0);
	id = db_last_id(db);
	assert_int_equal(db_exec(db, "INSERT INTO commands(kind) VALUES ('pause')", NULL), 0);
	assert_int_equal(db_last_id(db), id + 1);
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

/* ---- our own bugs end the program ---- */

static int begin_on_row(void *arg)
{
	struct stmt *s;

	if (db_stmt(arg, SQL_ALL, &s, NULL) || stmt_step(s, NULL) != STMT_ROW)
		return 1;
	return db_begin(arg, NULL);
}

static int nested_use(void *arg)
{
	struct stmt *s;

	if (db_stmt(arg, SQL_ALL, &s, NULL) || stmt_step(s, NULL) != STMT_ROW)
		return 1;
	return db_stmt(arg, SQL_ALL, &s, NULL);
}

static int bad_column(void *arg)
{
	struct stmt *s;

	if (db_stmt(arg, SQL_ALL, &s, NULL) || stmt_step(s, NULL) != STMT_ROW)
		return 1;
	return (int)stmt_int(s, 2);
}

static int bad_parameter(void *arg)
{
	struct stmt *s;

	if (db_stmt(arg, SQL_ALL, &s, NULL))
		return 1;
	stmt_bind_int(s, 1, 1);
	return 0;
}

static int commit_nothing(void *arg)
{
	return db_commit(arg, NULL);
}

static int (*bug)(void *);

static int run_bug(void *arg)
{
	fclose(stderr); /* its message is expected */
	close(2);
	return bug(arg);
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

static void test_asserts(void **state)
{
	int (*const bugs[])(void *) = {
		begin_on_row, nested_use, bad_column, bad_parameter, commit_nothing,
	};
	struct db *db = open_db(DB_WORKER);

	(void)state;
	assert_int_equal(put(db, "a", NULL), 0);
	for (size_t i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++) {
		bug = bugs[i];
		assert_int_equal(scratch_child(run_bug, db), -SIGABRT);
	}
	db_close(db);
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

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

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

struct endless {
	struct db *db;
	atomic_bool over;
	int rc;
};

static void *count_for_ever(void *arg)
{
	struct endless *x = arg;

	x->rc = db_exec(x->db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
			" SELECT count(*) FROM n", NULL);
	atomic_store(&x->over, true);
	return NULL;
}

static void test_interrupt(void **state)
{
	struct endless x = { .db = open_db(DB_API) };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, count_for_ever, &x), 0);
	while (!atomic_load(&x.over)) {	/* also before it has begun */
		db_interrupt(x.db);
		sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(x.rc, ERR_UNAVAILABLE);
	db_close(x.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_open_settings),
		WITH_FOLDER(test_makes_folders),
		WITH_FOLDER(test_existing_only),
		WITH_FOLDER(test_interrupt),
		WITH_FOLDER(test_column_types),
		WITH_FOLDER(test_cache),
		WITH_FOLDER(test_bad_values),
		WITH_FOLDER(test_transaction),
		WITH_FOLDER(test_moved),
		WITH_FOLDER(test_last_id),
		WITH_FOLDER(test_backup),
		WITH_FOLDER(test_backup_ended),
		WITH_FOLDER(test_lock),
		WITH_FOLDER(test_second_connection),
		WITH_FOLDER(test_durable),
		WITH_FOLDER(test_on_wal),
		WITH_FOLDER(test_asserts),
#ifdef FAULTS
		WITH_FOLDER(test_kill_at_commit),
		WITH_FOLDER(test_kill_at_first_start),
		WITH_FOLDER(test_failing_write),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
