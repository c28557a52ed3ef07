/*
 * Exits that move while a position is open: the target with its age (minimal_roi) and its
 * average entry (position_adjustment), the stop with the best price (trailing_stop) or because
 * the strategy moves it, and parts that are sold at market.
 *
 * The stop that rests at the venue moves at most every stop_move_us and by at least 0.05 %,
 * because each move is an order. The nearer stop that it will be moved to counts from the
 * moment it is known: a trade beyond it closes the position (order_watch.c).
 */
#include "worker/trade/exits.h"
#include "worker/trade/order_steps.h"

#include <stdio.h>
#include <string.h>

#define MOVE_LEAST_E8 (RATE_ONE / 2000)		/* 0.05 % of the stop's price */

static bool open_position(const struct order *o)
{
	return o->opened_us && order_open(o) && qty_sign(order_position(o)) > 0;
}

/* ---- the stop ---- */

/*
 * Is the move large enough to be worth an order and a row? A trailing stop also follows the
 * price in such steps only, and each step is a row. So a restart, which knows only the newest
 * row, continues as if there had been none.
 */
static bool far_enough(struct price from, struct price to)
{
	struct price least, way;

	if (price_cmp(from, to) == 0 || price_scale(from, MOVE_LEAST_E8, ROUND_UP, &least) ||
	    price_sub(to, from, &way))
		return false;
	if (price_sign(way) < 0)
		way = price_of_units(-price_units(way));
	return price_cmp(way, least) >= 0;
}

/* The resting stop must be moved, as soon as stop_move_us allows it. */
static bool stop_waits(const struct order *o) { return far_enough(o->stop_loss, exits_stop(o)); }

static int64_t stop_due(const struct order *o)
{
	if (!stop_waits(o))
		return NEVER;
	return o->stop_moved_us ? o->stop_moved_us + o->stop_move_us : 0;
}

static void tell_exit(const struct step *s, struct order *o, const char *event, struct price from,
		      struct price to)
{
	char a[MONEY_TEXT_MAX], b[MONEY_TEXT_MAX], why[96];
	struct order_event *m;

	snprintf(why, sizeof(why), "%s -> %s", price_text(from, a), price_text(to, b));
	m = effects_move(s, o, 0, event, why);
	m->from = m->to = order_phase_name(o->phase);
	memcpy(m->correlation_id, o->correlation_id, sizeof(m->correlation_id));
	order_changed(s, o);
}

static bool move_stop_now(const struct step *s, struct order *o)
{
	struct price from = o->stop_loss;

	if (s->now_us < stop_due(o))
		return false;
	o->stop_loss = exits_stop(o);
	o->stop_moved_us = s->now_us;
	tell_exit(s, o, o->stop_by == STOP_TRAILING ? "stop_trailed" : "stop_moved", from,
		  o->stop_loss);
	return true;
}

static bool move_target_now(const struct step *s, struct order *o)
{
	struct price to = exits_target(&s->market->info, o, s->now_us), from = o->take_profit;

	o->exits_us = s->now_us;
	if (price_sign(o->entry_base) <= 0 || price_cmp(to, from) == 0)
		return false;
	o->take_profit = to;
	tell_exit(s, o, "target_moved", from, to);
	return true;
}

unsigned order_move_exits(const struct step *s, struct order *o)
{
	if (!open_position(o))
		return 0;
	return (move_target_now(s, o) ? TARGET_MOVED : 0) | (move_stop_now(s, o) ? STOP_MOVED : 0);
}

int64_t order_exits_due(const struct order *o)
{
	int64_t tier, stop;

	if (!open_position(o))
		return NEVER;
	tier = exits_next_tier(o, o->exits_us);
	stop = stop_due(o);
	return tier < stop ? tier : stop;
}

static bool want_stop(struct order *o, struct price stop, enum stop_owner by)
{
	if (!exits_better(o, stop, exits_stop(o)))
		return false;
	o->stop_wanted = stop;
	o->stop_by = by;
	return true;
}

unsigned order_follow(const struct step *s, struct order *o)
{
	struct price last = s->market->last, stop;

	if (!o->rules.trailing || !open_position(o) || !exits_better(o, last, exits_seen(o)))
		return 0;
	o->seen = last;
	s->effects->looks_moved = true;
	if (!exits_trail(&s->market->info, o, last, &stop) || !far_enough(exits_stop(o), stop) ||
	    !want_stop(o, stop, STOP_TRAILING))
		return 0;
	o->best = last;
	order_changed(s, o);
	return order_move_exits(s, o);
}

unsigned order_want_stop(const struct step *s, struct order *o, struct price stop)
{
	const struct symbol_info *info = &s->market->info;

	stop = price_to_tick(stop, info->tick, o->side == SIDE_BUY ? ROUND_UP : ROUND_DOWN);
	if (!open_position(o) || price_sign(stop) <= 0 || !want_stop(o, stop, STOP_STRATEGY))
		return 0;
	order_changed(s, o);
	return order_move_exits(s, o);
}

void order_rebase(const struct step *s, struct order *o)
{
	struct price average = order_entry_price(o);

	if (!exit_rules_used(&o->rules) || price_sign(average) <= 0)
		return;
	o->entry_base = average;
	if (o->entries > 1 && o->rules.profit_target > 0)
		o->profit_target = exits_at(&s->market->info, o, o->rules.profit_target);
	(void)order_move_exits(s, o);
}

/* ---- parts ---- */

enum part_exit order_leave(const struct step *s, struct order *o, struct qty quantity,
			   enum close_reason reason, const char *correlation_id)
{
	struct qty rest = order_held(s, o);

	quantity = qty_to_step(quantity, s->market->info.step, ROUND_DOWN);
	ASSERT(qty_sub(rest, o->leaving, &rest) == 0);
	if (qty_cmp(quantity, rest) >= 0)
		return PART_IS_ALL;
	if (!market_takes(s, quantity, s->market->last))
		return PART_TOO_SMALL;
	ASSERT(qty_sub(rest, quantity, &rest) == 0);
	if (!market_takes(s, rest, o->stop_loss))
		return PART_IS_ALL;
	ASSERT(qty_add(o->leaving, quantity, &o->leaving) == 0);
	o->reason = reason;
	snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s", correlation_id);
	order_changed(s, o);
	return PART_LEAVES;
}

void order_send_part(const struct step *s, struct order *o)
{
	if (qty_sign(o->leaving) <= 0 || order_live_leg(o, LEG_CLOSE) || s->now_us < o->retry_us)
		return;
	o->leaving = qty_min(o->leaving, order_held(s, o));
	if (!market_takes(s, o->leaving, s->market->last)) {
		o->leaving = (struct qty){ 0 };
		order_changed(s, o);
		return;
	}
	if (order_coins_free(s, o, (struct qty){ 0 }))
		order_sell(s, o, o->leaving);
}
