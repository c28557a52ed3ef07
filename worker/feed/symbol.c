#include "worker/feed/symbol.h"
#include "common/quote_asset.h"
#include "worker/feed/feed.h"
#include "worker/feed/grid.h"

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
#define KNOWN_NOTE "as Binance had them in 2024-08"

/* What Binance writes where there is no limit: the largest number in its unit of 1e-8. */
#define QTY_UNLIMITED (INT64_C(92141578737) * UNIT)

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

/*
 * Base and quote of a symbol, by the longest known quote asset that it ends with. False:
 * none; then base is the symbol and quote "unknown".
 */
static bool symbol_split(const char *symbol, char base[12], char quote[12])
{
	const char *found = quote_asset_of(symbol);
	size_t len = strcspn(symbol, "_"); /* BTCUSDT_240927: a contract that ends */
	size_t q;

	if (!found) {
		snprintf(base, 12, "%.11s", symbol);
		snprintf(quote, 12, "unknown");
		return false;
	}
	q = strlen(found);
	snprintf(base, 12, "%.*s", (int)(len - q < 11 ? len - q : 11), symbol);
	snprintf(quote, 12, "%s", found);
	return true;
}

static void start_info(const char *symbol, bool futures, struct symbol_info *out)
{
	*out = (struct symbol_info){ .futures = futures, .fees = fees_published(futures) };
	snprintf(out->symbol, sizeof(out->symbol), "%s", symbol);
	(void)symbol_split(symbol, out->base, out->quote);
}

static void set_filters(struct symbol_info *out, const struct filters *f)
{
	out->tick = price_of_units(f->tick);
	out->step = out->min_qty = qty_of_units(f->step);
	out->max_qty = qty_of_units(f->max_qty);
	out->min_notional = money_of_units(f->min_notional);
}

void symbol_info_default(const char *symbol, bool futures, struct symbol_info *out)
{
	size_t i = find_known(symbol);
	struct filters f;

	start_info(symbol, futures, out);
	if (i < KNOWN_N) {
		f = futures ? known[i].futures : known[i].spot;
		out->origin = ORIGIN_KNOWN;
		snprintf(out->note, sizeof(out->note), "%s", KNOWN_NOTE);
	} else {
		f = filters_by_price(price_units(symbol_start_price(symbol)));
		out->origin = ORIGIN_MADE_UP;
		snprintf(out->note, sizeof(out->note),
			 "made up with the built-in market's price of it");
	}
	set_filters(out, &f);
}

/* The table's row of a symbol, when what was recorded is on its grid. */
static const struct filters *fitting(const char *symbol, bool futures, const struct grid *g)
{
	size_t i = find_known(symbol);
	const struct filters *f;

	if (i == KNOWN_N)
		return NULL;
	f = futures ? &known[i].futures : &known[i].spot;
	return grid_fits(g, price_of_units(f->tick), qty_of_units(f->step)) ? f : NULL;
}

static void derived_note(struct symbol_info *out, const struct grid *g, const struct filters *k)
{
	char base[12], quote[12];
	int n = snprintf(out->note, sizeof(out->note),
			 "derived from %lld recorded prices and %lld quantities%s",
			 (long long)g->price.seen, (long long)g->qty.seen,
			 grid_sure(g) ? "" : ", too few different ones to be sure");

	if (!symbol_split(out->symbol, base, quote))
		snprintf(out->note + n, sizeof(out->note) - (size_t)n,
			 "; the quote asset is not known");
	else if (!k)
		snprintf(out->note + n, sizeof(out->note) - (size_t)n,
			 money_sign(out->min_notional) ? "; least worth as usual for %s%s" :
			 "; least worth for %s%s not known", quote,
			 out->futures ? " futures" : "");
}

void symbol_info_recorded(const char *symbol, bool futures, const struct grid *g,
			  struct symbol_info *out)
{
	const struct filters *k = fitting(symbol, futures, g);
	struct money notional = k ? money_of_units(k->min_notional) :
				quote_least_notional(symbol, futures);
	struct symbol_info info;

	start_info(symbol, futures, &info);
	if (!grid_steps(g, notional, &info.tick, &info.step)) {
		info.tick = price_of_units(1);
		info.step = qty_of_units(1);
	}
	if (k && !grid_sure(g)) {
		set_filters(&info, k);
		info.origin = ORIGIN_KNOWN;
		snprintf(info.note, sizeof(info.note), "%s; all that was recorded fits",
			 KNOWN_NOTE);
		*out = info;
		return;
	}
	info.origin = ORIGIN_DERIVED;
	info.min_qty = info.step;
	info.max_qty = qty_to_step(qty_of_units(k ? k->max_qty : QTY_UNLIMITED), info.step,
				   ROUND_DOWN);
	info.min_notional = notional;
	derived_note(&info, g, k);
	*out = info;
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
