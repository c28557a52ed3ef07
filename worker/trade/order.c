#include "worker/trade/order.h"

#include "common/names.h"

#include <stdio.h>
#include <string.h>

/* These words are in the database of every user: append, never change. */
static const char *const statuses[] = {
	[ORDER_PENDING] = "pending", [ORDER_ACTIVE] = "active", [ORDER_CLOSED] = "closed",
};
static const char *const phases[] = {
	[PHASE_ENTERING] = "entering", [PHASE_HOLDING] = "holding",
	[PHASE_CLOSING] = "closing", [PHASE_DONE] = "done",
	[PHASE_REMAINDER] = "remainder",
};
static const char *const reasons[] = {
	[CLOSE_NONE] = "",
	[CLOSE_TAKE_PROFIT] = "take_profit",
	[CLOSE_STOP_LOSS] = "stop_loss",
	[CLOSE_HOLDING_TIME] = "holding_time",
	[CLOSE_MAKER_TIMEOUT] = "maker_timeout",
	[CLOSE_ENTRY_REJECTED] = "entry_rejected",
	[CLOSE_ENTRY_CANCELLED] = "entry_cancelled",
	[CLOSE_MANUAL] = "manual",
	[CLOSE_STOP_COMMAND] = "stop_command",
	[CLOSE_EMERGENCY] = "emergency",
	[CLOSE_LIQUIDATION] = "liquidation",
	[CLOSE_RESET] = "reset",
	[CLOSE_REMAINDER] = "remainder",
	[CLOSE_EXIT_SIGNAL] = "exit_signal",
	[CLOSE_TRAILING_STOP] = "trailing_stop",
	[CLOSE_ROI] = "roi",
};
static const char *const stop_owners[] = {
	[STOP_INITIAL] = "initial", [STOP_TRAILING] = "trailing", [STOP_STRATEGY] = "strategy",
};
static const char *const changes[ORDER_CHANGES] = {
	[ORDER_ENTERED] = "entered", [ORDER_ADDS] = "adds", [ORDER_CLOSES] = "closes",
	[ORDER_REMAINS] = "remains", [ORDER_FINISHES] = "finishes",
};

#define NONE (-1)	/* no arrow */

/* clang-format off */
static const int arrows[ORDER_PHASES][ORDER_CHANGES] = {
	/*                    entered        adds            closes         remains
	 *                    finishes */
	[PHASE_ENTERING] =  { PHASE_HOLDING, NONE,           PHASE_CLOSING, NONE,
			      PHASE_DONE },
	[PHASE_HOLDING] =   { NONE,          PHASE_ENTERING, PHASE_CLOSING, NONE,
			      PHASE_DONE },
	[PHASE_CLOSING] =   { NONE,          NONE,           PHASE_CLOSING, PHASE_REMAINDER,
			      PHASE_DONE },
	[PHASE_DONE] =      { NONE,          NONE,           NONE,          NONE,
			      NONE },
	[PHASE_REMAINDER] = { NONE,          NONE,           PHASE_CLOSING, NONE,
			      PHASE_DONE },
};
/* clang-format on */

const char *order_status_name(enum order_status s) { return statuses[s]; }
const char *order_phase_name(enum order_phase p) { return phases[p]; }
const char *close_reason_name(enum close_reason r) { return reasons[r]; }
const char *stop_owner_name(enum stop_owner w) { return stop_owners[w]; }

NAME_PARSER(order_status_parse, enum order_status, statuses)
NAME_PARSER(order_phase_parse, enum order_phase, phases)
NAME_PARSER(close_reason_parse, enum close_reason, reasons)
NAME_PARSER(stop_owner_parse, enum stop_owner, stop_owners)

int order_next(enum order_phase from, enum order_change change, enum order_phase *to)
{
	int next = arrows[from][change];

	if (next == NONE)
		return ERR_CONFLICT;
	*to = (enum order_phase)next;
	return 0;
}

void order_changed(const struct step *s, struct order *o)
{
	o->updated_us = s->now_us;
	if (o->reported)
		return;
	o->reported = true;
	(void)effects_add(s, EFFECT_ORDER, o, 0);
}

static void tell_move(const struct step *s, struct order *o, const char *from, const char *event,
		      const char *why)
{
	struct order_event *m = effects_move(s, o, 0, event, why);

	m->from = from;
	m->to = phases[o->phase];
	memcpy(m->correlation_id, o->close_correlation_id[0] ? o->close_correlation_id :
	       o->correlation_id, sizeof(m->correlation_id));
}

void order_begins(const struct step *s, struct order *o)
{
	order_changed(s, o);
	tell_move(s, o, "", "decided", "");
}

bool order_move(const struct step *s, struct order *o, enum order_phase from,
		enum order_change change, const char *why)
{
	enum order_phase to;

	ASSERT(o->phase == from);
	if (order_next(from, change, &to))
		return false;
	o->phase = to;
	order_changed(s, o);
	if (to != from)
		tell_move(s, o, phases[from], changes[change], why);
	return true;
}

struct qty order_position(const struct order *o)
{
	struct qty q = { 0 };

	ASSERT(qty_add(o->filled, o->dust_taken, &q) == 0);
	ASSERT(qty_sub(q, o->base_fees, &q) == 0);
	ASSERT(qty_sub(q, o->exited, &q) == 0);
	return q;
}

struct money order_costs(const struct order *o)
{
	struct money sum;

	ASSERT(money_add(o->quote_fees, o->base_fees_value, &sum) == 0);
	ASSERT(money_add(sum, o->funding, &sum) == 0);
	return sum;
}

static struct price average(struct money notional, struct qty q)
{
	struct price p = { 0 };

	if (qty_sign(q) > 0 && price_average(notional, q, ROUND_NEAREST, &p))
		return (struct price){ 0 };
	return p;
}

struct price order_entry_price(const struct order *o)
{
	return average(o->entry_notional, o->filled);
}

struct price order_exit_price(const struct order *o)
{
	return average(o->exit_notional, o->exited);
}

struct money order_cost(const struct order *o, struct qty q)
{
	struct money all, part = { 0 };
	struct qty whole;

	ASSERT(money_add(o->entry_notional, o->dust_taken_cost, &all) == 0);
	ASSERT(qty_add(o->filled, o->dust_taken, &whole) == 0);
	if (qty_sign(whole) > 0)
		ASSERT(money_share(all, q, whole, ROUND_NEAREST, &part) == 0);
	return part;
}

struct money order_unrealized(const struct order *o, struct price last)
{
	struct qty held = order_position(o);
	struct money now, gain = { 0 };

	if (qty_sign(held) <= 0 || price_sign(last) <= 0)
		return gain;
	if (money_notional(last, held, ROUND_NEAREST, &now) ||
	    money_sub(now, order_cost(o, held), &gain))
		return (struct money){ 0 };
	return o->side == SIDE_BUY ? gain : money_neg(gain);
}

bool order_open(const struct order *o)
{
	return o->phase == PHASE_ENTERING || o->phase == PHASE_HOLDING;
}

int64_t order_expires_us(const struct order *o)
{
	if (o->status == ORDER_PENDING && o->phase == PHASE_ENTERING)
		return o->created_us + o->maker_timeout_us;
	if (o->status == ORDER_ACTIVE && order_open(o))
		return o->opened_us + o->holding_us;
	return 0;
}

struct leg *order_leg(struct order *o, const char *client_order_id)
{
	for (size_t i = 0; i < o->legs_n; i++)
		if (strcmp(o->legs[i].client_order_id, client_order_id) == 0)
			return &o->legs[i];
	return NULL;
}
