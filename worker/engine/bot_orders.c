#include "worker/engine/bot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After so many failed closes (15 s) the account is asked what there is to close. */
#define TRIES_BEFORE_ACCOUNT 4

/* ---- the end of an order ---- */

struct qty order_held(const struct bot *b, const struct order *o)
{
	return qty_to_step(order_position(o), b->market->info.step, ROUND_DOWN);
}

bool bot_takeable(const struct bot *b, struct qty q, struct price at)
{
	const struct symbol_info *info = &b->market->info;
	struct money notional;

	if (qty_sign(q) <= 0 || qty_cmp(q, info->min_qty) < 0)
		return false;
	return info->futures || price_sign(at) <= 0 ||
	       (money_notional(at, q, ROUND_DOWN, &notional) == 0 &&
		money_cmp(notional, info->min_notional) >= 0);
}

bool order_closable(const struct bot *b, const struct order *o)
{
	return bot_takeable(b, order_held(b, o), b->market->last);
}

/*
 * Long: pnl = exits - (entries + cost of dust taken - cost of dust left) - quote fees -
 * funding; coins paid as fees are part of what the entries bought, so their loss is inside
 * already. Dust keeps its cost from order to order: all results together are the account's.
 * Short: the signs of entries and exits change. gross = pnl + all costs. A loss that the
 * account could not pay is none of the trade: the market bore it (bad debt).
 */
static void order_settle(struct order *o)
{
	struct money cost, pnl;

	ASSERT(money_add(o->entry_notional, o->dust_taken_cost, &cost) == 0);
	ASSERT(money_sub(cost, o->dust_cost, &cost) == 0);
	if (o->side == SIDE_BUY)
		ASSERT(money_sub(o->exit_notional, cost, &pnl) == 0);
	else
		ASSERT(money_sub(cost, o->exit_notional, &pnl) == 0);
	ASSERT(money_add(pnl, o->bad_debt, &pnl) == 0);
	ASSERT(money_sub(pnl, o->quote_fees, &o->pnl) == 0);
	ASSERT(money_sub(o->pnl, o->funding, &o->pnl) == 0);
	ASSERT(money_add(pnl, o->base_fees_value, &o->gross) == 0);
}

static void count_result(struct bot *b, const struct order *o, int64_t now_us)
{
	const struct risk_limits *limits = engine_limits(b->engine);
	const struct reporter *r = engine_reporter(b->engine);
	struct day_stats trade;

	if (qty_sign(o->filled) <= 0)
		return;
	if (qty_sign(o->exited) > 0) /* what goes on with another trade is not lost */
		b->loss_streak = money_sign(o->pnl) < 0 ? b->loss_streak + 1 : 0;
	if (limits->cooldown_after_losses && b->loss_streak >= limits->cooldown_after_losses)
		b->cooldown_until_us = now_us + limits->cooldown_s * INT64_C(1000000);
	stats_of(o, now_us, &trade);
	stats_add(&b->stats, &trade);
	if (r->stats)
		r->stats(r->ctx, &b->stats, &trade);
}

static void forget(struct bot *b, struct order *o)
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
	free(o);
}

void order_finish_at(struct bot *b, struct order *o, struct money left_cost, int64_t now_us)
{
	if (o->phase != PHASE_REMAINDER)
		engine_count_open(b->engine, -1);
	order_cover_clock(b, o, now_us);
	o->phase = PHASE_DONE;
	o->status = ORDER_CLOSED;
	o->closed_us = now_us;
	o->retry_us = 0;
	o->dust = order_position(o);
	o->dust_cost = left_cost;
	if (!b->market->info.futures) {
		ASSERT(qty_add(b->dust, o->dust, &b->dust) == 0);
		ASSERT(money_add(b->dust_cost, o->dust_cost, &b->dust_cost) == 0);
		b->dirty = true;
	}
	order_settle(o);
	order_report(b, o);
	count_result(b, o, now_us);
	forget(b, o);
	bot_flat(b, now_us);
}

void order_finish(struct bot *b, struct order *o, int64_t now_us)
{
	order_finish_at(b, o, order_cost(o, order_position(o)), now_us);
}

/* ---- close ---- */

void order_close_failed(struct bot *b, struct order *o, const char *why, int64_t now_us)
{
	char text[256];

	order_retry_later(b, o, now_us);
	snprintf(text, sizeof(text), "order %lld: closing failed (%s), try %d follows in %lld ms",
		 (long long)o->id, why[0] ? why : "ended unfilled", o->retries + 1,
		 (long long)((o->retry_us - now_us) / 1000));
	bot_notice(b, o->close_correlation_id, text);
}

/* No more than the account has, on this order's side. */
static struct qty at_most_account(struct bot *b, const struct order *o, struct qty q)
{
	struct venue *v = engine_venue(b->engine);
	struct venue_balance balance;
	struct qty has;

	if (v->ops->balance(v, b->id, &balance, NULL))
		return q;
	has = o->side == SIDE_BUY ? balance.base : qty_neg(balance.base);
	if (qty_sign(has) < 0)
		has = (struct qty){ 0 };
	return qty_min(q, qty_to_step(has, b->market->info.step, ROUND_DOWN));
}

/* The account has not got what the order says it holds: somebody else took it. */
static void give_up(struct bot *b, struct order *o, int64_t now_us)
{
	char have[MONEY_TEXT_MAX], text[200];

	snprintf(text, sizeof(text), "order %lld holds %s that the account has not got; it was "
		 "closed without selling that, look at the account", (long long)o->id,
		 qty_text(order_position(o), have));
	bot_notice(b, o->close_correlation_id, text);
	order_finish(b, o, now_us);
	bot_fail(b, now_us, text);
}

/*
 * A close that can't happen (a silence, a halt) leaves target and stop where they are: what
 * rests acts by itself. False while the close has to wait for a book.
 */
static bool close_possible(struct bot *b, const struct order *o, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);

	if (!order_exit_live(o) ||
	    v->ops->tradable(v, &b->market->info, order_exit_side(o), now_us))
		return true;
	b->market->closes_wait = true;
	return false;
}

/* Cancel everything but a close under way. False: not now. */
static bool take_back(struct bot *b, struct order *o, int64_t now_us)
{
	struct leg *entry = order_live_leg(o, LEG_ENTRY);

	if (entry && !leg_cancel(b, o, entry, now_us))
		return false;
	if (!close_possible(b, o, now_us))
		return false;
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind != LEG_CLOSE && !leg_cancel(b, o, &o->legs[i], now_us))
			return false;
	return true;
}

/* First everything that rests is taken back, then what is held is sold. */
static void close_progress(struct bot *b, struct order *o, int64_t now_us)
{
	struct leg_plan p = {
		.kind = LEG_CLOSE,
		.type = TYPE_MARKET,
		.side = order_exit_side(o),
		.reduce_only = b->market->info.futures,
	};

	if (order_live_legs(o) == 0 && !order_closable(b, o)) {
		if (order_is_remainder(b, o))
			order_remain(b, o, now_us);
		else
			order_finish(b, o, now_us);
		return;
	}
	if (now_us < o->retry_us)
		return;
	if (!take_back(b, o, now_us) || order_live_legs(o) > 0)
		return;
	o->retry_us = 0;
	order_take_over(b, o, now_us);
	p.quantity = order_held(b, o);
	if (o->retries >= TRIES_BEFORE_ACCOUNT) {
		p.quantity = at_most_account(b, o, p.quantity);
		if (!bot_takeable(b, p.quantity, b->market->last)) {
			give_up(b, o, now_us);
			return;
		}
	}
	if (!leg_send(b, o, &p, now_us))
		order_close_failed(b, o, o->legs[o->legs_n - 1].reject_reason, now_us);
	order_report(b, o);
}

/* Nothing is held any more, or too little to sell and nothing rests that would. */
static bool order_over(const struct bot *b, const struct order *o)
{
	return qty_sign(order_held(b, o)) <= 0 || (!order_exit_live(o) && !order_closable(b, o));
}

static bool entry_unwanted(const struct order *o)
{
	return o->reason == CLOSE_MAKER_TIMEOUT || o->reason == CLOSE_ENTRY_CANCELLED ||
	       o->reason == CLOSE_STOP_LOSS;
}

void order_progress(struct bot *b, struct order *o, int64_t now_us)
{
	struct leg *entry = order_live_leg(o, LEG_ENTRY);

	order_cover_clock(b, o, now_us);
	if (o->phase == PHASE_REMAINDER) {
		order_try_remainder(b, o, now_us);
		return;
	}
	if (o->phase != PHASE_CLOSING && !entry && order_over(b, o))
		o->phase = PHASE_CLOSING;
	if (o->phase == PHASE_CLOSING) {
		close_progress(b, o, now_us);
		return;
	}
	if (!entry && o->phase == PHASE_ENTERING) {
		o->phase = PHASE_HOLDING;
		order_report(b, o);
	}
	if (entry && entry_unwanted(o) && now_us >= o->retry_us)
		(void)leg_cancel(b, o, entry, now_us);
	if (qty_sign(order_position(o)) > 0)
		order_protect(b, o, entry != NULL, now_us);
}

static void close_waits(struct bot *b, const struct order *o)
{
	char text[160];

	snprintf(text, sizeof(text), "order %lld: nothing can be %s now, the book is old or empty; "
		 "its target and stop stay until it can", (long long)o->id,
		 o->side == SIDE_BUY ? "sold" : "bought");
	bot_notice(b, o->close_correlation_id, text);
}

void bot_close(struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id, int64_t now_us)
{
	bool again = reason == CLOSE_EMERGENCY && o->reason == CLOSE_EMERGENCY;

	if (o->phase == PHASE_CLOSING && reason != CLOSE_EMERGENCY)
		return;
	if (again && !o->retry_us)
		return;
	if (o->phase == PHASE_REMAINDER && !order_wake(b, o, now_us))
		return;
	o->phase = PHASE_CLOSING;
	o->reason = reason;
	o->retry_us = 0;
	o->retries = 0;
	snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s", correlation_id);
	order_report(b, o);
	if (!close_possible(b, o, now_us))
		close_waits(b, o);
	order_progress(b, o, now_us);
}

void bot_try_closes(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;)
		if (b->orders[i]->phase == PHASE_CLOSING)
			order_progress(b, b->orders[i], now_us);
	bot_refresh_due(b);
}

void bot_close_all(struct bot *b, enum close_reason reason, const char *correlation_id,
		   int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;)
		bot_close(b, b->orders[i], reason, correlation_id, now_us);
	bot_refresh_due(b);
}

void bot_cancel_entries(struct bot *b, const char *correlation_id, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];
		struct leg *l = order_live_leg(o, LEG_ENTRY);

		if (!l || o->phase == PHASE_CLOSING)
			continue;
		o->reason = CLOSE_ENTRY_CANCELLED;
		snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s",
			 correlation_id);
		(void)leg_cancel(b, o, l, now_us);
		order_report(b, o);
	}
	bot_refresh_due(b);
}

int64_t bot_drop_orders(struct bot *b, int64_t now_us)
{
	int64_t n = (int64_t)b->orders_n;

	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];

		for (size_t k = 0; k < o->legs_n; k++) {
			if (leg_done(&o->legs[k]))
				continue;
			leg_end(&o->legs[k], LEG_CANCELLED, "account reset", now_us);
			leg_report(b, o, &o->legs[k]);
		}
		o->reason = CLOSE_RESET;
		order_finish(b, o, now_us);
	}
	bot_refresh_due(b);
	return n;
}

/* ---- entry ---- */

bool order_exits(const struct symbol_info *info, const struct signal *s, struct price limit,
		 struct price *target, struct price *stop)
{
	bool is_long = s->side == SIDE_BUY;
	enum rounding r = is_long ? ROUND_UP : ROUND_DOWN;
	int64_t up, down;

	if (rate_from_double(s->profit_target, &up) || rate_from_double(s->stop_loss, &down) ||
	    price_scale(limit, RATE_ONE + (is_long ? up : -up), ROUND_NEAREST, target) ||
	    price_scale(limit, RATE_ONE - (is_long ? down : -down), ROUND_NEAREST, stop))
		return false;
	*target = price_to_tick(*target, info->tick, r);
	*stop = price_to_tick(*stop, info->tick, r);
	if (price_cmp(*target, limit) == 0 &&
	    (is_long ? price_add : price_sub)(*target, info->tick, target))
		return false;
	if (price_cmp(*stop, limit) == 0 &&
	    (is_long ? price_sub : price_add)(*stop, info->tick, stop))
		return false;
	return price_sign(*target) > 0 && price_sign(*stop) > 0 &&
	       price_cmp(*target, limit) == (is_long ? 1 : -1) &&
	       price_cmp(*stop, limit) == (is_long ? -1 : 1);
}

void bot_entry_refused(struct bot *b, int64_t now_us)
{
	int64_t wait_us = REFUSAL_US;

	for (int64_t i = 0; i < b->refusals && wait_us < REFUSAL_MOST_US; i++)
		wait_us *= 2;
	b->refusals++;
	b->refused_until_us = now_us + (wait_us < REFUSAL_MOST_US ? wait_us : REFUSAL_MOST_US);
	b->dirty = true;
}

void bot_entry_taken(struct bot *b)
{
	if (!b->refusals)
		return;
	b->refusals = b->refused_until_us = 0;
	b->dirty = true;
}

static struct order *order_new(struct bot *b, const struct signal *s, const struct entry_plan *p,
			       int64_t now_us)
{
	const struct symbol_info *info = &b->market->info;
	struct order *o = xcalloc(1, sizeof(*o));

	o->id = engine_take_order_id(b->engine);
	o->bot_id = b->id;
	memcpy(o->symbol, info->symbol, sizeof(o->symbol));
	o->side = s->side;
	o->status = ORDER_PENDING;
	o->phase = PHASE_ENTERING;
	o->limit_price = p->limit;
	o->take_profit = p->target;
	o->stop_loss = p->stop;
	o->quantity = p->quantity;
	o->confidence = s->confidence;
	memcpy(o->strategy, b->config.strategy, sizeof(o->strategy));
	o->model_id = b->has_model ? b->model.model_id : 0;
	o->config_version = b->config.version;
	o->holding_us = b->config.holding_time * INT64_C(1000000);
	o->maker_timeout_us = b->config.maker_order_timeout * INT64_C(1000000);
	o->created_us = now_us;
	return o;
}

void bot_enter(struct bot *b, const struct signal *s, const struct entry_plan *plan,
	       const char *correlation_id, int64_t now_us, int64_t *order_id)
{
	struct order *o = order_new(b, s, plan, now_us);
	struct leg_plan p = {
		.kind = LEG_ENTRY, .type = TYPE_LIMIT_MAKER, .side = s->side, .price = plan->limit,
		.quantity = plan->quantity,
	};

	snprintf(o->correlation_id, sizeof(o->correlation_id), "%s", correlation_id);
	*order_id = o->id;
	b->last_entry_us = now_us;
	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = o;
	engine_count_open(b->engine, 1);
	order_report(b, o);
	if (!leg_send(b, o, &p, now_us)) {
		o->reason = CLOSE_ENTRY_REJECTED;
		bot_entry_refused(b, now_us);
		order_progress(b, o, now_us);
	}
	bot_refresh_due(b);
}
