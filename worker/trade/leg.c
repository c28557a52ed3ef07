#include "worker/trade/leg.h"

#include "common/names.h"

#include <stdio.h>
#include <string.h>

#define NONE (-1)	/* no arrow */

/*
 * A venue's news may come in any order: a fill before the acknowledgement, an acknowledgement
 * after the deadline, a cancel's answer after the last fill. So every state accepts all that
 * the venue can say. What is known already has no arrow and changes nothing.
 */
/* clang-format off */
static const int arrows[LEG_STATES][LEG_EVENTS] = {
#define P LEG_PLANNED
#define S LEG_SENT
#define U LEG_UNKNOWN
#define L LEG_LIVE
#define C LEG_CANCELLING
#define F LEG_FIRING
#define E LEG_ENDED
	/*                   sent  ack   part  full  cancl refus no an trig  cancd rejec expir */
	[LEG_PLANNED] =    { S,    L,    L,    E,    C,    NONE, U,    F,    E,    E,    E },
	[LEG_SENT] =       { NONE, L,    L,    E,    C,    NONE, U,    F,    E,    E,    E },
	[LEG_UNKNOWN] =    { NONE, L,    L,    E,    C,    NONE, NONE, F,    E,    E,    E },
	[LEG_LIVE] =       { NONE, NONE, L,    E,    C,    NONE, NONE, F,    E,    E,    E },
	[LEG_CANCELLING] = { NONE, NONE, C,    E,    NONE, L,    NONE, F,    E,    E,    E },
	[LEG_FIRING] =     { NONE, L,    L,    E,    C,    NONE, NONE, NONE, E,    E,    E },
	[LEG_ENDED] =      { NONE, NONE, E,    E,    NONE, NONE, NONE, NONE, NONE, NONE, NONE },
#undef P
#undef S
#undef U
#undef L
#undef C
#undef F
#undef E
};
/* clang-format on */

/* These words are in the database of every user: append, never change. */
static const char *const states[] = {
	[LEG_PLANNED] = "planned", [LEG_SENT] = "sent", [LEG_UNKNOWN] = "unknown",
	[LEG_LIVE] = "live", [LEG_CANCELLING] = "cancelling", [LEG_FIRING] = "firing",
	[LEG_ENDED] = "ended",
};
static const char *const statuses[] = {
	[STATUS_PLANNED] = "planned",
	[STATUS_NEW] = "new",
	[STATUS_PARTIALLY_FILLED] = "partially_filled",
	[STATUS_FILLED] = "filled",
	[STATUS_CANCELLED] = "cancelled",
	[STATUS_REJECTED] = "rejected",
	[STATUS_EXPIRED] = "expired",
	[STATUS_UNKNOWN] = "unknown",
};
static const char *const events[LEG_EVENTS] = {
	[LEG_EV_SENT] = "sent", [LEG_EV_ACKNOWLEDGED] = "acknowledged",
	[LEG_EV_PART_FILLED] = "part filled", [LEG_EV_FILLED] = "filled",
	[LEG_EV_CANCEL] = "cancel", [LEG_EV_CANCEL_REFUSED] = "cancel refused",
	[LEG_EV_NO_ANSWER] = "no answer", [LEG_EV_TRIGGERED] = "triggered",
	[LEG_EV_CANCELLED] = "cancelled", [LEG_EV_REJECTED] = "rejected",
	[LEG_EV_EXPIRED] = "expired",
};

int leg_next(enum leg_state from, enum leg_event event, enum leg_state *to)
{
	int next = arrows[from][event];

	if (next == NONE)
		return ERR_CONFLICT;
	*to = (enum leg_state)next;
	return 0;
}

static enum leg_end end_of(enum leg_event event, enum leg_end before)
{
	switch (event) {
	case LEG_EV_FILLED:
		return END_FILLED;
	case LEG_EV_CANCELLED:
		return END_CANCELLED;
	case LEG_EV_REJECTED:
		return END_REJECTED;
	case LEG_EV_EXPIRED:
		return END_EXPIRED;
	case LEG_EV_SENT:
	case LEG_EV_ACKNOWLEDGED:
	case LEG_EV_PART_FILLED:
	case LEG_EV_CANCEL:
	case LEG_EV_CANCEL_REFUSED:
	case LEG_EV_NO_ANSWER:
	case LEG_EV_TRIGGERED:
		break;
	}
	return before;
}

void leg_changed(const struct step *s, struct order *of, struct leg *l)
{
	if (l->reported)
		return;
	l->reported = true;
	(void)effects_add(s, EFFECT_LEG, of, l->id);
}

static void tell_move(const struct step *s, struct order *of, const struct leg *l,
		      const char *from, const char *event, const char *why)
{
	struct order_event *m = effects_move(s, of, l->id, event, why);

	memcpy(m->client_order_id, l->client_order_id, sizeof(m->client_order_id));
	m->from = from;
	m->to = l->state == LEG_ENDED ? leg_status_name(leg_status(l)) : leg_state_name(l->state);
	memcpy(m->correlation_id, l->correlation_id, sizeof(m->correlation_id));
}

bool leg_move(const struct step *s, struct order *of, struct leg *l, enum leg_state from,
	      enum leg_event event, const char *why)
{
	enum leg_end end = l->end;
	enum leg_state to;

	ASSERT(l->state == from);
	if (leg_next(from, event, &to))
		return false;
	l->state = to;
	if (to == LEG_ENDED)
		l->end = end_of(event, end);
	if (to == LEG_ENDED && from != LEG_ENDED) {
		l->done_us = s->now_us;
		snprintf(l->reject_reason, sizeof(l->reject_reason), "%s", why);
	}
	if (event != LEG_EV_NO_ANSWER || !l->ask_us) /* its next question has a time already */
		leg_await(l, s->now_us);
	leg_changed(s, of, l);
	if (to != from || l->end != end)
		tell_move(s, of, l, leg_state_name(from), events[event], why);
	return true;
}

void leg_begins(const struct step *s, struct order *of, struct leg *l)
{
	leg_await(l, s->now_us);
	leg_changed(s, of, l);
	tell_move(s, of, l, "", "planned", "");
}

void leg_fill(const struct step *s, struct order *of, struct leg *l, struct qty quantity)
{
	ASSERT(qty_add(l->filled, quantity, &l->filled) == 0);
	if (!l->acked_us)
		l->acked_us = s->now_us;
	(void)leg_move(s, of, l, l->state, qty_cmp(l->filled, l->quantity) >= 0 ?
		       LEG_EV_FILLED : LEG_EV_PART_FILLED, "");
}

bool leg_done(const struct leg *l)
{
	return l->state == LEG_ENDED;
}

struct qty leg_rest(const struct leg *l)
{
	struct qty rest;

	ASSERT(qty_sub(l->quantity, l->filled, &rest) == 0);
	return rest;
}

enum leg_status leg_status(const struct leg *l)
{
	static const enum leg_status ends[] = {
		[END_NONE] = STATUS_CANCELLED, [END_FILLED] = STATUS_FILLED,
		[END_CANCELLED] = STATUS_CANCELLED, [END_REJECTED] = STATUS_REJECTED,
		[END_EXPIRED] = STATUS_EXPIRED,
	};

	switch (l->state) {
	case LEG_ENDED:
		return ends[l->end];
	case LEG_PLANNED:
	case LEG_SENT:
		return STATUS_PLANNED;
	case LEG_UNKNOWN:
		return STATUS_UNKNOWN;
	case LEG_CANCELLING:
		if (!l->acked_us)
			return STATUS_PLANNED;
		break;
	case LEG_LIVE:
	case LEG_FIRING:
		break;
	}
	return qty_sign(l->filled) > 0 ? STATUS_PARTIALLY_FILLED : STATUS_NEW;
}

bool leg_lacks_fills(const struct leg *l)
{
	return l->state != LEG_ENDED && qty_cmp(l->told, l->filled) > 0;
}

bool leg_awaits(const struct leg *l)
{
	if (leg_lacks_fills(l))
		return true;
	switch (l->state) {
	case LEG_PLANNED:
	case LEG_SENT:
	case LEG_UNKNOWN:
	case LEG_CANCELLING:
	case LEG_FIRING:
		return true;
	case LEG_LIVE:
		return l->type == TYPE_MARKET || l->tif != TIF_GTC || !l->acked_us;
	case LEG_ENDED:
		break;
	}
	return false;
}

void leg_await(struct leg *l, int64_t now_us)
{
	l->asks = 0;
	l->asked = false;
	l->unknown_us = 0;
	l->alarmed = false;
	l->ask_us = leg_awaits(l) ? now_us + LEG_ANSWER_US : 0;
}

void leg_asked(struct leg *l, int64_t now_us)
{
	int64_t wait_us = ASK_AGAIN_US;

	for (int i = 0; i < l->asks && wait_us < ASK_MOST_US; i++)
		wait_us *= 2;
	l->asks++;
	l->asked = true;
	l->ask_us = now_us + (wait_us < ASK_MOST_US ? wait_us : ASK_MOST_US);
}

bool leg_no_answer(const struct step *s, struct order *of, struct leg *l)
{
	int64_t since_us = l->unknown_us ? l->unknown_us : s->now_us;
	bool due;

	(void)leg_move(s, of, l, l->state, LEG_EV_NO_ANSWER, "");
	l->unknown_us = since_us;
	due = !l->alarmed && s->now_us - l->unknown_us >= UNKNOWN_ALARM_US;
	l->alarmed = l->alarmed || due;
	return due;
}

const char *leg_state_name(enum leg_state s) { return states[s]; }
const char *leg_status_name(enum leg_status s) { return statuses[s]; }

NAME_PARSER(leg_state_parse, enum leg_state, states)
NAME_PARSER(leg_status_parse, enum leg_status, statuses)

int leg_kind_index(enum leg_kind k)
{
	switch (k) {
	case LEG_ENTRY: return 0;
	case LEG_TAKE_PROFIT: return 1;
	case LEG_STOP: return 2;
	case LEG_CLOSE: return 3;
	}
	return 0;
}
