/* Live push at its limits: slow readers, many clients, tokens that end, the server that stops. */
#include "tests/unit/push_client.h"

#include "common/db/backup.h"
#include "common/registry/tokens.h"

#include <sys/resource.h>

static struct api a;
static struct db *db;

static void start(void (*change)(struct config *cfg))
{
	api_start(&a, change);
	db = api_db(&a);
	api_sql(db, "INSERT INTO bot_state(bot_id, status, mode, updated_us)"
		    " VALUES (1, 'STOPPED', 'simulation', 1)");
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	start(NULL);
	return 0;
}

static int teardown(void **state)
{
	db_close(db);
	api_stop(&a);
	return scratch_teardown(state);
}

static void many(struct config *cfg)
{
	cfg->api_max_per_address = 0;
}

static void few(struct config *cfg)
{
	cfg->api_max_connections = 5;
}

static void hurried(struct config *cfg)
{
	cfg->api_timeout_s = 1;
}

static int setup_many(void **state)
{
	if (scratch_setup(state))
		return -1;
	start(many);
	return 0;
}

static int setup_few(void **state)
{
	if (scratch_setup(state))
		return -1;
	start(few);
	return 0;
}

static int setup_hurried(void **state)
{
	if (scratch_setup(state))
		return -1;
	start(hurried);
	return 0;
}

static void set_price(int n)
{
	char text[120];

	snprintf(text, sizeof(text), "UPDATE bot_state SET last_price = %d.0, updated_us = %d", n,
		 n);
	api_sql(db, text);
}

#define ADD_ORDER(id) \
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase," \
	" limit_price, quantity, strategy, mode, config_version, holding_us," \
	" maker_timeout_us, created_us, updated_us)" \
	" VALUES (" id ", 1, 'tb1-1-" id "', 'BTCUSDT', 'BUY', 'pending', 'entering', 100.0," \
	" 2.0, 'model', 'simulation', 1, 5, 5, 5, 5)"

static void expect_refused(const char *path, const char *headers, bool ws, int status,
			   const char *code)
{
	struct live c = live_open(&a, path, headers, ws);

	if (c.answer.status != status || strcmp(answer_text(&c.answer, "error.code"), code) != 0)
		fail_msg("%s %s -> %d %s", path, headers ? headers : "", c.answer.status,
			 buf_text(&c.answer.body));
	live_close(&c);
}

#define BIG_LINES BIG_LINES_N("400")
#define BIG_LINES_N(n) \
	"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " n ")" \
	" INSERT INTO logs(at_us, level, service, logger, message)" \
	" SELECT i, 1, 's', 'l', i || printf('%.*c', 9000, 'x') FROM c"

/* One client reads nothing, another everything: the one is cut, the other misses nothing. */
static void a_slow_reader(void **state)
{
	struct live slow = live_ws(&a, "/api/v1/ws?topics=log", NULL);
	struct live fast = live_ws(&a, "/api/v1/ws?topics=log", NULL);
	static char junk[65536];
	int64_t bytes = 0, last = 0;
	int small = 32768;
	ssize_t n;

	(void)state;
	setsockopt(slow.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	live_expect(&fast, "snapshot", "log", NULL);
	live_expect(&fast, "subscribed", NULL, NULL);
	for (int round = 0; round < 30; round++) { /* so few that no machine is too slow */
		api_sql(db, BIG_LINES_N("40"));
		for (int i = 0; i < 40; i++) {
			const cJSON *id;

			do { /* lines of the server itself come between */
				live_expect(&fast, "change", "log", NULL);
				id = cJSON_GetObjectItem(cJSON_GetObjectItem(fast.json, "data"),
							 "id");
				assert_true(id->valuedouble > (double)last);
				last = (int64_t)id->valuedouble;
			} while (!strstr(buf_text(&fast.text), "xxxxx"));
		}
	}
	while ((n = recv(slow.fd, junk, sizeof(junk), 0)) > 0)
		bytes += n;
	assert_true(bytes < 3 * 400 * 9000 / 2);
	live_close(&slow);
	live_say(&fast, "{\"op\":\"ping\"}");
	while (live_next(&fast) && strcmp(live_member(&fast, "type"), "pong") != 0)
		;
	assert_string_equal(live_member(&fast, "type"), "pong");
	live_close(&fast);
}

/*
 * Who asks faster than it reads is answered as it reads: each question once the answers before it
 * are taken, so that they never lie in our memory together. None is lost.
 */
static void a_greedy_asker(void **state)
{
	struct live c = live_ws(&a, "/api/v1/ws", NULL);
	static char junk[65536];
	const int asked = 20, patience = 20;
	const int64_t all = INT64_C(100) * 9000 * asked;
	int64_t bytes = 0;
	int small = 32768;
	ssize_t n = 1;

	(void)state;
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	api_sql(db, BIG_LINES);
	for (int i = 0; i < asked; i++)
		live_say(&c, "{\"op\":\"subscribe\",\"topics\":[\"log\"]}");
	/* On a busy machine one recv may wait in vain; the end of the connection is 0. */
	for (int waits = 0; bytes < all && waits < patience && n != 0; waits += n < 0) {
		n = recv(c.fd, junk, sizeof(junk), 0);
		bytes += n > 0 ? n : 0;
	}
	assert_true(bytes >= all);
	live_close(&c);
}

static void five_hundred(void **state)
{
	enum { N = 500 };
	struct rlimit files;
	static struct live c[N];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < 2 * N + 100)
		skip();
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (int i = 0; i < N; i++)
		c[i] = i % 2 ? live_sse(&a, "/api/v1/events?topics=price", NULL) :
			       live_ws(&a, "/api/v1/ws?topics=price", NULL);
	for (int i = 0; i < N; i++) {
		live_expect(&c[i], "snapshot", "price", NULL);
		if (c[i].ws)
			live_expect(&c[i], "subscribed", NULL, NULL);
	}
	for (int round = 1; round <= 3; round++) {
		char part[40];

		set_price(round);
		snprintf(part, sizeof(part), "\"price\":%d,", round);
		for (int i = 0; i < N; i++) {
			live_expect(&c[i], "change", "price", part);
			assert_int_equal(c[i].seq, c[0].seq);
		}
	}
	/* The 501st is refused, and requests are still answered. */
	expect_refused("/api/v1/ws", NULL, true, 503, "too_many_streams");
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	for (int i = 0; i < N; i++)
		live_close(&c[i]);
}

/* 5 connections: 3 live ones, 2 for requests. A place is free again after a close. */
static void room_for_requests(void **state)
{
	struct live c[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		c[i] = live_ws(&a, "/api/v1/ws", NULL);
	expect_refused("/api/v1/events", NULL, false, 503, "too_many_streams");
	live_frame(&c[0], 0x88, "\x03\xe8", 2);
	while (live_next(&c[0]))
		;
	live_close(&c[0]);
	c[0] = live_ws(&a, "/api/v1/ws", NULL);
	for (int i = 0; i < 3; i++)
		live_close(&c[i]);
}

/* API_TIMEOUT_S (1 here) is for requests: a stream lives on. */
static void longer_than_a_request(void **state)
{
	struct live ws = live_ws(&a, "/api/v1/ws?topics=price", NULL);
	struct live sse = live_sse(&a, "/api/v1/events?topics=price", NULL);
	int64_t begin = clock_mono_us();

	(void)state;
	live_expect(&ws, "snapshot", "price", NULL);
	live_expect(&ws, "subscribed", NULL, NULL);
	live_expect(&sse, "snapshot", "price", NULL);
	for (int n = 1; clock_mono_us() - begin < 3500000; n++) {
		set_price(n);
		live_expect(&ws, "change", "price", NULL);
		live_expect(&sse, "change", "price", NULL);
	}
	live_close(&ws);
	live_close(&sse);
}

static void revoked_tokens(void **state)
{
	struct token t = { .created_us = 1, .name = "v", .role = "viewer" };
	struct live ws, sse, other;
	char text[120];
	int64_t id;

	(void)state;
	crypto_sha256_hex("viewer-secret", 13, t.hash);
	assert_int_equal(store_token_add(db, &t, &id, NULL), 0);
	other = live_ws(&a, "/api/v1/ws", NULL);
	a.token = "viewer-secret";
	ws = live_ws(&a, "/api/v1/ws", NULL);
	sse = live_sse(&a, "/api/v1/events?topics=order", NULL);
	a.token = API_TEST_TOKEN;
	live_expect(&sse, "snapshot", "order", NULL);
	snprintf(text, sizeof(text), "/api/v1/tokens/%lld", (long long)id);
	api_expect(&a, "DELETE", text, NULL, 200, NULL);
	live_expect_close(&ws, 1008);
	assert_false(live_next(&sse));
	live_say(&other, "{\"op\":\"ping\"}");
	live_expect(&other, "pong", NULL, NULL);
	live_close(&ws);
	live_close(&sse);
	live_close(&other);
}

static void expired_tokens(void **state)
{
	struct token t = { .created_us = 1, .name = "v", .role = "viewer" };
	struct live ws;
	int64_t id;

	(void)state;
	crypto_sha256_hex("viewer-secret", 13, t.hash);
	t.expires_us = INT64_MAX;
	assert_int_equal(store_token_add(db, &t, &id, NULL), 0);
	a.token = "viewer-secret";
	ws = live_ws(&a, "/api/v1/ws", NULL);
	api_sql(db, "UPDATE api_tokens SET expires_us = 2 WHERE name = 'v'");
	live_expect_close(&ws, 1008);
	live_close(&ws);
	api_expect(&a, "GET", "/api/v1/status", NULL, 401, "unauthorized");
	a.token = API_TEST_TOKEN;
}

/* Everybody is told, and nothing is left behind (ASan looks). */
static void the_server_stops(void **state)
{
	struct live ws = live_ws(&a, "/api/v1/ws?topics=all", NULL);
	struct live sse = live_sse(&a, "/api/v1/events?topics=all", NULL);

	live_expect(&ws, "snapshot", "status", NULL);
	live_expect(&sse, "snapshot", "status", NULL);
	db_close(db);
	api_stop(&a);
	while (live_next(&ws) && ws.opcode != 0x88)
		;
	assert_int_equal(ws.opcode, 0x88);
	assert_memory_equal(ws.text.data, "\x03\xe9", 2); /* 1001 */
	assert_false(live_next(&ws));
	while (live_next(&sse))
		;
	live_close(&ws);
	live_close(&sse);
	api_run(&a); /* for the teardown */
	db = api_db(&a);
	(void)state;
}

/* Another file in its place: numbers begin anew, so everybody gets snapshots again. */
static void another_database(void **state)
{
	struct live c = live_ws(&a, "/api/v1/ws?topics=status,order", NULL);
	char wal[CONFIG_PATH_MAX + 8];

	(void)state;
	live_expect(&c, "snapshot", "status", NULL);
	live_expect(&c, "snapshot", "order", "\"orders\":[]");
	live_expect(&c, "subscribed", NULL, NULL);
	api_sql(db, ADD_ORDER("1"));
	live_expect(&c, "change", "order", NULL);
	api_sql(db, "UPDATE bots SET name = 'restored'");
	live_expect(&c, "change", "status", NULL);
	assert_int_equal(db_backup(db, scratch_path("copy.db"), NULL), 0);
	db_close(db);
	snprintf(wal, sizeof(wal), "%s-wal", a.cfg.db_path);
	assert_int_equal(rename(scratch_path("copy.db"), a.cfg.db_path), 0);
	unlink(wal);
	live_expect(&c, "snapshot", "status", NULL);
	live_expect(&c, "snapshot", "order", "\"id\":1,");
	db = api_db(&a);
	api_sql(db, ADD_ORDER("2"));
	live_expect(&c, "change", "order", "\"id\":2,");
	live_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_slow_reader),
		TEST(a_greedy_asker),
		cmocka_unit_test_setup_teardown(five_hundred, setup_many, teardown),
		cmocka_unit_test_setup_teardown(room_for_requests, setup_few, teardown),
		cmocka_unit_test_setup_teardown(longer_than_a_request, setup_hurried, teardown),
		TEST(revoked_tokens),
		TEST(expired_tokens),
		TEST(the_server_stops),
		TEST(another_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
