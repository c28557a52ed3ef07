#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

#include <string.h>

/* Counts a closed trade: loss streak, cooldown, statistics of the day. */
static void count_result(const struct step *s, struct bot *b, const struct order *o)
{
	const struct risk_limits *limits = s->all->limits;
	struct effect *f;
	struct day_stats trade;

	if (qty_sign(o->filled) <= 0)
		return;
	if (qty_sign(o->exited) > 0) /* coins that another trade took over are no loss */
		b->loss_streak = money_sign(o->pnl) < 0 ? b->loss_streak + 1 : 0;
	if (limits->cooldown_after_losses && b->loss_streak >= limits->cooldown_after_losses)
		b->cooldown_until_us = s->now_us + limits->cooldown_s * INT64_C(1000000);
	stats_of(o, s->now_us, &trade);
	stats_add(&b->stats, &trade);
	f = effects_add(s, EFFECT_STATS, NULL, 0);
	f->u.stats.day = b->stats;
	f->u.stats.trade = trade;
}

void bot_flat(const struct step *s, struct bot *b)
{
	if (b->emergency == EMERGENCY_FLATTENING && bot_working(b) == 0)
		bot_set_status(s, b, EVENT_EMERGENCY_STOP, "flat", "worker", "");
}

/* Takes the order off the list, but keeps its legs' ids: a fill may come late (ended_leg). */
static void forget(const struct step *s, struct bot *b, struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++) {
		struct ended_leg *e = &b->ended[b->ended_n++ % ENDED_LEGS];

		memcpy(e->client_order_id, o->legs[i].client_order_id, sizeof(e->client_order_id));
		e->filled = o->legs[i].filled;
	}
	for (size_t i = 0; i < b->orders_n; i++) {
		if (b->orders[i] == o) {
			memmove(&b->orders[i], &b->orders[i + 1],
				(b->orders_n - i - 1) * sizeof(b->orders[0]));
			b->orders_n--;
			break;
		}
	}
	effects_gone(s, o);
}

void bot_finish_at(const struct step *s, struct bot *b, struct order *o, struct money left_cost)
{
	order_cover_clock(s, o);
	ASSERT(order_move(s, o, o->phase, ORDER_FINISHES, close_reason_name(o->reason)));
	o->status = ORDER_CLOSED;
	o->closed_us = s->now_us;
	o->retry_us = 0;
	o->dust = order_position(o);
	o->dust_cost = left_cost;
	if (!b->market->info.futures) {
		ASSERT(qty_add(b->dust, o->dust, &b->dust) == 0);
		ASSERT(money_add(b->dust_cost, o->dust_cost, &b->dust_cost) == 0);
	}
	order_settle(o);
	count_result(s, b, o);
	forget(s, b, o);
	bot_flat(s, b);
}

void bot_finish(const struct step *s, struct bot *b, struct order *o)
{
	bot_finish_at(s, b, o, order_cost(o, order_position(o)));
}
