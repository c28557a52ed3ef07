/*
 * docs/CONFIGURATION.md and config.example.env say what the tables config_keys[] and
 * bot_keys[] say. Runs in the project's root. With --print doc or --print example it
 * prints what they have to hold (scripts/check-docs.sh --write puts it there).
 */
#include "common/config.h"
#include "common/file.h"
#include "common/registry/bot_config.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DOC "docs/CONFIGURATION.md"
#define EXAMPLE "config.example.env"
#define FILE_SIZE_MAX 1048576
#define EXAMPLE_WIDTH 88
#define HINT "; scripts/check-docs.sh --write repairs it"

static struct buf doc, example;

static int set_up(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (file_read(DOC, FILE_SIZE_MAX, &doc, &e) ||
	    file_read(EXAMPLE, FILE_SIZE_MAX, &example, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_free(&doc);
	buf_free(&example);
	return 0;
}

static void env_row(const struct config_key *k, struct buf *out)
{
	buf_printf(out, "| `%s` | %s | ", k->name, config_type_name(k->type));
	if (*k->def)
		buf_printf(out, "`%s` | ", k->def);
	else
		buf_puts(out, "empty | ");
	config_allowed(k, out);
	buf_printf(out, " | %s |\n", k->help);
}

static void bot_row(const struct bot_key *k, struct buf *out)
{
	buf_printf(out, "| `%s` | %s | `%s` | ", k->name, bot_key_type_name(k->type), k->def);
	bot_key_allowed(k, out);
	buf_printf(out, " | %s |\n", k->help);
}

/* Words of text as comment lines that are not too long. */
static void put_comment(const char *text, struct buf *out)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column && column + 1 + n > EXAMPLE_WIDTH) {
			buf_putc(out, '\n');
			column = 0;
		}
		if (!column) {
			buf_putc(out, '#');
			column = 1;
		}
		buf_putc(out, ' ');
		buf_add(out, text, n);
		column += 1 + n;
		text += n + strspn(text + n, " ");
	}
	buf_putc(out, '\n');
}

static void example_block(const struct config_key *k, struct buf *out)
{
	struct buf comment = { 0 };

	buf_printf(&comment, "%s [", k->help);
	config_allowed(k, &comment);
	buf_putc(&comment, ']');
	put_comment(buf_text(&comment), out);
	buf_printf(out, "#%s=%s\n", k->name, k->def);
	buf_free(&comment);
}

/* Once, and at the beginning of a line. */
static void holds(const struct buf *file, const char *name, const struct buf *text)
{
	const char *found = strstr(buf_text(file), buf_text(text));

	if (!found || (found > file->data && found[-1] != '\n'))
		fail_msg("%s lacks, or says differently:\n%s" HINT, name, buf_text(text));
	else if (strstr(found + 1, buf_text(text)))
		fail_msg("%s says twice:\n%s", name, buf_text(text));
}

static void every_key_is_in_the_docs(void **state)
{
	struct buf row = { 0 };

	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		buf_clear(&row);
		env_row(&config_keys[i], &row);
		holds(&doc, DOC, &row);
		buf_clear(&row);
		example_block(&config_keys[i], &row);
		holds(&example, EXAMPLE, &row);
	}
	for (size_t i = 0; i < bot_keys_count; i++) {
		buf_clear(&row);
		bot_row(&bot_keys[i], &row);
		holds(&doc, DOC, &row);
	}
	buf_free(&row);
}

/* A row in another table than its neighbours' would explain a key where nobody looks for it. */
static void keys_stand_in_the_tables_order(void **state)
{
	const char *in_doc = NULL, *in_example = NULL;
	struct buf row = { 0 };

	(void)state;
	for (size_t i = 0; i < config_keys_count + bot_keys_count; i++) {
		bool env = i < config_keys_count;
		const char *name = env ? config_keys[i].name :
				   bot_keys[i - config_keys_count].name;
		const char *found;

		buf_clear(&row);
		buf_printf(&row, "\n| `%s` |", name);
		found = strstr(buf_text(&doc), buf_text(&row));
		if (!found || found < in_doc)
			fail_msg(DOC ": %s stands before the keys that precede it", name);
		in_doc = found;
		if (!env)
			continue;
		buf_clear(&row);
		buf_printf(&row, "\n#%s=", name);
		found = strstr(buf_text(&example), buf_text(&row));
		if (!found || found < in_example)
			fail_msg(EXAMPLE ": %s stands before the keys that precede it", name);
		in_example = found;
	}
	buf_free(&row);
}

static bool is_env_key(const char *name, size_t len)
{
	for (size_t i = 0; i < config_keys_count; i++)
		if (strlen(config_keys[i].name) == len &&
		    memcmp(config_keys[i].name, name, len) == 0)
			return true;
	return false;
}

static bool is_bot_key(const char *name, size_t len)
{
	for (size_t i = 0; i < bot_keys_count; i++)
		if (strlen(bot_keys[i].name) == len && memcmp(bot_keys[i].name, name, len) == 0)
			return true;
	return false;
}

/* Rows of tables begin with a key, and a key has one row. */
static void the_docs_have_no_other_key(void **state)
{
	size_t rows = 0;

	(void)state;
	for (const char *p = strstr(doc.data, "\n| `"); p; p = strstr(p + 1, "\n| `")) {
		const char *name = p + 4;
		size_t len = strcspn(name, "`");

		if (!is_env_key(name, len) && !is_bot_key(name, len))
			fail_msg("%s has a row for %.*s, which is no key", DOC, (int)len, name);
		rows++;
	}
	assert_int_equal(rows, config_keys_count + bot_keys_count);
}

static void the_example_has_no_other_key(void **state)
{
	size_t keys = 0;

	(void)state;
	for (const char *p = example.data; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!*p)
			break;
		if (*p != '#' && *p != '\n')
			fail_msg("%s must hold comments only, not: %.60s", EXAMPLE, p);
		if (*p != '#' || p[1] == ' ' || p[1] == '\n')
			continue;
		if (!is_env_key(p + 1, strcspn(p + 1, "=\n")))
			fail_msg("%s has %.40s, which is no key", EXAMPLE, p + 1);
		keys++;
	}
	assert_int_equal(keys, config_keys_count);
}

/* With every key's comment sign taken away it is the defaults. */
static void the_example_is_the_defaults(void **state)
{
	struct config *loaded = xcalloc(1, sizeof(*loaded));
	struct config *defaults = xcalloc(1, sizeof(*defaults));
	struct buf env = { 0 };
	struct err e = { 0 };
	char root[1024];

	assert_non_null(getcwd(root, sizeof(root)));
	for (const char *p = example.data; *p; p++)
		if (!(*p == '#' && p[1] >= 'A' && p[1] <= 'Z'))
			buf_putc(&env, *p);
	assert_int_equal(scratch_setup(state), 0);
	assert_int_equal(chdir(scratch_folder), 0);
	assert_int_equal(file_write(".env", env.data, env.len, 0600, &e), 0);
	clearenv();
	if (config_load(loaded, &e))
		fail_msg("%s", e.msg);
	config_defaults(defaults);
	assert_memory_equal(loaded, defaults, sizeof(*defaults));
	assert_int_equal(chdir(root), 0);
	assert_int_equal(scratch_teardown(state), 0);
	buf_free(&env);
	free(defaults);
	free(loaded);
}

static int print(const char *what)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < config_keys_count; i++) {
		if (strcmp(what, "example") == 0)
			example_block(&config_keys[i], &out);
		else
			env_row(&config_keys[i], &out);
	}
	for (size_t i = 0; i < bot_keys_count && strcmp(what, "doc") == 0; i++)
		bot_row(&bot_keys[i], &out);
	fputs(buf_text(&out), stdout);
	buf_free(&out);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_in_the_docs),
		cmocka_unit_test(keys_stand_in_the_tables_order),
		cmocka_unit_test(the_docs_have_no_other_key),
		cmocka_unit_test(the_example_has_no_other_key),
		cmocka_unit_test(the_example_is_the_defaults),
	};

	if (argc == 3 && strcmp(argv[1], "--print") == 0)
		return print(argv[2]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
