/* The server as clients see it that do everything wrong: every check of server.h. */
#include "tests/unit/api_client.h"

#include "common/registry/tokens.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

static struct api a;

static void small_limits(struct config *cfg)
{
	cfg->api_max_body_bytes = 4096;
	cfg->api_max_connections = 4;
}

/* For what has to end; a busy machine can take longer for what must not. */
static void hurried(struct config *cfg)
{
	cfg->api_timeout_s = 1;
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, NULL);
	return 0;
}

static int setup_small(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, small_limits);
	return 0;
}

static int setup_hurried(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, hurried);
	return 0;
}

static int teardown(void **state)
{
	api_stop(&a);
	return scratch_teardown(state);
}

static void add_token(const char *name, const char *role, const char *text)
{
	struct token t = { .created_us = clock_now_us() };
	struct db *db = api_db(&a);
	int64_t id;

	snprintf(t.name, sizeof(t.name), "%s", name);
	snprintf(t.role, sizeof(t.role), "%s", role);
	crypto_sha256_hex(text, strlen(text), t.hash);
	assert_int_equal(store_token_add(db, &t, &id, NULL), 0);
	db_close(db);
}

/* Raw bytes in, the answer out. */
static struct answer raw(const void *data, size_t len)
{
	int fd = api_connect(&a);
	struct answer r;

	api_send(fd, data, len);
	r = api_read(fd, false);
	close(fd);
	return r;
}

static void expect_raw(const char *text, int status, const char *code)
{
	struct answer r = raw(text, strlen(text));

	if (r.status != status || (code && strcmp(answer_text(&r, "error.code"), code) != 0))
		fail_msg("%.60s -> %d %s", text, r.status, buf_text(&r.body));
	answer_free(&r);
}

static void routes_and_methods(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "GET", "/api/v1/nothing", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/status/", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/%2e%2e/status", NULL, 404, "not_found");
	api_expect(&a, "GET", "/..%2f..%2fetc%2fpasswd", NULL, 404, "not_found");
	api_expect(&a, "GET", "/style.css", NULL, 200, NULL);
	api_expect(&a, "GET", "/nothing.css", NULL, 404, "not_found");
	api_expect(&a, "GET", "/.htaccess", NULL, 404, "not_found");
	r = api_call(&a, "PUT", "/api/v1/status", "{}");
	assert_int_equal(r.status, 405);
	assert_true(answer_header_is(&r, "Allow", "GET, HEAD, OPTIONS"));
	assert_string_equal(answer_text(&r, "error.code"), "method_not_allowed");
	answer_free(&r);
	r = api_call(&a, "OPTIONS", "/api/bots/1", NULL);
	assert_int_equal(r.status, 204);
	assert_true(answer_header_is(&r, "Allow", "GET, HEAD, PUT, DELETE, OPTIONS"));
	answer_free(&r);
	api_expect(&a, "PATCH", "/api/v1/bots/1", "{}", 405, "method_not_allowed");
	api_expect(&a, "BREW", "/api/v1/status", NULL, 501, "not_implemented");
	api_expect(&a, "GET", "/api/v1/backtests", NULL, 501, "not_implemented");
}

static void head_is_get_without_a_body(void **state)
{
	int fd = api_connect(&a);
	struct answer head, get;

	(void)state;
	head = api_call_on(&a, fd, "HEAD", "/api/v1/models", NULL);
	get = api_call_on(&a, fd, "GET", "/api/v1/models", NULL);
	assert_int_equal(head.status, 200);
	assert_int_equal(get.status, 200);
	assert_int_equal(strtol(answer_header(&head, "Content-Length"), NULL, 10), get.body.len);
	answer_free(&head);
	answer_free(&get);
	close(fd);
}

static void every_answer_has_these_headers(void **state)
{
	static const char *const paths[] = { "/api/v1/status", "/api/v1/nothing", "/", "/app.js" };

	(void)state;
	a.headers = "X-Correlation-Id: req-123\r\n";
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct answer r = api_call(&a, "GET", paths[i], NULL);

		assert_true(answer_header_is(&r, "X-Correlation-Id", "req-123"));
		assert_true(answer_header_is(&r, "X-Content-Type-Options", "nosniff"));
		assert_true(answer_header_is(&r, "Cache-Control", "no-store"));
		assert_null(answer_header(&r, "Access-Control-Allow-Origin"));
		if (i >= 2) {
			assert_non_null(answer_header(&r, "Content-Security-Policy"));
			assert_true(answer_header_is(&r, "X-Frame-Options", "DENY"));
			assert_true(answer_header_is(&r, "Referrer-Policy", "no-referrer"));
		}
		answer_free(&r);
	}
	a.headers = "X-Correlation-Id: no blanks; please\r\n";
	struct answer r = api_call(&a, "GET", "/api/v1/nothing", NULL);

	assert_int_equal(strncmp(answer_header(&r, "X-Correlation-Id"), "c-", 2), 0);
	assert_int_equal(strncmp(answer_text(&r, "correlation_id"),
				 answer_header(&r, "X-Correlation-Id"), 18), 0);
	answer_free(&r);
}

static void who_may_do_what(void **state)
{
	struct answer r;

	(void)state;
	add_token("v", "viewer", "viewer-secret");
	add_token("t", "trader", "trader-secret");
	a.token = NULL;
	r = api_call(&a, "GET", "/api/v1/status", NULL);
	assert_int_equal(r.status, 401);
	assert_non_null(strstr(answer_header(&r, "WWW-Authenticate"), "Bearer"));
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 401, "unauthorized");
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
	api_expect(&a, "GET", "/api/v1/status/health", NULL, 200, NULL);
	api_expect(&a, "GET", "/", NULL, 200, NULL);
	a.token = "not-a-token";
	api_expect(&a, "GET", "/api/v1/status", NULL, 401, "unauthorized");
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
	a.token = "viewer-secret";
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 403, "forbidden");
	api_expect(&a, "GET", "/api/v1/tokens", NULL, 403, "forbidden");
	a.token = "trader-secret";
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 503, "worker_unavailable");
	api_expect(&a, "GET", "/api/v1/audit", NULL, 403, "forbidden");
	a.token = API_TEST_TOKEN;
	api_expect(&a, "GET", "/api/v1/audit", NULL, 200, NULL);
}

/* A trader changes what a bot does, an admin where it does it and with whose keys. */
static void keys_of_an_admin(void **state)
{
	static const char config[] = "/api/v1/trading/bots/1/config";
	struct answer r;

	(void)state;
	add_token("t", "trader", "trader-secret");
	a.token = "trader-secret";
	r = api_call(&a, "PUT", config, "{\"testnet\":true,\"stop_loss_pct\":0.01}");
	assert_int_equal(r.status, 403);
	assert_string_equal(answer_text(&r, "error.code"), "forbidden");
	assert_non_null(strstr(answer_text(&r, "error.message"), "testnet: only a token with the"));
	answer_free(&r);
	api_expect(&a, "PUT", config, "{\"secret_key\":\"k\"}", 403, "forbidden");
	api_expect(&a, "PUT", config, "{\"testnet\":false,\"stop_loss_pct\":0.01}", 200, NULL);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"x\",\"config\":{\"api_key\":\"k\"}}", 403,
		   "forbidden");
	a.token = API_TEST_TOKEN;
	api_expect(&a, "PUT", config, "{\"testnet\":true}", 200, NULL);
}

static void hosts_and_origins(void **state)
{
	(void)state;
	expect_raw("GET /api/v1/health HTTP/1.1\r\n\r\n", 400, "bad_header");
	expect_raw("GET /api/v1/health HTTP/1.0\r\n\r\n", 200, NULL);
	expect_raw("GET /api/v1/health HTTP/1.1\r\nHost: evil.org\r\n\r\n", 403,
		   "host_not_allowed");
	expect_raw("GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200, NULL);
	expect_raw("GET http://localhost:9/api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 200,
		   NULL);
	expect_raw("GET http://evil.org/api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 403,
		   "host_not_allowed");
	expect_raw("GET http://localhost/api/v1/health HTTP/1.1\r\nHost: evil.org\r\n\r\n", 403,
		   "host_not_allowed");
	a.headers = "Origin: http://evil.org\r\n";
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 403, "origin_not_allowed");
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
}

static void queries(void **state)
{
	(void)state;
	api_expect(&a, "GET", "/api/v1/status?x=1", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?limit=0", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?limit=501", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?limit=1&limit=2", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?cursor=abc", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?cursor=7.x", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?limit", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?%00=1", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/equity?from=then", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/data/candles", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/data/candles?symbol=X&interval=2s", NULL, 400, "bad_query");
	api_expect(&a, "GET", "/api/v1/bots?", NULL, 200, NULL);
	api_expect(&a, "GET", "/api/v1/bots?limit=500", NULL, 200, NULL);
	api_expect(&a, "GET", "/api/v1/bots/x", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/bots/-1", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/bots/99999999999999999999", NULL, 404, "not_found");
}

static void bodies(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "POST", "/api/v1/bots", "{", 400, "malformed_json");
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"a\"} x", 400, "malformed_json");
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"a\",\"name\":\"b\"}", 400,
		   "malformed_json");
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":01}", 400, "malformed_json");
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"\xff\"}", 400, "malformed_json");
	api_expect(&a, "POST", "/api/v1/bots", "[]", 422, "invalid_fields");
	api_expect(&a, "POST", "/api/v1/bots", "null", 422, "invalid_fields");
	api_expect(&a, "POST", "/api/v1/bots", NULL, 422, "invalid_fields");
	api_expect(&a, "PUT", "/api/v1/trading/bots/1/config", NULL, 400, "malformed_json");
	api_expect(&a, "POST", "/api/v1/bot/start", "{\"now\":true}", 422, "invalid_fields");
	r = api_call(&a, "POST", "/api/v1/bots", "{\"naem\":\"a\",\"bot_type\":7}");
	assert_int_equal(r.status, 422);
	assert_string_equal(answer_text(&r, "error.fields.0.field"), "naem");
	assert_string_equal(answer_text(&r, "error.fields.1.field"), "bot_type");
	assert_string_equal(answer_text(&r, "error.fields.2.field"), "name");
	assert_string_equal(answer_text(&r, "error.fields.2.message"), "is required");
	answer_free(&r);
	r = api_call(&a, "POST", "/api/v1/bots", "{\"name\":\n  oops}");
	assert_non_null(strstr(answer_text(&r, "error.message"), "line 2"));
	answer_free(&r);
}

static void content_types(void **state)
{
	static const struct { const char *header; int status; } cases[] = {
		{ "Content-Type: application/json\r\n", 201 },
		{ "Content-Type: application/json; charset=utf-8\r\n", 201 },
		{ "Content-Type: APPLICATION/JSON\r\n", 201 },
		{ "Content-Type: application/x-www-form-urlencoded\r\n", 201 },	/* curl -d */
		{ "Content-Type: text/plain\r\n", 415 },
		{ "Content-Type: application/jsonp\r\n", 415 },
		{ "Content-Type: multipart/form-data; boundary=x\r\n", 415 },
		{ "X-No-Content-Type: Content-Type:\r\n", 415 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[64];

		snprintf(body, sizeof(body), "{\"name\":\"bot %zu\"}", i);
		a.headers = cases[i].header;
		api_expect(&a, "POST", "/api/v1/bots", body, cases[i].status, NULL);
	}
	a.headers = "Content-Type: application/x-www-form-urlencoded\r\n";
	api_expect(&a, "POST", "/api/v1/bots", "name=a", 415, "unsupported_media_type");
}

/* evhttp's own pages come in our form. */
static void no_http(void **state)
{
	static const char begin[] = "GET /api/v1/health HTTP/1.1\r\nX-Long: ";
	struct buf head = { 0 };

	(void)state;
	expect_raw("garbage garbage garbage\r\n\r\n", 400, "malformed_request");
	expect_raw("GET /api/v1/health HTTP/1.1\r\nno colon here\r\n\r\n", 400,
		   "malformed_request");
	expect_raw("GET /api/v1/health HTTP/9.9\r\nHost: localhost\r\n\r\n", 400, NULL);
	expect_raw("POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
		   400, "malformed_request");
	expect_raw("POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
		   400, "malformed_request");
	expect_raw("POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\nExpect: a-miracle\r\n"
		   "Content-Length: 5\r\n\r\n", 417, "expectation_failed");
	buf_puts(&head, begin);
	while (head.len < 20000)
		buf_putc(&head, 'a');
	struct answer r = raw(head.data, head.len);

	buf_free(&head);
	assert_non_null(strstr(buf_text(&r.head), " 400 Bad Request\r\n"));
	assert_non_null(r.json);
	answer_free(&r);
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
}

static void huge_bodies(void **state)
{
	struct buf big = { 0 };
	char head[200];

	(void)state;
	buf_puts(&big, "{\"name\":\"");
	while (big.len < 3000000)
		buf_puts(&big, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_puts(&big, "\"}");
	api_expect(&a, "POST", "/api/v1/bots", buf_text(&big), 413, "too_large");
	snprintf(head, sizeof(head), "POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n");
	expect_raw(head, 413, "too_large");
	/* asked first: answered at once, without any of it */
	expect_raw("POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\n"
		   "Authorization: Bearer " API_TEST_TOKEN "\r\nExpect: 100-continue\r\n"
		   "Content-Length: 3000000\r\n\r\n", 413, "too_large");
	expect_raw("POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
		   "Content-Length: 3000000\r\n\r\n", 401, "unauthorized");
	buf_free(&big);
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
}

static void chunked_body(void **state)
{
	char text[400];

	(void)state;
	snprintf(text, sizeof(text), "POST /api/v1/bots HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n"
		 "8\r\n{\"name\":\r\n9\r\n\"in two\"}\r\n0\r\n\r\n",
		 API_TEST_TOKEN);
	expect_raw(text, 201, NULL);
}

static void keep_alive_and_pipelining(void **state)
{
	char text[1000];
	int fd = api_connect(&a);
	struct answer r;

	(void)state;
	snprintf(text, sizeof(text), "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
		 "GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
		 "GET /api/v1/status/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
	api_send(fd, text, strlen(text));
	r = api_read(fd, false);
	assert_int_equal(r.status, 200);
	answer_free(&r);
	r = api_read(fd, false);
	assert_int_equal(r.status, 404);
	answer_free(&r);
	r = api_read(fd, false);
	assert_int_equal(r.status, 200);
	assert_string_equal(answer_text(&r, "trading_mode"), "simulation");
	answer_free(&r);
	close(fd);
}

/* evhttp leaves the body of a HEAD on the wire: it must not become a request. */
static void a_body_is_no_request(void **state)
{
	static const char hidden[] = "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const char *const methods[] = { "HEAD", "BREW", "GET", "DELETE" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[1000];
		int fd = api_connect(&a);
		struct answer r;

		snprintf(text, sizeof(text), "%s /api/v1/health HTTP/1.1\r\nHost: localhost\r\n"
			 "Connection: %s\r\nContent-Length: %zu\r\n\r\n%s", methods[i],
			 i < 2 ? "keep-alive" : "close", strlen(hidden), hidden);
		api_send(fd, text, strlen(text));
		r = api_read(fd, i == 0);
		assert_true(r.status == 200 || r.status == 501 || r.status == 405);
		answer_free(&r);
		r = api_read(fd, false);
		assert_int_equal(r.status, 0);
		close(fd);
	}
}

static void limited(struct config *cfg)
{
	cfg->api_rate_limit = 1;
}

static int setup_limited(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, limited);
	return 0;
}

static void rate_limit(void **state)
{
	struct answer r;
	int passed = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		r = api_call(&a, "GET", "/api/v1/status", NULL);
		passed += r.status == 200;
		if (r.status == 429) {
			assert_string_equal(answer_text(&r, "error.code"), "rate_limited");
			assert_true(answer_header_is(&r, "Retry-After", "1"));
		}
		answer_free(&r);
	}
	assert_in_range(passed, 2, 29);
	/* Another caller (no token) is not affected by it. */
	a.token = NULL;
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
}

/* Bytes that drip in more often than any timeout of silence, but never end. */
static void slow_client(void **state)
{
	static const char text[] = "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	int64_t begin = clock_mono_us();
	int fd = api_connect(&a);

	(void)state;
	assert_true(api_send(fd, text, strlen(text)));
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, 100) > 0)
			break;
		api_send(fd, "a", 1);
		assert_true(clock_mono_us() - begin < API_ANSWER_S * US_PER_S);
	}
	char byte;

	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
	api_expect(&a, "GET", "/api/v1/health", NULL, 200, NULL);
}

static void idle_connection_ends(void **state)
{
	int fd = api_connect(&a);
	char byte;

	(void)state;
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

/* The fifth waits until one of the four ends; it is not refused. */
static void too_many_connections(void **state)
{
	int fds[4];
	int last;
	struct answer r;

	(void)state;
	for (int i = 0; i < 4; i++) {
		fds[i] = api_connect(&a);
		r = api_call_on(&a, fds[i], "GET", "/api/v1/health", NULL);
		assert_int_equal(r.status, 200);
		answer_free(&r);
	}
	last = api_connect(&a);
	close(fds[0]);
	r = api_call_on(&a, last, "GET", "/api/v1/health", NULL);
	assert_int_equal(r.status, 200);
	answer_free(&r);
	close(last);
	for (int i = 1; i < 4; i++)
		close(fds[i]);
}

static void small_body_limit(void **state)
{
	char body[5000];

	(void)state;
	memset(body, ' ', sizeof(body));
	memcpy(body, "{}", 2);
	body[4096] = '\0';
	api_expect(&a, "POST", "/api/v1/bot/start", body, 503, "worker_unavailable");
	body[4096] = ' ';
	body[4097] = '\0';
	api_expect(&a, "POST", "/api/v1/bot/start", body, 413, "too_large");
}

/* Somebody holds the write lock: reads go on, writes say so, and it passes. */
static void locked_database(void **state)
{
	struct db *db = api_db(&a);
	struct answer r;

	(void)state;
	assert_int_equal(db_begin(db, NULL), 0);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	r = api_call(&a, "POST", "/api/v1/bots", "{\"name\":\"waits\"}");
	assert_int_equal(r.status, 503);
	assert_string_equal(answer_text(&r, "error.code"), "database_unavailable");
	assert_non_null(answer_header(&r, "Retry-After"));
	answer_free(&r);
	db_rollback(db);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"waits\"}", 201, NULL);
	db_close(db);
}

static bool health_is(const char *status)
{
	struct answer r = api_call(&a, "GET", "/api/v1/health", NULL);
	bool yes = !strcmp(answer_text(&r, "status"), status);

	answer_free(&r);
	return yes;
}

static void wait_for_health(const char *status)
{
	int64_t begin = clock_mono_us();

	while (!health_is(status)) {
		if (clock_mono_us() - begin > API_ANSWER_S * US_PER_S)
			fail_msg("health never becomes %s", status);
		usleep(20000);
	}
}

/* The file is moved away under a running server, and comes back. */
static void lost_database(void **state)
{
	char away[CONFIG_PATH_MAX + 8];

	(void)state;
	snprintf(away, sizeof(away), "%s.away", a.cfg.db_path);
	api_expect(&a, "GET", "/api/v1/bots", NULL, 200, NULL);
	assert_int_equal(rename(a.cfg.db_path, away), 0);
	wait_for_health("unhealthy");
	api_expect(&a, "GET", "/api/v1/health", NULL, 503, NULL);
	api_expect(&a, "GET", "/api/v1/bots", NULL, 503, "database_unavailable");
	api_expect(&a, "POST", "/api/v1/bot/start", NULL, 503, "database_unavailable");
	api_expect(&a, "GET", "/", NULL, 200, NULL);
	assert_int_equal(rename(away, a.cfg.db_path), 0);
	wait_for_health("degraded");
	api_expect(&a, "GET", "/api/v1/bots", NULL, 200, NULL);
}

/* Nobody makes an empty one in its place, least of all the thread that opens for itself. */
static void lost_database_is_not_made_anew(void **state)
{
	char away[CONFIG_PATH_MAX + 8];
	struct stat st;

	(void)state;
	snprintf(away, sizeof(away), "%s.away", a.cfg.db_path);
	assert_int_equal(rename(a.cfg.db_path, away), 0);
	api_expect(&a, "GET", "/api/v1/trading/bots/1/stats", NULL, 503, "database_unavailable");
	assert_int_not_equal(stat(a.cfg.db_path, &st), 0);
	wait_for_health("unhealthy");
	api_expect(&a, "GET", "/metrics", NULL, 200, NULL);
	assert_int_not_equal(stat(a.cfg.db_path, &st), 0);
	assert_int_equal(rename(away, a.cfg.db_path), 0);
	wait_for_health("degraded");
	api_expect(&a, "GET", "/api/v1/trading/bots/1/stats", NULL, 200, NULL);
}

static void start_fails(const char *word)
{
	struct server *s = NULL;
	struct err e = { 0 };
	struct config cfg;

	api_config(&cfg);
	assert_int_not_equal(server_open(&cfg, &s, &e), 0);
	assert_null(s);
	if (!strstr(e.msg, word))
		fail_msg("\"%s\" should say %s", e.msg, word);
}

static void starts_that_fail(void **state)
{
	struct config cfg;
	struct db *db = NULL;
	FILE *f;

	(void)state;
	log_init("test_api", LOG_DEBUG);
	log_set_fd(-1);
	f = fopen(scratch_path("app.db"), "w");
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database\n", f);
	fclose(f);
	start_fails("app.db");
	assert_int_equal(unlink(scratch_path("app.db")), 0);
	api_config(&cfg);
	assert_int_equal(db_open(cfg.db_path, DB_WORKER, &db, NULL), 0);
	api_sql(db, "PRAGMA user_version = 999");
	db_close(db);
	start_fails("newer");
	assert_int_equal(unlink(scratch_path("app.db")), 0);
	assert_int_equal(mkdir(scratch_path("app.db"), 0700), 0);
	start_fails("app.db");
}

static void port_in_use(void **state)
{
	struct server *s = NULL;
	struct err e = { 0 };
	struct config cfg = a.cfg;

	(void)state;
	cfg.api_port = a.port;
	assert_int_equal(server_open(&cfg, &s, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "API_PORT"));
}

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(routes_and_methods, setup),
		WITH(head_is_get_without_a_body, setup),
		WITH(every_answer_has_these_headers, setup),
		WITH(who_may_do_what, setup),
		WITH(keys_of_an_admin, setup),
		WITH(hosts_and_origins, setup),
		WITH(queries, setup),
		WITH(bodies, setup),
		WITH(content_types, setup),
		WITH(no_http, setup),
		WITH(huge_bodies, setup),
		WITH(chunked_body, setup),
		WITH(keep_alive_and_pipelining, setup),
		WITH(a_body_is_no_request, setup),
		WITH(rate_limit, setup_limited),
		WITH(slow_client, setup_hurried),
		WITH(idle_connection_ends, setup_hurried),
		WITH(too_many_connections, setup_small),
		WITH(small_body_limit, setup_small),
		WITH(locked_database, setup),
		WITH(lost_database, setup),
		WITH(lost_database_is_not_made_anew, setup),
		WITH(port_in_use, setup),
		cmocka_unit_test_setup_teardown(starts_that_fail, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
