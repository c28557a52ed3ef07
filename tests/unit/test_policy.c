/* Who may write what: every table of the schema, each role, each kind of write. */
#include "common/db/check.h"
#include "common/db/db.h"
#include "common/db/policy.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

/* i insert, d delete, u update of any column, else the columns that may be updated. */
struct right { const char *table, *rights; };

static const struct right api[] = {
	{ "bots", "iud" }, { "trading_configs", "iud" }, { "trading_config_history", "iud" },
	{ "models", "iud" }, { "model_assignments", "iud" }, { "reported_orders", "iud" },
	{ "idempotency_keys", "iud" }, { "reported_stats", "iud" },
	{ "training_schedules", "iud" }, { "api_tokens", "iud" },
	{ "audit_log", "iud" }, { "logs", "iud" }, { "commands", "i" },
	{ "jobs", "i cancel_requested" }, { "exchange_accounts", "iud" },
	{ "confirmations", " answer answered_by answered_us" },
	{ "clock_watch", " accepted_us" }, { NULL, "" },
};
static const struct right cli[] = {
	{ "api_tokens", "iud" }, { "audit_log", "iud" }, { "commands", "i" },
	{ "jobs", "i cancel_requested" }, { "exchange_accounts", "iud" },
	{ "clock_watch", " accepted_us" }, { NULL, "" },
};

static const char SQL_TABLES[] =
	"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";

static const char *rights_of(const struct right *list, const char *table)
{
	while (list->table && strcmp(list->table, table) != 0)
		list++;
	return list->rights;
}

static bool may_update(const char *rights, const char *column)
{
	const char *columns = strchr(rights, ' ');
	char all[128], word[64];

	if (!columns)
		return strchr(rights, 'u') != NULL;
	snprintf(all, sizeof(all), "%s ", columns);
	snprintf(word, sizeof(word), " %s ", column);
	return strstr(all, word) != NULL;
}

static bool may(const char *rights, char what)
{
	size_t head = strcspn(rights, " ");

	return memchr(rights, what, head) != NULL;
}

enum { SQL_MAX = 256 };

static void expect(struct db *db, bool allowed, const char *sql)
{
	struct err e = { 0 };
	int rc = db_exec(db, sql, &e);

	if (rc != (allowed ? 0 : ERR_DENIED))
		fail_msg("%s: %d %s", sql, rc, e.msg);
}

static void check_table(struct db *db, const struct right *rights, const char *table)
{
	static const char SQL_COLUMNS[] = "SELECT name FROM pragma_table_info(?1)";
	const char *r = rights ? rights_of(rights, table) : "iud";
	char columns[64][64], sql[SQL_MAX];
	size_t n = 0;
	struct stmt *s;

	assert_int_equal(db_stmt(db, SQL_COLUMNS, &s, NULL), 0);
	stmt_bind_text(s, 1, table);
	while (stmt_step(s, NULL) == STMT_ROW)
		stmt_copy(s, 0, columns[n++], sizeof(columns[0]));
	assert_true(n > 0);
	snprintf(sql, sizeof(sql), "INSERT INTO %s SELECT * FROM %s WHERE 0", table, table);
	expect(db, may(r, 'i'), sql);
	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE 0", table);
	expect(db, may(r, 'd'), sql);
	for (size_t i = 0; i < n; i++) {
		snprintf(sql, sizeof(sql), "UPDATE %s SET %s = %s WHERE 0", table, columns[i],
			 columns[i]);
		expect(db, may_update(r, columns[i]), sql);
	}
}

static void check_role(enum db_role role, const struct right *rights)
{
	char tables[64][64];
	size_t n = 0;
	struct db *db;
	struct stmt *s;

	assert_int_equal(db_open(scratch_path("app.db"), role, &db, NULL), 0);
	assert_int_equal(db_stmt(db, SQL_TABLES, &s, NULL), 0);
	while (stmt_step(s, NULL) == STMT_ROW)
		stmt_copy(s, 0, tables[n++], sizeof(tables[0]));
	assert_true(n > 25);
	for (size_t i = 0; i < n; i++)
		check_table(db, rights, tables[i]);
	db_close(db);
}

static void test_tables(void **state)
{
	(void)state;
	check_role(DB_WORKER, NULL);
	check_role(DB_API, api);
	check_role(DB_CLI, cli);
	check_role(DB_TOOL, NULL);
}

/* A rule for a table that is not in the schema is a typing error. */
static void test_names(void **state)
{
	static const char SQL_HAS[] =
		"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
	struct db *db;
	struct stmt *s;

	(void)state;
	assert_int_equal(db_open(":memory:", DB_WORKER, &db, NULL), 0);
	for (const struct right *r = api; r->table; r++) {
		assert_int_equal(db_stmt(db, SQL_HAS, &s, NULL), 0);
		stmt_bind_text(s, 1, r->table);
		assert_int_equal(stmt_step(s, NULL), STMT_ROW);
		stmt_done(s);
	}
	db_close(db);
}

static void test_denied(void **state)
{
	static const char *const denied[] = {
		"CREATE TABLE x(a)", "CREATE TEMP TABLE x(a)", "CREATE INDEX x ON bots(name)",
		"CREATE VIEW x AS SELECT 1",
		"CREATE TRIGGER x AFTER INSERT ON bots BEGIN SELECT 1; END",
		"DROP TABLE logs", "DROP VIEW v_bots", "ALTER TABLE bots ADD COLUMN x", "REINDEX",
		"ANALYZE", "ATTACH ':memory:' AS x", "DETACH main", "PRAGMA user_version = 9",
		"PRAGMA application_id = 9", "PRAGMA journal_mode = DELETE",
		"PRAGMA foreign_keys = OFF",
		"PRAGMA trusted_schema = ON", "PRAGMA writable_schema = ON",
		"PRAGMA synchronous = OFF",
		"PRAGMA query_only = ON", "PRAGMA wal_checkpoint", "PRAGMA optimize",
		"DELETE FROM sqlite_sequence",
		"INSERT INTO commands(kind) VALUES ('stop') ON CONFLICT DO UPDATE SET kind = ''",
		"DELETE FROM bots WHERE 0; DELETE FROM bot_state",
		"BEGIN; DELETE FROM bots WHERE 0; UPDATE bot_state SET status = 'RUNNING'",
	};
	static const char *const refused[] = {	/* by SQLite itself */
		"UPDATE sqlite_master SET sql = ''", "DELETE FROM sqlite_master", "VACUUM",
		"SELECT load_extension('x')",
		"INSERT INTO sqlite_master(type) VALUES ('table')",
	};
	static const char *const allowed[] = {
		"PRAGMA user_version", "PRAGMA data_version", "PRAGMA page_count",
		"PRAGMA quick_check",
		"PRAGMA table_info(bots)", "SELECT * FROM v_orders", "SELECT * FROM sim_ledger",
		"SELECT value FROM json_each('[1, 2]')",
		"SELECT name FROM pragma_table_info('bots')",
		"BEGIN IMMEDIATE; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT 2) SELECT i FROM n",
	};
	const enum db_role roles[] = { DB_API, DB_CLI };

	(void)state;
	for (size_t r = 0; r < 2; r++) {
		struct db *db;
		struct err e;

		assert_int_equal(db_open(scratch_path("app.db"), roles[r], &db, &e), 0);
		for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
			int rc = db_exec(db, denied[i], &e);

			if (rc != ERR_DENIED)
				fail_msg("%s: %d", denied[i], rc);
			db_rollback(db);
		}
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			if (db_exec(db, refused[i], &e) == 0)
				fail_msg("accepted: %s", refused[i]);
		for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			if (db_exec(db, allowed[i], &e))
				fail_msg("%s: %s", allowed[i], e.msg);
		assert_int_equal(db_check(db, &e), 0);
		assert_true(db_data_version(db) >= 0);
		db_close(db);
	}
}

/* Deleting a bot takes its state with it, though the state is the worker's. */
static void test_delete_bot(void **state)
{
	static const char SQL_DELETE[] = "DELETE FROM bots WHERE id = ?1";
	static const char SQL_STATE[] = "DELETE FROM bot_state WHERE bot_id = ?1";
	static const char SQL_LEFT[] = "SELECT count(*) FROM bot_state";
	struct db *worker, *db;
	struct stmt *s;

	(void)state;
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &worker, NULL), 0);
	assert_int_equal(db_exec(worker, "INSERT INTO bot_state(bot_id, status, mode, updated_us) "
				 "VALUES (1, 'STOPPED', 'simulation', 1)", NULL), 0);
	assert_int_equal(db_open(scratch_path("app.db"), DB_API, &db, NULL), 0);
	assert_int_equal(db_stmt(db, SQL_DELETE, &s, NULL), 0);
	stmt_bind_int(s, 1, 1);
	assert_int_equal(db_stmt(db, SQL_STATE, &s, NULL), ERR_DENIED);
	assert_int_equal(db_stmt(db, SQL_DELETE, &s, NULL), 0);
	/* Prepared again inside the step, after a change of the schema. */
	assert_int_equal(db_exec(worker, "CREATE TABLE later(a)", NULL), 0);
	stmt_bind_int(s, 1, 1);
	assert_int_equal(stmt_run(s, NULL), 0);
	assert_int_equal(db_stmt(db, SQL_LEFT, &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	assert_int_equal(stmt_int(s, 0), 0);
	stmt_done(s);
	assert_int_equal(db_stmt(db, SQL_STATE, &s, NULL), ERR_DENIED);
	db_close(db);
	db_close(worker);
}

static void test_pragmas(void **state)
{
	(void)state;
	assert_true(db_policy_pragma("data_version", NULL));
	assert_false(db_policy_pragma("data_version", "1"));
	assert_true(db_policy_pragma("TABLE_INFO", "bots"));
	assert_false(db_policy_pragma("foreign_keys", NULL));
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_tables),
		WITH_FOLDER(test_names),
		WITH_FOLDER(test_denied),
		WITH_FOLDER(test_delete_bot),
		cmocka_unit_test(test_pragmas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
