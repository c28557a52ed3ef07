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
int64_t clock_mono_ns(void);	/* monotonic (tests and benches) */
int64_t clock_boot_us(void);	/* monotonic; also counts the time of a suspend */

/* Does the system synchronise its clock (NTP)? False also when the system can't tell. */
bool clock_synchronised(void);

/* RFC 3339 UTC with microseconds: 2026-01-31T08:15:30.123456Z. Returns buf. */
const char *clock_text(int64_t us, char buf[CLOCK_TEXT_MAX]);
/* The UTC day as YYYY-MM-DD. Returns buf. */
const char *clock_day(int64_t us, char buf[CLOCK_TEXT_MAX]);
/* Reads RFC 3339 with 'Z' or an offset, or a bare YYYY-MM-DD (midnight UTC). */
MUST_CHECK int clock_parse(const char *text, int64_t *us);

/*
 * The wall clock made steady. It never goes back: when somebody sets the wall clock back,
 * the steady clock goes on at the pace of the boot clock, because a deadline must not wait
 * until the same hour comes again. It follows a step forward only after CLOCK_HOLD_US,
 * because a clock that was wrong for ten seconds must change nothing; a step that the boot
 * clock shows as well (a suspend) is followed at once. The first call starts the clock.
 */
#define CLOCK_HOLD_US (20 * US_PER_S)
#define CLOCK_STEP_US US_PER_S		/* a smaller step is an adjustment: followed at once */

struct clock_steady {
	bool begun;
	int64_t ahead_us;		/* steady clock minus boot clock */
	int64_t held_us;		/* boot clock at the start of a step that waits; 0 none */
};
int64_t clock_steady_us(struct clock_steady *s, int64_t wall_us, int64_t boot_us);

#endif
