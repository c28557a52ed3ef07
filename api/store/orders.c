#include "api/store/orders.h"

#include <string.h>

/* The two places of a row in the list: a time, and a number that is unique. */
#define OWN(time) \
	"SELECT " time " AS place, id * 2 AS place2, 'worker' AS source, id, bot_id, order_id," \
	" symbol, side, status, phase, limit_price, entry_price, take_profit, stop_loss," \
	" exit_price, quantity, filled, fees, gross, pnl, confidence, close_reason, strategy," \
	" mode, model_id, config_version, correlation_id, created_us, opened_us, closed_us," \
	" expires_us, uncovered_us / 1000, uncovered_from_us, updated_us FROM trading_orders "
#define REPORTED(time) \
	"SELECT " time " AS place, id * 2 + 1 AS place2, 'reported', id, bot_id, order_id," \
	" symbol, side, status, NULL, NULL, entry_price, take_profit, stop_loss, exit_price," \
	" quantity, NULL, fees, NULL, pnl, confidence, close_reason, NULL, NULL, 0, NULL, ''," \
	" created_us, NULL, closed_us, 0, NULL, NULL, updated_us FROM reported_orders "
/*
 * Each table is read for one page at most, in the order of its index; rows_pages merges the two.
 * "below" is the smallest number that does not come after the cursor. It is compared as a pair
 * (time, id), which an index has, so that SQLite seeks straight to the page.
 */
#define OWN_BELOW "?3 / 2 + ?3 % 2"
#define REPORTED_BELOW "?3 / 2"
#define PAGED(time, below) \
	" AND (" time ", id) < (?2, " below ") ORDER BY " time " DESC, id DESC LIMIT ?4"
#define HISTORY(where) \
	{ OWN("closed_us") where PAGED("closed_us", OWN_BELOW), \
	  REPORTED("closed_us") where PAGED("closed_us", REPORTED_BELOW) }
#define CLOSED "WHERE bot_id = ?1 AND status = 'closed' AND closed_us >= ?5"
#define OF_SYMBOL " AND symbol = ?6"
#define OF_REASON " AND close_reason = ?7"

/* The index is named, because SQLite would also pick the index of all of the bot's orders. */
#define OPEN(index) "INDEXED BY " index " WHERE bot_id = ?1 AND status != 'closed'"

static const char *const SQL_ACTIVE[] = {
	OWN("created_us") OPEN("trading_orders_open_bot") PAGED("created_us", OWN_BELOW),
	REPORTED("created_us") OPEN("reported_orders_open_bot")
	PAGED("created_us", REPORTED_BELOW)
};
/* One pair for each set of filters, so that each has its index. */
static const char *const SQL_HISTORY[] = HISTORY(CLOSED);
static const char *const SQL_HISTORY_SYMBOL[] = HISTORY(CLOSED OF_SYMBOL);
static const char *const SQL_HISTORY_REASON[] = HISTORY(CLOSED OF_REASON);
static const char *const SQL_HISTORY_BOTH[] = HISTORY(CLOSED OF_SYMBOL OF_REASON);
static const char SQL_GET[] = OWN("created_us") "WHERE id = ?1";
static const char SQL_REPORTED[] = REPORTED("created_us") "WHERE id = ?1";
static const char SQL_FIND[] =
	"SELECT id, status FROM reported_orders WHERE bot_id = ?1 AND order_id = ?2";
static const char SQL_ADD[] =
	"INSERT INTO reported_orders(bot_id, order_id, symbol, side, status, entry_price,"
	" exit_price, take_profit, stop_loss, quantity, pnl, fees, confidence, close_reason,"
	" created_us, closed_us, updated_us)"
	" VALUES (?1, ?2, ?3, ?4, coalesce(?5, 'pending'), ?6, ?7, ?8, ?9, ?10, coalesce(?11, 0.0),"
	" coalesce(?12, 0.0), ?13, coalesce(?14, ''), coalesce(?15, ?17),"
	" iif(?5 = 'closed', coalesce(?16, ?17), NULL), ?17)";
static const char SQL_UPDATE[] =
	"UPDATE reported_orders SET symbol = coalesce(?3, symbol), side = coalesce(?4, side),"
	" status = coalesce(?5, status), entry_price = coalesce(?6, entry_price),"
	" exit_price = coalesce(?7, exit_price), take_profit = coalesce(?8, take_profit),"
	" stop_loss = coalesce(?9, stop_loss), quantity = coalesce(?10, quantity),"
	" pnl = coalesce(?11, pnl), fees = coalesce(?12, fees),"
	" confidence = coalesce(?13, confidence), close_reason = coalesce(?14, close_reason),"
	" created_us = coalesce(?15, created_us),"
	" closed_us = iif(coalesce(?5, status) = 'closed', coalesce(?16, closed_us, ?17), NULL),"
	" updated_us = ?17 WHERE bot_id = ?1 AND order_id = ?2";
static const char SQL_TIMES[] =
	"SELECT created_us, closed_us FROM reported_orders WHERE id = ?1";
static const char SQL_QUESTION[] =
	"SELECT answer, expires_us FROM confirmations WHERE order_id = ?1 AND bot_id = ?2";
static const char SQL_ANSWER[] =
	"UPDATE confirmations SET answer = ?2, answered_by = ?3, answered_us = ?4"
	" WHERE order_id = ?1";

const struct column store_orders_columns[] = {
	{ "", COL_HIDDEN }, { "", COL_HIDDEN }, { "source", COL_TEXT }, { "id", COL_INT },
	{ "bot_id", COL_INT }, { "order_id", COL_TEXT }, { "symbol", COL_TEXT },
	{ "side", COL_TEXT }, { "status", COL_TEXT }, { "phase", COL_TEXT },
	{ "limit_price", COL_PRICE }, { "entry_price", COL_PRICE }, { "take_profit", COL_PRICE },
	{ "stop_loss", COL_PRICE }, { "exit_price", COL_PRICE }, { "quantity", COL_QTY },
	{ "filled", COL_QTY }, { "fees", COL_MONEY }, { "gross", COL_MONEY }, { "pnl", COL_MONEY },
	{ "confidence", COL_REAL }, { "close_reason", COL_NULLTEXT }, { "strategy", COL_TEXT },
	{ "mode", COL_TEXT }, { "model_id", COL_NULLINT }, { "config_version", COL_INT },
	{ "correlation_id", COL_NULLTEXT }, { "created", COL_TIME }, { "opened", COL_TIME },
	{ "closed", COL_TIME }, { "expires", COL_TIME }, { "uncovered_ms", COL_INT },
	{ "uncovered_since", COL_TIME }, { "updated", COL_TIME },
	{ NULL, COL_INT },
};

int store_orders_active(struct db *db, int64_t bot_id, struct page *p, struct json *j,
			struct err *e)
{
	struct stmt *s[2];
	int rc = 0;

	p->pair = true;
	for (int i = 0; i < 2; i++) {
		rc = db_stmt(db, SQL_ACTIVE[i], &s[i], e);
		if (rc)
			return rc;
		stmt_bind_int(s[i], 1, bot_id);
		page_bind_pair(s[i], 2, 3, 4, p);
	}
	return rows_pages(j, "orders", s, 2, store_orders_columns, p, e);
}

static const char *const *sql_history(const struct order_filter *f)
{
	if (f->symbol && f->reason)
		return SQL_HISTORY_BOTH;
	return f->symbol ? SQL_HISTORY_SYMBOL : f->reason ? SQL_HISTORY_REASON : SQL_HISTORY;
}

int store_orders_history(struct db *db, int64_t bot_id, const struct order_filter *f,
			 struct page *p, struct json *j, struct err *e)
{
	struct page below = *p;
	const char *const *sql = sql_history(f);
	struct stmt *s[2];

	p->pair = true;
	if (f->to_us <= p->before) { /* one bound for the index: the lower of the two */
		below.before = f->to_us;
		below.before2 = INT64_MIN;
	}
	for (int i = 0; i < 2; i++) {
		int rc = db_stmt(db, sql[i], &s[i], e);

		if (rc)
			return rc;
		stmt_bind_int(s[i], 1, bot_id);
		page_bind_pair(s[i], 2, 3, 4, &below);
		stmt_bind_int(s[i], 5, f->from_us);
		if (f->symbol)
			stmt_bind_text(s[i], 6, f->symbol);
		if (f->reason)
			stmt_bind_text(s[i], 7, f->reason);
	}
	return rows_pages(j, "orders", s, 2, store_orders_columns, p, e);
}

/* Reports hold JSON numbers; the nearest exact decimal is stored. */
static void bind_number(struct stmt *s, int index, bool given, double v)
{
	struct money m;

	if (given && !money_from_real(v, &m))
		stmt_bind_money(s, index, m);
	else
		stmt_bind_null(s, index);
}

static int find_reported(struct db *db, int64_t bot_id, const char *order_id, int64_t *id,
			 struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FIND, &s, e);

	if (rc)
		return rc;
	*id = 0;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, order_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*id = stmt_int(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_orders_report_tx(struct db *db, int64_t bot_id, const struct order_report *o,
			   int64_t now_us, int64_t *id, bool *created, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = find_reported(db, bot_id, o->order_id, id, e);
	if (rc)
		return rc;
	*created = !*id;
	if (*created && (!o->symbol || !o->side || !o->quantity.given))
		return err_set(e, ERR_INVALID,
			       "order %s is new: symbol, side and quantity are required",
			       o->order_id);
	rc = *created ? db_stmt(db, SQL_ADD, &s, e) : db_stmt(db, SQL_UPDATE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, o->order_id);
	stmt_bind_text(s, 3, o->symbol);
	stmt_bind_text(s, 4, o->side);
	stmt_bind_text(s, 5, o->status);
	bind_number(s, 6, o->entry_price.given, o->entry_price.value);
	bind_number(s, 7, o->exit_price.given, o->exit_price.value);
	bind_number(s, 8, o->take_profit.given, o->take_profit.value);
	bind_number(s, 9, o->stop_loss.given, o->stop_loss.value);
	bind_number(s, 10, o->quantity.given, o->quantity.value);
	bind_number(s, 11, o->pnl.given, o->pnl.value);
	bind_number(s, 12, o->fees.given, o->fees.value);
	if (o->confidence.given)
		stmt_bind_double(s, 13, o->confidence.value);
	stmt_bind_text(s, 14, o->close_reason);
	stmt_bind_nonzero(s, 15, o->created_us);
	stmt_bind_nonzero(s, 16, o->closed_us);
	stmt_bind_int(s, 17, now_us);
	rc = stmt_run(s, e);
	if (!rc && *created)
		*id = db_last_id(db);
	return rc;
}

int store_orders_reported_times(struct db *db, int64_t id, int64_t *created_us,
				int64_t *closed_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_TIMES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*created_us = stmt_int(s, 0);
		*closed_us = stmt_int(s, 1);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

int store_orders_get(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_orders_columns, "order", id, e);
}

int store_orders_reported(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_REPORTED, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_orders_columns, "reported order", id, e);
}

static int check_question_tx(struct db *db, int64_t bot_id, int64_t order_id, int64_t now_us,
			     struct err *e)
{
	char answer[12] = "";
	int64_t expires = 0;
	struct stmt *s;
	int rc = db_stmt(db, SQL_QUESTION, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, order_id);
	stmt_bind_int(s, 2, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, answer, sizeof(answer));
		expires = stmt_int(s, 1);
	}
	stmt_done(s);
	if (rc < 0)
		return rc;
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "order %lld of bot %lld needs no answer",
			       (long long)order_id, (long long)bot_id);
	if (answer[0])
		return err_set(e, ERR_CONFLICT, "order %lld was answered already: %s",
			       (long long)order_id, answer);
	if (expires <= now_us)
		return err_set(e, ERR_CONFLICT, "too late: order %lld was dropped unanswered",
			       (long long)order_id);
	return 0;
}

int store_orders_answer_tx(struct db *db, int64_t bot_id, int64_t order_id, const char *answer,
			   const char *by, int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = check_question_tx(db, bot_id, order_id, now_us, e);
	if (!rc)
		rc = db_stmt(db, SQL_ANSWER, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, order_id);
	stmt_bind_text(s, 2, answer);
	stmt_bind_text(s, 3, by);
	stmt_bind_int(s, 4, now_us);
	return stmt_run(s, e);
}
