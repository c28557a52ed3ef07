#include "worker/engine/bot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slots kept free for the close of an order that filled in many pieces. */
#define LEG_SLOTS_KEPT 6
#define RETRY_DOUBLINGS 5
#define LIQUIDATION_PREFIX "liquidation-"

static void order_progress(struct bot *b, struct order *o, int64_t now_us);

static enum side opposite(enum side s)
{
	return s == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

static void report_order(struct bot *b, struct order *o)
{
	const struct reporter *r = engine_reporter(b->engine);

	o->updated_us = engine_now(b->engine);
	b->dirty = true;
	if (r->order)
		r->order(r->ctx, o);
}

static void report_leg(struct bot *b, const struct order *o, const struct leg *l)
{
	const struct reporter *r = engine_reporter(b->engine);

	if (r->leg)
		r->leg(r->ctx, o, l);
}

static void notice(struct bot *b, const char *correlation_id, const char *text)
{
	const struct reporter *r = engine_reporter(b->engine);

	if (r->notice)
		r->notice(r->ctx, b->id, correlation_id, text);
}

/* ---- legs ---- */

static bool leg_live(const struct leg *l)
{
	return !leg_done(l);
}

static struct leg *live_leg(struct order *o, enum leg_kind kind)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind == kind && leg_live(&o->legs[i]))
			return &o->legs[i];
	return NULL;
}

static bool any_live_leg(const struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (leg_live(&o->legs[i]))
			return true;
	return false;
}

/* Base that live legs of a kind still wait to trade. */
static struct qty waiting(const struct order *o, enum leg_kind kind)
{
	struct qty sum = { 0 }, left;

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (l->kind != kind || !leg_live(l))
			continue;
		ASSERT(qty_sub(l->quantity, l->filled, &left) == 0);
		ASSERT(qty_add(sum, left, &sum) == 0);
	}
	return sum;
}

/* A free slot; a done leg that the database has already makes room. */
static struct leg *leg_slot(struct order *o)
{
	if (o->legs_n < ORDER_LEGS_MAX)
		return &o->legs[o->legs_n++];
	for (size_t i = 0; i < o->legs_n; i++) {
		if (leg_done(&o->legs[i])) {
			memmove(&o->legs[i], &o->legs[i + 1],
				(o->legs_n - i - 1) * sizeof(o->legs[0]));
			return &o->legs[o->legs_n - 1];
		}
	}
	ASSERT(!"an order has more live legs than slots");
	return NULL;
}

struct leg_plan {
	enum leg_kind kind;
	enum leg_type type;
	enum side side;
	bool reduce_only;
	struct price price, stop_price;
	struct qty quantity;
};

static void leg_end(struct leg *l, enum leg_state state, const char *reason, int64_t now_us)
{
	l->state = state;
	l->done_us = now_us;
	snprintf(l->reject_reason, sizeof(l->reject_reason), "%s", reason);
}

/* Plan a leg, report it, hand it to the venue. False: the venue would not even take it in. */
static bool leg_send(struct bot *b, struct order *o, const struct leg_plan *p, int64_t now_us)
{
	struct leg *l = leg_slot(o);
	struct venue *v = engine_venue(b->engine);
	struct venue_order vo;
	struct err e = { 0 };
	bool sent;

	memset(l, 0, sizeof(*l));
	l->id = engine_take_leg_id(b->engine);
	l->kind = p->kind;
	l->n = ++o->leg_count[leg_kind_index(p->kind)];
	l->side = p->side;
	l->type = p->type;
	l->reduce_only = p->reduce_only;
	l->price = p->price;
	l->stop_price = p->stop_price;
	l->quantity = p->quantity;
	l->state = LEG_PLANNED;
	l->requested_us = now_us;
	snprintf(l->client_order_id, sizeof(l->client_order_id), "tb1-%lld-%lld-%c-%d",
		 (long long)b->id, (long long)o->id, (char)p->kind, l->n);
	snprintf(l->correlation_id, sizeof(l->correlation_id), "%s",
		 o->close_correlation_id[0] ? o->close_correlation_id : o->correlation_id);

	memset(&vo, 0, sizeof(vo));
	memcpy(vo.client_order_id, l->client_order_id, sizeof(vo.client_order_id));
	memcpy(vo.symbol, o->symbol, sizeof(vo.symbol));
	vo.bot_id = b->id;
	vo.side = l->side;
	vo.type = l->type;
	vo.reduce_only = l->reduce_only;
	vo.price = l->price;
	vo.stop_price = l->stop_price;
	vo.quantity = l->quantity;
	sent = v->ops->place(v, &vo, now_us, &e) == 0;
	if (!sent)
		leg_end(l, LEG_REJECTED, e.msg, now_us);
	report_leg(b, o, l);
	return sent;
}

static void leg_cancel(struct bot *b, struct order *o, struct leg *l, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct err e = { 0 };

	if (leg_done(l) || l->cancel_requested)
		return;
	if (v->ops->cancel(v, b->id, o->symbol, l->client_order_id, now_us, &e)) {
		notice(b, l->correlation_id, e.msg);
		return;
	}
	l->cancel_requested = true;
	report_leg(b, o, l);
}

/* ---- the end of an order ---- */

/* What may be sold: whole steps, and enough for the venue to take it. */
static struct qty closable(const struct bot *b, const struct order *o, struct price at)
{
	const struct symbol_info *info = &b->market->info;
	struct qty held = qty_to_step(order_position(o), info->step, ROUND_DOWN);
	struct qty none = { 0 };
	struct money notional;

	if (qty_sign(held) <= 0 || qty_cmp(held, info->min_qty) < 0)
		return none;
	if (!info->futures && price_sign(at) > 0 &&
	    (money_notional(at, held, ROUND_DOWN, &notional) ||
	     money_cmp(notional, info->min_notional) < 0))
		return none;
	return held;
}

/*
 * Long: pnl = exits - (entries - cost of dust) - quote fees; coins paid as fees
 * are part of what the entries bought, so their loss is inside already.
 * Short: the signs of entries and exits change. gross = pnl + all fees.
 */
static void order_settle(struct order *o)
{
	struct money dust_cost = { 0 }, cost, pnl;

	if (qty_sign(o->filled) > 0)
		ASSERT(money_share(o->entry_notional, o->dust, o->filled, ROUND_NEAREST,
				   &dust_cost) == 0);
	ASSERT(money_sub(o->entry_notional, dust_cost, &cost) == 0);
	if (o->side == SIDE_BUY)
		ASSERT(money_sub(o->exit_notional, cost, &pnl) == 0);
	else
		ASSERT(money_sub(cost, o->exit_notional, &pnl) == 0);
	ASSERT(money_sub(pnl, o->quote_fees, &o->pnl) == 0);
	ASSERT(money_add(pnl, o->base_fees_value, &o->gross) == 0);
}

static void count_result(struct bot *b, const struct order *o, int64_t now_us)
{
	const struct risk_limits *limits = engine_limits(b->engine);
	const struct reporter *r = engine_reporter(b->engine);

	if (qty_sign(o->filled) <= 0)
		return;
	b->loss_streak = money_sign(o->pnl) < 0 ? b->loss_streak + 1 : 0;
	if (limits->cooldown_after_losses && b->loss_streak >= limits->cooldown_after_losses)
		b->cooldown_until_us = now_us + limits->cooldown_s * INT64_C(1000000);
	stats_add(&b->stats, o, now_us);
	if (r->stats)
		r->stats(r->ctx, &b->stats);
}

static void forget(struct bot *b, struct order *o)
{
	for (size_t i = 0; i < b->orders_n; i++) {
		if (b->orders[i] == o) {
			memmove(&b->orders[i], &b->orders[i + 1],
				(b->orders_n - i - 1) * sizeof(b->orders[0]));
			b->orders_n--;
			break;
		}
	}
	engine_count_open(b->engine, -1);
	free(o);
}

static void order_finish(struct bot *b, struct order *o, int64_t now_us)
{
	o->phase = PHASE_DONE;
	o->status = ORDER_CLOSED;
	o->closed_us = now_us;
	o->retry_us = 0;
	o->dust = order_position(o);
	order_settle(o);
	report_order(b, o);
	count_result(b, o, now_us);
	forget(b, o);
	if (b->emergency == EMERGENCY_FLATTENING && b->orders_n == 0)
		bot_set_status(b, EVENT_EMERGENCY_STOP, "flat", "worker", "", now_us);
}

/* ---- protection and close ---- */

static bool may_plan(const struct order *o, bool entry_live)
{
	size_t live = 0;

	for (size_t i = 0; i < o->legs_n; i++)
		live += leg_live(&o->legs[i]);
	return !entry_live || live + LEG_SLOTS_KEPT < ORDER_LEGS_MAX;
}

/* Cover what has been filled and no live leg of this kind covers yet. */
static void cover(struct bot *b, struct order *o, struct leg_plan *p, bool entry_live,
		  int64_t now_us)
{
	const struct symbol_info *info = &b->market->info;
	struct qty open;
	struct money notional;

	if (qty_sub(order_position(o), waiting(o, p->kind), &open))
		return;
	p->quantity = qty_to_step(open, info->step, ROUND_DOWN);
	if (qty_sign(p->quantity) <= 0 || qty_cmp(p->quantity, info->min_qty) < 0)
		return;
	if (!info->futures && (money_notional(o->stop_loss, p->quantity, ROUND_DOWN, &notional) ||
			       money_cmp(notional, info->min_notional) < 0))
		return;
	if (!may_plan(o, entry_live) || now_us < o->retry_us)
		return;
	if (!leg_send(b, o, p, now_us))
		o->retry_us = now_us + CLOSE_RETRY_US;
}

static void order_protect(struct bot *b, struct order *o, bool entry_live, int64_t now_us)
{
	bool rests = engine_venue(b->engine)->ops->resting_stop;
	bool futures = b->market->info.futures;
	struct leg_plan p = {
		.kind = LEG_TAKE_PROFIT,
		.type = rests && !futures ? TYPE_OCO : TYPE_LIMIT,
		.side = opposite(o->side),
		.reduce_only = futures,
		.price = o->take_profit,
	};

	if (p.type == TYPE_OCO)
		p.stop_price = o->stop_loss;
	cover(b, o, &p, entry_live, now_us);
	if (rests && futures) {
		p.kind = LEG_STOP;
		p.type = TYPE_STOP_MARKET;
		p.price = (struct price){ 0 };
		p.stop_price = o->stop_loss;
		cover(b, o, &p, entry_live, now_us);
	}
}

static void close_failed(struct bot *b, struct order *o, const struct leg *l, int64_t now_us)
{
	int doublings = o->retries < RETRY_DOUBLINGS ? o->retries : RETRY_DOUBLINGS;
	char text[256];

	o->retries++;
	o->retry_us = now_us + (CLOSE_RETRY_US << doublings);
	snprintf(text, sizeof(text), "order %lld: closing failed (%s), try %d follows in %lld ms",
		 (long long)o->id, l->reject_reason[0] ? l->reject_reason : "ended unfilled",
		 o->retries + 1, (long long)((o->retry_us - now_us) / 1000));
	notice(b, l->correlation_id, text);
}

static void close_progress(struct bot *b, struct order *o, int64_t now_us)
{
	struct leg_plan p = {
		.kind = LEG_CLOSE,
		.type = TYPE_MARKET,
		.side = opposite(o->side),
		.reduce_only = b->market->info.futures,
	};

	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].kind != LEG_CLOSE)
			leg_cancel(b, o, &o->legs[i], now_us);
	if (any_live_leg(o))
		return;
	p.quantity = closable(b, o, b->market->last);
	if (qty_sign(p.quantity) <= 0) {
		order_finish(b, o, now_us);
		return;
	}
	if (now_us < o->retry_us)
		return;
	o->retry_us = 0;
	if (!leg_send(b, o, &p, now_us))
		close_failed(b, o, &o->legs[o->legs_n - 1], now_us);
	report_order(b, o);
}

/* Something changed: do what the order needs next. May free o. */
static void order_progress(struct bot *b, struct order *o, int64_t now_us)
{
	bool entry_live = live_leg(o, LEG_ENTRY) != NULL;

	if (o->phase == PHASE_CLOSING) {
		close_progress(b, o, now_us);
		return;
	}
	if (!entry_live && qty_sign(closable(b, o, b->market->last)) <= 0) {
		o->phase = PHASE_CLOSING;	/* gone, or too little to sell */
		close_progress(b, o, now_us);
		return;
	}
	if (!entry_live && o->phase == PHASE_ENTERING) {
		o->phase = PHASE_HOLDING;
		report_order(b, o);
	}
	if (qty_sign(order_position(o)) > 0)
		order_protect(b, o, entry_live, now_us);
}

void bot_close(struct bot *b, struct order *o, enum close_reason reason,
	       const char *correlation_id, int64_t now_us)
{
	if (o->phase == PHASE_CLOSING && reason != CLOSE_EMERGENCY)
		return;
	if (o->phase == PHASE_CLOSING && o->reason == CLOSE_EMERGENCY)
		return;
	o->phase = PHASE_CLOSING;
	o->reason = reason;
	o->retry_us = 0;
	snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s", correlation_id);
	report_order(b, o);
	order_progress(b, o, now_us);
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
		struct leg *l = live_leg(o, LEG_ENTRY);

		if (!l || o->phase == PHASE_CLOSING)
			continue;
		o->reason = CLOSE_ENTRY_CANCELLED;
		snprintf(o->close_correlation_id, sizeof(o->close_correlation_id), "%s",
			 correlation_id);
		leg_cancel(b, o, l, now_us);
		report_order(b, o);
	}
	bot_refresh_due(b);
}

void bot_enter(struct bot *b, const struct signal *s, struct price limit, struct qty quantity,
	       const char *correlation_id, int64_t now_us, int64_t *order_id)
{
	const struct symbol_info *info = &b->market->info;
	struct leg_plan p = {
		.kind = LEG_ENTRY, .type = TYPE_LIMIT_MAKER, .side = s->side, .price = limit,
		.quantity = quantity,
	};
	bool is_long = s->side == SIDE_BUY;
	int64_t up, down;
	struct order *o = xcalloc(1, sizeof(*o));

	ASSERT(rate_from_double(s->profit_target, &up) == 0);
	ASSERT(rate_from_double(s->stop_loss, &down) == 0);
	o->id = engine_take_order_id(b->engine);
	o->bot_id = b->id;
	memcpy(o->symbol, info->symbol, sizeof(o->symbol));
	o->side = s->side;
	o->status = ORDER_PENDING;
	o->phase = PHASE_ENTERING;
	o->limit_price = limit;
	o->quantity = quantity;
	ASSERT(price_scale(limit, RATE_ONE + (is_long ? up : -up), ROUND_NEAREST,
			   &o->take_profit) == 0);
	ASSERT(price_scale(limit, RATE_ONE - (is_long ? down : -down), ROUND_NEAREST,
			   &o->stop_loss) == 0);
	o->take_profit = price_to_tick(o->take_profit, info->tick, is_long ? ROUND_UP : ROUND_DOWN);
	o->stop_loss = price_to_tick(o->stop_loss, info->tick, is_long ? ROUND_UP : ROUND_DOWN);
	o->confidence = s->confidence;
	memcpy(o->strategy, b->config.strategy, sizeof(o->strategy));
	o->model_id = b->has_model ? b->model.model_id : 0;
	o->config_version = b->config.version;
	o->holding_us = b->config.holding_time * INT64_C(1000000);
	o->maker_timeout_us = b->config.maker_order_timeout * INT64_C(1000000);
	snprintf(o->correlation_id, sizeof(o->correlation_id), "%s", correlation_id);
	o->created_us = now_us;
	*order_id = o->id;

	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = o;
	b->entries_us[b->entries_n++ % ENTRY_RING] = now_us;
	engine_count_open(b->engine, 1);
	report_order(b, o);
	if (!leg_send(b, o, &p, now_us)) {
		o->reason = CLOSE_ENTRY_REJECTED;
		order_progress(b, o, now_us);
	}
	bot_refresh_due(b);
}

/* ---- what the venue says ---- */

static void book_fee(struct bot *b, struct order *o, const struct venue_update *u)
{
	const struct symbol_info *info = &b->market->info;
	struct money value;

	if (strcmp(u->fee_asset, info->base) == 0 && !info->futures) {
		struct qty fee = qty_of_units(u->fee_e8);

		ASSERT(qty_add(o->base_fees, fee, &o->base_fees) == 0);
		ASSERT(money_notional(u->price, fee, ROUND_NEAREST, &value) == 0);
		ASSERT(money_add(o->base_fees_value, value, &o->base_fees_value) == 0);
	} else if (strcmp(u->fee_asset, info->quote) == 0) {
		value = money_of_units(u->fee_e8);
		ASSERT(money_add(o->quote_fees, value, &o->quote_fees) == 0);
	} else if (u->fee_e8) {
		notice(b, o->correlation_id,
		       "a fee was paid in a third asset: the trade's PnL does not contain it");
	}
}

static void book_fill(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	const struct reporter *r = engine_reporter(b->engine);
	struct money notional;
	bool entry = l->kind == LEG_ENTRY;
	struct qty *sum = entry ? &o->filled : &o->exited;
	struct money *amount = entry ? &o->entry_notional : &o->exit_notional;
	struct fill_report f;

	ASSERT(qty_add(l->filled, u->quantity, &l->filled) == 0);
	ASSERT(qty_add(*sum, u->quantity, sum) == 0);
	ASSERT(money_notional(u->price, u->quantity, ROUND_NEAREST, &notional) == 0);
	ASSERT(money_add(*amount, notional, amount) == 0);
	book_fee(b, o, u);
	l->state = qty_cmp(l->filled, l->quantity) >= 0 ? LEG_FILLED : LEG_PARTIALLY_FILLED;
	if (l->state == LEG_FILLED)
		l->done_us = u->at_us;
	if (!l->acked_us)
		l->acked_us = u->at_us;
	if (entry && o->status == ORDER_PENDING) {
		o->status = ORDER_ACTIVE;
		o->opened_us = u->at_us;
	}
	if (!entry && o->phase != PHASE_CLOSING)
		o->reason = u->stop_triggered || l->kind == LEG_STOP ? CLOSE_STOP_LOSS
								      : CLOSE_TAKE_PROFIT;
	report_leg(b, o, l);
	f = (struct fill_report){
		.id = engine_take_fill_id(b->engine), .order = o, .leg = l,
		.trade_id = u->trade_id, .price = u->price, .quantity = u->quantity,
		.fee_e8 = u->fee_e8, .fee_asset = u->fee_asset, .maker = u->maker, .at_us = u->at_us,
	};
	if (r->fill)
		r->fill(r->ctx, &f);
	report_order(b, o);
}

static void on_fill(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	char text[160];
	struct qty known;

	if (qty_cmp(u->cumulative, l->filled) <= 0)
		return;			/* said before */
	ASSERT(qty_add(l->filled, u->quantity, &known) == 0);
	if (qty_cmp(known, u->cumulative) != 0) {
		snprintf(text, sizeof(text), "%s: fills are missing before trade %lld",
			 l->client_order_id, (long long)u->trade_id);
		bot_fail(b, u->at_us, text);
	}
	book_fill(b, o, l, u);
	order_progress(b, o, u->at_us);
}

static void on_end(struct bot *b, struct order *o, struct leg *l, enum leg_state state,
		   const struct venue_update *u)
{
	if (leg_done(l))
		return;
	leg_end(l, state, u->reason, u->at_us);
	report_leg(b, o, l);
	if (l->kind == LEG_ENTRY && state == LEG_REJECTED && o->reason == CLOSE_NONE)
		o->reason = CLOSE_ENTRY_REJECTED;
	if (l->kind == LEG_ENTRY && state == LEG_EXPIRED && o->reason == CLOSE_NONE)
		o->reason = CLOSE_ENTRY_CANCELLED;
	if (l->kind == LEG_CLOSE)
		close_failed(b, o, l, u->at_us);
	else if ((state == LEG_REJECTED || state == LEG_EXPIRED) && l->kind != LEG_ENTRY)
		o->retry_us = u->at_us + CLOSE_RETRY_US;	/* protect again, but not in a rush */
	order_progress(b, o, u->at_us);
}

static struct order *find_order(struct bot *b, const char *client_order_id, struct leg **leg)
{
	for (size_t i = 0; i < b->orders_n; i++) {
		*leg = order_leg(b->orders[i], client_order_id);
		if (*leg)
			return b->orders[i];
	}
	return NULL;
}

/* The venue closed the whole account: share its execution among what was open. */
static void on_liquidation(struct bot *b, const struct venue_update *u)
{
	struct qty left = u->quantity;
	int64_t fee = u->fee_e8;	/* booked with the first order */

	for (size_t i = b->orders_n; i-- > 0 && qty_sign(left) > 0;) {
		struct order *o = b->orders[i];
		struct venue_update part = *u;
		struct leg *l;

		part.quantity = qty_min(left, order_position(o));
		if (qty_sign(part.quantity) <= 0)
			continue;
		part.fee_e8 = fee;
		fee = 0;
		l = leg_slot(o);
		memset(l, 0, sizeof(*l));
		l->id = engine_take_leg_id(b->engine);
		l->kind = LEG_CLOSE;
		l->n = ++o->leg_count[leg_kind_index(LEG_CLOSE)];
		l->side = opposite(o->side);
		l->type = TYPE_MARKET;
		l->reduce_only = true;
		l->quantity = part.quantity;
		l->requested_us = u->at_us;
		snprintf(l->client_order_id, sizeof(l->client_order_id), "tb1-%lld-%lld-%c-%d",
			 (long long)b->id, (long long)o->id, (char)LEG_CLOSE, l->n);
		o->phase = PHASE_CLOSING;
		o->reason = CLOSE_LIQUIDATION;
		book_fill(b, o, l, &part);
		ASSERT(qty_sub(left, part.quantity, &left) == 0);
		order_progress(b, o, u->at_us);
	}
	bot_fail(b, u->at_us, "the venue liquidated the account's position");
}

void bot_on_update(struct bot *b, const struct venue_update *u)
{
	struct leg *l = NULL;
	struct order *o = find_order(b, u->client_order_id, &l);

	if (!o) {
		if (strncmp(u->client_order_id, LIQUIDATION_PREFIX,
			    strlen(LIQUIDATION_PREFIX)) == 0 && u->kind == UPDATE_FILL)
			on_liquidation(b, u);
		return;			/* an order that is closed already */
	}
	switch (u->kind) {
	case UPDATE_ACCEPTED:
		if (l->state != LEG_PLANNED)
			break;
		l->state = LEG_NEW;
		l->acked_us = u->at_us;
		memcpy(l->exchange_id, u->exchange_id, sizeof(l->exchange_id));
		report_leg(b, o, l);
		break;
	case UPDATE_FILL:
		on_fill(b, o, l, u);
		break;
	case UPDATE_CANCELLED:
		on_end(b, o, l, LEG_CANCELLED, u);
		break;
	case UPDATE_REJECTED:
		on_end(b, o, l, LEG_REJECTED, u);
		break;
	case UPDATE_EXPIRED:
		on_end(b, o, l, LEG_EXPIRED, u);
		break;
	case UPDATE_CANCEL_REJECTED:
		l->cancel_requested = false;
		report_leg(b, o, l);
		if (o->phase == PHASE_CLOSING)
			order_progress(b, o, u->at_us);
		break;
	}
	bot_refresh_due(b);
}

/* ---- time and price ---- */

static bool stop_crossed(const struct order *o, struct price last)
{
	int c = price_cmp(last, o->stop_loss);

	return o->side == SIDE_BUY ? c <= 0 : c >= 0;
}

/* Does the venue hold a live stop for this order? */
static bool stop_rests(const struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (leg_live(&o->legs[i]) && price_sign(o->legs[i].stop_price) > 0)
			return true;
	return false;
}

void bot_watch_stops(struct bot *b, struct price last, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];

		if (o->phase == PHASE_CLOSING || o->stop_crossed_us || !stop_crossed(o, last) ||
		    qty_sign(order_position(o)) <= 0)
			continue;
		if (stop_rests(o)) {
			o->stop_crossed_us = now_us;
			report_order(b, o);
		} else {
			bot_close(b, o, CLOSE_STOP_LOSS, "", now_us);
		}
		bot_refresh_due(b);
	}
}

static bool holding_runs(const struct bot *b, const struct order *o)
{
	return o->opened_us && o->phase != PHASE_CLOSING && b->status != BOT_STOPPED;
}

static bool maker_waits(struct order *o)
{
	const struct leg *l = live_leg(o, LEG_ENTRY);

	return l && !l->cancel_requested && o->phase == PHASE_ENTERING;
}

static int64_t order_due(const struct bot *b, struct order *o)
{
	int64_t due = NEVER;

#define AT(time) (due = (time) < due ? (time) : due)
	if (maker_waits(o))
		AT(o->created_us + o->maker_timeout_us);
	if (holding_runs(b, o))
		AT(o->opened_us + o->holding_us);
	if (o->stop_crossed_us && o->phase != PHASE_CLOSING)
		AT(o->stop_crossed_us + STOP_GRACE_US);
	if (o->retry_us)
		AT(o->retry_us);
#undef AT
	return due;
}

int64_t bot_orders_due(const struct bot *b)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < b->orders_n; i++) {
		int64_t at = order_due(b, b->orders[i]);

		due = at < due ? at : due;
	}
	return due;
}

static void order_timer(struct bot *b, struct order *o, int64_t now_us)
{
	if (maker_waits(o) && now_us >= o->created_us + o->maker_timeout_us) {
		if (o->reason == CLOSE_NONE)
			o->reason = CLOSE_MAKER_TIMEOUT;
		leg_cancel(b, o, live_leg(o, LEG_ENTRY), now_us);
		report_order(b, o);
	}
	if (holding_runs(b, o) && now_us >= o->opened_us + o->holding_us) {
		bot_close(b, o, CLOSE_HOLDING_TIME, "", now_us);
		return;
	}
	if (o->stop_crossed_us && o->phase != PHASE_CLOSING &&
	    now_us >= o->stop_crossed_us + STOP_GRACE_US) {
		notice(b, o->correlation_id, "the resting stop did not act in time: closing at market");
		bot_close(b, o, CLOSE_STOP_LOSS, "", now_us);
		return;
	}
	if (o->retry_us && now_us >= o->retry_us) {
		o->retry_us = 0;
		report_order(b, o);
		order_progress(b, o, now_us);
	}
}

void bot_orders_timer(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;)
		order_timer(b, b->orders[i], now_us);
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
			report_leg(b, o, &o->legs[k]);
		}
		o->reason = CLOSE_RESET;
		order_finish(b, o, now_us);
	}
	bot_refresh_due(b);
	return n;
}

int64_t bot_positions(const struct bot *b)
{
	int64_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += b->orders[i]->status == ORDER_ACTIVE;
	return n;
}

void bot_reconcile(struct bot *b, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);

	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];
		struct leg *l;

		for (size_t k = 0; k < o->legs_n; k++) {
			struct venue_update u = { .at_us = now_us };
			struct err e = { 0 };

			l = &o->legs[k];
			if (leg_done(l))
				continue;
			if (v->ops->query(v, l->client_order_id, &u, &e) == 0) {
				u.at_us = now_us;
			} else {
				u.kind = UPDATE_REJECTED;
				snprintf(u.reason, sizeof(u.reason), "never reached the venue");
			}
			memcpy(u.client_order_id, l->client_order_id, sizeof(u.client_order_id));
			if (u.kind == UPDATE_ACCEPTED || u.kind == UPDATE_FILL)
				continue;	/* lives; a fill comes with its own update */
			bot_on_update(b, &u);
			break;		/* o may be gone; its other legs come with progress */
		}
	}
	bot_refresh_due(b);
}
