/*
 * stats.h - totals and groups of a bot's closed trades, and the daily totals that outside
 * bots report (table reported_stats).
 */
#ifndef API_STORE_STATS_H
#define API_STORE_STATS_H

#include "api/store/data.h"
#include "api/store/rows.h"
#include "api/store/trade_sums.h"
#include "common/db/db.h"
#include "common/json.h"

#include <stdint.h>

/* What their rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_stats_pnl_columns[], store_stats_day_columns[];

/* What outside bots reported: of single orders, and of days. */
struct reported_totals {
	int64_t orders, days, trades, wins, losses;
	double orders_pnl, gross, fees, net, volume;	/* quote asset, of any size */
};
MUST_CHECK int store_stats_reported(struct db *db, int64_t bot_id, struct reported_totals *out,
				    struct err *e);

/* The paper account's capital; 0 when the bot has none. */
MUST_CHECK int store_stats_capital(struct db *db, int64_t bot_id, double *out, struct err *e);

/* Groups as rows, newest or largest name first. by: day, week, month, symbol, reason. */
MUST_CHECK int store_stats_pnl(struct db *db, int64_t bot_id, const char *by,
			       const struct time_range *t, struct json *j, struct err *e);
/* The same over all time, when the groups of our own trades (largest key first) are known. */
MUST_CHECK int store_stats_pnl_of(struct db *db, int64_t bot_id, const char *by,
				  const struct trade_group *own, size_t n, struct json *j,
				  struct err *e);

struct stats_report {
	const char *day;
	struct { bool given; double value; } trades, wins, losses, gross, fees, net, volume;
};
MUST_CHECK int store_stats_report_tx(struct db *db, int64_t bot_id, const struct stats_report *s,
				     int64_t now_us, struct err *e);
/* Trades, wins and losses of that day; the rest of out stays. */
MUST_CHECK int store_stats_reported_counts(struct db *db, int64_t bot_id, const char *day,
					   struct reported_totals *out, struct err *e);
/* That day's members. */
MUST_CHECK int store_stats_reported_day(struct db *db, int64_t bot_id, const char *day,
					struct json *j, struct err *e);

#endif
