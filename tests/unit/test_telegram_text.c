/* Plain text as Telegram's HTML: escaped, cut between characters, in pages. */
#include "worker/notify/telegram_text.h"

#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void escapes(const char *text, size_t room, const char *want)
{
	struct buf out = { 0 };

	telegram_escape(&out, text, room);
	assert_string_equal(buf_text(&out), want);
	buf_free(&out);
}

static void what_people_wrote_is_escaped(void **state)
{
	(void)state;
	escapes("", 10, "");
	escapes("a<b>&\"c\"", 100, "a&lt;b&gt;&amp;&quot;c&quot;");
	escapes("</b><a href=x>", 100, "&lt;/b&gt;&lt;a href=x&gt;");
	escapes("&lt;", 100, "&amp;lt;");
	escapes("tab\tline\nend", 100, "tab\tline\nend");
	escapes("bell\x07nul\x1b", 100, "bell?nul?");
	escapes("bad\xff\xc3", 100, "bad??");
	escapes("\xc3\xa4\xf0\x9f\x9b\x91", 100, "\xc3\xa4\xf0\x9f\x9b\x91");
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
	(void)state;
	escapes("abcdef", 6, "abcdef");
	escapes("abcdefg", 6, "abc...");
	escapes("a&b", 7, "a&amp;b");
	escapes("ab&c", 7, "ab...");		/* no half of an entity */
	escapes("a\xc3\xa4\xc3\xa4", 4, "a...");	/* no half of a character */
}

static void the_first_line_is_bold(void **state)
{
	struct buf out = { 0 };

	(void)state;
	telegram_message(&out, "! ", "head <1>\nbody & more\nend");
	assert_string_equal(buf_text(&out), "! <b>head &lt;1&gt;</b>\nbody &amp; more\nend");
	buf_clear(&out);
	telegram_message(&out, "", "head");
	assert_string_equal(buf_text(&out), "<b>head</b>");
	buf_free(&out);
}

static bool balanced(const char *html, const char *open, const char *close)
{
	int depth = 0;

	for (; *html; html++) {
		if (strncmp(html, open, strlen(open)) == 0)
			depth++;
		if (strncmp(html, close, strlen(close)) == 0)
			depth--;
	}
	return depth == 0;
}

static void the_worst_text_still_fits(void **state)
{
	char *text = malloc(9001);
	struct buf out = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '"', 9000);
	text[9000] = '\0';
	telegram_message(&out, "", text);
	assert_true(out.len <= TELEGRAM_PAGE_MAX && balanced(buf_text(&out), "<b>", "</b>"));
	buf_clear(&out);
	text[10] = '\n';
	telegram_message(&out, "", text);
	assert_true(out.len <= TELEGRAM_PAGE_MAX && balanced(buf_text(&out), "<b>", "</b>"));
	buf_free(&out);
	free(text);
}

/* All pages one behind the other, without their tags, are the text again. */
static size_t pages(const char *text, struct buf *all)
{
	size_t n = 0;

	while (*text || n == 0) {
		struct buf page = { 0 };

		text = telegram_page(&page, text);
		assert_true(page.len <= TELEGRAM_PAGE_MAX);
		assert_memory_equal(page.data, "<pre>", 5);
		assert_string_equal(page.data + page.len - 6, "</pre>");
		buf_add(all, page.data + 5, page.len - 11);
		n++;
		buf_free(&page);
	}
	return n;
}

static void lines_make_pages(void **state)
{
	struct buf text = { 0 }, all = { 0 };

	(void)state;
	assert_int_equal(pages("one\ntwo\n", &all), 1);
	assert_string_equal(buf_text(&all), "one\ntwo");
	buf_clear(&all);
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "line %d\n", i);
	assert_true(pages(buf_text(&text), &all) >= 3);
	for (int i = 0; i < 1000; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d", i);
		assert_non_null(strstr(buf_text(&all), line));
	}
	buf_clear(&text);
	buf_clear(&all);
	for (int i = 0; i < 9000; i++)
		buf_putc(&text, i % 3 ? '<' : 'x'); /* one line */
	assert_true(pages(buf_text(&text), &all) >= 6);
	assert_int_equal(all.len, 3000 + 6000 * 4);
	buf_free(&text);
	buf_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_people_wrote_is_escaped),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
		cmocka_unit_test(the_first_line_is_bold),
		cmocka_unit_test(the_worst_text_still_fits),
		cmocka_unit_test(lines_make_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
