/*
 * sim_world.h - what the tests of the simulation venue share: a venue whose rows
 * and updates are kept as a database would keep them.
 */
#ifndef TESTS_UNIT_SIM_WORLD_H
#define TESTS_UNIT_SIM_WORLD_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/venue/sim/sim.h"

#define HELPER static __attribute__((unused))
#define WORLD_ORDERS 512
#define WORLD_ACCOUNTS 8
#define WORLD_BALANCES 1024
#define T0 INT64_C(1723104000000000)	/* 2024-08-08 08:00 UTC, a funding time */

struct world {
	struct venue *v;
	struct sim_args args;
	struct fees fees;			/* of both markets */
	int spot, futures;			/* market indexes */
	int64_t now;
	int64_t trade_id;
	struct sim_ledger_row *rows;
	size_t rows_n, rows_cap;
	struct venue_update *ups;
	size_t ups_n, ups_cap, ups_seen;
	struct sim_account accounts[WORLD_ACCOUNTS];
	size_t accounts_n;
	struct sim_balance balances[WORLD_BALANCES];
	size_t balances_n;
	struct sim_order orders[WORLD_ORDERS];
	size_t orders_n;
	int64_t next_trade, next_entry, next_order;
	void (*react)(struct world *w, const struct venue_update *u);	/* called in the sink */
	uint64_t digest;			/* of everything reported, in order */
};

HELPER void world_digest(struct world *w, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		w->digest = (w->digest ^ p[i]) * UINT64_C(1099511628211);
}

HELPER void world_account(void *ctx, const struct sim_account *row)
{
	struct world *w = ctx;
	size_t i = 0;

	while (i < w->accounts_n && w->accounts[i].bot_id != row->bot_id)
		i++;
	assert_true(i < WORLD_ACCOUNTS);
	if (i == w->accounts_n)
		w->accounts_n++;
	w->accounts[i] = *row;
	world_digest(w, &row->bot_id, sizeof(row->bot_id));
	world_digest(w, &row->position, sizeof(row->position));
	world_digest(w, &row->entry_price, sizeof(row->entry_price));
	world_digest(w, &row->next_funding_us, sizeof(row->next_funding_us));
	world_digest(w, &row->updated_us, sizeof(row->updated_us));
}

HELPER void world_ledger(void *ctx, const struct sim_ledger_row *row)
{
	struct world *w = ctx;

	if (w->rows_n == w->rows_cap) {
		w->rows_cap = w->rows_cap ? w->rows_cap * 2 : 256;
		w->rows = xrealloc(w->rows, w->rows_cap * sizeof(*w->rows));
	}
	w->rows[w->rows_n++] = *row;
	world_digest(w, &row->entry_id, sizeof(row->entry_id));
	world_digest(w, &row->account, sizeof(row->account));
	world_digest(w, row->asset, strlen(row->asset));
	world_digest(w, &row->amount_e8, sizeof(row->amount_e8));
	world_digest(w, &row->kind, sizeof(row->kind));
	world_digest(w, row->client_order_id, strlen(row->client_order_id));
	world_digest(w, &row->at_us, sizeof(row->at_us));
}

HELPER void world_balance(void *ctx, const struct sim_balance *row)
{
	struct world *w = ctx;
	size_t i;

	for (i = 0; i < w->balances_n; i++) {
		const struct sim_balance *b = &w->balances[i];

		if (b->bot_id == row->bot_id && b->epoch == row->epoch &&
		    b->account == row->account && strcmp(b->asset, row->asset) == 0)
			break;
	}
	assert_true(i < WORLD_BALANCES);
	if (i == w->balances_n)
		w->balances_n++;
	w->balances[i] = *row;
}

HELPER size_t world_order_at(const struct world *w, const char *id)
{
	size_t i = 0;

	while (i < w->orders_n && strcmp(w->orders[i].client_order_id, id) != 0)
		i++;
	return i;
}

HELPER void world_order(void *ctx, const struct sim_order *row)
{
	struct world *w = ctx;
	size_t i = world_order_at(w, row->client_order_id);

	assert_true(i < WORLD_ORDERS);
	if (i == w->orders_n)
		w->orders_n++;
	w->orders[i] = *row;
	world_digest(w, row->client_order_id, strlen(row->client_order_id));
	world_digest(w, &row->seq, sizeof(row->seq));
	world_digest(w, &row->filled, sizeof(row->filled));
	world_digest(w, &row->queue_ahead, sizeof(row->queue_ahead));
	world_digest(w, &row->reserved_e8, sizeof(row->reserved_e8));
	world_digest(w, &row->stage, sizeof(row->stage));
	world_digest(w, &row->due_us, sizeof(row->due_us));
	world_digest(w, &row->exchange_id, sizeof(row->exchange_id));
}

HELPER void world_order_gone(void *ctx, const char *id)
{
	struct world *w = ctx;
	size_t i = world_order_at(w, id);

	assert_true(i < w->orders_n);	/* only what was reported can go */
	w->orders[i] = w->orders[--w->orders_n];
	world_digest(w, id, strlen(id));
}

HELPER void world_counter(void *ctx, const char *name, int64_t next)
{
	struct world *w = ctx;
	int64_t *c = strcmp(name, "trade") == 0 ? &w->next_trade :
		strcmp(name, "entry") == 0 ? &w->next_entry : &w->next_order;

	assert_true(next > *c);		/* they must not go back */
	*c = next;
}

HELPER void world_update(void *ctx, const struct venue_update *u)
{
	struct world *w = ctx;

	if (w->ups_n == w->ups_cap) {
		w->ups_cap = w->ups_cap ? w->ups_cap * 2 : 256;
		w->ups = xrealloc(w->ups, w->ups_cap * sizeof(*w->ups));
	}
	w->ups[w->ups_n++] = *u;
	world_digest(w, &u->kind, sizeof(u->kind));
	world_digest(w, u->client_order_id, strlen(u->client_order_id));
	world_digest(w, u->exchange_id, strlen(u->exchange_id));
	world_digest(w, &u->at_us, sizeof(u->at_us));
	world_digest(w, &u->trade_id, sizeof(u->trade_id));
	world_digest(w, &u->price, sizeof(u->price));
	world_digest(w, &u->quantity, sizeof(u->quantity));
	world_digest(w, &u->cumulative, sizeof(u->cumulative));
	world_digest(w, &u->fee_e8, sizeof(u->fee_e8));
	world_digest(w, u->reason, strlen(u->reason));
	if (w->react)
		w->react(w, u);
}

HELPER struct price P(const char *text)
{
	struct price p;

	assert_int_equal(price_parse(text, &p), 0);
	return p;
}

HELPER struct qty Q(const char *text)
{
	struct qty q;

	assert_int_equal(qty_parse(text, &q), 0);
	return q;
}

HELPER struct money M(const char *text)
{
	struct money m;

	assert_int_equal(money_parse(text, &m), 0);
	return m;
}

HELPER int64_t E(const char *text)	/* raw 1e-8 of an amount */
{
	return money_units(M(text));
}

HELPER struct symbol_info world_info(bool futures)
{
	struct symbol_info i = {
		.symbol = "BTCUSDT", .base = "BTC", .quote = "USDT", .futures = futures,
	};

	i.tick = P(futures ? "0.1" : "0.01");
	i.step = i.min_qty = Q(futures ? "0.001" : "0.00001");
	i.max_qty = Q("1000");
	i.min_notional = M("5");
	i.fees = (struct fees){ .maker_e8 = 100000, .taker_e8 = 100000 };
	return i;
}

/* No latency, no slippage, commission 0.1 %; change w->args and w->fees before world_start. */
HELPER void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	sim_args_init(&w->args);
	w->args.latency_us = 0;
	w->args.slippage_e8 = 0;
	w->fees = world_info(false).fees;
	w->now = T0 + 1000000;
	w->digest = UINT64_C(14695981039346656037);
	w->next_trade = w->next_entry = w->next_order = 1;
}

HELPER void world_markets(struct world *w)
{
	struct symbol_info spot = world_info(false), futures = world_info(true);

	spot.fees = futures.fees = w->fees;
	w->args.sink = (struct venue_sink){ .ctx = w, .update = world_update };
	w->args.store = (struct sim_store){
		.ctx = w, .account = world_account, .ledger = world_ledger,
		.balance = world_balance, .order = world_order,
		.order_gone = world_order_gone, .counter = world_counter,
	};
	w->v = sim_new(&w->args);
	w->spot = sim_symbol_add(w->v, &spot);
	w->futures = sim_symbol_add(w->v, &futures);
}

HELPER void world_start(struct world *w)
{
	world_markets(w);
}

HELPER void world_stop(struct world *w)
{
	struct err e;

	if (w->v) {
		if (sim_check(w->v, &e))
			fail_msg("%s", e.msg);
		w->v->ops->free(w->v);
	}
	free(w->rows);
	free(w->ups);
}

/* A new venue from the rows that the old one reported, as after a restart. */
HELPER void world_restart(struct world *w)
{
	struct err e = { .msg = "" };

	w->v->ops->free(w->v);
	world_markets(w);
	for (size_t i = 0; i < w->accounts_n; i++)
		assert_int_equal(sim_account_restore(w->v, &w->accounts[i], &e), 0);
	for (size_t i = 0; i < w->balances_n; i++)
		assert_int_equal(sim_balance_restore(w->v, &w->balances[i], &e), 0);
	for (size_t i = 0; i < w->orders_n; i++)
		assert_int_equal(sim_order_restore(w->v, &w->orders[i], &e), 0);
	sim_counter_restore(w->v, "trade", w->next_trade);
	sim_counter_restore(w->v, "entry", w->next_entry);
	sim_counter_restore(w->v, "sim_order", w->next_order);
	sim_counter_restore(w->v, "leg", 77);
	if (sim_check(w->v, &e))
		fail_msg("%s", e.msg);
}

HELPER void world_open(struct world *w, int64_t bot, bool futures, const char *capital,
		       int leverage)
{
	struct sim_account_args a = {
		.bot_id = bot, .symbol = "BTCUSDT", .futures = futures,
		.leverage_e8 = leverage * RATE_ONE,
	};

	a.initial_capital = M(capital);
	assert_int_equal(sim_account_add(w->v, &a, w->now, NULL), 0);
}

HELPER int world_market(const struct world *w, bool futures)
{
	return futures ? w->futures : w->spot;
}

HELPER void world_book(struct world *w, bool futures, const char *bid, const char *bid_qty,
		       const char *ask, const char *ask_qty)
{
	struct book_top b = { .bid = P(bid), .ask = P(ask) };

	b.bid_qty = Q(bid_qty);
	b.ask_qty = Q(ask_qty);
	sim_book(w->v, world_market(w, futures), &b, ++w->now);
}

/* sold: the taker sold. */
HELPER void world_trade(struct world *w, bool futures, const char *price, const char *qty,
			bool sold)
{
	struct trade t = { .id = ++w->trade_id, .price = P(price), .buyer_is_maker = sold };

	t.qty = Q(qty);
	w->now++;
	t.time_us = w->now;
	sim_trade(w->v, world_market(w, futures), &t, w->now);
}

HELPER void world_warm_trade(struct world *w, bool futures, const char *price)
{
	struct trade t = { .time_us = w->now, .price = P(price) };

	w->v->ops->warm(w->v, true);
	sim_trade(w->v, world_market(w, futures), &t, w->now);
	w->v->ops->warm(w->v, false);
}

struct ask {			/* an order to place, as text */
	int64_t bot;
	const char *id;
	enum side side;
	enum leg_type type;
	const char *quantity, *price, *stop;
	bool reduce_only;
	enum tif tif;
	bool list;		/* target "<id>t" and stop "<id>s" of the list <id> */
};

HELPER int world_try_list(struct world *w, struct ask a, struct err *e)
{
	struct venue_order o[2] = { { .bot_id = a.bot ? a.bot : 1, .symbol = "BTCUSDT",
				      .side = a.side, .type = TYPE_LIMIT_MAKER } };

	o[0].quantity = Q(a.quantity);
	snprintf(o[0].list_id, sizeof(o[0].list_id), "%s", a.id);
	o[1] = o[0];
	o[1].type = TYPE_STOP_MARKET;
	o[0].price = P(a.price);
	o[1].stop_price = P(a.stop);
	snprintf(o[0].client_order_id, sizeof(o[0].client_order_id), "%.40st", a.id);
	snprintf(o[1].client_order_id, sizeof(o[1].client_order_id), "%.40ss", a.id);
	return w->v->ops->place(w->v, o, 2, w->now, e);
}

HELPER int world_try(struct world *w, struct ask a, struct err *e)
{
	struct venue_order o = {
		.bot_id = a.bot ? a.bot : 1, .symbol = "BTCUSDT", .side = a.side,
		.type = a.type, .tif = a.tif, .reduce_only = a.reduce_only,
	};

	if (a.list)
		return world_try_list(w, a, e);
	snprintf(o.client_order_id, sizeof(o.client_order_id), "%s", a.id);
	o.quantity = Q(a.quantity);
	if (a.price)
		o.price = P(a.price);
	if (a.stop)
		o.stop_price = P(a.stop);
	return w->v->ops->place(w->v, &o, 1, w->now, e);
}

/* Place and let everything due now happen. */
HELPER void world_place(struct world *w, struct ask a)
{
	struct err e = { .msg = "" };

	if (world_try(w, a, &e))
		fail_msg("place %s: %s", a.id, e.msg);
	w->v->ops->advance(w->v, w->now);
}
#define PLACE(w, ...) world_place(w, (struct ask){ __VA_ARGS__ })

HELPER void world_cancel(struct world *w, int64_t bot, const char *id)
{
	assert_int_equal(w->v->ops->cancel(w->v, bot, "BTCUSDT", id, w->now, NULL), 0);
	w->v->ops->advance(w->v, w->now);
}

HELPER int64_t world_sum(const struct world *w, int64_t bot, enum ledger_account a,
			 const char *asset)
{
	for (size_t i = w->balances_n; i-- > 0;) {
		const struct sim_balance *b = &w->balances[i];

		if (b->bot_id == bot && b->account == a && strcmp(b->asset, asset) == 0)
			return b->amount_e8;
	}
	return 0;
}

#define assert_amount(w, bot, account, asset, text) \
	assert_int_equal(world_sum(w, bot, account, asset), E(text))

/* The next update not looked at yet. */
HELPER const struct venue_update *world_next(struct world *w)
{
	if (w->ups_seen == w->ups_n)
		fail_msg("no further update");
	return &w->ups[w->ups_seen++];
}

HELPER void world_no_more(const struct world *w)
{
	if (w->ups_seen != w->ups_n)
		fail_msg("unexpected update %d of %s: %s", (int)w->ups[w->ups_seen].kind,
			 w->ups[w->ups_seen].client_order_id, w->ups[w->ups_seen].reason);
}

HELPER const struct venue_update *expect_update(struct world *w, enum venue_update_kind kind,
						const char *id, const char *reason)
{
	const struct venue_update *u = world_next(w);

	if (u->kind != kind || strcmp(u->client_order_id, id) != 0)
		fail_msg("update %d of %s (%s), wanted %d of %s", (int)u->kind,
			 u->client_order_id, u->reason, (int)kind, id);
	if (strncmp(u->reason, reason, strlen(reason)) != 0)
		fail_msg("reason \"%s\" does not begin with \"%s\"", u->reason, reason);
	return u;
}

HELPER const struct venue_update *expect_fill(struct world *w, const char *id, const char *price,
					      const char *qty, bool maker)
{
	const struct venue_update *u = expect_update(w, UPDATE_FILL, id, "");

	assert_int_equal(price_units(u->price), price_units(P(price)));
	assert_int_equal(qty_units(u->quantity), qty_units(Q(qty)));
	assert_int_equal(u->maker, maker);
	return u;
}

#endif
