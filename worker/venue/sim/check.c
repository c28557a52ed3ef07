#include "worker/venue/sim/internal.h"

#include <string.h>

/* True when the price is above 0 and on the grid; 0 is fine where the type has none. */
static bool check_price(const struct symbol_info *i, struct price p, bool wanted, const char *what,
			char reason[SIM_REASON_MAX])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	if (!wanted)
		return true;
	if (price_sign(p) <= 0) {
		sim_reason(reason, "PRICE_FILTER: %s %s is not above 0", what, price_text(p, a));
		return false;
	}
	if (price_cmp(price_to_tick(p, i->tick, ROUND_DOWN), p) != 0) {
		sim_reason(reason, "PRICE_FILTER: %s %s is not a multiple of %s", what,
			   price_text(p, a), price_text(i->tick, b));
		return false;
	}
	return true;
}

static bool check_lot(const struct symbol_info *i, struct qty q, char reason[SIM_REASON_MAX])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	if (qty_sign(q) <= 0)
		sim_reason(reason, "LOT_SIZE: quantity %s is not above 0", qty_text(q, a));
	else if (qty_cmp(q, i->min_qty) < 0)
		sim_reason(reason, "LOT_SIZE: quantity %s is under %s", qty_text(q, a),
			   qty_text(i->min_qty, b));
	else if (qty_sign(i->max_qty) > 0 && qty_cmp(q, i->max_qty) > 0)
		sim_reason(reason, "LOT_SIZE: quantity %s is over %s", qty_text(q, a),
			   qty_text(i->max_qty, b));
	else if (qty_cmp(qty_to_step(q, i->step, ROUND_DOWN), q) != 0)
		sim_reason(reason, "LOT_SIZE: quantity %s is not a multiple of %s", qty_text(q, a),
			   qty_text(i->step, b));
	else
		return true;
	return false;
}

static struct price price_of(const struct sim_market *m, const struct sim_order *o)
{
	if (o->type == TYPE_MARKET)
		return price_sign(m->last) > 0 ? m->last :
			o->side == SIDE_BUY ? m->book.ask : m->book.bid;
	return price_sign(o->price) == 0 ? o->stop_price : o->price;
}

static bool check_notional(const struct sim_market *m, const struct sim_order *o,
			   char reason[SIM_REASON_MAX])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];
	struct money n;

	if (money_notional(price_of(m, o), o->quantity, ROUND_DOWN, &n)) {
		sim_reason(reason, "NOTIONAL: price x quantity does not fit");
		return false;
	}
	if (m->info.futures && o->reduce_only)
		return true;
	if (o->type == TYPE_MARKET && price_sign(price_of(m, o)) <= 0)
		return true; /* no price is known by which to judge it */
	if (money_cmp(n, m->info.min_notional) < 0) {
		sim_reason(reason, "NOTIONAL: %s is under %s", money_text(n, a),
			   money_text(m->info.min_notional, b));
		return false;
	}
	return true;
}

/* Refuses orders that this kind of account never takes. */
static bool check_kind(const struct sim_acct *a, const struct sim_order *o,
		       char reason[SIM_REASON_MAX])
{
	bool stop = o->type == TYPE_STOP_MARKET;

	if (strcmp(o->symbol, a->market->info.symbol) != 0)
		sim_reason(reason, "SYMBOL: %s is not the account's %s", o->symbol,
			   a->market->info.symbol);
	else if (a->row.futures && o->list_id[0])
		sim_reason(reason, "ORDER_TYPE: futures have no OCO");
	else if (!a->row.futures && stop && o->side == SIDE_BUY)
		sim_reason(reason, "ORDER_TYPE: the simulation takes spot stops for SELL only");
	else if (!a->row.futures && o->reduce_only)
		sim_reason(reason, "REDUCE_ONLY: only futures have it");
	else if (o->tif != TIF_GTC && o->type != TYPE_LIMIT)
		sim_reason(reason, "TIME_IN_FORCE: only a LIMIT order takes %s", tif_name(o->tif));
	else
		return true;
	return false;
}

static bool check_reduce_only(const struct sim_acct *a, const struct sim_order *o,
			      char reason[SIM_REASON_MAX])
{
	int sign = qty_sign(a->row.position);

	if (!o->reduce_only || sign == (o->side == SIDE_SELL ? 1 : -1))
		return true;
	sim_reason(reason, "REDUCE_ONLY: no %s position to reduce",
		   o->side == SIDE_SELL ? "long" : "short");
	return false;
}

bool sim_crosses(const struct sim_market *m, enum side side, struct price price)
{
	struct price other = side == SIDE_BUY ? m->book.ask : m->book.bid;
	struct qty other_qty = side == SIDE_BUY ? m->book.ask_qty : m->book.bid_qty;

	if (m->has_book) {
		if (qty_sign(other_qty) == 0)
			return false;
		return side == SIDE_BUY ? price_cmp(price, other) >= 0 :
			price_cmp(price, other) <= 0;
	}
	if (price_sign(m->last) == 0)
		return false;
	return side == SIDE_BUY ? price_cmp(price, m->last) > 0 : price_cmp(price, m->last) < 0;
}

static bool check_post_only(const struct sim_market *m, const struct sim_order *o,
			    char reason[SIM_REASON_MAX])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];
	struct price other = !m->has_book ? m->last :
		o->side == SIDE_BUY ? m->book.ask : m->book.bid;

	if (o->type != TYPE_LIMIT_MAKER)
		return true;
	if (!sim_crosses(m, o->side, o->price))
		return true;
	sim_reason(reason, "LIMIT_MAKER: %s %s would trade at once with %s",
		   o->side == SIDE_BUY ? "BUY" : "SELL", price_text(o->price, a),
		   price_text(other, b));
	return false;
}

/* A stop must not be reached by the last price yet. */
static bool check_stop(const struct sim_market *m, const struct sim_order *o,
		       char reason[SIM_REASON_MAX])
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];
	int cmp = price_cmp(o->stop_price, m->last);

	if (o->type != TYPE_STOP_MARKET)
		return true;
	if (price_sign(m->last) == 0 || (o->side == SIDE_SELL ? cmp < 0 : cmp > 0))
		return true;
	sim_reason(reason, "STOP_PRICE: %s would trigger at once, last price %s",
		   price_text(o->stop_price, a), price_text(m->last, b));
	return false;
}

static void reason_funds(const struct sim_acct *a, enum ledger_asset asset, int64_t need,
			 int64_t have, char reason[SIM_REASON_MAX])
{
	char t[MONEY_TEXT_MAX], u[MONEY_TEXT_MAX];

	sim_reason(reason, "%s: %s %s needed, %s free",
		   a->row.futures ? "MARGIN" : "INSUFFICIENT_BALANCE",
		   money_text(money_of_units(need), t), a->book.asset[asset],
		   money_text(money_of_units(have), u));
}

/*
 * The funds that an order needs. A market buy needs the cost of its plan. A limit order needs
 * its reservation; a futures sale that starts above its limit needs more margin for that part.
 */
static int funds_needed(const struct sim *s, const struct sim_slot *o, int64_t *need)
{
	const struct sim_acct *a = o->account;
	struct qty rest = o->row.quantity;
	int64_t whole, taker, resting;
	struct sim_plan plan = { .n = 0 };

	if (o->row.type == TYPE_MARKET ||
	    (o->row.type == TYPE_LIMIT && sim_crosses(a->market, o->row.side, o->row.price)))
		sim_plan(s, a->market, o->row.side, o->row.quantity, o->row.price,
			 price_of_units(0), &plan);
	for (size_t i = 0; i < plan.n; i++)
		rest = qty_of_units(qty_units(rest) - qty_units(plan.level[i].qty));
	if (sim_need(o, o->row.quantity, &whole) || sim_need(o, rest, &resting) ||
	    sim_plan_cost(o, &plan, &taker))
		return ERR_RANGE;
	*need = whole;
	if (sim_need_asset(a, &o->row) == LEDGER_QUOTE && taker > whole - resting)
		*need = taker + resting;
	return 0;
}

static bool check_funds(const struct sim *s, const struct sim_slot *o, char reason[SIM_REASON_MAX])
{
	const struct sim_acct *a = o->account;
	enum ledger_asset asset = sim_need_asset(a, &o->row);
	int64_t have = sim_available(a, asset), need;

	if (funds_needed(s, o, &need)) {
		sim_reason(reason, "NOTIONAL: price x quantity does not fit");
		return false;
	}
	if (need <= have)
		return true;
	reason_funds(a, asset, need, have, reason);
	return false;
}

/* Refuses a market order without any known price, unless it closes: that one waits for a price. */
static bool check_market(const struct sim_market *m, const struct sim_order *o, bool closes,
			 char reason[SIM_REASON_MAX])
{
	if (o->type != TYPE_MARKET || closes || m->has_book || price_sign(m->last) > 0)
		return true;
	sim_reason(reason, "NO_MARKET: no price of %s is known yet", m->info.symbol);
	return false;
}

/* All but what it costs. */
static bool check_form(const struct sim_slot *o, char reason[SIM_REASON_MAX])
{
	const struct sim_market *m = o->account->market;
	const struct sim_order *r = &o->row;
	bool limit = r->type != TYPE_MARKET && r->type != TYPE_STOP_MARKET;
	bool stop = r->type == TYPE_STOP_MARKET;

	return check_kind(o->account, r, reason) &&
	       check_price(&m->info, r->price, limit, "price", reason) &&
	       check_price(&m->info, r->stop_price, stop, "stop price", reason) &&
	       check_lot(&m->info, r->quantity, reason) &&
	       check_market(m, r, sim_closes(o->account, r), reason) &&
	       check_notional(m, r, reason) &&
	       check_stop(m, r, reason) &&
	       check_post_only(m, r, reason) &&
	       check_reduce_only(o->account, r, reason);
}

/* The limit of a sale is above its stop. */
static bool check_list(const struct sim_slot *o, char reason[SIM_REASON_MAX])
{
	const struct sim_order *stop = &o->other->row;
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX];

	if (price_sign(o->row.price) <= 0 || price_sign(stop->stop_price) <= 0 ||
	    price_cmp(o->row.price, stop->stop_price) > 0)
		return true;
	sim_reason(reason, "OCO: limit %s must be above stop %s", price_text(o->row.price, a),
		   price_text(stop->stop_price, b));
	return false;
}

bool sim_check_order(const struct sim *s, const struct sim_slot *o, char reason[SIM_REASON_MAX])
{
	if (o->other && (!check_kind(o->account, &o->row, reason) ||
			 !check_kind(o->account, &o->other->row, reason) ||
			 !check_list(o, reason) || !check_form(o->other, reason)))
		return false;
	return check_form(o, reason) && check_funds(s, o, reason); /* of a list, for both */
}
