/* Commands that are written together: each has its own answer, also when one is refused. */
#include "tests/unit/api_client.h"

#include "common/registry/commands.h"

#define MANY 8

static struct api a;

static const char SQL_BEAT[] =
	"INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us, trading_mode,"
	" market_data, feed_state) VALUES (1, 4711, 'boot', 'test', ?1, ?1, 'simulation',"
	" 'synthetic', 'live') ON CONFLICT (id) DO UPDATE SET beat_us = ?1, stopped_us = NULL";
static const char SQL_COUNT[] = "SELECT count(*) FROM commands WHERE requested_by = 'environment'";

/* The worker beats but answers nothing: 202 is what a queued command gets. */
static void hasty(struct config *cfg)
{
	cfg->command_wait_ms = 1;
}

static int setup(void **state)
{
	int rc = scratch_setup(state);

	api_start(&a, hasty);
	return rc;
}

static int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

static void beat(struct db *db)
{
	struct stmt *s;

	assert_int_equal(db_begin(db, NULL), 0);
	assert_int_equal(db_stmt(db, SQL_BEAT, &s, NULL), 0);
	stmt_bind_int(s, 1, clock_now_us());
	assert_int_equal(stmt_run(s, NULL), 0);
	assert_int_equal(db_commit(db, NULL), 0);
}

static int64_t commands(struct db *db)
{
	struct stmt *s;
	int64_t n;

	assert_int_equal(db_stmt(db, SQL_COUNT, &s, NULL), 0);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	n = stmt_int(s, 0);
	stmt_done(s);
	return n;
}

/* Sends it on a connection of its own and sees that it has arrived. */
static int post(const char *path, const char *key)
{
	struct buf out = { 0 };
	int fd = api_connect(&a);

	api_write_head(&a, &out, "POST", path);
	buf_printf(&out, "Idempotency-Key: %s\r\nContent-Length: 0\r\n\r\n", key);
	assert_true(api_send(fd, out.data, out.len));
	buf_free(&out);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	return fd;
}

static double expect(int fd, int status, const char *code)
{
	struct answer r = api_read(fd, false);
	double id = answer_number(&r, "command_id");

	assert_int_equal(r.status, status);
	if (code)
		assert_string_equal(answer_text(&r, "error.code"), code);
	answer_free(&r);
	close(fd);
	return id;
}

static void each_has_its_answer(void **state)
{
	struct db *db = api_db(&a);
	int fds[MANY], same, other;
	double first = 0;
	char key[8];

	(void)state;
	beat(db);
	/* Held back, they come together. */
	assert_int_equal(db_begin(db, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		fds[i] = post("/api/v1/bot/pause", key);
	}
	same = post("/api/v1/bot/pause", "key 0");
	other = post("/api/v1/bot/start", "key 1");
	db_rollback(db);
	for (int i = 0; i < MANY; i++) {
		double id = expect(fds[i], 202, NULL);

		if (i == 0)
			first = id;
		assert_true(id == first + i);
	}
	assert_true(expect(same, 202, NULL) == first);
	expect(other, 409, "conflict");
	assert_int_equal(commands(db), MANY);
	db_close(db);
}

static void worker_away_for_some(void **state)
{
	struct db *db = api_db(&a);
	int fds[2];

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	fds[0] = post("/api/v1/bot/start", "one");
	fds[1] = post("/api/v1/bots/emergency-stop", "two");
	db_rollback(db);
	expect(fds[0], 503, "worker_unavailable");
	expect(fds[1], 202, NULL);
	assert_int_equal(commands(db), 1);
	db_close(db);
}

static void held_for_too_long(void **state)
{
	struct db *db = api_db(&a);
	int fds[2];

	(void)state;
	beat(db);
	assert_int_equal(db_begin(db, NULL), 0);
	fds[0] = post("/api/v1/bot/pause", "one");
	fds[1] = post("/api/v1/bot/pause", "two");
	expect(fds[0], 503, "database_unavailable");
	expect(fds[1], 503, "database_unavailable");
	db_rollback(db);
	assert_int_equal(commands(db), 0);
	beat(db);
	expect(post("/api/v1/bot/pause", "one"), 202, NULL);
	assert_int_equal(commands(db), 1);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_has_its_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(worker_away_for_some, setup, teardown),
		cmocka_unit_test_setup_teardown(held_for_too_long, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
