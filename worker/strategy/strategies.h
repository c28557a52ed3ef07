/* strategies.h - the list of all strategies. */
#ifndef WORKER_STRATEGY_STRATEGIES_H
#define WORKER_STRATEGY_STRATEGIES_H

#include "worker/strategy/strategy.h"

/* A new strategy has a spec, a file, a line here and a line in strategies[]. */
extern const struct strategy strategy_model;
extern const struct strategy strategy_ema_cross;
extern const struct strategy strategy_rsi;
extern const struct strategy strategy_grid;
extern const struct strategy strategy_buy_and_hold;

extern const struct strategy *const strategies[];	/* NULL at the end */
const struct strategy *strategy_find(const char *name);	/* NULL: there is none */

#endif
