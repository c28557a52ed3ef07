#include "common/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What RFC 3629 says, from the other side: the bytes of a code point. */
static size_t encode(uint32_t c, char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(first[n] | c);
	return n;
}

static void every_code_point(void **state)
{
	char s[4];

	(void)state;
	for (uint32_t c = 0; c <= 0x110fff; c++) {
		size_t n = encode(c, s);
		int good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		if (utf8_len(s, n) != (good ? n : 0))
			fail_msg("U+%04X", c);
		if (n > 1)
			assert_int_equal(utf8_len(s, n - 1), 0);
	}
}

static void what_is_not_one(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "\xfe", "\xc3(", "\xe2\x82(", "\xe2(\xac",
		"\xf0\x9f\x98(", "\xf0\x9f(\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(utf8_len(bad[i], strlen(bad[i])), 0);
	assert_int_equal(utf8_len("\0", 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(what_is_not_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
