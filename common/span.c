#include "common/span.h"

#include <stddef.h>
#include <stdio.h>

const char *span_text(int64_t seconds, char text[SPAN_TEXT_MAX])
{
	static const struct { int64_t from_s, unit_s; const char *name; } units[] = {
		{ 72 * 3600, 86400, "days" }, { 2 * 3600, 3600, "hours" }, { 120, 60, "minutes" },
		{ INT64_MIN, 1, "s" },
	};
	size_t i = 0;
	int64_t n;

	while (seconds < units[i].from_s)
		i++;
	n = seconds / units[i].unit_s + (seconds % units[i].unit_s > 0);
	snprintf(text, SPAN_TEXT_MAX, "%lld %s", (long long)n, units[i].name);
	return text;
}
