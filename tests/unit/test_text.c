/* Which texts are taken, whoever sends them. */
#include "common/registry/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void one_line(void **state)
{
	static const char *const taken[] = {
		"a", " a ", "Z\xc3\xbcrich", "\xe6\x97\xa5\xe6\x9c\xac", "a b", "\xf0\x9f\x9a\x80",
		"\xe2\x80\xa6" /* U+2026 */, ("a\xe2\x80\x8d" "b") /* joiner between two */,
	};
	static const char *const refused[] = {
		"", "   ", "a\nb", "a\tb", "\x1b[m", "a\x7f", "a\xc2\x85" "b" /* U+0085 */,
		"a\xc2\x9b" /* U+009B */, "a\xe2\x80\xa8" "b" /* U+2028 */, "a\xe2\x80\xa9" "b",
		"\xe2\x80\xae" "exe" /* U+202E */, "a\xe2\x80\xaa", "\xe2\x81\xa6" "a" /* U+2066 */,
		"a\xe2\x81\xa9", "a\xe2\x80\x8e", "a\xe2\x80\x8f", "a\xd8\x9c" /* U+061C */,
		"a\xef\xbf\xbd" /* U+FFFD: an escaped NUL */, "\xc2\xa0" /* U+00A0 */,
		"\xe3\x80\x80 \xe2\x80\x8b" /* U+3000, U+200B */, "\xef\xbb\xbf" /* U+FEFF */,
		"a\xff" /* no UTF-8 */,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (text_fault(taken[i], false))
			fail_msg("%s: %s", taken[i], text_fault(taken[i], false));
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!text_fault(refused[i], false))
			fail_msg("refused[%zu] is taken", i);
	}
}

static void several_lines(void **state)
{
	(void)state;
	assert_null(text_fault("", true));
	assert_null(text_fault(" ", true));
	assert_null(text_fault("a\r\n\tb", true));
	assert_non_null(text_fault("a\x07", true));
	assert_non_null(text_fault("a\n\xe2\x80\xae", true));
	assert_non_null(text_fault("\xc2\x85", true));
}

/* Every character that the header names, and its neighbours. */
static void borders(void **state)
{
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
		{ 0x2066, 0x2069 }, { 0xfffd, 0xfffd },
	};
	char v[8];

	(void)state;
	for (uint32_t c = 0xa1; c < 0xffff; c++) {
		bool refused = false;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
			refused = refused || (c >= ranges[i].first && c <= ranges[i].last);
		if (c < 0x800)
			snprintf(v, sizeof(v), "a%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
		else
			snprintf(v, sizeof(v), "a%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f),
				 0x80 | (c & 0x3f));
		if ((text_fault(v, false) != NULL) != refused)
			fail_msg("U+%04x: %s", c, refused ? "taken" : "refused");
	}
}

static void visible(void **state)
{
	(void)state;
	assert_true(text_visible("key 1~"));
	assert_false(text_visible("a\tb"));
	assert_false(text_visible("a\xc3\xa4"));
	assert_false(text_visible("a\x7f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line), cmocka_unit_test(several_lines),
		cmocka_unit_test(borders), cmocka_unit_test(visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
