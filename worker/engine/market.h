/*
 * market.h - what the engine hears of a market, in plain structs.
 *
 * Two times: "time_us" is the exchange's own, "now_us" (a parameter where it
 * matters) is when we received the event. Candles follow the exchange's time,
 * timeouts follow ours.
 */
#ifndef ENGINE_MARKET_H
#define ENGINE_MARKET_H

#include "common/bot_config.h"
#include "common/fees.h"
#include "common/money.h"

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

enum symbol_origin {		/* where the rules of a market come from */
	ORIGIN_EXCHANGE,	/* the exchange said so (exchangeInfo) */
	ORIGIN_KNOWN,		/* our table of the exchange's rules for a few symbols */
	ORIGIN_DERIVED,		/* read from recorded prices and quantities */
	ORIGIN_MADE_UP		/* a made-up market's own */
};

/* What a venue demands of orders on a symbol. Units: quote per base, base, quote. */
struct symbol_info {
	char symbol[SYMBOL_MAX];
	char base[12], quote[12];
	bool futures;
	struct price tick;
	struct qty step, min_qty, max_qty;
	struct money min_notional;
	struct fees fees;		/* as this account pays them */
	enum symbol_origin origin;
	char note[160];			/* the origin in a sentence, with what is not known */
};

#endif
