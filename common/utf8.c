#include "common/utf8.h"

#include <stdbool.h>

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_len(const char *s, size_t left)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t n;

	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	n = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	if (u[0] == 0xe0)
		low = 0xa0;
	if (u[0] == 0xed)
		high = 0x9f;
	if (u[0] == 0xf0)
		low = 0x90;
	if (u[0] == 0xf4)
		high = 0x8f;
	if (u[1] < low || u[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!continues(u[i]))
			return 0;
	return n;
}
