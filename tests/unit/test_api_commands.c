/*
 * Commands from HTTP to the worker and back, with a worker of the test's own: a
 * thread that beats and answers what it finds queued.
 */
#include "tests/unit/api_client.h"

#include "common/registry/commands.h"

#include <stdatomic.h>

static struct api a;

/* What the fake worker does; set before it starts or between two calls. */
static struct {
	pthread_t thread;
	atomic_bool stop;
	atomic_bool mute;	/* beats, but answers nothing */
	bool running;
} worker;

static const char SQL_BEAT[] =
	"INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us, trading_mode,"
	" market_data, feed_state) VALUES (1, 4711, 'boot', 'test', ?1, ?1, 'simulation',"
	" 'synthetic', 'live') ON CONFLICT (id) DO UPDATE SET beat_us = ?1, stopped_us = NULL";
static const char SQL_STOPPED[] = "UPDATE worker_heartbeat SET stopped_us = beat_us";
static const char SQL_ANSWER[] =
	"UPDATE commands SET status = ?2, code = ?3, message = ?4, result = ?5, answered_us = 1"
	" WHERE id = ?1";
static const char SQL_STATE[] =
	"INSERT INTO bot_state(bot_id, status, mode, start_us, updated_us, emergency)"
	" VALUES (?1, ?2, 'simulation', ?3, ?3, ?4) ON CONFLICT (bot_id) DO UPDATE SET"
	" status = ?2, start_us = ?3, emergency = ?4";
static const char SQL_STATUS[] = "SELECT status FROM bot_state WHERE bot_id = ?1";

static void must(int rc, const struct err *e)
{
	if (rc < 0)
		fail_msg("%s", e ? e->msg : "the database refused");
}

static void beat(struct db *db)
{
	struct err e = { 0 };
	struct stmt *s;

	must(db_begin(db, &e), &e);
	must(db_stmt(db, SQL_BEAT, &s, &e), &e);
	stmt_bind_int(s, 1, clock_now_us());
	must(stmt_run(s, &e), &e);
	must(db_commit(db, &e), &e);
}

static void set_state(struct db *db, int64_t bot, const char *status, int emergency)
{
	struct err e = { 0 };
	struct stmt *s;

	must(db_stmt(db, SQL_STATE, &s, &e), &e);
	stmt_bind_int(s, 1, bot);
	stmt_bind_text(s, 2, status);
	stmt_bind_int(s, 3, clock_now_us());
	stmt_bind_int(s, 4, emergency);
	must(stmt_run(s, &e), &e);
}

static bool is_stopped(struct db *db, int64_t bot)
{
	bool stopped = true;
	struct stmt *s;

	must(db_stmt(db, SQL_STATUS, &s, NULL), NULL);
	stmt_bind_int(s, 1, bot);
	if (stmt_step(s, NULL) == STMT_ROW)
		stopped = !strcmp(stmt_text(s, 0), "STOPPED");
	stmt_done(s);
	return stopped;
}

struct reply { const char *status, *code, *message, *result; };

/* The state machine in four lines: enough to see each kind of answer. */
static struct reply decide(struct db *db, const struct command *c)
{
	if (!strcmp(c->kind, "start")) {
		set_state(db, c->bot_id, "RUNNING", 0);
		return (struct reply){ "done", "", "Bot started", "{\"status\":\"RUNNING\"}" };
	}
	if (!strcmp(c->kind, "pause") && is_stopped(db, c->bot_id))
		return (struct reply){ "failed", "conflict", "bot 1 is STOPPED: start it first",
				       "{\"status\":\"STOPPED\"}" };
	if (!strcmp(c->kind, "pause")) {
		set_state(db, c->bot_id, "PAUSED", 0);
		return (struct reply){ "done", "", "Bot paused", "{\"status\":\"PAUSED\"}" };
	}
	if (!strcmp(c->kind, "stop")) {
		set_state(db, c->bot_id, "STOPPED", 0);
		return (struct reply){ "done", "", "Bot stopped",
				       "{\"status\":\"STOPPED\",\"open_positions\":1}" };
	}
	if (!strcmp(c->kind, "emergency-stop"))
		return (struct reply){ "done", "", "Emergency stop executed",
				       "{\"status\":\"STOPPED\"}" };
	if (!strcmp(c->kind, "close-position"))
		return (struct reply){ "failed", "not_found", "order 17 is unknown", "{}" };
	if (!strcmp(c->kind, "simulation-reset"))
		return (struct reply){ "failed", "invalid", "not in this mode", "{}" };
	if (!strcmp(c->kind, "close-all"))
		return (struct reply){ "failed", "exchange_error", "the exchange refused", "{}" };
	return (struct reply){ "expired", "", "too late", "{}" };
}

static void answer_one(struct db *db, const struct command *c)
{
	struct err e = { 0 };
	struct reply r;
	struct stmt *s;

	must(db_begin(db, &e), &e);
	r = decide(db, c);
	must(db_stmt(db, SQL_ANSWER, &s, &e), &e);
	stmt_bind_int(s, 1, c->id);
	stmt_bind_text(s, 2, r.status);
	stmt_bind_text(s, 3, r.code);
	stmt_bind_text(s, 4, r.message);
	stmt_bind_text(s, 5, r.result);
	must(stmt_run(s, &e), &e);
	must(db_commit(db, &e), &e);
}

static void *worker_thread(void *arg)
{
	struct db *db = arg;
	struct command c;
	int64_t beat_us = clock_mono_us();

	while (!atomic_load(&worker.stop)) {
		if (clock_mono_us() - beat_us > US_PER_S) { /* a slow test: still alive */
			beat(db);
			beat_us = clock_mono_us();
		}
		while (!atomic_load(&worker.mute) && store_command_next(db, 0, &c, NULL) == 0)
			answer_one(db, &c);
		usleep(500);
	}
	db_close(db);
	return NULL;
}

/* Bot 1's first start waits in every new database: take it away. */
static void worker_start(bool mute)
{
	struct db *db = api_db(&a);

	api_sql(db, "DELETE FROM commands");
	beat(db);
	atomic_store(&worker.stop, false);
	atomic_store(&worker.mute, mute);
	assert_int_equal(pthread_create(&worker.thread, NULL, worker_thread, db), 0);
	worker.running = true;
}

static void worker_end(void)
{
	if (!worker.running)
		return;
	atomic_store(&worker.stop, true);
	pthread_join(worker.thread, NULL);
	worker.running = false;
}

static void short_wait(struct config *cfg)
{
	cfg->command_wait_ms = 100;
}

#define LONG_WAIT_MS 60000

static void long_wait(struct config *cfg)
{
	cfg->command_wait_ms = LONG_WAIT_MS;
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, long_wait);
	worker_start(false);
	return 0;
}

static int setup_mute(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, short_wait);
	worker_start(true);
	return 0;
}

static int setup_alone(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, short_wait);
	return 0;
}

static int teardown(void **state)
{
	worker_end();
	api_stop(&a);
	return scratch_teardown(state);
}

static void done(void **state)
{
	struct answer r;
	char unit;
	int s;

	(void)state;
	a.headers = "X-Correlation-Id: from-a-person\r\n";
	r = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	assert_int_equal(r.status, 200);
	assert_true(cJSON_IsTrue(answer_at(&r, "success")));
	assert_string_equal(answer_text(&r, "message"), "Bot started");
	assert_string_equal(answer_text(&r, "status"), "running");
	assert_string_equal(answer_text(&r, "correlation_id"), "from-a-person");
	assert_int_equal(strlen(answer_text(&r, "timestamp")), 27);
	assert_true(answer_number(&r, "command_id") > 0);
	answer_free(&r);
	/* What was answered is what is read from then on. */
	r = api_call(&a, "GET", "/api/v1/status", NULL);
	assert_string_equal(answer_text(&r, "status"), "running");
	assert_string_equal(answer_text(&r, "bot_status"), "RUNNING");
	assert_string_equal(answer_text(&r, "worker.status"), "running");
	assert_int_equal(sscanf(answer_text(&r, "uptime"), "%d%c", &s, &unit), 2);
	assert_true(s >= 0 && unit == 's');
	answer_free(&r);
	r = api_call(&a, "POST", "/api/bots/1/stop", "{\"positions\":\"keep\"}");
	assert_int_equal(r.status, 200);
	assert_true(answer_number(&r, "result.open_positions") == 1);
	answer_free(&r);
	r = api_call(&a, "GET", "/api/v1/status", NULL);
	assert_string_equal(answer_text(&r, "status"), "stopped");
	assert_true(cJSON_IsNull(answer_at(&r, "uptime")));
	answer_free(&r);
}

/* A strategy decides on as many candles as its parameters look back. */
static void candles_that_are_needed(void **state)
{
	static const struct { const char *sql; double needed; } cases[] = {
		{ "UPDATE trading_configs SET strategy = 'ema_cross', strategy_params ="
		  " '{\"fast\":12,\"slow\":50}'", 100 },
		{ "UPDATE trading_configs SET strategy_params = '{\"slow\":26}'", 60 },
		{ "UPDATE trading_configs SET strategy = 'grid', strategy_params = '{}'", 1 },
		{ "UPDATE trading_configs SET strategy = 'model', strategy_params = 'broken'", 60 },
	};
	struct db *db = api_db(&a);
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer r;

		must(db_begin(db, &e), &e);
		must(db_exec(db, cases[i].sql, &e), &e);
		must(db_commit(db, &e), &e);
		r = api_call(&a, "GET", "/api/v1/status", NULL);
		assert_true(answer_number(&r, "warm_up.needed") == cases[i].needed);
		answer_free(&r);
	}
	db_close(db);
}

/* A command does not expire while somebody waits for its answer. */
static void expires_after_the_wait(void **state)
{
	int64_t created_us, expires_us;
	struct answer r = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	char link[64];

	(void)state;
	snprintf(link, sizeof(link), "/api/v1/commands/%.0f", answer_number(&r, "command_id"));
	answer_free(&r);
	r = api_call(&a, "GET", link, NULL);
	assert_int_equal(clock_parse(answer_text(&r, "created"), &created_us), 0);
	assert_int_equal(clock_parse(answer_text(&r, "expires"), &expires_us), 0);
	assert_true(expires_us - created_us == LONG_WAIT_MS * US_PER_MS);
	answer_free(&r);
}

/* Pollers never see an older status than the one a command was answered with. */
static void read_your_own_writes(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		const bool start = i % 2 == 0;
		struct answer r;

		api_expect(&a, "POST", start ? "/api/v1/bot/start" : "/api/v1/bot/pause", NULL, 200,
			   NULL);
		r = api_call(&a, "GET", "/api/v1/status", NULL);
		assert_string_equal(answer_text(&r, "status"), start ? "running" : "paused");
		answer_free(&r);
	}
}

/* Nor an older one than the worker has committed on its own. */
static void changes_of_the_worker(void **state)
{
	struct db *db = api_db(&a);

	(void)state;
	for (int i = 0; i < 40; i++) {
		const bool pause = i % 2 == 0;
		struct err e = { 0 };
		struct answer r;

		must(db_begin(db, &e), &e);
		set_state(db, 1, pause ? "PAUSED" : "RUNNING", 0);
		must(db_commit(db, &e), &e);
		r = api_call(&a, "GET", "/api/v1/status", NULL);
		assert_string_equal(answer_text(&r, "status"), pause ? "paused" : "running");
		answer_free(&r);
	}
	db_close(db);
}

static void refused(void **state)
{
	struct answer r;

	(void)state;
	r = api_call(&a, "POST", "/api/v1/bot/pause", NULL);
	assert_int_equal(r.status, 409);
	assert_true(cJSON_IsFalse(answer_at(&r, "success")));
	assert_string_equal(answer_text(&r, "error.code"), "conflict");
	assert_string_equal(answer_text(&r, "status"), "stopped");
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/simulation/reset", NULL, 422, "invalid");
	api_expect(&a, "POST", "/api/v1/positions/close-all", NULL, 503, "exchange_error");
	api_expect(&a, "POST", "/api/v1/bot/resume", NULL, 503, "command_expired");
	api_expect(&a, "POST", "/api/v1/positions/17/close", NULL, 404, "not_found");
	api_expect(&a, "POST", "/api/v1/bots/77/start", NULL, 404, "not_found");
	api_expect(&a, "POST", "/api/v1/positions/close-all", "{\"bot_id\":77}", 404, "not_found");
	api_expect(&a, "POST", "/api/v1/bot/stop", "{\"positions\":\"burn\"}", 422,
		   "invalid_fields");
}

static void idempotent(void **state)
{
	struct answer first, second;

	(void)state;
	a.headers = "Idempotency-Key: key-1\r\n";
	first = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	second = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	assert_int_equal(first.status, 200);
	assert_int_equal(second.status, 200);
	assert_true(answer_number(&first, "command_id") == answer_number(&second, "command_id"));
	answer_free(&first);
	answer_free(&second);
	api_expect(&a, "POST", "/api/v1/bot/stop", NULL, 409, "conflict");
	a.headers = "Idempotency-Key: \r\n";
	api_expect(&a, "POST", "/api/v1/bot/stop", NULL, 400, "bad_header");
	a.headers = "Idempotency-Key: 12345678901234567890123456789012345678901234567890"
		    "123456789012345678901234567890\r\n";
	api_expect(&a, "POST", "/api/v1/bot/stop", NULL, 400, "bad_header");
}

/* Many wait at once; each gets its own command's answer. */
static void at_once(void **state)
{
	enum { N = 24 };
	int fds[N];
	double ids[N];

	(void)state;
	atomic_store(&worker.mute, true);
	for (int i = 0; i < N; i++) {
		struct buf out = { 0 };

		fds[i] = api_connect(&a);
		api_write_head(&a, &out, "POST", i % 2 ? "/api/v1/bot/start" : "/api/v1/bot/stop");
		buf_puts(&out, "Content-Length: 0\r\n\r\n");
		assert_true(api_send(fds[i], out.data, out.len));
		buf_free(&out);
	}
	/* The loop goes on while they wait. */
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	atomic_store(&worker.mute, false);
	for (int i = 0; i < N; i++) {
		struct answer r = api_read(fds[i], false);

		assert_int_equal(r.status, 200);
		assert_string_equal(answer_text(&r, "message"),
				    i % 2 ? "Bot started" : "Bot stopped");
		ids[i] = answer_number(&r, "command_id");
		for (int k = 0; k < i; k++)
			assert_true(ids[k] != ids[i]);
		answer_free(&r);
		close(fds[i]);
	}
}

/* A client that goes away while its command waits leaves nothing behind. */
static void gone_while_waiting(void **state)
{
	struct buf out = { 0 };
	int fd = api_connect(&a);

	(void)state;
	atomic_store(&worker.mute, true);
	api_write_head(&a, &out, "POST", "/api/v1/bot/start");
	buf_puts(&out, "Content-Length: 0\r\n\r\n");
	assert_true(api_send(fd, out.data, out.len));
	buf_free(&out);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	close(fd);
	atomic_store(&worker.mute, false);
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 200, NULL);
}

static void accepted(void **state)
{
	struct answer r;
	char link[80];

	(void)state;
	r = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	assert_int_equal(r.status, 202);
	assert_string_equal(answer_text(&r, "status"), "queued");
	snprintf(link, sizeof(link), "/api/v1/commands/%.0f", answer_number(&r, "command_id"));
	assert_true(answer_header_is(&r, "Location", link));
	assert_string_equal(answer_text(&r, "link"), link);
	answer_free(&r);
	r = api_call(&a, "GET", link, NULL);
	assert_int_equal(r.status, 200);
	assert_string_equal(answer_text(&r, "status"), "queued");
	assert_string_equal(answer_text(&r, "kind"), "start");
	assert_string_equal(answer_text(&r, "requested_by"), "environment");
	assert_true(answer_text(&r, "expires")[0] != '\0');
	answer_free(&r);
	api_expect(&a, "GET", "/api/v1/commands/999", NULL, 404, "not_found");
}

/* What still waits when the program ends is told so. */
static void end_while_waiting(void **state)
{
	struct buf out = { 0 };
	int fd = api_connect(&a);
	struct api long_wait;
	struct answer r;

	(void)state;
	api_write_head(&a, &out, "POST", "/api/v1/bot/start");
	buf_puts(&out, "Content-Length: 0\r\n\r\n");
	assert_true(api_send(fd, out.data, out.len));
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	long_wait = a;
	api_stop(&long_wait);
	r = api_read(fd, false);
	assert_int_equal(r.status, 202);
	answer_free(&r);
	close(fd);
	buf_free(&out);
	api_run(&a);
}

static void worker_away(void **state)
{
	struct db *db = api_db(&a);
	struct answer r;

	(void)state;
	r = api_call(&a, "POST", "/api/v1/bot/start", NULL);
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "worker_unavailable");
	assert_non_null(strstr(answer_text(&r, "error.message"), "trading-bot-worker"));
	assert_non_null(answer_header(&r, "Retry-After"));
	answer_free(&r);
	beat(db);
	api_sql(db, SQL_STOPPED);
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 503, "worker_unavailable");
	api_sql(db, "UPDATE worker_heartbeat SET stopped_us = NULL, beat_us = beat_us - 6000000");
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 503, "worker_unavailable");
	r = api_call(&a, "GET", "/api/v1/status", NULL);
	assert_string_equal(answer_text(&r, "worker.status"), "away");
	assert_true(answer_number(&r, "worker.last_beat_age_ms") >= 6000);
	answer_free(&r);
	db_close(db);
}

/* The one command that is kept: nobody may find the stop button dead. */
static void emergency_stop_without_worker(void **state)
{
	struct answer r;
	char link[80];

	(void)state;
	r = api_call(&a, "POST", "/api/v1/bots/emergency-stop", NULL);
	assert_int_equal(r.status, 202);
	assert_non_null(strstr(answer_text(&r, "message"), "worker is not running"));
	snprintf(link, sizeof(link), "%s", answer_text(&r, "link"));
	answer_free(&r);
	r = api_call(&a, "GET", link, NULL);
	assert_string_equal(answer_text(&r, "status"), "queued");
	assert_true(cJSON_IsNull(answer_at(&r, "bot_id")));
	assert_true(cJSON_IsNull(answer_at(&r, "expires")));
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/bot/emergency-stop", NULL, 202, NULL);
}

static void audited(void **state)
{
	struct answer r;

	(void)state;
	a.headers = "X-Correlation-Id: audit-me\r\n";
	api_expect(&a, "POST", "/api/v1/bots/1/start", NULL, 200, NULL);
	api_expect(&a, "POST", "/api/v1/bots/1/stop", "{\"x\":1}", 422, NULL);
	r = api_call(&a, "GET", "/api/v1/audit?limit=2", NULL);
	assert_string_equal(answer_text(&r, "audit.0.action"), "POST /bots/:id/stop");
	assert_true(answer_number(&r, "audit.0.status") == 422);
	assert_string_equal(answer_text(&r, "audit.1.action"), "POST /bots/:id/start");
	assert_string_equal(answer_text(&r, "audit.1.target"), "1");
	assert_string_equal(answer_text(&r, "audit.1.actor"), "environment");
	assert_string_equal(answer_text(&r, "audit.1.correlation_id"), "audit-me");
	assert_string_equal(answer_text(&r, "audit.1.address"), "127.0.0.1");
	assert_true(answer_number(&r, "audit.1.status") == 200);
	answer_free(&r);
}

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(done, setup),
		WITH(expires_after_the_wait, setup),
		WITH(candles_that_are_needed, setup),
		WITH(read_your_own_writes, setup),
		WITH(changes_of_the_worker, setup),
		WITH(refused, setup),
		WITH(idempotent, setup),
		WITH(at_once, setup),
		WITH(gone_while_waiting, setup),
		WITH(accepted, setup_mute),
		WITH(end_while_waiting, setup_mute),
		WITH(worker_away, setup_alone),
		WITH(emergency_stop_without_worker, setup_alone),
		WITH(audited, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
