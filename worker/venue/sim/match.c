#include "worker/venue/sim/internal.h"

#include <stdlib.h>
#include <string.h>

/* The price n slippage steps worse for a taker, on the grid. 0: a sale has no such price. */
static struct price worse(const struct sim *s, const struct sim_market *m, enum side side,
			  struct price p, int n)
{
	int64_t step = n * s->args.slippage_e8;
	bool buy = side == SIDE_BUY;
	enum rounding r = buy ? ROUND_UP : ROUND_DOWN;
	struct price out;

	if (price_scale(p, buy ? RATE_ONE + step : RATE_ONE - step, r, &out))
		return p;
	out = price_to_tick(out, m->info.tick, r);
	/* The first step may be under one tick: at the lowest price a sale gets the bid. */
	return n <= 1 && price_sign(out) <= 0 ? p : out;
}

/* Is a worse than b for a taker of this side? */
static bool is_worse(enum side side, struct price a, struct price b)
{
	return side == SIDE_BUY ? price_cmp(a, b) > 0 : price_cmp(a, b) < 0;
}

/* The price at which a taker begins, and the quantity there; false: that side is empty. */
static bool touch_of(const struct sim_market *m, enum side side, struct price trigger,
		     struct price *touch, struct qty *shown)
{
	struct price best = side == SIDE_BUY ? m->book.ask : m->book.bid;
	struct qty best_qty = side == SIDE_BUY ? m->book.ask_qty : m->book.bid_qty;
	bool triggered = price_sign(trigger) > 0;

	if (qty_sign(best_qty) <= 0 || price_sign(best) <= 0)
		return false;
	*touch = triggered && is_worse(side, trigger, best) ? trigger : best;
	*shown = best_qty;
	return true;
}

void sim_plan(const struct sim *s, const struct sim_market *m, enum side side, struct qty qty,
	      struct price limit, struct price trigger, struct sim_plan *p)
{
	int64_t left = qty_units(qty), depth;
	struct price touch;
	struct qty shown;

	p->n = 0;
	if (!touch_of(m, side, trigger, &touch, &shown))
		return;
	depth = qty_units(shown);
	for (int k = 0; k < SIM_LEVELS_MAX && left > 0; k++) {
		struct price at = worse(s, m, side, touch, k + 1);
		int64_t take = left < depth ? left : depth;

		if (price_sign(limit) > 0) {
			if (is_worse(side, worse(s, m, side, touch, k), limit))
				break;
			if (is_worse(side, at, limit))
				at = limit;
		}
		if (price_sign(at) <= 0)
			break;
		if (p->n > 0 && price_cmp(p->level[p->n - 1].price, at) == 0) {
			struct qty *q = &p->level[p->n - 1].qty;

			*q = qty_of_units(qty_units(*q) + take);
		} else {
			p->level[p->n++] = (struct sim_level){ at, qty_of_units(take) };
		}
		left -= take;
		depth = depth > INT64_MAX / 2 ? depth : depth * 2;
	}
}

/* Margin and fee of the part of a futures plan that opens a position. */
static int open_cost(const struct sim_slot *o, const struct sim_plan *p, int64_t *e8)
{
	int64_t taker_e8 = o->account->market->info.fees.taker_e8;
	int64_t closing = qty_units(sim_closing(o->account, o->row.side, o->row.quantity));
	int64_t sum = 0;

	for (size_t i = 0; i < p->n; i++) {
		int64_t q = qty_units(p->level[i].qty), c = q < closing ? q : closing;
		struct money n;

		closing -= c;
		if (money_notional(p->level[i].price, qty_of_units(q - c), ROUND_UP, &n))
			return ERR_RANGE;
		if (__builtin_add_overflow(sum, sim_margin_e8(o->account, money_units(n)), &sum) ||
		    __builtin_add_overflow(sum, sim_rate_e8(money_units(n), taker_e8, ROUND_UP),
					   &sum))
			return ERR_RANGE;
	}
	*e8 = sum;
	return 0;
}

int sim_plan_cost(const struct sim_slot *o, const struct sim_plan *p, int64_t *e8)
{
	bool futures = o->account->row.futures;
	int64_t sum = 0;

	if (futures && !o->row.reduce_only)
		return open_cost(o, p, e8);
	for (size_t i = 0; i < p->n && !futures; i++) {
		struct money n;

		if (money_notional(p->level[i].price, p->level[i].qty, ROUND_UP, &n))
			return ERR_RANGE;
		if (sim_need_asset(o->account, &o->row) == LEDGER_BASE)
			n = money_of_units(qty_units(p->level[i].qty));
		if (__builtin_add_overflow(sum, money_units(n), &sum))
			return ERR_RANGE;
	}
	*e8 = sum;
	return 0;
}

struct qty sim_fillable(const struct sim_slot *o, struct qty q)
{
	q = qty_min(q, sim_remaining(o));
	return o->row.reduce_only ? sim_closing(o->account, o->row.side, q) : q;
}

void sim_take(struct sim *s, struct sim_slot *o, const struct sim_plan *p, int64_t at_us)
{
	for (size_t i = 0; i < p->n && !o->gone; i++) {
		struct sim_fill f = {
			.price = p->level[i].price, .qty = sim_fillable(o, p->level[i].qty),
			.at_us = at_us,
		};

		if (qty_sign(f.qty) <= 0)
			break;
		sim_fill(s, o, &f);
	}
}

void sim_expire_rest(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	if (o->gone)
		return;
	sim_slot_end(s, o, UPDATE_EXPIRED, qty_sign(sim_fillable(o, o->row.quantity)) <= 0 ?
		     "REDUCE_ONLY: the position is closed" :
		     "NO_LIQUIDITY: the book is too thin for the rest", at_us);
}

/*
 * The volume that must trade at our price before our order. Better than the best of our side:
 * none. At the best: the quantity that the book shows. Deeper: as much as at the best, because
 * only the best level is known. In a book that is not fresh: SIM_QUEUE_UNKNOWN_E8.
 */
static struct qty queue_on_arrival(const struct sim_market *m, bool fresh, enum side side,
				   struct price price)
{
	struct price best = side == SIDE_BUY ? m->book.bid : m->book.ask;
	struct qty best_qty = side == SIDE_BUY ? m->book.bid_qty : m->book.ask_qty;

	if (!fresh)
		return qty_of_units(SIM_QUEUE_UNKNOWN_E8);
	if (qty_sign(best_qty) == 0 || is_worse(side, price, best))
		return qty_of_units(0);
	return best_qty;
}

static void tell_accepted(struct sim *s, const struct sim_slot *o, int64_t at_us)
{
	struct venue_update u;

	sim_update_init(o, UPDATE_ACCEPTED, at_us, &u);
	sim_send(s, &u);
}

/* The book is not fresh: the exchange would trade, but at prices that we don't know yet. */
static void arrive_waiting(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	int64_t need = 0;
	int rc = sim_need(o, o->row.quantity, &need);

	ASSERT(rc == 0); /* closing needs only the coins, or nothing */
	sim_reserve(s, o, need, at_us);
	sim_rest_add(o);
	sim_report_order(s, o);
	tell_accepted(s, o, at_us);
}

/* Does the plan hold all of the order's quantity? */
static bool takes_all(const struct sim_slot *o, const struct sim_plan *p)
{
	int64_t left = qty_units(o->row.quantity);

	for (size_t i = 0; i < p->n; i++)
		left -= qty_units(p->level[i].qty);
	return left <= 0;
}

/* Expires what an IOC or FOK order did not get. */
static void expire_limit(struct sim *s, struct sim_slot *o, bool fresh, int64_t at_us)
{
	char a[MONEY_TEXT_MAX], reason[SIM_REASON_MAX];

	if (o->gone)
		return;
	sim_reason(reason, "%s: the book %s %s", tif_name(o->row.tif), !fresh ?
		   "is old, nothing is known up to" : o->row.tif == TIF_FOK ?
		   "has not all of it up to" : "has no more of it up to",
		   price_text(o->row.price, a));
	sim_slot_end(s, o, UPDATE_EXPIRED, reason, at_us);
}

/*
 * Orders that don't rest: market, IOC and FOK. Only a market order that closes a position waits
 * for a fresh book.
 */
static void arrive_taker(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	struct sim_market *m = o->account->market;
	bool fresh = sim_fresh(s, m, at_us), market = o->row.type == TYPE_MARKET;
	struct sim_plan p = { .n = 0 };

	if (market && !fresh && sim_closes(o->account, &o->row)) {
		arrive_waiting(s, o, at_us);
		return;
	}
	if (fresh)
		sim_plan(s, m, o->row.side, sim_fillable(o, o->row.quantity), o->row.price,
			 price_of_units(0), &p);
	if (o->row.tif == TIF_FOK && !takes_all(o, &p))
		p.n = 0;
	tell_accepted(s, o, at_us);
	sim_take(s, o, &p, at_us);
	if (market)
		sim_expire_rest(s, o, at_us);
	else
		expire_limit(s, o, fresh, at_us);
	free(o);
}

static void arrive_resting(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	struct sim_market *m = o->account->market;
	bool fresh = sim_fresh(s, m, at_us);
	struct sim_plan p = { .n = 0 };
	int64_t need = 0;
	int rc = sim_need(o, o->row.quantity, &need);

	ASSERT(rc == 0); /* checked on arrival */
	sim_reserve(s, o, need, at_us);
	if (o->row.type == TYPE_LIMIT && fresh && sim_crosses(m, o->row.side, o->row.price))
		sim_plan(s, m, o->row.side, sim_fillable(o, o->row.quantity), o->row.price,
			 price_of_units(0), &p);
	if (o->row.type != TYPE_STOP_MARKET)
		o->row.queue_ahead = queue_on_arrival(m, fresh, o->row.side, o->row.price);
	sim_rest_add(o);
	sim_report_order(s, o);
	tell_accepted(s, o, at_us);
	sim_take(s, o, &p, at_us);
}

static void number(struct sim *s, struct sim_slot *o)
{
	o->row.exchange_id = s->next_order++;
	memcpy(o->row.reserved_asset, o->account->book.asset[sim_need_asset(o->account, &o->row)],
	       sizeof(o->row.reserved_asset));
}

static void refuse(struct sim *s, struct sim_slot *o, const char *reason, int64_t at_us)
{
	sim_slot_end(s, o, UPDATE_REJECTED, reason, at_us);
	free(o);
}

void sim_arrive(struct sim *s, struct sim_slot *o, int64_t at_us)
{
	struct sim_slot *other = o->other;
	char reason[SIM_REASON_MAX];

	number(s, o);
	if (other) { /* of a list: they arrive together */
		sim_travel_take(s, other);
		number(s, other);
	}
	if (!sim_check_order(s, o, reason)) {
		refuse(s, o, reason, at_us);
		if (other)
			refuse(s, other, reason, at_us);
	} else if (o->row.type == TYPE_MARKET || o->row.tif != TIF_GTC) {
		arrive_taker(s, o, at_us);
	} else {
		arrive_resting(s, o, at_us);
		if (other)
			arrive_resting(s, other, at_us);
	}
}

/* The part of a trade's volume that this account's orders have not used yet. */
static int64_t volume_left(const struct sim *s, struct sim_acct *a, const struct trade *t)
{
	if (a->volume_trade != s->trade_no) {
		a->volume_trade = s->trade_no;
		a->volume_used = qty_of_units(0);
	}
	return qty_units(t->qty) - qty_units(a->volume_used);
}

static void maker_fill(struct sim *s, struct sim_slot *o, int64_t qty_e8, int64_t now_us)
{
	struct sim_acct *a = o->account;
	struct sim_fill f = { .price = o->row.price, .maker = true, .at_us = now_us };

	f.qty = sim_fillable(o, qty_of_units(qty_e8));
	if (qty_sign(f.qty) <= 0)
		return;
	a->volume_used = qty_of_units(qty_units(a->volume_used) + qty_units(f.qty));
	sim_list_trigger(s, o, now_us);
	sim_fill(s, o, &f);
}

/* A trade at our price fills the orders ahead of us first, then ours. */
static void match_at_price(struct sim *s, struct sim_slot *o, const struct trade *t, int64_t now_us)
{
	int64_t ahead = qty_units(o->row.queue_ahead), traded = qty_units(t->qty);
	int64_t left = volume_left(s, o->account, t) - ahead;

	if (ahead > 0)
		o->row.queue_ahead = qty_of_units(traded < ahead ? ahead - traded : 0);
	if (left > 0)
		maker_fill(s, o, left, now_us);
	else if (ahead > 0)
		sim_report_order(s, o);
}

/*
 * A trade beyond our price: no order is ahead of us any more. The volume that passed our price
 * is unknown, so we get at most the quantity of this trade.
 */
static void match_through(struct sim *s, struct sim_slot *o, const struct trade *t, int64_t now_us)
{
	bool queued = qty_sign(o->row.queue_ahead) > 0;
	int64_t left = volume_left(s, o->account, t);

	o->row.queue_ahead = qty_of_units(0);
	if (s->args.through_all)
		left = qty_units(sim_remaining(o));
	if (left > 0)
		maker_fill(s, o, left, now_us);
	else if (queued)
		sim_report_order(s, o);
}

/* A trade that happened before the order arrived can't fill it, even if we hear of it later. */
static bool concerns(const struct sim_order *o, const struct trade *t)
{
	return t->time_us >= o->due_us && !sim_waits(o);
}

static void match_order(struct sim *s, struct sim_slot *o, const struct trade *t, bool fresh,
			int64_t now_us)
{
	bool buy = o->row.side == SIDE_BUY;
	int cmp;

	if (!concerns(&o->row, t))
		return;
	if (price_sign(o->row.stop_price) > 0) {
		cmp = price_cmp(t->price, o->row.stop_price);
		if (buy ? cmp >= 0 : cmp <= 0) {
			sim_stop_set_off(s, o, t->price, now_us);
			return;
		}
	}
	if (price_sign(o->row.price) == 0 || !fresh)
		return;
	cmp = price_cmp(t->price, o->row.price);
	if (buy ? cmp < 0 : cmp > 0)
		match_through(s, o, t, now_us);
	else if (cmp == 0 && t->buyer_is_maker == buy)
		match_at_price(s, o, t, now_us);
}

void sim_match_trade(struct sim *s, struct sim_market *m, const struct trade *t, int64_t now_us)
{
	bool fresh = sim_fresh(s, m, now_us);
	size_t n = m->resting.n;

	s->trade_no++;
	for (size_t i = 0; i < n; i++)
		if (!m->resting.slots[i]->gone)
			match_order(s, m->resting.slots[i], t, fresh, now_us);
	if (!fresh)
		m->waits = true; /* a liquidation may be due */
	for (size_t i = 0; i < s->accounts_n && fresh; i++)
		if (s->accounts[i]->market == m)
			sim_liquidate_if_due(s, s->accounts[i], now_us);
}

void sim_quiet_update(struct sim *s, struct sim_market *m)
{
	int64_t low = INT64_MIN, high = INT64_MAX;

	for (size_t i = 0; i < m->resting.n; i++) {
		const struct sim_order *o = &m->resting.slots[i]->row;
		bool buy = o->side == SIDE_BUY;
		int64_t p = price_units(o->price), stop = price_units(o->stop_price);

		if (m->resting.slots[i]->gone || sim_waits(o))
			continue;
		if (p > 0 && buy && p > low)
			low = p;
		if (p > 0 && !buy && p < high)
			high = p;
		if (stop > 0 && !buy && stop > low)
			low = stop;
		if (stop > 0 && buy && stop < high)
			high = stop;
	}
	for (size_t i = 0; i < s->accounts_n; i++)
		if (s->accounts[i]->market == m)
			sim_liquidation_bound(s, s->accounts[i], &low, &high);
	m->quiet_low = low;
	m->quiet_high = high;
	m->dirty = false;
}
