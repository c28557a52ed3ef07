#include "common/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void all_units(void **state)
{
	static const struct { int64_t s; const char *text; } cases[] = {
		{ -5, "0s" }, { 0, "0s" }, { 59, "59s" }, { 60, "1m 0s" }, { 165, "2m 45s" },
		{ 3599, "59m 59s" }, { 3600, "1h 0m 0s" }, { 3723, "1h 2m 3s" },
		{ 86399, "23h 59m 59s" }, { 86400, "1d 0h 0m 0s" }, { 1000000, "11d 13h 46m 40s" },
		{ INT64_MAX, "106751991167300d 15h 30m 7s" },
	};
	char text[SPAN_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(span_units(cases[i].s, 4, "", text), cases[i].text);
}

static void two_units(void **state)
{
	static const struct { int64_t s; const char *text; } cases[] = {
		{ -5, "0 s" }, { 59, "59 s" }, { 60, "1 m 0 s" }, { 3599, "59 m 59 s" },
		{ 3600, "1 h 0 m" }, { 90000, "1 d 1 h" },
	};
	char text[SPAN_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(span_units(cases[i].s, 2, " ", text), cases[i].text);
}

static void one_unit(void **state)
{
	static const struct { int64_t s; const char *text; } cases[] = {
		{ -5, "-5 s" }, { 119, "119 s" }, { 121, "3 minutes" }, { 7200, "2 hours" },
		{ 7201, "3 hours" }, { 259199, "72 hours" }, { 259201, "4 days" },
	};
	char text[SPAN_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(span_text(cases[i].s, text), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_units),
		cmocka_unit_test(two_units),
		cmocka_unit_test(one_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
