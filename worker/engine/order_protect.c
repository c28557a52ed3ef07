#include "worker/engine/order_steps.h"

/*
 * Protected is what a stop at the venue would sell by itself. Everything else that is held
 * is watched here (order_watch.c), and how long that was so is kept with the order.
 */

/* Slots kept free for the close of an order that filled in many pieces. */
#define LEG_SLOTS_KEPT 6

/* Filled by its target: of this OCO only the rest of the target lives. */
static bool leg_lost_stop(const struct leg *l)
{
	return l->type == TYPE_OCO && !leg_done(l) && qty_sign(l->filled) > 0 &&
	       !l->stop_triggered;
}

/* The venue holds, or gets, a stop in this leg. */
static bool leg_stops(const struct leg *l)
{
	return !leg_done(l) && price_sign(l->stop_price) > 0 && !leg_lost_stop(l);
}

/* Of what is held, how much no stop covers; "acked": stops on their way count as none. */
static struct qty uncovered(const struct step *s, const struct order *o, bool acked)
{
	struct qty open = order_held(s, o), left;

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (!leg_stops(l) || (acked && !l->acked_us))
			continue;
		ASSERT(qty_sub(l->quantity, l->filled, &left) == 0);
		ASSERT(qty_sub(open, left, &open) == 0);
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

void order_cover_clock(const struct step *s, struct order *o)
{
	bool open = qty_sign(uncovered(s, o, true)) > 0;

	if (open == (o->uncovered_from_us != 0))
		return;
	if (!open && s->now_us > o->uncovered_from_us)
		o->uncovered_us += s->now_us - o->uncovered_from_us;
	o->uncovered_from_us = open ? s->now_us : 0;
	order_changed(s, o);
}

static bool slots_left(const struct order *o, bool entry_live)
{
	return !entry_live || order_live_legs(o) + LEG_SLOTS_KEPT < ORDER_LEGS_MAX;
}

/*
 * What is left over is too little for an order of its own: take back one that
 * rests, so that both go out as one. One at a time, or nothing would protect.
 */
static void merge(const struct step *s, struct order *o, enum leg_kind kind)
{
	struct leg *candidate = NULL;

	for (size_t i = 0; i < o->legs_n; i++) {
		struct leg *l = &o->legs[i];

		if (l->kind != kind || leg_done(l))
			continue;
		if (l->state != LEG_LIVE)
			return;
		candidate = l;
	}
	if (candidate)
		order_cancel_leg(s, o, candidate);
}

/* Cover what has been filled and no live leg of this kind covers yet. */
static void cover(const struct step *s, struct order *o, struct leg_plan *p, bool entry_live)
{
	struct qty open;

	if (qty_sub(order_position(o), order_waiting(o, p->kind), &open) ||
	    s->now_us < o->retry_us)
		return;
	p->quantity = qty_to_step(open, s->market->info.step, ROUND_DOWN);
	if (qty_sign(p->quantity) <= 0)
		return;
	if (market_takes(s, p->quantity, o->stop_loss)) {
		if (slots_left(o, entry_live))
			order_send_leg(s, o, p);
	} else if (!entry_live) {
		merge(s, o, p->kind);
	}
}

/*
 * The first fill of an OCO's target ends its stop (Binance spot, 2026-12-01): what is left
 * of the target is taken back, and an OCO for what is left follows. Where that is too little
 * for an order, it is sold at market; where it is too little for that as well, the target
 * stays: nothing else could sell it. False: sell it at market now.
 */
static bool renew(const struct step *s, struct order *o, bool entry_live)
{
	bool bare = false, others = false, whole;

	for (size_t i = 0; i < o->legs_n; i++) {
		bare = bare || leg_lost_stop(&o->legs[i]);
		others = others || leg_stops(&o->legs[i]);
	}
	if (!bare || s->now_us < o->retry_us)
		return true;
	whole = market_takes(s, unstopped(s, o), o->stop_loss);
	if (!whole && !others && !entry_live && order_closable(s, o))
		return false;
	if (!whole && (!others || entry_live))
		return true;
	for (size_t i = 0; i < o->legs_n; i++)
		if (leg_lost_stop(&o->legs[i]))
			order_cancel_leg(s, o, &o->legs[i]);
	return true;
}

bool order_protect(const struct step *s, struct order *o, bool entry_live)
{
	bool futures = s->market->info.futures;
	bool rests = futures ? s->caps->resting_stop : s->caps->oco;
	struct leg_plan p = {
		.kind = LEG_TAKE_PROFIT,
		.type = rests && !futures ? TYPE_OCO : TYPE_LIMIT,
		.side = order_exit_side(o),
		.reduce_only = futures,
		.price = o->take_profit,
	};

	if (p.type == TYPE_OCO) {
		p.stop_price = o->stop_loss;
		if (!renew(s, o, entry_live))
			return false;
	}
	cover(s, o, &p, entry_live);
	if (rests && futures) {
		p.kind = LEG_STOP;
		p.type = TYPE_STOP_MARKET;
		p.price = (struct price){ 0 };
		p.stop_price = o->stop_loss;
		cover(s, o, &p, entry_live);
	}
	return true;
}
