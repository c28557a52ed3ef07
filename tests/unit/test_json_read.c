/* The reader, against own cases and against JSONTestSuite when SHARED_DATA has it. */
#include "common/file.h"
#include "common/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int read_text(const char *text, size_t len, cJSON **tree, struct err *e)
{
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read beyond the end */
	int rc;

	assert_non_null(exact);
	memcpy(exact, text, len);
	rc = json_read(exact, len, tree, e);
	free(exact);
	return rc;
}

static void refused(const char *text, const char *reason)
{
	cJSON *tree = NULL;
	struct err e = { 0 };

	if (read_text(text, strlen(text), &tree, &e) != ERR_INVALID)
		fail_msg("taken: %s", text);
	assert_null(tree);
	if (!strstr(e.msg, reason))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, e.msg, reason);
}

static cJSON *taken(const char *text)
{
	cJSON *tree = NULL;
	struct err e = { 0 };

	if (read_text(text, strlen(text), &tree, &e))
		fail_msg("%s: %s", text, e.msg);
	assert_non_null(tree);
	return tree;
}

static void what_is_refused(void **state)
{
	static const struct { const char *text, *reason; } t[] = {
		{ "", "line 1, column 1: the text ends" },
		{ " \n\t ", "line 2, column 3: the text ends" },
		{ "{\"a\":1}x", "line 1, column 8: the value has ended" },
		{ "1 2", "the value has ended" },
		{ "{\"a\":1,\"a\":2}", "the key \"a\" is there twice" },
		{ "[{\"x\":{\"\\u0061\":1,\"b\":3,\"a\":2}}]", "the key \"a\" is there twice" },
		{ "{\"a\\u0000b\":1,\"a\\u0000b\":2}", "twice" },
		{ "\xef\xbb\xbf{}", "a value was expected" },
		{ "[\"\xff\"]", "column 3: bytes that are not UTF-8" },
		{ "[\"\xc0\xaf\"]", "not UTF-8" },
		{ "[\"a\tb\"]", "control character" },
		{ "[\"\\x\"]", "escape" },
		{ "[\"\\u12g4\"]", "four hexadecimal" },
		{ "[\"\\ud800\"]", "high surrogate" },
		{ "[\"\\ud800\\ud800\"]", "high surrogate" },
		{ "[\"\\udc00\"]", "low surrogate" },
		{ "[\"abc", "no end" },
		{ "\"\\", "escape" },
		{ "\"\\u", "four hexadecimal" },
		{ "01", "begin with 0" },
		{ "-01", "begin with 0" },
		{ ".5", "a value" },
		{ "+1", "a value" },
		{ "-", "a value" },
		{ "1.", "after the point" },
		{ "1e", "exponent" },
		{ "1e+", "exponent" },
		{ "NaN", "a value" },
		{ "Infinity", "a value" },
		{ "nul", "a value" },
		{ "0x10", "the value has ended" },
		{ "1e309", "line 1, column 1: a number too large" },
		{ "[-1e999]", "line 1, column 2: a number too large" },
		{ "[1,]", "column 4: a value was expected" },
		{ "[1 2]", "',' or ']'" },
		{ "[1}", "',' or ']'" },
		{ "{\"a\":1]", "',' or '}'" },
		{ "{\"a\":1,}", "a key" },
		{ "{a:1}", "a key" },
		{ "{'a':1}", "a key" },
		{ "{\"a\" 1}", "':'" },
		{ "{\"a\":}", "a value" },
		{ "{\"a\":1", "',' or '}'" },
		{ "[", "the text ends" },
		{ "[1,\n2,\n  x]", "line 3, column 3" },
		{ "/* no */1", "a value" },
		{ "[1\v]", "',' or ']'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(t[i].text, t[i].reason);
}

static void a_nul_byte_is_refused(void **state)
{
	cJSON *tree = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text("1\0", 2, &tree, &e), ERR_INVALID);
	assert_int_equal(read_text("[1]\0", 4, &tree, &e), ERR_INVALID);
	assert_int_equal(read_text("\"a\0b\"", 5, &tree, &e), ERR_INVALID);
	assert_int_equal(read_text("\"\\\0\"", 4, &tree, &e), ERR_INVALID);
	assert_int_equal(read_text("\0", 1, &tree, NULL), ERR_INVALID);
	assert_null(tree);
}

static void nest(struct buf *b, int depth, const char *open, const char *inner, const char *close)
{
	buf_clear(b);
	for (int i = 0; i < depth; i++)
		buf_puts(b, open);
	buf_puts(b, inner);
	for (int i = 0; i < depth; i++)
		buf_puts(b, close);
}

static void depth_has_a_bound(void **state)
{
	struct buf b = { 0 };

	(void)state;
	nest(&b, JSON_DEPTH_MAX, "[", "1", "]");
	cJSON_Delete(taken(buf_text(&b)));
	nest(&b, JSON_DEPTH_MAX, "{\"k\":", "[1,2]", "}");
	refused(buf_text(&b), "too deeply");
	nest(&b, JSON_DEPTH_MAX - 1, "{\"k\":", "[1,2]", "}");
	cJSON_Delete(taken(buf_text(&b)));
	nest(&b, JSON_DEPTH_MAX + 1, "[", "", "]");
	refused(buf_text(&b), "too deeply");
	nest(&b, 200000, "[", "", "");
	refused(buf_text(&b), "too deeply");
	buf_free(&b);
}

static void reads_numbers(void **state)
{
	static const struct { const char *text; double v; } t[] = {
		{ "0", 0 }, { "-0", 0 }, { "-1.5e3", -1500 }, { "1E-2", 0.01 }, { "1e+2", 100 },
		{ "61837.63", 61837.63 }, { "1e-400", 0 }, { "9007199254740993", 9007199254740992 },
		/* longer than the 63 characters that cJSON keeps */
		{ "0.1000000000000000000000000000000000000000000000000000000000000000001", 0.1 },
		{ "-1234567890123456789012345678901234567890123456789012345678901234567890e-69",
		  -1.2345678901234567 },
		{ "1000000000000000000000000000000000000000000000000000000000000000000", 1e66 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cJSON *tree = taken(t[i].text);

		assert_true(cJSON_IsNumber(tree));
		if (tree->valuedouble != t[i].v)
			fail_msg("%s was read as %.17g", t[i].text, tree->valuedouble);
		cJSON_Delete(tree);
	}
}

static void reads_strings(void **state)
{
	cJSON *tree = taken(
		" [\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e4\\u20AC\\uD83D\\uDE00\",\r\n"
		"\"a\\u0000b\", \"\", \"\xc3\xa4\" ] ");

	(void)state;
	assert_string_equal(cJSON_GetArrayItem(tree, 0)->valuestring, "\"\\/\b\f\n\r\t");
	assert_string_equal(cJSON_GetArrayItem(tree, 1)->valuestring,
			    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_string_equal(cJSON_GetArrayItem(tree, 2)->valuestring,
			    "a\xef\xbf\xbd"
			    "b");
	assert_string_equal(cJSON_GetArrayItem(tree, 3)->valuestring, "");
	assert_string_equal(cJSON_GetArrayItem(tree, 4)->valuestring, "\xc3\xa4");
	assert_int_equal(cJSON_GetArraySize(tree), 5);
	cJSON_Delete(tree);
}

static void reads_members(void **state)
{
	cJSON *tree = taken("{\"a\":{\"a\":[true,false,null,{}]},\"A\":[],\"\":1}");

	(void)state;
	assert_true(cJSON_IsTrue(tree->child->child->child));
	assert_int_equal(cJSON_GetArraySize(tree), 3);
	assert_true(cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "A")));
	cJSON_Delete(tree);
}

/* Every text cut at every byte, and every byte changed: a tree or a sentence, nothing else. */
static void survives_mutations(void **state)
{
	static const char text[] =
		"{\"k\\u00e4\":[1.5e3,-0,{\"x\":null,\"y\":\"\\ud83d\\ude00\xc3\xa4\"}"
		",true,[],{}],\"z\":false}";
	char copy[sizeof(text)];
	struct err e = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		cJSON *tree = NULL;

		assert_int_equal(read_text(text, n, &tree, &e), ERR_INVALID);
		for (int c = 0; c < 256; c++) {
			memcpy(copy, text, sizeof(text));
			copy[n] = (char)c;
			if (read_text(copy, sizeof(text) - 1, &tree, &e) == 0)
				cJSON_Delete(tree);
			tree = NULL;
		}
	}
}

/* RFC 8259 leaves duplicate keys open; we refuse them. */
static bool refused_on_purpose(const char *name)
{
	return strncmp(name, "y_object_duplicated_key", 23) == 0;
}

static void test_suite(void **state)
{
	const char *shared = getenv("SHARED_DATA");
	char dir[512], path[1024];
	struct dirent *d;
	struct buf b = { 0 };
	int seen = 0;
	DIR *list;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/badinput/JSONTestSuite/test_parsing",
		 shared ? shared : "../shared/data");
	list = opendir(dir);
	if (!list) {
		skip();
		return;
	}
	while ((d = readdir(list))) {
		cJSON *tree = NULL;
		struct err e = { 0 };
		int rc;

		if (!strstr(d->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		assert_int_equal(file_read(path, 1 << 24, &b, &e), 0);
		rc = read_text(buf_text(&b), b.len, &tree, &e);
		cJSON_Delete(tree);
		seen++;
		if (d->d_name[0] == 'y' && rc && !refused_on_purpose(d->d_name))
			fail_msg("%s is JSON, but %s", d->d_name, e.msg);
		if (d->d_name[0] == 'n' && !rc)
			fail_msg("%s is not JSON, but was taken", d->d_name);
	}
	closedir(list);
	buf_free(&b);
	assert_true(seen > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(depth_has_a_bound),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(reads_strings),
		cmocka_unit_test(reads_members),
		cmocka_unit_test(survives_mutations),
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
