#include "worker/venue/sim/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVERAGE_MAX 125	/* what Binance offers on its largest perpetuals */

struct qty sim_qty_abs(struct qty q)
{
	return qty_sign(q) < 0 ? qty_neg(q) : q;
}

int64_t sim_notional_e8(struct price p, struct qty q, enum rounding r)
{
	return money_units(account_notional(p, q, r));
}

int64_t sim_rate_e8(int64_t amount_e8, int64_t rate_e8, enum rounding r)
{
	struct money m;

	if (money_scale(money_of_units(amount_e8), rate_e8, r, &m))
		return INT64_MAX / 8;
	return money_units(m);
}

/* The index of the account, or the index at which it would be inserted. */
static size_t account_index(const struct sim *s, int64_t bot_id)
{
	size_t low = 0, high = s->accounts_n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->accounts[mid]->row.bot_id < bot_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct sim_acct *sim_acct_find(const struct sim *s, int64_t bot_id)
{
	size_t i = account_index(s, bot_id);

	if (i == s->accounts_n || s->accounts[i]->row.bot_id != bot_id)
		return NULL;
	return s->accounts[i];
}

const struct sim_account *sim_account_get(const struct venue *v, int64_t bot_id)
{
	const struct sim_acct *a = sim_acct_find(sim_of_const(v), bot_id);

	return a ? &a->row : NULL;
}

void sim_report_account(const struct sim *s, const struct sim_acct *a)
{
	if (s->args.store.account)
		s->args.store.account(s->args.store.ctx, &a->row);
}

struct sim_acct *sim_acct_insert(struct sim *s, int64_t bot_id)
{
	size_t i = account_index(s, bot_id);
	struct sim_acct *a = xcalloc(1, sizeof(*a));

	s->accounts = xrealloc(s->accounts, (s->accounts_n + 1) * sizeof(struct sim_acct *));
	memmove(s->accounts + i + 1, s->accounts + i,
		(s->accounts_n - i) * sizeof(struct sim_acct *));
	s->accounts[i] = a;
	s->accounts_n++;
	a->row.bot_id = bot_id;
	return a;
}

static int args_check(const struct sim *s, const struct sim_account_args *a, struct err *e)
{
	if (!sim_market_find(s, a->symbol, a->futures))
		return err_set(e, ERR_NOT_FOUND, "bot %lld: the simulation has no %s market %s",
			       (long long)a->bot_id, a->futures ? "futures" : "spot", a->symbol);
	if (money_sign(a->initial_capital) <= 0)
		return err_set(e, ERR_INVALID, "bot %lld: initial capital must be above 0",
			       (long long)a->bot_id);
	if (money_cmp(a->initial_capital, money_of_units(SIM_CAPITAL_MAX_E8)) > 0)
		return err_set(e, ERR_INVALID, "bot %lld: initial capital must be at most %d, "
			       "more can't be stored to the last digit", (long long)a->bot_id,
			       (int)(SIM_CAPITAL_MAX_E8 / RATE_ONE));
	if (a->futures &&
	    (a->leverage_e8 < RATE_ONE || a->leverage_e8 > LEVERAGE_MAX * RATE_ONE))
		return err_set(e, ERR_INVALID, "bot %lld: leverage must be from 1 to %d",
			       (long long)a->bot_id, LEVERAGE_MAX);
	return 0;
}

/* Begins the books of the row's epoch with its deposit. */
static void account_open(struct sim *s, struct sim_acct *a, const struct sim_account_args *args,
			 int64_t now_us)
{
	struct ledger_entry en;
	const struct symbol_info *info;

	a->market = sim_market_find(s, args->symbol, args->futures);
	info = &a->market->info;
	a->row.futures = args->futures;
	memcpy(a->row.symbol, info->symbol, sizeof(a->row.symbol));
	memcpy(a->row.base_asset, info->base, sizeof(a->row.base_asset));
	memcpy(a->row.quote_asset, info->quote, sizeof(a->row.quote_asset));
	a->row.initial_capital = args->initial_capital;
	a->row.leverage_e8 = args->futures ? args->leverage_e8 : RATE_ONE;
	a->row.position = qty_of_units(0);
	a->row.entry_price = price_of_units(0);
	a->row.next_funding_us = 0;
	a->row.updated_us = now_us;
	ledger_book_init(&a->book, a->row.bot_id, a->row.epoch, info->base, info->quote);
	sim_report_account(s, a);
	ledger_begin(&en, LEDGER_DEPOSIT, "", now_us);
	ledger_move(&en, LEDGER_QUOTE, LEDGER_CAPITAL, LEDGER_FREE,
		    money_units(args->initial_capital));
	ledger_commit(&s->ledger, &a->book, &en);
}

int sim_account_add(struct venue *v, const struct sim_account_args *args, int64_t now_us,
		    struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_acct *a;
	int rc = args_check(s, args, e);

	if (rc)
		return rc;
	if (sim_acct_find(s, args->bot_id))
		return err_set(e, ERR_CONFLICT, "bot %lld has a paper account already",
			       (long long)args->bot_id);
	a = sim_acct_insert(s, args->bot_id);
	a->row.epoch = 1;
	a->row.created_us = now_us;
	account_open(s, a, args, now_us);
	sim_finish(s);
	return 0;
}

/* Futures: a position; spot: base that could be sold (less is dust). */
static bool has_position(const struct sim_acct *a)
{
	const int64_t *base = a->book.balance_e8[LEDGER_BASE];
	int64_t least = qty_units(a->market->info.min_qty);

	if (a->row.futures)
		return qty_sign(a->row.position) != 0;
	return base[LEDGER_FREE] + base[LEDGER_RESERVED] >= (least > 0 ? least : 1);
}

static int check_idle(const struct sim *s, const struct sim_acct *a, const char *what,
		      struct err *e)
{
	if (sim_account_busy(s, a))
		return err_set(e, ERR_CONFLICT, "bot %lld has orders in the simulation; "
			       "cancel them before the %s", (long long)a->row.bot_id, what);
	if (has_position(a))
		return err_set(e, ERR_CONFLICT, "bot %lld has an open position in the simulation; "
			       "close it before the %s", (long long)a->row.bot_id, what);
	return 0;
}

/* Books every balance back to zero, so that the epoch's rows also sum to zero per account. */
static void close_books(struct sim *s, struct sim_acct *a, int64_t now_us)
{
	struct ledger_entry en;

	ledger_begin(&en, LEDGER_RESET, "", now_us);
	for (int asset = 0; asset < LEDGER_ASSETS; asset++)
		for (int acc = 0; acc < LEDGER_ACCOUNTS; acc++)
			ledger_add(&en, (enum ledger_asset)asset, (enum ledger_account)acc,
				   -a->book.balance_e8[asset][acc]);
	ledger_commit(&s->ledger, &a->book, &en);
}

int sim_account_reset(struct venue *v, const struct sim_account_args *args, bool force,
		      int64_t now_us, struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_acct *a = sim_acct_find(s, args->bot_id);
	int rc = args_check(s, args, e);

	if (rc)
		return rc;
	if (!a)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no paper account",
			       (long long)args->bot_id);
	if (!force && (rc = check_idle(s, a, "reset", e)) != 0)
		return rc;
	sim_expire_account(s, a, true, "RESET: the paper account was reset", now_us);
	close_books(s, a, now_us);
	a->market->dirty = true;
	a->row.epoch++;
	account_open(s, a, args, now_us);
	sim_funding_due_update(s);
	sim_finish(s);
	return 0;
}

int sim_account_leverage(struct venue *v, int64_t bot_id, int64_t leverage_e8, int64_t now_us,
			 struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_acct *a = sim_acct_find(s, bot_id);
	int rc;

	if (!a)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no paper account",
			       (long long)bot_id);
	if (leverage_e8 < RATE_ONE || leverage_e8 > LEVERAGE_MAX * RATE_ONE ||
	    (!a->row.futures && leverage_e8 != RATE_ONE))
		return err_set(e, ERR_INVALID,
			       "bot %lld: leverage must be from 1 to %d, and 1 on spot",
			       (long long)bot_id, LEVERAGE_MAX);
	if (leverage_e8 == a->row.leverage_e8)
		return 0;
	rc = check_idle(s, a, "change of leverage", e);
	if (rc)
		return rc;
	a->row.leverage_e8 = leverage_e8;
	a->row.updated_us = now_us;
	sim_report_account(s, a);
	return 0;
}

static int64_t base_held_e8(const struct sim_acct *a)
{
	const int64_t *base = a->book.balance_e8[LEDGER_BASE];

	return base[LEDGER_FREE] + base[LEDGER_RESERVED];
}

struct account sim_account_now(const struct sim_acct *a)
{
	const int64_t *quote = a->book.balance_e8[LEDGER_QUOTE];

	return (struct account){
		.bot_id = a->row.bot_id, .known = true, .futures = a->row.futures,
		.fees = a->market->info.fees,
		.free = money_of_units(quote[LEDGER_FREE]),
		.balance = money_of_units(a->row.futures ? sim_wallet_e8(a) :
					  quote[LEDGER_FREE] + quote[LEDGER_RESERVED]),
		.base = a->row.futures ? a->row.position : qty_of_units(base_held_e8(a)),
		.open = money_of_units(a->row.futures ? quote[LEDGER_PNL] : 0),
	};
}

static bool same(const struct account *a, const struct account *b)
{
	return a->known == b->known && money_cmp(a->free, b->free) == 0 &&
	       money_cmp(a->balance, b->balance) == 0 && qty_cmp(a->base, b->base) == 0 &&
	       money_cmp(a->open, b->open) == 0 && a->fees.maker_e8 == b->fees.maker_e8 &&
	       a->fees.taker_e8 == b->fees.taker_e8;
}

void sim_tell_account(const struct sim *s, struct sim_acct *a)
{
	struct account now = sim_account_now(a);

	if (same(&now, &a->told))
		return;
	a->told = now;
	if (s->args.sink.account)
		s->args.sink.account(s->args.sink.ctx, &now);
}

int sim_account_value(const struct venue *v, int64_t bot_id, struct account_value *out,
		      struct err *e)
{
	const struct sim_acct *a = sim_acct_find(sim_of_const(v), bot_id);
	struct account now;

	if (!a)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no paper account",
			       (long long)bot_id);
	now = sim_account_now(a);
	return account_value(&now, a->market->last, out, e);
}

/* Its equity without coins that have no known price: the capital of the next epoch. */
static struct money worth(const struct sim_acct *a)
{
	struct price last = a->market->last;
	int64_t e8 = sim_wallet_e8(a);

	if (price_sign(last) > 0)
		e8 += a->row.futures ? sim_unrealized_e8(a, last) :
			sim_notional_e8(last, qty_of_units(base_held_e8(a)), ROUND_DOWN);
	return money_of_units(e8 > 0 ? e8 : 0);
}

static struct sim_account_args args_of(const struct sim *s, const struct venue_account *a)
{
	const struct symbol_info *info = &s->markets[a->market]->info;
	struct sim_account_args args = {
		.bot_id = a->bot_id, .futures = info->futures, .initial_capital = a->capital,
		.leverage_e8 = a->leverage_e8,
	};

	memcpy(args.symbol, info->symbol, sizeof(args.symbol));
	return args;
}

static bool on_market(const struct sim_account *have, const struct symbol_info *info)
{
	return have->futures == info->futures &&
	       (!have->symbol[0] || strcmp(have->symbol, info->symbol) == 0) &&
	       strcmp(have->base_asset, info->base) == 0 &&
	       strcmp(have->quote_asset, info->quote) == 0;
}

int sim_account_set(struct venue *v, const struct venue_account *a, int64_t now_us, struct err *e)
{
	struct sim *s = sim_of(v);
	const struct symbol_info *info = &s->markets[a->market]->info;
	const struct sim_acct *have = sim_acct_find(s, a->bot_id);
	struct sim_account_args args = args_of(s, a);

	if (!have)
		return sim_account_add(v, &args, now_us, e);
	if (on_market(&have->row, info))
		return have->row.leverage_e8 == a->leverage_e8 ? 0 :
		       sim_account_leverage(v, a->bot_id, a->leverage_e8, now_us, e);
	/* Another market: the account begins anew with what it is worth. */
	if (strcmp(have->row.quote_asset, info->quote) != 0)
		return err_set(e, ERR_DENIED, "%s is priced in %s, the paper account of bot %lld "
			       "in %s: only a reset can move it (POST /api/v1/simulation/reset)",
			       info->symbol, info->quote, (long long)a->bot_id,
			       have->row.quote_asset);
	args.initial_capital = worth(have);
	if (money_sign(args.initial_capital) <= 0)
		return err_set(e, ERR_DENIED, "the paper account of bot %lld is empty: only a "
			       "reset can move it to %s (POST /api/v1/simulation/reset)",
			       (long long)a->bot_id, info->symbol);
	return sim_account_reset(v, &args, true, now_us, e);
}

int sim_account_renew(struct venue *v, const struct venue_account *a, int64_t now_us,
		      struct err *e)
{
	struct sim_account_args args = args_of(sim_of(v), a);

	return sim_account_reset(v, &args, true, now_us, e);
}

int64_t sim_available(const struct sim_acct *a, enum ledger_asset asset)
{
	int64_t have = a->book.balance_e8[asset][LEDGER_FREE], open;

	if (!a->row.futures || qty_sign(a->row.position) == 0)
		return have;
	if (price_sign(a->market->last) == 0)
		return have;
	open = sim_unrealized_e8(a, a->market->last);
	if (open < 0)
		have += open;
	return have > 0 ? have : 0;
}

enum ledger_asset sim_need_asset(const struct sim_acct *a, const struct sim_order *o)
{
	return !a->row.futures && o->side == SIDE_SELL ? LEDGER_BASE : LEDGER_QUOTE;
}

int sim_need(const struct sim_slot *slot, struct qty remaining, int64_t *e8)
{
	const struct sim_acct *a = slot->account;
	const struct sim_order *o = &slot->row;
	struct price p = price_cmp(o->price, o->stop_price) > 0 ? o->price : o->stop_price;
	const struct fees *fees = &a->market->info.fees;
	int64_t rate = fees->taker_e8 > fees->maker_e8 ? fees->taker_e8 : fees->maker_e8;
	struct money notional, fee;

	if (sim_need_asset(a, o) == LEDGER_BASE) {
		*e8 = slot->other && o->type == TYPE_STOP_MARKET ? 0 : qty_units(remaining);
		return 0;
	}
	if (o->type == TYPE_MARKET || o->reduce_only || qty_sign(remaining) == 0) {
		*e8 = 0;
		return 0;
	}
	if (money_notional(p, remaining, ROUND_UP, &notional))
		return ERR_RANGE;
	if (!a->row.futures) {
		*e8 = money_units(notional);
		return 0;
	}
	if (money_scale(notional, rate, ROUND_UP, &fee) ||
	    money_add(money_of_units(sim_margin_e8(a, money_units(notional))), fee, &notional))
		return ERR_RANGE;
	*e8 = money_units(notional);
	return 0;
}

void sim_reserve(struct sim *s, struct sim_slot *o, int64_t want_e8, int64_t at_us)
{
	struct ledger_entry en;
	int64_t more = want_e8 - o->row.reserved_e8;

	if (more == 0)
		return;
	ledger_begin(&en, more > 0 ? LEDGER_RESERVE : LEDGER_RELEASE, o->row.client_order_id,
		     at_us);
	ledger_move(&en, sim_need_asset(o->account, &o->row), LEDGER_FREE, LEDGER_RESERVED, more);
	ledger_commit(&s->ledger, &o->account->book, &en);
	o->row.reserved_e8 = want_e8;
}
