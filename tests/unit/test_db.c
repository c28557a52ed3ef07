/*
 * Statements and transactions. The file: test_db_file.c; what db_open refuses:
 * test_db_errors.c.
 */
#include "tests/unit/db_rows.h"

#include "common/db/check.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

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

static int one_more(void *ctx, struct db *db, struct err *e)
{
	static const char MORE[] = "INSERT INTO bots(id, name, bot_type, created_us, updated_us)"
				   " VALUES (?1, 'more', 'trading', 1, 1)";
	struct stmt *s;
	int rc = db_stmt(db, MORE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, *(int64_t *)ctx);
	return stmt_run(s, e);
}

/* What is added to a commit is in it; if that fails, so does the commit, and leaves nothing. */
static void test_on_commit(void **state)
{
	static const char COUNT[] = "SELECT count(*) FROM bots WHERE id > 1";
	struct db *db = open_db(DB_WORKER);
	int64_t id = 71;

	(void)state;
	db_on_commit(db, one_more, &id);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	assert_int_equal(ask(db, COUNT), 1);
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_exec(db, "DELETE FROM bots WHERE id = 1", NULL), 0);
	assert_true(db_commit(db, NULL) < 0);	/* the same id again */
	assert_false(db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT count(*) FROM bots WHERE id = 1"), 1);
	db_on_commit(db, NULL, NULL);
	id++;
	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
	assert_int_equal(ask(db, COUNT), 1);
	db_close(db);
}

static void test_number(void **state)
{
	static const char SUM[] = "SELECT ?1 + ?2", NONE[] = "SELECT 1 WHERE 0", BAD[] = "SELECT";
	struct db *db = open_db(DB_WORKER);
	int64_t n = 7;

	(void)state;
	assert_int_equal(db_number(db, SUM, (const int64_t[]){ 40, 2 }, &n, NULL), 0);
	assert_int_equal(n, 42);
	assert_int_equal(db_number(db, BAD, NULL, &n, NULL), ERR_INVALID);
	assert_int_equal(n, 42);
	assert_int_equal(db_number(db, NONE, NULL, &n, NULL), 0);
	assert_int_equal(n, 0);
	db_close(db);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_open_settings), WITH_FOLDER(test_column_types),
		WITH_FOLDER(test_number), WITH_FOLDER(test_on_commit),
		WITH_FOLDER(test_cache), WITH_FOLDER(test_bad_values),
		WITH_FOLDER(test_transaction), WITH_FOLDER(test_moved),
		WITH_FOLDER(test_last_id), WITH_FOLDER(test_interrupt),
		WITH_FOLDER(test_asserts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
