#include "common/asset.h"

#include <stdio.h>
#include <string.h>

#define UNIT INT64_C(100000000)	/* 1 in units of 1e-8 */

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
static size_t quote_of(const char *symbol, size_t len)
{
	size_t best = QUOTES_N, best_len = 0;

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

static size_t pair_len(const char *symbol)
{
	return strcspn(symbol, "_"); /* BTCUSDT_240927: a contract that ends */
}

bool asset_split(const char *symbol, char base[ASSET_MAX], char quote[ASSET_MAX])
{
	size_t len = pair_len(symbol), i = quote_of(symbol, len), q;

	if (i == QUOTES_N) {
		snprintf(base, ASSET_MAX, "%.11s", symbol);
		snprintf(quote, ASSET_MAX, "unknown");
		return false;
	}
	q = strlen(quotes[i].name);
	snprintf(base, ASSET_MAX, "%.*s", (int)(len - q < 11 ? len - q : 11), symbol);
	snprintf(quote, ASSET_MAX, "%s", quotes[i].name);
	return true;
}

struct money asset_min_notional(const char *symbol)
{
	size_t i = quote_of(symbol, pair_len(symbol));

	return money_of_units(i < QUOTES_N ? quotes[i].min_notional : 0);
}
