#include "worker/venue/sim/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Quote balance of one account. */
static int64_t quote_of(const struct sim_acct *a, enum ledger_account account)
{
	return a->book.balance_e8[LEDGER_QUOTE][account];
}

/* amount x num / den, or all of it when num = den. */
static int64_t share_of(int64_t amount_e8, struct qty num, struct qty den)
{
	struct money m;
	int rc;

	if (qty_cmp(num, den) == 0)
		return amount_e8;
	rc = money_share(money_of_units(amount_e8), num, den, ROUND_DOWN, &m);
	ASSERT(rc == 0); /* a share is smaller than the whole */
	return money_units(m);
}

int64_t sim_wallet_e8(const struct sim_acct *a)
{
	return quote_of(a, LEDGER_FREE) + quote_of(a, LEDGER_RESERVED) + quote_of(a, LEDGER_MARGIN);
}

int64_t sim_unrealized_e8(const struct sim_acct *a, struct price p)
{
	bool is_long = qty_sign(a->row.position) > 0;
	int64_t n = sim_notional_e8(p, sim_qty_abs(a->row.position),
				    is_long ? ROUND_DOWN : ROUND_UP);

	return quote_of(a, LEDGER_PNL) + (is_long ? n : -n);
}

struct qty sim_closing(const struct sim_acct *a, enum side side, struct qty qty)
{
	if (qty_sign(a->row.position) != (side == SIDE_SELL ? 1 : -1))
		return qty_of_units(0);
	return qty_min(qty, sim_qty_abs(a->row.position));
}

int64_t sim_margin_e8(const struct sim_acct *a, int64_t notional_e8)
{
	struct money m;

	if (money_share(money_of_units(notional_e8), qty_of_units(RATE_ONE),
			qty_of_units(a->row.leverage_e8), ROUND_UP, &m))
		return INT64_MAX / 8;
	return money_units(m);
}

/* Moves margin above keep_margin_e8 to free until free is need_e8. Returns what is missing. */
static int64_t raise_free(struct sim *s, struct sim_acct *a, const struct sim_slot *except,
		       int64_t need_e8, int64_t keep_margin_e8, int64_t at_us)
{
	struct sim_list *l = &a->market->resting;
	struct ledger_entry en;
	int64_t lack, use;

	for (size_t i = 0; i < l->n && quote_of(a, LEDGER_FREE) < need_e8; i++) {
		struct sim_slot *o = l->slots[i];

		if (o->account == a && o != except && !o->gone && o->row.reserved_e8 > 0)
			sim_slot_end(s, o, UPDATE_EXPIRED,
				     "MARGIN: its reservation was needed for the position", at_us);
	}
	lack = need_e8 - quote_of(a, LEDGER_FREE);
	if (lack <= 0)
		return 0;
	use = quote_of(a, LEDGER_MARGIN) - keep_margin_e8;
	use = use < 0 ? 0 : use < lack ? use : lack;
	ledger_begin(&en, LEDGER_RELEASE, "", at_us);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_MARGIN, LEDGER_FREE, use);
	ledger_commit(&s->ledger, &a->book, &en);
	return lack - use;
}

/* The market bears the part of a loss that the account can't pay. */
static void bear(struct sim *s, struct sim_acct *a, int64_t missing_e8, int64_t at_us)
{
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_LIQUIDATION, "", at_us);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_MARKET, LEDGER_FREE, missing_e8);
	ledger_commit(&s->ledger, &a->book, &en);
}

int64_t sim_pay(struct sim *s, struct sim_acct *a, const struct sim_slot *except,
	     enum ledger_account to, int64_t amount_e8, enum ledger_kind kind, int64_t at_us)
{
	struct ledger_entry en;

	if (amount_e8 > quote_of(a, LEDGER_FREE))
		amount_e8 -= raise_free(s, a, except, amount_e8, 0, at_us);
	ledger_begin(&en, kind, except ? except->row.client_order_id : "", at_us);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, to, amount_e8);
	ledger_commit(&s->ledger, &a->book, &en);
	a->market->dirty = true;
	return amount_e8;
}

void sim_funding_due_update(struct sim *s)
{
	s->funding_due = INT64_MAX;
	for (size_t i = 0; i < s->accounts_n; i++) {
		int64_t due = s->accounts[i]->row.next_funding_us;

		if (due > 0 && due < s->funding_due)
			s->funding_due = due;
	}
}

/* The account's row after its position changed. */
static void position_changed(struct sim *s, struct sim_acct *a, int64_t at_us)
{
	struct qty size;
	int64_t cost = quote_of(a, LEDGER_PNL);

	a->row.position = qty_of_units(a->book.balance_e8[LEDGER_BASE][LEDGER_PNL]);
	size = sim_qty_abs(a->row.position);
	if (qty_sign(size) == 0) {
		ASSERT(cost == 0);
		a->row.entry_price = price_of_units(0);
		a->row.next_funding_us = 0;
	} else {
		int rc = price_average(money_of_units(cost < 0 ? -cost : cost), size,
				       ROUND_NEAREST, &a->row.entry_price);

		ASSERT(rc == 0);	/* an average of prices that fitted */
		if (a->row.next_funding_us == 0)
			a->row.next_funding_us = (at_us / SIM_FUNDING_US + 1) * SIM_FUNDING_US;
	}
	a->row.updated_us = at_us;
	a->market->dirty = true;
	sim_funding_due_update(s);
	sim_report_account(s, a);
}

void sim_position_fill(struct sim *s, struct sim_acct *a, const struct sim_slot *o,
		       struct sim_fill *f)
{
	int64_t sign = o->row.side == SIDE_BUY ? 1 : -1;
	enum rounding r = sign > 0 ? ROUND_UP : ROUND_DOWN;
	struct qty size = sim_qty_abs(a->row.position);
	struct qty closing = sim_closing(a, o->row.side, f->qty);
	struct qty opening = qty_of_units(qty_units(f->qty) - qty_units(closing));
	int64_t n_close = sim_notional_e8(f->price, closing, r);
	int64_t n_open = sim_notional_e8(f->price, opening, r);
	int64_t realized = 0, margin_back = 0, margin, spare;
	struct ledger_entry en;

	if (qty_sign(closing) > 0) { /* pnl holds minus the cost: its share plus the proceeds */
		realized = share_of(quote_of(a, LEDGER_PNL), closing, size) - sign * n_close;
		margin_back = share_of(quote_of(a, LEDGER_MARGIN), closing, size);
	}
	spare = f->released_e8 + margin_back + realized;
	f->borne_e8 = quote_of(a, LEDGER_FREE) + spare < 0 ?
		raise_free(s, a, o, -spare, margin_back, f->at_us) : 0;
	if (f->borne_e8)
		bear(s, a, f->borne_e8, f->at_us);
	spare += quote_of(a, LEDGER_FREE) - f->fee_e8;
	margin = sim_margin_e8(a, n_open);
	margin = spare < 0 ? 0 : margin < spare ? margin : spare;

	ledger_begin(&en, f->liquidation ? LEDGER_LIQUIDATION : LEDGER_FILL,
		     o->row.client_order_id, f->at_us);
	ledger_move(&en, LEDGER_BASE, LEDGER_MARKET, LEDGER_PNL, sign * qty_units(f->qty));
	ledger_move(&en, LEDGER_QUOTE, LEDGER_PNL, LEDGER_MARKET, sign * (n_close + n_open));
	ledger_move(&en, LEDGER_QUOTE, LEDGER_PNL, LEDGER_FREE, realized);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_MARGIN, LEDGER_FREE, margin_back);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_RESERVED, LEDGER_FREE, f->released_e8);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_FREE, LEDGER_MARGIN, margin);
	ledger_commit(&s->ledger, &a->book, &en);
	position_changed(s, a, f->at_us);
}

void sim_expire_reduce_only(struct sim *s, struct sim_acct *a, int64_t at_us)
{
	struct sim_list *l = &a->market->resting;

	for (size_t i = 0; i < l->n; i++) {
		struct sim_slot *o = l->slots[i];

		if (o->account != a || o->gone || !o->row.reduce_only)
			continue;
		if (qty_sign(sim_closing(a, o->row.side, o->row.quantity)) == 0)
			sim_slot_end(s, o, UPDATE_EXPIRED, "REDUCE_ONLY: the position is closed",
				     at_us);
	}
}

static void tell_funding(struct sim *s, const struct sim_acct *a, int64_t paid_e8, int64_t at_us)
{
	struct venue_update u = { .kind = UPDATE_FUNDING, .bot_id = a->row.bot_id, .at_us = at_us,
				  .fee_e8 = paid_e8 };

	memcpy(u.symbol, a->market->info.symbol, sizeof(u.symbol));
	memcpy(u.fee_asset, a->row.quote_asset, sizeof(u.fee_asset));
	sim_send(s, &u);
}

/* a x b, at most what an account can hold. */
static int64_t times(int64_t a, int64_t b)
{
	int64_t most = INT64_MAX / 8;

	return a > 0 && b > most / a ? most : a * b;
}

static void funding_book(struct sim *s, struct sim_acct *a, int64_t until_us)
{
	int64_t passed = (until_us - a->row.next_funding_us) / SIM_FUNDING_US + 1;
	int64_t at_us = a->row.next_funding_us + (passed - 1) * SIM_FUNDING_US;
	struct price p = price_sign(a->market->last) > 0 ? a->market->last : a->row.entry_price;
	int64_t rate = s->args.funding_rate_e8;
	bool pays = (qty_sign(a->row.position) > 0) == (rate > 0);
	enum rounding r = pays ? ROUND_UP : ROUND_DOWN;
	int64_t n = sim_notional_e8(p, sim_qty_abs(a->row.position), r);
	int64_t amount = times(sim_rate_e8(n, rate < 0 ? -rate : rate, r), passed);

	amount = sim_pay(s, a, NULL, LEDGER_FUNDING, pays ? amount : -amount,
			 LEDGER_FUNDING_PAID, at_us);
	a->row.next_funding_us += passed * SIM_FUNDING_US;
	a->row.updated_us = at_us;
	sim_report_account(s, a);
	if (amount)
		tell_funding(s, a, amount, at_us);
}

void sim_funding_run(struct sim *s, int64_t at_us)
{
	for (size_t i = 0; i < s->accounts_n; i++) {
		struct sim_acct *a = s->accounts[i];

		if (a->row.next_funding_us > 0 && a->row.next_funding_us <= at_us)
			funding_book(s, a, at_us);
	}
	sim_funding_due_update(s);
}

/*
 * A position is liquidated when wallet + unrealized <= maintenance x notional. Solved for the
 * price p, with W the wallet, C the cost, P the size and m the maintenance rate:
 *	long   p <= (C - W) / (P (1 - m))	short   p >= (C + W) / (P (1 + m))
 * The bound is then widened by a millionth, because it only decides which trades need the
 * exact check.
 */
void sim_liquidation_bound(const struct sim *s, const struct sim_acct *a, int64_t *low,
			   int64_t *high)
{
	bool is_long = qty_sign(a->row.position) > 0;
	int64_t m = s->args.maintenance_rate_e8, cost = quote_of(a, LEDGER_PNL), p;
	enum rounding r = is_long ? ROUND_DOWN : ROUND_UP;
	struct money amount = money_of_units(is_long ? -cost - sim_wallet_e8(a) :
					     cost + sim_wallet_e8(a));
	struct qty size;
	struct price bound;

	if (qty_sign(a->row.position) == 0)
		return;
	if (qty_scale(sim_qty_abs(a->row.position), is_long ? RATE_ONE - m : RATE_ONE + m, r,
		      &size) ||
	    qty_sign(size) == 0 || price_average(amount, size, ROUND_NEAREST, &bound)) {
		*low = INT64_MAX;	/* can't be computed: check every trade */
		return;
	}
	p = price_units(bound);
	if (is_long && p >= 0 && p + p / 1000000 + 2 > *low)
		*low = p + p / 1000000 + 2;
	if (!is_long && p - p / 1000000 - 2 < *high)
		*high = p - p / 1000000 - 2;
}

static void liquidate(struct sim *s, struct sim_acct *a, const char *reason, int64_t at_us)
{
	struct sim_slot o = { .account = a };
	struct sim_plan p;
	int64_t planned = 0;

	o.row.side = qty_sign(a->row.position) > 0 ? SIDE_SELL : SIDE_BUY;
	o.row.type = TYPE_MARKET;
	o.row.reduce_only = true;
	o.row.quantity = sim_qty_abs(a->row.position);
	sim_plan(s, a->market, o.row.side, o.row.quantity, price_of_units(0), a->market->last, &p);
	if (p.n == 0) { /* nobody on that side: the next book decides */
		a->market->waits = true;
		return;
	}
	sim_expire_account(s, a, false, reason, at_us);
	o.row.bot_id = a->row.bot_id;
	o.row.exchange_id = s->next_order++;
	snprintf(o.row.client_order_id, sizeof(o.row.client_order_id),
		 "liquidation-%" PRId64 "-%" PRId64, a->row.bot_id, o.row.exchange_id);
	memcpy(o.row.symbol, a->market->info.symbol, sizeof(o.row.symbol));
	for (size_t i = 0; i < p.n; i++)
		planned += qty_units(p.level[i].qty);
	/* Closes the whole position whatever the depth: the worst level takes the rest */
	p.level[p.n - 1].qty = qty_of_units(qty_units(p.level[p.n - 1].qty) +
					    qty_units(o.row.quantity) - planned);
	for (size_t i = 0; i < p.n; i++) {
		struct sim_fill f = { .price = p.level[i].price, .qty = p.level[i].qty,
				      .liquidation = true, .at_us = at_us };
		struct venue_update u;

		o.row.filled = qty_of_units(qty_units(o.row.filled) + qty_units(f.qty));
		sim_fill_book(s, a, &o, &f);
		sim_fill_update(s, &o, &f, &u);
		sim_reason(u.reason, "%s", reason);
		sim_send(s, &u);
	}
}

void sim_liquidate_if_due(struct sim *s, struct sim_acct *a, int64_t at_us)
{
	char reason[SIM_REASON_MAX], t[MONEY_TEXT_MAX], u[MONEY_TEXT_MAX];
	int64_t equity, needed;

	if (qty_sign(a->row.position) == 0)
		return;
	equity = sim_wallet_e8(a) + sim_unrealized_e8(a, a->market->last);
	needed = sim_rate_e8(sim_notional_e8(a->market->last, sim_qty_abs(a->row.position),
					     ROUND_UP), s->args.maintenance_rate_e8, ROUND_UP);
	if (equity > needed)
		return;
	sim_reason(reason, "LIQUIDATION: equity %s <= maintenance %s",
		   money_text(money_of_units(equity), t), money_text(money_of_units(needed), u));
	liquidate(s, a, reason, at_us);
}
