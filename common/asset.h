/*
 * asset.h - base and quote of a symbol, where nobody tells them: by the assets that others
 * are priced in.
 */
#ifndef COMMON_ASSET_H
#define COMMON_ASSET_H

#include "common/money.h"

#include <stdbool.h>

#define ASSET_MAX 12		/* with NUL */

/*
 * Base and quote of a symbol, by the longest known quote asset that it ends with. False:
 * none; then base is the symbol and quote "unknown".
 */
bool asset_split(const char *symbol, char base[ASSET_MAX], char quote[ASSET_MAX]);
/* What an order on spot must be worth at least in the symbol's quote asset; 0 not known. */
struct money asset_min_notional(const char *symbol);

#endif
