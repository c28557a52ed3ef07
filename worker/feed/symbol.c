#include "worker/feed/symbol.h"
#include "worker/feed/feed.h"

#include <stdio.h>
#include <string.h>

#define UNIT INT64_C(100000000)	/* 1 in units of 1e-8 */

struct filters {
	int64_t tick, step, max_qty, min_notional;	/* 1e-8 */
};

/*
 * Binance exchangeInfo, spot and USD-M, 2024-08. minQty equals the step. A live
 * venue asks the exchange; these serve the paper account where it can't be asked.
 */
static const struct {
	const char *symbol;
	int64_t price;		/* 1e-8, 2024-08-09 */
	struct filters spot, futures;
} known[] = {
	{ "BTCUSDT", 61800 * UNIT,
	  { 1000000, 1000, 9000 * UNIT, 5 * UNIT },
	  { 10000000, 100000, 1000 * UNIT, 100 * UNIT } },
	{ "ETHUSDT", 2680 * UNIT,
	  { 1000000, 10000, 9000 * UNIT, 5 * UNIT },
	  { 1000000, 100000, 10000 * UNIT, 20 * UNIT } },
	{ "SOLUSDT", 160 * UNIT,
	  { 1000000, 100000, 90000 * UNIT, 5 * UNIT },
	  { 100000, UNIT, 1000000 * UNIT, 5 * UNIT } },
	{ "BNBUSDT", 512 * UNIT,
	  { 10000000, 100000, 9000 * UNIT, 5 * UNIT },
	  { 1000000, 1000000, 100000 * UNIT, 5 * UNIT } },
	{ "XRPUSDT", 61 * UNIT / 100,
	  { 10000, UNIT, 900000 * UNIT, 5 * UNIT },
	  { 10000, UNIT / 10, 10000000 * UNIT, 5 * UNIT } },
	{ "DOGEUSDT", 105 * UNIT / 1000,
	  { 1000, UNIT, 9000000 * UNIT, 5 * UNIT },
	  { 1000, UNIT, 50000000 * UNIT, 5 * UNIT } },
};
#define KNOWN_N (sizeof(known) / sizeof(known[0]))

/* Longer ones first: FDUSD before USD. */
static const char *const quotes[] = {
	"FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USD", "EUR", "TRY", "BRL", "JPY", "BTC", "ETH",
	"BNB",
};

uint64_t symbol_hash(const char *symbol)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *symbol; symbol++)
		h = (h ^ (unsigned char)*symbol) * UINT64_C(1099511628211);
	return h ^ h >> 29;
}

static size_t find_known(const char *symbol)
{
	size_t i = 0;

	while (i < KNOWN_N && strcmp(known[i].symbol, symbol) != 0)
		i++;
	return i;
}

struct price symbol_start_price(const char *symbol)
{
	size_t i = find_known(symbol);
	uint64_t h = symbol_hash(symbol);
	int64_t price = UNIT / 10;

	if (i < KNOWN_N)
		return price_of_units(known[i].price);
	for (uint64_t decade = h % 4; decade > 0; decade--)
		price *= 10;
	return price_of_units(price * (int64_t)(10 + h / 4 % 90) / 10);
}

/* The largest power of ten, in 1e-8, that is at most v; at least 1. */
static int64_t power_of_ten(int64_t v)
{
	int64_t p = 1;

	while (p <= v / 10)
		p *= 10;
	return p;
}

/* About 1 bp for a tick, and a step that is worth about a tenth of the quote asset. */
static struct filters filters_by_price(int64_t price)
{
	struct filters f = { .tick = power_of_ten(price / 10000 + 1), .min_notional = 5 * UNIT };

	f.step = power_of_ten((int64_t)((__int128)UNIT * UNIT / 5 / price) + 1);
	f.max_qty = (int64_t)((__int128)UNIT * UNIT * 1000000 / price);
	f.max_qty -= f.max_qty % f.step;
	return f;
}

static void split(const char *symbol, char base[12], char quote[12])
{
	size_t len = strlen(symbol);

	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		size_t q = strlen(quotes[i]);

		if (len > q && strcmp(symbol + len - q, quotes[i]) == 0) {
			snprintf(base, 12, "%.*s", (int)(len - q < 11 ? len - q : 11), symbol);
			snprintf(quote, 12, "%s", quotes[i]);
			return;
		}
	}
	snprintf(base, 12, "%.11s", symbol);
	snprintf(quote, 12, "USDT");
}

void symbol_info_default(const char *symbol, bool futures, struct symbol_info *out)
{
	size_t i = find_known(symbol);
	struct filters f;

	if (i < KNOWN_N)
		f = futures ? known[i].futures : known[i].spot;
	else
		f = filters_by_price(price_units(symbol_start_price(symbol)));
	*out = (struct symbol_info){
		.futures = futures, .tick = price_of_units(f.tick), .step = qty_of_units(f.step),
		.min_qty = qty_of_units(f.step), .max_qty = qty_of_units(f.max_qty),
		.min_notional = money_of_units(f.min_notional),
		.fees = fees_published(futures),
	};
	snprintf(out->symbol, sizeof(out->symbol), "%s", symbol);
	split(symbol, out->base, out->quote);
}
