/*
 * Answers of the Bot API: the examples follow core.telegram.org/bots/api ("Making
 * requests", "Update", "ResponseParameters").
 */
#include "worker/notify/telegram_api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct err e;
static struct telegram_update updates[TELEGRAM_UPDATES_MAX];
static size_t n;
static int64_t next;

static int parse(const char *text)
{
	return telegram_updates_parse(text, strlen(text), updates, &n, &next, &e);
}

static struct telegram_answer answer(const char *text)
{
	struct telegram_answer a;

	assert_int_equal(telegram_answer_parse(text, strlen(text), &a, &e), 0);
	return a;
}

static void answers(void **state)
{
	struct telegram_answer a = answer("{\"ok\":true,\"result\":{\"message_id\":7}}");

	(void)state;
	assert_true(a.ok && a.code == 0 && !*a.description);
	a = answer("{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: retry "
		   "after 17\",\"parameters\":{\"retry_after\":17}}");
	assert_true(!a.ok && a.code == 429 && a.retry_after_s == 17);
	a = answer("{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat was "
		   "upgraded\",\"parameters\":{\"migrate_to_chat_id\":-1001234567890}}");
	assert_true(a.migrate_to == -1001234567890);
	assert_string_equal(a.description, "Bad Request: group chat was upgraded");
	a = answer("{\"ok\":false,\"error_code\":1e300,\"parameters\":[],\"description\":5}");
	assert_true(a.code == 0 && a.retry_after_s == 0 && !*a.description);
}

static void what_is_no_answer(void **state)
{
	static const char *const texts[] = {
		"", "[1,2,3]", "{}", "{\"ok\":1}", "<html>", "{\"ok\":true", "\"ok\"", "null",
	};
	struct telegram_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(telegram_answer_parse(texts[i], strlen(texts[i]), &a, &e),
				 ERR_INVALID);
		assert_int_equal(parse(texts[i]), ERR_INVALID);
	}
	assert_int_equal(parse("{\"ok\":false,\"result\":[]}"), ERR_INVALID);
	assert_int_equal(parse("{\"ok\":true,\"result\":{}}"), ERR_INVALID);
	assert_int_equal(parse("{\"ok\":true,\"result\":[{}]}"), ERR_INVALID);
	assert_int_equal(parse("{\"ok\":true,\"result\":[{\"update_id\":-4}]}"), ERR_INVALID);
}

static void messages_and_buttons(void **state)
{
	(void)state;
	assert_int_equal(parse("{\"ok\":true,\"result\":[]}"), 0);
	assert_true(n == 0 && next == 0);
	assert_int_equal(parse(
		"{\"ok\":true,\"result\":[{\"update_id\":900000001,\"message\":{\"message_id\":5,"
		"\"from\":{\"id\":77,\"is_bot\":false,\"first_name\":\"A\"},\"chat\":{\"id\":"
		"-1001234567890,\"type\":\"supergroup\"},\"date\":1770000000,\"text\":\"/status\"}},"
		"{\"update_id\":900000002,\"callback_query\":{\"id\":\"4382bfdwdsb323b2d9\","
		"\"from\":{\"id\":78},\"message\":{\"message_id\":6,\"chat\":{\"id\":78},\"date\":1},"
		"\"data\":\"emergency:1:yes\"}}]}"), 0);
	assert_true(n == 2 && next == 900000003);
	assert_true(updates[0].usable && !updates[0].pressed);
	assert_true(updates[0].place.chat == -1001234567890 && updates[0].user == 77);
	assert_true(updates[0].date_s == 1770000000 && updates[0].message == 5);
	assert_string_equal(updates[0].text, "/status");
	assert_true(updates[1].usable && updates[1].pressed && updates[1].user == 78);
	assert_string_equal(updates[1].text, "emergency:1:yes");
	assert_string_equal(updates[1].press_id, "4382bfdwdsb323b2d9");
}

static void topics(void **state)
{
	static const struct {
		const char *text;
		int64_t chat, topic;
	} good[] = { { "-1001234567890:17", -1001234567890, 17 }, { "77", 77, 0 },
		     { "-5:1", -5, 1 } };
	static const char *const bad[] = { "", "@name", "-", "5:", "5:-1", "5:x", "5:1:2", "5 ",
					   ":5", "99999999999999999999" };
	struct chat_place place;
	char text[CHAT_PLACE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(chat_place_parse(good[i].text, &place));
		assert_true(place.chat == good[i].chat && place.topic == good[i].topic);
		assert_string_equal(chat_place_text(place, text), good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(chat_place_parse(bad[i], &place));
	/* A thread of replies in a plain group is no topic. */
	assert_int_equal(parse("{\"ok\":true,\"result\":[{\"update_id\":1,\"message\":{\"chat\":{"
			       "\"id\":-5},\"message_thread_id\":17,\"is_topic_message\":true,"
			       "\"text\":\"/a\"}},{\"update_id\":2,\"message\":{\"chat\":{\"id\":-5},"
			       "\"message_thread_id\":17,\"text\":\"/a\"}},{\"update_id\":3,"
			       "\"callback_query\":{\"id\":\"1\",\"data\":\"a\",\"message\":{\"chat\":{"
			       "\"id\":-5},\"message_thread_id\":18,\"is_topic_message\":true}}}]}"), 0);
	assert_true(n == 3 && updates[0].place.topic == 17 && updates[1].place.topic == 0);
	assert_true(updates[2].usable && updates[2].place.topic == 18);
}

/* What is not for us is passed over, but its number counts: else it would come for ever. */
static void odd_updates_count(void **state)
{
	char text[700], full[1600] = "{\"ok\":true,\"result\":[";

	(void)state;
	snprintf(text, sizeof(text), "{\"ok\":true,\"result\":[{\"update_id\":5,\"message\":{\"chat\":"
		 "{\"id\":1},\"text\":\"%0300d\"}},{\"update_id\":6,\"poll\":{}},{\"update_id\":7,"
		 "\"message\":{\"chat\":{\"id\":1.5},\"text\":\"/a\"}},{\"update_id\":8,\"message\":"
		 "{\"chat\":{\"id\":1},\"photo\":[]}}]}", 0);
	assert_int_equal(parse(text), 0);
	assert_true(n == 4 && next == 9);
	for (size_t i = 0; i < n; i++)
		assert_false(updates[i].usable);
	for (int i = 1; i <= TELEGRAM_UPDATES_MAX + 3; i++)
		snprintf(full + strlen(full), sizeof(full) - strlen(full), "%s{\"update_id\":%d}",
			 i > 1 ? "," : "", i);
	strncat(full, "]}", sizeof(full) - strlen(full) - 1);
	assert_int_equal(parse(full), 0);
	assert_true(n == TELEGRAM_UPDATES_MAX && next == TELEGRAM_UPDATES_MAX + 1);
}

static void names_and_tokens(void **state)
{
	static const char ME[] = "{\"ok\":true,\"result\":{\"id\":4711,\"username\":\"our_bot\"}}";
	char name[64];

	(void)state;
	assert_int_equal(telegram_me_parse(ME, strlen(ME), name, sizeof(name), &e), 0);
	assert_string_equal(name, "our_bot");
	assert_int_equal(telegram_me_parse(ME, strlen(ME), name, 4, &e), ERR_INVALID);
	assert_int_equal(telegram_me_parse("{\"ok\":true,\"result\":true}", 25, name, sizeof(name),
					   &e), ERR_INVALID);
	assert_true(telegram_bot_of("4711:AAH-x") == 4711);
	assert_true(telegram_bot_of("4711") == 0 && telegram_bot_of("") == 0);
	assert_true(telegram_bot_of("-3:x") == 0 && telegram_bot_of("99999999999999999999:x") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(what_is_no_answer),
		cmocka_unit_test(messages_and_buttons),
		cmocka_unit_test(topics),
		cmocka_unit_test(odd_updates_count),
		cmocka_unit_test(names_and_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
