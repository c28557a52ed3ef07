#include "worker/engine/bot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After so many failed closes (15 s) the account is asked what there is to close. */
#define TRIES_BEFORE_ACCOUNT 4

/* ---- the end of an order ---- */

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
	bot_count_result(s, b, o);
	forget(s, b, o);
	bot_flat(s, b);
}

void bot_finish(const struct step *s, struct bot *b, struct order *o)
{
	bot_finish_at(s, b, o, order_cost(o, order_position(o)));
}

/* ---- close ---- */

/* No more than the account has, on this order's side. */
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

/* The account has not got what the order says it holds: somebody else took it. */
static void give_up(const struct step *s, struct bot *b, struct order *o)
{
	char have[MONEY_TEXT_MAX], text[200];

	snprintf(text, sizeof(text), "order %lld holds %s that the account has not got; it was "
		 "closed without selling that, look at the account", (long long)o->id,
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

void bot_progress(const struct step *s, struct bot *b, struct order *o)
{
	switch (order_step(s, o)) {
	case ORDER_WAITS:
		if (o->phase == PHASE_REMAINDER)
			bot_try_remainder(s, b, o);
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

void bot_cancel_entries(const struct step *s, struct bot *b, const char *correlation_id)
{
	for (size_t i = b->orders_n; i-- > 0;)
		order_cancel_entry(s, b->orders[i], CLOSE_ENTRY_CANCELLED, correlation_id);
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

void bot_watch_stops(const struct step *s, struct bot *b)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];
		enum close_reason due;

		if (o->phase == PHASE_REMAINDER) {
			bot_watch_remainder(s, b, o);
			continue;
		}
		due = order_watch_stop(s, o);
		if (due != CLOSE_NONE)
			bot_close(s, b, o, due, "");
	}
}

void bot_quiet(const struct bot *b, int64_t *low, int64_t *high)
{
	*low = INT64_MIN;
	*high = INT64_MAX;
	for (size_t i = 0; i < b->orders_n; i++) {
		const struct order *o = b->orders[i];
		int64_t stop = price_units(o->stop_loss);

		if (o->phase == PHASE_REMAINDER) /* any price may make it large enough */
			*low = INT64_MAX;
		else if (o->phase != PHASE_CLOSING && o->side == SIDE_BUY && stop > *low)
			*low = stop;
		else if (o->phase != PHASE_CLOSING && o->side == SIDE_SELL && stop < *high)
			*high = stop;
	}
}

static void order_timer(const struct step *s, struct bot *b, struct order *o)
{
	bool again = o->retry_us && s->now_us >= o->retry_us;
	enum close_reason due;

	order_ask(s, o, false);
	if (again) {
		o->retry_us = 0;
		order_changed(s, o);
	}
	due = order_close_due(s, o, b->status != BOT_STOPPED);
	if (due != CLOSE_NONE) {
		bot_close(s, b, o, due, "");
		return;
	}
	order_maker_timeout(s, o);
	if (again)
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
	memcpy(o->symbol, info->symbol, sizeof(o->symbol));
	o->side = sig->side;
	o->status = ORDER_PENDING;
	o->phase = PHASE_ENTERING;
	o->limit_price = p->limit;
	o->take_profit = p->target;
	o->stop_loss = p->stop;
	o->quantity = p->quantity;
	o->confidence = sig->confidence;
	snprintf(o->tag, sizeof(o->tag), "%s", sig->tag ? sig->tag : "");
	memcpy(o->strategy, b->config.strategy, sizeof(o->strategy));
	o->model_id = b->has_model ? b->model.model_id : 0;
	o->config_version = b->config.version;
	o->holding_us = b->config.holding_time * INT64_C(1000000);
	o->maker_timeout_us = b->config.maker_order_timeout * INT64_C(1000000);
	o->created_us = s->now_us;
	return o;
}

struct order *bot_enter(const struct step *s, struct bot *b, const struct signal *sig,
			const struct entry_plan *plan, const char *correlation_id)
{
	struct order *o = order_new(s, b, sig, plan);
	struct leg_plan p = {
		.kind = LEG_ENTRY, .type = plan->type, .side = sig->side,
		.price = plan->type == TYPE_MARKET ? (struct price){ 0 } : plan->limit,
		.quantity = plan->quantity,
	};

	snprintf(o->correlation_id, sizeof(o->correlation_id), "%s", correlation_id);
	b->last_entry_us = s->now_us;
	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = o;
	order_begins(s, o);
	order_send_leg(s, o, &p);
	return o;
}
