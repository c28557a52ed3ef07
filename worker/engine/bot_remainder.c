#include "worker/engine/bot.h"

#include <stdio.h>

/*
 * Remainders and dust, on spot only.
 *
 * An entry that filled in part, or an exit that left something, may leave less than the
 * exchange's minimum for an order: a remainder. It is still a position, so it counts in equity
 * and results, and the worker watches its stop. It is sold as soon as possible: with the
 * bot's next trade, with another order that closes, or alone when the price has made it large
 * enough. A quantity below one lot step can't be sold at all and is dust: its trade ends, and
 * the bot's next trade takes the dust over with what it cost.
 */

void bot_tell_remainder(const struct step *s, const struct order *o, const char *what)
{
	char have[MONEY_TEXT_MAX];

	effects_notice(s, o->correlation_id, "order %lld: %s %s %s, below the exchange's minimum "
		       "for an order; they are sold with the bot's next one", (long long)o->id,
		       qty_text(order_position(o), have), s->market->info.base, what);
}

void bot_remain(const struct step *s, struct bot *b, struct order *o)
{
	ASSERT(order_move(s, o, PHASE_CLOSING, ORDER_REMAINS, ""));
	if (o->retries) /* refused as too small: wait, or the next tick would try again */
		order_retry_later(s, o);
	bot_tell_remainder(s, o, "are left");
	bot_flat(s, b);
}

bool bot_wake(const struct step *s, struct order *o)
{
	return order_closable(s, o) &&
	       s->venue->ops->tradable(s->venue, o->bot_id, s->market->handle,
				       order_exit_side(o), s->now_us);
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

/* Base of the account that no open order holds. Less than the dust, if coins were taken out. */
static struct qty beside_orders(const struct bot *b)
{
	struct qty q = b->account->base;

	for (size_t i = 0; i < b->orders_n; i++)
		ASSERT(qty_sub(q, order_position(b->orders[i]), &q) == 0);
	return q;
}

static void take_dust(struct bot *b, struct order *o)
{
	struct money cost;
	struct qty have;

	if (qty_sign(b->dust) <= 0 || !b->account->known)
		return;
	have = qty_min(b->dust, beside_orders(b));
	if (qty_sign(have) > 0) {
		ASSERT(money_share(b->dust_cost, have, b->dust, ROUND_NEAREST, &cost) == 0);
		ASSERT(money_add(o->dust_taken_cost, cost, &o->dust_taken_cost) == 0);
		ASSERT(qty_add(o->dust_taken, have, &o->dust_taken) == 0);
	}
	b->dust = (struct qty){ 0 };
	b->dust_cost = (struct money){ 0 };
	b->dirty = true;
}

void bot_take_over(const struct step *s, struct bot *b, struct order *o)
{
	if (b->market->info.futures)
		return;
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *r = b->orders[i];

		if (r == o || r->phase != PHASE_REMAINDER)
			continue;
		if (qty_sign(r->exited) <= 0 || r->reason == CLOSE_NONE)
			r->reason = CLOSE_REMAINDER;
		bot_finish(s, b, r);
	}
	take_dust(b, o);
}

void bot_drop_remainders(const struct step *s, struct bot *b)
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
		bot_finish_at(s, b, o, worth);
	}
	b->dust = (struct qty){ 0 };
	b->dust_cost = (struct money){ 0 };
	b->dirty = true;
}
