/* What a backup says of itself: written, read, and refused when it is something else. */
#include "common/file.h"
#include "tests/unit/scratch.h"
#include "worker/backup/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char GOOD[] =
	"{\"format\":1,\"program\":\"trading-bot 1.0.0\",\"made\":\"2026-07-25T03:00:00Z\","
	"\"schema_version\":2,\"master_key\":\"0123456789abcdef\",\"files\":["
	"{\"name\":\"app.db\",\"bytes\":4096,\"sha256\":\"aa\"},"
	"{\"name\":\"models/0f\",\"bytes\":9007199254740992,\"sha256\":\"bb\"}],"
	"\"rows\":{\"bots\":1,\"fills\":0},\"missing\":[\"models/1\"],\"not_included\":[]}";

static int reads(const char *text, struct manifest *m, struct err *e)
{
	struct buf b = { 0 };
	int rc;

	buf_puts(&b, text);
	rc = manifest_read(&b, m, e);
	buf_free(&b);
	return rc;
}

static void what_was_written_is_read(void **state)
{
	struct backup_models missing = { 0 };
	struct manifest m = { 0 }, again = { 0 };
	struct err e = { 0 };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(reads(GOOD, &m, &e), 0);
	assert_string_equal(m.program, "trading-bot 1.0.0");
	assert_true(m.made_us == INT64_C(1784948400000000));
	assert_int_equal(m.schema_version, 2);
	assert_int_equal(m.missing, 1);
	assert_int_equal(m.files_n, 2);
	assert_true(m.files[1].bytes == INT64_C(9007199254740992));
	assert_ptr_equal(manifest_find(&m, "models/0f"), &m.files[1]);
	assert_null(manifest_find(&m, "models/1f"));
	manifest_write(&m, &missing, &b);
	assert_int_equal(manifest_read(&b, &again, &e), 0);
	assert_memory_equal(m.files, again.files, 2 * sizeof(m.files[0]));
	assert_memory_equal(&m.rows, &again.rows, sizeof(m.rows));
	assert_string_equal(m.key_name, again.key_name);
	assert_non_null(strstr(buf_text(&b), "\"not_included\":[\"master.key\""));
	buf_free(&b);
	manifest_free(&m);
	manifest_free(&again);
}

/* GOOD with one thing changed. */
static int changed(const char *from, const char *to)
{
	struct manifest m = { 0 };
	struct buf b = { 0 };
	const char *at = strstr(GOOD, from);
	int rc;

	assert_non_null(at);
	buf_add(&b, GOOD, (size_t)(at - GOOD));
	buf_puts(&b, to);
	buf_puts(&b, at + strlen(from));
	rc = reads(buf_text(&b), &m, NULL);
	assert_true(rc == 0 || (m.files == NULL && m.files_n == 0));
	manifest_free(&m);
	buf_free(&b);
	return rc;
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	assert_int_equal(changed("\"format\":1", "\"format\":2"), ERR_NEWER);
	assert_int_equal(changed("\"format\":1", "\"format\":\"1\""), ERR_CORRUPT);
	assert_int_equal(changed("\"format\":1,", ""), ERR_CORRUPT);
	assert_int_equal(changed("2026-07-25", "2026-07-35"), ERR_CORRUPT);
	assert_int_equal(changed("\"schema_version\":2", "\"schema_version\":-1"), ERR_CORRUPT);
	assert_int_equal(changed("\"schema_version\":2", "\"schema_version\":1.5"), ERR_CORRUPT);
	assert_int_equal(changed("\"schema_version\":2", "\"schema_version\":9e99"), ERR_CORRUPT);
	assert_int_equal(changed("\"bytes\":4096", "\"bytes\":-1"), ERR_CORRUPT);
	assert_int_equal(changed("\"bytes\":4096", "\"bytes\":null"), ERR_CORRUPT);
	assert_int_equal(changed("models/0f", "app.db"), ERR_CORRUPT);
	assert_int_equal(changed("\"app.db\"", "\"other.db\""), ERR_CORRUPT);
	assert_int_equal(changed("\"fills\":0", "\"fills\":0.5"), ERR_CORRUPT);
	assert_int_equal(changed("0123456789abcdef", "0123456789abcdef0"), ERR_CORRUPT);
	assert_int_equal(changed("}", "}x"), ERR_CORRUPT);
	assert_int_equal(changed("2026-07-25", "2026-07-26"), 0);
	assert_int_equal(reads("", &(struct manifest){ 0 }, NULL), ERR_CORRUPT);
	assert_int_equal(reads("[]", &(struct manifest){ 0 }, NULL), ERR_CORRUPT);
}

static void keys_have_names_that_tell_nothing(void **state)
{
	char one[KEY_NAME_MAX], two[KEY_NAME_MAX], none[KEY_NAME_MAX];
	struct buf text = { 0 };
	char path[80];

	(void)state;
	snprintf(path, sizeof(path), "%s/key", scratch_folder);
	assert_int_equal(master_key_make(path, NULL), 0);
	manifest_key_name(path, one);
	manifest_key_name(path, two);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), KEY_NAME_MAX - 1);
	/* not the key's own digits */
	assert_int_equal(file_read(path, 256, &text, NULL), 0);
	assert_null(strstr(buf_text(&text), one));
	buf_free(&text);
	assert_int_equal(master_key_make(path, NULL), 0);
	manifest_key_name(path, two);
	assert_string_not_equal(one, two);
	manifest_key_name("/no/such/key", none);
	assert_string_equal(none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test_setup_teardown(keys_have_names_that_tell_nothing, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
