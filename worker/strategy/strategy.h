/*
 * strategy.h - what decides: a window of closed candles in, intents out.
 *
 * One file per strategy with one const struct strategy; strategies.h lists them. Name,
 * parameters and look-back are in common/registry/strategy_spec.c, because the API checks
 * them too. docs/STRATEGIES.md shows how to write one.
 *
 *	closed candle --> strategy_ask ----> decision: a rule, and a list of intents
 *	                   |  on_candle       enter (side, limit, size, target, stop, tag)
 *	own fill ------> strategy_filled      exit (all or a part), move the stop
 *	                      on_fill
 *
 * A decision is a pure function of its input and of a state, and the state follows from the
 * newest look_back closed candles alone. So a restart, which rebuilds the state from them,
 * changes no decision, and live, paper and backtest decide the same to the last bit.
 *
 * A backtest must pass 15 million candles a second on one core (docs/PERFORMANCE.md, "The
 * candle path"). That is why candles are columns, of which a strategy sees a part without a
 * copy; why a decision costs no text (explain puts one into words where a row is written);
 * and why a strategy may have a batch, which says for many candles at once where on_candle
 * wants something.
 */
#ifndef WORKER_STRATEGY_STRATEGY_H
#define WORKER_STRATEGY_STRATEGY_H

#include "common/registry/bot_config.h"
#include "common/registry/strategy_spec.h"
#include "worker/market/candle.h"
#include "worker/market/features.h"
#include "worker/market/market.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stddef.h>

/* A loaded model, as the engine sees it. */
struct predictor {
	int64_t model_id;
	const char *features;		/* name of its feature list */
	void *ctx;
	/* Probability 0..1 for n features. 0, or ERR_* when the model fails. */
	int (*predict)(void *ctx, const float *features, size_t n, float *out, struct err *e);
};

/*
 * What was computed from one window as it is now. Bots on the same series share it, so
 * that a thousand bots on one model cost one prediction; a result is the same with it
 * or without. Its owner clears it whenever the window changes.
 */
#define WORK_PREDICTIONS 16		/* newest ones; models beyond are asked again */
struct window_work {
	const struct feature_list *list;	/* of features; NULL: none computed yet */
	float features[FEATURES_MAX];
	size_t n;			/* predictions ever made */
	struct {
		int64_t model_id;
		const void *ctx;
		float value;
	} predictions[WORK_PREDICTIONS];	/* ring */
};
static inline void window_work_clear(struct window_work *w)
{
	w->list = NULL;
	w->n = 0;
}

/* ---- what a strategy sees ---- */

struct strategy_position {		/* of this bot: open, or an entry that still waits */
	int64_t order_id;
	enum side side;
	bool waits;			/* nothing of the entry is filled yet */
	struct price entry;		/* mean of its fills; of one that waits its limit */
	struct qty quantity;		/* held */
	int64_t opened_us;		/* UTC, when the order was made */
	char tag[INTENT_TAG_MAX];	/* of the intent that made it */
};

/*
 * Candles of another symbol or interval that a strategy wants to see.
 *
 *	own   |  |  |  |  |  | T	a decision belongs to the end T of its candle
 *	extra |     |     |    .|	it sees those that ended at or before T, and all of them
 *
 * A later one would be knowledge of the future; one that ended before T and has not closed yet
 * (another market's candle may close a little later) is waited for. So live and backtest see
 * the same at T.
 */
#define STRATEGY_EXTRAS_MAX 4
struct strategy_extra {
	const char *symbol;		/* of the bot's exchange; NULL: the bot's own */
	const char *interval;		/* NULL: the bot's own */
	size_t look_back;		/* closed candles of it, 1 to LOOK_BACK_MAX */
};

struct strategy_input {			/* borrowed for the call */
	const struct bot_config *config;
	const double *params;		/* as strategy_spec.h orders them */
	const struct window *window;	/* newest look_back closed candles of the bot's interval */
	struct window_work *work;	/* of that window; NULL: nobody shares */
	const struct predictor *model;	/* NULL: none loaded */
	size_t positions_n;
	const struct strategy_position *positions;
	/*
	 * In the order of extras. Who asks (strategy_ask) gives windows that may hold more and
	 * later candles; on_candle and on_fill see the newest look_back of those that ended
	 * at or before the end of window's newest candle; batch sees them as they were given.
	 */
	const struct window *extra[STRATEGY_EXTRAS_MAX];
};

/* ---- what it answers ---- */

enum intent_kind { INTENT_ENTER, INTENT_EXIT, INTENT_MOVE_STOP };

struct intent {
	enum intent_kind kind;
	enum side side;			/* of the entry, or of the positions that are meant */
	bool market;			/* enter: at market; else as a limit */
	double confidence;		/* enter: 0..1 */
	double size;			/* enter: times what the bot's stake says; 1 */
	double share;			/* exit: of what is held, 0..1; 1 all */
	struct price limit;		/* enter: 0 the best price of its side */
	struct price target, stop;	/* 0: the fraction below. Move: stop is the new one */
	double profit_target;		/* enter: fraction of the entry price; 0 the bot's */
	double stop_loss;		/* enter: fraction of the entry price; 0 the bot's */
	int64_t order_id;		/* exit, move: of this position; 0 all of the side */
	char tag[INTENT_TAG_MAX];	/* enter: the position can be told by it later */
};

#define INTENTS_MAX 16
#define DECISION_FIGURES 4
#define DECISION_REASON_MAX 160
struct decision {
	size_t n;
	struct intent intents[INTENTS_MAX];	/* n of them; the rest is not written */
	const char *rule;		/* constant: entry exit warm_up no_model threshold ... */
	enum side side;			/* what it leans to, with or without an intent */
	double confidence;		/* 0..1 */
	double figures[DECISION_FIGURES];	/* what explain() puts into words */
};

/* A bit per candle of a history: on_candle gives such an intent there. */
struct signals {
	uint64_t *buy, *sell;		/* INTENT_ENTER */
	uint64_t *exit;			/* INTENT_EXIT */
};

/* A fill of an own order, for on_fill. */
struct strategy_fill {			/* borrowed for the call */
	int64_t order_id;
	enum side side;			/* of the fill: an exit of a long sells */
	bool entry;
	bool closed;			/* the trade is over: in->positions has it no more */
	struct price price;
	struct qty quantity;		/* of this fill alone */
	int64_t time_us;		/* ours, UTC */
	const char *tag;		/* of the intent that made the entry, "" none */
};

struct strategy {
	const struct strategy_spec *spec;
	size_t state_size;		/* bytes; 0: it needs none */
	/* The state, all zero, before its first candle. NULL: zero is right. */
	void (*init)(void *state, const double *params);
	/*
	 * A candle closed. 0 and *out, or ERR_* when it can't decide: the bot goes to ERROR.
	 * Out comes with n = 0 and everything else but the intents zero. With a state it is
	 * also called for the candles before its look-back is full (window->n is less); what
	 * it answers there counts for nothing.
	 */
	int (*on_candle)(void *state, const struct strategy_input *in, struct decision *out,
			 struct err *e);
	/*
	 * An own order was filled: it may answer with intents at once, instead of at the next
	 * candle, and change its state. NULL: it does not mind. "in" is as at the newest closed
	 * candle, its positions as they are after the fill. Out and errors as on_candle's. What
	 * it keeps of this in its state is lost at a restart, which rebuilds the state from
	 * candles: it must decide nothing that in->positions would not decide as well.
	 */
	int (*on_fill)(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		       struct decision *out, struct err *e);
	/* The decision in words with its figures. NULL: the rule says it all. */
	void (*explain)(const struct strategy_input *in, const struct decision *d,
			char reason[DECISION_REASON_MAX]);
	/*
	 * Sets the bits of all candles of in->window, as many as there are, whose look-back is
	 * full: exactly where on_candle without positions gives such an intent. The bits come
	 * cleared. Only for a strategy without state whose wishes don't depend on positions.
	 * With extras it uses strategy_extra_at for the candles that on_candle would see.
	 */
	void (*batch)(const struct strategy_input *in, struct signals *out);
	/*
	 * What else it wants to see: fills out, returns how many. NULL: nothing. Only for a
	 * strategy without state, because a state would be rebuilt from more candles of each
	 * than a window keeps.
	 */
	size_t (*extras)(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX]);
};

/*
 * Ask about the newest candle of in->window, which may hold more candles than the look-back:
 * the strategy sees the newest of them. Without a model that it needs, or with fewer
 * candles of it or of an extra, the rule is "no_model" or "warm_up". ERR_* as on_candle.
 */
MUST_CHECK int strategy_ask(const struct strategy *s, void *state, const struct strategy_input *in,
			    struct decision *out, struct err *e);
/*
 * The state as it is after the newest candle of in->window, from the look-back's candles
 * alone: after a start, a gap, or a change of parameters. ERR_* as on_candle.
 */
MUST_CHECK int strategy_rebuild(const struct strategy *s, void *state,
				const struct strategy_input *in, struct err *e);
/*
 * strategy_ask with a state that may be behind: *state (NULL: none yet, allocated here, the
 * caller's to free) is as it was after the candle that opened at *seen_us. Where that is not
 * the one before the newest, the state is rebuilt first.
 */
MUST_CHECK int strategy_follow(const struct strategy *s, void **state, int64_t *seen_us,
			       const struct strategy_input *in, struct decision *out,
			       struct err *e);
/*
 * Tell it of a fill; state and seen_us as strategy_follow's. Out is empty where it does not mind
 * or has not what it needs (a model, candles). ERR_* as on_fill.
 */
MUST_CHECK int strategy_filled(const struct strategy *s, void **state, int64_t *seen_us,
			       const struct strategy_input *in, const struct strategy_fill *f,
			       struct decision *out, struct err *e);
/* The decision in words; returns reason. */
const char *strategy_reason(const struct strategy *s, const struct strategy_input *in,
			    const struct decision *d, char reason[DECISION_REASON_MAX]);
/* One more intent, its kind set and the rest zero except size and share, which are 1. */
struct intent *decision_add(struct decision *d, enum intent_kind kind, enum side side);
/* May a bot of this side_mode enter on this side? */
bool strategy_side_allowed(const struct bot_config *c, enum side side);
/* The extras of a strategy with these settings; returns how many. */
size_t strategy_extras(const struct strategy *s, const double *params,
		       struct strategy_extra out[STRATEGY_EXTRAS_MAX]);
/*
 * How many of the oldest candles of another window may be seen by a decision at decision_us
 * (the end of the bot's own newest candle): those that ended by then.
 */
size_t strategy_aligned(const struct window *w, int64_t decision_us);
/* The newest look_back of them, fewer if there are not so many; owns nothing. */
struct window strategy_extra_at(const struct window *w, int64_t decision_us, size_t look_back);
/* No candle is missing in it that ended by then. True of an empty one: nothing has begun. */
bool strategy_complete(const struct window *w, int64_t decision_us);

static inline void signal_set(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << i % 64;
}
static inline bool signal_get(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

#endif
