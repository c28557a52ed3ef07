#include "api/store/bots.h"

#include "common/registry/market_clock.h"

#include <string.h>

#define BOT_SELECT \
	"SELECT b.id, b.name, b.bot_type, b.description, lower(coalesce(s.status, 'STOPPED'))," \
	" coalesce(s.status, 'STOPPED'), s.error, s.mode, c.symbol, c.strategy, c.exchange," \
	" c.interval, c.version, s.applied_config_version, nullif(c.model_id, 0)," \
	" s.pending_orders, s.open_positions, s.equity, nullif(s.last_price, 0.0)," \
	" json_object('symbol', c.symbol, 'exchange', c.exchange, 'leverage', c.leverage," \
	" 'capital_per_trade', c.capital_per_trade, 'profit_target_pct', c.profit_target_pct," \
	" 'stop_loss_pct', c.stop_loss_pct)," \
	" coalesce(nullif(s.running_us, 0), s.start_us)," \
	MARKET_CLOCK_MACHINE_SQL("s.last_execution_us") "," \
	" b.created_us, b.updated_us," \
	" (SELECT nullif(m.warning, '') FROM models m WHERE m.id = c.model_id)" \
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id" \
	" LEFT JOIN trading_configs c ON c.bot_id = b.id" \
	" LEFT JOIN worker_heartbeat h ON h.id = 1 "

static const char SQL_LIST[] = BOT_SELECT "WHERE b.id < ?1 ORDER BY b.id DESC LIMIT ?2";
static const char SQL_GET[] = BOT_SELECT "WHERE b.id = ?1";
static const char SQL_EXISTS[] = "SELECT 1 FROM bots WHERE id = ?1";
/* A bot that somebody made external by hand while it ran still belongs to the worker. */
static const char SQL_OURS[] =
	"SELECT b.bot_type != 'external' OR EXISTS (SELECT 1 FROM bot_state s WHERE s.bot_id = b.id"
	" AND (s.status != 'STOPPED' OR s.open_positions > 0)) FROM bots b WHERE b.id = ?1";
static const char SQL_TYPE[] = "SELECT bot_type FROM bots WHERE id = ?1";
static const char SQL_NAME[] = "SELECT id FROM bots WHERE name = ?1";
/* An id is never used twice, because a deleted bot's trades, money and events keep its id. */
static const char SQL_ADD[] =
	"INSERT INTO bots(id, name, bot_type, description, created_us, updated_us)"
	" VALUES (1 + max((SELECT coalesce(max(id), 0) FROM bots),"
	" (SELECT coalesce(max(bot_id), 0) FROM sim_accounts),"
	" (SELECT coalesce(max(bot_id), 0) FROM trading_orders),"
	" (SELECT coalesce(max(bot_id), 0) FROM bot_events)), ?1, ?2, ?3, ?4, ?4)";
static const char SQL_UPDATE[] =
	"UPDATE bots SET name = coalesce(?2, name), bot_type = coalesce(?3, bot_type),"
	" description = coalesce(?4, description), updated_us = ?5 WHERE id = ?1";
static const char SQL_BUSY[] =
	"SELECT coalesce(s.status, 'STOPPED'), coalesce(s.emergency, 0),"
	" (SELECT count(*) FROM trading_orders o INDEXED BY trading_orders_open_bot"
	" WHERE o.bot_id = ?1 AND o.status != 'closed' AND o.phase != 'remainder')"
	" FROM bots b LEFT JOIN bot_state s ON s.bot_id = b.id WHERE b.id = ?1";
static const char SQL_DELETE[] = "DELETE FROM bots WHERE id = ?1";
static const char SQL_EVENTS[] =
	"SELECT id, bot_id, lower(from_status), lower(to_status), event, reason, requested_by,"
	" correlation_id, at_us FROM bot_events WHERE bot_id = ?1 AND id < ?2"
	" ORDER BY id DESC LIMIT ?3";

const struct column store_bots_columns[] = {
	{ "id", COL_INT }, { "name", COL_TEXT }, { "bot_type", COL_TEXT },
	{ "description", COL_TEXT }, { "status", COL_TEXT }, { "bot_status", COL_TEXT },
	{ "error", COL_NULLTEXT }, { "mode", COL_TEXT }, { "symbol", COL_TEXT },
	{ "strategy", COL_TEXT }, { "exchange", COL_TEXT }, { "interval", COL_TEXT },
	{ "config_wanted", COL_INT }, { "config_applied", COL_INT }, { "model_id", COL_INT },
	{ "pending_orders", COL_INT }, { "open_positions", COL_INT }, { "equity", COL_MONEY },
	{ "last_price", COL_PRICE }, { "meaning", COL_MEANING }, { "start_time", COL_TIME },
	{ "last_execution", COL_TIME },
	{ "created", COL_TIME }, { "updated", COL_TIME }, { "model_warning", COL_NULLTEXT },
	{ NULL, COL_INT },
};
const struct column store_bots_event_columns[] = {
	{ "id", COL_INT }, { "bot_id", COL_INT }, { "from_status", COL_TEXT },
	{ "to_status", COL_TEXT }, { "event", COL_TEXT }, { "reason", COL_TEXT },
	{ "requested_by", COL_TEXT }, { "correlation_id", COL_TEXT }, { "at", COL_TIME },
	{ NULL, COL_INT },
};

int store_bots_exists(struct db *db, int64_t id, struct err *e)
{
	int64_t there = 0;
	int rc = db_number(db, SQL_EXISTS, &id, &there, e);

	if (rc == 0 && !there)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)id);
	return rc;
}

int store_bots_check_ours(struct db *db, int64_t id, struct err *e)
{
	struct stmt *s;
	bool ours = true;
	int rc = db_stmt(db, SQL_OURS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		ours = stmt_int(s, 0) != 0;
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)id);
	if (rc == STMT_ROW && !ours)
		return err_set(e, ERR_CONFLICT,
			       "bot %lld is external: it runs elsewhere and only reports here",
			       (long long)id);
	return rc < 0 ? rc : 0;
}

int store_bots_list(struct db *db, const struct page *p, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LIST, &s, e);

	if (rc)
		return rc;
	page_bind(s, 1, 2, p);
	return rows_page(j, "bots", s, store_bots_columns, p, e);
}

int store_bots_get(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_bots_columns, "bot", id, e);
}

/* ERR_CONFLICT when another bot than "id" has the name (0: when any bot has it). */
static int check_name_tx(struct db *db, const char *name, int64_t id, struct err *e)
{
	struct stmt *s;
	int64_t found = 0;
	int rc;

	if (!name)
		return 0;
	rc = db_stmt(db, SQL_NAME, &s, e);
	if (rc)
		return rc;
	stmt_bind_text(s, 1, name);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		found = stmt_int(s, 0);
	stmt_done(s);
	if (found && found != id)
		return err_set(e, ERR_CONFLICT, "bot %lld has the name %s already",
			       (long long)found, name);
	return rc < 0 ? rc : 0;
}

int store_bots_add_tx(struct db *db, const struct bot_row *b, int64_t now_us, int64_t *id,
		      struct err *e)
{
	struct stmt *s;
	int rc;

	rc = check_name_tx(db, b->name, 0, e);
	if (!rc)
		rc = db_stmt(db, SQL_ADD, &s, e);
	if (rc)
		return rc;
	stmt_bind_text(s, 1, b->name);
	stmt_bind_text(s, 2, b->bot_type ? b->bot_type : "trading");
	stmt_bind_text(s, 3, b->description ? b->description : "");
	stmt_bind_int(s, 4, now_us);
	rc = stmt_run(s, e);
	if (!rc)
		*id = db_last_id(db);
	return rc;
}

static int check_idle_tx(struct db *db, int64_t id, struct err *e)
{
	char status[12] = "";
	int64_t open = 0, emergency = 0;
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_BUSY, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, status, sizeof(status));
		emergency = stmt_int(s, 1);
		open = stmt_int(s, 2);
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no bot %lld", (long long)id);
	if (rc < 0)
		return rc;
	if (strcmp(status, "STOPPED") != 0 || open || emergency == 1)
		return err_set(e, ERR_CONFLICT,
			       "bot %lld is %s with %lld open orders: stop it and close its "
			       "positions first",
			       (long long)id, status, (long long)open);
	return 0;
}

/* Another type means that another program runs the bot, so the bot must not run now. */
static int check_type_tx(struct db *db, int64_t id, const char *type, struct err *e)
{
	char now[12] = "";
	struct stmt *s;
	int rc = type ? db_stmt(db, SQL_TYPE, &s, e) : 0;

	if (rc || !type)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		stmt_copy(s, 0, now, sizeof(now));
	stmt_done(s);
	if (rc < 0)
		return rc;
	return strcmp(now, type) ? check_idle_tx(db, id, e) : 0;
}

int store_bots_update_tx(struct db *db, int64_t id, const struct bot_row *b, int64_t now_us,
			 struct err *e)
{
	struct stmt *s;
	int rc;

	rc = store_bots_exists(db, id, e);
	if (!rc)
		rc = check_name_tx(db, b->name, id, e);
	if (!rc)
		rc = check_type_tx(db, id, b->bot_type, e);
	if (!rc)
		rc = db_stmt(db, SQL_UPDATE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	stmt_bind_text(s, 2, b->name);
	stmt_bind_text(s, 3, b->bot_type);
	stmt_bind_text(s, 4, b->description);
	stmt_bind_int(s, 5, now_us);
	return stmt_run(s, e);
}

int store_bots_delete_tx(struct db *db, int64_t id, struct err *e)
{
	struct stmt *s;
	int rc;

	if (id == 1)
		return err_set(e, ERR_CONFLICT,
			       "bot 1 is the default bot of the routes without a number: change it "
			       "instead");
	rc = check_idle_tx(db, id, e);
	if (!rc)
		rc = db_stmt(db, SQL_DELETE, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return stmt_run(s, e);
}

int store_bots_events(struct db *db, int64_t id, const struct page *p, struct json *j,
		      struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EVENTS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	page_bind(s, 2, 3, p);
	return rows_page(j, "events", s, store_bots_event_columns, p, e);
}
