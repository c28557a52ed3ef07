#include "worker/venue/sim/internal.h"

#include <stdio.h>
#include <string.h>

#define REAL_EXACT_E8 ((INT64_C(1) << 26) * RATE_ONE)	/* a REAL keeps every 1e-8 up to it */

static struct sim_market *market_of_row(const struct sim *s, const struct sim_account *row)
{
	for (size_t i = 0; i < s->markets_n; i++) {
		const struct symbol_info *info = &s->markets[i]->info;

		if (info->futures == row->futures && strcmp(info->base, row->base_asset) == 0 &&
		    strcmp(info->quote, row->quote_asset) == 0 &&
		    (!row->symbol[0] || strcmp(info->symbol, row->symbol) == 0))
			return s->markets[i];
	}
	return NULL;
}

int sim_account_restore(struct venue *v, const struct sim_account *row, struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_market *m = market_of_row(s, row);
	struct sim_acct *a;

	if (!m)
		return err_set(e, ERR_NOT_FOUND,
			       "paper account of bot %lld: no %s market of %s and %s was added",
			       (long long)row->bot_id, row->futures ? "futures" : "spot",
			       row->base_asset, row->quote_asset);
	if (sim_acct_find(s, row->bot_id))
		return err_set(e, ERR_CONFLICT, "bot %lld has a paper account already",
			       (long long)row->bot_id);
	a = sim_acct_insert(s, row->bot_id);
	a->row = *row;
	a->market = m;
	ledger_book_init(&a->book, row->bot_id, row->epoch, row->base_asset, row->quote_asset);
	m->dirty = true;
	sim_funding_due_update(s);
	return 0;
}

int sim_balance_restore(struct venue *v, const struct sim_balance *row, struct err *e)
{
	struct sim_acct *a = sim_acct_find(sim_of(v), row->bot_id);

	if (!a)
		return err_set(e, ERR_NOT_FOUND, "balance of bot %lld, which has no paper account",
			       (long long)row->bot_id);
	if (row->epoch != a->row.epoch)
		return 0;
	for (int asset = 0; asset < LEDGER_ASSETS; asset++) {
		if (strcmp(row->asset, a->book.asset[asset]) == 0) {
			a->book.balance_e8[asset][row->account] = row->amount_e8;
			a->market->dirty = true;
			return 0;
		}
	}
	return err_set(e, ERR_CORRUPT,
		       "balance of bot %lld in %s, but its account trades %s and %s",
		       (long long)row->bot_id, row->asset, a->row.base_asset, a->row.quote_asset);
}

/* With the other one of its list, if it is there already: both rest, or both are on their way. */
static void pair_restored(const struct sim *s, struct sim_slot *o)
{
	const struct sim_list *l = o->row.stage == SIM_RESTING ? &o->account->market->resting :
								  &s->travel;

	for (size_t i = 0; i < l->n; i++)
		if (l->slots[i]->account == o->account &&
		    strcmp(l->slots[i]->row.list_id, o->row.list_id) == 0)
			sim_slot_pair(o, l->slots[i]);
}

int sim_order_restore(struct venue *v, const struct sim_order *row, struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_acct *a = sim_acct_find(s, row->bot_id);
	struct sim_slot *o;

	if (!a)
		return err_set(e, ERR_NOT_FOUND, "paper order %s of bot %lld, which has no account",
			       row->client_order_id, (long long)row->bot_id);
	if (sim_slot_find(s, row->client_order_id))
		return err_set(e, ERR_CONFLICT, "paper order %s is there already",
			       row->client_order_id);
	o = sim_slot_new(s, a, row);
	if (row->list_id[0])
		pair_restored(s, o);
	if (row->stage == SIM_RESTING)
		sim_rest_add(o);
	else
		sim_travel_add(s, o);
	return 0;
}

/* How far an amount may be from its stored value: half the distance of doubles there. */
static int64_t rounded_by(int64_t amount_e8)
{
	int64_t size = amount_e8 < 0 ? -amount_e8 : amount_e8;

	return size < REAL_EXACT_E8 ? 0 : size / REAL_EXACT_E8 + 1;
}

static bool round_to(int64_t *amount_e8, int64_t want_e8)
{
	int64_t off = *amount_e8 - want_e8, most = rounded_by(want_e8);

	if (off > most || off < -most)
		return false;
	*amount_e8 = want_e8;
	return true;
}

static void round_reserved(struct sim_acct *a)
{
	const struct sim_list *l = &a->market->resting;
	int64_t sum[LEDGER_ASSETS] = { 0, 0 }, need;

	for (size_t i = 0; i < l->n; i++) {
		struct sim_order *o = &l->slots[i]->row;

		if (l->slots[i]->account != a ||
		    sim_need(l->slots[i], sim_remaining(l->slots[i]), &need))
			continue;
		(void)round_to(&o->reserved_e8, need);
		sum[sim_need_asset(a, o)] += o->reserved_e8;
	}
	for (int asset = 0; asset < LEDGER_ASSETS; asset++)
		(void)round_to(&a->book.balance_e8[asset][LEDGER_RESERVED], sum[asset]);
}

static void round_account(struct sim_acct *a)
{
	round_reserved(a);
	for (int asset = 0; asset < LEDGER_ASSETS; asset++) {
		int64_t *b = a->book.balance_e8[asset];
		int64_t sum = ledger_sum(&a->book, (enum ledger_asset)asset), most = 0;

		for (int i = 0; i < LEDGER_ACCOUNTS; i++)
			most += rounded_by(b[i]);
		if (sum <= most && sum >= -most)
			b[LEDGER_MARKET] -= sum;
	}
}

void sim_restore_round(struct venue *v)
{
	const struct sim *s = sim_of(v);

	for (size_t i = 0; i < s->accounts_n; i++) {
		round_account(s->accounts[i]);
		sim_tell_account(s, s->accounts[i]);
	}
}

/* A resting order has arrived, so no later than now. */
static void arrived_by(const struct sim *s, struct sim_list *resting, int64_t now_us)
{
	for (size_t i = 0; i < resting->n; i++) {
		struct sim_slot *o = resting->slots[i];

		if (o->row.due_us <= now_us)
			continue;
		o->row.due_us = now_us;
		sim_report_order(s, o);
	}
}

/* A resting order has arrived: trades from now on may fill it. */
static void rested_before(const struct sim *s, struct sim_list *l, int64_t now_us)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->slots[i]->row.due_us <= now_us)
			continue;
		l->slots[i]->row.due_us = now_us;
		sim_report_order(s, l->slots[i]);
	}
}

void sim_times_back(struct venue *v, int64_t now_us)
{
	struct sim *s = sim_of(v);

	for (size_t i = 0; i < s->travel.n; i++) {
		struct sim_slot *o = s->travel.slots[i];

		if (o->row.due_us <= now_us + s->args.latency_us)
			continue;
		o->row.due_us = now_us + s->args.latency_us; /* sorted by seq already */
		sim_report_order(s, o);
	}
	for (size_t i = 0; i < s->markets_n; i++)
		arrived_by(s, &s->markets[i]->resting, now_us);
	for (size_t m = 0; m < s->markets_n; m++)
		rested_before(s, &s->markets[m]->resting, now_us);
	for (size_t i = 0; i < s->accounts_n; i++) {
		struct sim_acct *a = s->accounts[i];

		if (a->row.next_funding_us <= now_us + SIM_FUNDING_US)
			continue;
		a->row.next_funding_us = (now_us / SIM_FUNDING_US + 1) * SIM_FUNDING_US;
		sim_report_account(s, a);
	}
	sim_funding_due_update(s);
}

static int corrupt(const struct sim_acct *a, struct err *e, const char *what)
{
	return err_set(e, ERR_CORRUPT, "paper account of bot %lld: %s", (long long)a->row.bot_id,
		       what);
}

static int check_balances(const struct sim_acct *a, struct err *e)
{
	for (int asset = 0; asset < LEDGER_ASSETS; asset++) {
		const int64_t *b = a->book.balance_e8[asset];

		if (ledger_sum(&a->book, (enum ledger_asset)asset) != 0)
			return corrupt(a, e, "its balances do not sum to zero");
		if (b[LEDGER_FREE] < 0 || b[LEDGER_RESERVED] < 0 || b[LEDGER_MARGIN] < 0)
			return corrupt(a, e, "it holds a negative amount");
	}
	if (!a->row.futures)
		return 0;
	if (qty_units(a->row.position) != a->book.balance_e8[LEDGER_BASE][LEDGER_PNL])
		return corrupt(a, e, "its position is not what its fills sum to");
	if ((qty_sign(a->row.position) != 0) != (a->row.next_funding_us > 0))
		return corrupt(a, e, "its funding time does not fit its position");
	return 0;
}

static int check_reserved(const struct sim_acct *a, struct err *e)
{
	int64_t sum[LEDGER_ASSETS] = { 0, 0 };
	const struct sim_list *l = &a->market->resting;

	for (size_t i = 0; i < l->n; i++) {
		const struct sim_slot *o = l->slots[i];
		int64_t need;

		if (o->account != a || o->gone)
			continue;
		if (sim_need(o, sim_remaining(o), &need) || need != o->row.reserved_e8)
			return corrupt(a, e, "an order reserves another amount than it needs");
		if (qty_sign(sim_remaining(o)) <= 0 || qty_sign(o->row.queue_ahead) < 0)
			return corrupt(a, e, "an order rests with nothing left to fill");
		sum[sim_need_asset(a, &o->row)] += need;
	}
	for (int asset = 0; asset < LEDGER_ASSETS; asset++)
		if (sum[asset] != a->book.balance_e8[asset][LEDGER_RESERVED])
			return corrupt(a, e, "reserved is not the sum of what its orders reserve");
	return 0;
}

int sim_check(const struct venue *v, struct err *e)
{
	const struct sim *s = sim_of_const(v);

	for (size_t i = 0; i < s->accounts_n; i++) {
		int rc = check_balances(s->accounts[i], e);

		if (rc == 0)
			rc = check_reserved(s->accounts[i], e);
		if (rc)
			return rc;
	}
	return 0;
}
