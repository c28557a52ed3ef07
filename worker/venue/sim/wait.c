#include "worker/venue/sim/internal.h"

/*
 * A taker trades with the orders that the book shows, and we know the book only from the feed.
 * When the feed is silent or the exchange has halted, the last known prices and depth mean
 * nothing. So a book has an age. While it is too old nothing fills and orders that close a
 * position wait; the first fresh book decides their price.
 */

bool sim_fresh(const struct sim *s, const struct sim_market *m, int64_t now_us)
{
	return m->has_book && !m->invalid &&
	       (s->args.stale_us == 0 || now_us - m->alive_us <= s->args.stale_us);
}

bool sim_waits(const struct sim_order *o)
{
	return o->stage == SIM_RESTING &&
	       (o->type == TYPE_MARKET || price_sign(o->trigger_price) > 0);
}

bool sim_closes(const struct sim_acct *a, const struct sim_order *o)
{
	return a->row.futures ? o->reduce_only : o->side == SIDE_SELL;
}

/* Trades what the book offers a taker. False: that side is empty. */
static bool taken(struct sim *s, struct sim_slot *o, int64_t now_us)
{
	const struct sim_acct *a = o->account;
	struct sim_plan p;
	int64_t cost;

	sim_plan(s, a->market, o->row.side, sim_fillable(o, o->row.quantity), price_of_units(0),
		 o->row.trigger_price, &p);
	if (p.n == 0)
		return false;
	if (sim_need_asset(a, &o->row) == LEDGER_QUOTE &&
	    (sim_plan_cost(o, &p, &cost) ||
	     cost > sim_available(a, LEDGER_QUOTE) + o->row.reserved_e8)) {
		sim_slot_end(s, o, UPDATE_EXPIRED,
			     "MARGIN: the triggered stop would open more than the account carries",
			     now_us);
		return true;
	}
	sim_take(s, o, &p, now_us);
	sim_expire_rest(s, o, now_us);
	return true;
}

/* A stop whose position is gone has nothing to wait for. */
static bool idle(const struct sim_slot *o)
{
	return qty_sign(sim_fillable(o, o->row.quantity)) <= 0;
}

void sim_stop_set_off(struct sim *s, struct sim_slot *o, struct price trigger, int64_t now_us)
{
	struct sim_market *m = o->account->market;

	o->row.trigger_price = trigger;
	sim_list_trigger(s, o, now_us);
	if (idle(o)) {
		sim_expire_rest(s, o, now_us);
		return;
	}
	if (sim_fresh(s, m, now_us) && taken(s, o, now_us))
		return;
	m->waits = true;
	m->dirty = true;
	sim_report_order(s, o);
}

void sim_wait_over(struct sim *s, struct sim_market *m, int64_t now_us)
{
	size_t n = m->resting.n;

	if (!m->waits || !sim_fresh(s, m, now_us))
		return;
	m->waits = false;
	for (size_t i = 0; i < n; i++) {
		struct sim_slot *o = m->resting.slots[i];

		if (o->gone || !sim_waits(&o->row) || taken(s, o, now_us))
			continue;
		if (idle(o) || o->row.type == TYPE_MARKET)
			sim_expire_rest(s, o, now_us);
		else
			m->waits = true; /* the stop waits for an order that it can trade with */
	}
	for (size_t i = 0; i < s->accounts_n; i++)
		if (s->accounts[i]->market == m)
			sim_liquidate_if_due(s, s->accounts[i], now_us);
}
