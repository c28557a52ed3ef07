#include "worker/store/bots.h"

#include "common/db/row.h"
#include "common/registry/accounts.h"
#include "worker/engine/stats.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_SIGNALS 20000		/* rows */
#define PRUNE_ROWS 500			/* more than 1,000 bots and 64 symbols write in a second */

ROW_WORDS(bot_status, enum bot_status);

#define B(type, member, ...) ROW(struct bot_report, type, member, __VA_ARGS__)

enum { STATE_BOT = 1, STATE_MODE };	/* parameters, as below */

static const struct row_column state_columns[] = {
	B(ROW_INT, bot_id, .use = ROW_KEY),
	{ .name = "mode", .type = ROW_GIVEN },
	ROW_MEMBER(struct bot_report, ROW_WORD, "status", status, .words = &words_of_bot_status),
	B(ROW_INT32, emergency),
	B(ROW_TEXT, error),
	/* By the machine's clock; start_us is by the engine's. */
	{ .name = "running_us", .type = ROW_GIVEN,
	  .insert = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
	  .update = "iif(start_us IS excluded.start_us, running_us, excluded.running_us)" },
	B(ROW_TIME, start_us),
	B(ROW_TIME, last_execution_us),
	ROW_MEMBER(struct bot_report, ROW_INT, "applied_config_version", config_version),
	B(ROW_TEXT, config_error),
	ROW_MEMBER(struct bot_report, ROW_INT, "applied_model_id", model_id),
	B(ROW_TEXT, model_error),
	B(ROW_INT, pending_orders),
	B(ROW_INT, open_positions),
	B(ROW_MONEY, equity),
	B(ROW_MONEY, peak_equity),
	B(ROW_PRICE, last_price),
	B(ROW_INT, last_decision_us),
	B(ROW_INT, loss_streak),
	B(ROW_INT, cooldown_until_us),
	B(ROW_TEXT, day),
	B(ROW_MONEY, day_equity),
	B(ROW_QTY, dust),
	B(ROW_MONEY, dust_cost),
	B(ROW_INT, refusals),
	B(ROW_INT, refused_until_us),
	B(ROW_INT, candles),
	B(ROW_INT, updated_us),
	B(ROW_INT, account_id),
};
/* A bot that was just deleted has no row in bots any more; that must not stop the other rows. */
static const struct row_table states = {
	.name = "bot_state", .columns = state_columns,
	.n = sizeof(state_columns) / sizeof(state_columns[0]),
	.where = "EXISTS (SELECT 1 FROM bots WHERE id = ?1)",
};
ROW_SQL(save_state, states, NULL);

#define S(type, member, ...) ROW(struct day_stats, type, member, __VA_ARGS__)

static const struct row_column stats_columns[] = {
	S(ROW_INT, bot_id, .use = ROW_KEY),
	S(ROW_INT, account_id, .use = ROW_KEY),
	S(ROW_TEXT, day, .use = ROW_KEY),
	S(ROW_INT, trades),
	S(ROW_INT, wins),
	S(ROW_INT, losses),
	S(ROW_MONEY, gross),
	S(ROW_MONEY, fees),
	S(ROW_MONEY, net),
	S(ROW_MONEY, volume),
	S(ROW_MONEY, max_drawdown),
	S(ROW_MONEY, peak_net),
	S(ROW_INT, updated_us),
};
static const struct row_table stats = ROW_TABLE("trading_stats", stats_columns);
ROW_SQL(save_stats, stats, NULL);
ROW_SQL(last_stats, stats, "WHERE bot_id = ?1 AND account_id = " ACCOUNT_NOW
	" ORDER BY day DESC LIMIT 1");
ROW_SQL(stats_of_day, stats, "WHERE bot_id = ?1 AND account_id = coalesce(?3, " ACCOUNT_NOW ")"
	" AND day = ?2");

static void put_side(struct stmt *s, int index, const void *row)
{
	const struct signal_report *r = row;

	stmt_bind_text(s, index, r->wanted ? side_name(r->side) : "NONE");
}

#define D(type, member, ...) ROW(struct signal_report, type, member, __VA_ARGS__)

static const struct row_column signal_columns[] = {
	D(ROW_INT, id, .use = ROW_KEY),
	D(ROW_INT, bot_id, .use = ROW_ONCE),
	D(ROW_TEXT, symbol, .use = ROW_ONCE),
	D(ROW_TEXT, strategy, .use = ROW_ONCE),
	{ .name = "side", .type = ROW_PUT, .put = put_side, .use = ROW_ONCE },
	D(ROW_REAL, confidence),
	D(ROW_PRICE, price),
	D(ROW_BOOL, taken, .use = ROW_ONCE),
	D(ROW_TEXT, rule, .use = ROW_ONCE),
	D(ROW_TEXT, reason),
	D(ROW_TIME, order_id, .use = ROW_ONCE),
	D(ROW_INT, repeats),
	D(ROW_INT, model_id, .use = ROW_ONCE),
	D(ROW_INT, config_version, .use = ROW_ONCE),
	D(ROW_TEXT, correlation_id, .use = ROW_ONCE),
	D(ROW_INT, at_us, .use = ROW_ONCE),
	D(ROW_INT, last_us),
	D(ROW_INT, account_id, .use = ROW_ONCE),
};
static const struct row_table signals = ROW_TABLE("signals", signal_columns);
ROW_SQL(save_signal, signals, NULL);

#define R(type, member, ...) ROW(struct bot_restore, type, member, __VA_ARGS__)

/* What a start takes from bot_state. */
static const struct row_column restore_columns[] = {
	ROW_MEMBER(struct bot_restore, ROW_WORD, "status", status, .words = &words_of_bot_status),
	R(ROW_INT32, emergency),
	R(ROW_TEXT, error),
	R(ROW_INT, start_us),
	R(ROW_INT, last_decision_us),
	R(ROW_INT, loss_streak),
	R(ROW_INT, cooldown_until_us),
	R(ROW_MONEY, peak_equity),
	R(ROW_MONEY, day_equity),
	R(ROW_TEXT, day),
	R(ROW_QTY, dust),
	R(ROW_MONEY, dust_cost),
	R(ROW_MONEY, equity),
	R(ROW_PRICE, last_price),
	R(ROW_INT, refusals),
	R(ROW_INT, refused_until_us),
	ROW_MEMBER(struct bot_restore, ROW_BOOL,
		   "error != '' AND (error = config_error OR applied_config_version = 0)", absent),
	R(ROW_INT, account_id),
	R(ROW_INT, pending_orders),
	R(ROW_INT, open_positions),
	ROW_MEMBER(struct bot_restore, ROW_INT, "applied_config_version", config_version),
};
static const struct row_table restores = ROW_TABLE("bot_state", restore_columns);
ROW_SQL(restore_of, restores, "WHERE bot_id = ?1");
static const char SQL_FIGURES[] =
	"UPDATE bot_state SET last_execution_us = ?2, equity = ?3, last_price = ?4,"
	" last_decision_us = ?5, updated_us = ?6, candles = ?7 WHERE bot_id = ?1";
static const char SQL_EVENT[] =
	"INSERT INTO bot_events(bot_id, from_status, to_status, event, reason, requested_by,"
	" correlation_id, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char SQL_EQUITY[] =
	"INSERT OR REPLACE INTO equity(bot_id, at_us, equity, balance, unrealized,"
	" account_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
/* Only some rows at a time, because it is called each second in a turn of the loop. */
static const char SQL_PRUNE_SIGNALS[] =
	"DELETE FROM signals WHERE id <= min((SELECT max(id) FROM signals) - ?1,"
	" (SELECT min(id) FROM signals) + ?2)";
static const char SQL_RAN_WITH[] =
	"SELECT applied_config_version, EXISTS"
	" (SELECT 1 FROM trading_orders INDEXED BY trading_orders_open_bot"
	" WHERE bot_id = ?1 AND status != 'closed') FROM bot_state WHERE bot_id = ?1";
static const char SQL_IDS[] = "SELECT id FROM bots WHERE bot_type = 'trading' ORDER BY id";

int store_bot_state_tx(struct db *db, const struct bot_report *b, const char *mode, struct err *e)
{
	struct stmt *s;
	int rc = row_save(db, &save_state, b, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, STATE_MODE, mode);
	return stmt_run(s, e);
}

int store_bot_figures_tx(struct db *db, const struct bot_report *b, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FIGURES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, b->bot_id);
	stmt_bind_nonzero(s, 2, b->last_execution_us);
	stmt_bind_money(s, 3, b->equity);
	stmt_bind_price(s, 4, b->last_price);
	stmt_bind_int(s, 5, b->last_decision_us);
	stmt_bind_int(s, 6, b->updated_us);
	stmt_bind_int(s, 7, b->candles);
	return stmt_run(s, e);
}

int store_event_tx(struct db *db, const struct status_report *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EVENT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->bot_id);
	stmt_bind_text(s, 2, bot_status_name(r->from));
	stmt_bind_text(s, 3, bot_status_name(r->to));
	stmt_bind_text(s, 4, r->event);
	stmt_bind_text(s, 5, r->reason);
	stmt_bind_text(s, 6, r->requested_by);
	stmt_bind_text(s, 7, r->correlation_id);
	stmt_bind_int(s, 8, r->at_us);
	return stmt_run(s, e);
}

int store_signal_tx(struct db *db, const struct signal_report *r, struct err *e)
{
	struct stmt *s;
	int rc = row_save(db, &save_signal, r, &s, e);

	return rc ? rc : stmt_run(s, e);
}

/* STMT_ROW and *d, or as stmt_step. */
static int step_stats(struct stmt *s, struct day_stats *d, struct err *e)
{
	int rc = stmt_step(s, e);

	if (rc == STMT_ROW)
		ASSERT(row_read(s, &stats, d));
	stmt_done(s);
	return rc;
}

static int restore_stats(struct db *db, int64_t bot_id, struct day_stats *d, struct err *e)
{
	struct stmt *s;
	int rc = row_select(db, &last_stats, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = step_stats(s, d, e);
	return rc < 0 ? rc : 0;
}

/* As step_stats. account_id NULL: the one that the bot trades now. */
static int find_stats(struct db *db, int64_t bot_id, const int64_t *account_id, const char *day,
		      struct day_stats *out, struct err *e)
{
	struct stmt *s;
	int rc = row_select(db, &stats_of_day, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, day);
	if (account_id)
		stmt_bind_int(s, 3, *account_id);
	else
		stmt_bind_null(s, 3);
	return step_stats(s, out, e);
}

int store_stats_get(struct db *db, int64_t bot_id, const char *day, struct day_stats *out,
		    struct err *e)
{
	int rc = find_stats(db, bot_id, NULL, day, out, e);

	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "bot %lld closed nothing on %s",
			       (long long)bot_id, day);
	return rc < 0 ? rc : 0;
}

int store_stats_tx(struct db *db, const struct day_stats *trade, struct err *e)
{
	struct day_stats day = { 0 };
	struct stmt *s;
	int rc = find_stats(db, trade->bot_id, &trade->account_id, trade->day, &day, e);

	if (rc < 0)
		return rc;
	stats_add(&day, trade);
	rc = row_save(db, &save_stats, &day, &s, e);
	return rc ? rc : stmt_run(s, e);
}

int store_equity_tx(struct db *db, const struct equity_report *q, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_EQUITY, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, q->bot_id);
	stmt_bind_int(s, 2, q->at_us);
	stmt_near_money(s, 3, q->equity);
	stmt_near_money(s, 4, q->balance);
	stmt_near_money(s, 5, q->unrealized);
	stmt_bind_int(s, 6, q->account_id);
	return stmt_run(s, e);
}

int store_prune_tx(struct db *db, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PRUNE_SIGNALS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, KEEP_SIGNALS);
	stmt_bind_int(s, 2, PRUNE_ROWS);
	return stmt_run(s, e);
}

int store_bot_restore(struct db *db, int64_t bot_id, struct bot_restore *out, struct err *e)
{
	struct bot_restore r = { 0 };
	struct stmt *s;
	int rc = row_select(db, &restore_of, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_END)
		rc = err_set(e, ERR_NOT_FOUND, "bot %lld never ran", (long long)bot_id);
	else if (rc == STMT_ROW)
		rc = row_read(s, &restores, &r) ? 0 :
		     err_set(e, ERR_INVALID, "bot_state of bot %lld: unknown status \"%s\"",
			     (long long)bot_id, stmt_text(s, 0));
	stmt_done(s);
	if (rc == 0)
		rc = restore_stats(db, bot_id, &r.stats, e);
	if (rc == 0)
		*out = r;
	return rc;
}

int store_bot_ran_with(struct db *db, int64_t bot_id, int64_t *version, bool *open,
		       struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_RAN_WITH, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	*version = rc == STMT_ROW ? stmt_int(s, 0) : 0;
	*open = rc == STMT_ROW && stmt_int(s, 1) != 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_bot_ids(struct db *db, int64_t **ids, size_t *n, struct err *e)
{
	int64_t *list = NULL;
	size_t count = 0;
	struct stmt *s;
	int rc = db_stmt(db, SQL_IDS, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		list = xrealloc(list, (count + 1) * sizeof(*list));
		list[count++] = stmt_int(s, 0);
	}
	stmt_done(s);
	if (rc) {
		free(list);
		return rc;
	}
	*ids = list;
	*n = count;
	return 0;
}
