/*
 * candle.h - candles from trades, and the window of closed ones that features read.
 *
 * A candle covers [open_us, open_us + length) of the exchange's time, as the exchange's own
 * candle does. A candle without trades repeats the last close with zero volume, so that the
 * window has no holes. A candle that began before we listened is dropped, because its first
 * trades are missing.
 *
 * When does a candle end? Trades arrive in the order of their ids, but events of other streams
 * (depth, best prices) overtake them, by up to 186 ms in the recordings, in fast moves. So a
 * trade of a later candle ends the candle at once if no trade is missing before it
 * (trade.whole). Everything else (trades after a hole, the market's time, our clock) ends it
 * only CANDLE_GRACE_US later. While the candle waits, its late trades still count for it:
 *
 *	  ended              open
 *	|------------------|------------------| exchange's time
 *	                    <-- grace -->
 */
#ifndef WORKER_MARKET_CANDLE_H
#define WORKER_MARKET_CANDLE_H

#include "common/err.h"
#include "worker/market/market.h"

#include <stddef.h>
#include <stdint.h>

#define CANDLE_GRACE_US INT64_C(500000)	/* for trades on their way; not above a second */
#define CANDLE_LATE_US INT64_C(2000000)	/* older trades are dropped and counted */
#define CANDLE_WINDOW WARM_UP_CANDLES	/* closed candles that a feature may look at */

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
	int64_t span_us;		/* a trade of open's first span_us needs no other check */
	int64_t heard_us;		/* exchange's time since when nothing is missing */
	bool heard;			/* heard_us is known: an event has come */
	bool begun;			/* a trade has come: open is valid */
	bool waits;			/* ended is valid: its trades may still be on their way */
	struct candle open;		/* the newest; 0 trades: the last close, repeated */
	struct candle ended;		/* the one before it */
	/* exchange's times of the first and the last trade that counted for their prices */
	struct candle_times { int64_t first_us, last_us; } open_times, ended_times;
	uint64_t late_merged, late_dropped;
};

void candle_builder_init(struct candle_builder *b, int64_t length_us);

/*
 * Adds one trade. The candles that it closes go to out in order (at most max); *n says how
 * many. Inside a candle trades are ordered by the exchange's time, and equal times by arrival.
 *
 * A trade of a candle that is closed already is merged into the oldest candle that is not
 * closed, if it is at most CANDLE_LATE_US older than that candle's begin; it changes neither
 * its open nor its close. An older trade is counted and dropped. A volume that does not fit
 * stays at the largest value.
 *
 * If a silence closes more than max candles at once, out gets the first and the newest
 * max - 1, so that the work is bounded. With max above the window's length the window is then
 * full of repeated candles.
 *
 * Returns 0; ERR_INVALID for a price that is not positive, a negative quantity or time:
 * nothing changed.
 */
MUST_CHECK int candle_add(struct candle_builder *b, const struct trade *t,
			  struct candle *out, size_t max, size_t *n);
/*
 * The market's time is now time_us: closes the candles that ended CANDLE_GRACE_US ago. Returns
 * how many are in out, as candle_add. Does nothing before the first trade or when time_us is
 * older.
 */
size_t candle_advance(struct candle_builder *b, int64_t time_us, struct candle *out, size_t max);
/* The exchange's time at which candle_advance has work; INT64_MAX: none before a trade. */
int64_t candle_due_us(const struct candle_builder *b);
/*
 * Goes on after a closed candle that was made elsewhere (a stored one): the next candle begins
 * at its end and counts as complete. Call it before the first event. Trades before that end
 * are skipped.
 */
void candle_builder_follow(struct candle_builder *b, const struct candle *last);
/* Forgets the open candle (after a gap); counters stay. */
void candle_builder_reset(struct candle_builder *b);

/*
 * The newest closed candles as columns of doubles, oldest first and contiguous: the closes are
 * w->close[w->begin .. w->begin + w->n - 1]. Each is the double nearest to the exact decimal,
 * because features are computed in floating point.
 *
 * A zeroed struct is an empty window of CANDLE_WINDOW candles; the first candle allocates its
 * memory. A struct whose columns point into another window or into a history is a window as
 * well. It owns nothing and may only be read.
 */
struct window {
	size_t look_back;		/* candles it keeps at most; 0: CANDLE_WINDOW */
	size_t begin, n;		/* n valid candles from begin */
	int64_t last_open_us;		/* of the newest; 0 when empty */
	int64_t length_us;		/* of a candle; 0 before the first */
	size_t room;			/* doubles in each column */
	double *open, *high, *low, *close, *volume, *buy_volume, *trades;
};

void window_clear(struct window *w);
void window_fini(struct window *w);	/* frees the columns; empty again */
/* From now on it keeps at least look_back candles. The candles in it stay. */
void window_keep(struct window *w, size_t look_back);
/* Appends a closed candle. If it does not follow the newest directly, clears the window first. */
void window_push(struct window *w, const struct candle *c, int64_t length_us);
bool window_full(const struct window *w);	/* it holds as many as it keeps */
/* Its newest n candles (or all, if there are fewer) as a window that owns nothing. */
struct window window_newest(const struct window *w, size_t n);

#endif
