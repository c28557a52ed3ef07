#include "worker/trade/exits.h"
#include "worker/trade/order_steps.h"

#include <stdio.h>
#include <string.h>

static void book_fee(const struct step *s, struct order *o, const struct venue_update *u)
{
	const struct symbol_info *info = &s->market->info;
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
		effects_notice(s, o->correlation_id, "a fee was paid in an asset other than base "
			       "and quote: the trade's PnL does not include it");
	}
}

static void tell_fill(const struct step *s, struct order *o, const struct leg *l,
		      const struct venue_update *u)
{
	struct fill_report *f = &effects_add(s, EFFECT_FILL, o, l->id)->u.fill;

	f->id = s->ids->fill++;
	f->trade_id = u->trade_id;
	f->price = u->price;
	f->quantity = u->quantity;
	f->fee_e8 = u->fee_e8;
	memcpy(f->fee_asset, u->fee_asset, sizeof(f->fee_asset));
	f->maker = u->maker;
	f->at_us = u->at_us;
}

enum close_reason order_fill_reason(const struct order *o, const struct leg *l)
{
	if (l->kind == LEG_CLOSE)
		return o->reason;
	if (l->kind == LEG_STOP)
		return order_stop_reason(o);
	return o->rules.roi.n && price_cmp(l->price, o->take_profit) == 0 &&
	       price_cmp(l->price, o->profit_target) != 0 ? CLOSE_ROI : CLOSE_TAKE_PROFIT;
}

/* A fill while a part is leaving: of that part, or of another leg, so that less is held. */
static void part_left(struct order *o, const struct leg *l, struct qty quantity)
{
	if (l->kind == LEG_CLOSE)
		ASSERT(qty_sub(o->leaving, quantity, &o->leaving) == 0);
	o->leaving = qty_min(o->leaving, order_position(o));
	if (qty_sign(o->leaving) < 0)
		o->leaving = (struct qty){ 0 };
}

bool order_book(const struct step *s, struct order *o, struct leg *l,
		const struct venue_update *u)
{
	bool entry = l->kind == LEG_ENTRY;
	bool opens = entry && o->status == ORDER_PENDING;
	struct qty *sum = entry ? &o->filled : &o->exited;
	struct money *amount = entry ? &o->entry_notional : &o->exit_notional, notional;

	leg_fill(s, o, l, u->quantity);
	order_list_moved(s, o, l);
	ASSERT(qty_add(*sum, u->quantity, sum) == 0);
	ASSERT(money_notional(u->price, u->quantity, ROUND_NEAREST, &notional) == 0);
	ASSERT(money_add(*amount, notional, amount) == 0);
	ASSERT(money_add(o->bad_debt, money_of_units(u->borne_e8), &o->bad_debt) == 0);
	book_fee(s, o, u);
	if (opens) {
		o->status = ORDER_ACTIVE;
		o->opened_us = u->at_us;
		if (o->rules.trailing)
			o->best = u->price;
	}
	if (!entry && qty_sign(o->leaving) > 0)
		part_left(o, l, u->quantity);
	if (!entry && o->phase != PHASE_CLOSING)
		o->reason = order_fill_reason(o, l);
	order_changed(s, o);
	tell_fill(s, o, l, u);
	return opens;
}

/*
 * Long: pnl = exits - (entries + cost of dust taken - cost of dust left) - quote fees -
 * funding; coins paid as fees are part of what the entries bought, so their loss is inside
 * already. Dust keeps its cost from order to order: all results together are the account's.
 * Short: the signs of entries and exits change. gross = pnl + all costs. A loss that the
 * account could not pay is none of the trade: the market bore it (bad debt).
 */
void order_settle(struct order *o)
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
