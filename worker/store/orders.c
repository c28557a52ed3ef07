#include "worker/store/orders.h"

#include "common/db/row.h"
#include "worker/store/exit_rules.h"

#include <stdlib.h>
#include <string.h>

static void bind_price_or_null(struct stmt *s, int index, struct price p)
{
	if (price_sign(p))
		stmt_near_price(s, index, p);
	else
		stmt_bind_null(s, index);
}

ROW_WORDS(side, enum side);
ROW_WORDS(order_status, enum order_status);
ROW_WORDS(order_phase, enum order_phase);
ROW_WORDS(close_reason, enum close_reason);
ROW_WORDS(stop_owner, enum stop_owner);

static void put_entry_price(struct stmt *s, int index, const void *o)
{
	bind_price_or_null(s, index, order_entry_price(o));
}

static void put_exit_price(struct stmt *s, int index, const void *o)
{
	bind_price_or_null(s, index, order_exit_price(o));
}

/* What a closed one still has is its dust. */
static void put_position(struct stmt *s, int index, const void *row)
{
	const struct order *o = row;

	stmt_near_qty(s, index, o->status == ORDER_CLOSED ? qty_of_units(0) : order_position(o));
}

static void put_fees(struct stmt *s, int index, const void *o)
{
	stmt_near_money(s, index, order_costs(o));
}

static void put_rules(struct stmt *s, int index, const void *row)
{
	struct buf text = { 0 };

	exit_rules_text(&((const struct order *)row)->rules, &text);
	stmt_bind_text(s, index, buf_text(&text));
	buf_free(&text);
}

static bool get_rules(struct stmt *s, int col, void *row)
{
	return exit_rules_parse(stmt_text(s, col), &((struct order *)row)->rules) == 0;
}

static void put_expires(struct stmt *s, int index, const void *o)
{
	stmt_bind_int(s, index, order_expires_us(o));
}

#define O(type, member, ...) ROW(struct order, type, member, __VA_ARGS__)
#define WORD(column, member, which, ...) \
	ROW_MEMBER(struct order, ROW_WORD, column, member, .words = &words_of_##which, __VA_ARGS__)
#define MADE(column, function) { .name = column, .type = ROW_PUT, .put = function }

/* ?1 to ?3, as order_id and store_order_tx name them. */
enum { ORDER_ID = 1, ORDER_BOT, ORDER_MODE };

static const struct row_column order_columns[] = {
	O(ROW_INT, id, .use = ROW_KEY),
	O(ROW_INT, bot_id, .use = ROW_ONCE),
	{ .name = "mode", .type = ROW_GIVEN, .use = ROW_ONCE },
	{ .name = "order_id", .type = ROW_GIVEN, .use = ROW_ONCE,
	  .insert = "'tb1-' || ?2 || '-' || ?1" },
	O(ROW_TEXT, symbol, .use = ROW_ONCE),
	WORD("side", side, side, .use = ROW_ONCE),
	WORD("status", status, order_status),
	WORD("phase", phase, order_phase),
	WORD("close_reason", reason, close_reason),
	O(ROW_PRICE, limit_price, .use = ROW_ONCE),
	MADE("entry_price", put_entry_price),
	O(ROW_PRICE, take_profit),
	O(ROW_PRICE, stop_loss),
	MADE("exit_price", put_exit_price),
	O(ROW_QTY, quantity),
	O(ROW_QTY, filled),
	O(ROW_QTY, exited),
	MADE("position", put_position),
	O(ROW_QTY, dust, .use = ROW_UNREAD),
	O(ROW_QTY, dust_taken),
	O(ROW_MONEY, dust_taken_cost),
	O(ROW_MONEY, dust_cost, .use = ROW_UNREAD),
	O(ROW_MONEY, entry_notional),
	O(ROW_MONEY, exit_notional),
	/* All of the costs; read_order takes the others away. */
	ROW_MEMBER(struct order, ROW_MONEY, "fees", base_fees_value, .put = put_fees),
	O(ROW_QTY, base_fees),
	O(ROW_MONEY, quote_fees),
	O(ROW_MONEY, funding),
	O(ROW_MONEY, bad_debt),
	O(ROW_MONEY, gross, .use = ROW_UNREAD),
	O(ROW_MONEY, pnl, .use = ROW_UNREAD),
	O(ROW_REAL, confidence, .use = ROW_ONCE),
	O(ROW_TEXT, strategy, .use = ROW_ONCE),
	O(ROW_TEXT, tag, .use = ROW_ONCE),
	O(ROW_INT, model_id, .use = ROW_ONCE),
	O(ROW_INT, config_version, .use = ROW_ONCE),
	O(ROW_TEXT, correlation_id, .use = ROW_ONCE),
	O(ROW_TEXT, close_correlation_id),
	O(ROW_INT, created_us, .use = ROW_ONCE),
	O(ROW_TIME, opened_us),
	O(ROW_TIME, closed_us, .use = ROW_UNREAD),
	O(ROW_INT, updated_us, .use = ROW_UNREAD),
	O(ROW_INT, holding_us, .use = ROW_ONCE),
	O(ROW_INT, maker_timeout_us, .use = ROW_ONCE),
	MADE("expires_us", put_expires),
	O(ROW_INT, stop_crossed_us),
	O(ROW_INT, retry_us),
	O(ROW_INT32, retries),
	O(ROW_INT, uncovered_us),
	O(ROW_INT, uncovered_from_us),
	{ .name = "exit_rules", .type = ROW_PUT, .put = put_rules, .get = get_rules,
	  .use = ROW_ONCE },
	O(ROW_PRICE, entry_base),
	O(ROW_PRICE, profit_target),
	O(ROW_PRICE, initial_stop, .use = ROW_ONCE),
	ROW_MEMBER(struct order, ROW_PRICE, "best_price", best),
	O(ROW_PRICE, stop_wanted),
	WORD("stop_by", stop_by, stop_owner),
	O(ROW_INT, stop_moved_us),
	O(ROW_INT, stop_move_us, .use = ROW_ONCE),
	O(ROW_QTY, first_quantity, .use = ROW_ONCE),
	O(ROW_INT32, entries),
	O(ROW_INT, added_us),
	O(ROW_QTY, leaving),
	O(ROW_INT, account_id, .use = ROW_ONCE),
};
static const struct row_table orders = ROW_TABLE("trading_orders", order_columns);
ROW_SQL(save_order, orders, NULL);
ROW_SQL(open_orders, orders, "WHERE status != 'closed' ORDER BY id");

/* What a leg is, in its row; "", of before there was leg_state, is LEG_STATES. */
static const char *leg_kind_name(enum leg_kind k)
{
	static const char *const names[LEG_KINDS] = { "e", "t", "s", "c" };

	return names[leg_kind_index(k)];
}

static int leg_kind_parse(const char *name, enum leg_kind *out)
{
	*out = (enum leg_kind)name[0];
	return name[0] && strchr("etsc", name[0]) ? 0 : ERR_INVALID;
}

static int kept_state_parse(const char *name, enum leg_state *out)
{
	*out = (enum leg_state)LEG_STATES;
	return name[0] ? leg_state_parse(name, out) : 0;
}
#define kept_state_name leg_state_name

/* Target and stop of a list were one row of type OCO; those that are left are history. */
static int kept_type_parse(const char *name, enum leg_type *out)
{
	*out = TYPE_LIMIT_MAKER;
	return strcmp(name, "OCO") == 0 ? 0 : leg_type_parse(name, out);
}
#define kept_type_name leg_type_name

ROW_WORDS(leg_kind, enum leg_kind);
ROW_WORDS(kept_type, enum leg_type);
ROW_WORDS(leg_status, enum leg_status);
ROW_WORDS(kept_state, enum leg_state);
ROW_WORDS(tif, enum tif);

struct kept_leg {			/* a row of exchange_orders */
	struct leg_row of;
	enum leg_status status;
	bool cancel_requested;
	enum leg_state state;
};
#define L(type, member, ...) ROW_MEMBER(struct kept_leg, type, #member, of.leg.member, __VA_ARGS__)
#define LEG_WORD(column, member, which, ...) \
	ROW_MEMBER(struct kept_leg, ROW_WORD, column, member, .words = &words_of_##which, \
		   __VA_ARGS__)

enum { LEG_VENUE = 5 };	/* a parameter, as above */

static const struct row_column leg_columns[] = {
	L(ROW_INT, id, .use = ROW_KEY),
	L(ROW_TEXT, client_order_id, .use = ROW_ONCE),
	ROW_MEMBER(struct kept_leg, ROW_INT, "order_id", of.order_id, .use = ROW_ONCE),
	ROW_MEMBER(struct kept_leg, ROW_INT, "bot_id", of.bot_id, .use = ROW_ONCE),
	{ .name = "venue", .type = ROW_GIVEN, .use = ROW_ONCE },
	L(ROW_TEXT, exchange_id),
	LEG_WORD("leg", of.leg.kind, leg_kind, .use = ROW_ONCE),
	L(ROW_INT32, n, .use = ROW_ONCE),
	ROW_MEMBER(struct kept_leg, ROW_TEXT, "symbol", of.symbol, .use = ROW_ONCE),
	LEG_WORD("side", of.leg.side, side, .use = ROW_ONCE),
	LEG_WORD("type", of.leg.type, kept_type, .use = ROW_ONCE),
	L(ROW_BOOL, reduce_only, .use = ROW_ONCE),
	L(ROW_NO_PRICE, price, .use = ROW_ONCE),
	L(ROW_NO_PRICE, stop_price, .use = ROW_ONCE),
	L(ROW_QTY, quantity, .use = ROW_ONCE),
	L(ROW_QTY, filled),
	LEG_WORD("state", status, leg_status),
	ROW(struct kept_leg, ROW_BOOL, cancel_requested),
	L(ROW_TEXT, reject_reason),
	L(ROW_TEXT, correlation_id, .use = ROW_ONCE),
	L(ROW_INT, requested_us, .use = ROW_ONCE),
	L(ROW_TIME, acked_us),
	L(ROW_TIME, done_us),
	LEG_WORD("leg_state", state, kept_state),
	LEG_WORD("time_in_force", of.leg.tif, tif, .use = ROW_ONCE),
	ROW_MEMBER(struct kept_leg, ROW_INT, "account_id", of.account_id, .use = ROW_ONCE),
	L(ROW_TEXT, list_id, .use = ROW_ONCE),
};
static const struct row_table kept_legs = ROW_TABLE("exchange_orders", leg_columns);
ROW_SQL(save_leg, kept_legs, NULL);
ROW_SQL(legs_of, kept_legs, "WHERE order_id = ?1 ORDER BY id");

#define F(type, member, ...) ROW(struct fill_row, type, member, __VA_ARGS__)

static const struct row_column fill_columns[] = {
	F(ROW_INT, id),
	F(ROW_TEXT, client_order_id),
	F(ROW_INT, order_id),
	F(ROW_INT, bot_id),
	{ .name = "venue", .type = ROW_GIVEN },
	F(ROW_TEXT, symbol),
	F(ROW_INT, trade_id),
	ROW_MEMBER(struct fill_row, ROW_WORD, "side", side, .words = &words_of_side),
	F(ROW_PRICE, price),
	F(ROW_QTY, quantity),
	F(ROW_MONEY, fee),
	F(ROW_TEXT, fee_asset),
	F(ROW_BOOL, maker),
	F(ROW_INT, at_us),
	F(ROW_INT, account_id),
};
static const struct row_table fills = ROW_TABLE("fills", fill_columns);
ROW_SQL(save_fill, fills, NULL);

static const char SQL_MOVE[] =
	"INSERT INTO order_events(order_id, bot_id, client_order_id, from_state, to_state, event,"
	" why, venue_us, at_us, correlation_id)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/* The index is named, because SQLite would also pick the index of all of the bot's orders. */
static const char SQL_OPEN_COUNT[] =
	"SELECT count(*) FROM trading_orders INDEXED BY trading_orders_open_bot"
	" WHERE bot_id = ?1 AND status != 'closed'";
static const char SQL_OPEN_OTHERS[] =
	"SELECT group_concat(a.bot_id, ', ') FROM sim_accounts a WHERE a.bot_id != ?1 AND ("
	"a.position != 0 OR a.bot_id IN (SELECT bot_id FROM sim_orders)"
	" OR EXISTS (SELECT 1 FROM trading_orders o INDEXED BY trading_orders_open_bot"
	" WHERE o.bot_id = a.bot_id AND o.status != 'closed' AND o.phase != 'remainder'))";
static const char SQL_IDS[] =
	"SELECT (SELECT max(coalesce(max(id), 0) + 1,"
	" coalesce((SELECT value FROM counters WHERE name = 'order'), 0)) FROM trading_orders),"
	" (SELECT coalesce(max(id), 0) + 1 FROM exchange_orders),"
	" (SELECT coalesce(max(id), 0) + 1 FROM fills),"
	" (SELECT coalesce(max(id), 0) + 1 FROM signals)";
/*
 * Only the last minute counts, so legs of trades older than the newest ?2 are not read. A list
 * is one request, told by its target.
 */
static const char SQL_SENT[] =
	"SELECT x.requested_us FROM (SELECT id FROM trading_orders WHERE bot_id = ?1"
	" ORDER BY id DESC LIMIT ?2) o CROSS JOIN exchange_orders x ON x.order_id = o.id"
	" WHERE x.list_id = '' OR x.leg = 't' ORDER BY x.id DESC LIMIT ?2";
static const char SQL_LAST_ENTRY[] =
	"SELECT max(created_us, added_us) FROM trading_orders WHERE bot_id = ?1"
	" ORDER BY id DESC LIMIT ?2";
static const char SQL_ENDED_LEGS[] =
	"SELECT x.client_order_id, x.filled FROM trading_orders o CROSS JOIN exchange_orders x"
	" ON x.order_id = o.id WHERE o.bot_id = ?1 AND o.status = 'closed'"
	" ORDER BY o.id DESC LIMIT ?2";

int store_order_tx(struct db *db, const struct order *o, const char *mode, struct err *e)
{
	struct stmt *s;
	int rc = row_save(db, &save_order, o, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, ORDER_MODE, mode);
	return stmt_run(s, e);
}

int store_leg_tx(struct db *db, const struct leg_row *r, const char *venue, struct err *e)
{
	const struct kept_leg kept = {
		.of = *r, .status = leg_status(&r->leg), .state = r->leg.state,
		.cancel_requested = r->leg.state == LEG_CANCELLING,
	};
	struct stmt *s;
	int rc = row_save(db, &save_leg, &kept, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, LEG_VENUE, venue);
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
	int rc = row_save(db, &save_fill, r, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, LEG_VENUE, venue);
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

static int read_leg(struct stmt *s, struct leg *l, struct err *e)
{
	struct kept_leg kept = { 0 };

	if (!row_read(s, &kept_legs, &kept))
		return bad_row("exchange_orders", kept.of.leg.id, e);
	*l = kept.of.leg;
	l->end = end_of(kept.status);
	l->state = (int)kept.state == LEG_STATES ? state_of(kept.status, kept.cancel_requested)
						 : kept.state;
	return 0;
}

static int read_legs(struct db *db, struct order *o, struct err *e)
{
	struct stmt *s;
	struct leg l;
	int rc = row_select(db, &legs_of, &s, e);

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
	if (!row_read(s, &orders, o))
		return bad_row("trading_orders", o->id, e);
	ASSERT(money_sub(o->base_fees_value, o->quote_fees, &o->base_fees_value) == 0);
	ASSERT(money_sub(o->base_fees_value, o->funding, &o->base_fees_value) == 0);
	return 0;
}

int store_open_orders(struct db *db, order_each *each, void *ctx, struct err *e)
{
	struct order *o = xcalloc(1, sizeof(*o));
	struct stmt *s;
	int rc = row_select(db, &open_orders, &s, e);

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
	return db_number(db, SQL_OPEN_COUNT, &bot_id, n, e);
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

/* A further entry of an older trade may be the newest one: so many trades are looked at. */
#define LAST_ENTRY_OF 100

int store_last_entry(struct db *db, int64_t bot_id, int64_t *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LAST_ENTRY, &s, e);

	*out = 0;
	if (rc)
		return rc;
	stmt_bind_int(s, 1, bot_id);
	stmt_bind_int(s, 2, LAST_ENTRY_OF);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		if (stmt_int(s, 0) > *out)
			*out = stmt_int(s, 0);
	stmt_done(s);
	return rc;
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
