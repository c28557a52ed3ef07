/*
 * First byte: the size of the pieces; then a line with the Content-Type; then the body.
 * Whatever the pieces, the parts and the outcome are the same.
 */
#include "api/http/multipart.h"
#include "common/buf.h"
#include "tests/fuzz/fuzz.h"

static int begin(void *ctx, const char *name, bool file, struct err *e)
{
	(void)e;
	ASSERT(name[0] && strlen(name) < MULTIPART_NAME_MAX);
	buf_printf(ctx, "<%s %d>", name, file);
	return 0;
}

static int data(void *ctx, const char *bytes, size_t len, struct err *e)
{
	(void)e;
	ASSERT(len > 0);
	buf_add(ctx, bytes, len);
	return 0;
}

static int end(void *ctx, struct err *e)
{
	(void)e;
	buf_puts(ctx, "<end>");
	return 0;
}

static int parse(const char *boundary, const uint8_t *body, size_t len, size_t piece,
		 struct buf *out)
{
	static const struct multipart_handler handler = { begin, data, end };
	struct multipart *m = multipart_new(boundary, &handler, out);
	struct err e = { 0 };
	int rc = 0;

	for (size_t i = 0; i < len && rc == 0; i += piece) {
		size_t n = len - i < piece ? len - i : piece;
		char *copy = fuzz_bytes(body + i, n);

		rc = multipart_feed(m, copy, n, &e);
		free(copy);
	}
	if (rc == 0)
		rc = multipart_finish(m, &e);
	ASSERT(rc == 0 || e.msg[0]);
	multipart_free(m);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char boundary[MULTIPART_BOUNDARY_MAX];
	const uint8_t *body;
	struct buf whole = { 0 }, pieces = { 0 };
	char *type;
	size_t left;

	if (size < 2 || size > 20000)
		return 0;
	body = memchr(data + 1, '\n', size - 1);
	if (!body)
		return 0;
	type = fuzz_text(data + 1, (size_t)(body - data - 1));
	body++;
	left = size - (size_t)(body - data);
	if (multipart_boundary(type, boundary, NULL) == 0) {
		int rc = parse(boundary, body, left, left ? left : 1, &whole);

		ASSERT(parse(boundary, body, left, data[0] % 40u + 1, &pieces) == rc);
		ASSERT(rc || (whole.len == pieces.len &&
			      !memcmp(buf_text(&whole), buf_text(&pieces), whole.len)));
	}
	free(type);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
