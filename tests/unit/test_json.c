/* The writer; test_json_read.c has the reader. */
#include "common/json.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void nests_and_separates(void **state)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct price p;
	struct qty q;

	(void)state;
	assert_int_equal(price_parse("61837.63", &p), 0);
	assert_int_equal(qty_parse("0.00000001", &q), 0);
	json_object(&j, NULL);
	json_string(&j, "s", "a\"b");
	json_string(&j, "none", NULL);
	json_object(&j, "empty");
	json_object_end(&j);
	json_array(&j, "list");
	json_int(&j, NULL, INT64_MIN);
	json_int(&j, NULL, INT64_MAX);
	json_int(&j, NULL, 0);
	json_array(&j, NULL);
	json_array_end(&j);
	json_object(&j, NULL);
	json_bool(&j, "t", true);
	json_bool(&j, "f", false);
	json_object_end(&j);
	json_null(&j, NULL);
	json_array_end(&j);
	json_price(&j, "p", p);
	json_qty(&j, "q", q);
	json_money(&j, "m", money_of_units(-150000000));
	json_time(&j, "at", INT64_C(1000000));
	json_time(&j, "never", 0);
	json_raw(&j, "raw", "[1]");
	json_raw(&j, "raw0", NULL);
	json_raw(&j, "raw1", "");
	json_object_end(&j);
	assert_string_equal(buf_text(&b),
			    "{\"s\":\"a\\\"b\",\"none\":null,\"empty\":{},"
			    "\"list\":[-9223372036854775808,9223372036854775807,0,[],"
			    "{\"t\":true,\"f\":false},null],"
			    "\"p\":61837.63,\"q\":0.00000001,\"m\":-1.5,"
			    "\"at\":\"1970-01-01T00:00:01.000000Z\",\"never\":null,"
			    "\"raw\":[1],\"raw0\":null,\"raw1\":null}");
	buf_free(&b);
}

static void writes_double(double v, const char *expect)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };

	json_double(&j, NULL, v);
	assert_string_equal(buf_text(&b), expect);
	buf_free(&b);
}

static void doubles_are_shortest(void **state)
{
	(void)state;
	writes_double(0, "0");
	writes_double(-0.0, "-0");
	writes_double(1, "1");
	writes_double(-200, "-200");
	writes_double(0.1, "0.1");
	writes_double(0.1 + 0.2, "0.30000000000000004");
	writes_double(0.00015, "0.00015");
	writes_double(0.00000001, "0.00000001");
	writes_double(1e-9, "1e-09");
	writes_double(1.0 / 3, "0.3333333333333333");
	writes_double(123456789012345, "123456789012345");
	writes_double(1e15, "1e+15");
	writes_double(1e300, "1e+300");
	writes_double(5e-324, "4.94065645841247e-324");
	writes_double(1.7976931348623157e308, "1.7976931348623157e+308");
	writes_double(NAN, "null");
	writes_double(INFINITY, "null");
	writes_double(-INFINITY, "null");
}

static void doubles_come_back(void **state)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };
	uint64_t x = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double v;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		if (i & 1)
			memcpy(&v, &x, sizeof(v)); /* any bits */
		else
			v = (double)(int64_t)(x >> (x % 50)) / 1e8; /* as prices are */
		if (!isfinite(v))
			continue;
		buf_clear(&b);
		j.comma = false;
		json_double(&j, NULL, v);
		if (strtod(buf_text(&b), NULL) != v || b.len > 24)
			fail_msg("%a became %s", v, buf_text(&b));
	}
	buf_free(&b);
}

static void escapes(const char *in, const char *expect)
{
	struct buf b = { 0 };

	json_escape(&b, in);
	assert_string_equal(buf_text(&b), expect);
	buf_free(&b);
}

static void strings_are_escaped(void **state)
{
	(void)state;
	escapes("", "");
	escapes("plain", "plain");
	escapes("\"\\/\b\f\n\r\t", "\\\"\\\\/\\b\\f\\n\\r\\t");
	escapes("\x01\x1f\x7f", "\\u0001\\u001f\x7f");
	escapes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	escapes("a\xff\xc3z", "a\xef\xbf\xbd\xef\xbf\xbdz");
	escapes("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	escapes("end\xe2\x82", "end\xef\xbf\xbd\xef\xbf\xbd");
}

/* Whatever bytes go in, the reader takes what comes out. */
static void any_text_is_read_again(void **state)
{
	struct buf b = { 0 };
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct json j = { .out = &b };
		char text[20] = "";
		cJSON *tree = NULL;
		struct err e = { 0 };

		for (size_t n = 0; n < sizeof(text) - 1; n++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
			text[n] = (char)(x >> 56);
		}
		buf_clear(&b);
		json_object(&j, NULL);
		json_string(&j, text, text);
		json_object_end(&j);
		if (json_read(b.data, b.len, &tree, &e))
			fail_msg("%s: %s", b.data, e.msg);
		assert_string_equal(tree->child->string, tree->child->valuestring);
		cJSON_Delete(tree);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nests_and_separates),
		cmocka_unit_test(doubles_are_shortest),
		cmocka_unit_test(doubles_come_back),
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(any_text_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
