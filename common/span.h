/*
 * span.h - a length of time for people: "45 s", "90 minutes", "26 hours", "10 days".
 */
#ifndef COMMON_SPAN_H
#define COMMON_SPAN_H

#include <stdint.h>

#define SPAN_TEXT_MAX 32

/* Rounds up to whole units and picks the unit so that there are at least two. Returns text. */
const char *span_text(int64_t seconds, char text[SPAN_TEXT_MAX]);

#endif
