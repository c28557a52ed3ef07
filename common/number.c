#include "common/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	const char *digit = text[0] == '-' ? text + 1 : text;
	long long v;
	char *end;

	if (*digit < '0' || *digit > '9') /* strtoll takes blanks and '+' */
		return false;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}
