#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void empty_is_text_too(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_add(&b, "x", 0);
	buf_puts(&b, "");
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	buf_free(&b);
	buf_free(&b);
}

static void grows_and_ends_with_nul(void **state)
{
	struct buf b = { 0 };
	const char *before;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(strlen(b.data), b.len);
		assert_true(b.len < b.cap);
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	before = b.data;
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	buf_puts(&b, "again");
	assert_ptr_equal(b.data, before);
	buf_free(&b);
}

static void holds_any_byte(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_putc(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\0", 5);
	buf_free(&b);
}

/* Around the size at which memory is taken anew. */
static void prints_at_every_length(void **state)
{
	char text[1100];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int n = 0; n < 1100; n++) {
		struct buf b = { 0 };

		buf_printf(&b, "%.*s%d", n, text, 7);
		assert_int_equal(b.len, n + 1);
		assert_memory_equal(b.data, text, (size_t)n);
		assert_string_equal(b.data + n, "7");
		buf_printf(&b, "%s", "");
		assert_int_equal(b.len, n + 1);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_text_too),
		cmocka_unit_test(grows_and_ends_with_nul),
		cmocka_unit_test(holds_any_byte),
		cmocka_unit_test(prints_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
