/*
 * symbol_info.h - the rules that orders on a market must keep, where these come from, and a
 * built-in table of the rules of a few symbols.
 */
#ifndef COMMON_REGISTRY_SYMBOL_INFO_H
#define COMMON_REGISTRY_SYMBOL_INFO_H

#include "common/fees.h"
#include "common/money.h"
#include "common/registry/bot_config.h"
#include "common/registry/market_source.h"

#include <stdbool.h>

enum symbol_origin {		/* where the rules of a market come from */
	ORIGIN_EXCHANGE,	/* the exchange said so (exchangeInfo) */
	ORIGIN_KNOWN,		/* our table of the exchange's rules for a few symbols */
	ORIGIN_DERIVED,		/* read from recorded prices and quantities */
	ORIGIN_MADE_UP		/* a made-up market's own */
};

/* A venue's rules for orders on a symbol. Units: quote per base, base, quote. */
#define QTY_UNLIMITED_E8 INT64_C(9000000000000000000)	/* from here on: no limit is known */

struct symbol_info {
	char source[MARKET_SOURCE_MAX];	/* of its prices (market_source.h) */
	char symbol[SYMBOL_MAX];
	char base[12], quote[12];
	bool futures;
	struct price tick;
	struct qty step, min_qty, max_qty;
	struct money min_notional;
	struct fees fees;		/* as published; an account may pay others (account.h) */
	enum symbol_origin origin;
	char note[160];			/* the origin in a sentence, with what is not known */
};

/* "exchange", "known", "derived", "made_up": as in table markets. */
const char *symbol_origin_name(enum symbol_origin o);
/* False: no such name. */
bool symbol_origin_parse(const char *name, enum symbol_origin *out);

/*
 * Fills in names, exchange and published fees of a market; rules and source stay empty. The
 * quote asset is the longest known one that the symbol ends with. False: there is none; then
 * base is the symbol and quote is "unknown".
 */
bool symbol_info_begin(const char *symbol, bool futures, struct symbol_info *out);
/* The table's rules, with their date as note. False: the symbol is not in it. */
bool symbol_info_known(const char *symbol, bool futures, struct symbol_info *out);

#define SYMBOL_RULES_MAX 320
/* "PEPEUSDT spot: tick 0.00000001, step 10000, ...; derived from ..." Returns text. */
const char *symbol_rules_text(const struct symbol_info *info, char text[SYMBOL_RULES_MAX]);

#endif
