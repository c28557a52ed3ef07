#include "worker/feed/symbol.h"
#include "common/registry/quote_asset.h"
#include "worker/feed/feed.h"
#include "worker/feed/grid.h"

#include <stdio.h>
#include <string.h>

#define UNIT INT64_C(100000000)	/* 1 in units of 1e-8 */

/* Of a few symbols, 2024-08-09. */
static const struct {
	const char *symbol;
	int64_t price;		/* 1e-8 */
} known[] = {
	{ "BTCUSDT", 61800 * UNIT }, { "ETHUSDT", 2680 * UNIT }, { "SOLUSDT", 160 * UNIT },
	{ "BNBUSDT", 512 * UNIT }, { "XRPUSDT", 61 * UNIT / 100 },
	{ "DOGEUSDT", 105 * UNIT / 1000 },
};
#define KNOWN_N (sizeof(known) / sizeof(known[0]))

/* The number that Binance writes for "no limit": the largest one in its unit of 1e-8. */
#define QTY_UNLIMITED (INT64_C(92141578737) * UNIT)

uint64_t symbol_hash(const char *symbol)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *symbol; symbol++)
		h = (h ^ (unsigned char)*symbol) * UINT64_C(1099511628211);
	return h ^ h >> 29;
}

struct price symbol_start_price(const char *symbol)
{
	uint64_t h = symbol_hash(symbol);
	int64_t price = UNIT / 10;

	for (size_t i = 0; i < KNOWN_N; i++)
		if (strcmp(known[i].symbol, symbol) == 0)
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

/* A tick of about 1 bp, and a step that is worth about 0.1 of the quote asset. */
static void rules_by_price(int64_t price, struct symbol_info *out)
{
	int64_t step = power_of_ten((int64_t)((__int128)UNIT * UNIT / 5 / price) + 1);
	int64_t most = (int64_t)((__int128)UNIT * UNIT * 1000000 / price);

	out->tick = price_of_units(power_of_ten(price / 10000 + 1));
	out->step = out->min_qty = qty_of_units(step);
	out->max_qty = qty_of_units(most - most % step);
	out->min_notional = money_of_units(5 * UNIT);
}

void symbol_info_default(const char *symbol, bool futures, struct symbol_info *out)
{
	if (symbol_info_known(symbol, futures, out))
		return;
	(void)symbol_info_begin(symbol, futures, out);
	rules_by_price(price_units(symbol_start_price(symbol)), out);
	out->origin = ORIGIN_MADE_UP;
	snprintf(out->note, sizeof(out->note), "made up with the built-in market's price of it");
}

/* The table's row of a symbol, if the recorded values are multiples of its tick and step. */
static bool fitting(const char *symbol, bool futures, const struct grid *g,
		    struct symbol_info *out)
{
	return symbol_info_known(symbol, futures, out) && grid_fits(g, out->tick, out->step);
}

static void derived_note(struct symbol_info *out, const struct grid *g, bool quote_known,
			 bool fits)
{
	int n = snprintf(out->note, sizeof(out->note),
			 "derived from %lld recorded prices and %lld quantities%s",
			 (long long)g->price.seen, (long long)g->qty.seen,
			 grid_sure(g) ? "" : ", too few different ones to be sure");

	if (!quote_known)
		snprintf(out->note + n, sizeof(out->note) - (size_t)n,
			 "; the quote asset is not known");
	else if (!fits)
		snprintf(out->note + n, sizeof(out->note) - (size_t)n,
			 money_sign(out->min_notional) ? "; smallest order as usual for %s%s" :
			 "; smallest order for %s%s not known", out->quote,
			 out->futures ? " futures" : "");
}

void symbol_info_recorded(const char *symbol, bool futures, const struct grid *g,
			  struct symbol_info *out)
{
	struct symbol_info info, table;
	bool quote_known = symbol_info_begin(symbol, futures, &info);
	bool fits = fitting(symbol, futures, g, &table);

	info.min_notional = fits ? table.min_notional : quote_least_notional(symbol, futures);
	if (!grid_steps(g, info.min_notional, &info.tick, &info.step)) {
		info.tick = price_of_units(1);
		info.step = qty_of_units(1);
	}
	if (fits && !grid_sure(g)) {
		*out = table;
		snprintf(out->note, sizeof(out->note), "%.100s; all that was recorded fits",
			 table.note);
		return;
	}
	info.origin = ORIGIN_DERIVED;
	info.min_qty = info.step;
	info.max_qty = qty_to_step(fits ? table.max_qty : qty_of_units(QTY_UNLIMITED), info.step,
				   ROUND_DOWN);
	derived_note(&info, g, quote_known, fits);
	*out = info;
}
