#include "api/http/param.h"

#include "common/json.h"
#include "common/number.h"

#include <event2/http.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct param list[] = {
	{ .name = "name", .type = PARAM_TEXT, .required = true, .min = 1, .max = 5 },
	{ .name = "count", .type = PARAM_INT, .min = 1, .max = 500 },
	{ .name = "rate", .type = PARAM_NUMBER, .min = 0, .max = 1, .nullable = true },
	{ .name = "on", .type = PARAM_BOOL },
	{ .name = "at", .type = PARAM_TIME },
	{ .name = "day", .type = PARAM_DAY },
	{ .name = "side", .type = PARAM_CHOICE, .choices = "BUY|SELL" },
	{ .name = "config", .type = PARAM_OBJECT },
	{ .name = "prose", .type = PARAM_TEXT, .max = 9 },
	{ .name = "id", .type = PARAM_INT, .min = 1, .max = 1e15 },
	{ .name = NULL },
};

/* The fields that are wrong, joined by commas. */
static const char *joined(const struct field_errors *f)
{
	static char out[512];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < f->n; i++) {
		assert_true(f->list[i].message[0] != '\0');
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s", i ? "," : "",
					f->list[i].field);
	}
	return out;
}

static const char *wrong_body(const char *json)
{
	struct field_errors f = { 0 };
	cJSON *v = NULL;
	int rc;

	assert_int_equal(json_read(json, strlen(json), &v, NULL), 0);
	rc = param_check_body(list, v, &f);
	assert_int_equal(rc, f.n ? ERR_INVALID : 0);
	cJSON_Delete(v);
	return joined(&f);
}

static const char *wrong_query(const char *text)
{
	struct field_errors f = { 0 };
	struct evkeyvalq q;
	int rc;

	assert_int_equal(evhttp_parse_query_str(text, &q), 0);
	rc = param_check_query(list, &q, &f);
	assert_int_equal(rc, f.n ? ERR_INVALID : 0);
	evhttp_clear_headers(&q);
	return joined(&f);
}

static void bodies(void **state)
{
	(void)state;
	assert_string_equal(wrong_body("{\"name\":\"a\"}"), "");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"count\":500,\"rate\":0.5,\"on\":true,"
				       "\"at\":\"2026-01-31T08:15:30Z\",\"day\":\"2026-01-31\","
				       "\"side\":\"SELL\",\"config\":{}}"), "");
	assert_string_equal(wrong_body("{}"), "name");
	assert_string_equal(wrong_body("[]"), "body");
	assert_string_equal(wrong_body("\"text\""), "body");
	assert_string_equal(wrong_body("{\"name\":\"\"}"), "name");
	assert_string_equal(wrong_body("{\"name\":\"abcdef\"}"), "name");
	assert_string_equal(wrong_body("{\"name\":null}"), "name");
	assert_string_equal(wrong_body("{\"name\":7}"), "name");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"Name\":\"a\"}"), "Name");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"count\":0}"), "count");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"count\":501}"), "count");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"count\":1.5}"), "count");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"count\":\"1\"}"), "count");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"rate\":1.01}"), "rate");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"rate\":null}"), "");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"on\":1}"), "on");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"at\":\"yesterday\"}"), "at");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"day\":\"2026-02-31\"}"), "day");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"day\":\"2026-01-31T00:00:00Z\"}"), "day");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"side\":\"buy\"}"), "side");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"side\":\"BUY|SELL\"}"), "side");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"config\":[]}"), "config");
	assert_string_equal(wrong_body("{\"x\":1,\"y\":2}"), "x,y,name");
}

static void texts(void **state)
{
	(void)state;
	assert_string_equal(wrong_body("{\"name\":\"a\\nb\"}"), "name");
	assert_string_equal(wrong_body("{\"name\":\"\\u001b[m\"}"), "name");
	assert_string_equal(wrong_body("{\"name\":\"a\\u007f\"}"), "name");
	assert_string_equal(wrong_body("{\"name\":\"   \"}"), "name");
	assert_string_equal(wrong_body("{\"name\":\" a \"}"), "");
	assert_string_equal(wrong_body("{\"name\":\"\xc3\xa4\"}"), "");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"prose\":\"\"}"), "");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"prose\":\"a\\n\\tb\"}"), "");
	assert_string_equal(wrong_body("{\"name\":\"a\",\"prose\":\"a\\u0007\"}"), "prose");
	assert_string_equal(wrong_query("name=a%0Ab"), "name");
}

/* The first message about this body. */
static const char *message_of(const char *json)
{
	static struct field_errors f;
	cJSON *v = NULL;

	f.n = 0;
	assert_int_equal(json_read(json, strlen(json), &v, NULL), 0);
	assert_int_equal(param_check_body(list, v, &f), ERR_INVALID);
	cJSON_Delete(v);
	return f.list[0].message;
}

static void messages(void **state)
{
	(void)state;
	assert_string_equal(message_of("{\"name\":\"a\",\"side\":\"buy\"}"),
			    "must be one of BUY, SELL");
	assert_string_equal(message_of("{\"name\":\"a\",\"id\":0}"),
			    "must be 1 to 1000000000000000");
	assert_string_equal(message_of("{\"name\":\"a\",\"rate\":2}"), "must be 0 to 1");
	assert_string_equal(message_of("{\"name\":\"abcdef\"}"), "must have 1 to 5 characters");
	assert_string_equal(message_of("{\"name\":\"\xc3\xa4\xc3\xa4\xc3\xa4\"}"),
			    "must have 1 to 5 characters (those beyond ASCII count as 2 to 4)");
	assert_string_equal(message_of("{\"name\":\" \"}"), "must not be blank");
}

static void nothing_accepted(void **state)
{
	struct field_errors f = { 0 };
	cJSON *v = NULL;

	(void)state;
	assert_int_equal(param_check_body(NULL, NULL, &f), 0);
	assert_int_equal(json_read("{\"a\":1}", 7, &v, NULL), 0);
	assert_int_equal(param_check_body(NULL, v, &f), ERR_INVALID);
	cJSON_Delete(v);
}

static void queries(void **state)
{
	(void)state;
	assert_string_equal(wrong_query("name=a"), "");
	assert_string_equal(wrong_query("name=a&count=7&rate=0.25&on=false&at=2026-01-31&side=BUY"),
			    "");
	assert_string_equal(wrong_query("count=7"), "name");
	assert_string_equal(wrong_query("name=a&count=7x"), "count");
	assert_string_equal(wrong_query("name=a&count=%207"), "count");
	assert_string_equal(wrong_query("name=a&count=+7"), "count");
	assert_string_equal(wrong_query("name=a&count=9999999999999999999999"), "count");
	assert_string_equal(wrong_query("name=a&rate=nan"), "rate");
	assert_string_equal(wrong_query("name=a&rate=0.5x"), "rate");
	assert_string_equal(wrong_query("name=a&on=1"), "on");
	assert_string_equal(wrong_query("name=a&name=b"), "name");
	assert_string_equal(wrong_query("name=a&nmae=b"), "nmae");
}

static void integers(void **state)
{
	int64_t v = 0;

	(void)state;
	assert_true(number_int("-9", -10, 10, &v));
	assert_int_equal(v, -9);
	assert_true(number_int("9223372036854775807", 0, INT64_MAX, &v));
	assert_false(number_int("9223372036854775808", 0, INT64_MAX, &v));
	assert_false(number_int("", 0, 10, &v));
	assert_false(number_int("-", -10, 10, &v));
	assert_false(number_int("+1", 0, 10, &v));
	assert_false(number_int("0x1", 0, 10, &v));
	assert_false(number_int("11", 0, 10, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(texts),
		cmocka_unit_test(messages),
		cmocka_unit_test(nothing_accepted),
		cmocka_unit_test(queries),
		cmocka_unit_test(integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
