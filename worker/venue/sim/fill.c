#include "worker/venue/sim/internal.h"

#include <string.h>

/* Fee of an amount that is traded or received; always rounded up. */
static int64_t fee_of(const struct sim *s, const struct sim_acct *a, const struct sim_fill *f,
		      int64_t amount_e8)
{
	const struct fees *fees = &a->market->info.fees;
	int64_t rate = f->liquidation ? s->args.liquidation_fee_e8 :
		f->maker ? fees->maker_e8 : fees->taker_e8;

	return sim_rate_e8(amount_e8, rate, ROUND_UP);
}

/*
 * Books a spot fill: quote against base. The order's reservation for this part goes back to
 * free first. The fee is taken from the received asset. Tick times step has at most 8 decimals
 * on every real market, so notionals are exact there; elsewhere a rest of 1e-8 goes against us.
 */
static void book_spot(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		      struct sim_fill *f)
{
	bool buy = o->row.side == SIDE_BUY;
	int64_t quote = sim_notional_e8(f->price, f->qty, buy ? ROUND_UP : ROUND_DOWN);
	int64_t base = qty_units(f->qty);
	struct ledger_entry en;

	if (buy && f->released_e8 > 0 && quote > f->released_e8)
		quote = f->released_e8;
	f->fee_asset = buy ? LEDGER_BASE : LEDGER_QUOTE;
	f->fee_e8 = fee_of(s, a, f, buy ? base : quote);
	ledger_begin(&en, LEDGER_FILL, o->row.client_order_id, f->at_us);
	ledger_move(&en, buy ? LEDGER_QUOTE : LEDGER_BASE, LEDGER_RESERVED, LEDGER_FREE,
		    f->released_e8);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_MARKET, buy ? quote : -quote);
	ledger_move(&en, LEDGER_BASE, LEDGER_MARKET, LEDGER_FREE, buy ? base : -base);
	ledger_commit(&s->ledger, &a->book, &en);
	ledger_begin(&en, LEDGER_FEE, o->row.client_order_id, f->at_us);
	ledger_move(&en, f->fee_asset, LEDGER_FREE, LEDGER_FEES, f->fee_e8);
	ledger_commit(&s->ledger, &a->book, &en);
}

void sim_fill_book(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		   struct sim_fill *f)
{
	if (!a->row.futures) {
		book_spot(s, a, o, f);
		return;
	}
	f->fee_asset = LEDGER_QUOTE;
	f->fee_e8 = fee_of(s, a, f, sim_notional_e8(f->price, f->qty, ROUND_UP));
	sim_position_fill(s, a, o, f);
	if (f->liquidation && f->fee_e8 > a->book.balance_e8[LEDGER_QUOTE][LEDGER_FREE])
		f->fee_e8 = a->book.balance_e8[LEDGER_QUOTE][LEDGER_FREE];
	f->fee_e8 = sim_pay(s, a, o, LEDGER_FEES, f->fee_e8,
			    f->liquidation ? LEDGER_LIQUIDATION : LEDGER_FEE, f->at_us);
}

void sim_fill_update(struct sim *s, const struct sim_slot *o, const struct sim_fill *f,
		     struct venue_update *u)
{
	sim_update_init(o, UPDATE_FILL, f->at_us, u);
	u->trade_id = s->next_trade++;
	u->price = f->price;
	u->quantity = f->qty;
	u->fee_e8 = f->fee_e8;
	u->borne_e8 = f->borne_e8;
	memcpy(u->fee_asset, o->account->book.asset[f->fee_asset], sizeof(u->fee_asset));
	u->maker = f->maker;
	sim_remember_trade(s, u);
}

/* Asserts that no fill is beyond its order's limit, because that would be our bug. */
static void check_promises(const struct sim_slot *o, const struct sim_fill *f)
{
	int cmp = price_cmp(f->price, o->row.price);

	ASSERT(!o->gone && qty_sign(f->qty) > 0);
	ASSERT(qty_cmp(f->qty, sim_remaining(o)) <= 0);
	if (price_sign(o->row.price) > 0)
		ASSERT(o->row.side == SIDE_BUY ? cmp <= 0 : cmp >= 0);
}

/* Frees the reservation of the filled part; f->released_e8 says how much that is. */
static void release_part(struct sim_slot *o, struct sim_fill *f)
{
	int64_t need = 0;
	int rc = 0;

	if (o->row.reserved_e8 > 0)
		rc = sim_need(o, sim_remaining(o), &need);
	ASSERT(rc == 0); /* a part needs less than the whole, which fitted */
	f->released_e8 = o->row.reserved_e8 - need;
	o->row.reserved_e8 = need;
}

void sim_fill(struct sim *s, struct sim_slot *o, struct sim_fill *f)
{
	struct sim_acct *a = o->account;
	struct venue_update u;

	check_promises(o, f);
	o->row.filled = qty_of_units(qty_units(o->row.filled) + qty_units(f->qty));
	release_part(o, f);
	sim_fill_book(s, a, o, f);
	sim_fill_update(s, o, f, &u);
	if (qty_sign(sim_remaining(o)) == 0) {
		struct venue_update end = u;

		end.quantity = qty_of_units(0);
		sim_remember(s, &end);
		sim_slot_drop(s, o);
	} else if (o->row.stage == SIM_RESTING) {
		sim_report_order(s, o);
	}
	sim_send(s, &u);
	if (a->row.futures)
		sim_expire_reduce_only(s, a, f->at_us);
}
