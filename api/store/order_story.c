#include "api/store/order_story.h"

#include "api/store/orders.h"
#include "api/store/signals.h"

static const char SQL_MINE[] = "SELECT count(*) FROM trading_orders WHERE id = ?1 AND bot_id = ?2";
static const char SQL_DECISION[] =
	"SELECT id FROM signals WHERE bot_id = ?1 AND taken = 1 AND order_id = ?2"
	" ORDER BY id DESC LIMIT 1";
static const char SQL_EXITS[] =
	"SELECT entries, entry_base, profit_target, initial_stop, best_price, stop_by,"
	" stop_moved_us, leaving, exit_rules FROM trading_orders WHERE id = ?1";
static const char SQL_MODEL[] =
	"SELECT m.id, m.name, m.sha256, m.features, m.origin FROM trading_orders o"
	" JOIN models m ON m.id = o.model_id WHERE o.id = ?1";
static const char SQL_LEGS[] =
	"SELECT id, client_order_id, exchange_id, leg, side, type, time_in_force, reduce_only,"
	" price, stop_price, quantity, filled, state, leg_state, reject_reason, requested_us,"
	" acked_us, done_us, list_id FROM exchange_orders WHERE order_id = ?1 ORDER BY id";
static const char SQL_FILLS[] =
	"SELECT id, client_order_id, trade_id, side, price, quantity, fee, fee_asset, maker, at_us"
	" FROM fills WHERE order_id = ?1 ORDER BY id";
static const char SQL_MOVES[] =
	"SELECT id, client_order_id, from_state, to_state, event, why, venue_us, at_us,"
	" correlation_id FROM order_events WHERE order_id = ?1 ORDER BY id";

const struct column store_story_models[] = {
	{ "id", COL_INT }, { "name", COL_TEXT }, { "sha256", COL_TEXT }, { "features", COL_TEXT },
	{ "origin", COL_TEXT }, { NULL, COL_INT },
};
const struct column store_story_exits[] = {
	{ "entries", COL_INT }, { "entry_base", COL_PRICE }, { "profit_target", COL_PRICE },
	{ "initial_stop", COL_PRICE }, { "best_price", COL_PRICE }, { "stop_by", COL_TEXT },
	{ "stop_moved", COL_TIME }, { "leaving", COL_QTY }, { "rules", COL_JSON },
	{ NULL, COL_INT },
};
const struct column store_story_legs[] = {
	{ "id", COL_INT }, { "client_order_id", COL_TEXT }, { "exchange_id", COL_NULLTEXT },
	{ "leg", COL_TEXT }, { "side", COL_TEXT }, { "type", COL_TEXT },
	{ "time_in_force", COL_TEXT },
	{ "reduce_only", COL_BOOL }, { "price", COL_PRICE }, { "stop_price", COL_PRICE },
	{ "quantity", COL_QTY }, { "filled", COL_QTY }, { "status", COL_TEXT },
	{ "state", COL_NULLTEXT }, { "why", COL_NULLTEXT }, { "requested", COL_TIME },
	{ "acknowledged", COL_TIME }, { "done", COL_TIME }, { "list_id", COL_NULLTEXT },
	{ NULL, COL_INT },
};
const struct column store_story_fills[] = {
	{ "id", COL_INT }, { "client_order_id", COL_TEXT }, { "trade_id", COL_INT },
	{ "side", COL_TEXT }, { "price", COL_PRICE }, { "quantity", COL_QTY },
	{ "fee", COL_MONEY }, { "fee_asset", COL_TEXT }, { "maker", COL_BOOL },
	{ "at", COL_TIME }, { NULL, COL_INT },
};
const struct column store_story_moves[] = {
	{ "id", COL_INT }, { "client_order_id", COL_NULLTEXT }, { "from", COL_NULLTEXT },
	{ "to", COL_TEXT }, { "event", COL_TEXT }, { "why", COL_NULLTEXT },
	{ "venue_time", COL_TIME }, { "at", COL_TIME }, { "correlation_id", COL_TEXT },
	{ NULL, COL_INT },
};

static int list(struct db *db, const char *sql, int64_t order_id, const char *key,
		const struct column *columns, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, order_id);
	return rows_all(j, key, s, columns, e);
}

static int decision(struct db *db, int64_t bot_id, int64_t order_id, struct json *j, struct err *e)
{
	int64_t id;
	int rc = db_number(db, SQL_DECISION, (int64_t[]){ bot_id, order_id }, &id, e);

	if (rc)
		return rc;
	if (!id) {
		json_null(j, "decision");
		return 0;
	}
	json_object(j, "decision");
	rc = store_signals_get(db, id, j, e);
	json_object_end(j);
	return rc;
}

/* One row as an object; null when there is none. */
static int one(struct db *db, const char *sql, int64_t id, const char *key,
	       const struct column *columns, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		json_object(j, key);
		row_members(j, s, columns);
		json_object_end(j);
	} else if (rc == 0) {
		json_null(j, key);
	}
	stmt_done(s);
	return rc == STMT_ROW ? 0 : rc;
}

int store_order_story(struct db *db, int64_t bot_id, int64_t order_id, struct json *j,
		      struct err *e)
{
	int64_t mine;
	int rc = db_number(db, SQL_MINE, (int64_t[]){ order_id, bot_id }, &mine, e);

	if (rc)
		return rc;
	if (!mine)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no order %lld", (long long)bot_id,
			       (long long)order_id);
	json_object(j, "order");
	rc = store_orders_get(db, order_id, j, e);
	json_object_end(j);
	if (!rc)
		rc = decision(db, bot_id, order_id, j, e);
	if (!rc)
		rc = one(db, SQL_MODEL, order_id, "model", store_story_models, j, e);
	if (!rc)
		rc = one(db, SQL_EXITS, order_id, "exits", store_story_exits, j, e);
	if (!rc)
		rc = list(db, SQL_LEGS, order_id, "legs", store_story_legs, j, e);
	if (!rc)
		rc = list(db, SQL_FILLS, order_id, "fills", store_story_fills, j, e);
	return rc ? rc : list(db, SQL_MOVES, order_id, "moves", store_story_moves, j, e);
}
