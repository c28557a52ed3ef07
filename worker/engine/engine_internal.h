/*
 * engine_internal.h - what the files of the engine share; nobody else includes it. What
 * bots ask of their engine is in bot.h.
 *
 *	engine.c		life, time, whose report is due
 *	engine_market.c		markets, their candles, and what is heard of them
 *	engine_bot.c		the list of bots, their settings and models
 *	engine_command.c	what a person asks of a bot
 */
#ifndef ENGINE_ENGINE_INTERNAL_H
#define ENGINE_ENGINE_INTERNAL_H

#include "worker/engine/bot.h"

#define CANDLES_AT_ONCE 256	/* a longer silence is a gap */

struct engine {
	struct engine_args args;
	int64_t now_us;
	int64_t due_us;			/* no bot has an earlier deadline */
	int64_t open_all;
	int64_t drift_us;
	int64_t behind_us;		/* of the clock, are the events that come now */
	int64_t target_us;		/* the clock that the engine is being brought to */
	size_t markets_n;
	struct market **markets;
	size_t bots_n;
	struct bot **bots;		/* by id, ascending */
	int64_t *dues;			/* their deadlines, side by side: looked through often */
	size_t report_at;		/* whose turn it is to be reported */
	struct candle closed[CANDLES_AT_ONCE];	/* by the newest event: too much for the stack */
};

/* engine_market.c */
void market_free(struct market *m);
/* Candles of an interval from now on. NULL: there is no such interval. */
struct series *market_series(struct market *m, const char *interval);
void market_join(struct market *m, struct bot *b);
void market_leave(struct market *m, const struct bot *b);

/* engine_bot.c */
struct bot *engine_find_bot(const struct engine *e, int64_t bot_id);	/* NULL: none */

#endif
