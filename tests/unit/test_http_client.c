/* The HTTP client against a server in the same loop, and against nobody. */
#include "worker/net/http_client.h"

#include "common/clock.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct event_base *base;
static struct evhttp *server;
static struct http_client *client;
static int port, requests;
static struct evhttp_request *held;

struct seen {				/* what done was told */
	int calls, status, code;
	bool sent;
	char body[256], message[256], header[64];
	size_t len;
};

static void echo(struct evhttp_request *r, void *ctx)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(r);
	const char *name = evhttp_find_header(in, "X-Name");
	struct evbuffer *out = evbuffer_new();

	(void)ctx;
	requests++;
	evhttp_add_header(evhttp_request_get_output_headers(r), "X-Weight", "  17 ");
	evbuffer_add_printf(out, "%d %s %s ", (int)evhttp_request_get_command(r),
			    evhttp_request_get_uri(r), name ? name : "-");
	evbuffer_add_buffer(out, evhttp_request_get_input_buffer(r));
	evhttp_send_reply(r, 200, "OK", out);
	evbuffer_free(out);
}

static void hold(struct evhttp_request *r, void *ctx)
{
	(void)ctx;
	requests++;
	held = r;
}

/* Kept open connections end without an answer: where libcurl would try again by itself. */
static void cut(struct evhttp_request *r, void *ctx)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(r));

	(void)ctx;
	requests++;
	shutdown(bufferevent_getfd(bev), SHUT_RDWR);
}

static int setup(void **state)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	struct err e;

	(void)state;
	requests = 0;
	held = NULL;
	base = event_base_new();
	server = evhttp_new(base);
	evhttp_set_cb(server, "/hold", hold, NULL);
	evhttp_set_cb(server, "/cut", cut, NULL);
	evhttp_set_gencb(server, echo, NULL);
	evhttp_set_allowed_methods(server, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						   EVHTTP_REQ_DELETE);
	bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", 0);
	if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address,
				  &len))
		return -1;
	port = ntohs(address.sin_port);
	return http_client_new(base, "", &client, &e);
}

static int teardown(void **state)
{
	(void)state;
	http_client_free(client);
	evhttp_free(server);
	event_base_free(base);
	return 0;
}

static void done(void *ctx, const struct http_answer *a)
{
	struct seen *s = ctx;

	s->calls++;
	s->status = a->status;
	s->code = a->error.code;
	s->sent = a->sent;
	s->len = a->len;
	assert_true(a->took_us >= 0 && strlen(a->body) <= a->len);
	snprintf(s->body, sizeof(s->body), "%s", a->body);
	snprintf(s->message, sizeof(s->message), "%s", a->error.msg);
	if (!http_answer_header(a, "x-weight", s->header, sizeof(s->header)))
		s->header[0] = '\0';
}

static struct http_call *send_to(const char *method, const char *path, const char *body,
				 struct seen *s)
{
	static const char *const headers[] = { "X-Name: v", NULL };
	char url[128];
	struct http_request r = {
		.method = method, .url = url, .headers = headers, .body = body,
		.body_len = body ? strlen(body) : 0, .timeout_ms = 20000, .max_bytes = 100,
		.done = done, .ctx = s,
	};

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	return http_send(client, &r);
}

static void wait_for(const struct seen *s, int calls)
{
	while (s->calls < calls)
		assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
}

static void methods_headers_and_bodies(void **state)
{
	static const struct { const char *method, *body, *want; } cases[] = {
		{ "GET", NULL, "1 /a?b=c v " },
		{ "POST", "x=1", "2 /a?b=c v x=1" },
		{ "POST", NULL, "2 /a?b=c v " },
		{ "PUT", "{}", "8 /a?b=c v {}" },
		{ "DELETE", NULL, "16 /a?b=c v " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen s = { 0 };

		assert_non_null(send_to(cases[i].method, "/a?b=c", cases[i].body, &s));
		assert_int_equal(s.calls, 0); /* never from inside */
		assert_int_equal(http_client_calls(client), 1);
		wait_for(&s, 1);
		assert_int_equal(s.status, 200);
		assert_true(s.sent);
		assert_string_equal(s.body, cases[i].want);
		assert_string_equal(s.header, "17");
		assert_int_equal(http_client_calls(client), 0);
	}
}

static void many_at_once(void **state)
{
	struct seen s = { 0 };

	(void)state;
	for (int i = 0; i < 50; i++)
		(void)send_to("GET", "/x", NULL, &s);
	wait_for(&s, 50);
	assert_int_equal(requests, 50);
}

static void answers_have_a_limit(void **state)
{
	struct seen s = { 0 };
	char body[200];

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	(void)send_to("POST", "/a", body, &s);
	wait_for(&s, 1);
	assert_true(s.status == 0 && s.code == ERR_LIMIT && s.sent);
	assert_string_equal(s.message, "127.0.0.1: the answer is longer than 100 bytes");
}

static void cancelled_calls_stay_silent(void **state)
{
	struct seen s = { 0 }, other = { 0 };
	struct http_call *call = send_to("GET", "/hold", NULL, &s);

	(void)state;
	while (!held)
		assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
	http_cancel(call);
	http_cancel(NULL);
	(void)send_to("GET", "/b", NULL, &other);
	wait_for(&other, 1);
	assert_int_equal(s.calls, 0);
	(void)send_to("GET", "/hold", NULL, &s); /* ends with the client */
}

/* It would be an order placed twice. */
static void a_request_leaves_at_most_once(void **state)
{
	struct seen s = { 0 };

	(void)state;
	(void)send_to("GET", "/a", NULL, &s);
	wait_for(&s, 1);
	(void)send_to("POST", "/cut", "x", &s);
	wait_for(&s, 2);
	assert_true(s.status == 0 && s.code == ERR_UNAVAILABLE && s.sent);
	assert_int_equal(requests, 2);
}

static void nobody_there(void **state)
{
	struct seen s = { 0 };
	struct http_request r = {
		.method = "GET", .timeout_ms = 20000, .max_bytes = 10, .done = done, .ctx = &s,
	};

	(void)state;
	evhttp_free(server);
	server = evhttp_new(base);
	(void)send_to("POST", "/secret", "x", &s);
	wait_for(&s, 1);
	assert_true(s.status == 0 && s.code == ERR_UNAVAILABLE && !s.sent);
	assert_null(strstr(s.message, "secret"));
	r.url = "ftp://127.0.0.1/secret";
	(void)http_send(client, &r);
	wait_for(&s, 2);
	assert_true(s.code == ERR_INVALID && !s.sent && !strstr(s.message, "secret"));
	r.url = "http://[secret";
	(void)http_send(client, &r);
	wait_for(&s, 3);
	assert_true(s.code == ERR_INVALID && !s.sent && !strstr(s.message, "secret"));
	r.url = "http://127.0.0.1:1/";
	r.timeout_ms = 1;
	(void)http_send(client, &r);
	wait_for(&s, 4);
	assert_true(s.status == 0 && !s.sent);
}

static void headers(void **state)
{
	const struct http_answer a = {
		.headers = "HTTP/1.1 200 OK\r\nX-A:b \r\nx-long: 123456789\r\n"
			   "Retry-After:\t5\r\n\r\n"
	}, none = { .headers = "" };
	char out[8];

	(void)state;
	assert_true(http_answer_header(&a, "x-a", out, sizeof(out)));
	assert_string_equal(out, "b");
	assert_true(http_answer_header(&a, "RETRY-AFTER", out, sizeof(out)));
	assert_string_equal(out, "5");
	assert_false(http_answer_header(&a, "x-long", out, sizeof(out)));
	assert_false(http_answer_header(&a, "x", out, sizeof(out)));
	assert_false(http_answer_header(&none, "x", out, sizeof(out)));
}

#define IN_LOOP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LOOP(methods_headers_and_bodies),
		IN_LOOP(many_at_once),
		IN_LOOP(answers_have_a_limit),
		IN_LOOP(cancelled_calls_stay_silent),
		IN_LOOP(a_request_leaves_at_most_once),
		IN_LOOP(nobody_there),
		cmocka_unit_test(headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
