#include "worker/engine/bot.h"
#include "worker/trade/exits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After so many failed closes (15 s) a close sells no more than the account holds. */
#define TRIES_BEFORE_ACCOUNT 4

/* ---- close ---- */

/* q, but no more than the account holds on this order's side. */
static struct qty at_most_account(const struct step *s, const struct bot *b,
				  const struct order *o, struct qty q)
{
	struct qty has = o->side == SIDE_BUY ? b->account->base : qty_neg(b->account->base);

	if (!b->account->known)
		return q;
	if (qty_sign(has) < 0)
		has = (struct qty){ 0 };
	return qty_min(q, qty_to_step(has, s->market->info.step, ROUND_DOWN));
}

/* The account does not hold what the order should: somebody else sold or moved it. */
static void give_up(const struct step *s, struct bot *b, struct order *o)
{
	char have[MONEY_TEXT_MAX], text[200];

	snprintf(text, sizeof(text), "order %lld holds %s that the account does not have; the "
		 "order was closed without selling it, check the account", (long long)o->id,
		 qty_text(order_position(o), have));
	effects_notice(s, o->close_correlation_id, "%s", text);
	bot_finish(s, b, o);
	bot_fail(s, b, "%s", text);
}

static void sell(const struct step *s, struct bot *b, struct order *o)
{
	struct qty quantity;

	bot_take_over(s, b, o);
	quantity = order_held(s, o);
	if (o->retries >= TRIES_BEFORE_ACCOUNT) {
		quantity = at_most_account(s, b, o, quantity);
		if (!market_takes(s, quantity, b->market->last)) {
			give_up(s, b, o);
			return;
		}
	}
	order_sell(s, o, quantity);
}

static void try_remainder(const struct step *s, struct bot *b, struct order *o);

void bot_progress(const struct step *s, struct bot *b, struct order *o)
{
	switch (order_step(s, o)) {
	case ORDER_WAITS:
		if (o->phase == PHASE_REMAINDER)
			try_remainder(s, b, o);
		break;
	case ORDER_SELLS:
		sell(s, b, o);
		break;
	case ORDER_TAKES_PROFIT:
		bot_close(s, b, o, CLOSE_TAKE_PROFIT, "");
		break;
	case ORDER_LEFT_OVER:
		bot_remain(s, b, o);
		break;
	case ORDER_OVER:
		bot_finish(s, b, o);
		break;
	}
}

/* Sells a remainder if that is possible now. o may be gone afterwards. */
static void try_remainder(const struct step *s, struct bot *b, struct order *o)
{
	if (s->now_us < o->retry_us || !bot_wake(s, o))
		return;
	o->reason = CLOSE_REMAINDER;
	o->retry_us = 0;
	o->retries++;
	(void)order_move(s, o, PHASE_REMAINDER, ORDER_CLOSES, close_reason_name(o->reason));
	bot_progress(s, b, o);
}

void bot_close(const struct step *s, struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id)
{
	if (o->phase == PHASE_REMAINDER && !bot_wake(s, o))
		return;
	if (order_close(s, o, reason, correlation_id))
		bot_progress(s, b, o);
}

void bot_try_closes(const struct step *s, struct bot *b)
{
	for (size_t i = b->orders_n; i-- > 0;)
		if (b->orders[i]->phase == PHASE_CLOSING)
			bot_progress(s, b, b->orders[i]);
}

void bot_close_all(const struct step *s, struct bot *b, enum close_reason reason,
		   const char *correlation_id)
{
	for (size_t i = b->orders_n; i-- > 0;)
		if (i < b->orders_n)
			bot_close(s, b, b->orders[i], reason, correlation_id);
}

int64_t bot_drop_orders(const struct step *s, struct bot *b)
{
	int64_t n = (int64_t)b->orders_n;

	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];

		for (size_t k = 0; k < o->legs_n; k++)
			(void)leg_move(s, o, &o->legs[k], o->legs[k].state, LEG_EV_CANCELLED,
				       "account reset");
		o->reason = CLOSE_RESET;
		bot_finish(s, b, o);
	}
	return n;
}

/* ---- time and stops ---- */

/*
 * The market traded. A remainder has no stop at the venue. It is sold when the price has made it
 * large enough; if it is beyond its stop before that, a notice says so once.
 */
static void watch_remainder(const struct step *s, struct bot *b, struct order *o)
{
	if (order_closable(s, o)) {
		try_remainder(s, b, o);
	} else if (!o->stop_crossed_us && order_stop_crossed(o, s->market->last)) {
		o->stop_crossed_us = s->now_us;
		order_changed(s, o);
		bot_tell_remainder(s, o, "are beyond their stop");
	}
}

void bot_watch_stops(const struct step *s, struct bot *b)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];
		enum close_reason due;

		if (o->phase == PHASE_REMAINDER) {
			watch_remainder(s, b, o);
			continue;
		}
		due = order_watch_stop(s, o);
		if (due != CLOSE_NONE)
			bot_close(s, b, o, due, "");
		else if (order_follow(s, o))
			bot_progress(s, b, o);
	}
}

static void narrow(int64_t *low, int64_t from, int64_t *high, int64_t to)
{
	if (from > *low)
		*low = from;
	if (to < *high)
		*high = to;
}

/*
 * Most trades change nothing for a bot, and a bot may hold many orders. So after each step the
 * range of prices is computed in which a trade can neither cross a stop nor move one, and the
 * engine compares a trade with two numbers. A long's stop is the lower bound; if the stop
 * trails, a price above the best one moves it, so the best price is the upper bound. For a
 * short it is the other way round. A remainder makes the range empty, because any price may
 * make it large enough to sell. A closing order waits for no price.
 */
void bot_quiet(const struct bot *b, int64_t *low, int64_t *high)
{
	*low = INT64_MIN;
	*high = INT64_MAX;
	for (size_t i = 0; i < b->orders_n; i++) {
		const struct order *o = b->orders[i];
		int64_t stop = price_units(exits_stop(o)), best = price_units(exits_seen(o));

		if (o->phase == PHASE_REMAINDER)
			*low = INT64_MAX;
		else if (o->phase != PHASE_CLOSING && o->side == SIDE_BUY)
			narrow(low, stop, high, o->rules.trailing ? best : INT64_MAX);
		else if (o->phase != PHASE_CLOSING)
			narrow(low, o->rules.trailing ? best : INT64_MIN, high, stop);
	}
}

static void order_timer(const struct step *s, struct bot *b, struct order *o)
{
	bool again = o->retry_us && s->now_us >= o->retry_us;
	enum close_reason due;
	unsigned moved = 0;

	order_ask_late(s, o);
	if (again) {
		o->retry_us = 0;
		order_changed(s, o);
	}
	if (s->now_us >= order_exits_due(o))
		moved = order_move_exits(s, o);
	due = order_close_due(s, o, b->status != BOT_STOPPED);
	if (due == CLOSE_NONE && (moved & TARGET_MOVED) && price_sign(s->market->last) > 0 &&
	    order_target_crossed(o, s->market->last))
		due = CLOSE_ROI; /* a target there would trade at once; a venue may refuse it */
	if (due != CLOSE_NONE) {
		bot_close(s, b, o, due, "");
		return;
	}
	order_maker_timeout(s, o);
	if (again || moved)
		bot_progress(s, b, o);
}

void bot_orders_timer(const struct step *s, struct bot *b)
{
	for (size_t i = b->orders_n; i-- > 0;)
		if (i < b->orders_n)
			order_timer(s, b, b->orders[i]);
}

/* ---- entry ---- */

void bot_entry_refused(const struct step *s, struct bot *b)
{
	int64_t wait_us = REFUSAL_US;

	for (int64_t i = 0; i < b->refusals && wait_us < REFUSAL_MOST_US; i++)
		wait_us *= 2;
	b->refusals++;
	b->refused_until_us = s->now_us + (wait_us < REFUSAL_MOST_US ? wait_us : REFUSAL_MOST_US);
	b->dirty = true;
}

void bot_entry_taken(struct bot *b)
{
	if (!b->refusals)
		return;
	b->refusals = b->refused_until_us = 0;
	b->dirty = true;
}

void bot_leg_sent(struct bot *b, int64_t now_us)
{
	if (b->sent_most)
		b->sent_us[b->sent_n++ % b->sent_most] = now_us;
}

static struct order *order_new(const struct step *s, const struct bot *b, const struct signal *sig,
			       const struct entry_plan *p)
{
	const struct symbol_info *info = &b->market->info;
	struct order *o = xcalloc(1, sizeof(*o));

	o->id = s->ids->order++;
	o->bot_id = b->id;
	o->account_id = b->account_id;
	memcpy(o->symbol, info->symbol, sizeof(o->symbol));
	o->side = sig->side;
	o->status = ORDER_PENDING;
	o->phase = PHASE_ENTERING;
	o->limit_price = p->limit;
	o->take_profit = p->target;
	o->stop_loss = p->stop;
	o->initial_stop = p->stop;
	o->profit_target = p->target;
	o->entry_base = p->limit;
	o->rules = p->rules;
	o->quantity = p->quantity;
	o->first_quantity = p->quantity;
	o->entries = 1;
	o->stop_move_us = b->config.stop_move_s * INT64_C(1000000);
	o->confidence = sig->confidence;
	snprintf(o->tag, sizeof(o->tag), "%s", sig->tag ? sig->tag : "");
	memcpy(o->strategy, b->config.strategy, sizeof(o->strategy));
	o->model_id = b->has_model ? b->model.model_id : 0;
	o->config_version = b->config.version;
	o->holding_us = b->config.holding_time * INT64_C(1000000);
	o->maker_timeout_us = b->config.maker_order_timeout * INT64_C(1000000);
	o->created_us = s->now_us;
	o->take_profit = exits_target(info, o, s->now_us);
	return o;
}

static void send_entry(const struct step *s, struct order *o, const struct entry_plan *plan)
{
	struct leg_plan p = {
		.kind = LEG_ENTRY, .type = plan->type, .tif = plan->tif, .side = o->side,
		.price = plan->type == TYPE_MARKET ? (struct price){ 0 } : plan->limit,
		.quantity = plan->quantity,
	};

	order_send_leg(s, o, &p);
}

struct order *bot_enter(const struct step *s, struct bot *b, const struct signal *sig,
			const struct entry_plan *plan, const char *correlation_id)
{
	struct order *o = order_new(s, b, sig, plan);

	snprintf(o->correlation_id, sizeof(o->correlation_id), "%s", correlation_id);
	b->last_entry_us = s->now_us;
	if (b->orders_n == 0)
		b->checked_us = s->now_us;
	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = o;
	order_begins(s, o);
	send_entry(s, o, plan);
	return o;
}

void bot_add(const struct step *s, struct bot *b, struct order *o, const struct entry_plan *plan)
{
	b->last_entry_us = s->now_us;
	o->reason = CLOSE_NONE;
	o->entries++;
	o->added_us = s->now_us;
	ASSERT(qty_add(o->quantity, plan->quantity, &o->quantity) == 0);
	ASSERT(order_move(s, o, PHASE_HOLDING, ORDER_ADDS, ""));
	send_entry(s, o, plan);
}
