#include "api/store/data.h"

#include "common/clock.h"
#include "common/registry/bot_config.h"
#include "common/registry/market_clock.h"

static const char SQL_EQUITY[] =
	"SELECT at_us, at_us, equity, balance, unrealized FROM equity WHERE bot_id = ?1"
	" AND at_us < ?2 AND at_us >= ?4 AND at_us < ?5 ORDER BY at_us DESC LIMIT ?3";
static const char SQL_SOURCE[] =
	"SELECT source FROM candle_runs WHERE symbol = ?1 AND interval = ?2"
	" ORDER BY until_us DESC, source LIMIT 1";
static const char SQL_UNBROKEN[] =
	"SELECT since_us, until_us FROM candle_runs WHERE source = ?1 AND symbol = ?2"
	" AND interval = ?3 AND until_us > ?4";
static const char SQL_CANDLES[] =
	"SELECT open_us, open_us, open, high, low, close, volume, buy_volume, trades FROM candles"
	" WHERE source = ?7 AND symbol = ?1 AND interval = ?6 AND open_us < ?2 AND open_us >= ?4"
	" AND open_us < ?5 ORDER BY open_us DESC LIMIT ?3";
static const char SQL_LIST[] =
	"SELECT source, symbol, interval, count(*), min(open_us), max(open_us) FROM candles"
	" GROUP BY source, symbol, interval ORDER BY source, symbol, interval";
static const char SQL_MARKETS[] =
	"SELECT symbol, exchange, source, base, quote, tick, step, min_quantity, max_quantity,"
	" nullif(min_notional, 0), fee_maker, fee_taker, origin, note, updated_us FROM markets"
	" ORDER BY symbol, source";
#define WHEN_INTERVAL(name, seconds) " WHEN '" name "' THEN " #seconds
/* The markets in the bots' settings, each with its newest closed candle that has a trade. */
static const char SQL_FEED[] =
	"SELECT source, symbol, interval, open_us, (?1 - open_us - length_us) / 1000 FROM"
	" (SELECT c.source, c.symbol, c.interval, (SELECT k.open_us FROM candles k"
	" WHERE k.source = c.source AND k.symbol = c.symbol AND k.interval = c.interval"
	" AND k.trades > 0 ORDER BY k.open_us DESC LIMIT 1) AS open_us, 1000000 * CASE c.interval"
	BOT_INTERVALS(WHEN_INTERVAL) " END AS length_us"
	" FROM (SELECT DISTINCT (SELECT market_data FROM worker_heartbeat WHERE id = 1)"
	" || iif(exchange = 'binance_futures', '_futures', '') AS source, symbol, interval"
	" FROM trading_configs) c)"
	" ORDER BY source, symbol, interval";
const struct column store_data_feed_columns[] = {
	{ "source", COL_TEXT }, { "symbol", COL_TEXT }, { "interval", COL_TEXT },
	{ "last_candle", COL_TIME },
	{ "age_ms", COL_INT }, { NULL, COL_INT },
};
const struct column store_data_equity_columns[] = {
	{ "", COL_HIDDEN }, { "at", COL_TIME }, { "equity", COL_MONEY }, { "balance", COL_MONEY },
	{ "unrealized", COL_MONEY }, { NULL, COL_INT },
};
const struct column store_data_candle_columns[] = {
	{ "", COL_HIDDEN }, { "open_time", COL_TIME }, { "open", COL_PRICE }, { "high", COL_PRICE },
	{ "low", COL_PRICE }, { "close", COL_PRICE }, { "volume", COL_QTY },
	{ "buy_volume", COL_QTY }, { "trades", COL_INT }, { NULL, COL_INT },
};
const struct column store_data_list_columns[] = {
	{ "source", COL_TEXT }, { "symbol", COL_TEXT }, { "interval", COL_TEXT },
	{ "count", COL_INT }, { "from", COL_TIME }, { "to", COL_TIME }, { NULL, COL_INT },
};

const struct column store_data_market_columns[] = {
	{ "symbol", COL_TEXT }, { "exchange", COL_TEXT }, { "source", COL_TEXT },
	{ "base", COL_TEXT }, { "quote", COL_TEXT }, { "tick", COL_PRICE }, { "step", COL_QTY },
	{ "min_quantity", COL_QTY }, { "max_quantity", COL_QTY }, { "min_notional", COL_MONEY },
	{ "fee_maker", COL_REAL }, { "fee_taker", COL_REAL }, { "origin", COL_TEXT },
	{ "note", COL_TEXT }, { "updated", COL_TIME }, { NULL, COL_INT },
};

int store_data_equity(struct db *db, int64_t bot_id, const struct time_range *t,
		      const struct page *p, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EQUITY, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	page_bind(s, 2, 3, p);
	stmt_bind_int(s, 4, t->from_us);
	stmt_bind_int(s, 5, t->to_us);
	return rows_page(j, "equity", s, store_data_equity_columns, p, e);
}

int store_data_source(struct db *db, const char *symbol, const char *interval,
		      char out[MARKET_SOURCE_MAX], struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_SOURCE, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, symbol);
	stmt_bind_text(s, 2, interval);
	out[0] = '\0';
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		stmt_copy(s, 0, out, MARKET_SOURCE_MAX);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_data_candles(struct db *db, const struct candle_series *c, const struct time_range *t,
		       const struct page *p, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CANDLES, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, c->symbol);
	page_bind(s, 2, 3, p);
	stmt_bind_int(s, 4, t->from_us);
	stmt_bind_int(s, 5, t->to_us);
	stmt_bind_text(s, 6, c->interval);
	stmt_bind_text(s, 7, c->source);
	return rows_page(j, "candles", s, store_data_candle_columns, p, e);
}

int store_data_unbroken(struct db *db, const struct candle_series *c, int64_t after_us, int64_t *n,
			struct err *e)
{
	int64_t length_us = bot_interval_s(c->interval) * US_PER_S;
	struct stmt *s;
	int rc = db_stmt(db, SQL_UNBROKEN, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, c->source);
	stmt_bind_text(s, 2, c->symbol);
	stmt_bind_text(s, 3, c->interval);
	stmt_bind_int(s, 4, after_us);
	*n = 0;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW && length_us && stmt_int(s, 0) >= 0 && stmt_int(s, 1) > stmt_int(s, 0))
		*n = (stmt_int(s, 1) - stmt_int(s, 0)) / length_us;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_data_list(struct db *db, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LIST, &s, e);

	return rc ? rc : rows_all(j, "candles", s, store_data_list_columns, e);
}

int store_data_markets(struct db *db, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_MARKETS, &s, e);

	return rc ? rc : rows_all(j, "markets", s, store_data_market_columns, e);
}

int store_data_feed(struct db *db, int64_t now_us, struct json *j, struct err *e)
{
	struct market_clock clock;
	struct stmt *s;
	int rc = market_clock_get(db, now_us, &clock, e);

	if (rc == 0)
		rc = db_stmt(db, SQL_FEED, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, market_clock_now_us(&clock));
	return rows_all(j, "symbols", s, store_data_feed_columns, e);
}
