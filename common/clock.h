/*
 * clock.h - the only place that asks the machine for the time.
 *
 * Times are int64_t microseconds, UTC since 1970. Durations and timeouts use the
 * monotonic clock, which never jumps.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

#define US_PER_S INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define CLOCK_TEXT_MAX 32

int64_t clock_now_us(void);	/* wall clock, UTC */
int64_t clock_mono_us(void);	/* monotonic */
int64_t clock_mono_ns(void);	/* monotonic, for measurements */

/* RFC 3339 UTC with microseconds: 2026-01-31T08:15:30.123456Z. Returns buf. */
const char *clock_text(int64_t us, char buf[CLOCK_TEXT_MAX]);
/* The UTC day as YYYY-MM-DD. Returns buf. */
const char *clock_day(int64_t us, char buf[CLOCK_TEXT_MAX]);
/* Reads RFC 3339 with 'Z' or an offset, or a bare YYYY-MM-DD (midnight UTC). */
MUST_CHECK int clock_parse(const char *text, int64_t *us);

/*
 * The wall clock, except that it never goes back: when somebody sets the wall clock
 * back, this one goes on at the pace of the monotonic one, so that no deadline waits for
 * the hour to come again. Set forward, both agree again. The first call begins it.
 */
struct clock_steady {
	bool begun;
	int64_t ahead_us;		/* of the monotonic clock */
};
int64_t clock_steady_us(struct clock_steady *s, int64_t wall_us, int64_t mono_us);

#endif
