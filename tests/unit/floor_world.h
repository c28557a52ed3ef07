/*
 * floor_world.h - a step without an engine: one floor is called, and what it gives back
 * (state and effects) is looked at. The venue can do what a test says and is never asked
 * to do anything.
 */
#ifndef TESTS_UNIT_FLOOR_WORLD_H
#define TESTS_UNIT_FLOOR_WORLD_H

#include "tests/unit/sim_world.h"
#include "worker/engine/bot.h"
#include "worker/engine/risk.h"

#define FLOOR_NOW INT64_C(1723103495000000)

struct floor {
	struct step step;
	struct effects effects;
	struct next_ids ids;
	struct conditions all;
	struct risk_limits limits;
	struct market market;
	struct venue venue;
	struct venue_ops ops;
	struct order order;
};

static bool floor_silent;

HELPER bool floor_tradable(const struct venue *v, int64_t bot_id, int market, enum side side,
			   int64_t now_us)
{
	(void)v;
	(void)bot_id;
	(void)market;
	(void)side;
	(void)now_us;
	return !floor_silent;
}

/* BTCUSDT at 50000, an order of 0.002 that is entering, target 51000, stop 49500; stops rest. */
HELPER void floor_init(struct floor *f, bool futures)
{
	memset(f, 0, sizeof(*f));
	floor_silent = false;
	f->ids = (struct next_ids){ 2, 1, 1, 1 };
	f->all.limits = &f->limits;
	snprintf(f->all.installation, sizeof(f->all.installation), INSTALLATION_NONE);
	f->market.info = world_info(futures);
	f->market.last = P("50000");
	f->ops = (struct venue_ops){ .caps = { .resting_stop = true, .oco = true },
				    .tradable = floor_tradable };
	f->venue.ops = &f->ops;
	f->step = (struct step){ .now_us = FLOOR_NOW, .market = &f->market, .venue = &f->venue,
				 .caps = &f->ops.caps, .all = &f->all, .ids = &f->ids,
				 .effects = &f->effects };
	f->order = (struct order){ .id = 1, .bot_id = 1, .side = SIDE_BUY, .symbol = "BTCUSDT",
				   .limit_price = P("50000"), .take_profit = P("51000"),
				   .stop_loss = P("49500"), .quantity = Q("0.002"),
				   .holding_us = 60000000, .maker_timeout_us = 5000000,
				   .created_us = FLOOR_NOW };
}

HELPER void floor_fini(struct floor *f) { effects_fini(&f->effects); }

/* The effects of before are over, as the engine would say. */
HELPER void floor_next(struct floor *f, int64_t after_us)
{
	f->effects.n = 0;
	f->effects.closes_wait = false;
	f->order.reported = false;
	for (size_t i = 0; i < f->order.legs_n; i++)
		f->order.legs[i].reported = false;
	f->step.now_us += after_us;
}

/* "send c1", "cancel t1", "ask e1": what the venue would be asked to do, in order. */
HELPER const char *floor_requests(struct floor *f)
{
	static char text[512];
	static const char *const words[] = { "send", "cancel", "ask" };
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < f->effects.n; i++) {
		const struct effect *e = &f->effects.list[i];
		const struct leg *l;

		if (e->kind > EFFECT_ASK)
			continue;
		l = order_leg_by_id(e->order, e->leg_id);
		assert_non_null(l);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s %c%d", n ? ", " : "",
				      words[e->kind], (char)l->kind, l->n);
	}
	return text;
}

HELPER size_t floor_count(const struct floor *f, enum effect_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < f->effects.n; i++)
		n += f->effects.list[i].kind == kind;
	return n;
}

/* A leg that the venue has. */
HELPER struct leg *floor_leg(struct floor *f, enum leg_kind kind, enum leg_type type,
			     const char *quantity)
{
	struct leg_plan p = { .kind = kind, .type = type, .quantity = Q(quantity),
			      .side = kind == LEG_ENTRY ? SIDE_BUY : SIDE_SELL };
	struct leg *l;

	if (kind == LEG_TAKE_PROFIT)
		p.price = f->order.take_profit;
	if (type == TYPE_STOP_MARKET)
		p.stop_price = f->order.stop_loss;
	l = order_plan_leg(&f->step, &f->order, &p);
	assert_true(leg_move(&f->step, &f->order, l, LEG_PLANNED, LEG_EV_SENT, ""));
	l->acked_us = f->step.now_us;
	assert_true(leg_move(&f->step, &f->order, l, LEG_SENT, LEG_EV_ACKNOWLEDGED, ""));
	floor_next(f, 1);
	return l;
}

#endif
