#include "worker/engine/bot.h"

#include <stdio.h>

/*
 * Spot. A part of an entry, or what an exit left, can be worth less than the exchange takes
 * as an order. It is a position all the same: it counts in equity and results, its stop is
 * watched, and it is sold as soon as that can be: with the bot's next trade, with another
 * order that closes, or alone when the price has made it large enough. What is less than one
 * lot step can't be sold in any way and is dust: its trade ends, and the next one takes it.
 */

bool order_is_remainder(const struct bot *b, const struct order *o)
{
	return !b->market->info.futures && qty_sign(order_held(b, o)) > 0;
}

size_t bot_working(const struct bot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += b->orders[i]->phase != PHASE_REMAINDER;
	return n;
}

void bot_flat(struct bot *b, int64_t now_us)
{
	if (b->emergency == EMERGENCY_FLATTENING && bot_working(b) == 0)
		bot_set_status(b, EVENT_EMERGENCY_STOP, "flat", "worker", "", now_us);
}

static void tell(struct bot *b, const struct order *o, const char *what)
{
	char have[MONEY_TEXT_MAX], text[200];

	snprintf(text, sizeof(text), "order %lld: %s %s %s, too little for an order of its own; "
		 "it is sold with the next one", (long long)o->id,
		 qty_text(order_position(o), have), b->market->info.base, what);
	bot_notice(b, o->correlation_id, text);
}

void order_remain(struct bot *b, struct order *o, int64_t now_us)
{
	o->phase = PHASE_REMAINDER;
	engine_count_open(b->engine, -1);
	if (o->retries) /* it was refused as too small: not again at the next tick */
		order_retry_later(b, o, now_us);
	else
		order_report(b, o);
	tell(b, o, "are left");
	bot_flat(b, now_us);
}

bool order_wake(struct bot *b, struct order *o, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);

	if (!order_closable(b, o) ||
	    !v->ops->tradable(v, &b->market->info, order_exit_side(o), now_us))
		return false;
	engine_count_open(b->engine, 1);
	return true;
}

void order_try_remainder(struct bot *b, struct order *o, int64_t now_us)
{
	if (now_us < o->retry_us || !order_wake(b, o, now_us))
		return;
	o->phase = PHASE_CLOSING;
	o->reason = CLOSE_REMAINDER;
	o->retry_us = 0;
	o->retries++;
	order_report(b, o);
	order_progress(b, o, now_us);
}

void order_watch_remainder(struct bot *b, struct order *o, struct price last, int64_t now_us)
{
	if (order_closable(b, o)) {
		order_try_remainder(b, o, now_us);
	} else if (!o->stop_crossed_us && order_stop_crossed(o, last)) {
		o->stop_crossed_us = now_us;
		order_report(b, o);
		tell(b, o, "are beyond their stop");
	}
}

struct qty bot_remainders(const struct bot *b)
{
	struct qty sum = b->dust;

	if (b->market->info.futures)
		return (struct qty){ 0 };
	for (size_t i = 0; i < b->orders_n; i++)
		if (b->orders[i]->phase == PHASE_REMAINDER)
			ASSERT(qty_add(sum, order_position(b->orders[i]), &sum) == 0);
	return sum;
}

/* What the account has beside its open orders: coins may be gone. */
static struct qty beside_orders(struct bot *b, const struct venue_balance *balance)
{
	struct qty q = balance->base;

	for (size_t i = 0; i < b->orders_n; i++)
		ASSERT(qty_sub(q, order_position(b->orders[i]), &q) == 0);
	return q;
}

static void take_dust(struct bot *b, struct order *o)
{
	struct venue *v = engine_venue(b->engine);
	struct venue_balance balance;
	struct money cost;
	struct qty have;

	if (qty_sign(b->dust) <= 0 || v->ops->balance(v, b->id, &balance, NULL))
		return;
	have = qty_min(b->dust, beside_orders(b, &balance));
	if (qty_sign(have) > 0) {
		ASSERT(money_share(b->dust_cost, have, b->dust, ROUND_NEAREST, &cost) == 0);
		ASSERT(money_add(o->dust_taken_cost, cost, &o->dust_taken_cost) == 0);
		ASSERT(qty_add(o->dust_taken, have, &o->dust_taken) == 0);
	}
	b->dust = (struct qty){ 0 };
	b->dust_cost = (struct money){ 0 };
	b->dirty = true;
}

void order_take_over(struct bot *b, struct order *o, int64_t now_us)
{
	if (b->market->info.futures)
		return;
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *r = b->orders[i];

		if (r == o || r->phase != PHASE_REMAINDER)
			continue;
		if (qty_sign(r->exited) <= 0 || r->reason == CLOSE_NONE)
			r->reason = CLOSE_REMAINDER;
		order_finish(b, r, now_us);
	}
	take_dust(b, o);
}

void bot_drop_remainders(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];
		struct money worth;

		if (o->phase != PHASE_REMAINDER)
			continue;
		if (price_sign(b->market->last) <= 0 ||
		    money_notional(b->market->last, order_position(o), ROUND_DOWN, &worth))
			worth = order_cost(o, order_position(o));
		o->reason = CLOSE_RESET;
		order_finish_at(b, o, worth, now_us);
	}
	b->dust = (struct qty){ 0 };
	b->dust_cost = (struct money){ 0 };
	b->dirty = true;
}
