/*
 * The scanner in front of evhttp: bytes cut in two say the same as the whole, and no NUL and no
 * lone CR of a head comes through. The first byte says where the bytes are cut.
 */
#include "api/http/framing.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static size_t scan(struct framing *f, char *bytes, size_t n, size_t cut)
{
	size_t good;

	framing_begin(f);
	good = framing_scan(f, bytes, cut);
	if (f->fault)
		return good;
	ASSERT(good == cut);
	return cut + framing_scan(f, bytes + cut, n - cut);
}

/* Up to the empty line, or to the fault. */
static void check_head(const struct framing *f, const char *bytes, size_t n)
{
	for (size_t i = f->before; i < n; i++) {
		ASSERT(bytes[i] != '\0');
		ASSERT(i == 0 || bytes[i - 1] != '\r' || bytes[i] == '\n');
		if (bytes[i] == '\n' && i >= 1 &&
		    (bytes[i - 1] == '\n' || (i >= 2 && bytes[i - 2] == '\n')))
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing whole, two;
	char *a, *b;
	size_t n, end;

	if (size < 2 || size > 32768)
		return 0;
	n = size - 1;
	a = malloc(n);
	b = malloc(n);
	ASSERT(a && b);
	memcpy(a, data + 1, n);
	memcpy(b, data + 1, n);
	end = scan(&whole, a, n, n);
	ASSERT(scan(&two, b, n, data[0] % (n + 1)) == end);
	ASSERT(whole.fault == two.fault && whole.state == two.state && whole.line == two.line &&
	       whole.before == two.before && whole.left == two.left);
	ASSERT(memcmp(a, b, n) == 0);
	ASSERT(end <= n && whole.line <= end && (end == n || whole.fault));
	if (whole.state != FRAMING_BEGIN)
		check_head(&whole, a, end);
	free(a);
	free(b);
	return 0;
}
