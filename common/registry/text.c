#include "common/registry/text.h"

#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/* The character at v, whose length *n is at least 1; a byte that is no UTF-8 is U+FFFD. */
static uint32_t code_at(const char *v, size_t *n)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t code;

	*n = utf8_len(v, strlen(v));
	if (!*n) {
		*n = 1;
		return 0xfffd;
	}
	code = (unsigned char)*v & mask[*n];
	for (size_t i = 1; i < *n; i++)
		code = code << 6 | ((unsigned char)v[i] & 0x3f);
	return code;
}

static bool in_range(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

static bool is_direction(uint32_t c)
{
	return c == 0x061c || in_range(c, 0x200e, 0x200f) || in_range(c, 0x202a, 0x202e) ||
	       in_range(c, 0x2066, 0x2069);
}

/* Spaces of all kinds, and characters without width. */
static bool is_blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0xad || c == 0x034f || c == 0x1680 ||
	       c == 0x180e || in_range(c, 0x2000, 0x200d) || c == 0x202f ||
	       in_range(c, 0x205f, 0x2065) || c == 0x2800 || c == 0x3000 || c == 0x3164 ||
	       c == 0xfeff;
}

static const char *refused(uint32_t c, bool lines)
{
	if (lines && (c == '\n' || c == '\r' || c == '\t'))
		return NULL;
	if (c < ' ' || in_range(c, 0x7f, 0x9f))
		return "must have no control characters";
	if (in_range(c, 0x2028, 0x2029))
		return "must have no line separators (U+2028, U+2029)";
	if (is_direction(c))
		return "must have no characters that change the direction of writing";
	if (c == 0xfffd)
		return "must have no NUL and no replacement character (U+FFFD)";
	return NULL;
}

const char *text_fault(const char *v, bool lines)
{
	bool seen = false;
	size_t n;

	for (const char *p = v; *p; p += n) {
		uint32_t c = code_at(p, &n);
		const char *why = refused(c, lines);

		if (why)
			return why;
		seen = seen || !is_blank(c);
	}
	return lines || seen ? NULL : "must not be blank";
}

bool text_visible(const char *v)
{
	while (*v >= ' ' && *v < 0x7f)
		v++;
	return !*v;
}
