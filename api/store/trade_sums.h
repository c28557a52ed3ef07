/*
 * trade_sums.h - what a bot's closed trades add up to, kept between two requests.
 *
 * A closed trade does not change, and trades close in the order of time: a request adds
 * those that closed since the one before. A bot with a million trades costs a second
 * once, and next to nothing from then on.
 *
 *	trading_orders --those behind the newest added--> stats, days, symbols, reasons
 *	trading_stats  --trades, net of all days--------> is that all? else all anew
 *
 * The worker writes both tables in one transaction, so they move by the same amounts;
 * where they don't (rows edited, an older time replayed), everything is added up anew.
 * So it is when a whole day went because trades are kept for some days only
 * (KEEP_ORDERS_DAYS).
 *
 * Belongs to one thread: that of the slow handlers (slow.h).
 */
#ifndef API_STORE_TRADE_SUMS_H
#define API_STORE_TRADE_SUMS_H

#include "api/store/trade_stats.h"
#include "common/db/db.h"

#include <stddef.h>

#define TRADE_KEY_MAX 40
#define TRADE_SUMS_BOTS 64	/* bots that are kept; the one not asked for longest goes */

struct trade_group {
	char key[TRADE_KEY_MAX];	/* day YYYY-MM-DD, month YYYY-MM, symbol, reason */
	int64_t trades, wins, losses;
	struct money gross, fees, net, volume;	/* quote asset */
};

struct trade_sums;
struct bot_sums;

struct trade_sums *trade_sums_new(void);
void trade_sums_free(struct trade_sums *t);
/*
 * The sums of a bot, borrowed until the next call. "generation" of the open database:
 * another one has other trades. ERR_RANGE: a sum does not fit; errors of reading.
 */
MUST_CHECK int trade_sums_get(struct trade_sums *t, struct db *db, unsigned generation,
			      int64_t bot_id, const struct bot_sums **out, struct err *e);
const struct stats *bot_sums_stats(const struct bot_sums *s);
/*
 * by: day, week (its Monday), month, symbol or reason; largest key first. *out is the
 * caller's. ERR_RANGE: a sum does not fit.
 */
MUST_CHECK int bot_sums_groups(const struct bot_sums *s, const char *by, struct trade_group **out,
			       size_t *n, struct err *e);
/* How many trades were read by the newest trade_sums_get (tests). */
int64_t trade_sums_read(const struct trade_sums *t);

#endif
