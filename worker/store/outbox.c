#include "worker/store/outbox.h"

#include "common/buf.h"
#include "common/config.h"
#include "worker/store/bots.h"
#include "worker/store/candles.h"
#include "worker/store/orders.h"
#include "worker/store/retention.h"
#include "worker/store/sim.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRUNE_EVERY_US INT64_C(1000000)
#define KEEP_EVERY_US INT64_C(250000)	/* one table's turn */

enum row_kind {
	ROW_ORDER, ROW_LEG, ROW_MOVE, ROW_FILL, ROW_SIGNAL, ROW_EVENT, ROW_STATS, ROW_BOT,
	ROW_FIGURES, ROW_EQUITY, ROW_CANDLE, ROW_SIM_ACCOUNT, ROW_SIM_LEDGER, ROW_SIM_BALANCE,
	ROW_SIM_ORDER, ROW_SIM_ORDER_GONE, ROW_COUNTER
};

struct row {			/* one behind the other in a buffer, each 16-byte aligned */
	enum row_kind kind;
	size_t size;		/* with this head and its padding */
	alignas(16) unsigned char data[];
};

struct counter_row {
	char name[COUNTER_NAME_MAX];
	int64_t next;
};

struct account_words {		/* what the rows of an account say */
	int64_t account_id;
	const char *mode, *venue;
};

struct outbox {
	size_t accounts_n;
	struct account_words *accounts;	/* the first: paper */
	struct buf rows;
	size_t rows_n;
	bool hurry;			/* one of them should be committed in this turn */
	int64_t pruned_us, kept_us;
	struct retention keep;
	const char *made_by;		/* of candles */
	size_t runs_n, runs_max;
	struct candle_run *runs;		/* that the waiting candles belong to */
};

struct outbox *outbox_new(const char *mode, const char *venue)
{
	struct outbox *o = xcalloc(1, sizeof(*o));

	outbox_account(o, 0, mode, venue);
	o->made_by = "";
	return o;
}

void outbox_account(struct outbox *o, int64_t account_id, const char *mode, const char *venue)
{
	o->accounts = xrealloc(o->accounts, (o->accounts_n + 1) * sizeof(o->accounts[0]));
	o->accounts[o->accounts_n++] = (struct account_words){ account_id, mode, venue };
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	buf_free(&o->rows);
	free(o->runs);
	free(o->accounts);
	free(o);
}

void outbox_keep(struct outbox *o, const struct config *c)
{
	o->keep.audit_days = c->keep_audit_days;
	o->keep.details_days = c->keep_details_days;
	o->keep.fills_days = c->keep_fills_days;
	o->keep.orders_days = c->keep_orders_days;
}

void outbox_now(struct outbox *o, int64_t clock_us, int64_t engine_us)
{
	o->keep.clock_us = clock_us;
	o->keep.engine_us = engine_us;
}

void outbox_candles(struct outbox *o, const char *made_by)
{
	o->made_by = made_by;
}

static void add(struct outbox *o, enum row_kind kind, const void *data, size_t len)
{
	static const unsigned char zeros[alignof(struct row)];
	struct row head = { .kind = kind };
	size_t pad = (alignof(struct row) - len % alignof(struct row)) % alignof(struct row);

	head.size = sizeof(head) + len + pad;
	buf_add(&o->rows, &head, sizeof(head));
	buf_add(&o->rows, data, len);
	buf_add(&o->rows, zeros, pad);
	o->rows_n++;
}

/* Adds a row that should be committed in this turn, because somebody waits for it. */
static void add_now(struct outbox *o, enum row_kind kind, const void *data, size_t len)
{
	add(o, kind, data, len);
	o->hurry = true;
}

/* ---- what the engine reports ---- */

static void on_order(void *ctx, const struct order *o)
{
	add_now(ctx, ROW_ORDER, o, ORDER_HEAD_SIZE);
}

static void on_leg(void *ctx, const struct order *o, const struct leg *l)
{
	struct leg_row r = { .leg = *l, .order_id = o->id, .bot_id = o->bot_id,
			     .account_id = o->account_id };

	memcpy(r.symbol, o->symbol, sizeof(r.symbol));
	add_now(ctx, ROW_LEG, &r, sizeof(r));
}

static void on_move(void *ctx, const struct order_event *m)
{
	struct move_row r = { .move = *m, .order_id = m->order->id, .bot_id = m->order->bot_id };

	r.move.order = NULL; /* it may be gone when the row is written */
	add_now(ctx, ROW_MOVE, &r, sizeof(r));
}

static void on_fill(void *ctx, const struct fill_report *f)
{
	struct fill_row r = {
		.id = f->id, .order_id = f->order->id, .bot_id = f->order->bot_id,
		.account_id = f->order->account_id,
		.trade_id = f->trade_id, .fee = money_of_units(f->fee_e8), .at_us = f->at_us,
		.side = f->leg->side, .price = f->price, .quantity = f->quantity, .maker = f->maker,
	};

	memcpy(r.client_order_id, f->leg->client_order_id, sizeof(r.client_order_id));
	memcpy(r.symbol, f->order->symbol, sizeof(r.symbol));
	memcpy(r.fee_asset, f->fee_asset, sizeof(r.fee_asset));
	add_now(ctx, ROW_FILL, &r, sizeof(r));
}

static void on_signal(void *ctx, const struct signal_report *s)
{
	add(ctx, ROW_SIGNAL, s, sizeof(*s));	/* one that is taken comes with its order */
}

static void on_status(void *ctx, const struct status_report *s)
{
	add_now(ctx, ROW_EVENT, s, sizeof(*s));
}

static void on_stats(void *ctx, const struct day_stats *day, const struct day_stats *trade)
{
	(void)day;
	add_now(ctx, ROW_STATS, trade, sizeof(*trade));
}

static void on_bot(void *ctx, const struct bot_report *b)
{
	if (b->figures_only)
		add(ctx, ROW_FIGURES, b, sizeof(*b));
	else
		add_now(ctx, ROW_BOT, b, sizeof(*b));
}

static void on_equity(void *ctx, const struct equity_report *q)
{
	add(ctx, ROW_EQUITY, q, sizeof(*q));
}

/* Keeps one row for each series, however many candles wait. */
static void note_run(struct outbox *o, const struct candle_run *r)
{
	for (size_t i = 0; i < o->runs_n; i++) {
		if (memcmp(&o->runs[i].key, &r->key, sizeof(r->key)) == 0) {
			o->runs[i] = *r;
			return;
		}
	}
	if (o->runs_n == o->runs_max) {
		o->runs_max = o->runs_max ? o->runs_max * 2 : 8;
		o->runs = xrealloc(o->runs, o->runs_max * sizeof(o->runs[0]));
	}
	o->runs[o->runs_n++] = *r;
}

static void on_candle(void *ctx, const struct candle_report *c)
{
	struct outbox *o = ctx;
	struct candle_run run = {
		.since_us = c->since_us, .until_us = c->candle->open_us + c->length_us,
	};
	struct candle_row r = { .length_us = c->length_us, .candle = *c->candle };

	snprintf(run.key.source, sizeof(run.key.source), "%s", c->source);
	snprintf(run.key.symbol, sizeof(run.key.symbol), "%s", c->symbol);
	snprintf(run.key.interval, sizeof(run.key.interval), "%s", c->interval);
	r.key = run.key;
	add(o, ROW_CANDLE, &r, sizeof(r));
	note_run(o, &run);
}

struct reporter outbox_reporter(struct outbox *o)
{
	return (struct reporter){
		.ctx = o, .order = on_order, .leg = on_leg, .move = on_move, .fill = on_fill,
		.signal = on_signal,
		.status = on_status, .stats = on_stats, .bot = on_bot, .equity = on_equity,
		.candle = on_candle,
	};
}

/* ---- what the simulation venue reports ---- */

static void on_sim_account(void *ctx, const struct sim_account *r)
{
	add_now(ctx, ROW_SIM_ACCOUNT, r, sizeof(*r));
}

static void on_sim_ledger(void *ctx, const struct sim_ledger_row *r)
{
	add_now(ctx, ROW_SIM_LEDGER, r, sizeof(*r));
}

static void on_sim_balance(void *ctx, const struct sim_balance *r)
{
	add_now(ctx, ROW_SIM_BALANCE, r, sizeof(*r));
}

static void on_sim_order(void *ctx, const struct sim_order *r)
{
	add_now(ctx, ROW_SIM_ORDER, r, sizeof(*r));
}

static void on_sim_order_gone(void *ctx, const char *client_order_id)
{
	add_now(ctx, ROW_SIM_ORDER_GONE, client_order_id, strlen(client_order_id) + 1);
}

static void on_sim_counter(void *ctx, const char *name, int64_t next)
{
	struct counter_row r = { .next = next };

	snprintf(r.name, sizeof(r.name), "%s", name);
	add_now(ctx, ROW_COUNTER, &r, sizeof(r));
}

struct sim_store outbox_sim_store(struct outbox *o)
{
	return (struct sim_store){
		.ctx = o, .account = on_sim_account, .ledger = on_sim_ledger,
		.balance = on_sim_balance, .order = on_sim_order, .order_gone = on_sim_order_gone,
		.counter = on_sim_counter,
	};
}

bool outbox_empty(const struct outbox *o)
{
	return o->rows.len == 0;
}

size_t outbox_rows(const struct outbox *o)
{
	return o->rows_n;
}

bool outbox_can_wait(const struct outbox *o)
{
	return !o->hurry;
}

/* ---- writing ---- */

/* Of an account that nobody named we know only that it is real money. */
static struct account_words words_of(const struct outbox *o, int64_t account_id)
{
	for (size_t i = 0; i < o->accounts_n; i++)
		if (o->accounts[i].account_id == account_id)
			return o->accounts[i];
	return (struct account_words){ account_id, "live", "" };
}

static int write_row(struct outbox *o, struct db *db, const struct row *r, struct err *e)
{
	const void *p = r->data;

	switch (r->kind) {
	case ROW_ORDER:
		return store_order_tx(
			db, p, words_of(o, ((const struct order *)p)->account_id).mode, e);
	case ROW_LEG:
		return store_leg_tx(
			db, p, words_of(o, ((const struct leg_row *)p)->account_id).venue, e);
	case ROW_MOVE: return store_move_tx(db, p, e);
	case ROW_FILL:
		return store_fill_tx(
			db, p, words_of(o, ((const struct fill_row *)p)->account_id).venue, e);
	case ROW_SIGNAL: return store_signal_tx(db, p, e);
	case ROW_EVENT: return store_event_tx(db, p, e);
	case ROW_STATS: return store_stats_tx(db, p, e);
	case ROW_BOT:
		return store_bot_state_tx(
			db, p, words_of(o, ((const struct bot_report *)p)->account_id).mode, e);
	case ROW_FIGURES: return store_bot_figures_tx(db, p, e);
	case ROW_EQUITY: return store_equity_tx(db, p, e);
	case ROW_CANDLE: return store_candle_tx(db, p, o->keep.engine_us, e);
	case ROW_SIM_ACCOUNT: return store_sim_account_tx(db, p, e);
	case ROW_SIM_LEDGER: return store_sim_ledger_tx(db, p, e);
	case ROW_SIM_BALANCE: return store_sim_balance_tx(db, p, e);
	case ROW_SIM_ORDER: return store_sim_order_tx(db, p, e);
	case ROW_SIM_ORDER_GONE: return store_sim_order_gone_tx(db, p, e);
	case ROW_COUNTER:
		return store_counter_tx(db, ((const struct counter_row *)p)->name,
					((const struct counter_row *)p)->next, e);
	}
	return 0;
}

int outbox_flush_tx(struct outbox *o, struct db *db, int64_t now_us, struct err *e)
{
	size_t at = 0;
	int64_t gone;
	int rc = 0;

	while (rc == 0 && at < o->rows.len) {
		const struct row *r = (const struct row *)(const void *)(o->rows.data + at);

		rc = write_row(o, db, r, e);
		at += r->size;
	}
	for (size_t i = 0; rc == 0 && i < o->runs_n; i++)
		rc = store_candle_run_tx(db, &o->runs[i], o->made_by, e);
	if (rc == 0 && now_us - o->pruned_us >= PRUNE_EVERY_US) {
		rc = store_prune_tx(db, e);
		o->pruned_us = now_us;
	}
	if (rc == 0 && now_us - o->kept_us >= KEEP_EVERY_US) {
		rc = retention_tx(db, &o->keep, &gone, e);
		o->kept_us = now_us;
	}
	return rc;
}

void outbox_clear(struct outbox *o)
{
	buf_clear(&o->rows);
	o->rows_n = o->runs_n = 0;
	o->hurry = false;
}
