#include "worker/strategy/strategies.h"

#include <string.h>

const struct strategy *const strategies[] = {
	&strategy_model,
	&strategy_ema_cross,
	&strategy_rsi,
	&strategy_grid,
	&strategy_buy_and_hold,
	NULL,
};

const struct strategy *strategy_find(const char *name)
{
	for (size_t i = 0; strategies[i]; i++)
		if (strcmp(name, strategies[i]->spec->name) == 0)
			return strategies[i];
	return NULL;
}
