/*
 * uptime.h - a duration for people: "45s", "2m 45s", "1h 2m 3s", "1d 0h 0m 9s".
 */
#ifndef API_VIEW_UPTIME_H
#define API_VIEW_UPTIME_H

#include <stdint.h>

#define UPTIME_TEXT_MAX 48

/* Whole seconds; negative ones count as 0. Returns buf. */
const char *uptime_text(int64_t seconds, char buf[UPTIME_TEXT_MAX]);

#endif
