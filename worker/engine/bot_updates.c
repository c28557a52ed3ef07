#include "worker/engine/bot.h"

#include <stdio.h>
#include <string.h>

#define LIQUIDATION_ORDER "liquidation-"
#define LIQUIDATION_REASON "LIQUIDATION:"

/* ---- fills ---- */

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
		bot_notice(b, o->correlation_id,
			   "a fee was paid in a third asset: the trade's PnL does not contain it");
	}
}

/* A late fill of a leg that is over does not bring it back to life. */
static void fill_leg(struct leg *l, const struct venue_update *u)
{
	ASSERT(qty_add(l->filled, u->quantity, &l->filled) == 0);
	l->stop_triggered = u->stop_triggered;
	if (qty_cmp(l->filled, l->quantity) >= 0)
		l->state = LEG_FILLED;
	else if (!leg_done(l))
		l->state = LEG_PARTIALLY_FILLED;
	if (l->state == LEG_FILLED && !l->done_us)
		l->done_us = u->at_us;
	if (!l->acked_us)
		l->acked_us = u->at_us;
	leg_await(l, u->at_us);
}

static void book_fill(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	const struct reporter *r = engine_reporter(b->engine);
	struct money notional;
	bool entry = l->kind == LEG_ENTRY;
	struct qty *sum = entry ? &o->filled : &o->exited;
	struct money *amount = entry ? &o->entry_notional : &o->exit_notional;
	struct fill_report f = {
		.id = engine_take_fill_id(b->engine), .order = o, .leg = l,
		.trade_id = u->trade_id, .price = u->price, .quantity = u->quantity,
		.fee_e8 = u->fee_e8, .fee_asset = u->fee_asset, .maker = u->maker,
		.at_us = u->at_us,
	};

	fill_leg(l, u);
	ASSERT(qty_add(*sum, u->quantity, sum) == 0);
	ASSERT(money_notional(u->price, u->quantity, ROUND_NEAREST, &notional) == 0);
	ASSERT(money_add(*amount, notional, amount) == 0);
	ASSERT(money_add(o->bad_debt, money_of_units(u->borne_e8), &o->bad_debt) == 0);
	book_fee(b, o, u);
	if (entry && o->status == ORDER_PENDING) {
		bot_entry_taken(b);
		o->status = ORDER_ACTIVE;
		o->opened_us = u->at_us;
		order_take_over(b, o, u->at_us);
	}
	if (!entry && o->phase != PHASE_CLOSING)
		o->reason = u->stop_triggered || l->kind == LEG_STOP ? CLOSE_STOP_LOSS
								      : CLOSE_TAKE_PROFIT;
	order_report(b, o);
	leg_report(b, o, l);
	if (r->fill)
		r->fill(r->ctx, &f);
}

/* An execution that no leg of this order asked for closes it, or a part of it. */
static void close_by(struct bot *b, struct order *o, const struct venue_update *part,
		     enum close_reason reason)
{
	struct leg_plan p = {
		.kind = LEG_CLOSE, .type = TYPE_MARKET, .reduce_only = true,
		.side = o->side == SIDE_BUY ? SIDE_SELL : SIDE_BUY, .quantity = part->quantity,
	};
	struct leg *l = leg_plan(b, o, &p, part->at_us);

	if (o->phase != PHASE_CLOSING || reason == CLOSE_LIQUIDATION)
		o->reason = reason;
	if (o->phase == PHASE_REMAINDER)
		engine_count_open(b->engine, 1);
	o->phase = PHASE_CLOSING;
	/* A liquidation takes all, in several fills: nothing is sent against it. */
	o->retry_us = reason == CLOSE_LIQUIDATION ? part->at_us + RETRY_US : 0;
	book_fill(b, o, l, part);
	order_progress(b, o, part->at_us);
}

/* Part of an amount, by size; the rest of it stays for the rest. */
static int64_t cut_amount(int64_t *rest_e8, struct qty part, struct qty whole)
{
	struct money m;

	ASSERT(money_share(money_of_units(*rest_e8), part, whole, ROUND_DOWN, &m) == 0);
	*rest_e8 -= money_units(m);
	return money_units(m);
}

/*
 * Cut a part off an execution, with its share of fee and bad debt. The first part keeps the
 * venue's number of the trade; those of the others are ours, negative: a number is one fill.
 */
static struct venue_update cut(const struct bot *b, struct venue_update *rest, struct qty q)
{
	struct venue_update part = *rest;

	part.quantity = q;
	part.fee_e8 = cut_amount(&rest->fee_e8, q, rest->quantity);
	part.borne_e8 = cut_amount(&rest->borne_e8, q, rest->quantity);
	if (part.trade_id == 0)
		part.trade_id = -engine_next_fill_id(b->engine);
	rest->trade_id = 0;
	ASSERT(qty_sub(rest->quantity, q, &rest->quantity) == 0);
	return part;
}

/* Share an execution among the open orders, newest first; returns what is left of it. */
static struct qty share(struct bot *b, const struct venue_update *u, enum close_reason reason)
{
	struct venue_update rest = *u;

	for (size_t i = b->orders_n; i-- > 0 && qty_sign(rest.quantity) > 0;) {
		struct qty q = qty_min(rest.quantity, order_position(b->orders[i]));
		struct venue_update part;

		if (qty_sign(q) <= 0)
			continue;
		part = cut(b, &rest, q);
		close_by(b, b->orders[i], &part, reason);
	}
	return rest.quantity;
}

/*
 * A futures account has one position for all orders of a bot. When target and stop
 * of one order both fill before we hear of it, the second takes what others hold.
 */
static void book_exit(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	struct venue_update mine, rest = *u;
	enum close_reason reason = l->kind == LEG_CLOSE ? o->reason :
		u->stop_triggered || l->kind == LEG_STOP ? CLOSE_STOP_LOSS : CLOSE_TAKE_PROFIT;
	struct qty own = qty_min(u->quantity, order_position(o));
	char text[160];

	if (qty_sign(own) > 0) {
		mine = cut(b, &rest, own);
		book_fill(b, o, l, &mine);
	}
	if (qty_sign(rest.quantity) <= 0)
		return;
	fill_leg(l, &rest);
	leg_report(b, o, l);
	snprintf(text, sizeof(text), "%s traded more than its order held: it closes other orders",
		 l->client_order_id);
	bot_notice(b, o->correlation_id, text);
	if (qty_sign(share(b, &rest, reason)) > 0)
		bot_fail(b, u->at_us, "the venue traded more than the bot's orders hold; look at "
			 "the account");
}

static void book(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	if (l->kind == LEG_ENTRY)
		book_fill(b, o, l, u);
	else
		book_exit(b, o, l, u);
}

/*
 * The venue counts more than the fills we heard of: what is missing is booked at
 * the best price known, so that the position is right. The number of such a fill
 * is ours, negative; its fee is not known.
 */
static bool adopt_missing(struct bot *b, struct order *o, struct leg *l,
			  const struct venue_update *u, struct qty upto)
{
	struct venue_update part = *u;
	char have[MONEY_TEXT_MAX], text[200];

	if (qty_cmp(upto, l->filled) <= 0)
		return false;
	ASSERT(qty_sub(upto, l->filled, &part.quantity) == 0);
	if (price_sign(part.price) <= 0)
		part.price = price_sign(l->price) > 0 ? l->price : b->market->last;
	part.trade_id = -engine_next_fill_id(b->engine);
	part.fee_e8 = 0;
	snprintf(text, sizeof(text), "%s: the venue filled %s more than it told; booked at %s",
		 l->client_order_id, qty_text(part.quantity, have),
		 price_text(part.price, (char[MONEY_TEXT_MAX]){ 0 }));
	book(b, o, l, &part);
	bot_notice(b, o->correlation_id, text);
	return true;
}

static void on_fill(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	char text[160];
	struct qty before;

	if (qty_cmp(u->cumulative, l->filled) <= 0)
		return; /* said before */
	ASSERT(qty_sub(u->cumulative, u->quantity, &before) == 0);
	if (adopt_missing(b, o, l, u, before)) {
		snprintf(text, sizeof(text), "%s: fills are missing before trade %lld",
			 l->client_order_id, (long long)u->trade_id);
		bot_fail(b, u->at_us, text);
	}
	if (qty_cmp(u->cumulative, l->filled) > 0)
		book(b, o, l, u);
	order_progress(b, o, u->at_us);
}

/* ---- ends ---- */

static bool crossed_target(const struct order *o, struct price last)
{
	int c = price_cmp(last, o->take_profit);

	return o->side == SIDE_BUY ? c >= 0 : c <= 0;
}

/* A protective leg that the venue did not keep: it came too late, or waits for a new try. */
static void protection_lost(struct bot *b, struct order *o, const struct leg *l, int64_t now_us)
{
	struct price last = b->market->last;

	if (price_sign(last) > 0 && order_stop_crossed(o, last) && !order_stop_rests(b, o)) {
		bot_close(b, o, CLOSE_STOP_LOSS, "", now_us);
	} else if (price_sign(last) > 0 && l->kind == LEG_TAKE_PROFIT && crossed_target(o, last)) {
		bot_close(b, o, CLOSE_TAKE_PROFIT, "", now_us);
	} else {
		order_retry_later(b, o, now_us);
		order_progress(b, o, now_us);
	}
}

/* The fills of a liquidation follow at once; nothing is protected in between. */
static bool liquidating(struct bot *b, struct order *o, const struct venue_update *u)
{
	if (strncmp(u->reason, LIQUIDATION_REASON, strlen(LIQUIDATION_REASON)) != 0 ||
	    qty_sign(order_position(o)) <= 0)
		return false;
	o->phase = PHASE_CLOSING;
	o->reason = CLOSE_LIQUIDATION;
	o->retry_us = u->at_us + RETRY_US;
	order_report(b, o);
	return true;
}

static void on_end(struct bot *b, struct order *o, struct leg *l, enum leg_state state,
		   const struct venue_update *u)
{
	bool gone = state == LEG_REJECTED || state == LEG_EXPIRED;

	if (leg_done(l))
		return;
	leg_end(l, state, u->reason, u->at_us);
	leg_report(b, o, l);
	if (adopt_missing(b, o, l, u, u->cumulative))
		bot_fail(b, u->at_us, "the venue ended an order with fills that it had not told");
	if (l->kind == LEG_ENTRY && gone && o->reason == CLOSE_NONE)
		o->reason = state == LEG_REJECTED ? CLOSE_ENTRY_REJECTED : CLOSE_ENTRY_CANCELLED;
	if (l->kind == LEG_ENTRY && state == LEG_REJECTED)
		bot_entry_refused(b, u->at_us);
	if (state == LEG_EXPIRED && liquidating(b, o, u))
		return;
	if (l->kind == LEG_CLOSE && order_closable(b, o))
		order_close_failed(b, o, l->reject_reason, u->at_us);
	if (gone && l->kind != LEG_ENTRY && o->phase != PHASE_CLOSING &&
	    qty_sign(order_position(o)) > 0)
		protection_lost(b, o, l, u->at_us);
	else
		order_progress(b, o, u->at_us);
}

static void on_accepted(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	bool protects = l->kind == LEG_TAKE_PROFIT || l->kind == LEG_STOP;

	if (l->state != LEG_PLANNED && l->state != LEG_UNKNOWN)
		return;
	l->state = LEG_NEW;
	l->acked_us = u->at_us;
	leg_await(l, u->at_us);
	if (l->kind == LEG_ENTRY)
		bot_entry_taken(b);
	memcpy(l->exchange_id, u->exchange_id, sizeof(l->exchange_id));
	leg_report(b, o, l);
	if (!protects || o->phase == PHASE_CLOSING)
		return;
	if (o->retries) {
		o->retries = 0;
		order_report(b, o);
	}
	order_progress(b, o, u->at_us); /* a rest may have waited to be merged with it */
}

/* ---- asking the venue ---- */

/* The venue has it. */
static void take_in(struct bot *b, struct order *o, struct leg *l, const struct venue_update *u)
{
	if (adopt_missing(b, o, l, u, u->cumulative))
		order_progress(b, o, u->at_us);
	else if (u->exchange_id[0]) /* else it is still on its way */
		on_accepted(b, o, l, u);
}

enum outcome leg_ask(struct bot *b, struct order *o, struct leg *l, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct venue_update u = { .at_us = now_us };
	struct err e = { 0 };
	int rc = v->ops->query(v, l->client_order_id, &u, &e);

	u.at_us = now_us;
	if (rc == ERR_NOT_FOUND) {
		u = (struct venue_update){ .kind = UPDATE_REJECTED, .at_us = now_us };
		snprintf(u.reason, sizeof(u.reason), "never reached the venue");
	} else if (rc) {
		if (!l->asks)
			bot_notice(b, l->correlation_id, e.msg);
		return OUTCOME_UNKNOWN;
	}
	switch (u.kind) {
	case UPDATE_ACCEPTED:
		take_in(b, o, l, &u);
		return OUTCOME_LIVES;
	case UPDATE_FILL:
		if (!adopt_missing(b, o, l, &u, u.cumulative))
			return leg_done(l) ? OUTCOME_ENDED : OUTCOME_LIVES;
		order_progress(b, o, now_us);
		return OUTCOME_ENDED;
	case UPDATE_CANCELLED:
	case UPDATE_REJECTED:
	case UPDATE_EXPIRED:
		on_end(b, o, l, u.kind == UPDATE_CANCELLED ? LEG_CANCELLED :
		       u.kind == UPDATE_REJECTED ? LEG_REJECTED : LEG_EXPIRED, &u);
		return OUTCOME_ENDED;
	case UPDATE_CANCEL_REJECTED:
	case UPDATE_FUNDING:
		break;
	}
	return OUTCOME_UNKNOWN;
}

struct order *bot_find_leg(struct bot *b, const char *client_order_id, struct leg **leg)
{
	for (size_t i = 0; i < b->orders_n; i++) {
		*leg = order_leg(b->orders[i], client_order_id);
		if (*leg)
			return b->orders[i];
	}
	return NULL;
}

/* It may have filled a moment ago, or be gone without our knowledge. */
static void on_cancel_rejected(struct bot *b, struct order *o, struct leg *l,
			       const struct venue_update *u)
{
	struct order *same;

	if (leg_done(l) || !l->cancel_requested)
		return;
	l->cancel_requested = false;
	leg_await(l, u->at_us);
	leg_report(b, o, l);
	if (leg_ask(b, o, l, u->at_us) == OUTCOME_ENDED)
		return;
	same = bot_find_leg(b, u->client_order_id, &l);
	if (same && !leg_done(l))
		order_retry_later(b, same, u->at_us);
}

/* ---- the venue acts on its own ---- */

static void on_liquidation(struct bot *b, const struct venue_update *u)
{
	(void)share(b, u, CLOSE_LIQUIDATION);
	bot_fail(b, u->at_us, "the venue liquidated the account's position");
}

/* Each open order pays for its share of the position; odd units go to the last. */
static void on_funding(struct bot *b, const struct venue_update *u)
{
	struct money left = money_of_units(u->fee_e8), part;
	struct qty rest = { 0 };

	if (strcmp(u->fee_asset, b->market->info.quote) != 0)
		return;
	for (size_t i = 0; i < b->orders_n; i++)
		ASSERT(qty_add(rest, order_position(b->orders[i]), &rest) == 0);
	for (size_t i = 0; i < b->orders_n && qty_sign(rest) > 0; i++) {
		struct order *o = b->orders[i];
		struct qty held = order_position(o);

		if (qty_sign(held) <= 0)
			continue;
		ASSERT(money_share(left, held, rest, ROUND_DOWN, &part) == 0);
		ASSERT(money_sub(left, part, &left) == 0);
		ASSERT(qty_sub(rest, held, &rest) == 0);
		ASSERT(money_add(o->funding, part, &o->funding) == 0);
		order_report(b, o);
	}
}

/*
 * A fill of an order that is over. What we have booked already is said again, and what
 * we never sent or forgot long ago is not ours: neither is news. More than we booked is.
 */
static void on_stray_fill(struct bot *b, const struct venue_update *u)
{
	size_t known = b->ended_n < ENDED_LEGS ? b->ended_n : ENDED_LEGS;
	char text[200];

	for (size_t i = 0; i < known; i++) {
		struct ended_leg *l = &b->ended[i];

		if (strcmp(l->client_order_id, u->client_order_id) != 0 ||
		    qty_cmp(u->cumulative, l->filled) <= 0)
			continue;
		l->filled = u->cumulative;
		snprintf(text, sizeof(text), "%s filled after its order was closed: the account "
			 "holds what no order of the bot accounts for; look at it",
			 l->client_order_id);
		bot_fail(b, u->at_us, text);
		return;
	}
}

void bot_on_update(struct bot *b, const struct venue_update *u)
{
	struct leg *l = NULL;
	struct order *o;

	if (u->kind == UPDATE_FUNDING) {
		on_funding(b, u);
		return;
	}
	o = bot_find_leg(b, u->client_order_id, &l);
	if (!o) {
		if (u->kind == UPDATE_FILL && strncmp(u->client_order_id, LIQUIDATION_ORDER,
						      strlen(LIQUIDATION_ORDER)) == 0)
			on_liquidation(b, u);
		else if (u->kind == UPDATE_FILL)
			on_stray_fill(b, u);
		bot_refresh_due(b);
		return;
	}
	switch (u->kind) {
	case UPDATE_ACCEPTED:
		on_accepted(b, o, l, u);
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
		on_cancel_rejected(b, o, l, u);
		break;
	case UPDATE_FUNDING:
		break;
	}
	bot_refresh_due(b);
}
