#include "api/store_stats.h"

#include <string.h>

/*
 * Sums in units of 1e-8: sums of REAL would carry the rounding of each step. total()
 * of whole numbers is exact up to 2^53 units, and never overflows: what was reported
 * can be added up to any size.
 */
#define SUM(x) "total(round((" x ") * 1e8)) / 1e8"

static const char SQL_TRADES[] =
	"SELECT closed_us, opened_us, gross, fees, pnl, entry_notional, exit_notional"
	" FROM trading_orders WHERE bot_id = ?1 AND status = 'closed' AND filled > 0"
	" ORDER BY closed_us, id";
static const char SQL_REPORTED_ORDERS[] =
	"SELECT count(*), sum(pnl > 0), sum(pnl < 0), " SUM("pnl") " FROM reported_orders"
	" WHERE bot_id = ?1 AND status = 'closed'";
static const char SQL_REPORTED_DAYS[] =
	"SELECT count(*), coalesce(sum(trades), 0), coalesce(sum(wins), 0),"
	" coalesce(sum(losses), 0), " SUM("gross") ", " SUM("fees") ", " SUM("net") ", "
	SUM("volume") " FROM reported_stats WHERE bot_id = ?1";
static const char SQL_CAPITAL[] = "SELECT initial_capital FROM sim_accounts WHERE bot_id = ?1";

#define TRADES \
	"(SELECT 'worker' AS source, closed_us, symbol, close_reason, gross, fees, pnl," \
	" entry_notional + exit_notional AS volume FROM trading_orders WHERE bot_id = ?1" \
	" AND status = 'closed' AND filled > 0 AND closed_us >= ?2 AND closed_us < ?3 UNION ALL" \
	" SELECT 'reported', closed_us, symbol, close_reason, pnl + fees, fees, pnl," \
	" quantity * (coalesce(entry_price, 0.0) + coalesce(exit_price, 0.0))" \
	" FROM reported_orders WHERE bot_id = ?1 AND status = 'closed' AND closed_us >= ?2" \
	" AND closed_us < ?3)"
#define PNL_BY(group) \
	"SELECT " group ", source, count(*), sum(pnl > 0), sum(pnl < 0), " SUM("gross") ", " \
	SUM("fees") ", " SUM("pnl") ", " SUM("volume") " FROM " TRADES \
	" GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 1000"
#define MOMENT "closed_us / 1000000, 'unixepoch'"

static const char SQL_BY_DAY[] = PNL_BY("date(" MOMENT ")");
/* The week's Monday. */
static const char SQL_BY_WEEK[] = PNL_BY("date(" MOMENT ", 'weekday 0', '-6 days')");
static const char SQL_BY_MONTH[] = PNL_BY("strftime('%Y-%m', " MOMENT ")");
static const char SQL_BY_SYMBOL[] = PNL_BY("symbol");
static const char SQL_BY_REASON[] = PNL_BY("close_reason");
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

int store_stats_trades(struct db *db, int64_t bot_id, struct stats *out, struct err *e)
{
	struct closed_trade t;
	struct stmt *s;
	int rc, bad = 0;

	rc = db_stmt(db, SQL_TRADES, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	while (!bad && (rc = stmt_step(s, e)) == STMT_ROW) {
		t.closed_us = stmt_int(s, 0);
		t.opened_us = stmt_int(s, 1);
		t.gross = stmt_money(s, 2);
		t.fees = stmt_money(s, 3);
		t.pnl = stmt_money(s, 4);
		bad = money_add(stmt_money(s, 5), stmt_money(s, 6), &t.volume);
		if (!bad)
			bad = stats_add(out, &t);
	}
	stmt_done(s);
	if (bad)
		return err_set(e, bad, "the totals of bot %lld do not fit", (long long)bot_id);
	return rc;
}

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

static const char *sql_by(const char *by)
{
	if (!strcmp(by, "week"))
		return SQL_BY_WEEK;
	if (!strcmp(by, "month"))
		return SQL_BY_MONTH;
	if (!strcmp(by, "symbol"))
		return SQL_BY_SYMBOL;
	if (!strcmp(by, "reason"))
		return SQL_BY_REASON;
	return SQL_BY_DAY;
}

int store_stats_pnl(struct db *db, int64_t bot_id, const char *by, int64_t from_us,
		    int64_t to_us, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql_by(by), &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, from_us);
	stmt_bind_int(s, 3, to_us);
	return rows_all(j, "pnl", s, store_stats_pnl_columns, e);
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
