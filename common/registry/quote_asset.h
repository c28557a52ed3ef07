/*
 * quote_asset.h - which asset a pair is priced in, and how little an order in it may be
 * worth, as far as its name tells.
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
/* The least that most of the exchange's markets with that quote demand; 0: not known. */
struct money quote_least_notional(const char *symbol, bool futures);

#endif
