/*
 * engine_internal.h - top floor of the engine: what its files share; nobody else includes it.
 *
 *	engine.c		life, time, whose report is due
 *	engine_effects.c	begins a step of a bot, and carries out what comes of it
 *	engine_market.c		markets, their candles, and what is heard of them
 *	engine_bot.c		the list of bots, their settings and models
 *	engine_command.c	what a person asks of a bot
 */
#ifndef WORKER_ENGINE_ENGINE_INTERNAL_H
#define WORKER_ENGINE_ENGINE_INTERNAL_H

#include "worker/engine/bot.h"
#include "worker/engine/engine.h"

/*
 * A silence may end any number of candles. So many are handed on; of the others only
 * that they were like the last one, which a window full of repeats says as well.
 */
#define CANDLES_AT_ONCE 256
_Static_assert(CANDLES_AT_ONCE >= 2 * CANDLE_WINDOW, "a silence must fill the window");

struct engine {
	struct engine_args args;
	struct conditions all;
	struct next_ids ids;
	struct effects effects;		/* of the step under way */
	bool settling;			/* they are being carried out */
	int64_t now_us;
	int64_t due_us;			/* no bot and no market has an earlier deadline */
	int64_t close_us;		/* no market has an earlier one to close candles */
	size_t markets_n;
	struct market **markets;
	size_t accounts_n;
	struct account **accounts;	/* that the venue told, or bots have; by bot id */
	size_t bots_n;
	struct bot **bots;		/* by id, ascending */
	int64_t *dues;			/* their deadlines, side by side: looked through often */
	enum warm_up warm;
	size_t report_at;		/* whose turn it is to be reported */
	struct candle closed[CANDLES_AT_ONCE];	/* by the newest event: too much for the stack */
};

/* ---- engine_effects.c ---- */

static inline struct step engine_step(struct engine *e, struct bot *b, int64_t now_us)
{
	return (struct step){
		.now_us = now_us, .market = b->market, .venue = e->args.venue,
		.caps = b->caps, .all = &e->all, .ids = &e->ids,
		.effects = &e->effects,
	};
}
/* A step of this bot is over: its effects are carried out, its deadline and counts set. */
void engine_step_done(struct engine *e, struct bot *b);
/* The same where a step mostly has no effects and moves no deadline. */
static inline void engine_step_maybe(struct engine *e, struct bot *b)
{
	if (e->effects.n || e->effects.closes_wait || e->effects.looks_moved)
		engine_step_done(e, b);
}

/* ---- engine_market.c ---- */

void market_free(struct market *m);
/*
 * Our clock is at_us: close the candles that no event closed. act: bots decide. until_us
 * is where the clock goes on to: what lies far before it is closed in one go. Sets
 * e->close_us.
 */
void markets_close(struct engine *e, int64_t at_us, int64_t until_us, bool act);
/* Candles of an interval from now on. NULL: there is no such interval. */
struct series *market_series(struct market *m, const char *interval);
/* Its window keeps look_back candles from now on, and "ahead" later ones beside them. */
void series_keep(struct series *s, size_t look_back, size_t ahead);
void market_join(struct market *m, struct bot *b);
void market_leave(struct market *m, const struct bot *b);

/* Warming up: candles close by our clock as they did when the bots were there. */
void markets_warm(struct engine *e, int64_t now_us);

/* ---- engine_bot.c ---- */

struct bot *engine_find_bot(const struct engine *e, int64_t bot_id);	/* NULL: none */
/* ERR_NOT_FOUND: there is none. */
MUST_CHECK int engine_need_bot(const struct engine *e, int64_t bot_id, struct bot **out,
			       struct err *err);
/* Of this bot; an empty one where the venue has told none. Its address stays. */
struct account *engine_account(struct engine *e, int64_t bot_id);

#endif
