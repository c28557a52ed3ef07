#include "common/dotenv.h"
#include "common/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/test_dotenv.XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static int read_text(const char *text, size_t len, struct dotenv *d, struct err *e)
{
	assert_int_equal(file_write(path, text, len, 0600, e), 0);
	return dotenv_read(path, d, e);
}

static void takes(const char *text, const char *key, const char *value)
{
	struct dotenv d = { 0 };
	struct err e = { 0 };

	if (read_text(text, strlen(text), &d, &e))
		fail_msg("%s: %s", text, e.msg);
	if (!value)
		assert_null(dotenv_get(&d, key));
	else
		assert_string_equal(dotenv_get(&d, key)->value, value);
	dotenv_free(&d);
}

static void values(void **state)
{
	(void)state;
	takes("K=v", "K", "v");
	takes("K=v\n", "K", "v");
	takes("  K = v w \t\r\n", "K", "v w");
	takes("export K=v", "K", "v");
	takes("export\tK=v", "K", "v");
	takes("export=v", "export", "v");
	takes("exported=v", "exported", "v");
	takes("K=", "K", "");
	takes("K= # nothing", "K", "");
	takes("K=a#b #c", "K", "a#b");
	takes("K=a=b", "K", "a=b");
	takes("K=\"a # b\" # c", "K", "a # b");
	takes("K='a \\ \" b'", "K", "a \\ \" b");
	takes("K=\"a \\\" \\\\ \\n b\"", "K", "a \" \\ \\n b");
	takes("K=''", "K", "");
	takes("K=it's", "K", "it's");
	takes("#K=v", "K", NULL);
	takes("\n\n # x\n\nK=v", "K", "v");
	takes("\xef\xbb\xbfK=v", "K", "v");
	takes("K=1\nL=2\nK=3\n", "K", "3");
	takes("", "K", NULL);
	takes("K=v", "k", NULL);
}

static void lines_are_counted(void **state)
{
	struct dotenv d = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(read_text("# a\r\n\r\nK=1\r\nL=2", 15, &d, &e), 0);
	assert_int_equal(d.n, 2);
	assert_int_equal(dotenv_get(&d, "K")->line, 3);
	assert_int_equal(dotenv_get(&d, "L")->line, 4);
	dotenv_free(&d);
	dotenv_free(&d);
}

static void bad_lines_are_named(void **state)
{
	static const struct { const char *text, *says; } t[] = {
		{ "A=1\nhello\n", "line 2: KEY=value was expected" },
		{ "=x", "line 1: KEY=value" },
		{ "A B=1", "line 1: KEY=value" },
		{ "A-B=1", "line 1: KEY=value" },
		{ "export", "line 1: KEY=value" },
		{ "A=\"x", "line 1: the quote is not closed" },
		{ "A=\"x\\\"", "line 1: the quote is not closed" },
		{ "A='x\n'", "line 1: the quote is not closed" },
		{ "A='x' y", "line 1: text after the closing quote" },
	};
	struct dotenv d = { 0 };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(read_text(t[i].text, strlen(t[i].text), &d, &e), ERR_INVALID);
		if (!strstr(e.msg, t[i].says))
			fail_msg("%s: %s", t[i].text, e.msg);
		assert_non_null(strstr(e.msg, path));
		assert_int_equal(d.n, 0);
	}
	assert_int_equal(read_text("A=1\0B=2", 7, &d, &e), ERR_INVALID);
	assert_int_equal(dotenv_read("/no/such/.env", &d, &e), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(bad_lines_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
