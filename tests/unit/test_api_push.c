/* Live push through the server: snapshots, changes, resuming, refusals, limits, the end. */
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

static void websocket(void **state)
{
	struct live c = live_ws(&a, "/api/v1/ws", NULL);

	(void)state;
	assert_true(answer_header_is(&c.answer, "Sec-WebSocket-Accept",
				     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	assert_true(answer_header_is(&c.answer, "Upgrade", "websocket"));
	assert_null(answer_header(&c.answer, "Sec-WebSocket-Protocol"));
	live_say(&c, "{\"op\":\"subscribe\",\"topics\":[\"order\",\"status\"]}");
	live_expect(&c, "snapshot", "status", "\"data\":{\"bots\":[{\"bot_id\":1,");
	live_expect(&c, "snapshot", "order", "\"data\":{\"orders\":[]}");
	live_expect(&c, "subscribed", NULL, "\"topics\":[\"status\",\"order\"],\"resumed\":false");
	api_sql(db, ADD_ORDER("7"));
	live_expect(&c, "change", "order", "\"id\":7,");
	api_sql(db, "UPDATE bot_state SET status = 'RUNNING', updated_us = 2");
	live_expect(&c, "change", "status", "\"bot_status\":\"RUNNING\"");
	/* Not subscribed to. */
	set_price(5);
	live_say(&c, "{\"op\":\"subscribe\",\"topics\":[\"price\"],\"bot\":1}");
	live_expect(&c, "snapshot", "price", "\"price\":5,");
	live_expect(&c, "subscribed", NULL, "[\"status\",\"price\",\"order\"]");
	live_say(&c, "{\"op\":\"unsubscribe\",\"topics\":[\"price\",\"status\"]}");
	live_expect(&c, "unsubscribed", NULL, "[\"order\"]");
	set_price(6);
	api_sql(db, "UPDATE trading_orders SET status = 'closed', updated_us = 9");
	live_expect(&c, "change", "order", "\"status\":\"closed\"");
	live_close(&c);
}

static void events(void **state)
{
	struct live c = live_sse(&a, "/api/v1/events?topics=status,order", NULL);
	int64_t id;

	(void)state;
	assert_true(answer_header_is(&c.answer, "Content-Type", "text/event-stream"));
	assert_true(answer_header_is(&c.answer, "Cache-Control", "no-store"));
	assert_non_null(answer_header(&c.answer, "X-Correlation-Id"));
	live_expect(&c, "snapshot", "status", NULL);
	assert_int_equal(c.id, 0); /* half of the snapshots is nothing to go on from */
	live_expect(&c, "snapshot", "order", NULL);
	assert_true(c.id > 0);
	id = c.id;
	api_sql(db, ADD_ORDER("7"));
	live_expect(&c, "change", "order", "\"id\":7,");
	assert_int_equal(c.id, id + 1);
	assert_int_equal(c.id, c.seq);
	live_close(&c);
}

static void both_trees_and_the_query(void **state)
{
	struct live c = live_ws(&a, "/api/ws?topics=status&bot=1", NULL);

	(void)state;
	live_expect(&c, "snapshot", "status", NULL);
	live_expect(&c, "subscribed", NULL, NULL);
	live_close(&c);
	c = live_sse(&a, "/api/events?bot=1", NULL); /* all but the log */
	for (int i = 0; i < 7; i++)
		live_expect(&c, "snapshot", NULL, NULL);
	assert_string_equal(live_member(&c, "topic"), "job");
	assert_true(c.id > 0);
	live_close(&c);
}

static void expect_refused(const char *path, const char *headers, bool ws, int status,
			   const char *code)
{
	struct live c = live_open(&a, path, headers, ws);

	if (c.answer.status != status || strcmp(answer_text(&c.answer, "error.code"), code) != 0)
		fail_msg("%s %s -> %d %s", path, headers ? headers : "", c.answer.status,
			 buf_text(&c.answer.body));
	live_close(&c);
}

static void who_may_listen(void **state)
{
	struct live c;

	(void)state;
	a.token = NULL;
	expect_refused("/api/v1/ws", NULL, true, 401, "unauthorized");
	expect_refused("/api/v1/events", NULL, false, 401, "unauthorized");
	expect_refused("/api/v1/ws", "Sec-WebSocket-Protocol: tradingbot.v1, bearer.wrong\r\n",
		       true, 401, "unauthorized");
	expect_refused("/api/v1/ws", "Sec-WebSocket-Protocol: " API_TEST_TOKEN "\r\n", true, 401,
		       "unauthorized");
	expect_refused("/api/v1/ws?token=" API_TEST_TOKEN, NULL, true, 401, "unauthorized");
	c = live_ws(&a, "/api/v1/ws", "Sec-WebSocket-Protocol: tradingbot.v1, bearer."
		    API_TEST_TOKEN "\r\n");
	/* The token is not sent back. */
	assert_true(answer_header_is(&c.answer, "Sec-WebSocket-Protocol", "tradingbot.v1"));
	assert_null(strstr(buf_text(&c.answer.head), API_TEST_TOKEN));
	live_close(&c);
	/* A header that is wrong is not made good by a subprotocol. */
	a.token = "wrong";
	expect_refused("/api/v1/ws", "Sec-WebSocket-Protocol: tradingbot.v1, bearer."
		       API_TEST_TOKEN "\r\n", true, 401, "unauthorized");
	a.token = API_TEST_TOKEN;
	expect_refused("/api/v1/events?token=" API_TEST_TOKEN, NULL, false, 400, "bad_query");
}

static void other_pages(void **state)
{
	char same[80];
	struct live c;

	(void)state;
	expect_refused("/api/v1/ws", "Origin: http://evil.example\r\n", true, 403,
		       "origin_not_allowed");
	expect_refused("/api/v1/events", "Origin: http://evil.example\r\n", false, 403,
		       "origin_not_allowed");
	expect_refused("/api/v1/ws", "Origin: null\r\n", true, 403, "origin_not_allowed");
	snprintf(same, sizeof(same), "Origin: http://localhost:%d\r\n", a.port);
	c = live_ws(&a, "/api/v1/ws", same);
	live_close(&c);
}

static void bad_requests(void **state)
{
	static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
	char text[300];

	(void)state;
	expect_refused("/api/v1/ws", NULL, false, 426, "upgrade_required");
	snprintf(text, sizeof(text), "%sSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: %s\r\n",
		 upgrade, LIVE_KEY);
	expect_refused("/api/v1/ws", text, false, 426, "upgrade_required");
	snprintf(text, sizeof(text), "%sSec-WebSocket-Version: 13\r\n", upgrade);
	expect_refused("/api/v1/ws", text, false, 400, "bad_header");
	snprintf(text, sizeof(text), "%sSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
		 upgrade);
	expect_refused("/api/v1/ws", text, false, 400, "bad_header");
	expect_refused("/api/v1/ws?topics=orders", NULL, true, 400, "bad_query");
	expect_refused("/api/v1/ws?bot=1", NULL, true, 400, "bad_query"); /* of which topics? */
	expect_refused("/api/v1/ws?last_event_id=1", NULL, true, 400, "bad_query");
	expect_refused("/api/v1/events?topics=", NULL, false, 400, "bad_query");
	expect_refused("/api/v1/events?bot=x", NULL, false, 400, "bad_query");
	expect_refused("/api/v1/events?bot=77", NULL, false, 404, "not_found");
	expect_refused("/api/v1/ws?topics=order&bot=77", NULL, true, 404, "not_found");
	api_expect(&a, "HEAD", "/api/v1/events", NULL, 200, NULL);
	api_expect(&a, "POST", "/api/v1/events", "{}", 405, "method_not_allowed");
}

/* It answers, says what was wrong, and stays. */
static void odd_messages(void **state)
{
	struct live c = live_ws(&a, "/api/v1/ws", NULL);

	(void)state;
	live_say(&c, "not JSON");
	live_expect(&c, "error", NULL, "\"code\":\"invalid\"");
	live_say(&c, "{\"op\":\"subscribe\",\"topics\":[\"order\"],\"bot\":77}");
	live_expect(&c, "error", NULL, "\"code\":\"not_found\"");
	live_say(&c, "{\"op\":\"ping\"}");
	live_expect(&c, "pong", NULL, NULL);
	live_frame(&c, 0x89, "x", 1);
	assert_true(live_next(&c));
	assert_int_equal(c.opcode, 0x8a);
	assert_string_equal(buf_text(&c.text), "x");
	live_frame(&c, 0x82, "\0", 1);
	live_expect_close(&c, 1003);
	live_close(&c);
}

static void bad_frames(void **state)
{
	static char big[5000];
	struct live c = live_ws(&a, "/api/v1/ws", NULL);

	(void)state;
	api_send(c.fd, "\x81\x05Hello", 7); /* not masked */
	live_expect_close(&c, 1002);
	live_close(&c);
	c = live_ws(&a, "/api/v1/ws", NULL);
	memset(big, 'x', sizeof(big));
	live_frame(&c, 0x81, big, sizeof(big));
	live_expect_close(&c, 1009);
	live_close(&c);
	c = live_ws(&a, "/api/v1/ws", NULL);
	live_frame(&c, 0x88, "\x03\xe8", 2);
	assert_true(live_next(&c));
	assert_int_equal(c.opcode, 0x88);
	assert_false(live_next(&c));
	live_close(&c);
}

/* A client that does not wait for the 101. */
static void frames_with_the_handshake(void **state)
{
	struct live c = { .fd = api_connect(&a), .ws = true };
	struct buf out = { 0 };

	(void)state;
	api_write_head(&a, &out, "GET", "/api/v1/ws");
	buf_puts(&out, LIVE_UPGRADE "\r\n");
	buf_add(&out, "\x81\x8d\0\0\0\0{\"op\":\"ping\"}", 19);
	api_send(c.fd, out.data, out.len);
	buf_free(&out);
	c.answer = api_read(c.fd, false);
	assert_int_equal(c.answer.status, 101);
	live_expect(&c, "pong", NULL, NULL);
	live_close(&c);
}

static void resume(void **state)
{
	char text[200];
	struct live c = live_ws(&a, "/api/v1/ws?topics=price,order", NULL);
	int64_t seen;

	(void)state;
	live_expect(&c, "snapshot", "price", NULL);
	live_expect(&c, "snapshot", "order", NULL);
	live_expect(&c, "subscribed", NULL, NULL);
	set_price(1);
	live_expect(&c, "change", "price", "\"price\":1,");
	seen = c.seq;
	/* What comes now it has on the wire, but never reads. */
	set_price(2);
	live_expect(&c, "change", "price", NULL);
	api_sql(db, ADD_ORDER("3"));
	live_expect(&c, "change", "order", NULL);
	live_close(&c);

	snprintf(text, sizeof(text), "/api/v1/ws?topics=price,order&last_event_id=%lld",
		 (long long)seen);
	c = live_ws(&a, text, NULL);
	live_expect(&c, "change", "price", "\"price\":2,");
	live_expect(&c, "change", "order", "\"id\":3,");
	live_expect(&c, "subscribed", NULL, "\"resumed\":true");
	set_price(3);
	live_expect(&c, "change", "price", "\"price\":3,");
	live_close(&c);

	snprintf(text, sizeof(text), "Last-Event-ID: %lld\r\n", (long long)seen);
	c = live_sse(&a, "/api/v1/events?topics=order", text);
	live_expect(&c, "change", "order", "\"id\":3,");
	live_close(&c);

	/* In a message; and a topic that nobody followed then needs its snapshot. */
	c = live_ws(&a, "/api/v1/ws", NULL);
	snprintf(text, sizeof(text),
		 "{\"op\":\"subscribe\",\"topics\":[\"order\"],\"last_event_id\":%lld}",
		 (long long)seen);
	live_say(&c, text);
	live_expect(&c, "change", "order", "\"id\":3,");
	live_expect(&c, "subscribed", NULL, "\"resumed\":true");
	snprintf(text, sizeof(text),
		 "{\"op\":\"subscribe\",\"topics\":[\"job\"],\"last_event_id\":%lld}",
		 (long long)seen);
	live_say(&c, text);
	live_expect(&c, "snapshot", "job", NULL);
	live_expect(&c, "subscribed", NULL, "\"resumed\":false");
	live_close(&c);

	/* Numbers of another program's life, and what is no number. */
	c = live_sse(&a, "/api/v1/events?topics=order&last_event_id=17", NULL);
	live_expect(&c, "snapshot", "order", NULL);
	live_close(&c);
	c = live_sse(&a, "/api/v1/events?topics=order", "Last-Event-ID: abc\r\n");
	live_expect(&c, "snapshot", "order", NULL);
	live_close(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(websocket),
		TEST(events),
		TEST(both_trees_and_the_query),
		TEST(who_may_listen),
		TEST(other_pages),
		TEST(bad_requests),
		TEST(odd_messages),
		TEST(bad_frames),
		TEST(frames_with_the_handshake),
		TEST(resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
