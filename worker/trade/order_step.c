#include "worker/trade/order_steps.h"

#include <stdio.h>
#include <string.h>

/* ---- closing ---- */

/*
 * If nothing can trade at market now (a silence, a halt), target and stop are not cancelled,
 * because they act by themselves. False: the close waits for a book.
 */
static bool close_possible(const struct step *s, const struct order *o)
{
	if (!order_exit_live(o) || s->venue->ops->tradable(s->venue, o->bot_id, s->market->handle,
							   order_exit_side(o), s->now_us))
		return true;
	s->effects->closes_wait = true;
	return false;
}

/* Need it not be cancelled? The other leg of its list is being cancelled, or has ended it. */
static bool goes_by_itself(const struct order *o, const struct leg *l)
{
	const struct leg *other = order_list_other(o, l);

	return order_leg_ends(o, l) || (other && other->state == LEG_CANCELLING);
}

/* Cancels everything but a close that is under way. */
static void take_back(const struct step *s, struct order *o)
{
	struct leg *entry = order_live_leg(o, LEG_ENTRY);

	if (entry)
		order_cancel_leg(s, o, entry);
	if (!close_possible(s, o))
		return;
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind != LEG_CLOSE && !leg_done(&o->legs[i]) &&
		    !goes_by_itself(o, &o->legs[i]))
			order_cancel_leg(s, o, &o->legs[i]);
}

/*
 * Cancels everything that rests, and sells what is held only when all of it has ended, because
 * a target that fills at the same time would sell the same coins a second time.
 */
static enum order_need close_step(const struct step *s, struct order *o)
{
	if (order_live_legs(o) == 0 && !order_closable(s, o))
		return order_is_remainder(s, o) ? ORDER_LEFT_OVER : ORDER_OVER;
	if (s->now_us < o->retry_us)
		return ORDER_WAITS;
	take_back(s, o);
	if (order_live_legs(o) > 0)
		return ORDER_WAITS;
	o->retry_us = 0;
	return ORDER_SELLS;
}

void order_close_failed(const struct step *s, struct order *o, const char *why)
{
	order_retry_later(s, o);
	effects_notice(s, o->close_correlation_id, "order %lld: closing failed (%s), try %d "
		       "follows in %lld ms", (long long)o->id, why[0] ? why : "ended unfilled",
		       o->retries + 1, (long long)((o->retry_us - s->now_us) / 1000));
}

bool order_close(const struct step *s, struct order *o, enum close_reason reason,
		 const char *correlation_id)
{
	bool again = reason == CLOSE_EMERGENCY && o->reason == CLOSE_EMERGENCY;

	if (o->phase == PHASE_CLOSING && reason != CLOSE_EMERGENCY)
		return false;
	if (again && !o->retry_us)
		return false;
	o->reason = reason;
	o->leaving = (struct qty){ 0 };
	o->retry_us = 0;
	o->retries = 0;
	snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s", correlation_id);
	(void)order_move(s, o, o->phase, ORDER_CLOSES, close_reason_name(reason));
	if (!close_possible(s, o))
		effects_notice(s, o->close_correlation_id, "order %lld: nothing can be %s now, "
			       "because the order book is old or empty; its target and stop stay "
			       "until then",
			       (long long)o->id, o->side == SIDE_BUY ? "sold" : "bought");
	return true;
}

/* ---- from the entry to the close ---- */

/* It holds nothing, or too little to sell and nothing rests that would sell it. */
static bool order_over(const struct step *s, const struct order *o)
{
	return qty_sign(order_held(s, o)) <= 0 || (!order_exit_live(o) && !order_closable(s, o));
}

static bool entry_unwanted(const struct order *o)
{
	return o->reason == CLOSE_MAKER_TIMEOUT || o->reason == CLOSE_ENTRY_CANCELLED ||
	       o->reason == CLOSE_STOP_LOSS || o->reason == CLOSE_TRAILING_STOP;
}

void order_cancel_entry(const struct step *s, struct order *o, enum close_reason reason,
			const char *correlation_id)
{
	struct leg *l = order_live_leg(o, LEG_ENTRY);

	if (!l || o->phase == PHASE_CLOSING)
		return;
	o->reason = reason;
	snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s", correlation_id);
	order_cancel_leg(s, o, l);
	order_changed(s, o);
}

/*
 * Everything that an order does follows from its state: its phase, its legs, what it holds. So
 * this is called after every change and looks again, instead of waiting for a certain event;
 * an event that comes twice, late, or never can't leave an order without its next step.
 */
enum order_need order_step(const struct step *s, struct order *o)
{
	struct leg *entry = order_live_leg(o, LEG_ENTRY);

	order_cover_clock(s, o);
	if (o->phase == PHASE_REMAINDER || o->phase == PHASE_DONE)
		return ORDER_WAITS;
	if (o->phase != PHASE_CLOSING && !entry && order_over(s, o))
		(void)order_move(s, o, o->phase, ORDER_CLOSES, close_reason_name(o->reason));
	if (o->phase == PHASE_CLOSING)
		return close_step(s, o);
	if (!entry && o->phase == PHASE_ENTERING &&
	    order_move(s, o, PHASE_ENTERING, ORDER_ENTERED, ""))
		order_rebase(s, o);
	if (entry && entry_unwanted(o) && s->now_us >= o->retry_us)
		order_cancel_leg(s, o, entry);
	if (qty_sign(order_position(o)) > 0 && !order_protect(s, o, entry != NULL))
		return ORDER_TAKES_PROFIT;
	order_send_part(s, o);
	return ORDER_WAITS;
}

/* ---- entry ---- */

/* An exit that rounding has put on the entry's price goes one tick away from it. */
static bool off_entry(const struct symbol_info *info, struct price limit, bool up, struct price *p)
{
	return price_cmp(*p, limit) != 0 || !(up ? price_add : price_sub)(*p, info->tick, p);
}

bool order_exits(const struct symbol_info *info, const struct signal *s, struct price limit,
		 struct price *target, struct price *stop)
{
	bool is_long = s->side == SIDE_BUY, none = price_sign(s->target) <= 0 &&
						   s->profit_target <= 0;
	enum rounding r = is_long ? ROUND_UP : ROUND_DOWN;
	int64_t up, down;

	if (rate_from_double(s->profit_target, &up) || rate_from_double(s->stop_loss, &down) ||
	    price_scale(limit, RATE_ONE + (is_long ? up : -up), ROUND_NEAREST, target) ||
	    price_scale(limit, RATE_ONE - (is_long ? down : -down), ROUND_NEAREST, stop))
		return false;
	if (price_sign(s->target) > 0)
		*target = s->target;
	if (price_sign(s->stop) > 0)
		*stop = s->stop;
	*target = price_to_tick(*target, info->tick, r);
	*stop = price_to_tick(*stop, info->tick, r);
	if (!off_entry(info, limit, is_long, target) || !off_entry(info, limit, !is_long, stop))
		return false;
	if (price_sign(*stop) <= 0 || price_cmp(*stop, limit) != (is_long ? -1 : 1) ||
	    price_sign(*target) <= 0 || price_cmp(*target, limit) != (is_long ? 1 : -1))
		return false;
	if (none)
		*target = (struct price){ 0 };
	return true;
}
