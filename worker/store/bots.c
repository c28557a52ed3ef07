#include "worker/store/bots.h"

#include "worker/engine/stats.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_SIGNALS 20000		/* rows */
#define PRUNE_ROWS 500			/* more than 1,000 bots and 64 symbols write in a second */

/* A bot that was just deleted has no row in bots any more; that must not stop the other rows. */
static const char SQL_STATE[] =
	"INSERT INTO bot_state(bot_id, status, emergency, error, mode, start_us, last_execution_us,"
	" applied_config_version, config_error, applied_model_id, model_error, pending_orders,"
	" open_positions, equity, peak_equity, last_price, last_decision_us, loss_streak,"
	" cooldown_until_us, day, day_equity, updated_us, dust, refusals, refused_until_us,"
	" dust_cost, candles, running_us)"
	" SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
	" ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27,"
	" CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
	" WHERE EXISTS (SELECT 1 FROM bots WHERE id = ?1)"
	" ON CONFLICT(bot_id) DO UPDATE SET status = excluded.status,"
	" emergency = excluded.emergency, error = excluded.error, mode = excluded.mode,"
	" running_us = iif(start_us IS excluded.start_us, running_us, excluded.running_us),"
	" start_us = excluded.start_us, last_execution_us = excluded.last_execution_us,"
	" applied_config_version = excluded.applied_config_version,"
	" config_error = excluded.config_error, applied_model_id = excluded.applied_model_id,"
	" model_error = excluded.model_error, pending_orders = excluded.pending_orders,"
	" open_positions = excluded.open_positions, equity = excluded.equity,"
	" peak_equity = excluded.peak_equity, last_price = excluded.last_price,"
	" last_decision_us = excluded.last_decision_us, loss_streak = excluded.loss_streak,"
	" cooldown_until_us = excluded.cooldown_until_us, day = excluded.day,"
	" day_equity = excluded.day_equity, updated_us = excluded.updated_us,"
	" dust = excluded.dust, refusals = excluded.refusals,"
	" refused_until_us = excluded.refused_until_us, dust_cost = excluded.dust_cost,"
	" candles = excluded.candles";
static const char SQL_FIGURES[] =
	"UPDATE bot_state SET last_execution_us = ?2, equity = ?3, last_price = ?4,"
	" last_decision_us = ?5, updated_us = ?6, candles = ?7 WHERE bot_id = ?1";
static const char SQL_EVENT[] =
	"INSERT INTO bot_events(bot_id, from_status, to_status, event, reason, requested_by,"
	" correlation_id, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
static const char SQL_SIGNAL[] =
	"INSERT INTO signals(id, bot_id, symbol, strategy, side, confidence, price, taken, rule, "
	"reason,"
	" order_id, repeats, model_id, config_version, correlation_id, at_us, last_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
	" ON CONFLICT(id) DO UPDATE SET confidence = excluded.confidence, price = excluded.price,"
	" reason = excluded.reason, repeats = excluded.repeats, last_us = excluded.last_us";
static const char SQL_STATS[] =
	"INSERT INTO trading_stats(bot_id, day, trades, wins, losses, gross, fees, net, volume,"
	" max_drawdown, peak_net, updated_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	" ON CONFLICT(bot_id, day) DO UPDATE SET trades = excluded.trades, wins = excluded.wins,"
	" losses = excluded.losses, gross = excluded.gross, fees = excluded.fees,"
	" net = excluded.net, volume = excluded.volume, max_drawdown = excluded.max_drawdown,"
	" peak_net = excluded.peak_net, updated_us = excluded.updated_us";
static const char SQL_EQUITY[] =
	"INSERT OR REPLACE INTO equity(bot_id, at_us, equity, balance, unrealized)"
	" VALUES (?1, ?2, ?3, ?4, ?5)";
/* Only some rows at a time, because it is called each second in a turn of the loop. */
static const char SQL_PRUNE_SIGNALS[] =
	"DELETE FROM signals WHERE id <= min((SELECT max(id) FROM signals) - ?1,"
	" (SELECT min(id) FROM signals) + ?2)";
static const char SQL_RESTORE[] = "SELECT status, emergency, error, start_us, last_decision_us, "
				  "loss_streak, cooldown_until_us,"
				  " peak_equity, day_equity, day, dust, equity, last_price,"
				  " refusals, refused_until_us, dust_cost, error != ''"
				  " AND (error = config_error OR applied_config_version = 0),"
				  " pending_orders, open_positions, applied_config_version"
				  " FROM bot_state WHERE bot_id = ?1";
static const char SQL_RAN_WITH[] =
	"SELECT applied_config_version, EXISTS"
	" (SELECT 1 FROM trading_orders INDEXED BY trading_orders_open_bot"
	" WHERE bot_id = ?1 AND status != 'closed') FROM bot_state WHERE bot_id = ?1";
#define SELECT_STATS \
	"SELECT day, trades, wins, losses, gross, fees, net, volume, max_drawdown, peak_net," \
	" updated_us FROM trading_stats WHERE bot_id = ?1"
static const char SQL_LAST_STATS[] = SELECT_STATS " ORDER BY day DESC LIMIT 1";
static const char SQL_STATS_OF[] = SELECT_STATS " AND day = ?2";
static const char SQL_IDS[] = "SELECT id FROM bots WHERE bot_type = 'trading' ORDER BY id";

static void bind_time_or_null(struct stmt *s, int index, int64_t us)
{
	if (us)
		stmt_bind_int(s, index, us);
	else
		stmt_bind_null(s, index);
}

int store_bot_state_tx(struct db *db, const struct bot_report *b, const char *mode, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_STATE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, b->bot_id);
	stmt_bind_text(s, 2, bot_status_name(b->status));
	stmt_bind_int(s, 3, b->emergency);
	stmt_bind_text(s, 4, b->error);
	stmt_bind_text(s, 5, mode);
	bind_time_or_null(s, 6, b->start_us);
	bind_time_or_null(s, 7, b->last_execution_us);
	stmt_bind_int(s, 8, b->config_version);
	stmt_bind_text(s, 9, b->config_error);
	stmt_bind_int(s, 10, b->model_id);
	stmt_bind_text(s, 11, b->model_error);
	stmt_bind_int(s, 12, b->pending_orders);
	stmt_bind_int(s, 13, b->open_positions);
	stmt_near_money(s, 14, b->equity);
	stmt_near_money(s, 15, b->peak_equity);
	stmt_near_price(s, 16, b->last_price);
	stmt_bind_int(s, 17, b->last_decision_us);
	stmt_bind_int(s, 18, b->loss_streak);
	stmt_bind_int(s, 19, b->cooldown_until_us);
	stmt_bind_text(s, 20, b->day);
	stmt_near_money(s, 21, b->day_equity);
	stmt_bind_int(s, 22, b->updated_us);
	stmt_near_qty(s, 23, b->dust);
	stmt_bind_int(s, 24, b->refusals);
	stmt_bind_int(s, 25, b->refused_until_us);
	stmt_near_money(s, 26, b->dust_cost);
	stmt_bind_int(s, 27, b->candles);
	return stmt_run(s, e);
}

int store_bot_figures_tx(struct db *db, const struct bot_report *b, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FIGURES, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, b->bot_id);
	bind_time_or_null(s, 2, b->last_execution_us);
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
	int rc = db_stmt(db, SQL_SIGNAL, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->id);
	stmt_bind_int(s, 2, r->bot_id);
	stmt_bind_text(s, 3, r->symbol);
	stmt_bind_text(s, 4, r->strategy);
	stmt_bind_text(s, 5, r->wanted ? side_name(r->side) : "NONE");
	stmt_bind_double(s, 6, r->confidence);
	stmt_near_price(s, 7, r->price);
	stmt_bind_int(s, 8, r->taken);
	stmt_bind_text(s, 9, r->rule);
	stmt_bind_text(s, 10, r->reason);
	bind_time_or_null(s, 11, r->order_id);
	stmt_bind_int(s, 12, r->repeats);
	stmt_bind_int(s, 13, r->model_id);
	stmt_bind_int(s, 14, r->config_version);
	stmt_bind_text(s, 15, r->correlation_id);
	stmt_bind_int(s, 16, r->at_us);
	stmt_bind_int(s, 17, r->last_us);
	return stmt_run(s, e);
}

/* STMT_ROW and *d, or as stmt_step. */
static int step_stats(struct stmt *s, int64_t bot_id, struct day_stats *d, struct err *e)
{
	int rc = stmt_step(s, e);

	if (rc == STMT_ROW) {
		d->bot_id = bot_id;
		stmt_copy(s, 0, d->day, sizeof(d->day));
		d->trades = stmt_int(s, 1);
		d->wins = stmt_int(s, 2);
		d->losses = stmt_int(s, 3);
		d->gross = stmt_money(s, 4);
		d->fees = stmt_money(s, 5);
		d->net = stmt_money(s, 6);
		d->volume = stmt_money(s, 7);
		d->max_drawdown = stmt_money(s, 8);
		d->peak_net = stmt_money(s, 9);
		d->updated_us = stmt_int(s, 10);
	}
	stmt_done(s);
	return rc;
}

static int restore_stats(struct db *db, int64_t bot_id, struct day_stats *d, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LAST_STATS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = step_stats(s, bot_id, d, e);
	return rc < 0 ? rc : 0;
}

/* As step_stats. */
static int find_stats(struct db *db, int64_t bot_id, const char *day, struct day_stats *out,
		      struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_STATS_OF, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_text(s, 2, day);
	return step_stats(s, bot_id, out, e);
}

int store_stats_get(struct db *db, int64_t bot_id, const char *day, struct day_stats *out,
		    struct err *e)
{
	int rc = find_stats(db, bot_id, day, out, e);

	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "bot %lld closed nothing on %s",
			       (long long)bot_id, day);
	return rc < 0 ? rc : 0;
}

static int put_stats(struct db *db, const struct day_stats *d, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_STATS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, d->bot_id);
	stmt_bind_text(s, 2, d->day);
	stmt_bind_int(s, 3, d->trades);
	stmt_bind_int(s, 4, d->wins);
	stmt_bind_int(s, 5, d->losses);
	stmt_near_money(s, 6, d->gross);
	stmt_near_money(s, 7, d->fees);
	stmt_near_money(s, 8, d->net);
	stmt_near_money(s, 9, d->volume);
	stmt_near_money(s, 10, d->max_drawdown);
	stmt_near_money(s, 11, d->peak_net);
	stmt_bind_int(s, 12, d->updated_us);
	return stmt_run(s, e);
}

int store_stats_tx(struct db *db, const struct day_stats *trade, struct err *e)
{
	struct day_stats day = { 0 };
	int rc = find_stats(db, trade->bot_id, trade->day, &day, e);

	if (rc < 0)
		return rc;
	stats_add(&day, trade);
	return put_stats(db, &day, e);
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
	int rc = db_stmt(db, SQL_RESTORE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		r.emergency = (enum emergency)stmt_int(s, 1);
		stmt_copy(s, 2, r.error, sizeof(r.error));
		r.start_us = stmt_int(s, 3);
		r.last_decision_us = stmt_int(s, 4);
		r.loss_streak = stmt_int(s, 5);
		r.cooldown_until_us = stmt_int(s, 6);
		r.peak_equity = stmt_money(s, 7);
		r.day_equity = stmt_money(s, 8);
		stmt_copy(s, 9, r.day, sizeof(r.day));
		r.dust = stmt_qty(s, 10);
		r.equity = stmt_money(s, 11);
		r.last_price = stmt_price(s, 12);
		r.refusals = stmt_int(s, 13);
		r.refused_until_us = stmt_int(s, 14);
		r.dust_cost = stmt_money(s, 15);
		r.absent = stmt_int(s, 16) != 0;
		r.pending_orders = stmt_int(s, 17);
		r.open_positions = stmt_int(s, 18);
		r.config_version = stmt_int(s, 19);
		rc = bot_status_parse(stmt_text(s, 0), &r.status);
		if (rc)
			err_set(e, rc, "bot_state of bot %lld: unknown status \"%s\"",
				(long long)bot_id, stmt_text(s, 0));
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "bot %lld never ran", (long long)bot_id);
	}
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
