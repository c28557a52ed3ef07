/*
 * Heads of uploads, held back and changed before evhttp sees them. In evhttp's place
 * stands a callback that notes what it would have read.
 */
#include "api/http/streamed_body.h"

#include "common/buf.h"
#include "common/err.h"

#include <event2/buffer.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN "POST /api/v1/models/upload HTTP/1.1\r\n"

static struct event_base *base;
static struct bufferevent *pair[2];	/* ours, the peer's */
static struct streamed_body early;

static struct {
	int calls, events;
	struct buf text;		/* what evhttp has seen, as it saw it */
	struct buf body;
	int ends;
	bool cut;
	bool gone_first;		/* evhttp knew of the end before our reader */
} seen;

static void read_cb(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in);

	assert_ptr_equal(arg, &seen);
	seen.calls++;
	buf_clear(&seen.text);
	if (n)
		buf_add(&seen.text, evbuffer_pullup(in, -1), n);
}

static void event_cb(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	assert_ptr_equal(arg, &seen);
	seen.events++;
}

static void on_input_cb(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	(void)in;
	(void)arg;
	if (info->n_added)
		streamed_body_input(&early);
}

static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&early, 0, sizeof(early));
	base = event_base_new();
	assert_int_equal(bufferevent_pair_new(base, 0, pair), 0);
	bufferevent_setcb(pair[0], read_cb, NULL, event_cb, &seen);
	bufferevent_enable(pair[0], EV_READ | EV_WRITE);
	bufferevent_enable(pair[1], EV_READ | EV_WRITE);
	streamed_body_init(&early, pair[0], 1000);
	evbuffer_add_cb(bufferevent_get_input(pair[0]), on_input_cb, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bufferevent_free(pair[0]);
	bufferevent_free(pair[1]);
	event_base_free(base);
	buf_free(&seen.text);
	buf_free(&seen.body);
	return 0;
}

static void turns(void)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void give(const char *text, size_t len)
{
	bufferevent_write(pair[1], text, len);
	turns();
}

static void say(const char *text)
{
	give(text, strlen(text));
}

static void again(void)
{
	void *state = NULL;

	teardown(&state);
	setup(&state);
}

static void expect_seen(const char *text)
{
	if (strcmp(buf_text(&seen.text), text) != 0)
		fail_msg("evhttp saw \"%s\", not \"%s\"", buf_text(&seen.text), text);
}

/* Taken early: evhttp sees a request without a body, early knows of so many bytes. */
static void taken(const char *head, const char *shown, int64_t unread)
{
	say(head);
	assert_true(seen.calls >= 1);
	expect_seen(shown);
	assert_int_equal(early.unread, unread);
	again();
	for (const char *p = head; *p; p++) { /* in the smallest pieces */
		assert_int_equal(seen.calls, 0);
		give(p, 1);
	}
	expect_seen(shown);
	assert_int_equal(early.unread, unread);
	again();
}

/* Not plainly an upload: evhttp sees every byte as it came. */
static void left(const char *text)
{
	say(text);
	if (!seen.calls)
		fail_msg("held for ever: %s", text);
	expect_seen(text);
	assert_int_equal(early.unread, 0);
	again();
}

static void heads_that_are_taken(void **state)
{
	(void)state;
	taken(BEGIN "Content-Length: 12\r\n\r\n", BEGIN "Content-Length: 00\r\n\r\n", 12);
	taken(BEGIN "Host: a\r\ncontent-length:7\r\nX: y\r\n\r\n",
	      BEGIN "Host: a\r\ncontent-length:0\r\nX: y\r\n\r\n", 7);
	taken(BEGIN "Content-Length: \t123456789012345\r\n\r\n",
	      BEGIN "Content-Length: \t000000000000000\r\n\r\n", 123456789012345);
	taken("POST /api/models/upload?a=b HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
	      "POST /api/models/upload?a=b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 5);
	taken(BEGIN "Content-Length: 0\r\n\r\n", BEGIN "Content-Length: 0\r\n\r\n", 0);
	assert_false(early.expects);
	say(BEGIN "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	assert_true(early.expects);
	assert_int_equal(early.unread, 5);
}

/* Who asks before a body that is too large is answered, not left to wait. */
static void asked_before_a_large_body(void **state)
{
	(void)state;
	say("POST /api/v1/bots HTTP/1.1\r\nexpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
	expect_seen("POST /api/v1/bots HTTP/1.1\r\nexpect: 100-continue\r\n"
		    "Content-Length: 0000\r\n\r\n");
	assert_true(early.expects);
	assert_int_equal(early.unread, 1001);
	again();
	left("POST /api/v1/bots HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n");
	left("GET /api/v1/bots HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
	left("POST /api/v1/bots HTTP/1.1\r\nExpect: 100-continue\r\n"
	     "Transfer-Encoding: chunked\r\n\r\n");
}

/* Nor is a large body waited for whose sender does not ask: its length alone is enough. */
static void large_bodies(void **state)
{
	(void)state;
	left("PUT /api/v1/bots/1 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
	taken("PUT /api/v1/bots/1 HTTP/1.1\r\nX-Xpect: y\r\nContent-Length: 1001\r\n\r\n",
	      "PUT /api/v1/bots/1 HTTP/1.1\r\nX-Xpect: y\r\nContent-Length: 0000\r\n\r\n", 1001);
	taken("POST /api/v1/bots HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
	      "POST /api/v1/bots HTTP/1.1\r\nContent-Length: 00000000000000000000\r\n\r\n",
	      INT64_MAX);
	taken(BEGIN "Content-Length: 1234567890123456\r\n\r\n",
	      BEGIN "Content-Length: 0000000000000000\r\n\r\n", 1234567890123456);
}

static void heads_that_are_left(void **state)
{
	(void)state;
	left("GET /api/v1/models/upload HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
	left("POST /api/v1/bots HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
	left("POST /api/v1/models/uploads HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
	left("POST /api/v1/models/upload/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
	left("POST /api/v1/models/upload\r\nContent-Length: 5\r\n\r\n");
	left(BEGIN "\r\n");
	left(BEGIN "Content-Length: 5\r\nContent-Length: 5\r\n\r\n");
	left(BEGIN "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
	left(BEGIN "Transfer-Encoding: chunked\r\n\r\n");
	left(BEGIN "Content-Length : 5\r\n\r\n");
	left(BEGIN "Content-Lengths: 5\r\n\r\n");
	left(BEGIN "Content-Length: -5\r\n\r\n");
	left(BEGIN "Content-Length: +5\r\n\r\n");
	left(BEGIN "Content-Length: 5, 5\r\n\r\n");
	left(BEGIN "Content-Length: 5 \r\n\r\n");
	left(BEGIN "Content-Length: 0x5\r\n\r\n");
	left(BEGIN "Content-Length:\r\n\r\n");
	left(BEGIN "Content-Length: 5\r\n folded\r\n\r\n");
	left(BEGIN "X: y\nContent-Length: 5\r\n\r\n");
	left(BEGIN "\nContent-Length: 5\r\n\r\n");
}

static void odd_bytes(void **state)
{
	static const char nul[] = BEGIN "X: \0\r\nContent-Length: 5\r\n\r\n";

	(void)state;
	give(nul, sizeof(nul) - 1);
	assert_int_equal(seen.text.len, sizeof(nul) - 1);
	assert_memory_equal(seen.text.data, nul, sizeof(nul) - 1);
	assert_int_equal(early.unread, 0);
}

/* Longer than a head may be: evhttp is to refuse it, with or without its end. */
static void heads_without_end(void **state)
{
	struct buf text = { 0 };

	(void)state;
	buf_puts(&text, BEGIN "Content-Length: 5\r\nX: ");
	while (text.len < 16384)
		buf_putc(&text, 'x');
	say(buf_text(&text));
	assert_int_equal(seen.calls, 0);
	say("x");
	assert_true(seen.calls >= 1);
	assert_int_equal(seen.text.len, 16385);
	again();
	buf_puts(&text, "\r\n\r\n");
	say(buf_text(&text));
	expect_seen(buf_text(&text));
	assert_int_equal(early.unread, 0);
	buf_free(&text);
}

/* What stands behind a request in the same packet is evhttp's already. */
static void behind_another(void **state)
{
	static const char two[] = "GET / HTTP/1.1\r\n\r\n" BEGIN "Content-Length: 5\r\n\r\n";
	struct evbuffer *in = bufferevent_get_input(pair[0]);

	(void)state;
	say(two);
	expect_seen(two);
	evbuffer_drain(in, 18);		/* evhttp has read the first */
	streamed_body_begin(&early);
	say("x");
	assert_int_equal(early.unread, 0);
	expect_seen(BEGIN "Content-Length: 5\r\n\r\nx");
	/* and with nothing left over the next one is looked at again */
	evbuffer_drain(in, evbuffer_get_length(in));
	streamed_body_begin(&early);
	say(BEGIN "Content-Length: 5\r\n\r\n");
	assert_int_equal(early.unread, 5);
}

static bool data(void *ctx, const char *bytes, size_t len)
{
	assert_ptr_equal(ctx, &early);
	assert_true(len > 0);
	buf_add(&seen.body, bytes, len);
	return true;
}

static void end(void *ctx, bool cut)
{
	assert_ptr_equal(ctx, &early);
	seen.ends++;
	seen.cut = cut;
	seen.gone_first = seen.events > 0;
}

static const struct streamed_body_reader reader = { data, end, &early };

/* As evhttp does once the head is read: takes it, and calls the handler. */
static void handler_begins(void)
{
	struct evbuffer *in = bufferevent_get_input(pair[0]);
	struct evbuffer_ptr at = evbuffer_search(in, "\r\n\r\n", 4, NULL);

	evbuffer_drain(in, (size_t)at.pos + 4);
	streamed_body_read(&early, &reader);
	turns();
}

static void bodies(void **state)
{
	struct evbuffer *in = bufferevent_get_input(pair[0]);

	(void)state;
	say(BEGIN "Content-Length: 10\r\n\r\nabc");
	handler_begins();
	assert_string_equal(buf_text(&seen.body), "abc");
	assert_int_equal(seen.ends, 0);
	for (const char *p = "defghi"; *p; p++)
		give(p, 1);
	assert_int_equal(seen.ends, 0);
	say("jGET / HTTP/1.1\r\n");
	assert_string_equal(buf_text(&seen.body), "abcdefghij");
	assert_int_equal(seen.ends, 1);
	assert_false(seen.cut);
	/* the next request is not touched, and waits until this one is answered */
	assert_int_equal(evbuffer_get_length(in), 16);
	assert_false(bufferevent_get_enabled(pair[0]) & EV_READ);
	assert_int_equal(early.unread, 0);
}

static void says_that_it_waits(void **state)
{
	char text[64] = "";

	(void)state;
	say(BEGIN "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
	handler_begins();
	evbuffer_remove(bufferevent_get_input(pair[1]), text, sizeof(text) - 1);
	assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
	say("abc");
	assert_int_equal(seen.ends, 1);
	assert_string_equal(buf_text(&seen.body), "abc");
}

static void connections_that_end(void **state)
{
	(void)state;
	/* inside the head: evhttp hears of it */
	say(BEGIN "Content-Le");
	bufferevent_flush(pair[1], EV_WRITE, BEV_FINISHED);
	turns();
	assert_int_equal(seen.events, 1);
	again();
	/* inside the body: evhttp first, which lets go of the request, then the reader */
	say(BEGIN "Content-Length: 10\r\n\r\nabc");
	handler_begins();
	bufferevent_flush(pair[1], EV_WRITE, BEV_FINISHED);
	turns();
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.ends, 1);
	assert_true(seen.cut);
	assert_true(seen.gone_first);
}

static void stopped(void **state)
{
	(void)state;
	say(BEGIN "Content-Length: 10\r\n\r\nabc");
	handler_begins();
	streamed_body_stop(&early);
	say("defghijklm");
	assert_string_equal(buf_text(&seen.body), "abc");
	assert_int_equal(seen.ends, 0);
	assert_int_equal(early.unread, 7);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heads_that_are_taken),
		TEST(asked_before_a_large_body),
		TEST(large_bodies),
		TEST(heads_that_are_left),
		TEST(odd_bytes),
		TEST(heads_without_end),
		TEST(behind_another),
		TEST(bodies),
		TEST(says_that_it_waits),
		TEST(connections_that_end),
		TEST(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
