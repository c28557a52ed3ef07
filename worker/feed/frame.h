/*
 * frame.h - one frame of Binance's public streams, decoded.
 *
 * Spot and USD-M, raw or combined ({"stream":"btcusdt@trade","data":{...}}).
 * A combined frame is dispatched by its stream's name, because spot's bookTicker
 * carries no event type; a raw one by "e" or, without it, by its keys. Keys are
 * case-sensitive: a bookTicker has b, B, a and A. Prices and quantities are
 * exact, ids are 64-bit. (Binance, WebSocket streams and diff depth, 2025-11.)
 */
#ifndef WORKER_FEED_FRAME_H
#define WORKER_FEED_FRAME_H

#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_kind {
	FRAME_TRADE,
	FRAME_AGG_TRADE,	/* trade.id is the aggregate's id, a series of its own */
	FRAME_TOP,		/* bookTicker */
	FRAME_DEPTH,		/* a difference: quantities are absolute, 0 removes */
	FRAME_SNAPSHOT,		/* REST depth: it does not say of which symbol */
	FRAME_SKIP,		/* USD-M trade that is none of the market (insurance fund, ADL) */
	FRAME_OTHER		/* well-formed and of no interest: replies, klines, tickers */
};

struct level { struct price price; struct qty qty; };

struct levels {			/* owned by the frame, reused from frame to frame */
	struct level *list;
	size_t n, cap;
};

struct frame {
	enum frame_kind kind;
	char symbol[SYMBOL_MAX];	/* "" for SNAPSHOT and OTHER */
	bool futures, spot;		/* it has USD-M's shape, or spot's; some have neither */
	int64_t event_us;		/* exchange, UTC; 0 where the frame has no time */
	union {
		struct trade trade;	/* TRADE, AGG_TRADE; SKIP: id (0 none) and time only */
		struct book_top top;	/* TOP */
		struct {		/* DEPTH, SNAPSHOT (last_id only) */
			int64_t first_id, last_id;	/* U, u or lastUpdateId */
			int64_t previous_id;		/* pu (USD-M), -1 otherwise */
		} depth;
	};
	struct levels bids, asks;	/* DEPTH, SNAPSHOT: in the order sent */
};

void frame_init(struct frame *f);
void frame_free(struct frame *f);

/*
 * Decodes one frame; its bytes are borrowed for the call and need no NUL. Returns 0, or
 * ERR_INVALID with what is wrong; f is then undefined but can be used for the next call.
 */
MUST_CHECK int frame_decode(const char *bytes, size_t len, struct frame *f, struct err *e);

/* "trade", "bookTicker", ... for messages. */
const char *frame_kind_name(enum frame_kind kind);

#endif
