/*
 * strategy_spec.h - what both programs know of a strategy: its name, its parameters, and how
 * many candles it looks at. The code that decides is in worker/strategy/.
 *
 * Validation, the API's description, docs/STRATEGIES.md and the optimiser read the same
 * tables. All values of a bot are stored, so that a later default changes no running bot.
 */
#ifndef COMMON_REGISTRY_STRATEGY_SPEC_H
#define COMMON_REGISTRY_STRATEGY_SPEC_H

#include "common/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define STRATEGY_PARAMS_MAX 12
#define LOOK_BACK_MAX 2000		/* closed candles, the longest window there is */

enum strategy_param_type { STRATEGY_INT, STRATEGY_REAL, STRATEGY_BOOL, STRATEGY_WORD };

struct strategy_param {
	const char *name;		/* key in strategy_params */
	enum strategy_param_type type;
	double min, max;		/* inclusive; true is 1, a word its place */
	double def;			/* default */
	const char *help;		/* one sentence with the unit */
	const char *const *words;	/* STRATEGY_WORD: "max" + 1 of them */
};

struct strategy_spec {
	const char *name;		/* as in a bot's key "strategy" */
	const char *description;	/* one sentence */
	bool needs_model;
	size_t params_n;
	struct strategy_param params[STRATEGY_PARAMS_MAX];
	/* Closed candles that a decision with these values looks at: 1 to LOOK_BACK_MAX. */
	size_t (*look_back)(const double *params);
	/* A rule over several values, each in range: what is wrong, or NULL. NULL: no rule. */
	const char *(*broken)(const double *params);
};

/* Places in the arrays of values; a test holds them against the names. */
enum { EMA_FAST, EMA_SLOW, EMA_TREND };
enum { RSI_PERIOD, RSI_LOW, RSI_HIGH, RSI_EXIT };
enum { GRID_SPACING, GRID_RUNGS };

extern const struct strategy_spec strategy_spec_model;
extern const struct strategy_spec strategy_spec_ema_cross;
extern const struct strategy_spec strategy_spec_rsi;
extern const struct strategy_spec strategy_spec_grid;
extern const struct strategy_spec strategy_spec_buy_and_hold;

extern const struct strategy_spec *const strategy_specs[];	/* NULL at the end */
/* NULL: there is no such strategy. */
const struct strategy_spec *strategy_spec_find(const char *name);
/* values[STRATEGY_PARAMS_MAX] become the defaults; those that it does not have are 0. */
void strategy_params_default(const struct strategy_spec *s, double *values);
const char *strategy_param_word(const struct strategy_param *p, double value);
/* What p takes: "a whole number from 2 to 1000". */
void strategy_param_allowed(const struct strategy_param *p, struct buf *out);

#endif
