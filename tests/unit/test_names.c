/* Lists of file names: blanks, quotes, and the way back. */
#include "worker/feed/names.h"

#include "common/file.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_names(const char *text, size_t n, const char *const *want)
{
	struct names got = names_split(text);

	assert_int_equal(got.n, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(got.list[i], want[i]);
	names_free(&got);
}

static void split(void **state)
{
	(void)state;
	assert_names("", 0, NULL);
	assert_names(" \n\t ", 0, NULL);
	assert_names("a.gz", 1, (const char *[]){ "a.gz" });
	assert_names("  a.gz\tb.gz\nc.gz ", 3, (const char *[]){ "a.gz", "b.gz", "c.gz" });
	assert_names("\"my tape.gz\" 'your tape.gz'", 2,
		     (const char *[]){ "my tape.gz", "your tape.gz" });
	assert_names("bob's.gz a\"b.gz", 2, (const char *[]){ "bob's.gz", "a\"b.gz" });
	assert_names("'bob's tape.gz' x", 2, (const char *[]){ "bob's tape.gz", "x" });
	assert_names("\"open ended.gz", 2, (const char *[]){ "\"open", "ended.gz" });
}

static void a_file_of_that_name(void **state)
{
	const char *path;

	(void)state;
	path = scratch_path("my own tape.gz");
	assert_int_equal(file_write(path, "x", 1, 0600, NULL), 0);
	assert_names(path, 1, &path);
}

static void there_and_back(void **state)
{
	const char *const names[] = { "a.gz", "b c.gz", "bob's tape.gz", "a \"b\" c.gz", "",
				      "'quoted", "\"too" };
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < 7; i++)
		names_add(&text, names[i]);
	assert_names(buf_text(&text), 7, names);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split),
		cmocka_unit_test(a_file_of_that_name),
		cmocka_unit_test(there_and_back),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
