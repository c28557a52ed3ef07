#include "worker/engine/bot.h"

/*
 * Protected is what a stop at the venue would sell by itself. Everything else that is held
 * is watched here (bot_watch.c), and how long that was so is kept with the order.
 */

/* Slots kept free for the close of an order that filled in many pieces. */
#define LEG_SLOTS_KEPT 6

enum side order_exit_side(const struct order *o)
{
	return o->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

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
static struct qty uncovered(const struct bot *b, const struct order *o, bool acked)
{
	struct qty open = order_held(b, o), left;

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (!leg_stops(l) || (acked && !l->acked_us))
			continue;
		ASSERT(qty_sub(l->quantity, l->filled, &left) == 0);
		ASSERT(qty_sub(open, left, &open) == 0);
	}
	return qty_sign(open) > 0 ? open : (struct qty){ 0 };
}

static struct qty unstopped(const struct bot *b, const struct order *o)
{
	return uncovered(b, o, false);
}

bool order_stop_rests(const struct bot *b, const struct order *o)
{
	return qty_sign(unstopped(b, o)) <= 0;
}

void order_cover_clock(struct bot *b, struct order *o, int64_t now_us)
{
	bool open = qty_sign(uncovered(b, o, true)) > 0;

	if (open == (o->uncovered_from_us != 0))
		return;
	if (!open && now_us > o->uncovered_from_us)
		o->uncovered_us += now_us - o->uncovered_from_us;
	o->uncovered_from_us = open ? now_us : 0;
	order_report(b, o);
}

static bool slots_left(const struct order *o, bool entry_live)
{
	return !entry_live || order_live_legs(o) + LEG_SLOTS_KEPT < ORDER_LEGS_MAX;
}

/*
 * What is left over is too little for an order of its own: take back one that
 * rests, so that both go out as one. One at a time, or nothing would protect.
 */
static void merge(struct bot *b, struct order *o, enum leg_kind kind, int64_t now_us)
{
	struct leg *candidate = NULL;

	for (size_t i = 0; i < o->legs_n; i++) {
		struct leg *l = &o->legs[i];

		if (l->kind != kind || leg_done(l))
			continue;
		if (l->cancel_requested || l->state == LEG_PLANNED || l->state == LEG_UNKNOWN)
			return;
		candidate = l;
	}
	if (candidate)
		(void)leg_cancel(b, o, candidate, now_us);
}

/* Cover what has been filled and no live leg of this kind covers yet. */
static void cover(struct bot *b, struct order *o, struct leg_plan *p, bool entry_live,
		  int64_t now_us)
{
	struct qty open;

	if (qty_sub(order_position(o), order_waiting(o, p->kind), &open) || now_us < o->retry_us)
		return;
	p->quantity = qty_to_step(open, b->market->info.step, ROUND_DOWN);
	if (qty_sign(p->quantity) <= 0)
		return;
	if (!bot_takeable(b, p->quantity, o->stop_loss)) {
		if (!entry_live)
			merge(b, o, p->kind, now_us);
		return;
	}
	if (slots_left(o, entry_live) && !leg_send(b, o, p, now_us))
		order_retry_later(b, o, now_us);
}

/*
 * The first fill of an OCO's target ends its stop (Binance spot, 2026-12-01): what is left
 * of the target is taken back, and an OCO for what is left follows. Where that is too little
 * for an order, it is sold at market; where it is too little for that as well, the target
 * stays: nothing else could sell it. False: the order is closed now.
 */
static bool renew(struct bot *b, struct order *o, bool entry_live, int64_t now_us)
{
	bool bare = false, others = false, whole;

	for (size_t i = 0; i < o->legs_n; i++) {
		bare = bare || leg_lost_stop(&o->legs[i]);
		others = others || leg_stops(&o->legs[i]);
	}
	if (!bare || now_us < o->retry_us)
		return true;
	whole = bot_takeable(b, unstopped(b, o), o->stop_loss);
	if (!whole && !others && !entry_live && order_closable(b, o)) {
		bot_close(b, o, CLOSE_TAKE_PROFIT, "", now_us);
		return false;
	}
	if (!whole && (!others || entry_live))
		return true;
	for (size_t i = 0; i < o->legs_n; i++)
		if (leg_lost_stop(&o->legs[i]) && !leg_cancel(b, o, &o->legs[i], now_us))
			break;
	return true;
}

void order_protect(struct bot *b, struct order *o, bool entry_live, int64_t now_us)
{
	bool rests = engine_venue(b->engine)->ops->resting_stop;
	bool futures = b->market->info.futures;
	struct leg_plan p = {
		.kind = LEG_TAKE_PROFIT,
		.type = rests && !futures ? TYPE_OCO : TYPE_LIMIT,
		.side = order_exit_side(o),
		.reduce_only = futures,
		.price = o->take_profit,
	};

	if (p.type == TYPE_OCO) {
		p.stop_price = o->stop_loss;
		if (!renew(b, o, entry_live, now_us))
			return;
	}
	cover(b, o, &p, entry_live, now_us);
	if (rests && futures) {
		p.kind = LEG_STOP;
		p.type = TYPE_STOP_MARKET;
		p.price = (struct price){ 0 };
		p.stop_price = o->stop_loss;
		cover(b, o, &p, entry_live, now_us);
	}
}
