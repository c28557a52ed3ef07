#include "common/registry/quote_asset.h"

#include <string.h>

#define UNIT INT64_C(100000000)	/* 1 in units of 1e-8 */
#define FUTURES_MIN_NOTIONAL (5 * UNIT)	/* most USD-M contracts, 2024-08 */

/*
 * Assets that others are priced in, and the least worth of an order in them on spot
 * (Binance exchangeInfo, 2024-08; 0: not known here).
 */
static const struct {
	const char *name;
	int64_t min_notional;	/* 1e-8 */
} quotes[] = {
	{ "USDT", 5 * UNIT }, { "FDUSD", 5 * UNIT }, { "USDC", 5 * UNIT }, { "TUSD", 5 * UNIT },
	{ "BUSD", 5 * UNIT }, { "USDP", 5 * UNIT }, { "USD1", 5 * UNIT }, { "DAI", 5 * UNIT },
	{ "USD", 5 * UNIT }, { "PAX", 0 }, { "UST", 0 }, { "USDS", 0 }, { "XUSD", 0 },
	{ "BFUSD", 0 }, { "USDE", 0 }, { "EUR", 5 * UNIT }, { "AEUR", 5 * UNIT },
	{ "EURI", 5 * UNIT }, { "GBP", 5 * UNIT }, { "AUD", 0 }, { "TRY", 10 * UNIT },
	{ "BRL", 10 * UNIT }, { "ARS", 0 }, { "MXN", 0 }, { "PLN", 0 }, { "RON", 0 },
	{ "CZK", 0 }, { "ZAR", 0 }, { "UAH", 0 }, { "JPY", 0 }, { "RUB", 0 }, { "NGN", 0 },
	{ "COP", 0 }, { "IDR", 0 }, { "IDRT", 0 }, { "BIDR", 0 }, { "BKRW", 0 }, { "BVND", 0 },
	{ "BTC", UNIT / 10000 }, { "ETH", UNIT / 1000 }, { "BNB", UNIT / 100 }, { "SOL", 0 },
	{ "TRX", 0 }, { "XRP", 0 }, { "DOGE", 0 }, { "DOT", 0 },
};
#define QUOTES_N (sizeof(quotes) / sizeof(quotes[0]))

/* Index of the longest asset that the name ends with, or QUOTES_N. */
static size_t find(const char *symbol)
{
	size_t best = QUOTES_N, best_len = 0, len = strcspn(symbol, "_");

	for (size_t i = 0; i < QUOTES_N; i++) {
		size_t q = strlen(quotes[i].name);

		if (len > q && q > best_len &&
		    memcmp(symbol + len - q, quotes[i].name, q) == 0) {
			best = i;
			best_len = q;
		}
	}
	return best;
}

const char *quote_asset_of(const char *symbol)
{
	size_t i = find(symbol);

	return i < QUOTES_N ? quotes[i].name : NULL;
}

struct money quote_least_notional(const char *symbol, bool futures)
{
	size_t i = find(symbol);

	if (futures)
		return money_of_units(FUTURES_MIN_NOTIONAL);
	return money_of_units(i < QUOTES_N ? quotes[i].min_notional : 0);
}
