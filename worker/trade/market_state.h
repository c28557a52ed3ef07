/*
 * market_state.h - a market as the engine knows it: its rules, its newest prices, and the
 * candles that its bots look at.
 *
 * The engine alone changes it (engine_market.c); the floors below read it.
 */
#ifndef WORKER_ENGINE_MARKET_STATE_H
#define WORKER_ENGINE_MARKET_STATE_H

#include "worker/market/candle.h"
#include "worker/market/market.h"
#include "worker/strategy/strategy.h"

#include <stddef.h>

#define SERIES_MAX 7			/* intervals a market may be asked for */

struct bot;

struct series {				/* candles of one interval */
	char interval[8];
	int64_t length_us;
	struct candle_builder builder;
	struct window window;
	size_t look_back;		/* the longest that a bot asked for; 0: CANDLE_WINDOW */
	bool is_input;			/* an extra input of some bot's strategy */
	int64_t since_us;		/* begin of the first candle from which none is missing */
	struct window_work work;	/* of the window as it is now */
};

struct market {
	struct symbol_info info;
	int handle;			/* the venue's number of it */
	struct price last;
	struct book_top top;
	bool depth_invalid;		/* the local book is out of step */
	int64_t event_us;		/* our time of the newest event */
	int64_t stale_us;		/* length of a silence that no book has ended yet, 0 none */
	int64_t stale_from_us;		/* with stale_us: since when the silence was too long */
	int64_t lag_us;			/* our clock minus the exchange's, at its newest time */
	int64_t close_us;		/* by our clock: no series has to close a candle earlier */
	bool closes_wait;		/* some bot here waits for a book to close at market */
	size_t series_n;
	struct series *series[SERIES_MAX];
	size_t unknown_n;		/* legs of its bots whose outcome the venue does not say */
	size_t bots_n;
	struct bot **bots;		/* borrowed from the engine */
};

#endif
