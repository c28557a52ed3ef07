/*
 * Deadlines, and stops that we watch ourselves.
 *
 * A request to the venue is answered within LEG_ANSWER_US, or the venue is asked what became
 * of it: at once, then after 0.5, 1, 2, 4 s and so on, at least every 30 s, until it says. So
 * no leg waits for ever, whatever was lost on the way: the request, the answer, or (when the
 * clock jumped) the time at which it was to come.
 */
#include "worker/trade/exits.h"
#include "worker/trade/order_steps.h"

#include <stdio.h>
#include <string.h>

bool order_stop_crossed(const struct order *o, struct price last)
{
	return !exits_better(o, last, o->stop_loss);
}

bool order_target_crossed(const struct order *o, struct price last)
{
	return price_sign(o->take_profit) > 0 && !exits_better(o, o->take_profit, last);
}

static bool holding_runs(const struct order *o, bool bot_runs)
{
	return o->opened_us && order_open(o) && bot_runs;
}

/* Its resting stop was passed and has some time to act. */
static bool grace_runs(const struct order *o)
{
	return o->stop_crossed_us && order_open(o);
}

enum close_reason order_stop_reason(const struct order *o)
{
	return o->stop_by == STOP_TRAILING ? CLOSE_TRAILING_STOP : CLOSE_STOP_LOSS;
}

/* A part that could have a stop at the venue has none while its orders are replaced. */
static bool replacing(const struct order *o)
{
	return order_open(o) && o->coverable_from_us && exits_replaced(o);
}

/*
 * A crossed stop that rests at the venue gets STOP_GRACE_US to act by itself. If none rests, or
 * the stop that was crossed is a nearer one, the worker closes at once.
 */
enum close_reason order_watch_stop(const struct step *s, struct order *o)
{
	if (!order_open(o) || exits_better(o, s->market->last, exits_stop(o)) ||
	    qty_sign(order_position(o)) <= 0)
		return CLOSE_NONE;
	if (!order_stop_crossed(o, s->market->last) || !order_stop_rests(s, o))
		return order_stop_reason(o);
	if (!o->stop_crossed_us) {
		o->stop_crossed_us = s->now_us;
		order_changed(s, o);
	}
	return CLOSE_NONE;
}

enum close_reason order_close_due(const struct step *s, struct order *o, bool bot_runs)
{
	if (holding_runs(o, bot_runs) && s->now_us >= o->opened_us + o->holding_us)
		return CLOSE_HOLDING_TIME;
	if (replacing(o) && s->now_us >= o->coverable_from_us + REPLACE_GRACE_US) {
		effects_notice(s, o->correlation_id, "no stop rests at the venue %lld s after the "
			       "old one was cancelled: closing at market",
			       (long long)(REPLACE_GRACE_US / 1000000));
		return order_stop_reason(o);
	}
	if (!grace_runs(o) || s->now_us < o->stop_crossed_us + STOP_GRACE_US)
		return CLOSE_NONE;
	effects_notice(s, o->correlation_id,
		       "the resting stop did not act in time: closing at market");
	return order_stop_reason(o);
}

static struct leg *maker_waits(struct order *o)
{
	struct leg *l = order_live_leg(o, LEG_ENTRY);

	return l && l->state != LEG_CANCELLING && o->phase == PHASE_ENTERING && !o->retry_us ?
		l : NULL;
}

/* Its newest entry. */
static int64_t entry_began(const struct order *o)
{
	return o->added_us ? o->added_us : o->created_us;
}

void order_maker_timeout(const struct step *s, struct order *o)
{
	struct leg *l = maker_waits(o);

	if (!l || s->now_us < entry_began(o) + o->maker_timeout_us)
		return;
	if (o->reason == CLOSE_NONE)
		o->reason = CLOSE_MAKER_TIMEOUT;
	order_cancel_leg(s, o, l);
	order_changed(s, o);
}

static int64_t ask_due(const struct order *o)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].ask_us && o->legs[i].ask_us < due)
			due = o->legs[i].ask_us;
	return due;
}

int64_t order_due(struct order *o, bool bot_runs)
{
	int64_t due = ask_due(o);

#define AT(time) (due = (time) < due ? (time) : due)
	if (maker_waits(o))
		AT(entry_began(o) + o->maker_timeout_us);
	if (holding_runs(o, bot_runs))
		AT(o->opened_us + o->holding_us);
	if (grace_runs(o))
		AT(o->stop_crossed_us + STOP_GRACE_US);
	if (o->retry_us)
		AT(o->retry_us);
	if (replacing(o))
		AT(o->coverable_from_us + REPLACE_GRACE_US);
	AT(order_exits_due(o));
#undef AT
	return due;
}

/* ---- what became of a leg ---- */

size_t order_unknown_legs(const struct order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->legs_n; i++)
		n += o->legs[i].unknown_us != 0;
	return n;
}

void order_ask_leg(const struct step *s, struct order *o, struct leg *l)
{
	leg_asked(l, s->now_us);
	(void)effects_add(s, leg_lacks_fills(l) ? EFFECT_ASK_TRADES : EFFECT_ASK, o, l->id);
}

/*
 * Its deadline passed. A live leg becomes unknown only when a question about it got no answer,
 * because the venue had confirmed it before.
 */
static void late(const struct step *s, struct order *o, struct leg *l)
{
	if (l->asked || l->state != LEG_LIVE)
		order_no_answer(s, o, l);
	order_ask_leg(s, o, l);
}

void order_ask_late(const struct step *s, struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (o->legs[i].ask_us && o->legs[i].ask_us <= s->now_us)
			late(s, o, &o->legs[i]);
}

void order_ask_all(const struct step *s, struct order *o)
{
	for (size_t i = 0; i < o->legs_n; i++) {
		struct leg *l = &o->legs[i];

		if (leg_done(l))
			continue;
		if (l->state == LEG_CANCELLING) /* it may never have left */
			(void)effects_add(s, EFFECT_CANCEL, o, l->id);
		order_ask_leg(s, o, l);
	}
}

void order_no_answer(const struct step *s, struct order *o, struct leg *l)
{
	if (!leg_no_answer(s, o, l))
		return;
	effects_notice(s, l->correlation_id, "%s: the venue has not said for %lld s what became "
		       "of this order; no entries on %s until it does, check the account",
		       l->client_order_id, (long long)((s->now_us - l->unknown_us) / 1000000),
		       o->symbol);
}

void order_leg_lives(const struct step *s, struct order *o, struct leg *l)
{
	bool overdue = l->unknown_us != 0;

	l->unknown_us = 0;
	l->alarmed = false;
	l->cancel_refused = false;
	if (l->state == LEG_CANCELLING && overdue)
		(void)effects_add(s, EFFECT_CANCEL, o, l->id);
	if (order_leg_ends(o, l)) /* its list is over, and it is not */
		order_cancel_leg(s, o, l);
	if (!leg_awaits(l))
		leg_await(l, s->now_us);
}

/* ---- the clock was set back ---- */

static void back(int64_t *time_us, int64_t now_us)
{
	if (*time_us > now_us)
		*time_us = now_us;
}

void order_times_back(struct order *o, int64_t now_us)
{
	back(&o->created_us, now_us);
	back(&o->opened_us, now_us);
	back(&o->added_us, now_us);
	back(&o->stop_moved_us, now_us);
	back(&o->stop_crossed_us, now_us);
	back(&o->uncovered_from_us, now_us);
	back(&o->retry_us, now_us + RETRY_MOST_US);
}
