/* What goes out to Telegram and the webhook, what their answers mean, and how fast it may. */
#include "common/clock.h"
#include "common/json.h"
#include "worker/notify/senders.h"
#include "worker/notify/telegram_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "4711:s3cret"

static struct config config;
static struct chat_routes *routes;
static struct telegram_sender telegram = { .api_url = "http://127.0.0.1:1/" };
static struct webhook_sender webhook = { "https://example.org/x", "key" };
static struct err e;

static int setup(void **state)
{
	(void)state;
	config_defaults(&config);
	config.telegram_enabled = true;
	snprintf(config.telegram_bot_token, sizeof(config.telegram_bot_token), TOKEN);
	snprintf(config.telegram_chat_id, sizeof(config.telegram_chat_id), "-100");
	routes = chat_routes_new(&config);
	chat_routes_begin(routes);
	telegram.routes = routes;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	chat_routes_free(routes);
	return 0;
}

static struct note note(const char *text)
{
	struct note n = { .id = 7, .kind = "status", .text = text, .markup = "" };

	snprintf(n.lane.target, sizeof(n.lane.target), "-100");
	return n;
}

static void post_free(struct post *p)
{
	buf_free(&p->url);
	buf_free(&p->body);
	for (size_t i = 0; i < p->headers_n; i++)
		buf_free(&p->headers[i]);
}

/* What one message makes of the notes; its body is read back. */
static size_t prepared(struct sender s, const struct note *notes, size_t n, int64_t untold,
		       cJSON **body)
{
	struct post p = { .rows = 0 };

	assert_int_equal(s.prepare(s.ctx, notes, n, untold, &p, &e), 0);
	assert_int_equal(json_read(p.body.data, p.body.len, body, &e), 0);
	post_free(&p);
	return p.rows;
}

static const char *text_of(const cJSON *body, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, name));
}

static void notes_are_joined(void **state)
{
	struct note notes[] = { note("one"), note("<b>two</b>"), note("three") };
	cJSON *body;

	(void)state;
	notes[0].silent = notes[1].silent = true;
	assert_int_equal(prepared(telegram_sender(&telegram), notes, 3, 0, &body), 3);
	assert_string_equal(text_of(body, "text"), "one\n\n<b>two</b>\n\nthree");
	assert_string_equal(text_of(body, "parse_mode"), "HTML");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(body, "disable_notification")));
	assert_true(cJSON_GetObjectItem(body, "chat_id")->valuedouble == -100);
	assert_null(cJSON_GetObjectItem(body, "message_thread_id"));
	cJSON_Delete(body);
	/* one topic of a group; its first, "General", is what a message without a number reaches */
	snprintf(notes[0].lane.target, sizeof(notes[0].lane.target), "-1001234567890:17");
	assert_int_equal(prepared(telegram_sender(&telegram), notes, 1, 0, &body), 1);
	assert_true(cJSON_GetObjectItem(body, "chat_id")->valuedouble == -1001234567890);
	assert_true(cJSON_GetObjectItem(body, "message_thread_id")->valuedouble == 17);
	cJSON_Delete(body);
	snprintf(notes[0].lane.target, sizeof(notes[0].lane.target), "-100:1");
	assert_int_equal(prepared(telegram_sender(&telegram), notes, 1, 0, &body), 1);
	assert_null(cJSON_GetObjectItem(body, "message_thread_id"));
	cJSON_Delete(body);
	assert_int_equal(prepared(telegram_sender(&telegram), notes, 2, 12, &body), 2);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(body, "disable_notification")));
	assert_memory_equal(text_of(body, "text"), "<i>12 older messages were dropped", 33);
	cJSON_Delete(body);
	/* a question with buttons goes alone */
	notes[1].markup = "{\"inline_keyboard\":[]}";
	assert_int_equal(prepared(telegram_sender(&telegram), notes, 3, 0, &body), 1);
	assert_null(cJSON_GetObjectItem(body, "reply_markup"));
	cJSON_Delete(body);
	assert_int_equal(prepared(telegram_sender(&telegram), notes + 1, 2, 0, &body), 1);
	assert_true(cJSON_IsObject(cJSON_GetObjectItem(body, "reply_markup")));
	cJSON_Delete(body);
}

static void joined_notes_fit_one_message(void **state)
{
	struct note notes[DELIVERY_BATCH_MAX];
	char *text = calloc(1, 1011);
	cJSON *body;

	(void)state;
	memset(text, 'x', 1010);
	for (size_t i = 0; i < DELIVERY_BATCH_MAX; i++)
		notes[i] = note(text);
	assert_int_equal(prepared(telegram_sender(&telegram), notes, DELIVERY_BATCH_MAX, 0, &body),
			 4);
	assert_int_equal(strlen(text_of(body, "text")), 4040 + 6);
	cJSON_Delete(body);
	assert_int_equal(prepared(telegram_sender(&telegram), notes, DELIVERY_BATCH_MAX, 3, &body),
			 3);
	assert_true(strlen(text_of(body, "text")) <= TELEGRAM_TEXT_MAX);
	cJSON_Delete(body);
	free(text);
}

static void no_token_no_message(void **state)
{
	struct note n = note("x");
	struct post p = { .rows = 0 };
	struct sender s = telegram_sender(&telegram);
	struct buf url = { 0 };

	(void)state;
	n.lane.account = 5;
	assert_int_equal(s.prepare(s.ctx, &n, 1, 0, &p, &e), ERR_NOT_FOUND);
	post_free(&p);
	telegram_url(&url, "https://api.telegram.org/", TOKEN, "getMe");
	assert_string_equal(buf_text(&url), "https://api.telegram.org/bot" TOKEN "/getMe");
	buf_free(&url);
}

static struct verdict verdict(struct sender s, int status, const char *body, const char *headers)
{
	struct http_answer a = {
		.status = status, .body = body, .len = strlen(body), .headers = headers
	};
	struct lane_key lane = { .channel = CHANNEL_TELEGRAM };
	struct verdict v;

	err_set(&a.error, ERR_UNAVAILABLE, "host: %s down", TOKEN);
	s.judge(s.ctx, &lane, &a, &v);
	return v;
}

#define NO(code, rest) "{\"ok\":false,\"error_code\":" #code ",\"description\":\"why\"" rest "}"

static void answers_of_telegram(void **state)
{
	struct sender s = telegram_sender(&telegram);
	struct verdict v;

	(void)state;
	assert_int_equal(verdict(s, 200, "{\"ok\":true}", "").outcome, OUTCOME_DELIVERED);
	v = verdict(s, 429, NO(429, ",\"parameters\":{\"retry_after\":9}"), "");
	assert_true(v.outcome == OUTCOME_RETRY && v.wait_us == 9 * US_PER_S);
	v = verdict(s, 429, NO(429, ",\"parameters\":{\"retry_after\":-9}"), "");
	assert_int_equal(v.wait_us, 0);	/* our own back-off, not at once */
	v = verdict(s, 429, "<html>", "HTTP/1.1 429 x\r\nretry-after:  5 \r\n\r\n");
	assert_true(v.outcome == OUTCOME_RETRY && v.wait_us == 5 * US_PER_S);
	v = verdict(s, 429, NO(429, ",\"parameters\":{\"retry_after\":99999999}"), "");
	assert_true(v.wait_us == 3600 * US_PER_S);
	v = verdict(s, 400, NO(400, ""), "");
	assert_int_equal(v.outcome, OUTCOME_REFUSED);
	assert_string_equal(v.error, "HTTP 400: why");
	assert_int_equal(verdict(s, 413, NO(413, ""), "").outcome, OUTCOME_REFUSED);
	v = verdict(s, 400, NO(400, ",\"parameters\":{\"migrate_to_chat_id\":-1005}"), "");
	assert_true(v.outcome == OUTCOME_RETRY && strstr(v.error, "-1005"));
	for (int status = 401; status <= 409; status++)
		if (status == 401 || status == 403 || status == 404 || status >= 408)
			assert_int_equal(verdict(s, status, "{\"ok\":false}", "").outcome,
					 OUTCOME_RETRY);
	assert_int_equal(verdict(s, 200, "[]", "").outcome, OUTCOME_RETRY);
	assert_int_equal(verdict(s, 500, "", "").outcome, OUTCOME_RETRY);
	v = verdict(s, 0, "", "");
	assert_int_equal(v.outcome, OUTCOME_RETRY);
	assert_null(strstr(v.error, "s3cret")); /* whoever repeats it */
}

static void answers_of_a_receiver(void **state)
{
	struct sender s = webhook_sender(&webhook);

	(void)state;
	assert_int_equal(verdict(s, 204, "", "").outcome, OUTCOME_DELIVERED);
	assert_int_equal(verdict(s, 302, "", "").outcome, OUTCOME_RETRY);
	assert_int_equal(verdict(s, 400, "", "").outcome, OUTCOME_REFUSED);
	assert_int_equal(verdict(s, 422, "", "").outcome, OUTCOME_REFUSED);
	assert_int_equal(verdict(s, 404, "", "").outcome, OUTCOME_RETRY);
	assert_true(verdict(s, 503, "", "HTTP/1.1 503\r\nRetry-After: 3\r\n").wait_us ==
		    3 * US_PER_S);
	assert_true(verdict(s, 500, "", "HTTP/1.1 500\r\nRetry-After: 3\r\n").wait_us == 0);
	assert_int_equal(verdict(s, 0, "", "").outcome, OUTCOME_RETRY);
}

static void a_webhook_is_signed(void **state)
{
	struct note n = note("{\"text\":\"a\"}");
	struct post p = { .rows = 0 };
	struct sender s = webhook_sender(&webhook);
	struct buf signature = { 0 };

	(void)state;
	n.bot_id = 3;
	/* printf '1700000000.{"id":1}' | openssl dgst -sha256 -hmac key */
	webhook_signature(&signature, "key", 1700000000, "{\"id\":1}", 8);
	assert_string_equal(buf_text(&signature), "t=1700000000,v1="
			    "1d542af0cd7355fefa5c19021ad89d3e2afd77ebff5448db280f180e013d2651");
	assert_int_equal(s.prepare(s.ctx, &n, 1, 4, &p, &e), 0);
	assert_non_null(strstr(buf_text(&p.body), "{\"id\":7,\"event\":\"status\",\"bot_id\":3,"));
	assert_non_null(strstr(buf_text(&p.body), "\"dropped_before\":4,\"text\":\"a\"}"));
	assert_memory_equal(buf_text(&p.headers[4]), "X-TradingBot-Signature: t=", 26);
	post_free(&p);
	n = note("hand-made");
	p = (struct post){ .rows = 0 };
	assert_int_equal(s.prepare(s.ctx, &n, 1, 0, &p, &e), ERR_INVALID);
	post_free(&p);
	buf_free(&signature);
}

/* Telegram's FAQ: one a second in a chat, 20 a minute in a group, 30 a second in all. */
static void paces(void **state)
{
	struct lane_key group = { .target = "-100" }, person = { .target = "100" };
	struct send_limit each, slow = { 0 }, account = { 0 };
	struct sender s = telegram_sender(&telegram);
	int64_t now = 1000 * US_PER_S;

	(void)state;
	s.paces(s.ctx, &person, &each, &slow, &account);
	assert_int_equal(slow.n, 0);
	assert_true(send_limit_next(&slow, now) == now);
	assert_true(send_limit_next(&each, now) == now);
	send_limit_add(&each, now);
	assert_true(send_limit_next(&each, now) == now + US_PER_S);
	assert_true(send_limit_next(&each, now + 2 * US_PER_S) == now + 2 * US_PER_S);
	s.paces(s.ctx, &group, &each, &slow, &account);
	for (int i = 0; i < 20; i++) {
		assert_true(send_limit_next(&slow, now + i) == now + i);
		send_limit_add(&slow, now + i);
	}
	assert_true(send_limit_next(&slow, now + 20) == now + 60 * US_PER_S);
	send_limit_add(&slow, now + 60 * US_PER_S);
	assert_true(send_limit_next(&slow, now + 60 * US_PER_S) == now + 60 * US_PER_S + 1);
	for (int i = 0; i < 30; i++)
		send_limit_add(&account, now);
	assert_true(send_limit_next(&account, now) == now + US_PER_S);
}

static void back_off(void **state)
{
	static const int64_t seconds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

	(void)state;
	for (int64_t i = 0; i < 11; i++)
		assert_true(delivery_backoff(i + 1) == seconds[i] * US_PER_S);
	assert_true(delivery_backoff(1000000) == DELIVERY_BACKOFF_MAX_US);
}

static void kinds(void **state)
{
	bool wanted[NOTIFY_KINDS];

	(void)state;
	assert_int_equal(notify_kinds_parse(" ,", wanted, &e), 0);
	for (int i = 0; i < NOTIFY_KINDS; i++)
		assert_true(wanted[i]);
	assert_int_equal(notify_kinds_parse("exit_fill, warning", wanted, &e), 0);
	for (int i = 0; i < NOTIFY_KINDS; i++)
		assert_int_equal(wanted[i], i == NOTIFY_EXIT_FILL || i == NOTIFY_WARNING);
	assert_int_equal(notify_kinds_parse("exit", wanted, &e), ERR_INVALID);
	for (int i = 0; i < NOTIFY_KINDS; i++) {
		assert_int_equal(notify_kinds_parse(notify_kind_name((enum notify_kind)i), wanted,
						    &e), 0);
		assert_true(wanted[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_joined),
		cmocka_unit_test(joined_notes_fit_one_message),
		cmocka_unit_test(no_token_no_message),
		cmocka_unit_test(answers_of_telegram),
		cmocka_unit_test(answers_of_a_receiver),
		cmocka_unit_test(a_webhook_is_signed),
		cmocka_unit_test(paces),
		cmocka_unit_test(back_off),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
