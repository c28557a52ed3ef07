/*
 * market_clock.h - computes the age of a market's rows.
 *
 * Orders, decisions, candles and equity carry the market's time. It equals the machine's time,
 * except in a recording that is played at another speed than REPLAY_SPEED=1; then
 * worker_heartbeat.market_us holds the market's own time. Every age and every "today" of such
 * rows must come from here.
 */
#ifndef COMMON_REGISTRY_MARKET_CLOCK_H
#define COMMON_REGISTRY_MARKET_CLOCK_H

#include "common/db/db.h"

#include <stdint.h>

struct market_clock {
	int64_t now_us;			/* by the machine's clock */
	int64_t market_us;		/* the market's at the newest beat; 0: no own time */
	int64_t market_at_us;		/* the machine's when that moved last */
};

/* now_us: by the machine's clock. No worker ever: the market's time is the machine's. */
MUST_CHECK int market_clock_get(struct db *db, int64_t now_us, struct market_clock *out,
				struct err *e);
/* The market's own now at the worker's newest beat; the machine's if it has none. */
int64_t market_clock_now_us(const struct market_clock *c);
/* The age of an event at at_us (market's time). Never negative. */
int64_t market_clock_age_us(const struct market_clock *c, int64_t at_us);
/* Converts at_us to the machine's clock. 0 (never) stays 0. */
int64_t market_clock_machine_us(const struct market_clock *c, int64_t at_us);
/* The same in SQL; h: worker_heartbeat, joined. */
#define MARKET_CLOCK_MACHINE_SQL(at) \
	"iif(h.market_us AND " at ", h.market_at_us - max(h.market_us - " at ", 0), " at ")"

#endif
