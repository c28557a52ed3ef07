/* Forms in pieces of every size give the same parts; what is no form is refused. */
#include "api/http/multipart.h"
#include "common/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FORM(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static int begin(void *ctx, const char *name, bool file, struct err *e)
{
	(void)e;
	buf_printf(ctx, "<%s%s|", name, file ? " file" : "");
	return 0;
}

static int data(void *ctx, const char *bytes, size_t len, struct err *e)
{
	assert_true(len > 0);
	if (len == 4 && !memcmp(bytes, "STOP", 4))
		return err_set(e, ERR_LIMIT, "stop");
	buf_add(ctx, bytes, len);
	return 0;
}

static int end(void *ctx, struct err *e)
{
	(void)e;
	buf_putc(ctx, '>');
	return 0;
}

static const struct multipart_handler handler = { begin, data, end };

/* Each piece in memory of its own: a read beyond it shows under ASan. */
static int feed(struct multipart *m, const char *text, size_t len, size_t piece, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i += piece) {
		size_t n = len - i < piece ? len - i : piece;
		char *copy = xcalloc(1, n);

		memcpy(copy, text + i, n);
		rc = multipart_feed(m, copy, n, e);
		free(copy);
	}
	return rc ? rc : multipart_finish(m, e);
}

static int parse(const char *boundary, const char *text, size_t len, size_t piece,
		 struct buf *out, struct err *e)
{
	struct multipart *m = multipart_new(boundary, &handler, out);
	int rc = feed(m, text, len, piece, e);

	multipart_free(m);
	return rc;
}

static void expect(const char *text, size_t len, const char *want, size_t want_len)
{
	for (size_t piece = 1; piece <= len; piece++) {
		struct buf out = { 0 };
		struct err e = { 0 };

		if (parse("XyZ", text, len, piece, &out, &e))
			fail_msg("pieces of %zu: %s", piece, e.msg);
		assert_int_equal(out.len, want_len);
		assert_memory_equal(out.data, want, want_len);
		buf_free(&out);
	}
}
#define EXPECT(text, want) expect(text, sizeof(text) - 1, want, sizeof(want) - 1)

static void refuse(const char *text, int code, const char *why)
{
	for (size_t piece = 1; piece <= strlen(text); piece++) {
		struct buf out = { 0 };
		struct err e = { 0 };

		assert_int_equal(parse("XyZ", text, strlen(text), piece, &out, &e), code);
		if (!strstr(e.msg, why))
			fail_msg("\"%s\" does not say \"%s\"", e.msg, why);
		buf_free(&out);
	}
}

static void parts_come_in_order(void **state)
{
	(void)state;
	EXPECT("--XyZ\r\n" FORM("a") "1\r\n--XyZ\r\n"
	       "content-type: x/y\r\n"
	       "CONTENT-DISPOSITION: form-data; filename=\"a;\\\"b\"; name=m\r\n\r\n"
	       "12\0" "34\r\n--XyZ--\r\n", "<a|1><m file|12\0" "34>");
	EXPECT("a preamble\r\n--XyZ \t\r\n" FORM("a") "\r\n--XyZ--an epilogue\r\n--XyZ\r\n",
	       "<a|>");
	EXPECT("--XyZ--", "");
}

static void what_looks_like_a_boundary_is_data(void **state)
{
	(void)state;
	EXPECT("--XyZ\r\n" FORM("a") "\r\r\n\r\n-\r\n--\r\n--Xy\r\n--Xy\r\n\r\n--XyZ--",
	       "<a|\r\r\n\r\n-\r\n--\r\n--Xy\r\n--Xy\r\n>");
	EXPECT("--XyZ\r\n" FORM("a") "--XyZ\n--XyZ--\r\n--XyZ--", "<a|--XyZ\n--XyZ-->");
}

static void no_form_is_refused(void **state)
{
	struct buf many = { 0 };

	(void)state;
	refuse("--XyZ\r\n" FORM("a") "1\r\n--XyZ\r\n", ERR_INVALID, "last boundary");
	refuse("--XyZ\r\n" FORM("a") "1\r\n--XyZ-", ERR_INVALID, "last boundary");
	refuse("--XyZ\r\n" FORM("a") "1", ERR_INVALID, "last boundary");
	refuse("something else", ERR_INVALID, "last boundary");
	refuse("--XyZ?\r\n", ERR_INVALID, "neither");
	refuse("--XyZ-\r\n", ERR_INVALID, "neither");
	refuse("--XyZ\r\n\r\n1\r\n--XyZ--", ERR_INVALID, "no name");
	refuse("--XyZ\r\nContent-Disposition: form-data; filename=\"name=x\"\r\n\r\n1\r\n--XyZ--",
	       ERR_INVALID, "no name");
	refuse("--XyZ\r\nContent-Disposition: file; name=x\r\n\r\n1\r\n--XyZ--", ERR_INVALID,
	       "no name");
	for (int i = 0; i <= MULTIPART_PARTS_MAX; i++)
		buf_puts(&many, "--XyZ\r\n" FORM("a") "1\r\n");
	refuse(buf_text(&many), ERR_LIMIT, "more than 16 parts");
	buf_free(&many);
}

static void long_headers_are_refused(void **state)
{
	struct buf text = { 0 }, out = { 0 };
	struct err e = { 0 };

	(void)state;
	buf_puts(&text, "--XyZ\r\nX: ");
	for (int i = 0; i < MULTIPART_HEADERS_MAX; i++)
		buf_putc(&text, 'x');
	assert_int_equal(parse("XyZ", text.data, text.len, 700, &out, &e), ERR_LIMIT);
	assert_non_null(strstr(e.msg, "headers"));
	buf_free(&text);
	buf_free(&out);
}

static void the_handler_can_end_it(void **state)
{
	static const char text[] = "--XyZ\r\n" FORM("a") "STOP\r\n--XyZ--";
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(parse("XyZ", text, sizeof(text) - 1, sizeof(text), &out, &e), ERR_LIMIT);
	assert_string_equal(e.msg, "stop");
	buf_free(&out);
}

static void boundaries(void **state)
{
	static const char *const bad[] = {
		"multipart/form-data", "multipart/mixed; boundary=a",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"a", "multipart/form-data; boundary=a\"b",
		"multipart/form-data; boundary=\"a \"", "multipart/form-datax; boundary=a",
		"multipart/form-data; x=\"; boundary=a\"",
		("multipart/form-data; boundary="
		 "12345678901234567890123456789012345678901234567890123456789012345678901"),
	};
	char out[MULTIPART_BOUNDARY_MAX];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(multipart_boundary("Multipart/Form-Data; charset=\"a;b\"; "
					    "BOUNDARY=\"x y\"", out, &e), 0);
	assert_string_equal(out, "x y");
	assert_int_equal(multipart_boundary("multipart/form-data;boundary=----a_B", out, &e), 0);
	assert_string_equal(out, "----a_B");
	assert_int_equal(multipart_boundary(NULL, out, &e), ERR_INVALID);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (multipart_boundary(bad[i], out, &e) != ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_come_in_order),
		cmocka_unit_test(what_looks_like_a_boundary_is_data),
		cmocka_unit_test(no_form_is_refused),
		cmocka_unit_test(long_headers_are_refused),
		cmocka_unit_test(the_handler_can_end_it),
		cmocka_unit_test(boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
