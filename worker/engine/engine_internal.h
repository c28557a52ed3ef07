/*
 * engine_internal.h - top floor of the engine: what its files share; nobody else includes it.
 *
 *	engine.c		making and freeing an engine, its time, bots' reports
 *	engine_effects.c	carries out the effects of a bot's step
 *	engine_market.c		markets, their candles and events
 *	engine_bot.c		the list of bots, their settings and models
 *	engine_command.c	commands to a bot
 */
#ifndef WORKER_ENGINE_ENGINE_INTERNAL_H
#define WORKER_ENGINE_ENGINE_INTERNAL_H

#include "worker/engine/bot.h"
#include "worker/engine/engine.h"

/*
 * A silence may close any number of candles. At most this many are handed on, so that the work
 * is bounded. Those left out all repeat the last close, so a window full of repeats is what
 * they would have given as well.
 */
#define CANDLES_AT_ONCE 256
_Static_assert(CANDLES_AT_ONCE >= 2 * CANDLE_WINDOW, "a silence must fill the window");

struct engine {
	struct engine_args args;
	struct conditions all;
	struct next_ids ids;
	struct effects effects;		/* of the step under way */
	bool settling;			/* the effects are being carried out */
	int64_t now_us;
	int64_t due_us;			/* no bot and no market has an earlier deadline */
	int64_t close_us;		/* no market has to close a candle earlier */
	size_t markets_n;
	struct market **markets;
	size_t accounts_n;
	struct account **accounts;	/* reported by the venue, or of a bot; by bot id */
	size_t bots_n;
	struct bot **bots;		/* by id, ascending */
	int64_t *dues;			/* the bots' deadlines; an array, because scanned often */
	enum warm_up warm;
	size_t report_at;		/* index of the bot whose turn it is to be reported */
	struct candle closed[CANDLES_AT_ONCE];	/* by the newest event; too large for the stack */
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
/*
 * Ends a step of this bot: carries out its effects, then computes its deadline, its quiet
 * prices and the counts of open orders anew.
 */
void engine_step_done(struct engine *e, struct bot *b);
/* The same for steps that mostly change nothing: does nothing then, to save the time. */
static inline void engine_step_maybe(struct engine *e, struct bot *b)
{
	if (e->effects.n || e->effects.closes_wait || e->effects.looks_moved)
		engine_step_done(e, b);
}

/* ---- engine_market.c ---- */

void market_free(struct market *m);
/*
 * Closes, by our clock (at_us), the candles that no event closed. act: bots decide on them.
 * until_us: the time that the clock is being brought to; candles far before it are closed in
 * one go. Sets e->close_us.
 */
void markets_close(struct engine *e, int64_t at_us, int64_t until_us, bool act);
/* The candles of an interval, made from now on if nobody asked before. NULL: no such interval. */
struct series *market_series(struct market *m, const char *interval);
/* From now on its window keeps look_back candles, and "ahead" more that came after them. */
void series_keep(struct series *s, size_t look_back, size_t ahead);
void market_join(struct market *m, struct bot *b);
void market_leave(struct market *m, const struct bot *b);

/* Warm-up: our clock closes candles as it did before the restart, and no bot decides. */
void markets_warm(struct engine *e, int64_t now_us);

/* ---- engine_bot.c ---- */

struct bot *engine_find_bot(const struct engine *e, int64_t bot_id);	/* NULL: none */
/* As engine_find_bot. ERR_NOT_FOUND: there is none. */
MUST_CHECK int engine_need_bot(const struct engine *e, int64_t bot_id, struct bot **out,
			       struct err *err);
/* The bot's account; empty until the venue reports it. The pointer stays valid. */
struct account *engine_account(struct engine *e, int64_t bot_id);

#endif
