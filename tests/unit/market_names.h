/* market_names.h - a feed's markets by name: what a test's sink answers and shows. */
#ifndef TESTS_UNIT_MARKET_NAMES_H
#define TESTS_UNIT_MARKET_NAMES_H

#include "worker/feed/feed.h"

#include <stdio.h>
#include <string.h>

static char market_names[64][SYMBOL_MAX];
static int market_names_n;

static inline int market_named(void *ctx, const char *symbol)
{
	int i = 0;

	(void)ctx;
	while (i < market_names_n && strcmp(market_names[i], symbol) != 0)
		i++;
	if (i == market_names_n && i < 64)
		snprintf(market_names[market_names_n++], SYMBOL_MAX, "%s", symbol);
	return i;
}

static inline const char *market_name(int market) { return market_names[market]; }

#endif
