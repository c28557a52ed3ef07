#include "worker/store/orders.h"

#include <stdlib.h>
#include <string.h>

static const char SQL_ORDER[] =
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
	" entry_price, take_profit, stop_loss, exit_price, quantity, filled, exited, position, "
	"dust,"
	" entry_notional, exit_notional, fees, base_fees, quote_fees, gross, pnl, confidence,"
	" close_reason, strategy, mode, model_id, config_version, correlation_id, created_us,"
	" opened_us, closed_us, holding_us, maker_timeout_us, close_correlation_id,"
	" stop_crossed_us, retry_us, retries, expires_us, updated_us, funding, dust_taken,"
	" bad_debt, uncovered_us, uncovered_from_us, dust_taken_cost, dust_cost, tag)"
	" VALUES (?1, ?2, 'tb1-' || ?2 || '-' || ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
	"?13,"
	" ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31,"
	" ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46,"
	" ?47, ?48, ?49)"
	" ON CONFLICT(id) DO UPDATE SET status = excluded.status, phase = excluded.phase,"
	" entry_price = excluded.entry_price, exit_price = excluded.exit_price,"
	" filled = excluded.filled, exited = excluded.exited, position = excluded.position,"
	" dust = excluded.dust, entry_notional = excluded.entry_notional,"
	" exit_notional = excluded.exit_notional, fees = excluded.fees,"
	" base_fees = excluded.base_fees, quote_fees = excluded.quote_fees, gross = excluded.gross,"
	" pnl = excluded.pnl, close_reason = excluded.close_reason, opened_us = excluded.opened_us,"
	" closed_us = excluded.closed_us, close_correlation_id = excluded.close_correlation_id,"
	" stop_crossed_us = excluded.stop_crossed_us, retry_us = excluded.retry_us,"
	" retries = excluded.retries, expires_us = excluded.expires_us,"
	" updated_us = excluded.updated_us, funding = excluded.funding,"
	" dust_taken = excluded.dust_taken, bad_debt = excluded.bad_debt,"
	" uncovered_us = excluded.uncovered_us, uncovered_from_us = excluded.uncovered_from_us,"
	" dust_taken_cost = excluded.dust_taken_cost, dust_cost = excluded.dust_cost";
static const char SQL_LEG[] =
	"INSERT INTO exchange_orders(id, client_order_id, order_id, bot_id, venue, exchange_id, "
	"leg, n,"
	" symbol, side, type, reduce_only, price, stop_price, quantity, filled, state,"
	" cancel_requested, reject_reason, correlation_id, requested_us, acked_us, done_us,"
	" leg_state)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
	" ?19, ?20, ?21, ?22, ?23, ?24)"
	" ON CONFLICT(id) DO UPDATE SET exchange_id = excluded.exchange_id, filled = "
	"excluded.filled,"
	" state = excluded.state, cancel_requested = excluded.cancel_requested,"
	" reject_reason = excluded.reject_reason, acked_us = excluded.acked_us,"
	" done_us = excluded.done_us, leg_state = excluded.leg_state";
static const char SQL_MOVE[] =
	"INSERT INTO order_events(order_id, bot_id, client_order_id, from_state, to_state, event,"
	" why, venue_us, at_us, correlation_id)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
static const char SQL_FILL[] =
	"INSERT INTO fills(id, client_order_id, order_id, bot_id, venue, symbol, trade_id, side, "
	"price,"
	" quantity, fee, fee_asset, maker, at_us)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
static const char SQL_OPEN[] =
	"SELECT id, bot_id, symbol, side, status, phase, limit_price, take_profit, stop_loss, "
	"quantity,"
	" filled, exited, base_fees, quote_fees, fees, entry_notional, exit_notional, confidence,"
	" close_reason, strategy, model_id, config_version, correlation_id, created_us, opened_us,"
	" holding_us, maker_timeout_us, close_correlation_id, stop_crossed_us, retry_us, retries,"
	" funding, dust_taken, bad_debt, uncovered_us, uncovered_from_us, dust_taken_cost, tag"
	" FROM trading_orders WHERE status != 'closed' ORDER BY id";
/* The index is named, because SQLite would also pick the index of all of the bot's orders. */
static const char SQL_OPEN_COUNT[] =
	"SELECT count(*) FROM trading_orders INDEXED BY trading_orders_open_bot"
	" WHERE bot_id = ?1 AND status != 'closed'";
static const char SQL_OPEN_OTHERS[] =
	"SELECT group_concat(a.bot_id, ', ') FROM sim_accounts a WHERE a.bot_id != ?1 AND ("
	"a.position != 0 OR a.bot_id IN (SELECT bot_id FROM sim_orders)"
	" OR EXISTS (SELECT 1 FROM trading_orders o INDEXED BY trading_orders_open_bot"
	" WHERE o.bot_id = a.bot_id AND o.status != 'closed' AND o.phase != 'remainder'))";
static const char SQL_LEGS[] =
	"SELECT id, client_order_id, leg, n, side, type, reduce_only, price, stop_price, quantity,"
	" filled, state, cancel_requested, exchange_id, correlation_id, requested_us, acked_us,"
	" done_us, reject_reason, leg_state FROM exchange_orders WHERE order_id = ?1 ORDER BY id";
static const char SQL_IDS[] =
	"SELECT (SELECT max(coalesce(max(id), 0) + 1,"
	" coalesce((SELECT value FROM counters WHERE name = 'order'), 0)) FROM trading_orders),"
	" (SELECT coalesce(max(id), 0) + 1 FROM exchange_orders),"
	" (SELECT coalesce(max(id), 0) + 1 FROM fills),"
	" (SELECT coalesce(max(id), 0) + 1 FROM signals)";
/* Only the last minute counts, so legs of trades older than the newest ?2 are not read. */
static const char SQL_SENT[] =
	"SELECT x.requested_us FROM (SELECT id FROM trading_orders WHERE bot_id = ?1"
	" ORDER BY id DESC LIMIT ?2) o CROSS JOIN exchange_orders x ON x.order_id = o.id"
	" ORDER BY x.id DESC LIMIT ?2";
static const char SQL_LAST_ENTRY[] =
	"SELECT created_us FROM trading_orders WHERE bot_id = ?1 ORDER BY id DESC LIMIT 1";
static const char SQL_ENDED_LEGS[] =
	"SELECT x.client_order_id, x.filled FROM trading_orders o CROSS JOIN exchange_orders x"
	" ON x.order_id = o.id WHERE o.bot_id = ?1 AND o.status = 'closed'"
	" ORDER BY o.id DESC LIMIT ?2";

static void bind_price_or_null(struct stmt *s, int index, struct price p)
{
	if (price_sign(p))
		stmt_near_price(s, index, p);
	else
		stmt_bind_null(s, index);
}

static void bind_time_or_null(struct stmt *s, int index, int64_t us)
{
	if (us)
		stmt_bind_int(s, index, us);
	else
		stmt_bind_null(s, index);
}

int store_order_tx(struct db *db, const struct order *o, const char *mode, struct err *e)
{
	struct qty held = order_position(o);
	struct stmt *s;
	int rc = db_stmt(db, SQL_ORDER, &s, e);

	if (rc)
		return rc;
	if (o->status == ORDER_CLOSED)
		held = qty_of_units(0); /* what is left is dust */
	stmt_bind_int(s, 1, o->id);
	stmt_bind_int(s, 2, o->bot_id);
	stmt_bind_text(s, 3, o->symbol);
	stmt_bind_text(s, 4, side_name(o->side));
	stmt_bind_text(s, 5, order_status_name(o->status));
	stmt_bind_text(s, 6, order_phase_name(o->phase));
	stmt_near_price(s, 7, o->limit_price);
	bind_price_or_null(s, 8, order_entry_price(o));
	stmt_near_price(s, 9, o->take_profit);
	stmt_near_price(s, 10, o->stop_loss);
	bind_price_or_null(s, 11, order_exit_price(o));
	stmt_near_qty(s, 12, o->quantity);
	stmt_near_qty(s, 13, o->filled);
	stmt_near_qty(s, 14, o->exited);
	stmt_near_qty(s, 15, held);
	stmt_near_qty(s, 16, o->dust);
	stmt_near_money(s, 17, o->entry_notional);
	stmt_near_money(s, 18, o->exit_notional);
	stmt_near_money(s, 19, order_costs(o));
	stmt_near_qty(s, 20, o->base_fees);
	stmt_near_money(s, 21, o->quote_fees);
	stmt_near_money(s, 22, o->gross);
	stmt_near_money(s, 23, o->pnl);
	stmt_bind_double(s, 24, o->confidence);
	stmt_bind_text(s, 25, close_reason_name(o->reason));
	stmt_bind_text(s, 26, o->strategy);
	stmt_bind_text(s, 27, mode);
	stmt_bind_int(s, 28, o->model_id);
	stmt_bind_int(s, 29, o->config_version);
	stmt_bind_text(s, 30, o->correlation_id);
	stmt_bind_int(s, 31, o->created_us);
	bind_time_or_null(s, 32, o->opened_us);
	bind_time_or_null(s, 33, o->closed_us);
	stmt_bind_int(s, 34, o->holding_us);
	stmt_bind_int(s, 35, o->maker_timeout_us);
	stmt_bind_text(s, 36, o->close_correlation_id);
	stmt_bind_int(s, 37, o->stop_crossed_us);
	stmt_bind_int(s, 38, o->retry_us);
	stmt_bind_int(s, 39, o->retries);
	stmt_bind_int(s, 40, order_expires_us(o));
	stmt_bind_int(s, 41, o->updated_us);
	stmt_near_money(s, 42, o->funding);
	stmt_near_qty(s, 43, o->dust_taken);
	stmt_near_money(s, 44, o->bad_debt);
	stmt_bind_int(s, 45, o->uncovered_us);
	stmt_bind_int(s, 46, o->uncovered_from_us);
	stmt_near_money(s, 47, o->dust_taken_cost);
	stmt_near_money(s, 48, o->dust_cost);
	stmt_bind_text(s, 49, o->tag);
	return stmt_run(s, e);
}

int store_leg_tx(struct db *db, const struct leg_row *r, const char *venue, struct err *e)
{
	const struct leg *l = &r->leg;
	char kind[2] = { (char)l->kind, '\0' };
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEG, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, l->id);
	stmt_bind_text(s, 2, l->client_order_id);
	stmt_bind_int(s, 3, r->order_id);
	stmt_bind_int(s, 4, r->bot_id);
	stmt_bind_text(s, 5, venue);
	stmt_bind_text(s, 6, l->exchange_id);
	stmt_bind_text(s, 7, kind);
	stmt_bind_int(s, 8, l->n);
	stmt_bind_text(s, 9, r->symbol);
	stmt_bind_text(s, 10, side_name(l->side));
	stmt_bind_text(s, 11, leg_type_name(l->type));
	stmt_bind_int(s, 12, l->reduce_only);
	bind_price_or_null(s, 13, l->price);
	bind_price_or_null(s, 14, l->stop_price);
	stmt_near_qty(s, 15, l->quantity);
	stmt_near_qty(s, 16, l->filled);
	stmt_bind_text(s, 17, leg_status_name(leg_status(l)));
	stmt_bind_int(s, 18, l->state == LEG_CANCELLING);
	stmt_bind_text(s, 19, l->reject_reason);
	stmt_bind_text(s, 20, l->correlation_id);
	stmt_bind_int(s, 21, l->requested_us);
	bind_time_or_null(s, 22, l->acked_us);
	bind_time_or_null(s, 23, l->done_us);
	stmt_bind_text(s, 24, leg_state_name(l->state));
	return stmt_run(s, e);
}

int store_move_tx(struct db *db, const struct move_row *r, struct err *e)
{
	const struct order_event *m = &r->move;
	struct stmt *s;
	int rc = db_stmt(db, SQL_MOVE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->order_id);
	stmt_bind_int(s, 2, r->bot_id);
	stmt_bind_text(s, 3, m->client_order_id);
	stmt_bind_text(s, 4, m->from);
	stmt_bind_text(s, 5, m->to);
	stmt_bind_text(s, 6, m->event);
	stmt_bind_text(s, 7, m->why);
	stmt_bind_int(s, 8, m->venue_us);
	stmt_bind_int(s, 9, m->at_us);
	stmt_bind_text(s, 10, m->correlation_id);
	return stmt_run(s, e);
}

int store_fill_tx(struct db *db, const struct fill_row *r, const char *venue, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_FILL, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->id);
	stmt_bind_text(s, 2, r->client_order_id);
	stmt_bind_int(s, 3, r->order_id);
	stmt_bind_int(s, 4, r->bot_id);
	stmt_bind_text(s, 5, venue);
	stmt_bind_text(s, 6, r->symbol);
	stmt_bind_int(s, 7, r->trade_id);
	stmt_bind_text(s, 8, side_name(r->side));
	stmt_near_price(s, 9, r->price);
	stmt_near_qty(s, 10, r->quantity);
	stmt_near_money(s, 11, money_of_units(r->fee_e8));
	stmt_bind_text(s, 12, r->fee_asset);
	stmt_bind_int(s, 13, r->maker);
	stmt_bind_int(s, 14, r->at_us);
	return stmt_run(s, e);
}

/* Our own database holds an unknown word: somebody edited it, or it is damaged. */
static int bad_row(const char *table, int64_t id, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "%s row %lld holds a word this program does not know; restore the row or a "
		       "backup of the database", table, (long long)id);
}

/* A row of before there was leg_state tells it by its status and what was asked for. */
static enum leg_state state_of(enum leg_status status, bool cancel_requested)
{
	switch (status) {
	case STATUS_PLANNED:
		return cancel_requested ? LEG_CANCELLING : LEG_PLANNED;
	case STATUS_UNKNOWN:
		return LEG_UNKNOWN;
	case STATUS_NEW:
	case STATUS_PARTIALLY_FILLED:
		return cancel_requested ? LEG_CANCELLING : LEG_LIVE;
	case STATUS_FILLED:
	case STATUS_CANCELLED:
	case STATUS_REJECTED:
	case STATUS_EXPIRED:
		break;
	}
	return LEG_ENDED;
}

static enum leg_end end_of(enum leg_status status)
{
	switch (status) {
	case STATUS_FILLED:
		return END_FILLED;
	case STATUS_CANCELLED:
		return END_CANCELLED;
	case STATUS_REJECTED:
		return END_REJECTED;
	case STATUS_EXPIRED:
		return END_EXPIRED;
	case STATUS_PLANNED:
	case STATUS_UNKNOWN:
	case STATUS_NEW:
	case STATUS_PARTIALLY_FILLED:
		break;
	}
	return END_NONE;
}

/* False: a word that is none of ours. */
static bool read_state(struct stmt *s, struct leg *l)
{
	const char *state = stmt_text(s, 19);
	enum leg_status status;

	if (leg_status_parse(stmt_text(s, 11), &status))
		return false;
	l->end = end_of(status);
	if (state[0])
		return leg_state_parse(state, &l->state) == 0;
	l->state = state_of(status, stmt_int(s, 12) != 0);
	return true;
}

static int read_leg(struct stmt *s, struct leg *l, struct err *e)
{
	memset(l, 0, sizeof(*l));
	l->id = stmt_int(s, 0);
	stmt_copy(s, 1, l->client_order_id, sizeof(l->client_order_id));
	l->kind = (enum leg_kind)stmt_text(s, 2)[0];
	l->n = (int)stmt_int(s, 3);
	l->reduce_only = stmt_int(s, 6) != 0;
	l->price = stmt_price(s, 7);
	l->stop_price = stmt_price(s, 8);
	l->quantity = stmt_qty(s, 9);
	l->filled = stmt_qty(s, 10);
	stmt_copy(s, 13, l->exchange_id, sizeof(l->exchange_id));
	stmt_copy(s, 14, l->correlation_id, sizeof(l->correlation_id));
	l->requested_us = stmt_int(s, 15);
	l->acked_us = stmt_int(s, 16);
	l->done_us = stmt_int(s, 17);
	stmt_copy(s, 18, l->reject_reason, sizeof(l->reject_reason));
	if (side_parse(stmt_text(s, 4), &l->side) || leg_type_parse(stmt_text(s, 5), &l->type) ||
	    !read_state(s, l))
		return bad_row("exchange_orders", l->id, e);
	return 0;
}

static int read_legs(struct db *db, struct order *o, struct err *e)
{
	struct stmt *s;
	struct leg l;
	int rc = db_stmt(db, SQL_LEGS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, o->id);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		rc = read_leg(s, &l, e);
		if (rc)
			break;
		o->leg_count[leg_kind_index(l.kind)]++;
		if (leg_done(&l))
			continue;
		if (o->legs_n == ORDER_LEGS_MAX) {
			rc = err_set(e, ERR_CORRUPT, "order %lld has more than %d live legs",
				     (long long)o->id, ORDER_LEGS_MAX);
			break;
		}
		o->legs[o->legs_n++] = l;
	}
	stmt_done(s);
	return rc;
}

static int read_order(struct stmt *s, struct order *o, struct err *e)
{
	memset(o, 0, sizeof(*o));
	o->id = stmt_int(s, 0);
	o->bot_id = stmt_int(s, 1);
	stmt_copy(s, 2, o->symbol, sizeof(o->symbol));
	o->limit_price = stmt_price(s, 6);
	o->take_profit = stmt_price(s, 7);
	o->stop_loss = stmt_price(s, 8);
	o->quantity = stmt_qty(s, 9);
	o->filled = stmt_qty(s, 10);
	o->exited = stmt_qty(s, 11);
	o->base_fees = stmt_qty(s, 12);
	o->quote_fees = stmt_money(s, 13);
	o->funding = stmt_money(s, 31);
	o->dust_taken = stmt_qty(s, 32);
	o->bad_debt = stmt_money(s, 33);
	o->uncovered_us = stmt_int(s, 34);
	o->uncovered_from_us = stmt_int(s, 35);
	o->dust_taken_cost = stmt_money(s, 36);
	stmt_copy(s, 37, o->tag, sizeof(o->tag));
	ASSERT(money_sub(stmt_money(s, 14), o->quote_fees, &o->base_fees_value) == 0);
	ASSERT(money_sub(o->base_fees_value, o->funding, &o->base_fees_value) == 0);
	o->entry_notional = stmt_money(s, 15);
	o->exit_notional = stmt_money(s, 16);
	o->confidence = stmt_double(s, 17);
	stmt_copy(s, 19, o->strategy, sizeof(o->strategy));
	o->model_id = stmt_int(s, 20);
	o->config_version = stmt_int(s, 21);
	stmt_copy(s, 22, o->correlation_id, sizeof(o->correlation_id));
	o->created_us = stmt_int(s, 23);
	o->opened_us = stmt_int(s, 24);
	o->holding_us = stmt_int(s, 25);
	o->maker_timeout_us = stmt_int(s, 26);
	stmt_copy(s, 27, o->close_correlation_id, sizeof(o->close_correlation_id));
	o->stop_crossed_us = stmt_int(s, 28);
	o->retry_us = stmt_int(s, 29);
	o->retries = (int)stmt_int(s, 30);
	if (side_parse(stmt_text(s, 3), &o->side) ||
	    order_status_parse(stmt_text(s, 4), &o->status) ||
	    order_phase_parse(stmt_text(s, 5), &o->phase) ||
	    close_reason_parse(stmt_text(s, 18), &o->reason))
		return bad_row("trading_orders", o->id, e);
	return 0;
}

int store_open_orders(struct db *db, order_each *each, void *ctx, struct err *e)
{
	struct order *o = xcalloc(1, sizeof(*o));
	struct stmt *s;
	int rc = db_stmt(db, SQL_OPEN, &s, e);

	if (rc)
		goto out;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		rc = read_order(s, o, e);
		if (rc == 0)
			rc = read_legs(db, o, e);
		if (rc == 0)
			rc = each(ctx, o, e);
		if (rc)
			break;
	}
	stmt_done(s);
out:
	free(o);
	return rc;
}

int store_open_others(struct db *db, int64_t bot_id, char *out, size_t size, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OPEN_OTHERS, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		stmt_copy(s, 0, out, size);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

int store_open_count(struct db *db, int64_t bot_id, int64_t *n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OPEN_COUNT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*n = stmt_int(s, 0);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

int store_next_ids(struct db *db, struct next_ids *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_IDS, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->order = stmt_int(s, 0);
		out->leg = stmt_int(s, 1);
		out->fill = stmt_int(s, 2);
		out->signal = stmt_int(s, 3);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

int store_sent_times(struct db *db, int64_t bot_id, int64_t *out, size_t max, size_t *n,
		     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_SENT, &s, e);

	if (rc)
		return rc;
	*n = 0;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, (int64_t)max);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		out[(*n)++] = stmt_int(s, 0);
	stmt_done(s);
	return rc;
}

int store_last_entry(struct db *db, int64_t bot_id, int64_t *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LAST_ENTRY, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	rc = stmt_step(s, e);
	*out = rc == STMT_ROW ? stmt_int(s, 0) : 0;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_ended_legs(struct db *db, int64_t bot_id, struct ended_leg *out, size_t max, size_t *n,
		     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ENDED_LEGS, &s, e);

	if (rc)
		return rc;
	*n = 0;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, (int64_t)max);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct ended_leg *l = &out[(*n)++];

		stmt_copy(s, 0, l->client_order_id, sizeof(l->client_order_id));
		l->filled = stmt_qty(s, 1);
	}
	stmt_done(s);
	return rc;
}
