#include "api/store/signals.h"

#define SIGNAL_SELECT \
	"SELECT id, bot_id, symbol, strategy, side, confidence, price, taken, rule, reason," \
	" order_id, repeats, model_id, config_version, correlation_id, at_us, last_us FROM signals "
static const char SQL_GET[] = SIGNAL_SELECT "WHERE id = ?1";
#define LIST(which) \
	SIGNAL_SELECT "WHERE bot_id = ?1 AND id < ?2" which " ORDER BY id DESC LIMIT ?3"
#define OF_RULE " AND rule = ?4"
/* One statement for each set of filters, so that each has its index. */
static const char SQL_LIST[] = LIST("");
static const char SQL_TAKEN[] = LIST(" AND taken = 1");
static const char SQL_REFUSED[] = LIST(" AND taken = 0");
static const char SQL_RULE[] = LIST(OF_RULE);
static const char SQL_TAKEN_RULE[] = LIST(" AND taken = 1" OF_RULE);
static const char SQL_REFUSED_RULE[] = LIST(" AND taken = 0" OF_RULE);
const struct column store_signals_columns[] = {
	{ "id", COL_INT }, { "bot_id", COL_INT }, { "symbol", COL_TEXT },
	{ "strategy", COL_TEXT }, { "side", COL_TEXT }, { "confidence", COL_REAL },
	{ "price", COL_PRICE }, { "taken", COL_BOOL }, { "rule", COL_TEXT },
	{ "reason", COL_TEXT }, { "order_id", COL_INT }, { "repeats", COL_INT },
	{ "model_id", COL_NULLINT }, { "config_version", COL_INT },
	{ "correlation_id", COL_TEXT }, { "at", COL_TIME }, { "last", COL_TIME },
	{ NULL, COL_INT },
};

static const char *sql_list(int taken, const char *rule)
{
	if (taken < 0)
		return rule ? SQL_RULE : SQL_LIST;
	if (taken)
		return rule ? SQL_TAKEN_RULE : SQL_TAKEN;
	return rule ? SQL_REFUSED_RULE : SQL_REFUSED;
}

int store_signals_list(struct db *db, int64_t bot_id, int taken, const char *rule,
		       const struct page *p, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql_list(taken, rule), &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	page_bind(s, 2, 3, p);
	if (rule)
		stmt_bind_text(s, 4, rule);
	return rows_page(j, "signals", s, store_signals_columns, p, e);
}

int store_signals_get(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_signals_columns, "signal", id, e);
}
