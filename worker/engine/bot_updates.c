#include "worker/engine/bot.h"
#include "worker/trade/exits.h"

#include <stdio.h>
#include <string.h>

#define LIQUIDATION_ORDER "liquidation-"
#define LIQUIDATION_REASON "LIQUIDATION:"

/* ---- fills ---- */

static void book_fill(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		      const struct venue_update *u)
{
	if (!order_book(s, o, l, u))
		return;
	bot_entry_taken(b);
	bot_take_over(s, b, o);
}

/* Books an execution that no leg of this order asked for: on a close leg made for it. */
static void close_by(const struct step *s, struct bot *b, struct order *o,
		     const struct venue_update *part, enum close_reason reason)
{
	struct leg_plan p = {
		.kind = LEG_CLOSE, .type = TYPE_MARKET, .reduce_only = true,
		.side = order_exit_side(o), .quantity = part->quantity,
	};
	struct leg *l = order_plan_leg(s, o, &p);

	if (o->phase != PHASE_CLOSING || reason == CLOSE_LIQUIDATION)
		o->reason = reason;
	/* A liquidation takes all in several fills, so no order is sent meanwhile. */
	o->retry_us = reason == CLOSE_LIQUIDATION ? part->at_us + RETRY_US : 0;
	(void)order_move(s, o, o->phase, ORDER_CLOSES, close_reason_name(o->reason));
	book_fill(s, b, o, l, part);
	bot_progress(s, b, o);
}

/* Takes a part's share, by quantity, out of an amount; *rest_e8 keeps the other. */
static int64_t cut_amount(int64_t *rest_e8, struct qty part, struct qty whole)
{
	struct money m;

	ASSERT(money_share(money_of_units(*rest_e8), part, whole, ROUND_DOWN, &m) == 0);
	*rest_e8 -= money_units(m);
	return money_units(m);
}

/*
 * Cuts a part off an execution, with its share of fee and bad debt. The first part keeps the
 * venue's trade id. The others get negative ones of ours, because each id stands for one fill.
 */
static struct venue_update cut(const struct step *s, struct venue_update *rest, struct qty q)
{
	struct venue_update part = *rest;

	part.quantity = q;
	part.fee_e8 = cut_amount(&rest->fee_e8, q, rest->quantity);
	part.borne_e8 = cut_amount(&rest->borne_e8, q, rest->quantity);
	if (part.trade_id == 0)
		part.trade_id = -s->ids->fill;
	rest->trade_id = 0;
	ASSERT(qty_sub(rest->quantity, q, &rest->quantity) == 0);
	return part;
}

/* Shares an execution among the open orders, newest first; returns what is left of it. */
static struct qty share(const struct step *s, struct bot *b, const struct venue_update *u,
			enum close_reason reason)
{
	struct venue_update rest = *u;

	for (size_t i = b->orders_n; i-- > 0 && qty_sign(rest.quantity) > 0;) {
		struct qty q = qty_min(rest.quantity, order_position(b->orders[i]));
		struct venue_update part;

		if (qty_sign(q) <= 0)
			continue;
		part = cut(s, &rest, q);
		close_by(s, b, b->orders[i], &part, reason);
	}
	return rest.quantity;
}

/*
 * A futures account has one position for all orders of a bot. If target and stop of one order
 * both fill before we hear of it, the second fill closes what other orders hold.
 */
static void book_exit(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		      const struct venue_update *u)
{
	struct venue_update mine, rest = *u;
	enum close_reason reason = order_fill_reason(o, l);
	struct qty own = qty_min(u->quantity, order_position(o));

	if (qty_sign(own) > 0) {
		mine = cut(s, &rest, own);
		book_fill(s, b, o, l, &mine);
	}
	if (qty_sign(rest.quantity) <= 0)
		return;
	leg_fill(s, o, l, rest.quantity);
	effects_notice(s, o->correlation_id, "%s traded more than its order held; the rest closes "
		       "other orders of the bot", l->client_order_id);
	if (qty_sign(share(s, b, &rest, reason)) > 0)
		bot_fail(s, b, "the venue traded more than the bot's orders hold; check the "
			 "account");
}

static void book(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		 const struct venue_update *u)
{
	if (l->kind == LEG_ENTRY)
		book_fill(s, b, o, l, u);
	else
		book_exit(s, b, o, l, u);
}

/*
 * The venue says that more was filled than the trades it lists add up to. The difference is
 * booked at the best price known, because the position must be right. Such a fill has a
 * negative trade id of ours, and its fee is unknown.
 */
static void adopt_missing(const struct step *s, struct bot *b, struct order *o, struct leg *l,
			  struct price near, struct qty upto)
{
	struct venue_update part = { .kind = UPDATE_FILL, .at_us = s->now_us, .price = near };
	char have[MONEY_TEXT_MAX], at[MONEY_TEXT_MAX];

	ASSERT(qty_sub(upto, l->filled, &part.quantity) == 0);
	memcpy(part.client_order_id, l->client_order_id, sizeof(part.client_order_id));
	if (price_sign(part.price) <= 0)
		part.price = price_sign(l->price) > 0 ? l->price : b->market->last;
	part.trade_id = -s->ids->fill;
	effects_notice(s, o->correlation_id, "%s: the venue filled %s more than the trades it "
		       "lists; booked at %s, without a fee", l->client_order_id,
		       qty_text(part.quantity, have), price_text(part.price, at));
	book(s, b, o, l, &part);
	bot_fail(s, b, "%s: the venue filled more than the trades it lists; check the account",
		 l->client_order_id);
}

/* The venue says that it filled more than we have booked: asks for the trades. */
static void fills_told(const struct step *s, struct order *o, struct leg *l, struct qty upto)
{
	if (qty_cmp(upto, l->told) > 0)
		l->told = upto;
	order_ask_leg(s, o, l);
}

/* Its cancel was to be tried again later, but it has ended: the order need not wait. */
static void no_retry_needed(struct order *o, const struct leg *l)
{
	if (l->cancel_refused && leg_done(l))
		o->retry_us = 0;
}

/*
 * u->cumulative is the leg's total after this fill. Not more than ours: the fill came before.
 * Ours plus more than this fill: one before it is missing, so the trades are asked for.
 */
static void on_fill(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		    const struct venue_update *u)
{
	struct qty before;

	if (qty_cmp(u->cumulative, l->filled) <= 0)
		return;
	ASSERT(qty_sub(u->cumulative, u->quantity, &before) == 0);
	if (qty_cmp(before, l->filled) > 0 && !leg_done(l)) {
		l->told_price = u->price;
		fills_told(s, o, l, u->cumulative);
		return;
	}
	book(s, b, o, l, u);
	no_retry_needed(o, l);
	bot_progress(s, b, o);
}

/* ---- ends ---- */

/* The market has reached the target of this leg, which is one of partial_targets. */
static bool part_reached(const struct order *o, const struct leg *l, struct price last)
{
	return l->kind == LEG_TAKE_PROFIT && price_cmp(l->price, o->take_profit) != 0 &&
	       !exits_better(o, l->price, last);
}

/*
 * The venue rejected a target or stop, or let it expire. If the market has reached its price, it
 * came too late and what it covered is sold at market. Otherwise it is sent again after a wait.
 */
static void protection_lost(const struct step *s, struct bot *b, struct order *o,
			    const struct leg *l)
{
	struct price last = b->market->last;

	if (price_sign(last) > 0 && order_stop_crossed(o, last) && !order_stop_rests(s, o)) {
		bot_close(s, b, o, order_stop_reason(o), "");
	} else if (price_sign(last) > 0 && l->kind == LEG_TAKE_PROFIT &&
		   order_target_crossed(o, last)) {
		bot_close(s, b, o, CLOSE_TAKE_PROFIT, "");
	} else if (price_sign(last) > 0 && part_reached(o, l, last) &&
		   order_leave(s, o, l->quantity, CLOSE_TAKE_PROFIT, "") != PART_TOO_SMALL) {
		bot_progress(s, b, o);
	} else {
		order_retry_later(s, o);
		bot_progress(s, b, o);
	}
}

/* A liquidation ended the leg. Its fills follow at once, so no protection is sent before. */
static bool liquidating(const struct step *s, struct order *o, const struct venue_update *u)
{
	if (strncmp(u->reason, LIQUIDATION_REASON, strlen(LIQUIDATION_REASON)) != 0 ||
	    qty_sign(order_position(o)) <= 0)
		return false;
	o->reason = CLOSE_LIQUIDATION;
	o->retry_us = u->at_us + RETRY_US;
	(void)order_move(s, o, o->phase, ORDER_CLOSES, u->reason);
	return true;
}

static bool protects(const struct leg *l)
{
	return l->kind == LEG_TAKE_PROFIT || l->kind == LEG_STOP;
}

static void on_end(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		   enum leg_event event, const struct venue_update *u)
{
	bool rejected = event == LEG_EV_REJECTED, expired = event == LEG_EV_EXPIRED;
	const struct leg *lost = NULL;

	if (!leg_done(l) && qty_cmp(u->cumulative, l->filled) > 0) { /* its fills come first */
		l->told_end = event;
		l->told_price = u->price;
		snprintf(l->told_why, sizeof(l->told_why), "%s", u->reason);
		fills_told(s, o, l, u->cumulative);
		return;
	}
	if (!leg_move(s, o, l, l->state, event, u->reason))
		return;
	order_list_moved(s, o, l);
	no_retry_needed(o, l);
	if (l->kind == LEG_ENTRY && (rejected || expired) && o->reason == CLOSE_NONE &&
	    !order_closable(s, o)) /* else it goes on with what it has */
		o->reason = rejected ? CLOSE_ENTRY_REJECTED : CLOSE_ENTRY_CANCELLED;
	if (l->kind == LEG_ENTRY && rejected)
		bot_entry_refused(s, b);
	if (expired && liquidating(s, o, u))
		return;
	if (l->kind == LEG_CLOSE && order_closable(s, o))
		order_close_failed(s, o, l->reject_reason);
	if ((rejected || expired) && protects(l) && o->phase != PHASE_CLOSING &&
	    qty_sign(order_position(o)) > 0)
		lost = order_protection_lost(o, l);
	if (lost)
		protection_lost(s, b, o, lost);
	else
		bot_progress(s, b, o);
}

static void on_accepted(const struct step *s, struct bot *b, struct order *o, struct leg *l,
			const struct venue_update *u)
{
	bool first = !l->acked_us && !leg_done(l), moved;

	if (first)
		l->acked_us = s->now_us;
	moved = leg_move(s, o, l, l->state, LEG_EV_ACKNOWLEDGED, "");
	if (!leg_done(l) && !l->exchange_id[0]) { /* a fill may have come before it */
		memcpy(l->exchange_id, u->exchange_id, sizeof(l->exchange_id));
		leg_changed(s, o, l);
	}
	if (!first && !moved)
		return;
	if (!moved) /* it is being cancelled: its deadline counts from now */
		leg_await(l, s->now_us);
	if (l->kind == LEG_ENTRY)
		bot_entry_taken(b);
	order_cover_clock(s, o);
	if (!protects(l) || o->phase == PHASE_CLOSING)
		return;
	if (o->retries) {
		o->retries = 0;
		order_changed(s, o);
	}
	bot_progress(s, b, o); /* a small rest may have waited to be merged with it */
}

/* It may just have filled, or have ended without our knowledge: the venue is asked. */
static void on_cancel_rejected(const struct step *s, struct order *o, struct leg *l)
{
	if (l->state != LEG_CANCELLING)
		return;
	(void)leg_move(s, o, l, LEG_CANCELLING, LEG_EV_CANCEL_REFUSED, "");
	l->cancel_refused = true;
	order_retry_later(s, o); /* unless the answer is that it ended */
	order_ask_leg(s, o, l);
}

static struct order *find_leg(const struct bot *b, const char *client_order_id, struct leg **leg)
{
	for (size_t i = 0; i < b->orders_n; i++) {
		*leg = order_leg(b->orders[i], client_order_id);
		if (*leg)
			return b->orders[i];
	}
	return NULL;
}

/* ---- answers ---- */

void bot_on_refused(const struct step *s, struct bot *b, const char *client_order_id,
		    bool cancel, const char *why)
{
	struct venue_update u = { .kind = UPDATE_REJECTED, .at_us = s->now_us };
	struct leg *l = NULL;
	struct order *o = find_leg(b, client_order_id, &l);

	if (!o)
		return;
	if (!cancel) {
		snprintf(u.reason, sizeof(u.reason), "%s", why);
		on_end(s, b, o, l, LEG_EV_REJECTED, &u);
		return;
	}
	if (!leg_move(s, o, l, l->state, LEG_EV_CANCEL_REFUSED, why))
		return;
	effects_notice(s, l->correlation_id, "%s", why);
	if (s->now_us >= o->retry_us)
		order_retry_later(s, o);
}

/* The answer says that the venue has the leg. */
static void on_state(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		     const struct venue_update *u)
{
	if (qty_cmp(u->cumulative, l->filled) > 0) {
		l->told_price = u->price;
		fills_told(s, o, l, u->cumulative);
		return;
	}
	if (u->kind == UPDATE_ACCEPTED && u->exchange_id[0]) /* else not taken yet */
		on_accepted(s, b, o, l, u);
	o = find_leg(b, u->client_order_id, &l); /* what followed may have moved it */
	if (o && !leg_done(l))
		order_leg_lives(s, o, l);
}

static void on_order_state(const struct step *s, struct bot *b, struct order *o, struct leg *l,
			   const struct venue_update *u)
{
	switch (u->kind) {
	case UPDATE_ACCEPTED:
	case UPDATE_FILL:
		on_state(s, b, o, l, u);
		break;
	case UPDATE_CANCELLED:
		on_end(s, b, o, l, LEG_EV_CANCELLED, u);
		break;
	case UPDATE_REJECTED:
		on_end(s, b, o, l, LEG_EV_REJECTED, u);
		break;
	case UPDATE_EXPIRED:
		on_end(s, b, o, l, LEG_EV_EXPIRED, u);
		break;
	case UPDATE_SENT:
	case UPDATE_CANCEL_REJECTED:
	case UPDATE_FUNDING:
		order_no_answer(s, o, l);
		break;
	}
}

/* The trades of a leg: books those that we lack, then ends it as the venue had said. */
static void on_trades(const struct step *s, struct bot *b, struct order *o, struct leg *l,
		      const struct venue_answer *a)
{
	struct venue_update end = { .at_us = s->now_us };
	enum leg_event how = l->told_end;
	struct qty before, told = l->told;

	for (size_t i = 0; i < a->n; i++) {
		const struct venue_update *u = &a->list[i];

		if (qty_cmp(u->cumulative, l->filled) <= 0)
			continue;
		ASSERT(qty_sub(u->cumulative, u->quantity, &before) == 0);
		if (qty_cmp(before, l->filled) > 0)
			adopt_missing(s, b, o, l, u->price, before);
		book(s, b, o, l, u);
	}
	if (qty_cmp(told, l->filled) > 0)
		adopt_missing(s, b, o, l, l->told_price, told);
	end.cumulative = l->filled;
	snprintf(end.reason, sizeof(end.reason), "%s", l->told_why);
	if (how != LEG_EV_SENT && !leg_done(l)) {
		on_end(s, b, o, l, how, &end);
		return;
	}
	no_retry_needed(o, l);
	bot_progress(s, b, o);
}

static void no_answer(const struct step *s, struct order *o, struct leg *l, const char *why)
{
	if (l->asks <= 1)
		effects_notice(s, l->correlation_id, "%s", why);
	l->asked = true;
	order_no_answer(s, o, l);
}

static void on_leg_answer(const struct step *s, struct bot *b, const struct venue_answer *a)
{
	struct venue_update never = { .kind = UPDATE_REJECTED, .at_us = s->now_us };
	struct leg *l = NULL;
	struct order *o = find_leg(b, a->query.client_order_id, &l);

	if (!o || leg_done(l))
		return;
	l->asked = false;
	if (a->query.kind == ASK_TRADES && a->rc == 0) {
		on_trades(s, b, o, l, a);
	} else if (a->query.kind == ASK_ORDER && a->rc == ERR_NOT_FOUND) {
		snprintf(never.reason, sizeof(never.reason), "never reached the venue");
		on_order_state(s, b, o, l, &never);
	} else if (a->query.kind == ASK_ORDER && a->rc == 0 && a->n == 1) {
		on_order_state(s, b, o, l, &a->list[0]);
	} else {
		no_answer(s, o, l, a->why);
	}
}

static const struct venue_update *listed(const struct venue_answer *a, const char *id)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->list[i].client_order_id, id) == 0)
			return &a->list[i];
	return NULL;
}

/* A leg that the venue had before the question is in the list, or has ended. */
static void compare_leg(const struct step *s, struct order *o, struct leg *l,
			const struct venue_answer *a)
{
	const struct venue_update *u = listed(a, l->client_order_id);

	if (l->state != LEG_LIVE || !l->acked_us || l->acked_us > a->query.asked_us)
		return;
	if (!u)
		order_ask_leg(s, o, l);
	else if (qty_cmp(u->cumulative, l->filled) > 0)
		fills_told(s, o, l, u->cumulative);
}

/*
 * Compares the venue's open orders of the bot with our live legs. An update may be on its way,
 * so a difference is asked about. An open order that belongs to no trade is a fault.
 */
static void on_open_orders(const struct step *s, struct bot *b, const struct venue_answer *a)
{
	struct leg *l;

	for (size_t i = 0; i < b->orders_n; i++)
		for (size_t k = 0; k < b->orders[i]->legs_n; k++)
			compare_leg(s, b->orders[i], &b->orders[i]->legs[k], a);
	for (size_t i = 0; i < a->n; i++)
		if (!find_leg(b, a->list[i].client_order_id, &l))
			bot_fail(s, b, "the venue has an open order %s that belongs to no trade of "
				 "this bot; cancel it there, then start the bot",
				 a->list[i].client_order_id);
}

void bot_on_answer(const struct step *s, struct bot *b, const struct venue_answer *a)
{
	size_t from = s->effects->n;

	switch (a->query.kind) {
	case ASK_ORDER:
	case ASK_TRADES:
		on_leg_answer(s, b, a);
		break;
	case ASK_OPEN_ORDERS:
		if (a->rc == 0)
			on_open_orders(s, b, a);
		break;
	case ASK_ACCOUNT: /* the engine has stored it */
		break;
	}
	bot_filled(s, b, from);
}

/* ---- the venue acts on its own ---- */

static void on_liquidation(const struct step *s, struct bot *b, const struct venue_update *u)
{
	(void)share(s, b, u, CLOSE_LIQUIDATION);
	bot_fail(s, b, "the venue liquidated the account's position");
}

/* Each open order pays for its share of the position; odd units go to the last. */
static void on_funding(const struct step *s, struct bot *b, const struct venue_update *u)
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
		order_changed(s, o);
	}
}

/*
 * A fill of no open order. Ignored, if the leg is unknown (never sent, or forgotten long ago) or
 * the fill is booked already. More than was booked is a fault: no order accounts for it.
 */
static void on_stray_fill(const struct step *s, struct bot *b, const struct venue_update *u)
{
	size_t known = b->ended_n < ENDED_LEGS ? b->ended_n : ENDED_LEGS;

	for (size_t i = 0; i < known; i++) {
		struct ended_leg *l = &b->ended[i];

		if (strcmp(l->client_order_id, u->client_order_id) != 0 ||
		    qty_cmp(u->cumulative, l->filled) <= 0)
			continue;
		l->filled = u->cumulative;
		bot_fail(s, b, "%s filled after its order was closed, so the account holds more "
			 "than the bot's orders; check the account", l->client_order_id);
		return;
	}
}

static void on_leg_update(const struct step *s, struct bot *b, struct order *o, struct leg *l,
			  const struct venue_update *u)
{
	switch (u->kind) {
	case UPDATE_SENT:
		(void)leg_move(s, o, l, l->state, LEG_EV_SENT, "");
		break;
	case UPDATE_ACCEPTED:
		on_accepted(s, b, o, l, u);
		break;
	case UPDATE_FILL:
		on_fill(s, b, o, l, u);
		break;
	case UPDATE_CANCELLED:
		on_end(s, b, o, l, LEG_EV_CANCELLED, u);
		break;
	case UPDATE_REJECTED:
		on_end(s, b, o, l, LEG_EV_REJECTED, u);
		break;
	case UPDATE_EXPIRED:
		on_end(s, b, o, l, LEG_EV_EXPIRED, u);
		break;
	case UPDATE_CANCEL_REJECTED:
		on_cancel_rejected(s, o, l);
		break;
	case UPDATE_FUNDING:
		break;
	}
}

void bot_on_update(const struct step *s, struct bot *b, const struct venue_update *u)
{
	size_t from = s->effects->n;
	struct leg *l = NULL;
	struct order *o;

	if (u->kind == UPDATE_FUNDING) {
		on_funding(s, b, u);
		return;
	}
	o = find_leg(b, u->client_order_id, &l);
	if (o)
		on_leg_update(s, b, o, l, u);
	else if (u->kind == UPDATE_FILL && strncmp(u->client_order_id, LIQUIDATION_ORDER,
						   strlen(LIQUIDATION_ORDER)) == 0)
		on_liquidation(s, b, u);
	else if (u->kind == UPDATE_FILL)
		on_stray_fill(s, b, u);
	bot_filled(s, b, from);
}
