/* What a backup asks the database, and what a restored one forgets. */
#include "common/clock.h"
#include "tests/unit/scratch.h"
#include "worker/store/backup.h"
#include "worker/store/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MADE_US INT64_C(1784948400000000)

static struct err e;

static struct db *opened(void)
{
	struct db *db = NULL;

	if (db_open(scratch_path("app.db"), DB_WORKER, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

static void run(struct db *db, const char *sql)
{
	if (db_exec(db, sql, &e))
		fail_msg("%s: %s", sql, e.msg);
}

static int64_t ask(struct db *db, const char *sql)
{
	struct stmt *s;
	int64_t v = -1;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	if (stmt_step(s, &e) == STMT_ROW)
		v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

static struct backup_settled settle(struct db *db, int64_t now_us, const struct backup_since *since)
{
	struct backup_settled out = { 0 };

	assert_int_equal(db_begin(db, &e), 0);
	if (store_backup_settle_tx(db, MADE_US, now_us, since, &out, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(db_commit(db, &e), 0);
	return out;
}

static const char SQL_HISTORY[] =
	"INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'b', 1, 1), (3, 'c', 1, 1),"
	" (4, 'd', 1, 1);"
	"INSERT INTO bot_state(bot_id, status, mode, updated_us, emergency) VALUES"
	" (1, 'RUNNING', 'simulation', 1, 0), (2, 'PAUSED', 'simulation', 1, 0),"
	" (3, 'ERROR', 'simulation', 1, 0), (4, 'STOPPED', 'simulation', 1, 2);"
	"DELETE FROM commands;"
	"INSERT INTO commands(kind, bot_id, status) VALUES ('start', 4, 'queued'),"
	" ('emergency-stop', NULL, 'queued'), ('pause', 1, 'done');"
	"INSERT INTO jobs(kind, state, created_us) VALUES ('backup', 'running', 1),"
	" ('training', 'queued', 1), ('check', 'done', 1);"
	"INSERT INTO notifications(channel, kind, text, created_us, state) VALUES"
	" ('telegram', 'entry', 'old news', 1, 'queued'),"
	" ('telegram', 'entry', 'x', 1, 'delivered');"
	"INSERT INTO api_tokens(name, role, hash, created_us) VALUES"
	" ('a', 'admin', 'h1', 1), ('b', 'trader', 'h2', 1)";

static const char SQL_STATES[] =
	"SELECT group_concat(status, ' ') = 'PAUSED PAUSED ERROR STOPPED' FROM bot_state";
static const char SQL_LATCH[] = "SELECT emergency FROM bot_state WHERE bot_id = 4";
static const char SQL_QUEUED[] =
	"SELECT count(*) * 10 + sum(kind = 'emergency-stop') FROM commands WHERE status = 'queued'";
static const char SQL_OPEN_JOBS[] =
	"SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')";
static const char SQL_UNSENT[] = "SELECT count(*) FROM notifications WHERE state = 'queued'";
static const char SQL_REVOKED[] = "SELECT revoked_us FROM api_tokens WHERE hash = 'h2'";
static const char SQL_USABLE[] = "SELECT count(*) FROM api_tokens WHERE revoked_us IS NULL";
static const char SQL_EVENTS[] = "SELECT count(*) FROM bot_events WHERE event = 'restore'";

static void nothing_surprising_happens_later(void **state)
{
	struct backup_revoked gone[] = { { "h2", 77 }, { "not in the backup", 78 } };
	struct backup_since since = { .revoked = gone, .revoked_n = 2 };
	struct db *db = opened();
	struct backup_settled out;

	(void)state;
	run(db, SQL_HISTORY);
	out = settle(db, MADE_US + US_PER_S, &since);
	assert_int_equal(ask(db, SQL_STATES), 1);
	assert_int_equal(ask(db, SQL_LATCH), 2);
	assert_int_equal(ask(db, SQL_QUEUED), 11);	/* the emergency stop alone */
	assert_int_equal(ask(db, SQL_OPEN_JOBS), 0);
	assert_int_equal(ask(db, SQL_UNSENT), 0);
	assert_int_equal(ask(db, SQL_REVOKED), 77);
	assert_int_equal(ask(db, SQL_USABLE), 1);
	assert_int_equal(ask(db, SQL_EVENTS), 1);
	assert_int_equal(out.bots, 1);
	assert_int_equal(out.commands, 1);
	assert_int_equal(out.jobs, 2);
	assert_int_equal(out.tokens, 1);
	assert_int_equal(store_backup_check(db, &e), 0);
	db_close(db);
}

static int64_t next_order(struct db *db)
{
	struct next_ids ids;

	assert_int_equal(store_next_ids(db, &ids, &e), 0);
	return ids.order;
}

static void numbers_never_come_twice(void **state)
{
	struct backup_since unknown = { 0 }, far = { .next_order = 900000000 };
	struct db *db = opened();
	int64_t hour_us = 3600 * US_PER_S, one, two;

	(void)state;
	assert_int_equal(next_order(db), 1);
	one = settle(db, MADE_US + hour_us, &unknown).next_order;
	assert_int_equal(next_order(db), one);
	assert_true(one > 1000000 + 3600 * 1000);	/* what an hour may have sent, and more */
	two = settle(db, MADE_US + hour_us, &unknown).next_order;
	assert_true(two > one + 1000000);		/* a second restore goes on from there */
	assert_int_equal(settle(db, MADE_US, &far).next_order, 900000000);
	assert_int_equal(next_order(db), 900000000);
	settle(db, MADE_US - hour_us, &unknown);	/* a clock that was set back */
	assert_true(next_order(db) > 900000000);
	db_close(db);
}

static void what_came_since(void **state)
{
	struct backup_since since = { 0 };
	struct db *db = opened();

	(void)state;
	run(db, "INSERT INTO counters(name, value) VALUES ('order', 4711);"
		"INSERT INTO api_tokens(name, role, hash, created_us, revoked_us) VALUES"
		" ('a', 'admin', 'h1', 1, NULL), ('b', 'trader', 'h2', 1, 5)");
	assert_int_equal(store_backup_since(db, &since, &e), 0);
	assert_int_equal(since.next_order, 4711);
	assert_int_equal(since.revoked_n, 1);
	assert_string_equal(since.revoked[0].hash, "h2");
	assert_int_equal(since.revoked[0].revoked_us, 5);
	free(since.revoked);
	db_close(db);
}

static void unsound_ones_are_seen(void **state)
{
	struct backup_models models = { 0 };
	struct backup_rows rows = { 0 };
	struct db *db = opened();

	(void)state;
	assert_int_equal(store_backup_check(db, &e), 0);
	assert_int_equal(store_backup_rows(db, &rows, &e), 0);
	assert_int_equal(rows.n, 20);
	assert_string_equal(rows.tables[0].table, "bots");
	assert_int_equal(rows.tables[0].rows, 1);
	assert_int_equal(store_backup_models(db, &models, &e), 0);
	assert_int_equal(models.n, 0);
	free(models.list);
	run(db, "INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind,"
		" at_us) VALUES (7, 1, 1, 'free', 'USDT', 1.5, 'deposit', 1)");
	assert_int_equal(store_backup_check(db, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "booking 7"));
	run(db, "DELETE FROM sim_ledger; PRAGMA foreign_keys = OFF; DELETE FROM bots");
	assert_int_equal(store_backup_check(db, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "missing row of bots"));
	db_close(db);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(nothing_surprising_happens_later),
		WITH_FOLDER(numbers_never_come_twice),
		WITH_FOLDER(what_came_since),
		WITH_FOLDER(unsound_ones_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
