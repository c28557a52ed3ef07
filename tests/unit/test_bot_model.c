/* Which model a bot asks has one truth: a row of either table, by whoever written, is it. */
#include "common/db/migrate.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct db *db;
static struct err e;

static const char MODELS[] =
	"INSERT INTO models(id, name, symbol, format, sha256, size_bytes, path, features, origin,"
	" created_us, updated_us) VALUES"
	" (1, 'one', 'BTCUSDT', 'xgboost-ubj', 'aa', 5, 'models/aa', 'f', 'sample', 1, 1),"
	" (2, 'two', 'BTCUSDT', 'xgboost-ubj', 'bb', 5, 'models/bb', 'f', 'upload', 1, 1)";

static void run(const char *sql)
{
	if (db_exec(db, sql, &e))
		fail_msg("%s: %s", sql, e.msg);
}

static int64_t number(const char *sql)
{
	struct stmt *s;
	int64_t v;

	if (db_stmt(db, sql, &s, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

/* Both tables say it. */
static void expect(int64_t model)
{
	static const char SQL_CONFIG[] = "SELECT model_id FROM trading_configs WHERE bot_id = 1";
	static const char SQL_ASSIGNED[] =
		"SELECT coalesce(max(model_id), 0) FROM model_assignments WHERE bot_id = 1";

	assert_int_equal(number(SQL_CONFIG), model);
	assert_int_equal(number(SQL_ASSIGNED), model);
}

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_API, &db, &e))
		return -1;
	return db_exec(db, MODELS, &e);
}

static int teardown(void **state)
{
	db_close(db);
	db = NULL;
	return scratch_teardown(state);
}

static void either_row_by_hand(void **state)
{
	(void)state;
	expect(0);
	run("UPDATE trading_configs SET model_id = 1, updated_by = 'me' WHERE bot_id = 1");
	expect(1);
	assert_int_equal(number("SELECT count(*) FROM model_assignments WHERE assigned_by = 'me'"),
			 1);
	run("UPDATE model_assignments SET model_id = 2 WHERE bot_id = 1");
	expect(2);
	run("UPDATE trading_configs SET model_id = 1 WHERE bot_id = 1");
	expect(1);
	run("INSERT OR REPLACE INTO model_assignments VALUES (1, 2, 5, 'shell')");
	expect(2);
	run("INSERT INTO model_assignments VALUES (1, 1, 6, 'shell')"
	    " ON CONFLICT (bot_id) DO UPDATE SET model_id = excluded.model_id");
	expect(1);
	run("DELETE FROM model_assignments");
	expect(0);
	run("INSERT INTO model_assignments VALUES (1, 2, 7, 'shell')");
	expect(2);
	run("UPDATE trading_configs SET model_id = 0");
	expect(0);
	/* one that is not there: the worker says so when it tries to load it */
	run("UPDATE trading_configs SET model_id = 9");
	assert_int_equal(number("SELECT count(*) FROM model_assignments"), 0);
}

static void a_new_bot_and_a_deleted_one(void **state)
{
	(void)state;
	db_close(db);
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &db, &e), 0);
	run("INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'two', 1, 1)");
	run("CREATE TEMP TABLE c AS SELECT * FROM trading_configs");
	run("UPDATE c SET id = 2, bot_id = 2, model_id = 2");
	run("INSERT INTO trading_configs SELECT * FROM c");
	assert_int_equal(number("SELECT model_id FROM model_assignments WHERE bot_id = 2"), 2);
	expect(0);
	run("DELETE FROM bots WHERE id = 2");
	assert_int_equal(number("SELECT count(*) FROM model_assignments"), 0);
}

/* Until schema 7 the assignment decided, and a model_id beside it might say something else. */
static void old_rows(void **state)
{
	static const char ROWS[] =
		"INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'b', 1, 1),"
		" (3, 'c', 1, 1), (4, 'd', 1, 1);"
		"CREATE TEMP TABLE c AS SELECT * FROM trading_configs;"
		"UPDATE c SET id = NULL, bot_id = 2, model_id = 0;"
		"INSERT INTO trading_configs SELECT * FROM c;"
		"UPDATE c SET bot_id = 3, model_id = 1;"
		"INSERT INTO trading_configs SELECT * FROM c;"
		"UPDATE c SET bot_id = 4, model_id = 2;"
		"INSERT INTO trading_configs SELECT * FROM c;"
		"INSERT INTO trading_config_history(bot_id, version, config, changed_us,"
		" changed_by)"
		" VALUES (2, 1, '{\"model_id\":0}', 1, 'x'), (3, 1, '{\"model_id\":0}', 1, 'x');"
		"INSERT INTO model_assignments VALUES (2, 1, 1, 'x'), (3, 2, 1, 'x')";
	static const char SQL_PAST[] =
		"SELECT group_concat(json_extract(config, '$.model_id'), '') FROM"
		" (SELECT config FROM trading_config_history ORDER BY bot_id)";

	(void)state;
	db_close(db);
	if (db_open(scratch_path("old.db"), DB_TOOL, &db, &e) ||
	    db_exec(db, "PRAGMA journal_mode = WAL", &e) || migrate_run(db, migrations, 7, &e))
		fail_msg("%s", e.msg);
	run(MODELS);
	run(ROWS);
	if (migrate_run(db, migrations, migrations_count, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(number("SELECT model_id FROM trading_configs WHERE bot_id = 1"), 0);
	assert_int_equal(number("SELECT model_id FROM trading_configs WHERE bot_id = 2"), 1);
	assert_int_equal(number("SELECT model_id FROM trading_configs WHERE bot_id = 3"), 2);
	assert_int_equal(number("SELECT model_id FROM trading_configs WHERE bot_id = 4"), 2);
	assert_int_equal(number("SELECT count(*) FROM model_assignments JOIN trading_configs"
				" USING (bot_id, model_id)"), 3);
	/* bot 2 asked model 1 all the time; what bot 3 was set to is kept as it was written */
	assert_int_equal(number(SQL_PAST), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(either_row_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_bot_and_a_deleted_one, setup, teardown),
		cmocka_unit_test_setup_teardown(old_rows, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
