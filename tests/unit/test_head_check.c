/* Request heads that two programs could read differently, and greedy ones. */
#include "api/http/head_check.h"
#include "common/buf.h"

#include <event2/http.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The status for the headers "name: value|name: value". */
static int check(const char *uri, const char *headers)
{
	struct evkeyvalq list = TAILQ_HEAD_INITIALIZER(list);
	struct head_fault f;

	while (*headers) {
		char line[200];
		char *value;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(headers, "|"), headers);
		headers += strcspn(headers, "|");
		headers += *headers == '|';
		value = strchr(line, ':');
		assert_non_null(value);
		*value++ = '\0';
		assert_int_equal(evhttp_add_header(&list, line, value + strspn(value, " ")), 0);
	}
	head_check(uri, &list, &f);
	evhttp_clear_headers(&list);
	if (f.http)
		assert_true(f.text[0] != '\0' && f.code[0] != '\0');
	return f.http;
}

static void two_slashes(void **state)
{
	(void)state;
	assert_int_equal(check("//x/metrics", "Host: localhost"), 400);
	assert_int_equal(check("//", "Host: localhost"), 400);
	assert_int_equal(check("/x//metrics", "Host: localhost"), 0);
}

static void usual_heads_pass(void **state)
{
	(void)state;
	assert_int_equal(check("/", ""), 0);
	assert_int_equal(check("/", "Host: x|Accept: a|Accept: b|Cookie: 1|Content-Length: 12"), 0);
	assert_int_equal(check("/", "Host: x|Transfer-Encoding: Chunked"), 0);
	assert_int_equal(check(NULL, "X-Forwarded-For: a|X-Forwarded-For: b"), 0);
}

static void doubtful_ends_are_refused(void **state)
{
	(void)state;
	assert_int_equal(check("/", "Content-Length: 5|Content-Length: 5"), 400);
	assert_int_equal(check("/", "Content-Length: 5|content-length: 6"), 400);
	assert_int_equal(check("/", "Content-Length: 5|Transfer-Encoding: chunked"), 400);
	assert_int_equal(check("/", "Transfer-Encoding: chunked|Transfer-Encoding: chunked"), 400);
	assert_int_equal(check("/", "Transfer-Encoding: gzip, chunked"), 400);
	assert_int_equal(check("/", "Transfer-Encoding: identity"), 400);
	assert_int_equal(check("/", "Content-Length : 5"), 400);
	assert_int_equal(check("/", "Content-Length: +5"), 400);
	assert_int_equal(check("/", "Content-Length: 5 6"), 400);
	assert_int_equal(check("/", "Content-Length: "), 400);
	assert_int_equal(check("/", "Content-Length: 99999999999999999999"), 400);
	assert_int_equal(check("/", "a b: c"), 400);
}

static void one_of_each_that_decides(void **state)
{
	static const char *const names[] = { "Host", "Authorization", "Content-Type", "Origin" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char two[100];

		snprintf(two, sizeof(two), "%s: a|%s: b", names[i], names[i]);
		assert_int_equal(check("/", two), 400);
	}
}

static void greedy_heads_are_refused(void **state)
{
	struct buf many = { 0 }, uri = { 0 };

	(void)state;
	for (int i = 0; i < HEAD_LINES_MAX; i++)
		buf_printf(&many, "%sx-%d: y", i ? "|" : "", i);
	assert_int_equal(check("/", buf_text(&many)), 0);
	buf_puts(&many, "|one-more: y");
	assert_int_equal(check("/", buf_text(&many)), 413);
	buf_puts(&uri, "/x");
	while (uri.len < HEAD_URI_MAX)
		buf_putc(&uri, '/');
	assert_int_equal(check(buf_text(&uri), ""), 0);
	buf_putc(&uri, '/');
	assert_int_equal(check(buf_text(&uri), ""), 413);
	buf_free(&many);
	buf_free(&uri);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_heads_pass), cmocka_unit_test(two_slashes),
		cmocka_unit_test(doubtful_ends_are_refused),
		cmocka_unit_test(one_of_each_that_decides),
		cmocka_unit_test(greedy_heads_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
