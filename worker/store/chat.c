#include "worker/store/chat.h"

#include "common/log.h"
#include "common/registry/accounts.h"

#include <string.h>

static const char SQL_TRADES[] =
	"SELECT o.id, o.bot_id, o.symbol, o.side, o.status,"
	" coalesce(o.entry_price, o.limit_price), o.position, s.last_price, o.created_us,"
	" o.opened_us"
	" FROM trading_orders o INDEXED BY trading_orders_open_bot"
	" LEFT JOIN bot_state s ON s.bot_id = o.bot_id"
	" WHERE o.status != 'closed' AND o.bot_id = ?1 ORDER BY o.id";
static const char SQL_TRADE_BOT[] =
	"SELECT bot_id FROM trading_orders WHERE id = ?1 AND status != 'closed'";
#define SUMS \
	" sum(trades), sum(wins), sum(losses), sum(net), sum(fees), sum(volume), max(net)," \
	" min(net) FROM trading_stats WHERE bot_id = ?1 AND account_id = " ACCOUNT_NOW \
	" AND day >= ?2"
static const char SQL_DAYS[] = "SELECT day," SUMS " GROUP BY 1 ORDER BY 1 DESC LIMIT ?3";
static const char SQL_WEEKS[] =
	"SELECT strftime('%Y-W%W', day)," SUMS " GROUP BY 1 ORDER BY 1 DESC LIMIT ?3";
static const char SQL_MONTHS[] =
	"SELECT substr(day, 1, 7)," SUMS " GROUP BY 1 ORDER BY 1 DESC LIMIT ?3";
static const char SQL_ALL[] = "SELECT coalesce(min(day), '')," SUMS " LIMIT ?3";
static const char SQL_SYMBOLS[] =
	"SELECT symbol, count(*), sum(pnl > 0), sum(pnl < 0), sum(pnl), sum(fees), 0.0, 0.0, 0.0"
	" FROM (SELECT symbol, pnl, fees FROM trading_orders WHERE bot_id = ?1"
	" AND account_id = " ACCOUNT_NOW
	" AND status = 'closed' AND filled > 0 ORDER BY closed_us DESC LIMIT ?2)"
	" GROUP BY symbol ORDER BY 5 DESC";
static const char SQL_BALANCES[] =
	"SELECT b.account, b.asset, b.amount FROM sim_balances b JOIN sim_accounts a"
	" ON a.bot_id = b.bot_id AND a.epoch = b.epoch WHERE b.bot_id = ?1 AND b.amount != 0"
	" AND b.account IN ('free', 'reserved', 'margin') ORDER BY b.asset, b.account";
static const char SQL_LOGS[] =
	"SELECT at_us, level, logger, message FROM (SELECT id, at_us, level, logger, message"
	" FROM logs WHERE level >= ?2 ORDER BY id DESC LIMIT ?1) ORDER BY id";
static const char SQL_CONFIG[] =
	"SELECT config FROM trading_config_history WHERE bot_id = ?1 ORDER BY version DESC LIMIT 1";

int store_answer_trades(struct db *db, int64_t bot_id, answer_trade_each *each, void *ctx,
			struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_TRADES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct answer_trade t = {
			.id = stmt_int(s, 0), .bot_id = stmt_int(s, 1),
			.entry_price = stmt_double(s, 5), .position = stmt_double(s, 6),
			.last_price = stmt_double(s, 7), .created_us = stmt_int(s, 8),
			.opened_us = stmt_int(s, 9),
		};

		stmt_copy(s, 2, t.symbol, sizeof(t.symbol));
		stmt_copy(s, 3, t.side, sizeof(t.side));
		stmt_copy(s, 4, t.status, sizeof(t.status));
		each(ctx, &t);
	}
	stmt_done(s);
	return rc;
}

int store_answer_trade_bot(struct db *db, int64_t order_id, int64_t *bot_id, struct err *e)
{
	int64_t id = 0;
	int rc = db_number(db, SQL_TRADE_BOT, &order_id, &id, e);

	if (rc == 0 && !id)
		return err_set(e, ERR_NOT_FOUND, "there is no open trade %lld",
			       (long long)order_id);
	if (rc == 0)
		*bot_id = id;
	return rc;
}

static int each_sum(struct stmt *s, answer_sum_each *each, void *ctx, struct err *e)
{
	int rc;

	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct answer_sum sum = {
			.trades = stmt_int(s, 1), .wins = stmt_int(s, 2), .losses = stmt_int(s, 3),
			.net = stmt_double(s, 4), .fees = stmt_double(s, 5),
			.volume = stmt_double(s, 6), .best = stmt_double(s, 7),
			.worst = stmt_double(s, 8),
		};

		stmt_copy(s, 0, sum.name, sizeof(sum.name));
		each(ctx, &sum);
	}
	stmt_done(s);
	return rc;
}

static const char *period_sql(enum answer_period p)
{
	switch (p) {
	case PERIOD_DAY: return SQL_DAYS;
	case PERIOD_WEEK: return SQL_WEEKS;
	case PERIOD_MONTH: return SQL_MONTHS;
	case PERIOD_ALL: return SQL_ALL;
	}
	return SQL_ALL;
}

int store_answer_periods(struct db *db, int64_t bot_id, enum answer_period period,
			 const char *since, int64_t n, answer_sum_each *each, void *ctx,
			 struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, period_sql(period), &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, since);
	stmt_bind_int(s, 3, n);
	return each_sum(s, each, ctx, e);
}

int store_answer_symbols(struct db *db, int64_t bot_id, answer_sum_each *each, void *ctx,
			 struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_SYMBOLS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, ANSWER_TRADES_MAX);
	return each_sum(s, each, ctx, e);
}

int store_answer_balances(struct db *db, int64_t bot_id, answer_balance_each *each, void *ctx,
			  struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BALANCES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		each(ctx, stmt_text(s, 0), stmt_text(s, 1), stmt_double(s, 2));
	stmt_done(s);
	return rc;
}

int store_answer_logs(struct db *db, int64_t n, answer_log_each *each, void *ctx, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LOGS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, n);
	stmt_bind_int(s, 2, LOG_INFO);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		each(ctx, stmt_int(s, 0), (int)stmt_int(s, 1), stmt_text(s, 2), stmt_text(s, 3));
	stmt_done(s);
	return rc;
}

int store_answer_config(struct db *db, int64_t bot_id, struct buf *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_CONFIG, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		buf_puts(out, stmt_text(s, 0));
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no settings", (long long)bot_id);
	return rc < 0 ? rc : 0;
}
