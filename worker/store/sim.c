#include "worker/store/sim.h"

#include "worker/feed/feed.h"
#include "worker/venue/sim/sim.h"

#include <string.h>

static const char SQL_ACCOUNT[] =
	"INSERT OR REPLACE INTO sim_accounts(bot_id, kind, base_asset, quote_asset, "
	"initial_capital,"
	" leverage, epoch, position, entry_price, next_funding_us, created_us, updated_us,"
	" symbol) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
static const char SQL_LEDGER[] =
	"INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind,"
	" client_order_id, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char SQL_BALANCE[] =
	"INSERT OR REPLACE INTO sim_balances(bot_id, epoch, account, asset, amount)"
	" VALUES (?1, ?2, ?3, ?4, ?5)";
static const char SQL_ORDER[] =
	"INSERT OR REPLACE INTO sim_orders(client_order_id, seq, bot_id, symbol, side, type,"
	" reduce_only, price, stop_price, quantity, filled, queue_ahead, reserved, reserved_asset,"
	" stage, due_us, exchange_id, trigger_price, time_in_force, list_id)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
	" ?18, ?19, ?20)";
static const char SQL_ORDER_GONE[] = "DELETE FROM sim_orders WHERE client_order_id = ?1";
static const char SQL_COUNTER[] = "INSERT OR REPLACE INTO counters(name, value) VALUES (?1, ?2)";
static const char SQL_MARKETS[] =
	"SELECT DISTINCT coalesce(nullif(symbol, ''), base_asset || quote_asset), kind, base_asset,"
	" quote_asset FROM sim_accounts ORDER BY 1, 2";
static const char SQL_ACCOUNTS[] =
	"SELECT bot_id, kind, base_asset, quote_asset, initial_capital, leverage, epoch, position,"
	" entry_price, next_funding_us, created_us, updated_us, symbol FROM sim_accounts"
	" ORDER BY bot_id";
static const char SQL_BALANCES[] =
	"SELECT bot_id, epoch, account, asset, amount FROM sim_balances ORDER BY bot_id, epoch";
static const char SQL_ORDERS[] =
	"SELECT client_order_id, seq, bot_id, symbol, side, type, reduce_only, price, stop_price,"
	" quantity, filled, queue_ahead, reserved, reserved_asset, stage, due_us, exchange_id,"
	" trigger_price, time_in_force, list_id FROM sim_orders ORDER BY seq";
static const char SQL_COUNTERS[] = "SELECT name, value FROM counters";

int store_sim_account_tx(struct db *db, const struct sim_account *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ACCOUNT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->bot_id);
	stmt_bind_text(s, 2, r->futures ? "futures" : "spot");
	stmt_bind_text(s, 3, r->base_asset);
	stmt_bind_text(s, 4, r->quote_asset);
	stmt_near_money(s, 5, r->initial_capital);
	stmt_near_money(s, 6, money_of_units(r->leverage_e8));
	stmt_bind_int(s, 7, r->epoch);
	stmt_near_qty(s, 8, r->position);
	stmt_near_price(s, 9, r->entry_price);
	stmt_bind_int(s, 10, r->next_funding_us);
	stmt_bind_int(s, 11, r->created_us);
	stmt_bind_int(s, 12, r->updated_us);
	stmt_bind_text(s, 13, r->symbol);
	return stmt_run(s, e);
}

int store_sim_ledger_tx(struct db *db, const struct sim_ledger_row *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEDGER, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->entry_id);
	stmt_bind_int(s, 2, r->bot_id);
	stmt_bind_int(s, 3, r->epoch);
	stmt_bind_text(s, 4, ledger_account_name(r->account));
	stmt_bind_text(s, 5, r->asset);
	stmt_near_money(s, 6, money_of_units(r->amount_e8));
	stmt_bind_text(s, 7, ledger_kind_name(r->kind));
	stmt_bind_text(s, 8, r->client_order_id);
	stmt_bind_int(s, 9, r->at_us);
	return stmt_run(s, e);
}

int store_sim_balance_tx(struct db *db, const struct sim_balance *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BALANCE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->bot_id);
	stmt_bind_int(s, 2, r->epoch);
	stmt_bind_text(s, 3, ledger_account_name(r->account));
	stmt_bind_text(s, 4, r->asset);
	stmt_near_money(s, 5, money_of_units(r->amount_e8));
	return stmt_run(s, e);
}

int store_sim_order_tx(struct db *db, const struct sim_order *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ORDER, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, r->client_order_id);
	stmt_bind_int(s, 2, r->seq);
	stmt_bind_int(s, 3, r->bot_id);
	stmt_bind_text(s, 4, r->symbol);
	stmt_bind_text(s, 5, side_name(r->side));
	stmt_bind_text(s, 6, leg_type_name(r->type));
	stmt_bind_int(s, 7, r->reduce_only);
	stmt_near_price(s, 8, r->price);
	stmt_near_price(s, 9, r->stop_price);
	stmt_near_qty(s, 10, r->quantity);
	stmt_near_qty(s, 11, r->filled);
	stmt_near_qty(s, 12, r->queue_ahead);
	stmt_near_money(s, 13, money_of_units(r->reserved_e8));
	stmt_bind_text(s, 14, r->reserved_asset);
	stmt_bind_text(s, 15, sim_stage_name(r->stage));
	stmt_bind_int(s, 16, r->due_us);
	stmt_bind_int(s, 17, r->exchange_id);
	stmt_near_price(s, 18, r->trigger_price);
	stmt_bind_text(s, 19, tif_name(r->tif));
	stmt_bind_text(s, 20, r->list_id);
	return stmt_run(s, e);
}

int store_sim_order_gone_tx(struct db *db, const char *client_order_id, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ORDER_GONE, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, client_order_id);
	return stmt_run(s, e);
}

int store_counter_tx(struct db *db, const char *name, int64_t next, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_COUNTER, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, name);
	stmt_bind_int(s, 2, next);
	return stmt_run(s, e);
}

static int bad_word(const char *table, const char *word, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "%s holds \"%s\", which this program does not know; restore a "
		       "backup of the database",
		       table, word);
}

static int restore_market(struct stmt *s, struct venue *sim, struct err *e)
{
	struct symbol_info info;

	(void)e;
	symbol_info_default(stmt_text(s, 0), strcmp(stmt_text(s, 1), "futures") == 0, &info);
	stmt_copy(s, 2, info.base, sizeof(info.base));
	stmt_copy(s, 3, info.quote, sizeof(info.quote));
	if (sim_symbol_find(sim, info.symbol, info.futures) < 0)
		(void)sim_symbol_add(sim, &info);
	return 0;
}

static int restore_account(struct stmt *s, struct venue *sim, struct err *e)
{
	struct sim_account r = { 0 };

	r.bot_id = stmt_int(s, 0);
	r.futures = strcmp(stmt_text(s, 1), "futures") == 0;
	stmt_copy(s, 2, r.base_asset, sizeof(r.base_asset));
	stmt_copy(s, 3, r.quote_asset, sizeof(r.quote_asset));
	r.initial_capital = stmt_money(s, 4);
	r.leverage_e8 = money_units(stmt_money(s, 5));
	r.epoch = stmt_int(s, 6);
	r.position = stmt_qty(s, 7);
	r.entry_price = stmt_price(s, 8);
	r.next_funding_us = stmt_int(s, 9);
	r.created_us = stmt_int(s, 10);
	r.updated_us = stmt_int(s, 11);
	stmt_copy(s, 12, r.symbol, sizeof(r.symbol));
	return sim_account_restore(sim, &r, e);
}

static int restore_balance(struct stmt *s, struct venue *sim, struct err *e)
{
	struct sim_balance r = { 0 };

	r.bot_id = stmt_int(s, 0);
	r.epoch = stmt_int(s, 1);
	stmt_copy(s, 3, r.asset, sizeof(r.asset));
	r.amount_e8 = money_units(stmt_money(s, 4));
	if (ledger_account_parse(stmt_text(s, 2), &r.account))
		return bad_word("sim_balances", stmt_text(s, 2), e);
	return sim_balance_restore(sim, &r, e);
}

static int restore_order(struct stmt *s, struct venue *sim, struct err *e)
{
	struct sim_order r = { 0 };

	stmt_copy(s, 0, r.client_order_id, sizeof(r.client_order_id));
	r.seq = stmt_int(s, 1);
	r.bot_id = stmt_int(s, 2);
	stmt_copy(s, 3, r.symbol, sizeof(r.symbol));
	r.reduce_only = stmt_int(s, 6) != 0;
	r.price = stmt_price(s, 7);
	r.stop_price = stmt_price(s, 8);
	r.quantity = stmt_qty(s, 9);
	r.filled = stmt_qty(s, 10);
	r.queue_ahead = stmt_qty(s, 11);
	r.reserved_e8 = money_units(stmt_money(s, 12));
	stmt_copy(s, 13, r.reserved_asset, sizeof(r.reserved_asset));
	r.due_us = stmt_int(s, 15);
	r.exchange_id = stmt_int(s, 16);
	r.trigger_price = stmt_price(s, 17);
	stmt_copy(s, 19, r.list_id, sizeof(r.list_id));
	if (side_parse(stmt_text(s, 4), &r.side))
		return bad_word("sim_orders", stmt_text(s, 4), e);
	if (leg_type_parse(stmt_text(s, 5), &r.type))
		return bad_word("sim_orders", stmt_text(s, 5), e);
	if (tif_parse(stmt_text(s, 18), &r.tif))
		return bad_word("sim_orders", stmt_text(s, 18), e);
	if (sim_stage_parse(stmt_text(s, 14), &r.stage))
		return bad_word("sim_orders", stmt_text(s, 14), e);
	return sim_order_restore(sim, &r, e);
}

static int restore_counter(struct stmt *s, struct venue *sim, struct err *e)
{
	(void)e;
	sim_counter_restore(sim, stmt_text(s, 0), stmt_int(s, 1));
	return 0;
}

static int restore_each(struct db *db, const char *sql, struct venue *sim,
			int (*each)(struct stmt *s, struct venue *sim, struct err *e),
			struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		rc = each(s, sim, e);
		if (rc)
			break;
	}
	stmt_done(s);
	return rc;
}

int store_sim_restore(struct db *db, struct venue *sim, struct err *e)
{
	int rc = restore_each(db, SQL_MARKETS, sim, restore_market, e);

	if (rc == 0)
		rc = restore_each(db, SQL_ACCOUNTS, sim, restore_account, e);
	if (rc == 0)
		rc = restore_each(db, SQL_BALANCES, sim, restore_balance, e);
	if (rc == 0)
		rc = restore_each(db, SQL_ORDERS, sim, restore_order, e);
	if (rc == 0)
		rc = restore_each(db, SQL_COUNTERS, sim, restore_counter, e);
	if (rc == 0)
		sim_restore_round(sim);
	if (rc == 0)
		rc = sim_check(sim, e);
	return rc;
}
