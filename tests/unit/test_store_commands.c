#include "common/clock.h"
#include "common/registry/commands.h"
#include "common/registry/heartbeat.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define NOW INT64_C(1770000000000000)

static const char SQL_BEAT[] =
	"INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us, stopped_us, "
	"trading_mode, market_data, feed_state, feed_age_ms, rss_bytes) "
	"VALUES (1, 42, 'boot', '0.1.0', 5, ?1, ?2, 'simulation', 'synthetic', 'live', 17, 9000) "
	"ON CONFLICT(id) DO UPDATE SET beat_us = ?1, stopped_us = ?2";
static const char SQL_COUNT[] = "SELECT count(*) FROM commands";
static const char SQL_ANSWER[] =
	"UPDATE commands SET status = 'failed', code = 'conflict', message = 'bot 1 is STOPPED', "
	"result = '{\"status\":\"STOPPED\"}', answered_us = ?2 WHERE id = ?1";

static struct db *worker, *db;	/* the worker's connection, and the API's */
static struct err e;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &worker, NULL) ||
	    db_exec(worker, "DELETE FROM commands", NULL) ||
	    db_open(scratch_path("app.db"), DB_API, &db, NULL))
		return -1;
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	db_close(worker);
	return scratch_teardown(state);
}

static void beat(int64_t at_us, int64_t stopped_us)
{
	struct stmt *s;

	assert_int_equal(db_stmt(worker, SQL_BEAT, &s, &e), 0);
	stmt_bind_int(s, 1, at_us);
	if (stopped_us)
		stmt_bind_int(s, 2, stopped_us);
	assert_int_equal(stmt_run(s, &e), 0);
}

static int64_t count(void)
{
	struct stmt *s;
	int64_t n;

	assert_int_equal(db_stmt(db, SQL_COUNT, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	n = stmt_int(s, 0);
	stmt_done(s);
	return n;
}

static struct command pause_bot(int64_t bot_id, const char *key)
{
	struct command c = {
		.kind = "pause", .bot_id = bot_id, .args = "{\"positions\":\"keep\"}",
		.requested_by = "token admin", .correlation_id = "c-1", .created_us = NOW,
		.expires_us = NOW + COMMAND_EXPIRES_US, .id = 77, .status = "done", .code = "x",
	};

	snprintf(c.idempotency_key, sizeof(c.idempotency_key), "%s", key);
	return c;
}

static void test_queue(void **state)
{
	struct command c = pause_bot(1, "key-1"), out;
	int64_t id = 0;

	(void)state;
	beat(NOW - 1000, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_true(id > 0 && id != 77);
	assert_int_equal(store_command_get(db, id, &out, &e), 0);
	assert_int_equal(out.id, id);
	assert_string_equal(out.kind, "pause");
	assert_int_equal(out.bot_id, 1);
	assert_string_equal(out.args, c.args);
	assert_string_equal(out.requested_by, "token admin");
	assert_string_equal(out.correlation_id, "c-1");
	assert_string_equal(out.idempotency_key, "key-1");
	assert_int_equal(out.created_us, NOW);
	assert_int_equal(out.expires_us, NOW + COMMAND_EXPIRES_US);
	assert_string_equal(out.status, "queued");
	assert_string_equal(out.code, "");
	assert_string_equal(out.result, "{}");
	assert_int_equal(out.answered_us, 0);
	assert_false(db_in_transaction(db));
}

static void test_answer(void **state)
{
	struct command c = pause_bot(1, ""), out;
	struct stmt *s;
	int64_t id;

	(void)state;
	beat(NOW, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_int_equal(db_stmt(worker, SQL_ANSWER, &s, &e), 0);
	stmt_bind_int(s, 1, id);
	stmt_bind_int(s, 2, NOW + 5);
	assert_int_equal(stmt_run(s, &e), 0);
	assert_int_equal(store_command_get(db, id, &out, &e), 0);
	assert_string_equal(out.status, "failed");
	assert_string_equal(out.code, "conflict");
	assert_string_equal(out.message, "bot 1 is STOPPED");
	assert_string_equal(out.result, "{\"status\":\"STOPPED\"}");
	assert_int_equal(out.answered_us, NOW + 5);
	assert_int_equal(store_command_get(db, id + 1, &out, &e), ERR_NOT_FOUND);
	assert_string_equal(out.status, "failed");
}

static void test_defaults(void **state)
{
	struct command c = { .kind = "resume" }, out;
	int64_t id, before = clock_now_us();

	(void)state;
	beat(before, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_int_equal(store_command_get(db, id, &out, &e), 0);
	assert_true(out.created_us >= before && out.created_us <= clock_now_us());
	assert_int_equal(out.expires_us, 0);
	assert_int_equal(out.bot_id, 0);
	assert_string_equal(out.args, "{}");
	/* Two without a key are two. */
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_int_equal(count(), 2);
}

static void test_idempotency(void **state)
{
	struct command c = pause_bot(1, "key-1"), other;
	int64_t id, again = 0;

	(void)state;
	beat(NOW, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_int_equal(store_command_queue(db, &c, &again, &e), 0);
	assert_int_equal(again, id);
	/* Also when the worker has gone away in between, and when it was answered. */
	beat(NOW - HEARTBEAT_DEAD_US - 1, 0);
	c.correlation_id[0] = 'd';
	assert_int_equal(store_command_queue(db, &c, &again, &e), 0);
	assert_int_equal(again, id);
	assert_int_equal(count(), 1);

	again = 0;
	other = pause_bot(2, "key-1");
	assert_int_equal(store_command_queue(db, &other, &again, &e), ERR_CONFLICT);
	other = pause_bot(1, "key-1");
	snprintf(other.kind, sizeof(other.kind), "%s", "resume");
	assert_int_equal(store_command_queue(db, &other, &again, &e), ERR_CONFLICT);
	other = pause_bot(1, "key-1");
	snprintf(other.args, sizeof(other.args), "%s", "{}");
	assert_int_equal(store_command_queue(db, &other, &again, &e), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "key-1"));
	assert_int_equal(again, 0);
	assert_int_equal(count(), 1);
	assert_false(db_in_transaction(db));
}

static void expect_away(const char *part)
{
	struct command c = pause_bot(1, "");
	int64_t id = 5;

	assert_int_equal(store_command_queue(db, &c, &id, &e), ERR_UNAVAILABLE);
	assert_non_null(strstr(e.msg, part));
	assert_int_equal(id, 5);
	assert_int_equal(count(), 0);
	assert_false(db_in_transaction(db));
}

static void test_worker_away(void **state)
{
	struct command c = pause_bot(1, "");
	int64_t id;

	(void)state;
	expect_away("never run");
	beat(NOW - HEARTBEAT_DEAD_US - 1, 0);
	expect_away("pid 42");
	beat(NOW - 1000, NOW - 1000);
	expect_away("was stopped");
	beat(NOW + 3600 * US_PER_S, 0);
	expect_away("pid 42");
	beat(NOW - HEARTBEAT_DEAD_US, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
}

static void test_emergency_stop(void **state)
{
	struct command c = { .kind = COMMAND_EMERGENCY_STOP, .created_us = NOW }, out;
	int64_t id;

	(void)state;
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	beat(NOW - 3600 * US_PER_S, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
	assert_int_equal(count(), 2);
	assert_int_equal(store_command_get(db, id, &out, &e), 0);
	assert_int_equal(out.expires_us, 0);
	assert_string_equal(out.status, "queued");
}

static void test_next(void **state)
{
	struct command out = { .id = 3 };
	struct stmt *s;
	int64_t first;

	(void)state;
	assert_int_equal(store_command_next(db, 0, &out, &e), ERR_NOT_FOUND);
	assert_int_equal(out.id, 3);
	/* As a person in the shell does it. */
	assert_int_equal(db_exec(worker, "INSERT INTO commands(kind, bot_id) VALUES ('pause', 1)",
				 &e), 0);
	first = db_last_id(worker);
	assert_int_equal(db_exec(worker, "INSERT INTO commands(kind) VALUES ('close-all')", &e), 0);
	assert_int_equal(store_command_next(db, 0, &out, &e), 0);
	assert_int_equal(out.id, first);
	assert_string_equal(out.requested_by, "shell");
	assert_string_equal(out.args, "{}");
	assert_int_equal(out.expires_us, 0);
	assert_true(out.created_us > NOW - 365 * 86400 * US_PER_S);
	assert_int_equal(store_command_next(db, out.id, &out, &e), 0);
	assert_string_equal(out.kind, "close-all");
	assert_int_equal(out.bot_id, 0);
	assert_int_equal(store_command_next(db, out.id, &out, &e), ERR_NOT_FOUND);
	assert_int_equal(db_stmt(worker, SQL_ANSWER, &s, &e), 0);
	stmt_bind_int(s, 1, first);
	assert_int_equal(stmt_run(s, &e), 0);
	assert_int_equal(store_command_next(db, 0, &out, &e), 0);
	assert_string_equal(out.kind, "close-all");
}

static void test_bad_kind(void **state)
{
	struct command c = { .kind = "explode", .created_us = NOW };
	int64_t id;

	(void)state;
	beat(NOW, 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), ERR_INVALID);
	snprintf(c.kind, sizeof(c.kind), "%s", "pause");
	snprintf(c.args, sizeof(c.args), "%s", "nonsense");
	assert_int_equal(store_command_queue(db, &c, &id, &e), ERR_INVALID);
	assert_int_equal(count(), 0);
}

static void test_busy(void **state)
{
	struct command c = pause_bot(1, "");
	int64_t id;

	(void)state;
	beat(NOW, 0);
	assert_int_equal(db_begin(worker, &e), 0);
	db_set_busy_timeout(db, 1);
	assert_int_equal(store_command_queue(db, &c, &id, &e), ERR_BUSY);
	assert_int_equal(db_commit(worker, &e), 0);
	assert_int_equal(store_command_queue(db, &c, &id, &e), 0);
}

static void test_heartbeat(void **state)
{
	struct heartbeat h = { .pid = 1 };

	(void)state;
	assert_int_equal(store_heartbeat_get(db, &h, &e), ERR_NOT_FOUND);
	assert_int_equal(h.pid, 1);
	beat(NOW, 0);
	assert_int_equal(store_heartbeat_get(db, &h, &e), 0);
	assert_int_equal(h.pid, 42);
	assert_int_equal(h.started_us, 5);
	assert_int_equal(h.beat_us, NOW);
	assert_int_equal(h.stopped_us, 0);
	assert_int_equal(h.feed_age_ms, 17);
	assert_int_equal(h.rss_bytes, 9000);
	assert_string_equal(h.boot_id, "boot");
	assert_string_equal(h.version, "0.1.0");
	assert_string_equal(h.trading_mode, "simulation");
	assert_string_equal(h.market_data, "synthetic");
	assert_string_equal(h.feed_state, "live");
	assert_string_equal(h.feed_message, "");
}

static void look_is(const char *state, int64_t age_us)
{
	struct worker_look w;

	assert_int_equal(heartbeat_look(db, NOW, &w, &e), 0);
	assert_string_equal(worker_state_name(w.state), state);
	assert_int_equal(w.age_us, age_us);
	assert_string_equal(w.blocked, "");
}

/* "blocked" needs a worker's lock: test_stop. */
static void test_worker_state(void **state)
{
	(void)state;
	look_is("never", 0);
	beat(NOW - HEARTBEAT_DEAD_US, 0);
	look_is("running", HEARTBEAT_DEAD_US);
	beat(NOW - HEARTBEAT_DEAD_US - 1, 0);
	look_is("away", HEARTBEAT_DEAD_US + 1);
	beat(NOW + HEARTBEAT_DEAD_US + 1, 0);
	look_is("away", -HEARTBEAT_DEAD_US - 1);
	beat(NOW - 1000, NOW - 1000);
	look_is("stopped", 1000);
}

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(test_queue),
		WITH_DB(test_answer),
		WITH_DB(test_defaults),
		WITH_DB(test_idempotency),
		WITH_DB(test_worker_away),
		WITH_DB(test_emergency_stop),
		WITH_DB(test_next),
		WITH_DB(test_bad_kind),
		WITH_DB(test_busy),
		WITH_DB(test_heartbeat),
		WITH_DB(test_worker_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
