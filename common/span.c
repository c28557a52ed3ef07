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

const char *span_units(int64_t seconds, int units, const char *gap, char text[SPAN_TEXT_MAX])
{
	static const struct { int64_t s; char name; } all[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	int64_t left = seconds > 0 ? seconds : 0;
	int i = 0, len = 0;

	while (i < 3 && left < all[i].s)
		i++;
	for (int end = i + units; i < 4 && i < end; i++) {
		len += snprintf(text + len, SPAN_TEXT_MAX - (size_t)len, "%s%lld%s%c",
				len ? " " : "", (long long)(left / all[i].s), gap, all[i].name);
		left %= all[i].s;
	}
	return text;
}
