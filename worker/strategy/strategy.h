/*
 * strategy.h - decides when to enter: given the window and the market, a signal.
 *
 * One file per strategy with one const struct strategy; strategies[] lists them.
 * A strategy is pure: same context, same signal.
 *
 * A backtest must pass 15 million candles a second on one core. tests/bench/bench_backtest.c
 * shows what that asks of this interface: columns instead of structs, signals of many candles
 * in one batch, no text per decision. docs/PERFORMANCE.md, "The candle path", has the figures.
 */
#ifndef WORKER_STRATEGY_STRATEGY_H
#define WORKER_STRATEGY_STRATEGY_H

#include "common/registry/bot_config.h"
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

struct strategy_input {			/* borrowed for the call */
	const struct bot_config *config;
	const struct window *window;	/* closed candles of the bot's interval */
	struct window_work *work;	/* of that window; NULL: nobody shares */
	const struct predictor *model;	/* NULL: none loaded */
	struct price last;
	struct book_top top;
};

struct signal {
	bool wanted;			/* an entry is wanted */
	enum side side;
	double confidence;		/* 0..1 */
	double profit_target;		/* fraction of the entry price */
	double stop_loss;		/* fraction of the entry price */
	char rule[32];			/* entry threshold warm_up no_model no_cross side_mode */
	char reason[160];		/* with the numbers */
};

struct strategy {
	const char *name;
	const char *description;
	bool needs_model;
	/* 0 and *out (wanted or not), or ERR_* when it can't decide: the bot goes to ERROR. */
	int (*decide)(const struct strategy_input *in, struct signal *out, struct err *e);
};

/* A new strategy: its file, its line here, and its line in strategies[]. */
extern const struct strategy strategy_model;
extern const struct strategy strategy_ema_cross;

extern const struct strategy *const strategies[];	/* NULL at the end */
const struct strategy *strategy_find(const char *name);

#endif
