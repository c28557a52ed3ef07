/*
 * exchange_info.h - reads a market's rules from the exchange's own answer in a recording.
 *
 * A line of a recording may hold the exact answer to GET /api/v3/exchangeInfo (spot) or
 * GET /fapi/v1/exchangeInfo (USD-M), whole or for some symbols, or one member of its
 * list "symbols" alone:
 *
 *	1723161254087891268 {"symbols":[{"symbol":"BTCUSDT","baseAsset":"BTC", ...}]}
 *	1723161254087891268 {"symbol":"BTCUSDT","baseAsset":"BTC","quoteAsset":"USDT",
 *			     "filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01"}, ...]}
 *
 * Reads PRICE_FILTER, LOT_SIZE and NOTIONAL or MIN_NOTIONAL. A member with "contractType" is a
 * futures contract; one with "contractSize" is COIN-M's and is skipped. (Binance, Exchange
 * information, spot and USD-M, 2025-11.)
 */
#ifndef WORKER_FEED_EXCHANGE_INFO_H
#define WORKER_FEED_EXCHANGE_INFO_H

#include "worker/market/market.h"

#include <stdbool.h>
#include <stddef.h>

/* May these bytes be such a line? A cheap test: they name a filter. */
bool exchange_info_likely(const char *json, size_t len);
/*
 * Appends the markets of such a line to *list (free() it). Skips a member without tick or
 * step, and one with impossible values.
 */
void exchange_info_read(const char *json, size_t len, struct symbol_info **list, size_t *n);

#endif
