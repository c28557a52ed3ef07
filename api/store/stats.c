#include "api/store/stats.h"

#include <string.h>

/*
 * Adds in units of 1e-8, because a sum of REALs would carry the rounding of each step.
 * total() of whole numbers is exact up to 2^53 units and never overflows, so reported values
 * of any size can be added.
 */
#define SUM(x) "total(round((" x ") * 1e8)) / 1e8"
#define TEXT_OF(number) TEXT_OF_IT(number)
#define TEXT_OF_IT(number) #number
#define PNL_ROWS 1000		/* groups in an answer at most */

static const char SQL_REPORTED_ORDERS[] =
	"SELECT count(*), sum(pnl > 0), sum(pnl < 0), " SUM("pnl") " FROM reported_orders"
	" WHERE bot_id = ?1 AND status = 'closed'";
static const char SQL_REPORTED_DAYS[] =
	"SELECT count(*), coalesce(sum(trades), 0), coalesce(sum(wins), 0),"
	" coalesce(sum(losses), 0), " SUM("gross") ", " SUM("fees") ", " SUM("net") ", "
	SUM("volume") " FROM reported_stats WHERE bot_id = ?1";
static const char SQL_CAPITAL[] = "SELECT initial_capital FROM sim_accounts WHERE bot_id = ?1";

#define OWN_TRADES \
	"SELECT 'worker' AS source, closed_us, symbol, close_reason, gross, fees, pnl," \
	" entry_notional + exit_notional AS volume FROM trading_orders WHERE bot_id = ?1" \
	" AND status = 'closed' AND filled > 0 AND closed_us >= ?2 AND closed_us < ?3"
#define REPORTED_TRADES \
	"SELECT 'reported' AS source, closed_us, symbol, close_reason, pnl + fees AS gross, fees," \
	" pnl, quantity * (coalesce(entry_price, 0.0) + coalesce(exit_price, 0.0)) AS volume" \
	" FROM reported_orders WHERE bot_id = ?1 AND status = 'closed' AND closed_us >= ?2" \
	" AND closed_us < ?3"
#define PNL_BY(group, trades) \
	"SELECT " group ", source, count(*), sum(pnl > 0), sum(pnl < 0), " SUM("gross") ", " \
	SUM("fees") ", " SUM("pnl") ", " SUM("volume") " FROM (" trades ")" \
	" GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT " TEXT_OF(PNL_ROWS)
#define ALL_TRADES OWN_TRADES " UNION ALL " REPORTED_TRADES
#define MOMENT "closed_us / 1000000, 'unixepoch'"
#define BY_DAY "date(" MOMENT ")"
#define BY_WEEK "date(" MOMENT ", 'weekday 0', '-6 days')"	/* the week's Monday */
#define BY_MONTH "strftime('%Y-%m', " MOMENT ")"

static const char SQL_BY_DAY[] = PNL_BY(BY_DAY, ALL_TRADES);
static const char SQL_BY_WEEK[] = PNL_BY(BY_WEEK, ALL_TRADES);
static const char SQL_BY_MONTH[] = PNL_BY(BY_MONTH, ALL_TRADES);
static const char SQL_BY_SYMBOL[] = PNL_BY("symbol", ALL_TRADES);
static const char SQL_BY_REASON[] = PNL_BY("close_reason", ALL_TRADES);
static const char SQL_REPORTED_BY_DAY[] = PNL_BY(BY_DAY, REPORTED_TRADES);
static const char SQL_REPORTED_BY_WEEK[] = PNL_BY(BY_WEEK, REPORTED_TRADES);
static const char SQL_REPORTED_BY_MONTH[] = PNL_BY(BY_MONTH, REPORTED_TRADES);
static const char SQL_REPORTED_BY_SYMBOL[] = PNL_BY("symbol", REPORTED_TRADES);
static const char SQL_REPORTED_BY_REASON[] = PNL_BY("close_reason", REPORTED_TRADES);
static const char SQL_REPORT[] =
	"INSERT INTO reported_stats(bot_id, day, trades, wins, losses, gross, fees, net, volume,"
	" updated_us) VALUES (?1, ?2, coalesce(?3, 0), coalesce(?4, 0), coalesce(?5, 0),"
	" coalesce(?6, 0.0), coalesce(?7, 0.0), coalesce(?8, 0.0), coalesce(?9, 0.0), ?10)"
	" ON CONFLICT (bot_id, day) DO UPDATE SET trades = coalesce(?3, trades),"
	" wins = coalesce(?4, wins), losses = coalesce(?5, losses), gross = coalesce(?6, gross),"
	" fees = coalesce(?7, fees), net = coalesce(?8, net), volume = coalesce(?9, volume),"
	" updated_us = ?10";
static const char SQL_DAY[] =
	"SELECT bot_id, day, trades, wins, losses, gross, fees, net, volume, updated_us"
	" FROM reported_stats WHERE bot_id = ?1 AND day = ?2";

const struct column store_stats_pnl_columns[] = {
	{ "group", COL_TEXT }, { "source", COL_TEXT }, { "trades", COL_INT }, { "wins", COL_INT },
	{ "losses", COL_INT }, { "gross", COL_MONEY }, { "fees", COL_MONEY }, { "net", COL_MONEY },
	{ "volume", COL_MONEY }, { NULL, COL_INT },
};
const struct column store_stats_day_columns[] = {
	{ "bot_id", COL_INT }, { "day", COL_TEXT }, { "trades", COL_INT }, { "wins", COL_INT },
	{ "losses", COL_INT }, { "gross", COL_MONEY }, { "fees", COL_MONEY }, { "net", COL_MONEY },
	{ "volume", COL_MONEY }, { "updated", COL_TIME }, { NULL, COL_INT },
};

static int reported_orders(struct db *db, int64_t bot_id, struct reported_totals *out,
			   struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_REPORTED_ORDERS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->orders = stmt_int(s, 0);
		out->orders_pnl = stmt_double(s, 3);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_stats_reported(struct db *db, int64_t bot_id, struct reported_totals *out,
			 struct err *e)
{
	struct stmt *s;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = reported_orders(db, bot_id, out, e);
	if (!rc)
		rc = db_stmt(db, SQL_REPORTED_DAYS, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->days = stmt_int(s, 0);
		out->trades = stmt_int(s, 1);
		out->wins = stmt_int(s, 2);
		out->losses = stmt_int(s, 3);
		out->gross = stmt_double(s, 4);
		out->fees = stmt_double(s, 5);
		out->net = stmt_double(s, 6);
		out->volume = stmt_double(s, 7);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_stats_capital(struct db *db, int64_t bot_id, double *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CAPITAL, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	*out = rc == STMT_ROW ? stmt_double(s, 0) : 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

static const struct {
	const char *by, *all, *reported;
} groupings[] = {
	{ "day", SQL_BY_DAY, SQL_REPORTED_BY_DAY },
	{ "week", SQL_BY_WEEK, SQL_REPORTED_BY_WEEK },
	{ "month", SQL_BY_MONTH, SQL_REPORTED_BY_MONTH },
	{ "symbol", SQL_BY_SYMBOL, SQL_REPORTED_BY_SYMBOL },
	{ "reason", SQL_BY_REASON, SQL_REPORTED_BY_REASON },
};

static int pnl_stmt(struct db *db, int64_t bot_id, const char *by, bool reported,
		    const struct time_range *t, struct stmt **s, struct err *e)
{
	size_t i = 0;
	int rc;

	while (strcmp(groupings[i].by, by) != 0)
		ASSERT(++i < sizeof(groupings) / sizeof(groupings[0]));
	rc = db_stmt(db, reported ? groupings[i].reported : groupings[i].all, s, e);
	if (rc)
		return rc;
	stmt_bind_int(*s, 1, bot_id);
	stmt_bind_int(*s, 2, t->from_us);
	stmt_bind_int(*s, 3, t->to_us);
	return 0;
}

int store_stats_pnl(struct db *db, int64_t bot_id, const char *by, const struct time_range *t,
		    struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = pnl_stmt(db, bot_id, by, false, t, &s, e);

	return rc ? rc : rows_all(j, "pnl", s, store_stats_pnl_columns, e);
}

static void group_json(struct json *j, const struct trade_group *g)
{
	json_object(j, NULL);
	json_string(j, "group", g->key);
	json_string(j, "source", "worker");
	json_int(j, "trades", g->trades);
	json_int(j, "wins", g->wins);
	json_int(j, "losses", g->losses);
	json_money(j, "gross", g->gross);
	json_money(j, "fees", g->fees);
	json_money(j, "net", g->net);
	json_money(j, "volume", g->volume);
	json_object_end(j);
}

int store_stats_pnl_of(struct db *db, int64_t bot_id, const char *by,
		       const struct trade_group *own, size_t n, struct json *j, struct err *e)
{
	static const struct time_range always = { .from_us = 0, .to_us = INT64_MAX };
	struct stmt *s;
	size_t at = 0, rows = 0;
	int rc = pnl_stmt(db, bot_id, by, true, &always, &s, e);

	if (rc)
		return rc;
	json_array(j, "pnl");
	while (rows < PNL_ROWS && (rc = stmt_step(s, e)) == STMT_ROW) {
		while (at < n && rows < PNL_ROWS && strcmp(own[at].key, stmt_text(s, 0)) > 0) {
			group_json(j, &own[at++]);
			rows++;
		}
		if (rows++ == PNL_ROWS)
			break;
		json_object(j, NULL);
		row_members(j, s, store_stats_pnl_columns);
		json_object_end(j);
	}
	stmt_done(s);
	for (; at < n && rows < PNL_ROWS; rows++)
		group_json(j, &own[at++]);
	json_array_end(j);
	return rc < 0 ? rc : 0;
}

static void bind_count(struct stmt *s, int index, bool given, double v)
{
	if (given)
		stmt_bind_int(s, index, (int64_t)v);
	else
		stmt_bind_null(s, index);
}

static void bind_amount(struct stmt *s, int index, bool given, double v)
{
	struct money m;

	if (given && !money_from_real(v, &m))
		stmt_bind_money(s, index, m);
	else
		stmt_bind_null(s, index);
}

int store_stats_report_tx(struct db *db, int64_t bot_id, const struct stats_report *r,
			  int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_REPORT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, r->day);
	bind_count(s, 3, r->trades.given, r->trades.value);
	bind_count(s, 4, r->wins.given, r->wins.value);
	bind_count(s, 5, r->losses.given, r->losses.value);
	bind_amount(s, 6, r->gross.given, r->gross.value);
	bind_amount(s, 7, r->fees.given, r->fees.value);
	bind_amount(s, 8, r->net.given, r->net.value);
	bind_amount(s, 9, r->volume.given, r->volume.value);
	stmt_bind_int(s, 10, now_us);
	return stmt_run(s, e);
}

int store_stats_reported_counts(struct db *db, int64_t bot_id, const char *day,
				struct reported_totals *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_DAY, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, day);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->trades = stmt_int(s, 2);
		out->wins = stmt_int(s, 3);
		out->losses = stmt_int(s, 4);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

int store_stats_reported_day(struct db *db, int64_t bot_id, const char *day, struct json *j,
			     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_DAY, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, day);
	return rows_one(j, s, store_stats_day_columns, "reported day of bot", bot_id, e);
}
