/*
 * data.h - series for charts: tables equity and candles.
 */
#ifndef API_STORE_DATA_H
#define API_STORE_DATA_H

#include "api/store/rows.h"
#include "common/db/db.h"
#include "common/registry/market_source.h"

#include <stdint.h>

/* What their rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_data_equity_columns[], store_data_candle_columns[],
	store_data_list_columns[], store_data_feed_columns[],
	store_data_market_columns[];

struct time_range { int64_t from_us, to_us; };	/* from inclusive, to exclusive */

MUST_CHECK int store_data_equity(struct db *db, int64_t bot_id, const struct time_range *t,
				 const struct page *p, struct json *j, struct err *e);
/* The source of the newest candles of a symbol and interval; "" where none are stored. */
MUST_CHECK int store_data_source(struct db *db, const char *symbol, const char *interval,
				 char out[MARKET_SOURCE_MAX], struct err *e);
struct candle_series { const char *source, *symbol, *interval; };
MUST_CHECK int store_data_candles(struct db *db, const struct candle_series *c,
				  const struct time_range *t, const struct page *p,
				  struct json *j, struct err *e);
/* How many candles the unbroken series has whose last one ended after after_us; 0: none did. */
MUST_CHECK int store_data_unbroken(struct db *db, const struct candle_series *c, int64_t after_us,
				   int64_t *n, struct err *e);
/* "candles": per source, symbol and interval how many, from when to when. */
MUST_CHECK int store_data_list(struct db *db, struct json *j, struct err *e);
/* "markets": the rules of the worker's markets, and where they come from. */
MUST_CHECK int store_data_markets(struct db *db, struct json *j, struct err *e);
/*
 * "symbols": for each source, symbol and interval in a bot's settings, the newest closed
 * candle with a trade (null: none is stored) and the ms since its end.
 */
MUST_CHECK int store_data_feed(struct db *db, int64_t now_us, struct json *j, struct err *e);

#endif
