#include "worker/venue/sim/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct venue_ops OPS;

void sim_args_init(struct sim_args *a)
{
	memset(a, 0, sizeof(*a));
	a->latency_us = 50000;
	a->slippage_e8 = 10000; /* 0.01 % */
	a->funding_rate_e8 = 10000; /* 0.01 % per 8 h, Binance's interest part */
	a->maintenance_rate_e8 = 500000; /* 0.5 % */
	a->liquidation_fee_e8 = 1250000; /* 1.25 %, BTCUSDT perpetual */
}

struct venue *sim_new(const struct sim_args *a)
{
	struct sim *s = xcalloc(1, sizeof(*s));

	ASSERT(a->latency_us >= 0 && a->slippage_e8 >= 0 && a->slippage_e8 <= RATE_ONE / 10);
	ASSERT(a->liquidation_fee_e8 >= 0);
	ASSERT(a->maintenance_rate_e8 >= 0 && a->maintenance_rate_e8 < RATE_ONE);
	s->venue.ops = &OPS;
	s->args = *a;
	s->ledger.store = &s->args.store;
	s->ledger.next_entry = s->told_entry = 1;
	s->next_order = s->told_order = 1;
	s->next_trade = s->told_trade = 1;
	s->funding_due = INT64_MAX;
	return &s->venue;
}

static void sim_free(struct venue *v)
{
	struct sim *s = sim_of(v);

	if (!v)
		return;
	sim_orders_free(s);
	for (size_t i = 0; i < s->markets_n; i++)
		free(s->markets[i]);
	for (size_t i = 0; i < s->accounts_n; i++)
		free(s->accounts[i]);
	free(s->markets);
	free(s->accounts);
	free(s->questions);
	free(s);
}

static void tell(const struct sim *s, const char *name, int64_t next, int64_t *told)
{
	if (next == *told)
		return;
	*told = next;
	if (s->args.store.counter)
		s->args.store.counter(s->args.store.ctx, name, next);
}

/* Tells the sink the accounts that have changed since it was told all of them. */
static void tell_accounts(struct sim *s)
{
	if (s->told_accounts == s->ledger.next_entry)
		return;
	s->told_accounts = s->ledger.next_entry;
	for (size_t i = 0; i < s->accounts_n; i++)
		sim_tell_account(s, s->accounts[i]);
}

void sim_finish(struct sim *s)
{
	tell_accounts(s);
	tell(s, "entry", s->ledger.next_entry, &s->told_entry);
	tell(s, "sim_order", s->next_order, &s->told_order);
	tell(s, "trade", s->next_trade, &s->told_trade);
	if (s->sweep)
		sim_sweep(s);
}

void sim_counter_restore(struct venue *v, const char *name, int64_t next)
{
	struct sim *s = sim_of(v);

	if (strcmp(name, "entry") == 0)
		s->ledger.next_entry = s->told_entry = s->told_accounts = next;
	else if (strcmp(name, "sim_order") == 0)
		s->next_order = s->told_order = next;
	else if (strcmp(name, "trade") == 0)
		s->next_trade = s->told_trade = next;
}

int sim_symbol_find(const struct venue *v, const char *symbol, bool futures)
{
	const struct sim *s = sim_of_const(v);

	for (size_t i = 0; i < s->markets_n; i++) {
		const struct symbol_info *info = &s->markets[i]->info;

		if (info->futures == futures && strcmp(info->symbol, symbol) == 0)
			return (int)i;
	}
	return -1;
}

struct sim_market *sim_market_find(const struct sim *s, const char *symbol, bool futures)
{
	int i = sim_symbol_find(&s->venue, symbol, futures);

	return i < 0 ? NULL : s->markets[i];
}

int sim_symbol_add(struct venue *v, const struct symbol_info *info)
{
	struct sim *s = sim_of(v);
	int i = sim_symbol_find(v, info->symbol, info->futures);

	ASSERT(info->fees.maker_e8 >= 0 && info->fees.taker_e8 >= 0);
	if (i < 0) {
		i = (int)s->markets_n++;
		s->markets = xrealloc(s->markets, s->markets_n * sizeof(struct sim_market *));
		s->markets[i] = xcalloc(1, sizeof(struct sim_market));
		s->markets[i]->dirty = true;
	}
	s->markets[i]->info = *info;
	for (size_t k = 0; k < s->accounts_n; k++)
		if (s->accounts[k]->market == s->markets[i])
			sim_tell_account(s, s->accounts[k]); /* other fees */
	return i;
}

static struct sim_slot *travel_start(struct sim *s, struct sim_acct *a, struct sim_order *row,
				     int64_t now_us)
{
	struct sim_slot *o;

	row->seq = s->next_order++;
	row->due_us = now_us + s->args.latency_us; /* kept: earlier trades don't fill it */
	o = sim_slot_new(s, a, row);
	sim_travel_add(s, o);
	sim_report_order(s, o);
	tell(s, "sim_order", s->next_order, &s->told_order);
	return o;
}

static int check_id(const struct sim *s, const struct venue_order *o, struct err *e)
{
	size_t len = strnlen(o->client_order_id, sizeof(o->client_order_id));

	if (len == 0 || len > SIM_ID_MAX)
		return err_set(e, ERR_INVALID,
			       "client order id \"%.48s\" must have 1 to %d characters",
			       o->client_order_id, SIM_ID_MAX);
	if (sim_slot_find(s, o->client_order_id))
		return err_set(e, ERR_CONFLICT, "DUPLICATE_ORDER: %s is alive already",
			       o->client_order_id);
	return 0;
}

/* Two orders are a list of target and stop, in this order, for the same coins. */
static int check_pair(const struct venue_order *t, const struct venue_order *s, struct err *e)
{
	size_t len = strnlen(t->list_id, sizeof(t->list_id));

	if (len == 0 || len > SIM_ID_MAX || strcmp(t->list_id, s->list_id) != 0)
		return err_set(e, ERR_INVALID, "%.48s and %.48s share no list id of 1 to %d "
			       "characters", t->client_order_id, s->client_order_id, SIM_ID_MAX);
	if (strcmp(t->client_order_id, s->client_order_id) == 0)
		return err_set(e, ERR_CONFLICT, "DUPLICATE_ORDER: both orders of list %s are %s",
			       t->list_id, t->client_order_id);
	if (t->type != TYPE_LIMIT_MAKER || s->type != TYPE_STOP_MARKET || t->side != s->side ||
	    t->bot_id != s->bot_id || strcmp(t->symbol, s->symbol) != 0 ||
	    qty_cmp(t->quantity, s->quantity) != 0)
		return err_set(e, ERR_INVALID, "list %s is not a LIMIT_MAKER and a STOP_MARKET of "
			       "one bot, symbol, side and quantity", t->list_id);
	return 0;
}

static int check_orders(const struct sim *s, const struct venue_order *orders, size_t n,
			struct err *e)
{
	int rc = 0;

	ASSERT(n == 1 || n == 2);
	if (!sim_acct_find(s, orders[0].bot_id))
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no paper account",
			       (long long)orders[0].bot_id);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = check_id(s, &orders[i], e);
	return rc || n == 1 ? rc : check_pair(&orders[0], &orders[1], e);
}

static struct sim_slot *start_order(struct sim *s, const struct venue_order *o, int64_t now_us)
{
	struct sim_order row = {
		.bot_id = o->bot_id, .side = o->side, .type = o->type, .tif = o->tif,
		.reduce_only = o->reduce_only, .quantity = o->quantity, .stage = SIM_TRAVELLING,
	};

	memcpy(row.client_order_id, o->client_order_id, sizeof(row.client_order_id));
	memcpy(row.list_id, o->list_id, sizeof(row.list_id));
	memcpy(row.symbol, o->symbol, sizeof(row.symbol));
	if (o->type == TYPE_STOP_MARKET)
		row.stop_price = o->stop_price;
	else if (o->type != TYPE_MARKET)
		row.price = o->price;
	return travel_start(s, sim_acct_find(s, o->bot_id), &row, now_us);
}

static int sim_place(struct venue *v, const struct venue_order *orders, size_t n, int64_t now_us,
		     struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_slot *first;
	int rc = check_orders(s, orders, n, e);

	if (rc)
		return rc;
	first = start_order(s, &orders[0], now_us);
	if (n == 2)
		sim_slot_pair(first, start_order(s, &orders[1], now_us));
	return 0;
}

static int sim_cancel(struct venue *v, int64_t bot_id, const char *symbol,
		      const char *client_order_id, int64_t now_us, struct err *e)
{
	struct sim *s = sim_of(v);
	struct sim_acct *a = sim_acct_find(s, bot_id);
	struct sim_order row = { .bot_id = bot_id, .stage = SIM_CANCELLING };

	if (!a)
		return err_set(e, ERR_NOT_FOUND, "bot %lld has no paper account",
			       (long long)bot_id);
	if (strlen(client_order_id) > SIM_ID_MAX)
		return err_set(e, ERR_INVALID, "client order id \"%.48s\" is too long",
			       client_order_id);
	snprintf(row.client_order_id, sizeof(row.client_order_id), SIM_CANCEL_PREFIX "%.*s",
		 SIM_ID_MAX, client_order_id);
	snprintf(row.symbol, sizeof(row.symbol), "%s", symbol);
	if (sim_slot_find(s, row.client_order_id))
		return 0; /* a cancel is on its way: its answer answers both */
	(void)travel_start(s, a, &row, now_us);
	return 0;
}

/* A cancel arrives: ends the order and the other one of its list, or tells that it is gone. */
static void cancel_arrive(struct sim *s, struct sim_slot *cancel, int64_t at_us)
{
	const char *id = cancel->row.client_order_id + strlen(SIM_CANCEL_PREFIX);
	struct sim_slot *o = sim_slot_find(s, id), *other;
	struct venue_update u;

	sim_slot_drop(s, cancel);
	if (o && o->account == cancel->account && o->row.stage == SIM_RESTING) {
		other = o->other;
		sim_slot_end(s, o, UPDATE_CANCELLED, "", at_us);
		if (other)
			sim_slot_end(s, other, UPDATE_CANCELLED, "", at_us);
	} else {
		sim_update_init(cancel, UPDATE_CANCEL_REJECTED, at_us, &u);
		snprintf(u.client_order_id, sizeof(u.client_order_id), "%s", id);
		sim_reason(u.reason, "UNKNOWN_ORDER: the order is gone or never was");
		sim_send(s, &u);
	}
	free(cancel);
}

static void sim_flush(struct venue *v)
{
	(void)v; /* requests started in place() and cancel() */
}

static int64_t sim_next_due(const struct venue *v)
{
	const struct sim *s = sim_of_const(v);
	int64_t due = s->travel.n ? s->travel.slots[0]->row.due_us : INT64_MAX;
	int64_t answer = sim_answer_due(s);

	due = due < answer ? due : answer;
	return due < s->funding_due ? due : s->funding_due;
}

/* Until when all funding can be charged in one go, because nothing else happens before. */
static int64_t funding_until(const struct sim *s, int64_t now_us)
{
	int64_t due_us = s->travel.n ? s->travel.slots[0]->row.due_us : INT64_MAX;

	if (sim_answer_due(s) < due_us)
		due_us = sim_answer_due(s);
	if (due_us < s->funding_due)
		return s->funding_due;
	return due_us < now_us ? due_us : now_us;
}

/* In the order of time; at the same microsecond funding, then requests, then answers. */
static void sim_advance(struct venue *v, int64_t now_us)
{
	struct sim *s = sim_of(v);
	int64_t due = sim_next_due(v);

	if (due > now_us)
		return;
	for (; due <= now_us && due != INT64_MAX; due = sim_next_due(v)) {
		struct sim_slot *o;

		if (s->funding_due <= due) {
			sim_funding_run(s, funding_until(s, now_us));
			continue;
		}
		if (s->travel.n == 0 || s->travel.slots[0]->row.due_us > due) {
			sim_answer(s);
			continue;
		}
		o = s->travel.slots[0];
		sim_travel_take(s, o);
		if (o->gone)
			free(o);
		else if (o->row.stage == SIM_CANCELLING)
			cancel_arrive(s, o, due);
		else
			sim_arrive(s, o, due);
	}
	sim_finish(s);
}

static void market_trade(struct sim *s, struct sim_market *m, const struct trade *t, int64_t now_us)
{
	int64_t p = price_units(t->price);

	sim_advance(&s->venue, now_us);
	if (p <= 0)
		return;
	m->last = t->price;
	if (m->dirty)
		sim_quiet_update(s, m);
	if (p > m->quiet_low && p < m->quiet_high)
		return;
	sim_match_trade(s, m, t, now_us);
	sim_finish(s);
}

/* A book without any order counts as none: nothing fills until one with orders comes. */
static void book_set(struct sim_market *m, const struct book_top *b, int64_t now_us)
{
	m->book = *b;
	m->has_book = qty_sign(b->bid_qty) > 0 || qty_sign(b->ask_qty) > 0;
	m->alive_us = now_us;
}

/* Only a new book ends a silence: after it, that nothing changed can't be known. */
static void book_alive(const struct sim *s, struct sim_market *m, int64_t now_us)
{
	if (sim_fresh(s, m, now_us))
		m->alive_us = now_us;
}

/* Executes the orders that wait for a fresh book. */
static void book_decides(struct sim *s, struct sim_market *m, int64_t now_us)
{
	if (!m->waits)
		return;
	sim_wait_over(s, m, now_us);
	sim_finish(s);
}

static void market_book(struct sim *s, struct sim_market *m, const struct book_top *b,
			int64_t now_us)
{
	sim_advance(&s->venue, now_us);
	book_set(m, b, now_us);
	book_decides(s, m, now_us);
}

static struct sim_market *market_at(struct sim *s, int index)
{
	ASSERT(index >= 0 && (size_t)index < s->markets_n);
	return s->markets[index];
}

static int sim_bot_set(struct venue *v, int64_t bot_id, int64_t account_id,
		       const struct venue_caps **caps, struct err *e)
{
	if (account_id)
		return err_set(e, ERR_NOT_FOUND, "bot %lld trades account %lld, and this worker "
			       "has paper accounts only: live trading is not in this version yet",
			       (long long)bot_id, (long long)account_id);
	*caps = &v->ops->caps;
	return 0;
}

static bool sim_tradable(const struct venue *v, int64_t bot_id, int index, enum side side,
			 int64_t now_us)
{
	const struct sim *s = sim_of_const(v);
	const struct sim_market *m = s->markets[index];

	(void)bot_id;
	return sim_fresh(s, m, now_us) &&
	       qty_sign(side == SIDE_BUY ? m->book.ask_qty : m->book.bid_qty) > 0;
}

/* ---- the market's events, when they act and when they only set its state ---- */

static void warm_trade(struct sim *s, struct sim_market *m, const struct trade *t, int64_t now_us)
{
	if (price_sign(t->price) <= 0)
		return;
	m->last = t->price;
	if (!sim_fresh(s, m, now_us))
		m->waits = true;
}

static void warm_book(struct sim_market *m, const struct book_top *b, int64_t now_us)
{
	book_set(m, b, now_us);
	m->waits = false; /* whatever it decided is in the rows */
	for (size_t i = 0; i < m->resting.n; i++)
		m->waits = m->waits || sim_waits(&m->resting.slots[i]->row);
}

void sim_trade(struct venue *v, int index, const struct trade *t, int64_t now_us)
{
	struct sim *s = sim_of(v);

	if (s->warm)
		warm_trade(s, market_at(s, index), t, now_us);
	else
		market_trade(s, market_at(s, index), t, now_us);
}

void sim_book(struct venue *v, int index, const struct book_top *b, int64_t now_us)
{
	struct sim *s = sim_of(v);

	if (s->warm)
		warm_book(market_at(s, index), b, now_us);
	else
		market_book(s, market_at(s, index), b, now_us);
}

void sim_time(struct venue *v, int index, int64_t now_us)
{
	struct sim *s = sim_of(v);

	if (!s->warm)
		sim_advance(v, now_us);
	book_alive(s, market_at(s, index), now_us);
}

void sim_book_valid(struct venue *v, int index, bool valid, int64_t now_us)
{
	struct sim *s = sim_of(v);
	struct sim_market *m = market_at(s, index);

	if (!s->warm)
		sim_advance(v, now_us);
	m->invalid = !valid;
	if (!s->warm)
		book_decides(s, m, now_us);
}

static void sim_warm(struct venue *v, bool on)
{
	sim_of(v)->warm = on;
}

static const struct venue_ops OPS = {
	.name = "sim",
	.caps = { .resting_stop = true, .oco = true },
	.bot_set = sim_bot_set,
	.place = sim_place,
	.cancel = sim_cancel,
	.flush = sim_flush,
	.next_due = sim_next_due,
	.advance = sim_advance,
	.market_add = sim_symbol_add,
	.on_trade = sim_trade,
	.on_book = sim_book,
	.on_time = sim_time,
	.on_book_valid = sim_book_valid,
	.warm = sim_warm,
	.account_set = sim_account_set,
	.account_reset = sim_account_renew,
	.times_back = sim_times_back,
	.tradable = sim_tradable,
	.ask = sim_ask,
	.free = sim_free,
};
