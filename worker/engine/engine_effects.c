#include "worker/engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests to the venue ---- */

static struct venue_order order_of_leg(const struct order *o, const struct leg *l)
{
	struct venue_order vo = {
		.bot_id = o->bot_id, .side = l->side, .type = l->type, .tif = l->tif,
		.reduce_only = l->reduce_only, .price = l->price, .quantity = l->quantity,
	};

	if (l->type == TYPE_STOP_MARKET)
		vo.stop_price = l->stop_price;
	memcpy(vo.client_order_id, l->client_order_id, sizeof(vo.client_order_id));
	memcpy(vo.list_id, l->list_id, sizeof(vo.list_id));
	memcpy(vo.symbol, o->symbol, sizeof(vo.symbol));
	return vo;
}

static void sent(const struct step *s, struct order *o, const char *client_order_id)
{
	struct leg *l = order_leg(o, client_order_id);

	(void)leg_move(s, o, l, l->state, LEG_EV_SENT, "");
}

/* One leg, or both of a list. */
static void send(struct engine *e, struct bot *b, struct order *o, int64_t leg_id)
{
	struct venue *v = e->args.venue;
	const struct leg *l = order_leg_by_id(o, leg_id), *other;
	struct venue_order list[2];
	struct err err = { 0 };
	struct step s;
	size_t n = 0;
	int rc;

	if (!l || leg_done(l))
		return;
	s = engine_step(e, b, l->requested_us);
	other = order_list_other(o, l);
	list[n++] = order_of_leg(o, l);
	if (other)
		list[n++] = order_of_leg(o, other);
	bot_leg_sent(b, s.now_us);
	rc = v->ops->place(v, list, n, s.now_us, &err);
	for (size_t i = 0; i < n; i++) {
		if (rc)
			bot_on_refused(&s, b, list[i].client_order_id, false, err.msg);
		else if (!s.caps->sends_in_flush)
			sent(&s, o, list[i].client_order_id);
	}
}

static void cancel(struct engine *e, struct bot *b, struct order *o, int64_t leg_id,
		   int64_t now_us)
{
	struct venue *v = e->args.venue;
	const struct leg *l = order_leg_by_id(o, leg_id);
	struct step s = engine_step(e, b, now_us);
	struct err err = { 0 };

	if (l && l->state == LEG_CANCELLING &&
	    v->ops->cancel(v, b->id, o->symbol, l->client_order_id, now_us, &err))
		bot_on_refused(&s, b, l->client_order_id, true, err.msg);
}

/*
 * l NULL: a question about the bot, not about one leg. A question that can't be asked is
 * handled as an answer that says so, because then the same code asks again later.
 */
static void ask(struct engine *e, struct bot *b, const struct leg *l, enum venue_question kind,
		int64_t now_us)
{
	struct venue *v = e->args.venue;
	struct step s = engine_step(e, b, now_us);
	struct venue_answer none = {
		.query = { .kind = kind, .bot_id = b->id, .asked_us = now_us }, .at_us = now_us,
	};
	struct err err = { 0 };

	memcpy(none.query.symbol, b->market->info.symbol, sizeof(none.query.symbol));
	if (l)
		memcpy(none.query.client_order_id, l->client_order_id, CLIENT_ORDER_ID_MAX);
	none.rc = v->ops->ask(v, &none.query, now_us, &err);
	if (none.rc == 0)
		return;
	none.rc = ERR_UNAVAILABLE;
	snprintf(none.why, sizeof(none.why), "%.95s", err.msg);
	bot_on_answer(&s, b, &none);
}

static void ask_leg(struct engine *e, struct bot *b, const struct effect *f,
		    enum venue_question kind)
{
	const struct leg *l = order_leg_by_id(f->order, f->leg_id);

	if (l && !leg_done(l))
		ask(e, b, l, kind, f->at_us);
}

/*
 * Carries out an effect that goes to the venue and leaves the others. f is a copy, because a
 * refusal adds effects, which may move the list.
 */
static void request(struct engine *e, struct bot *b, const struct effect *f)
{
	switch (f->kind) {
	case EFFECT_SEND:
		send(e, b, f->order, f->leg_id);
		break;
	case EFFECT_CANCEL:
		cancel(e, b, f->order, f->leg_id, f->at_us);
		break;
	case EFFECT_ASK:
		ask_leg(e, b, f, ASK_ORDER);
		break;
	case EFFECT_ASK_TRADES:
		ask_leg(e, b, f, ASK_TRADES);
		break;
	case EFFECT_ASK_OPEN_ORDERS:
		ask(e, b, NULL, ASK_OPEN_ORDERS, f->at_us);
		break;
	case EFFECT_ASK_ACCOUNT:
		ask(e, b, NULL, ASK_ACCOUNT, f->at_us);
		break;
	case EFFECT_ORDER:
	case EFFECT_LEG:
	case EFFECT_MOVE:
	case EFFECT_FILL:
	case EFFECT_SIGNAL:
	case EFFECT_STATUS:
	case EFFECT_STATS:
	case EFFECT_EQUITY:
	case EFFECT_NOTICE:
		break;
	}
}

/* ---- reports ---- */

static void report_order(struct engine *e, struct bot *b, struct order *o)
{
	const struct reporter *r = &e->args.reporter;

	o->reported = false;
	b->dirty = true;
	if (r->order)
		r->order(r->ctx, o);
}

static void report_leg(struct engine *e, struct order *o, int64_t leg_id)
{
	const struct reporter *r = &e->args.reporter;
	struct leg *l = order_leg_by_id(o, leg_id);

	ASSERT(l); /* leg_slot() keeps what is not reported */
	l->reported = false;
	if (r->leg)
		r->leg(r->ctx, o, l);
}

static void report_fill(struct engine *e, struct effect *f)
{
	const struct reporter *r = &e->args.reporter;

	f->u.fill.order = f->order;
	f->u.fill.leg = order_leg_by_id(f->order, f->leg_id);
	ASSERT(f->u.fill.leg);
	if (r->fill)
		r->fill(r->ctx, &f->u.fill);
}

static void report(struct engine *e, struct bot *b, struct effect *f)
{
	const struct reporter *r = &e->args.reporter;

	switch (f->kind) {
	case EFFECT_SEND:
	case EFFECT_CANCEL:
	case EFFECT_ASK:
	case EFFECT_ASK_TRADES:
	case EFFECT_ASK_OPEN_ORDERS:
	case EFFECT_ASK_ACCOUNT:
		break;
	case EFFECT_ORDER:
		report_order(e, b, f->order);
		break;
	case EFFECT_LEG:
		report_leg(e, f->order, f->leg_id);
		break;
	case EFFECT_MOVE:
		f->u.move.order = f->order;
		if (r->move)
			r->move(r->ctx, &f->u.move);
		break;
	case EFFECT_FILL:
		report_fill(e, f);
		break;
	case EFFECT_SIGNAL:
		if (r->signal)
			r->signal(r->ctx, &f->u.signal);
		break;
	case EFFECT_STATUS:
		if (r->status)
			r->status(r->ctx, &f->u.status);
		break;
	case EFFECT_STATS:
		if (r->stats)
			r->stats(r->ctx, &f->u.stats.day, &f->u.stats.trade);
		break;
	case EFFECT_EQUITY:
		if (r->equity)
			r->equity(r->ctx, &f->u.equity);
		break;
	case EFFECT_NOTICE:
		if (r->notice)
			r->notice(r->ctx, b->id, f->u.notice.correlation_id, f->u.notice.text);
		break;
	}
}

/*
 * Requests go to the venue first, because a refusal is a step of its own that changes rows.
 * Then each row is reported once, as it is after all requests. The venue and the reporter must
 * not call the engine from here.
 */
static void settle(struct engine *e, struct bot *b)
{
	struct effects *fx = &e->effects;

	ASSERT(!e->settling);
	e->settling = true;
	for (size_t i = 0; i < fx->n; i++) {
		struct effect f = fx->list[i];

		request(e, b, &f);
	}
	for (size_t i = 0; i < fx->n; i++)
		report(e, b, &fx->list[i]);
	fx->n = 0;
	for (size_t i = 0; i < fx->gone_n; i++)
		free(fx->gone[i]);
	fx->gone_n = 0;
	e->settling = false;
}

/* Updates the counts that the risk rules of all bots read: open orders, unknown legs. */
static void count(struct engine *e, struct bot *b)
{
	size_t unknown = bot_unknown_legs(b), working = bot_working(b);

	b->market->unknown_n += unknown - b->unknown_n;
	b->unknown_n = unknown;
	*(b->account_id ? &e->all.open_live : &e->all.open_all) +=
		(int64_t)working - (int64_t)b->working_n;
	b->working_n = working;
}

void engine_step_done(struct engine *e, struct bot *b)
{
	struct step s = engine_step(e, b, e->now_us);

	if (e->effects.n)
		settle(e, b);
	if (e->effects.closes_wait)
		b->market->closes_wait = true;
	e->effects.closes_wait = e->effects.looks_moved = false;
	count(e, b);
	bot_quiet(b, &b->quiet_low, &b->quiet_high);
	b->due_us = bot_due(&s, b);
	e->dues[b->index] = b->due_us;
	if (b->due_us < e->due_us)
		e->due_us = b->due_us;
}
