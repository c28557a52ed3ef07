/* The pull scanner: tokens, refusals, every cut, and JSONTestSuite when SHARED_DATA has it. */
#include "common/file.h"
#include "worker/feed/prng.h"
#include "worker/feed/scan.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In memory of exactly its size, so that a sanitizer sees a read beyond the end. */
static char *exact_copy(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* Scan to the end. The newest error, or NULL when all was JSON. */
static const char *scan_all(const char *text, size_t len)
{
	char *copy = exact_copy(text, len);
	struct scan s;
	struct scan_token t;
	enum scan_kind kind;
	size_t tokens = 0;

	scan_init(&s, copy, len);
	while ((kind = scan_next(&s, &t)) != SCAN_END && kind != SCAN_ERROR) {
		assert_true(t.text >= copy && t.text + t.len <= copy + len);
		assert_true(++tokens <= len);
	}
	assert_int_equal(scan_next(&s, &t), kind);
	free(copy);
	return s.error;
}

static void tokens_in_order(void **state)
{
	static const char text[] = " {\"a\" : [1, -2.5e+3 ,\"x\\n\\u00e9\"], \"\": {}, \"b\":true,"
				   "\"c\":false,\"d\":null}\n";
	static const struct { enum scan_kind kind; const char *text; } want[] = {
		{ SCAN_OBJECT, "{" }, { SCAN_KEY, "a" }, { SCAN_ARRAY, "[" }, { SCAN_NUMBER, "1" },
		{ SCAN_NUMBER, "-2.5e+3" }, { SCAN_STRING, "x\\n\\u00e9" }, { SCAN_ARRAY_END, "]" },
		{ SCAN_KEY, "" }, { SCAN_OBJECT, "{" }, { SCAN_OBJECT_END, "}" },
		{ SCAN_KEY, "b" }, { SCAN_TRUE, "true" }, { SCAN_KEY, "c" },
		{ SCAN_FALSE, "false" },
		{ SCAN_KEY, "d" }, { SCAN_NULL, "null" }, { SCAN_OBJECT_END, "}" },
		{ SCAN_END, "" },
	};
	struct scan s;
	struct scan_token t;

	(void)state;
	scan_init(&s, text, strlen(text));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(scan_next(&s, &t), want[i].kind);
		assert_int_equal(t.kind, want[i].kind);
		if (!scan_is(&t, want[i].text))
			fail_msg("token %zu is \"%.*s\"", i, (int)t.len, t.text);
	}
}

static void what_is_refused(void **state)
{
	static const struct { const char *text, *why; } t[] = {
		{ "", "the text ends too early" }, { "  ", "the text ends too early" },
		{ "{", "the text ends too early" }, { "[1", "the text ends too early" },
		{ "[1,", "the text ends too early" }, { "{\"a\":", "the text ends too early" },
		{ "[1,]", "a value was expected" }, { "{\"a\":1,}", "a key was expected" },
		{ "{a:1}", "a key was expected" }, { "{\"a\" 1}", "a ':' was expected" },
		{ "[1 2]", "a ',' or the container's end was expected" },
		{ "[1}", "a ',' or the container's end was expected" },
		{ "{\"a\":1]", "a ',' or the container's end was expected" },
		{ "1 1", "the value has ended, but the text goes on" },
		{ "{}}", "the value has ended, but the text goes on" },
		{ "\"a", "a string does not end" },
		{ "\"\\x\"", "an escape that JSON does not have" },
		{ "\"\\u12g4\"", "an escape that JSON does not have" },
		{ "\"\\", "an escape that JSON does not have" },
		{ "\"a\nb\"", "a control character in a string" },
		{ "\"\xc3\"", "bytes that are not UTF-8" },
		{ "\"\xed\xa0\x80\"", "bytes that are not UTF-8" },
		{ "01", "a number that JSON does not have" },
		{ "-", "a number that JSON does not have" },
		{ "1.", "a number that JSON does not have" },
		{ "1e", "a number that JSON does not have" },
		{ "+1", "a value was expected" }, { "nul", "a value was expected" },
		{ "truex", "the value has ended, but the text goes on" },
		{ "\xef\xbb\xbf{}", "a value was expected" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *why = scan_all(t[i].text, strlen(t[i].text));

		if (!why || strcmp(why, t[i].why) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", t[i].text, why ? why : "taken",
				 t[i].why);
	}
	assert_string_equal(scan_all("\"a\0b\"", 5), "a control character in a string");
}

static void depth_has_a_limit(void **state)
{
	char text[2 * SCAN_DEPTH_MAX + 2];

	(void)state;
	memset(text, '[', SCAN_DEPTH_MAX);
	memset(text + SCAN_DEPTH_MAX, ']', SCAN_DEPTH_MAX);
	assert_null(scan_all(text, 2 * SCAN_DEPTH_MAX));
	memset(text, '[', SCAN_DEPTH_MAX + 1);
	memset(text + SCAN_DEPTH_MAX + 1, ']', SCAN_DEPTH_MAX + 1);
	assert_string_equal(scan_all(text, sizeof(text)), "too many containers inside each other");
}

static void skipping(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,{\"c\":2}],\"d\":[]},\"e\":[[]],\"f\":5}";
	struct scan s;
	struct scan_token t;

	(void)state;
	scan_init(&s, text, strlen(text));
	assert_int_equal(scan_next(&s, &t), SCAN_OBJECT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(scan_next(&s, &t), SCAN_KEY);
		assert_true(scan_is(&t, i == 0 ? "a" : i == 1 ? "e" : "f"));
		scan_next(&s, &t);
		assert_true(scan_skip(&s, &t));
	}
	assert_int_equal(scan_next(&s, &t), SCAN_OBJECT_END);
	scan_init(&s, "[[1,2", 5);
	scan_next(&s, &t);
	assert_false(scan_skip(&s, &t));
}

static bool int_of(const char *text, int64_t *out)
{
	struct scan_token t = { text, strlen(text), SCAN_NUMBER };

	return scan_int64(&t, out);
}

static void whole_numbers(void **state)
{
	static const char *const bad[] = {
		"9223372036854775808", "-9223372036854775809", "99999999999999999999", "1.0",
		"1e3", "-", "",
	};
	struct scan_token text = { "1", 1, SCAN_STRING };
	int64_t v = 0;

	(void)state;
	assert_true(int_of("8389765530121592356", &v));
	assert_true(v == INT64_C(8389765530121592356));
	assert_true(int_of("9223372036854775807", &v) && v == INT64_MAX);
	assert_true(int_of("-9223372036854775808", &v) && v == INT64_MIN);
	assert_true(int_of("-0", &v) && v == 0);
	v = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(int_of(bad[i], &v));
	assert_false(scan_int64(&text, &v));
	assert_true(v == 7);
}

/* Every prefix of a value is no value, and chance changes of its bytes never hurt. */
static void cut_and_changed(void **state)
{
	static const char text[] = "{\"stream\":\"btcusdt@trade\",\"data\":{"
				   "\"p\":\"61837.63\",\"\\u00e9\xc3\xa9\":"
				   "[1,-2.5e3,true,false,null,[],{}],\"q\":\"\"}}";
	char changed[sizeof(text)];
	struct prng c;

	(void)state;
	prng_init(&c, 1);
	for (size_t n = 0; n < strlen(text); n++)
		assert_non_null(scan_all(text, n));
	assert_null(scan_all(text, strlen(text)));
	for (int i = 0; i < 20000; i++) {
		memcpy(changed, text, sizeof(text));
		for (int64_t k = prng_below(&c, 4); k >= 0; k--)
			changed[prng_below(&c, (int64_t)strlen(text))] = (char)prng_u64(&c);
		(void)scan_all(changed, strlen(text));
	}
}

static void suite(void **state)
{
	const char *shared = getenv("SHARED_DATA");
	char folder[512], path[1024];
	size_t n = 0;
	struct dirent *entry;
	struct buf text = { 0 };
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/badinput/JSONTestSuite/test_parsing",
		 shared ? shared : "../shared/data");
	dir = opendir(folder);
	if (!dir)
		skip();
	while ((entry = readdir(dir)) != NULL) {
		const char *why;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
		why = scan_all(buf_text(&text), text.len);
		if (entry->d_name[0] == 'y' && why)
			fail_msg("%s: %s", entry->d_name, why);
		if (entry->d_name[0] == 'n' && !why)
			fail_msg("%s: taken", entry->d_name);
		n++;
	}
	closedir(dir);
	buf_free(&text);
	assert_true(n > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_in_order), cmocka_unit_test(what_is_refused),
		cmocka_unit_test(depth_has_a_limit), cmocka_unit_test(skipping),
		cmocka_unit_test(whole_numbers), cmocka_unit_test(cut_and_changed),
		cmocka_unit_test(suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
