#include "worker/trade/exits.h"
#include "worker/trade/order_steps.h"

/*
 * What rests at the venue for the rows of exits.h.
 *
 * order_protect() compares the table of exits with the live legs, sends what is missing and
 * cancels what is no longer right. It keeps no plan of its own, so it does the right thing
 * after any event: a partial fill, a refusal, a moved stop, a restart.
 *
 * What a stop at the venue would sell by itself is covered. The worker watches the stop of the
 * rest (order_watch.c), and the order counts how long it had such a rest.
 */

/* Slots kept free for the close of an order that filled in many pieces. */
#define LEG_SLOTS_KEPT 6

/* Does the venue keep stops for this market? */
static bool stops_rest(const struct step *s)
{
	return s->market->info.futures ? s->caps->resting_stop : s->caps->oco;
}

/* The venue holds, or gets, a stop in this leg. */
static bool leg_stops(const struct order *o, const struct leg *l)
{
	return l->kind == LEG_STOP && !leg_done(l) && !order_leg_ends(o, l);
}

/* What is left of a target that filled in part: its fill ended its stop. */
static bool leg_bare(const struct order *o, const struct leg *l)
{
	return l->kind == LEG_TAKE_PROFIT && l->state != LEG_FIRING && order_leg_alone(o, l);
}

/* How much of what is held no stop covers; "acked": only stops that the venue has count. */
static struct qty uncovered(const struct step *s, const struct order *o, bool acked)
{
	struct qty open = order_held(s, o);

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (leg_stops(o, l) && (!acked || l->acked_us))
			ASSERT(qty_sub(open, leg_rest(l), &open) == 0);
	}
	return qty_sign(open) > 0 ? open : (struct qty){ 0 };
}

static struct qty unstopped(const struct step *s, const struct order *o)
{
	return uncovered(s, o, false);
}

bool order_stop_rests(const struct step *s, const struct order *o)
{
	return qty_sign(unstopped(s, o)) <= 0;
}

/* A part that no stop at the venue covers could have one. */
static bool coverable(const struct step *s, const struct order *o)
{
	return stops_rest(s) && market_takes(s, uncovered(s, o, true), o->stop_loss);
}

void order_cover_clock(const struct step *s, struct order *o)
{
	bool open = qty_sign(uncovered(s, o, true)) > 0;

	if (!open || !coverable(s, o))
		o->coverable_from_us = 0;
	else if (!o->coverable_from_us)
		o->coverable_from_us = s->now_us;
	if (open == (o->uncovered_from_us != 0))
		return;
	if (!open && s->now_us > o->uncovered_from_us)
		o->uncovered_us += s->now_us - o->uncovered_from_us;
	o->uncovered_from_us = open ? s->now_us : 0;
	order_changed(s, o);
}

/* While an entry fills in pieces, room is kept for its rows' rests and for a close. */
static bool slots_left(const struct order *o, bool entry_live)
{
	size_t kept = entry_live ? LEG_SLOTS_KEPT + o->rules.partial.n : 1;

	for (size_t i = 0; i < o->legs_n; i++)
		kept += order_leg_counts(o, &o->legs[i]);
	return kept < ORDER_SLOTS;
}

/* A leg that works for this row: the same kind, target and stop; of a list its target. */
static bool fits(const struct leg *l, const struct leg_plan *p)
{
	return l->kind == p->kind && p->list == (l->list_id[0] != '\0') &&
	       price_cmp(l->price, p->price) == 0 &&
	       price_cmp(l->stop_price, p->stop_price) == 0;
}

/*
 * What is to be covered is too little for an order of its own: cancels a leg of the same row, so
 * that both are sent as one. One at a time, because the others protect meanwhile.
 */
static void merge(const struct step *s, struct order *o, const struct leg_plan *p)
{
	struct leg *candidate = NULL;

	for (size_t i = 0; i < o->legs_n; i++) {
		struct leg *l = &o->legs[i];

		if (!fits(l, p) || leg_done(l))
			continue;
		if (l->state != LEG_LIVE)
			return;
		candidate = l;
	}
	if (candidate)
		order_cancel_leg(s, o, candidate);
}

/* What the live legs of this row have not traded yet; "acked": only of legs the venue has. */
static struct qty waiting(const struct order *o, const struct leg_plan *p, bool acked)
{
	struct qty sum = { 0 };

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (!leg_done(l) && fits(l, p) && (!acked || l->acked_us))
			ASSERT(qty_add(sum, leg_rest(l), &sum) == 0);
	}
	return sum;
}

/* Sends a leg for what no live leg of this row covers yet. */
static void cover(const struct step *s, struct order *o, struct leg_plan *p, struct qty quantity,
		  bool entry_live)
{
	if (qty_sub(quantity, waiting(o, p, false), &p->quantity) || s->now_us < o->retry_us ||
	    qty_sign(p->quantity) <= 0)
		return;
	if (!market_takes(s, p->quantity, o->stop_loss)) {
		if (!entry_live)
			merge(s, o, p);
	} else if (slots_left(o, entry_live) && order_coins_free(s, o, p->quantity)) {
		order_send_leg(s, o, p);
	}
}

/*
 * The first fill of a list's target ends its stop (Binance spot, 2026-12-01), so what is left
 * of the target has no stop. The target is cancelled and a list for the rest is sent. If the
 * rest is too little for a list, it is sold at market. If it is too little even for that, the
 * target stays, because nothing else could sell it. False: sell the rest at market now.
 */
static bool renew(const struct step *s, struct order *o, bool entry_live)
{
	bool bare = false, others = false, whole;

	for (size_t i = 0; i < o->legs_n; i++) {
		bare = bare || leg_bare(o, &o->legs[i]);
		others = others || leg_stops(o, &o->legs[i]);
	}
	if (!bare || s->now_us < o->retry_us)
		return true;
	whole = market_takes(s, unstopped(s, o), o->stop_loss);
	if (!whole && !others && !entry_live && order_closable(s, o))
		return false;
	if (!whole && (!others || entry_live))
		return true;
	for (size_t i = 0; i < o->legs_n; i++)
		if (leg_bare(o, &o->legs[i]))
			order_cancel_leg(s, o, &o->legs[i]);
	return true;
}

/* A market's tick may have changed since the decision; the venue would refuse other prices. */
static struct price on_grid(const struct step *s, const struct order *o, struct price p)
{
	return price_to_tick(p, s->market->info.tick,
			     o->side == SIDE_BUY ? ROUND_UP : ROUND_DOWN);
}

static struct leg_plan stop_plan(const struct step *s, const struct order *o)
{
	return (struct leg_plan){
		.kind = LEG_STOP, .type = TYPE_STOP_MARKET, .side = order_exit_side(o),
		.reduce_only = s->market->info.futures,
		.stop_price = on_grid(s, o, o->stop_loss),
	};
}

/* What rests for a row: on spot target and stop in one list, on futures the target alone. */
static struct leg_plan row_plan(const struct step *s, const struct order *o, struct price target)
{
	struct leg_plan p = stop_plan(s, o);

	if (price_sign(target) <= 0)
		return p;
	p.kind = LEG_TAKE_PROFIT;
	p.price = on_grid(s, o, target);
	p.list = stops_rest(s) && !s->market->info.futures;
	p.type = p.list ? TYPE_LIMIT_MAKER : TYPE_LIMIT;
	if (!p.list)
		p.stop_price = (struct price){ 0 };
	return p;
}

/* A part of it was sold at market, or is to be: what rests may be too much for a row. */
static bool parts_left(const struct order *o)
{
	return qty_sign(o->leaving) > 0 || o->leg_count[leg_kind_index(LEG_CLOSE)] > 0;
}

/* It rests for a target or a stop that the table does not have any more. */
static bool outdated(const struct step *s, const struct order *o, const struct exit_table *t,
		     const struct leg *l)
{
	struct leg_plan p = stop_plan(s, o);

	if (l->kind != LEG_TAKE_PROFIT && l->kind != LEG_STOP)
		return false;
	if (l->kind == LEG_STOP && l->list_id[0]) /* a list is judged by its target */
		return order_leg_alone(o, l) && price_cmp(l->stop_price, p.stop_price) != 0;
	if (s->market->info.futures && fits(l, &p))
		return false;
	for (size_t i = 0; i < t->n; i++) {
		p = row_plan(s, o, t->rows[i].target);
		if (fits(l, &p))
			return parts_left(o) &&
			       qty_cmp(waiting(o, &p, false), t->rows[i].quantity) > 0;
	}
	return true;
}

/* The venue has the stop of the table for all that is held (USD-M: new stop, then old away). */
static bool new_stop_stands(const struct step *s, const struct order *o)
{
	struct leg_plan p = stop_plan(s, o);

	return qty_cmp(waiting(o, &p, true), order_held(s, o)) >= 0;
}

/*
 * Cancels what rests for a target or a stop that the table no longer has.
 *
 * On USD-M the new stop is sent first, and the old one is cancelled when the venue has the new
 * one, because two reduce-only stops may rest side by side and the position is never without.
 * On spot the old order locks the coins that the new one needs, so it is cancelled first, and
 * the worker watches the stop meanwhile. One leg is cancelled at a time, and none while another
 * is under way, so that the others protect.
 */
static void renew_rows(const struct step *s, struct order *o, const struct exit_table *t)
{
	struct leg *old = NULL;

	if (s->now_us < o->retry_us)
		return;
	for (size_t i = 0; i < o->legs_n; i++) {
		struct leg *l = &o->legs[i];
		bool stop = s->market->info.futures && l->kind == LEG_STOP;

		if (leg_done(l) || !outdated(s, o, t, l) || (stop && !new_stop_stands(s, o)))
			continue;
		if (l->state != LEG_LIVE)
			return;
		if (!old)
			old = l;
	}
	if (old)
		order_cancel_leg(s, o, old);
}

bool order_protect(const struct step *s, struct order *o, bool entry_live)
{
	bool rests = stops_rest(s), futures = s->market->info.futures;
	struct exit_table t;
	struct leg_plan p;

	if (rests && !futures && !renew(s, o, entry_live))
		return false;
	exits_table(&s->market->info, o, &t);
	renew_rows(s, o, &t);
	for (size_t i = 0; i < t.n; i++) {
		p = row_plan(s, o, t.rows[i].target);
		if (p.kind == LEG_TAKE_PROFIT || (rests && !futures))
			cover(s, o, &p, t.rows[i].quantity, entry_live);
	}
	p = stop_plan(s, o);
	if (rests && futures)
		cover(s, o, &p, order_held(s, o), entry_live);
	return true;
}
