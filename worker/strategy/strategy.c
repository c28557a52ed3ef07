#include "worker/strategy/strategy.h"

#include <string.h>

const struct strategy *const strategies[] = {
	&strategy_model,
	&strategy_ema_cross,
	NULL,
};

const struct strategy *strategy_find(const char *name)
{
	for (size_t i = 0; strategies[i]; i++)
		if (strcmp(name, strategies[i]->name) == 0)
			return strategies[i];
	return NULL;
}
