#include "worker/engine/bot.h"

#include <stdio.h>
#include <string.h>

/* ---- reports ---- */

void order_report(struct bot *b, struct order *o)
{
	const struct reporter *r = engine_reporter(b->engine);

	o->updated_us = engine_now(b->engine);
	b->dirty = true;
	if (r->order)
		r->order(r->ctx, o);
}

void leg_report(struct bot *b, const struct order *o, const struct leg *l)
{
	const struct reporter *r = engine_reporter(b->engine);

	if (r->leg)
		r->leg(r->ctx, o, l);
}

void bot_notice(struct bot *b, const char *correlation_id, const char *text)
{
	const struct reporter *r = engine_reporter(b->engine);

	if (r->notice)
		r->notice(r->ctx, b->id, correlation_id, text);
}

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

struct qty order_waiting(const struct order *o, enum leg_kind kind)
{
	struct qty sum = { 0 }, left;

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (l->kind != kind || leg_done(l))
			continue;
		ASSERT(qty_sub(l->quantity, l->filled, &left) == 0);
		ASSERT(qty_add(sum, left, &sum) == 0);
	}
	return sum;
}

/* ---- making and ending legs ---- */

/* A free slot; a done leg that the database has already makes room. */
static struct leg *leg_slot(struct order *o)
{
	if (o->legs_n < ORDER_LEGS_MAX)
		return &o->legs[o->legs_n++];
	for (size_t i = 0; i < o->legs_n; i++) {
		if (leg_done(&o->legs[i])) {
			memmove(&o->legs[i], &o->legs[i + 1],
				(o->legs_n - i - 1) * sizeof(o->legs[0]));
			return &o->legs[o->legs_n - 1];
		}
	}
	ASSERT(o->legs_n < ORDER_LEGS_MAX); /* more live legs than slots: see slots_left() */
	return NULL;
}

struct leg *leg_plan(struct bot *b, struct order *o, const struct leg_plan *p, int64_t now_us)
{
	struct leg *l = leg_slot(o);

	memset(l, 0, sizeof(*l));
	l->id = engine_take_leg_id(b->engine);
	l->kind = p->kind;
	l->n = ++o->leg_count[leg_kind_index(p->kind)];
	l->side = p->side;
	l->type = p->type;
	l->reduce_only = p->reduce_only;
	l->price = p->price;
	l->stop_price = p->stop_price;
	l->quantity = p->quantity;
	l->state = LEG_PLANNED;
	l->requested_us = now_us;
	leg_await(l, now_us);
	if (b->sent_most)
		b->sent_us[b->sent_n++ % b->sent_most] = now_us;
	snprintf(l->client_order_id, sizeof(l->client_order_id), "tb1-%lld-%lld-%c-%d",
		 (long long)b->id, (long long)o->id, (char)p->kind, l->n);
	snprintf(l->correlation_id, sizeof(l->correlation_id), "%s",
		 o->close_correlation_id[0] ? o->close_correlation_id : o->correlation_id);
	return l;
}

void leg_await(struct leg *l, int64_t now_us)
{
	bool awaits = l->state == LEG_PLANNED || l->cancel_requested || l->type == TYPE_MARKET;

	l->asks = 0;
	l->unknown_us = 0;
	l->alarmed = false;
	l->ask_us = awaits && !leg_done(l) ? now_us + LEG_ANSWER_US : 0;
}

void leg_end(struct leg *l, enum leg_state state, const char *reason, int64_t now_us)
{
	l->state = state;
	l->ask_us = l->unknown_us = 0;
	l->done_us = now_us;
	snprintf(l->reject_reason, sizeof(l->reject_reason), "%s", reason);
}

bool leg_send(struct bot *b, struct order *o, const struct leg_plan *p, int64_t now_us)
{
	struct leg *l = leg_plan(b, o, p, now_us);
	struct venue *v = engine_venue(b->engine);
	struct venue_order vo = {
		.bot_id = b->id, .side = l->side, .type = l->type, .reduce_only = l->reduce_only,
		.price = l->price, .stop_price = l->stop_price, .quantity = l->quantity,
	};
	struct err e = { 0 };
	bool sent;

	memcpy(vo.client_order_id, l->client_order_id, sizeof(vo.client_order_id));
	memcpy(vo.symbol, o->symbol, sizeof(vo.symbol));
	sent = v->ops->place(v, &vo, now_us, &e) == 0;
	if (!sent)
		leg_end(l, LEG_REJECTED, e.msg, now_us);
	leg_report(b, o, l);
	return sent;
}

void order_retry_later(struct bot *b, struct order *o, int64_t now_us)
{
	int doublings = o->retries < RETRY_DOUBLINGS ? o->retries : RETRY_DOUBLINGS;

	o->retries++;
	o->retry_us = now_us + (RETRY_US << doublings);
	order_report(b, o);
}

bool leg_cancel(struct bot *b, struct order *o, struct leg *l, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct err e = { 0 };

	if (leg_done(l) || l->cancel_requested)
		return true;
	if (v->ops->cancel(v, b->id, o->symbol, l->client_order_id, now_us, &e)) {
		order_retry_later(b, o, now_us);
		bot_notice(b, l->correlation_id, e.msg);
		return false;
	}
	l->cancel_requested = true;
	leg_await(l, now_us);
	leg_report(b, o, l);
	return true;
}
