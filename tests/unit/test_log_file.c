/* Log files: bounded, rotated, and never a reason to stop. */
#include "common/log/file.h"

#include "common/file.h"
#include "common/log.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct log_file *opened(int64_t bytes, int files, int64_t spare)
{
	const struct log_file_args a = {
		.folder = scratch_folder, .name = "bot", .bytes = bytes, .files = files,
		.spare = spare,
	};
	struct log_file *f = NULL;
	struct err e = { 0 };

	if (log_file_open(&a, &f, &e))
		fail_msg("%s", e.msg);
	return f;
}

static int64_t size_of(const char *name)
{
	struct stat st;

	return stat(scratch_path(name), &st) ? -1 : (int64_t)st.st_size;
}

static const char *text_of(const char *name)
{
	static struct buf text;

	return file_read(scratch_path(name), 1 << 20, &text, NULL) ? "" : buf_text(&text);
}

static void rotated_and_bounded(void **state)
{
	struct log_file *f = opened(100, 3, 0);
	char line[32];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "line %03d of 20 bytes\n", i);
		assert_true(log_file_put(f, line, 21));
		assert_in_range(size_of("bot.log"), 1, 100);
	}
	assert_int_equal(size_of("bot.log.1"), 84);
	assert_int_equal(size_of("bot.log.2"), 84);
	assert_int_equal(size_of("bot.log.3"), -1);
	assert_non_null(strstr(text_of("bot.log"), "line 099"));
	assert_non_null(strstr(text_of("bot.log.1"), "line 095"));
	assert_non_null(strstr(text_of("bot.log.2"), "line 091"));
	log_file_free(f);
	/* The next start goes on in the same file. */
	f = opened(100, 3, 0);
	assert_true(log_file_put(f, "more\n", 5));
	assert_non_null(strstr(text_of("bot.log"), "line 099"));
	assert_non_null(strstr(text_of("bot.log"), "more"));
	log_file_free(f);
}

static void others_may_not_read(void **state)
{
	struct log_file *f = opened(100, 3, 0);
	struct stat st;

	(void)state;
	assert_int_equal(stat(scratch_path("bot.log"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	log_file_free(f);
}

/* The rotation of one process is seen by another that writes the same files. */
static void two_at_once(void **state)
{
	struct log_file *a = opened(100, 3, 0), *b = opened(100, 3, 0);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(log_file_put(a, "written by the first\n", 21));
	for (int i = 0; i < 5; i++)
		assert_true(log_file_put(b, "written by the other\n", 21));
	assert_in_range(size_of("bot.log"), 1, 200);
	assert_int_equal(size_of("bot.log.3"), -1);
	log_file_free(a);
	log_file_free(b);
}

/* /dev/full takes nothing, as a disk without room. */
static void a_full_disk(void **state)
{
	struct log_file *f;

	(void)state;
	assert_int_equal(symlink("/dev/full", scratch_path("bot.log")), 0);
	f = opened(100, 3, 0);
	assert_false(log_file_put(f, "lost\n", 5));
	assert_false(log_file_put(f, "lost\n", 5));
	log_file_free(f);
	assert_int_equal(unlink(scratch_path("bot.log")), 0);
	f = opened(1000, 3, INT64_MAX);	/* the room is for the database */
	assert_false(log_file_put(f, "lost\n", 5));
	assert_int_equal(size_of("bot.log"), 0);
	log_file_free(f);
}

/* A rename that fails must not let the file grow. */
static void can_not_rotate(void **state)
{
	struct log_file *f = opened(100, 3, 0);

	(void)state;
	assert_int_equal(mkdir(scratch_path("bot.log.1"), 0700), 0);
	assert_int_equal(mkdir(scratch_path("bot.log.1/held"), 0700), 0);
	assert_int_equal(mkdir(scratch_path("bot.log.2"), 0700), 0);
	assert_int_equal(mkdir(scratch_path("bot.log.2/held"), 0700), 0);
	for (int i = 0; i < 4; i++)
		assert_true(log_file_put(f, "a line of twenty one\n", 21));
	for (int i = 0; i < 10; i++)
		assert_false(log_file_put(f, "a line of twenty one\n", 21));
	assert_int_equal(size_of("bot.log"), 84);
	log_file_free(f);
}

static void what_is_in_the_way(void **state)
{
	const struct log_file_args a = {
		.folder = scratch_path("no/such/folder"), .name = "bot", .bytes = 100, .files = 3,
	};
	struct log_file *f = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(log_file_open(&a, &f, &e), ERR_NOT_FOUND);
	assert_null(f);
	assert_non_null(strstr(e.msg, "no/such/folder/bot.log"));
}

static bool takes;
static struct buf taken;

static bool take(const char *line, size_t len)
{
	if (takes)
		buf_add(&taken, line, len);
	return takes;
}

/* What a file did not take is counted, and said in the file. */
static void missing_lines_are_said(void **state)
{
	(void)state;
	log_set_fd(-1);
	log_set_file(take);
	log_warn("x", NULL, "one");
	log_warn("x", NULL, "two");
	takes = true;
	log_warn("x", NULL, "three");
	log_set_file(NULL);
	assert_null(strstr(buf_text(&taken), "one"));
	assert_non_null(strstr(buf_text(&taken), "2 lines are missing here"));
	assert_non_null(strstr(buf_text(&taken), "three"));
	assert_int_equal(buf_text(&taken)[taken.len - 1], '\n');
	buf_free(&taken);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(rotated_and_bounded),
		IN_FOLDER(others_may_not_read),
		IN_FOLDER(two_at_once),
		IN_FOLDER(a_full_disk),
		IN_FOLDER(can_not_rotate),
		IN_FOLDER(what_is_in_the_way),
		cmocka_unit_test(missing_lines_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
