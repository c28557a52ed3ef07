#include "worker/engine/order.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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
};
static const char *const leg_states[] = {
	[LEG_PLANNED] = "planned",
	[LEG_NEW] = "new",
	[LEG_PARTIALLY_FILLED] = "partially_filled",
	[LEG_FILLED] = "filled",
	[LEG_CANCELLED] = "cancelled",
	[LEG_REJECTED] = "rejected",
	[LEG_EXPIRED] = "expired",
	[LEG_UNKNOWN] = "unknown",
};

static int find(const char *const *names, size_t n, const char *name, unsigned *out)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			*out = (unsigned)i;
			return 0;
		}
	}
	return ERR_INVALID;
}

const char *order_status_name(enum order_status s) { return statuses[s]; }
const char *order_phase_name(enum order_phase p) { return phases[p]; }
const char *close_reason_name(enum close_reason r) { return reasons[r]; }
const char *leg_state_name(enum leg_state s) { return leg_states[s]; }

#define PARSER(function, type, names)                                   \
	int function(const char *name, type *out)                       \
	{                                                               \
		unsigned i;                                             \
                                                                        \
		if (find(names, COUNT(names), name, &i))                \
			return ERR_INVALID;                             \
		*out = (type)i;                                         \
		return 0;                                               \
	}

PARSER(order_status_parse, enum order_status, statuses)
PARSER(order_phase_parse, enum order_phase, phases)
PARSER(close_reason_parse, enum close_reason, reasons)
PARSER(leg_state_parse, enum leg_state, leg_states)

bool leg_done(const struct leg *l)
{
	switch (l->state) {
	case LEG_FILLED:
	case LEG_CANCELLED:
	case LEG_REJECTED:
	case LEG_EXPIRED:
		return true;
	case LEG_PLANNED:
	case LEG_NEW:
	case LEG_PARTIALLY_FILLED:
	case LEG_UNKNOWN:
		return false;
	}
	return false;
}

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

int64_t order_expires_us(const struct order *o)
{
	if (o->status == ORDER_PENDING && o->phase == PHASE_ENTERING)
		return o->created_us + o->maker_timeout_us;
	if (o->status == ORDER_ACTIVE && o->phase != PHASE_CLOSING &&
	    o->phase != PHASE_REMAINDER)
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
