/*
 * A request to the venue is answered within LEG_ANSWER_US, or the venue is asked what
 * became of it: at once, then after 0.5, 1, 2, 4 s and so on, at least every 30 s, until
 * it says. So no leg waits for ever, whatever was lost on the way: the request, the
 * answer, or (when the clock jumped) the time at which it was to come.
 */
#include "worker/engine/bot.h"

#include <stdio.h>
#include <string.h>

int64_t order_ask_due(const struct order *o)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].ask_us && o->legs[i].ask_us < due)
			due = o->legs[i].ask_us;
	return due;
}

size_t order_unknown_legs(const struct order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->legs_n; i++)
		n += o->legs[i].unknown_us != 0;
	return n;
}

static void ask_again_later(struct leg *l, int64_t now_us)
{
	int64_t wait_us = ASK_AGAIN_US;

	for (int i = 0; i < l->asks && wait_us < ASK_MOST_US; i++)
		wait_us *= 2;
	l->asks++;
	l->ask_us = now_us + (wait_us < ASK_MOST_US ? wait_us : ASK_MOST_US);
}

/* Nobody knows what became of it. */
static void unknown(struct bot *b, const struct order *o, struct leg *l, int64_t now_us)
{
	char text[200];

	if (!l->unknown_us)
		l->unknown_us = now_us;
	if (l->state == LEG_PLANNED) {
		l->state = LEG_UNKNOWN;
		leg_report(b, o, l);
	}
	ask_again_later(l, now_us);
	if (l->alarmed || now_us - l->unknown_us < UNKNOWN_ALARM_US)
		return;
	l->alarmed = true;
	snprintf(text, sizeof(text), "%s: the venue has not said for %lld s what became of this "
		 "order; no entries on %s until it does, look at the account",
		 l->client_order_id, (long long)((now_us - l->unknown_us) / 1000000), o->symbol);
	bot_notice(b, l->correlation_id, text);
}

/* The venue has it: what it owes an answer to is asked for again, or asked about later. */
static void lives(struct bot *b, struct order *o, struct leg *l, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct err e = { 0 };

	l->unknown_us = 0;
	l->alarmed = false;
	if (!l->ask_us)
		return;
	if (l->cancel_requested && v->ops->cancel(v, b->id, o->symbol, l->client_order_id, now_us,
						  &e))
		bot_notice(b, l->correlation_id, e.msg);
	if (now_us >= l->ask_us)
		ask_again_later(l, now_us);
}

static void ask(struct bot *b, const char *client_order_id, int64_t now_us)
{
	struct leg *l = NULL;
	struct order *o = bot_find_leg(b, client_order_id, &l);
	enum outcome outcome;

	if (!o || leg_done(l))
		return;
	outcome = leg_ask(b, o, l, now_us);
	if (outcome == OUTCOME_ENDED)
		return;
	o = bot_find_leg(b, client_order_id, &l); /* its answer may have moved everything */
	if (!o || leg_done(l))
		return;
	if (outcome == OUTCOME_LIVES)
		lives(b, o, l, now_us);
	else
		unknown(b, o, l, now_us);
}

/* Ask about the legs of an order that are due; which may end it, and others. */
static void ask_order(struct bot *b, const struct order *o, int64_t due_us, int64_t now_us)
{
	char ids[ORDER_LEGS_MAX][CLIENT_ORDER_ID_MAX];
	size_t n = 0;

	for (size_t i = 0; i < o->legs_n; i++) {
		const struct leg *l = &o->legs[i];

		if (!leg_done(l) && (due_us == NEVER || (l->ask_us && l->ask_us <= due_us)))
			memcpy(ids[n++], l->client_order_id, CLIENT_ORDER_ID_MAX);
	}
	for (size_t i = 0; i < n; i++)
		ask(b, ids[i], now_us);
}

void bot_ask_late(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;)
		if (i < b->orders_n && order_ask_due(b->orders[i]) <= now_us)
			ask_order(b, b->orders[i], now_us, now_us);
}

/* Asked for while the bot could not come up: its orders don't know of it yet. */
static void go_on_flattening(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; b->emergency == EMERGENCY_FLATTENING && i-- > 0;)
		if (i < b->orders_n && b->orders[i]->phase != PHASE_CLOSING)
			bot_close(b, b->orders[i], CLOSE_EMERGENCY, "", now_us);
}

void bot_reconcile(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o;
		int64_t order_id;

		if (i >= b->orders_n)
			continue; /* an answer ended several */
		o = b->orders[i];
		order_id = o->id;
		for (size_t k = 0; k < o->legs_n; k++)
			leg_await(&o->legs[k], now_us);
		ask_order(b, o, NEVER, now_us);
		/* A close that waits for nothing would wait for ever. */
		if (i < b->orders_n && b->orders[i]->id == order_id &&
		    b->orders[i]->phase == PHASE_CLOSING && order_live_legs(b->orders[i]) == 0 &&
		    !b->orders[i]->retry_us)
			order_progress(b, b->orders[i], now_us);
	}
	go_on_flattening(b, now_us);
	bot_refresh_due(b);
}
