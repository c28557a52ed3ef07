/* The checks of server.h, in their order, as clients see them. */
#include "tests/unit/api_client.h"

#include "common/registry/tokens.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

static struct api a;

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, NULL);
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
	api_expect(&a, "BREW", "/api/v1/status", NULL, 405, "method_not_allowed");
	api_expect(&a, "BREW", "/api/v1/nothing", NULL, 404, "not_found");
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

/* An account that a bot is given must be there. */
static void account_of_a_bot(void **state)
{
	static const char config[] = "/api/v1/trading/bots/1/config";
	struct db *db = api_db(&a);
	struct answer r;

	(void)state;
	r = api_call(&a, "PUT", config, "{\"account_id\":1}");
	assert_int_equal(r.status, 422);
	assert_string_equal(answer_text(&r, "error.fields.0.field"), "account_id");
	answer_free(&r);
	api_sql(db, "INSERT INTO exchange_accounts(name, source, created_us, updated_us)"
		    " VALUES ('main', 'binance', 1, 1)");
	api_expect(&a, "PUT", config, "{\"account_id\":1,\"allocation\":\"250.5\"}", 200, NULL);
	api_sql(db, "INSERT INTO bot_state(bot_id, mode, status, updated_us)"
		    " VALUES (1, 'simulation', 'RUNNING', 1)");
	r = api_call(&a, "PUT", config, "{\"live\":true}");
	assert_int_equal(r.status, 409);
	assert_string_equal(answer_text(&r, "error.message"),
			    "live and account_id can change only while the bot is STOPPED; it is "
			    "RUNNING: stop it first");
	answer_free(&r);
	api_sql(db, "DELETE FROM bot_state");
	r = api_call(&a, "PUT", config, "{\"live\":true,\"allocation\":0}");
	assert_int_equal(r.status, 422);
	assert_string_equal(answer_text(&r, "error.fields.0.field"), "allocation");
	answer_free(&r);
	api_expect(&a, "PUT", config, "{\"live\":true}", 200, NULL);
	api_expect(&a, "PUT", config, "{\"live\":false}", 200, NULL);
	api_sql(db, "DELETE FROM exchange_accounts");
	db_close(db);
	/* What is there already may be said again. */
	api_expect(&a, "PUT", config, "{\"account_id\":1,\"max_positions\":3}", 200, NULL);
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

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(routes_and_methods, setup),
		WITH(head_is_get_without_a_body, setup),
		WITH(every_answer_has_these_headers, setup),
		WITH(who_may_do_what, setup),
		WITH(keys_of_an_admin, setup),
		WITH(account_of_a_bot, setup),
		WITH(hosts_and_origins, setup),
		WITH(queries, setup),
		WITH(bodies, setup),
		WITH(content_types, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
