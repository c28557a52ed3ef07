#include "common/registry/symbol_info.h"

#include "common/registry/quote_asset.h"

#include <stdio.h>
#include <string.h>

#define UNIT INT64_C(100000000)	/* 1 in units of 1e-8 */

struct filters {
	int64_t tick, step, max_qty, min_notional;	/* 1e-8 */
};

/*
 * Binance exchangeInfo, spot and USD-M, 2024-08. minQty equals the step. A live
 * venue asks the exchange; these serve where it can't be asked.
 */
static const struct {
	const char *symbol;
	struct filters spot, futures;
} known[] = {
	{ "BTCUSDT",
	  { 1000000, 1000, 9000 * UNIT, 5 * UNIT },
	  { 10000000, 100000, 1000 * UNIT, 100 * UNIT } },
	{ "ETHUSDT",
	  { 1000000, 10000, 9000 * UNIT, 5 * UNIT },
	  { 1000000, 100000, 10000 * UNIT, 20 * UNIT } },
	{ "SOLUSDT",
	  { 1000000, 100000, 90000 * UNIT, 5 * UNIT },
	  { 100000, UNIT, 1000000 * UNIT, 5 * UNIT } },
	{ "BNBUSDT",
	  { 10000000, 100000, 9000 * UNIT, 5 * UNIT },
	  { 1000000, 1000000, 100000 * UNIT, 5 * UNIT } },
	{ "XRPUSDT",
	  { 10000, UNIT, 900000 * UNIT, 5 * UNIT },
	  { 10000, UNIT / 10, 10000000 * UNIT, 5 * UNIT } },
	{ "DOGEUSDT",
	  { 1000, UNIT, 9000000 * UNIT, 5 * UNIT },
	  { 1000, UNIT, 50000000 * UNIT, 5 * UNIT } },
};
#define KNOWN_N (sizeof(known) / sizeof(known[0]))
#define KNOWN_NOTE "as Binance had them in 2024-08"

static const char *const origins[] = {
	[ORIGIN_EXCHANGE] = "exchange", [ORIGIN_KNOWN] = "known", [ORIGIN_DERIVED] = "derived",
	[ORIGIN_MADE_UP] = "made_up",
};
#define ORIGINS_N (sizeof(origins) / sizeof(origins[0]))

const char *symbol_origin_name(enum symbol_origin o)
{
	return origins[o];
}

bool symbol_origin_parse(const char *name, enum symbol_origin *out)
{
	size_t i = 0;

	while (i < ORIGINS_N && strcmp(origins[i], name) != 0)
		i++;
	if (i == ORIGINS_N)
		return false;
	*out = (enum symbol_origin)i;
	return true;
}

bool symbol_info_begin(const char *symbol, bool futures, struct symbol_info *out)
{
	const char *quote = quote_asset_of(symbol);
	size_t len = strcspn(symbol, "_"); /* BTCUSDT_240927: a contract that ends */

	*out = (struct symbol_info){ .futures = futures, .fees = fees_published(futures) };
	snprintf(out->symbol, sizeof(out->symbol), "%s", symbol);
	snprintf(out->base, sizeof(out->base), "%.*s",
		 (int)(quote ? len - strlen(quote) : strlen(symbol)), symbol);
	snprintf(out->quote, sizeof(out->quote), "%s", quote ? quote : "unknown");
	return quote != NULL;
}

bool symbol_info_known(const char *symbol, bool futures, struct symbol_info *out)
{
	const struct filters *f;
	size_t i = 0;

	while (i < KNOWN_N && strcmp(known[i].symbol, symbol) != 0)
		i++;
	if (i == KNOWN_N)
		return false;
	f = futures ? &known[i].futures : &known[i].spot;
	(void)symbol_info_begin(symbol, futures, out);
	out->tick = price_of_units(f->tick);
	out->step = out->min_qty = qty_of_units(f->step);
	out->max_qty = qty_of_units(f->max_qty);
	out->min_notional = money_of_units(f->min_notional);
	out->origin = ORIGIN_KNOWN;
	snprintf(out->note, sizeof(out->note), "%s", KNOWN_NOTE);
	return true;
}

const char *symbol_rules_text(const struct symbol_info *info, char text[SYMBOL_RULES_MAX])
{
	char tick[MONEY_TEXT_MAX], step[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX];
	char worth[MONEY_TEXT_MAX];

	snprintf(text, SYMBOL_RULES_MAX,
		 "%s %s: tick %s, step %s, an order is at least %s %s and worth %s %s; %s",
		 info->symbol, info->futures ? "USD-M futures" : "spot",
		 price_text(info->tick, tick), qty_text(info->step, step),
		 qty_text(info->min_qty, least), info->base, money_text(info->min_notional, worth),
		 info->quote, info->note);
	return text;
}
