/*
 * store_stats.h - closed trades of a bot as totals and as groups; daily totals
 * that outside bots report (reported_stats).
 */
#ifndef API_STORE_STATS_H
#define API_STORE_STATS_H

#include "api/rows.h"
#include "api/stats.h"
#include "common/db.h"
#include "common/json.h"

#include <stdint.h>

/* What their rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_stats_pnl_columns[], store_stats_day_columns[];

/* Feeds every closed trade of the bot that had a fill. */
MUST_CHECK int store_stats_trades(struct db *db, int64_t bot_id, struct stats *out,
				  struct err *e);

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
MUST_CHECK int store_stats_pnl(struct db *db, int64_t bot_id, const char *by, int64_t from_us,
			       int64_t to_us, struct json *j, struct err *e);

struct stats_report {
	const char *day;
	struct { bool given; double value; } trades, wins, losses, gross, fees, net, volume;
};
MUST_CHECK int store_stats_report_tx(struct db *db, int64_t bot_id, const struct stats_report *s,
				     int64_t now_us, struct err *e);
/* That day's members. */
MUST_CHECK int store_stats_reported_day(struct db *db, int64_t bot_id, const char *day,
					struct json *j, struct err *e);

#endif
