/*
 * candle.h - candles from trades, and the window of closed ones that features read.
 *
 * A candle covers [open_us, open_us + length). A second without trades repeats
 * the last close with zero volume, so that the window has no holes. A candle
 * closes when the market's time (of trades and of candle_advance) passes its end.
 */
#ifndef ENGINE_CANDLE_H
#define ENGINE_CANDLE_H

#include "common/err.h"
#include "worker/engine/market.h"

#include <stddef.h>
#include <stdint.h>

#define CANDLE_LATE_US INT64_C(2000000)	/* older trades are dropped and counted */
#define CANDLE_WINDOW 60		/* closed candles that a feature may look at */

struct candle {
	int64_t open_us;		/* UTC, multiple of the length */
	struct price open, high, low, close;
	struct qty volume;		/* base asset */
	struct qty buy_volume;		/* taker bought; the rest was sold */
	uint32_t trades;
};

/* "1s" "1m" "5m" "15m" "1h" "4h" "1d" to microseconds; 0 for anything else. */
int64_t candle_interval_us(const char *interval);

struct candle_builder {
	int64_t length_us;
	bool begun;			/* a trade has come since init or reset */
	struct candle open;		/* valid when begun; 0 trades: the last close, repeated */
	uint64_t late_merged, late_dropped;
};

void candle_builder_init(struct candle_builder *b, int64_t length_us);

/*
 * Feed one trade. Candles that it closes, in order, go to out (at most max);
 * *n says how many. A trade older than the open candle is merged into the open
 * candle when it lies at most CANDLE_LATE_US before its begin (it counts for
 * high, low, volume and trades; the close stays), else counted and dropped.
 * Inside a candle the order of arrival counts. The first trade of a candle, late
 * or not, sets all four prices. A volume that does not fit stays at the largest.
 * Returns 0; ERR_RANGE when it is more than max candles ahead: nothing changed,
 * the caller has a gap to fill and calls candle_builder_reset first; ERR_INVALID
 * for a price that is not positive, a negative quantity or time: nothing changed.
 */
MUST_CHECK int candle_add(struct candle_builder *b, const struct trade *t,
			  struct candle *out, size_t max, size_t *n);
/*
 * The market's time is now time_us: close what has ended. Same results as
 * candle_add. Nothing happens before the first trade or when time_us is older.
 */
MUST_CHECK int candle_advance(struct candle_builder *b, int64_t time_us,
			      struct candle *out, size_t max, size_t *n);
/* Forget the open candle (after a gap); counters stay. */
void candle_builder_reset(struct candle_builder *b);

/*
 * The last CANDLE_WINDOW closed candles as columns of doubles, oldest first and
 * contiguous: the closes are w->close[w->begin .. w->begin + w->n - 1]. Doubles,
 * because features are floating point: the one nearest to the exact decimal.
 */
#define WINDOW_CAPACITY (CANDLE_WINDOW * 8)
struct window {
	size_t begin, n;		/* n <= CANDLE_WINDOW valid candles from begin */
	int64_t last_open_us;		/* of the newest; 0 when empty */
	double open[WINDOW_CAPACITY], high[WINDOW_CAPACITY], low[WINDOW_CAPACITY],
		close[WINDOW_CAPACITY], volume[WINDOW_CAPACITY], buy_volume[WINDOW_CAPACITY],
		trades[WINDOW_CAPACITY];
};

void window_clear(struct window *w);
/* Append a closed candle. One that does not follow the newest directly clears the window first. */
void window_push(struct window *w, const struct candle *c, int64_t length_us);
bool window_full(const struct window *w);

#endif
