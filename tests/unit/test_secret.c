/* A secret's memory is overwritten before it is freed: what is looked at just before. */
#include "common/registry/bot_secrets.h"
#include "common/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int freed;
static size_t bytes;

static void seen(const char *wiped, size_t size)
{
	freed++;
	bytes += size;
	for (size_t i = 0; i < size; i++)
		assert_int_equal(wiped[i], 0);
}

static int setup(void **state)
{
	(void)state;
	freed = 0;
	bytes = 0;
	secret_on_free(seen);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	secret_on_free(NULL);
	return 0;
}

static void a_text_is_wiped(void **state)
{
	char *s = secret_dup("s3cret");

	(void)state;
	assert_string_equal(s, "s3cret");
	secret_free(s);
	assert_int_equal(freed, 1);
	assert_int_equal(bytes, 7);
	assert_null(secret_dup(NULL));
	secret_free(NULL);
	assert_int_equal(freed, 1);
}

static void a_bots_secrets_are_wiped(void **state)
{
	struct bot_secrets s = { 0 };

	(void)state;
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "");
	bot_secret_set(&s, BOT_API_KEY, "one");
	bot_secret_set(&s, BOT_API_KEY, "another");	/* in its place */
	assert_int_equal(freed, 1);
	bot_secret_set(&s, BOT_SECRET_KEY, "line\nline\n");
	bot_secret_set(&s, BOT_SECRET_KEY, bot_secret(&s, BOT_SECRET_KEY));	/* itself */
	assert_string_equal(bot_secret(&s, BOT_SECRET_KEY), "line\nline\n");
	bot_secrets_wipe(&s);
	assert_int_equal(freed, 4);
	assert_int_equal(bytes, 4 + 8 + 2 * 11);
	for (int i = 0; i < BOT_SECRETS; i++)
		assert_null(s.text[i]);
	bot_secrets_wipe(&s);
	assert_int_equal(freed, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_text_is_wiped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bots_secrets_are_wiped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
