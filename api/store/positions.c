#include "api/store/positions.h"

#include "common/clock.h"
#include "common/registry/market_clock.h"

#include <string.h>

#define POSITION_SELECT(index) \
	"SELECT o.id, o.bot_id, o.order_id, o.symbol, o.side, o.phase, o.position, o.entry_price," \
	" coalesce(s.last_price, 0.0), o.take_profit, o.stop_loss, o.fees, o.opened_us," \
	" o.expires_us, o.mode, o.confidence, o.uncovered_us, o.uncovered_from_us" \
	" FROM trading_orders o " \
	index " LEFT JOIN bot_state s ON s.bot_id = o.bot_id "
static const char SQL_GET[] =
	POSITION_SELECT("") "WHERE o.id = ?1 AND o.status != 'closed' AND o.position != 0";
/* The index is named, because SQLite would also pick an index of all orders. */
#define POSITIONS(index, of_bot) \
	POSITION_SELECT("INDEXED BY " index) \
	"WHERE o.status != 'closed' AND o.position != 0" of_bot \
	" ORDER BY o.id DESC LIMIT 1000"
static const char SQL_LIST[] = POSITIONS("trading_orders_open", "");
static const char SQL_LIST_BOT[] = 
	POSITIONS("trading_orders_open_bot", " AND o.bot_id = ?1");
static const char SQL_BOT[] = "SELECT bot_id, status FROM trading_orders WHERE id = ?1";

struct position {
	struct qty quantity;		/* held, without a sign */
	struct price entry, live;
	bool priced;			/* both are known */
	bool is_short;
	struct money pnl, value;
};

/* (live price - entry price) x quantity, negated for a short; without fees. */
static int value_position(struct position *p)
{
	struct money at_entry;
	int rc;

	p->priced = price_sign(p->live) > 0 && price_sign(p->entry) > 0;
	if (!p->priced)
		return 0;
	rc = money_notional(p->live, p->quantity, ROUND_NEAREST, &p->value);
	if (!rc)
		rc = money_notional(p->entry, p->quantity, ROUND_NEAREST, &at_entry);
	if (!rc)
		rc = p->is_short ? money_sub(at_entry, p->value, &p->pnl)
				 : money_sub(p->value, at_entry, &p->pnl);
	return rc;
}

static void real_or_null(struct json *j, const char *key, struct stmt *s, int col)
{
	if (stmt_is_null(s, col))
		json_null(j, key);
	else
		json_price(j, key, stmt_price(s, col));
}

static int read_position(struct stmt *s, struct position *p)
{
	*p = (struct position){ .quantity = stmt_qty(s, 6), .live = stmt_price(s, 8) };
	p->is_short = !strcmp(stmt_text(s, 4), "SELL");
	if (qty_sign(p->quantity) < 0)
		p->quantity = qty_neg(p->quantity);
	if (!stmt_is_null(s, 7))
		p->entry = stmt_price(s, 7);
	return value_position(p);
}

/* The whole time up to now in which a part of the position had no stop. */
static int64_t uncovered_us(struct stmt *s, const struct market_clock *clock)
{
	int64_t from_us = stmt_int(s, 17);

	return stmt_int(s, 16) + (from_us ? market_clock_age_us(clock, from_us) : 0);
}

static void write_position(struct json *j, struct stmt *s, const struct position *p,
			   const struct market_clock *clock)
{
	int64_t opened = stmt_int(s, 12);

	json_int(j, "order", stmt_int(s, 0));
	json_int(j, "bot_id", stmt_int(s, 1));
	json_string(j, "order_id", stmt_text(s, 2));
	json_string(j, "symbol", stmt_text(s, 3));
	json_string(j, "side", p->is_short ? "short" : "long");
	json_string(j, "phase", stmt_text(s, 5));
	json_qty(j, "quantity", p->quantity);
	real_or_null(j, "entry_price", s, 7);
	if (p->priced) {
		json_price(j, "live_price", p->live);
		json_money(j, "value", p->value);
		json_money(j, "unrealized_pnl", p->pnl);
	} else {
		json_null(j, "live_price");
		json_null(j, "value");
		json_null(j, "unrealized_pnl");
	}
	real_or_null(j, "take_profit", s, 9);
	real_or_null(j, "stop_loss", s, 10);
	json_money(j, "fees", stmt_money(s, 11));
	json_time(j, "opened", opened);
	json_double(j, "age_seconds", opened ?
		    (double)(market_clock_age_us(clock, opened) / US_PER_MS) / 1000 : 0);
	json_time(j, "expires", stmt_int(s, 13));
	json_string(j, "mode", stmt_text(s, 14));
	if (stmt_is_null(s, 15))
		json_null(j, "confidence");
	else
		json_double(j, "confidence", stmt_double(s, 15));
	json_int(j, "uncovered_ms", uncovered_us(s, clock) / US_PER_MS);
	json_time(j, "uncovered_since", stmt_int(s, 17));
}

int store_positions_list(struct db *db, int64_t bot_id, int64_t now_us, struct json *j,
			 struct err *e)
{
	struct money sum = money_of_units(0);
	struct market_clock clock;
	struct stmt *s;
	int rc, bad = 0;

	rc = market_clock_get(db, now_us, &clock, e);
	if (!rc)
		rc = db_stmt(db, bot_id ? SQL_LIST_BOT : SQL_LIST, &s, e);
	if (rc)
		return rc;
	if (bot_id)
		stmt_bind_int(s, 1, bot_id);
	json_array(j, "positions");
	while (!bad && (rc = stmt_step(s, e)) == STMT_ROW) {
		struct position p;

		bad = read_position(s, &p);
		if (!bad)
			bad = money_add(sum, p.pnl, &sum);
		json_object(j, NULL);
		write_position(j, s, &p, &clock);
		json_object_end(j);
	}
	stmt_done(s);
	json_array_end(j);
	json_money(j, "unrealized_pnl", sum);
	if (bad)
		return err_set(e, bad, "the value of an open position does not fit");
	return rc;
}

int store_positions_get(struct db *db, int64_t order_id, int64_t now_us, struct json *j,
			struct err *e)
{
	struct market_clock clock;
	struct position p;
	struct stmt *s;
	int bad = 0;
	int rc = market_clock_get(db, now_us, &clock, e);

	if (!rc)
		rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, order_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		bad = read_position(s, &p);
		if (!bad)
			write_position(j, s, &p, &clock);
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "order %lld holds nothing", (long long)order_id);
	if (bad)
		return err_set(e, bad, "the value of order %lld does not fit", (long long)order_id);
	return rc < 0 ? rc : 0;
}

int store_positions_bot(struct db *db, int64_t order_id, int64_t *bot_id, struct err *e)
{
	bool closed = false;
	struct stmt *s;
	int rc = db_stmt(db, SQL_BOT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, order_id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*bot_id = stmt_int(s, 0);
		closed = !strcmp(stmt_text(s, 1), "closed");
	}
	stmt_done(s);
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no order %lld", (long long)order_id);
	if (closed)
		return err_set(e, ERR_CONFLICT, "order %lld is closed already",
			       (long long)order_id);
	return rc < 0 ? rc : 0;
}
