/*
 * trade_sums.h - the sums of a bot's closed trades, kept in memory between requests.
 *
 * A closed trade does not change, and trades close in the order of time. So a request adds
 * only the trades that closed since the last request. A bot with a million trades costs a
 * second once, and almost nothing after that.
 *
 *	trading_orders --those behind the newest added--> stats, days, symbols, reasons
 *	trading_stats  --trades, net of all days--------> is that all? else all anew
 *
 * The worker writes both tables in one transaction, so both change by the same amounts. If
 * they don't (rows were edited, or an older time was replayed), everything is added again.
 * The same happens when a whole day was deleted because of KEEP_ORDERS_DAYS.
 *
 * Used only by the thread of the slow handlers (slow.h).
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
 * The sums of a bot, borrowed until the next call. generation: request.db_generation; when it
 * changes the database is another file, so all sums are dropped. ERR_RANGE: a sum does not
 * fit; errors of reading.
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
