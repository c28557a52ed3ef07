#include "worker/trade/order_steps.h"

#include <stdio.h>
#include <string.h>

/* ---- looking at legs ---- */

struct leg *order_live_leg(struct order *o, enum leg_kind kind)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind == kind && !leg_done(&o->legs[i]))
			return &o->legs[i];
	return NULL;
}

size_t order_live_legs(const struct order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->legs_n; i++)
		n += !leg_done(&o->legs[i]);
	return n;
}

bool order_exit_live(const struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind != LEG_ENTRY && !leg_done(&o->legs[i]))
			return true;
	return false;
}

struct leg *order_leg_by_id(struct order *o, int64_t leg_id)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].id == leg_id)
			return &o->legs[i];
	return NULL;
}

/* What targets and stops at the venue have not traded yet. */
static struct qty resting(const struct order *o)
{
	struct qty sum = { 0 };

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (order_leg_counts(o, l) && (l->kind == LEG_TAKE_PROFIT || l->kind == LEG_STOP))
			ASSERT(qty_add(sum, leg_rest(l), &sum) == 0);
	}
	return sum;
}

/* ---- the two legs of a list ---- */

const struct leg *order_list_other(const struct order *o, const struct leg *l)
{
	for (size_t i = 0; l->list_id[0] && i < o->legs_n; i++)
		if (o->legs[i].id != l->id && strcmp(o->legs[i].list_id, l->list_id) == 0)
			return &o->legs[i];
	return NULL;
}

bool order_leg_counts(const struct order *o, const struct leg *l)
{
	const struct leg *target = l->kind == LEG_STOP ? order_list_other(o, l) : NULL;

	return !leg_done(l) && (!target || leg_done(target));
}

/* A leg that expired does not end the other one: it expired because the other one trades. */
bool order_leg_ends(const struct order *o, const struct leg *l)
{
	const struct leg *other = order_list_other(o, l);

	return other && (qty_sign(other->filled) > 0 ||
			 (leg_done(other) && other->end != END_EXPIRED));
}

bool order_leg_alone(const struct order *o, const struct leg *l)
{
	const struct leg *other = order_list_other(o, l);

	return l->list_id[0] && !leg_done(l) && !order_leg_ends(o, l) &&
	       (!other || leg_done(other) || qty_sign(l->filled) > 0);
}

/*
 * If a stop expires, its target was set off and fills are on the way: it is moved to "firing".
 * A stop that was set off stays as it is, because it may still wait for a price, and protects.
 */
void order_list_moved(const struct step *s, struct order *o, const struct leg *l)
{
	const struct leg *same = order_list_other(o, l);
	struct leg *other = same ? order_leg_by_id(o, same->id) : NULL;

	if (!other || leg_done(other))
		return;
	if (l->end == END_EXPIRED && other->kind == LEG_TAKE_PROFIT &&
	    qty_sign(other->filled) == 0 && other->state != LEG_CANCELLING)
		(void)leg_move(s, o, other, other->state, LEG_EV_TRIGGERED, l->reject_reason);
	else if (!other->ask_us)
		other->ask_us = s->now_us + LEG_ANSWER_US;
}

const struct leg *order_protection_lost(const struct order *o, const struct leg *l)
{
	const struct leg *other = order_list_other(o, l);

	if (!other)
		return l;
	if (!leg_done(other) || qty_sign(other->filled) > 0)
		return NULL;
	return other->kind == LEG_TAKE_PROFIT ? other : l;
}

enum side order_exit_side(const struct order *o)
{
	return o->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

struct qty order_held(const struct step *s, const struct order *o)
{
	return qty_to_step(order_position(o), s->market->info.step, ROUND_DOWN);
}

bool order_coins_free(const struct step *s, const struct order *o, struct qty q)
{
	struct qty free = order_held(s, o);

	if (s->market->info.futures)
		return true;
	ASSERT(qty_sub(free, resting(o), &free) == 0);
	ASSERT(qty_sub(free, o->leaving, &free) == 0);
	return qty_cmp(q, free) <= 0;
}

bool market_takes(const struct step *s, struct qty q, struct price at)
{
	const struct symbol_info *info = &s->market->info;
	struct money notional;

	if (qty_sign(q) <= 0 || qty_cmp(q, info->min_qty) < 0)
		return false;
	return info->futures || price_sign(at) <= 0 ||
	       (money_notional(at, q, ROUND_DOWN, &notional) == 0 &&
		money_cmp(notional, info->min_notional) >= 0);
}

bool order_closable(const struct step *s, const struct order *o)
{
	return market_takes(s, order_held(s, o), s->market->last);
}

bool order_is_remainder(const struct step *s, const struct order *o)
{
	return !s->market->info.futures && qty_sign(order_held(s, o)) > 0;
}

/* ---- making and ending legs ---- */

/* A free slot. If there is none, the oldest ended leg whose row is reported gives way. */
static struct leg *leg_slot(struct order *o)
{
	if (o->legs_n < ORDER_LEGS_MAX)
		return &o->legs[o->legs_n++];
	for (size_t i = 0; i < o->legs_n; i++) {
		if (leg_done(&o->legs[i]) && !o->legs[i].reported) {
			memmove(&o->legs[i], &o->legs[i + 1],
				(o->legs_n - i - 1) * sizeof(o->legs[0]));
			return &o->legs[o->legs_n - 1];
		}
	}
	ASSERT(o->legs_n < ORDER_LEGS_MAX); /* more live legs than slots: see slots_left() */
	return NULL;
}

struct leg *order_plan_leg(const struct step *s, struct order *o, const struct leg_plan *p)
{
	struct leg *l = leg_slot(o);

	memset(l, 0, sizeof(*l));
	l->id = s->ids->leg++;
	l->kind = p->kind;
	l->n = ++o->leg_count[leg_kind_index(p->kind)];
	l->side = p->side;
	l->type = p->type;
	l->tif = p->tif;
	l->reduce_only = p->reduce_only;
	l->price = p->price;
	l->stop_price = p->stop_price;
	l->quantity = p->quantity;
	l->state = LEG_PLANNED;
	l->requested_us = s->now_us;
	snprintf(l->client_order_id, sizeof(l->client_order_id), "tb%s-%lld-%c%d",
		 s->all->installation, (long long)o->id, (char)p->kind, l->n);
	memcpy(l->correlation_id, o->close_correlation_id[0] ? o->close_correlation_id :
	       o->correlation_id, sizeof(l->correlation_id));
	leg_begins(s, o, l);
	return l;
}

static void join_list(const struct step *s, const struct order *o, struct leg *l, int n)
{
	snprintf(l->list_id, sizeof(l->list_id), "tb%s-%lld-l%d", s->all->installation,
		 (long long)o->id, n);
}

/* The list has the number of its target, because each has one target. */
static void plan_list(const struct step *s, struct order *o, struct leg *target,
		      const struct leg_plan *p)
{
	struct leg_plan stop = {
		.kind = LEG_STOP, .type = TYPE_STOP_MARKET, .side = p->side,
		.stop_price = p->stop_price, .quantity = p->quantity,
	};
	int n = target->n;

	join_list(s, o, target, n);
	join_list(s, o, order_plan_leg(s, o, &stop), n);
}

void order_send_leg(const struct step *s, struct order *o, const struct leg_plan *p)
{
	struct leg *l = order_plan_leg(s, o, p);
	int64_t id = l->id;

	if (p->list)
		plan_list(s, o, l, p);
	(void)effects_add(s, EFFECT_SEND, o, id);
}

void order_sell(const struct step *s, struct order *o, struct qty quantity)
{
	struct leg_plan p = {
		.kind = LEG_CLOSE,
		.type = TYPE_MARKET,
		.side = order_exit_side(o),
		.reduce_only = s->market->info.futures,
		.quantity = quantity,
	};

	order_send_leg(s, o, &p);
	order_changed(s, o);
}

void order_cancel_leg(const struct step *s, struct order *o, struct leg *l)
{
	if (leg_move(s, o, l, l->state, LEG_EV_CANCEL, ""))
		(void)effects_add(s, EFFECT_CANCEL, o, l->id);
}

void order_retry_later(const struct step *s, struct order *o)
{
	int doublings = o->retries < RETRY_DOUBLINGS ? o->retries : RETRY_DOUBLINGS;

	o->retries++;
	o->retry_us = s->now_us + (RETRY_US << doublings);
	order_changed(s, o);
}
