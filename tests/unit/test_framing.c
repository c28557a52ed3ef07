/* Where a request's parts end, and what makes that doubtful; whole, byte by byte, in pieces. */
#include "api/http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "POST /x HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT_MAX 8192

/* Scans a copy in pieces of "step" bytes into "out". Returns the place of the fault, or n. */
static size_t scan(struct framing *f, const char *text, size_t n, size_t step, char *out)
{
	memcpy(out, text, n);
	framing_begin(f);
	for (size_t at = 0; at < n; at += step) {
		size_t len = n - at < step ? n - at : step;
		size_t good = framing_scan(f, out + at, len);

		if (f->fault)
			return at + good;
		assert_int_equal(good, len);
	}
	return n;
}

static void same(const struct framing *a, const struct framing *b)
{
	assert_ptr_equal(a->fault, b->fault);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->before, b->before);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->left, b->left);
}

/* The same result for each size of the pieces. Returns the place of the fault, or n. */
static size_t scan_all(struct framing *f, const char *text, size_t n, char *out)
{
	static char other[TEXT_MAX];
	struct framing g;
	size_t end = scan(f, text, n, n, out);

	for (size_t step = 1; step < n && step < 40; step++) {
		assert_int_equal(scan(&g, text, n, step, other), end);
		same(f, &g);
		assert_memory_equal(out, other, n);
	}
	return end;
}

static void passes(const char *text, size_t n, const char *becomes, enum framing_state state)
{
	static char out[TEXT_MAX];
	struct framing f;

	scan_all(&f, text, n, out);
	if (f.fault || f.state != state)
		fail_msg("%s -> %s, state %d", text, f.fault ? f.fault : "-", (int)f.state);
	assert_memory_equal(out, becomes ? becomes : text, n);
}

static void passes_text(const char *text, const char *becomes)
{
	passes(text, strlen(text), becomes, FRAMING_DONE);
}

static void fails(const char *text, size_t n, size_t at, const char *why)
{
	static char out[TEXT_MAX];
	struct framing f;
	size_t end = scan_all(&f, text, n, out);

	if (!f.fault || !strstr(f.fault, why) || end != at)
		fail_msg("%s -> %s at %zu", text, f.fault ? f.fault : "-", end);
	assert_in_range(f.line, 0, end);
}

/* The fault is at the last byte. */
#define FAILS(text, why) fails(text, sizeof(text) - 1, sizeof(text) - 2, why)

static void usual_requests_pass(void **state)
{
	(void)state;
	passes_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
	passes_text("GET / HTTP/1.1\nHost: a\n\n", NULL);
	passes_text("GET / HTTP/1.1\r\n\r\n", NULL);
	passes_text(HEAD "Content-Length: 3\r\n\r\nabc", NULL);
	passes_text(HEAD "X: a\r\n folded: b\r\n\r\n", NULL);
	passes_text(CHUNKED "2\r\nab\r\n0\r\n\r\n", NULL);
	passes_text(CHUNKED "0000000000000002\r\nab\r\n0000\r\n\r\n", NULL);
	passes_text(HEAD "transfer-ENCODING:Chunked \t\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", NULL);
}

#define PASSES(text, state) passes(text, sizeof(text) - 1, NULL, state)

static void a_body_is_no_head(void **state)
{
	(void)state;
	PASSES(CHUNKED "4\r\n\0\r\n\0\r\n0\r\n\r\n", FRAMING_DONE);
	PASSES(CHUNKED "ff\r\n\0\r", FRAMING_DATA);
	PASSES(HEAD "Content-Length: 2\r\n\r\n\0\r", FRAMING_DONE);
	/* the next request is looked at when it is its turn */
	PASSES("GET / HTTP/1.1\r\n\r\nGET /\0", FRAMING_DONE);
	PASSES(CHUNKED "0\r\n\r\nGET /\0", FRAMING_DONE);
	/* other names, other codings */
	PASSES(HEAD "X-Transfer-Encoding: chunked\r\n\r\n+2", FRAMING_DONE);
	PASSES(HEAD "Transfer-Encodings: chunked\r\n\r\n+2", FRAMING_DONE);
	PASSES(HEAD "Transfer-Encoding: chunkedx\r\n\r\n+2", FRAMING_DONE);
	PASSES(HEAD "Transfer-Encoding: chun ked\r\n\r\n+2", FRAMING_DONE);
	PASSES(HEAD "Transfer-Encoding: chunked x\r\n\r\n+2", FRAMING_DONE);
}

static void doubtful_sizes_fail(void **state)
{
	static const char why[] = "16 hexadecimal digits";

	(void)state;
	FAILS(CHUNKED "0x", why);
	FAILS(CHUNKED "+", why);
	FAILS(CHUNKED "-", why);
	FAILS(CHUNKED " ", why);
	FAILS(CHUNKED "2 \r\n", why);
	FAILS(CHUNKED "2\t\r\n", why);
	FAILS(CHUNKED "2 3", why);
	FAILS(CHUNKED "2g", why);
	FAILS(CHUNKED "\r\n", why);
	FAILS(CHUNKED ";", why);
	FAILS(CHUNKED "00000000000000002", why);
	FAILS(CHUNKED "2\r\nab\r\n0x", why);
	FAILS(CHUNKED "2\0", "NUL");
	FAILS(CHUNKED "2;a\0", "NUL");
	FAILS(CHUNKED "2\rx", "CR without LF");
	FAILS(CHUNKED "2\n", "without CRLF");
	FAILS(CHUNKED "2;a\n", "without CRLF");
	FAILS(CHUNKED "2\r\nab\n", "without CRLF");
	FAILS(CHUNKED "2\r\nabc", "longer than its size");
	FAILS(CHUNKED "2\r\nab\rx", "CR without LF");
}

static void nul_and_cr_in_a_head_fail(void **state)
{
	(void)state;
	FAILS("\0", "NUL");
	FAILS("GET /\0", "NUL");
	FAILS("GET / HTTP/1.1\r\nX: a\0", "NUL");
	FAILS("GET / HTTP/1.1\r\nX\0", "NUL");
	FAILS("GET / HTTP/1.1\r\n\0", "NUL");
	FAILS("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\0", "NUL");
	FAILS("GET / HTTP/1.1\r\nX: a\rb", "CR without LF");
	FAILS("GET / HTTP/1.1\r\n\r\r", "CR without LF");
	FAILS("\rG", "CR without LF");
	FAILS(CHUNKED "0\r\nX: \0", "NUL");
}

static void where_the_line_began(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nX: a\0b";
	char out[sizeof(text)];
	struct framing f;

	(void)state;
	assert_int_equal(scan_all(&f, text, sizeof(text) - 1, out), 20);
	assert_int_equal(f.line, 4);
}

static void empty_lines_before_are_counted(void **state)
{
	char out[200];
	struct framing f;

	(void)state;
	scan_all(&f, "\r\n\nGET / HTTP/1.1\r\n\r\n", 21, out);
	assert_null(f.fault);
	assert_int_equal(f.before, 3);
	assert_int_equal(f.state, FRAMING_DONE);
	scan_all(&f, "\r\n", 2, out);
	assert_int_equal(f.before, 2);
	assert_int_equal(f.state, FRAMING_BEGIN);
	FAILS("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", "too many empty lines");
}

static void extensions_become_blanks(void **state)
{
	char many[TEXT_MAX];
	size_t n;

	(void)state;
	passes_text(CHUNKED "2;a=b\r\nab\r\n0;c\r\n\r\n",
		    CHUNKED "2    \r\nab\r\n0  \r\n\r\n");
	passes_text(CHUNKED "2 \t; a = \"x;y\"\r\nab\r\n0;\r\n\r\n",
		    CHUNKED "2             \r\nab\r\n0 \r\n\r\n");
	FAILS(CHUNKED "2;a\x01", "control character");
	n = (size_t)snprintf(many, sizeof(many), "%s", CHUNKED "2;");
	memset(many + n, 'a', FRAMING_EXTENSIONS_MAX + 1);
	passes(many, n, CHUNKED "2 ", FRAMING_EXTENSION);
	fails(many, n + FRAMING_EXTENSIONS_MAX + 1, n + FRAMING_EXTENSIONS_MAX, "4096");
}

static void trailers_lose_their_names(void **state)
{
	(void)state;
	passes_text(CHUNKED "0\r\nHost: b\r\nA b : c:d\r\n e: f\r\n\r\nGET /",
		    CHUNKED "0\r\nxxxx: b\r\nxxxx: c:d\r\n e: f\r\n\r\nGET /");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_requests_pass), cmocka_unit_test(a_body_is_no_head),
		cmocka_unit_test(doubtful_sizes_fail),
		cmocka_unit_test(nul_and_cr_in_a_head_fail),
		cmocka_unit_test(where_the_line_began),
		cmocka_unit_test(empty_lines_before_are_counted),
		cmocka_unit_test(extensions_become_blanks),
		cmocka_unit_test(trailers_lose_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
