#include "common/file.h"
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static int set_up(void **state)
{
	return scratch_setup(state) || chdir(scratch_folder);
}

static int tear_down(void **state)
{
	return chdir("/") || scratch_teardown(state);
}

static int files_here(void)
{
	DIR *d = opendir(".");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void written_is_read(void **state)
{
	char all[256 * 300];
	struct buf b = { 0 };
	struct stat st;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	assert_int_equal(file_write("a", all, sizeof(all), 0640, &e), 0);
	assert_int_equal(file_read("a", sizeof(all), &b, &e), 0);
	assert_int_equal(b.len, sizeof(all));
	assert_memory_equal(b.data, all, sizeof(all));
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	/* again: the old text is gone, and nothing else is left beside it */
	assert_int_equal(file_write("a", "", 0, 0600, &e), 0);
	assert_int_equal(file_read("a", 10, &b, &e), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(files_here(), 1);
	assert_int_equal(unlink("a"), 0);
	buf_free(&b);
}

static void longer_than_allowed(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_write("a", "12345", 5, 0600, &e), 0);
	assert_int_equal(file_read("a", 5, &b, &e), 0);
	assert_string_equal(buf_text(&b), "12345");
	assert_int_equal(file_read("a", 4, &b, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "a is longer than 4 bytes"));
	assert_int_equal(b.len, 0);
	assert_int_equal(unlink("a"), 0);
	buf_free(&b);
}

static void errors_name_the_file(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_read("missing", 5, &b, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "missing"));
	assert_int_equal(file_read(".", 5, &b, &e), ERR_IO);
	assert_int_equal(file_write("no/such/folder", "x", 1, 0600, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "no/such/folder"));
	assert_int_equal(file_read("missing", 5, &b, NULL), ERR_NOT_FOUND);
	buf_free(&b);
}

/* The old file stays whole, and the temporary one goes. */
static void a_full_disk_keeps_the_old(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(mkdir("kept", 0700), 0); /* a rename onto a folder fails */
	assert_int_equal(file_write("kept", "x", 1, 0600, &e), ERR_IO);
	assert_int_equal(files_here(), 1);
	assert_int_equal(rmdir("kept"), 0);
	assert_int_equal(file_write("/dev/full/x", "x", 1, 0600, &e), ERR_IO);
	errno = ENOSPC;
	assert_int_equal(file_error(&e, "write", "x"), ERR_FULL);
	errno = EROFS;
	assert_int_equal(file_error(&e, "write", "x"), ERR_READONLY);
	errno = EACCES;
	assert_int_equal(file_error(&e, "write", "x"), ERR_DENIED);
	buf_free(&b);
}

static void folders(void **state)
{
	struct stat st;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_mkdirs("d/e//f/", &e), 0);
	assert_int_equal(stat("d/e/f", &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(file_mkdirs("d/e/f", &e), 0);
	assert_int_equal(file_mkdirs("/", &e), 0);
	assert_int_equal(file_mkdirs("/tmp", &e), 0);
	assert_int_equal(file_write("d/x", "x", 1, 0600, &e), 0);
	assert_int_equal(file_mkdirs("d/x", &e), ERR_IO);
	assert_non_null(strstr(e.msg, "a file of that name"));
	assert_int_equal(file_mkdirs("d/x/y", &e), ERR_IO);
}

static void free_bytes(void **state)
{
	(void)state;
	assert_true(file_free_bytes(".") > 0);
	assert_int_equal(file_free_bytes("/no/such/place"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_is_read),
		cmocka_unit_test(longer_than_allowed),
		cmocka_unit_test(errors_name_the_file),
		cmocka_unit_test(a_full_disk_keeps_the_old),
		cmocka_unit_test(folders),
		cmocka_unit_test(free_bytes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
