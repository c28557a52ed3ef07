/* The server and clients that do everything wrong on the wire: no HTTP, too much, too slow. */
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

#define WITH(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
