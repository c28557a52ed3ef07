#include "api/store/sim.h"

#include <string.h>

static const char SQL_QUOTE[] = "SELECT quote_asset FROM sim_accounts WHERE bot_id = ?1";
static const char SQL_ACCOUNT[] =
	"SELECT bot_id, kind, base_asset, quote_asset, initial_capital, leverage, epoch, position,"
	" entry_price, next_funding_us, created_us, updated_us, symbol FROM sim_accounts"
	" WHERE bot_id = ?1";
static const char SQL_BALANCES[] =
	"SELECT b.account, b.asset, b.amount FROM sim_balances b JOIN sim_accounts a"
	" ON a.bot_id = b.bot_id AND a.epoch = b.epoch WHERE b.bot_id = ?1 ORDER BY 1, 2";
static const char SQL_LEDGER[] =
	"SELECT id, entry_id, bot_id, epoch, account, asset, amount, kind, client_order_id, at_us"
	" FROM sim_ledger WHERE bot_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

const struct column store_sim_account_columns[] = {
	{ "bot_id", COL_INT }, { "kind", COL_TEXT }, { "base_asset", COL_TEXT },
	{ "quote_asset", COL_TEXT }, { "initial_capital", COL_MONEY }, { "leverage", COL_REAL },
	{ "epoch", COL_INT }, { "position", COL_QTY }, { "entry_price", COL_PRICE },
	{ "next_funding", COL_TIME }, { "created", COL_TIME }, { "updated", COL_TIME },
	{ "symbol", COL_NULLTEXT }, { NULL, COL_INT },
};
const struct column store_sim_balance_columns[] = {
	{ "account", COL_TEXT }, { "asset", COL_TEXT }, { "amount", COL_MONEY }, { NULL, COL_INT },
};
const struct column store_sim_ledger_columns[] = {
	{ "id", COL_INT }, { "entry_id", COL_INT }, { "bot_id", COL_INT }, { "epoch", COL_INT },
	{ "account", COL_TEXT }, { "asset", COL_TEXT }, { "amount", COL_MONEY },
	{ "kind", COL_TEXT }, { "client_order_id", COL_NULLTEXT }, { "at", COL_TIME },
	{ NULL, COL_INT },
};

int store_sim_account(struct db *db, int64_t bot_id, struct json *j, bool *futures,
		      struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ACCOUNT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*futures = strcmp(stmt_text(s, 1), "futures") == 0;
		json_object(j, "account");
		row_members(j, s, store_sim_account_columns);
		json_object_end(j);
	} else if (rc == STMT_END) {
		json_null(j, "account");
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_sim_quote(struct db *db, int64_t bot_id, char *out, size_t size, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_QUOTE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	out[0] = '\0';
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		stmt_copy(s, 0, out, size);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_sim_balances(struct db *db, int64_t bot_id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BALANCES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	return rows_all(j, "balances", s, store_sim_balance_columns, e);
}

int store_sim_ledger(struct db *db, int64_t bot_id, const struct page *p, struct json *j,
		     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEDGER, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	page_bind(s, 2, 3, p);
	return rows_page(j, "ledger", s, store_sim_ledger_columns, p, e);
}
