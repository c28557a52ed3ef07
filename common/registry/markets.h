/*
 * markets.h - table markets: the rules of the worker's markets, and where these come from. The
 * worker writes it; API and command line show it.
 */
#ifndef COMMON_REGISTRY_MARKETS_H
#define COMMON_REGISTRY_MARKETS_H

#include "common/db/db.h"
#include "common/registry/symbol_info.h"

/* Adds or replaces a market. */
MUST_CHECK int store_market_put_tx(struct db *db, const struct symbol_info *info, int64_t now_us,
				   struct err *e);
/* Deletes the markets that were not written at now_us, because the worker has them no more. */
MUST_CHECK int store_markets_trim_tx(struct db *db, int64_t now_us, struct err *e);

/*
 * The rules as the worker has them. ERR_NOT_FOUND: it doesn't have this market (or never
 * ran, or the schema is older).
 */
MUST_CHECK int store_market_get(struct db *db, const char *symbol, bool futures,
				struct symbol_info *out, struct err *e);
/* Every market, by symbol and source; nothing from an older schema. */
typedef void store_market_fn(void *ctx, const struct symbol_info *info);
MUST_CHECK int store_markets_each(struct db *db, store_market_fn *fn, void *ctx, struct err *e);

#endif
