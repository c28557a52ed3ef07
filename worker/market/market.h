/*
 * market.h - the events of a market that the engine gets, as plain structs.
 *
 * There are two times: "time_us" is the exchange's time, and "now_us" (a parameter where it
 * matters) is when we received the event. Candles follow the exchange's time, timeouts follow
 * ours.
 */
#ifndef WORKER_MARKET_MARKET_H
#define WORKER_MARKET_MARKET_H

#include "common/money.h"
#include "common/registry/symbol_info.h"

#include <stdbool.h>
#include <stdint.h>

struct trade {
	int64_t id;
	int64_t time_us;	/* exchange, UTC */
	struct price price;
	struct qty qty;
	bool buyer_is_maker;	/* true: the taker sold */
	bool whole;		/* no trade before it is missing: its id follows the newest one */
};

struct book_top {		/* best prices; a side without orders has quantity 0 */
	int64_t update_id;
	int64_t time_us;	/* exchange, UTC; 0 where the venue sends none (spot bookTicker) */
	struct price bid, ask;
	struct qty bid_qty, ask_qty;
};

#endif
