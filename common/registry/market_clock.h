/*
 * market_clock.h - how long ago was something that a market's rows tell?
 *
 * Orders, decisions, candles and equity carry the market's time. That is the machine's, but
 * not in a recording that is played at another speed than REPLAY_SPEED=1: its own time is in
 * worker_heartbeat.market_us then. Each age and each "today" of such rows comes from here.
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
/* The market's own now, of the worker's newest beat; the machine's where it has none. */
int64_t market_clock_now_us(const struct market_clock *c);
/* How old is what happened at at_us, in the market's time? Never negative. */
int64_t market_clock_age_us(const struct market_clock *c, int64_t at_us);
/* When it happened, by the machine's clock. 0 stays 0: never. */
int64_t market_clock_machine_us(const struct market_clock *c, int64_t at_us);
/* The same in SQL; h: worker_heartbeat, joined. */
#define MARKET_CLOCK_MACHINE_SQL(at) \
	"iif(h.market_us AND " at ", h.market_at_us - max(h.market_us - " at ", 0), " at ")"

#endif
