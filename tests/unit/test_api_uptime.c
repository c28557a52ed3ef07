#include "api/view/uptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void texts(void **state)
{
	static const struct { int64_t s; const char *text; } cases[] = {
		{ -5, "0s" }, { 0, "0s" }, { 59, "59s" }, { 60, "1m 0s" }, { 165, "2m 45s" },
		{ 3599, "59m 59s" }, { 3600, "1h 0m 0s" }, { 3723, "1h 2m 3s" },
		{ 86399, "23h 59m 59s" }, { 86400, "1d 0h 0m 0s" }, { 1000000, "11d 13h 46m 40s" },
		{ INT64_MAX, "106751991167300d 15h 30m 7s" },
	};
	char buf[UPTIME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(uptime_text(cases[i].s, buf), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
