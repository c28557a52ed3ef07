/*
 * synthetic_market.h - a made-up market for one symbol, fitted to recordings.
 *
 * Time goes in slots of 10 ms. Figures and their fit: docs/MARKET.md.
 *
 *   activity   a = exp(fast + slow): two mean-reverting noises; takers, quotes and
 *              moves come a times as often (clustered volatility)
 *   pressure   p: mean-reverting noise of about 20 s; leans the takers' side, the
 *              queue sizes and the direction of moves (what a model can find)
 *   level      a smooth random path that depends on seed and date only, so that a
 *              restart goes on near where the market was
 *   moves      the fair price jumps (Poisson, rate x a), up with probability
 *              1/2 (1 + lean p + pull (level - price)); takers sweep and makers cancel
 *              towards it, the spread opens and closes again
 *   takers     self-exciting arrivals (Hawkes, exponential kernel), signs that
 *              persist, log-normal values, split into the fills of resting orders
 *   quotes     queues at the best and levels behind them come and go
 */
#ifndef WORKER_FEED_SYNTHETIC_MARKET_H
#define WORKER_FEED_SYNTHETIC_MARKET_H

#include "worker/feed/synthetic_book.h"
#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum synthetic_kind { SYNTHETIC_SNAPSHOT, SYNTHETIC_DEPTH, SYNTHETIC_TOP, SYNTHETIC_TRADE };

struct synthetic_event {
	enum synthetic_kind kind;
	int64_t time_us;		/* never smaller than the one before */
	int64_t id;			/* trade id, or update id at the end of the frame */
	int64_t first_id, previous_id;	/* DEPTH */
	struct synthetic_level bid, ask;	/* TOP */
	struct synthetic_level trade;	/* TRADE */
	bool buyer_is_maker;
};

struct synthetic_market;

struct synthetic_market *synthetic_market_new(const char *symbol, bool futures, uint64_t seed,
					      int64_t start_us);
void synthetic_market_free(struct synthetic_market *m);

const struct symbol_info *synthetic_market_info(const struct synthetic_market *m);
/* The next event without taking it; borrowed until synthetic_market_take. Never NULL. */
const struct synthetic_event *synthetic_market_peek(struct synthetic_market *m);
void synthetic_market_take(struct synthetic_market *m);
/*
 * Sends the snapshot of the book again, after the next depth frames, for a reader that begins
 * now and has missed it.
 */
void synthetic_market_snapshot(struct synthetic_market *m);
/* As of the peeked event when it is a DEPTH (changes) or a SNAPSHOT (levels). */
const struct synthetic_book *synthetic_market_book(const struct synthetic_market *m);

#endif
