/*
 * strategy.h - what a strategy is: it gets windows of closed candles and gives back intents.
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
 * A backtest must work through 15 million candles a second on one core (docs/PERFORMANCE.md,
 * "The candle path"). Therefore candles are columns, and a strategy sees a part of them without
 * a copy; a decision makes no text (explain() makes it where a row is written); and a strategy
 * may have a batch, which computes for many candles at once where on_candle gives an intent.
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
 * Results that were computed from the present content of one window. The bots of a series share
 * them, so that a thousand bots with one model need one prediction. This only saves time: the
 * results are the same without it. The window's owner clears them when the window changes.
 */
#define WORK_PREDICTIONS 16		/* the newest; an older one is computed again */
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

struct strategy_position {		/* a trade of this bot that is not closed */
	int64_t order_id;
	enum side side;
	bool waits;			/* its entry has no fill yet */
	struct price entry;		/* mean price of its fills; while it waits its limit */
	struct qty quantity;		/* held */
	int64_t opened_us;		/* UTC, when the order was made */
	char tag[INTENT_TAG_MAX];	/* of the intent that asked for it */
};

/*
 * Candles of another symbol or interval that a strategy also sees.
 *
 *	own	|   |   |   |   |   |   T	T: end of the bot's newest candle
 *	extra	|       |       |       |	it sees these
 *	extra	|          |          |    .	it sees the two that ended, not the third
 *
 * A decision belongs to T. The strategy sees the extra candles that ended at or before T, and
 * never one that ended later, because that would tell the future. If one has ended by T but is
 * not closed yet (another market may close it a moment later), the decision waits for it. So
 * live trading and a backtest show the same candles at T.
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
	const struct window *window;	/* the newest look_back closed candles */
	struct window_work *work;	/* of that window; NULL: it is not shared */
	const struct predictor *model;	/* NULL: none loaded */
	size_t positions_n;
	const struct strategy_position *positions;
	/*
	 * In the order of extras(). The caller of strategy_ask passes windows that may hold more
	 * candles, and later ones. on_candle and on_fill see of each the newest look_back
	 * candles that ended at or before T (above). batch sees them as they were passed.
	 */
	const struct window *extra[STRATEGY_EXTRAS_MAX];
};

/* ---- what it answers ---- */

enum intent_kind { INTENT_ENTER, INTENT_EXIT, INTENT_MOVE_STOP };

struct intent {
	enum intent_kind kind;
	enum side side;			/* of the entry; exit, move: of the positions */
	bool market;			/* enter: at market; false: as a limit */
	double confidence;		/* enter: 0..1 */
	double size;			/* enter: the bot's stake is multiplied by it; 1 */
	double share;			/* exit: fraction of what is held, 0..1 */
	struct price limit;		/* enter; 0: the best price of its side */
	struct price target, stop;	/* enter; 0: by the fractions below. Move: the new stop */
	double profit_target;		/* enter: fraction of the entry price; 0: the bot's */
	double stop_loss;		/* enter: fraction of the entry price; 0: the bot's */
	int64_t order_id;		/* exit, move: this position; 0: all of that side */
	char tag[INTENT_TAG_MAX];	/* enter: names the position in later decisions */
};

#define INTENTS_MAX 16
#define DECISION_FIGURES 4
#define DECISION_REASON_MAX 160
struct decision {
	size_t n;
	struct intent intents[INTENTS_MAX];	/* the first n are valid */
	const char *rule;		/* constant text: entry, exit, warm_up, threshold ... */
	enum side side;			/* to which it tends, also without an intent */
	double confidence;		/* 0..1 */
	double figures[DECISION_FIGURES];	/* numbers for explain() */
};

/* One bit per candle of a history, set where on_candle gives such an intent. */
struct signals {
	uint64_t *buy, *sell;		/* INTENT_ENTER */
	uint64_t *exit;			/* INTENT_EXIT */
};

/* A fill of an own order, for on_fill. */
struct strategy_fill {			/* borrowed for the call */
	int64_t order_id;
	enum side side;			/* of the fill: an exit of a long sells */
	bool entry;
	bool closed;			/* the trade is over and not in in->positions any more */
	struct price price;
	struct qty quantity;		/* of this fill alone */
	int64_t time_us;		/* ours, UTC */
	const char *tag;		/* of the intent that asked for the entry; "": none */
};

struct strategy {
	const struct strategy_spec *spec;
	size_t state_size;		/* bytes; 0: it has no state */
	/* Prepares the zeroed state for its first candle. NULL: zero is right. */
	void (*init)(void *state, const double *params);
	/*
	 * A candle closed. Returns 0 and *out, or ERR_* when it can't decide: the bot then goes
	 * to ERROR. *out comes with n = 0, and with everything zero except the intents. A
	 * strategy with a state is also called for candles before its look-back is full
	 * (window->n is smaller); those answers are ignored.
	 */
	int (*on_candle)(void *state, const struct strategy_input *in, struct decision *out,
			 struct err *e);
	/*
	 * One of the bot's own orders was filled. The strategy may answer with intents at once,
	 * without waiting for a candle, and may change its state. NULL: fills don't matter to it.
	 * "in" has the windows of the newest decided candle, and the positions after the fill.
	 * *out and errors as for on_candle. A restart rebuilds the state from candles alone, and
	 * what on_fill has put there is lost: no decision may depend on it that does not
	 * follow from in->positions as well.
	 */
	int (*on_fill)(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		       struct decision *out, struct err *e);
	/* Puts the decision with its figures into words. NULL: the rule says enough. */
	void (*explain)(const struct strategy_input *in, const struct decision *d,
			char reason[DECISION_REASON_MAX]);
	/*
	 * Sets the bit of each candle of in->window (of any length) at which on_candle, without
	 * positions, gives such an intent; none where a look-back is not full. The bits come
	 * cleared. NULL: it has none. A strategy that has a state or looks at its positions must
	 * have none. With extras it uses strategy_extra_at to see what on_candle would see.
	 */
	void (*batch)(const struct strategy_input *in, struct signals *out);
	/*
	 * Names the extra candles that it sees: fills out, returns how many. NULL: none. A
	 * strategy with extras must have no state, because rebuilding it would need more extra
	 * candles than a window keeps.
	 */
	size_t (*extras)(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX]);
};

/*
 * Asks about the newest candle of in->window. The window may hold more candles than the
 * look-back; the strategy sees the newest of them. If it needs a model and there is none, the
 * rule is "no_model"; if this window or an extra one is shorter than its look-back, "warm_up".
 * ERR_* as on_candle.
 */
MUST_CHECK int strategy_ask(const struct strategy *s, void *state, const struct strategy_input *in,
			    struct decision *out, struct err *e);
/*
 * Makes the state what it is after the newest candle of in->window, from the look-back's candles
 * alone. Needed after a start, a gap, or a change of parameters. ERR_* as on_candle.
 */
MUST_CHECK int strategy_rebuild(const struct strategy *s, void *state,
				const struct strategy_input *in, struct err *e);
/*
 * strategy_ask with a state that may be out of date. *state is the caller's to free; it is
 * allocated here when it is NULL. It is the state after the candle that opened at *seen_us. If
 * that is not the candle before the newest one, the state is rebuilt first.
 */
MUST_CHECK int strategy_follow(const struct strategy *s, void **state, int64_t *seen_us,
			       const struct strategy_input *in, struct decision *out,
			       struct err *e);
/*
 * Tells the strategy of a fill; state and seen_us as in strategy_follow. *out is empty if it has
 * no on_fill, lacks the model that it needs, or warms up. ERR_* as on_fill.
 */
MUST_CHECK int strategy_filled(const struct strategy *s, void **state, int64_t *seen_us,
			       const struct strategy_input *in, const struct strategy_fill *f,
			       struct decision *out, struct err *e);
/* Writes the decision in words; returns reason. */
const char *strategy_reason(const struct strategy *s, const struct strategy_input *in,
			    const struct decision *d, char reason[DECISION_REASON_MAX]);
/* Adds an intent: kind and side are set, size and share are 1, everything else is zero. */
struct intent *decision_add(struct decision *d, enum intent_kind kind, enum side side);
/* May a bot of this side_mode enter on this side? */
bool strategy_side_allowed(const struct bot_config *c, enum side side);
/* The extras of a strategy with these parameters; returns how many. */
size_t strategy_extras(const struct strategy *s, const double *params,
		       struct strategy_extra out[STRATEGY_EXTRAS_MAX]);
/*
 * How many candles of another window, counted from its oldest, a decision at decision_us may
 * see: those that ended at or before then.
 */
size_t strategy_aligned(const struct window *w, int64_t decision_us);
/* The newest look_back of those (or all, if there are fewer), as a window that owns nothing. */
struct window strategy_extra_at(const struct window *w, int64_t decision_us, size_t look_back);
/* Does it hold every candle that ended by then? True of an empty window: it has not begun. */
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
