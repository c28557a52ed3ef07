/*
 * quote_asset.h - finds a pair's quote asset by its name, and the usual smallest value of an
 * order in that asset.
 */
#ifndef COMMON_REGISTRY_QUOTE_ASSET_H
#define COMMON_REGISTRY_QUOTE_ASSET_H

#include "common/money.h"

#include <stdbool.h>

/*
 * The longest known asset that a symbol ends with ("USDT" of BTCUSDT; what follows a _ does
 * not count). NULL: none.
 */
const char *quote_asset_of(const char *symbol);
/* The smallest order value of most of the exchange's markets with that quote; 0: not known. */
struct money quote_least_notional(const char *symbol, bool futures);

#endif
