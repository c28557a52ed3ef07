/*
 * symbol_info.h - the rules that orders on a market must keep, where they come from, and
 * those of a few symbols that are known without asking anybody.
 */
#ifndef COMMON_REGISTRY_SYMBOL_INFO_H
#define COMMON_REGISTRY_SYMBOL_INFO_H

#include "common/fees.h"
#include "common/money.h"
#include "common/registry/bot_config.h"

#include <stdbool.h>

enum symbol_origin {		/* where the rules of a market come from */
	ORIGIN_EXCHANGE,	/* the exchange said so (exchangeInfo) */
	ORIGIN_KNOWN,		/* our table of the exchange's rules for a few symbols */
	ORIGIN_DERIVED,		/* read from recorded prices and quantities */
	ORIGIN_MADE_UP		/* a made-up market's own */
};

/* What a venue demands of orders on a symbol. Units: quote per base, base, quote. */
#define QTY_UNLIMITED_E8 INT64_C(9000000000000000000)	/* from here on: no limit is known */

struct symbol_info {
	char symbol[SYMBOL_MAX];
	char base[12], quote[12];
	bool futures;
	struct price tick;
	struct qty step, min_qty, max_qty;
	struct money min_notional;
	struct fees fees;		/* as this account pays them */
	enum symbol_origin origin;
	char note[160];			/* the origin in a sentence, with what is not known */
};

/* "exchange", "known", "derived", "made_up": as in table markets. */
const char *symbol_origin_name(enum symbol_origin o);
/* False: no such name. */
bool symbol_origin_parse(const char *name, enum symbol_origin *out);

/*
 * Names, exchange and published fees of a market; the rules are left 0. Base and quote by the
 * longest known quote asset that the symbol ends with. False: none; then base is the symbol
 * and quote "unknown".
 */
bool symbol_info_begin(const char *symbol, bool futures, struct symbol_info *out);
/* The table's rules, with their date as note. False: the symbol is not in it. */
bool symbol_info_known(const char *symbol, bool futures, struct symbol_info *out);

#define SYMBOL_RULES_MAX 320
/* "PEPEUSDT spot: tick 0.00000001, step 10000, ...; derived from ..." Returns text. */
const char *symbol_rules_text(const struct symbol_info *info, char text[SYMBOL_RULES_MAX]);

#endif
