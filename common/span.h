/*
 * span.h - a length of time for people.
 */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stdint.h>

#define SPAN_TEXT_MAX 48

/*
 * "45 s", "90 minutes", "26 hours", "10 days": rounds up to whole units and picks the unit so that
 * there are at least two. Returns text.
 */
const char *span_text(int64_t seconds, char text[SPAN_TEXT_MAX]);
/*
 * "45s", "2m 45s", "1h 2m 3s", "1d 0h 0m 9s": the largest unit and those behind it, at most
 * "units" of them, each behind its number and the gap. Negative seconds count as 0. Returns text.
 */
const char *span_units(int64_t seconds, int units, const char *gap, char text[SPAN_TEXT_MAX]);

#endif
