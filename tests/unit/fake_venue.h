/*
 * fake_venue.h - an engine on a venue that does only what a test says, for what the
 * simulation never does: refuse, repeat, be late, forget.
 */
#ifndef TESTS_UNIT_FAKE_VENUE_H
#define TESTS_UNIT_FAKE_VENUE_H

#include "tests/unit/engine_world.h"

#define PLACED_MAX 64

struct fake {			/* a venue that does only what a test says */
	struct venue venue;	/* first */
	struct venue_ops ops;
	struct engine *e;
	struct market *m;
	struct venue_sink sink;
	struct rows rows;
	struct brain brain;
	struct bot_config bot;
	struct venue_order placed[PLACED_MAX];
	size_t placed_n, refuse_places;	/* the next so many are not even taken in */
	size_t requests;	/* a list is one */
	char cancels[PLACED_MAX][CLIENT_ORDER_ID_MAX];
	size_t cancels_n, refuse_cancels;
	struct venue_update answer;	/* an order's state, for the id in it; others are unknown */
	bool tells_no_trades;
	bool lists;		/* answers what is open: "open", when that has an id */
	struct venue_update open;
	struct venue_query questions[PLACED_MAX];	/* not answered yet */
	size_t questions_n;
	int query_rc;
	size_t queries;
	bool silent;		/* no market order would trade now */
	bool warm;
	int64_t now, trade_id;
};

HELPER int fake_bot_set(struct venue *v, int64_t bot_id, int64_t account_id,
			const struct venue_caps **caps, struct err *e)
{
	(void)bot_id;
	(void)account_id;
	(void)e;
	*caps = &v->ops->caps;
	return 0;
}

HELPER int fake_place(struct venue *v, const struct venue_order *orders, size_t n, int64_t now_us,
		      struct err *e)
{
	struct fake *f = (struct fake *)(void *)v;

	(void)now_us;
	if (f->refuse_places) {
		f->refuse_places--;
		return err_set(e, ERR_UNAVAILABLE, "no line to the venue");
	}
	f->requests++;
	assert_true(f->placed_n + n <= PLACED_MAX);
	for (size_t i = 0; i < n; i++)
		f->placed[f->placed_n++] = orders[i];
	return 0;
}

HELPER int fake_cancel(struct venue *v, int64_t bot_id, const char *symbol, const char *id,
		       int64_t now_us, struct err *e)
{
	struct fake *f = (struct fake *)(void *)v;

	(void)bot_id;
	(void)symbol;
	(void)now_us;
	if (f->refuse_cancels) {
		f->refuse_cancels--;
		return err_set(e, ERR_LIMIT, "too many requests");
	}
	assert_true(f->cancels_n < PLACED_MAX);
	snprintf(f->cancels[f->cancels_n++], CLIENT_ORDER_ID_MAX, "%s", id);
	return 0;
}

HELPER void fake_flush(struct venue *v) { (void)v; }

HELPER int fake_market_add(struct venue *v, const struct symbol_info *s)
{
	(void)v;
	(void)s;
	return 0;
}

HELPER void fake_trade(struct venue *v, int market, const struct trade *t, int64_t now_us)
{
	(void)v;
	(void)market;
	(void)t;
	(void)now_us;
}

HELPER void fake_book(struct venue *v, int market, const struct book_top *b, int64_t now_us)
{
	(void)v;
	(void)market;
	(void)b;
	(void)now_us;
}

HELPER void fake_time(struct venue *v, int market, int64_t now_us)
{
	(void)v;
	(void)market;
	(void)now_us;
}

HELPER void fake_book_valid(struct venue *v, int market, bool valid, int64_t now_us)
{
	(void)v;
	(void)market;
	(void)valid;
	(void)now_us;
}

HELPER void fake_warm(struct venue *v, bool on)
{
	((struct fake *)(void *)v)->warm = on;
}

HELPER bool fake_tradable(const struct venue *v, int64_t bot_id, int market, enum side side,
			  int64_t now_us)
{
	(void)bot_id;
	(void)market;
	(void)side;
	(void)now_us;
	return !((const struct fake *)(const void *)v)->silent;
}

HELPER int fake_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e)
{
	struct fake *f = (struct fake *)(void *)v;

	(void)now_us;
	f->queries += q->kind == ASK_ORDER;
	if (f->query_rc)
		return err_set(e, f->query_rc, "the venue does not answer");
	assert_true(f->questions_n < PLACED_MAX);
	f->questions[f->questions_n++] = *q;
	return 0;
}

/* One trade, of what the newest state says and no row has. */
HELPER void fake_trade_of(const struct fake *f, struct venue_update *u)
{
	u->kind = UPDATE_FILL;
	u->trade_id = 555;
	u->quantity = u->cumulative;
	snprintf(u->fee_asset, sizeof(u->fee_asset), "USDT");
	for (size_t i = 0; i < f->rows.legs_n; i++)
		if (strcmp(f->rows.legs[i].leg.client_order_id, u->client_order_id) == 0)
			assert_int_equal(qty_sub(u->cumulative, f->rows.legs[i].leg.filled,
						 &u->quantity), 0);
}

HELPER void fake_advance(struct venue *v, int64_t now_us)
{
	struct fake *f = (struct fake *)(void *)v;
	struct venue_answer a = { .query = f->questions[0], .at_us = now_us };
	struct venue_update u = f->answer;

	memmove(&f->questions[0], &f->questions[1], --f->questions_n * sizeof(f->questions[0]));
	a.list = &u;
	if (strcmp(u.client_order_id, a.query.client_order_id) != 0)
		a.rc = a.query.kind == ASK_ORDER ? ERR_NOT_FOUND : 0;
	else
		a.n = 1;
	if (a.query.kind == ASK_OPEN_ORDERS) {
		u = f->open;
		a.rc = f->lists ? 0 : ERR_UNAVAILABLE;
		a.n = u.client_order_id[0] != '\0';
	}
	if (a.query.kind == ASK_ACCOUNT)
		a.rc = ERR_UNAVAILABLE;
	if (a.query.kind == ASK_TRADES) {
		a.n = f->tells_no_trades ? 0 : a.n;
		fake_trade_of(f, &u);
	}
	f->sink.answer(f->sink.ctx, &a);
}

HELPER int64_t fake_next_due(const struct venue *v)
{
	const struct fake *f = (const struct fake *)(const void *)v;

	return f->questions_n ? f->now : INT64_MAX;
}

HELPER void fake_free(struct venue *v) { (void)v; }

/* The venue tells the account: 10,000 of quote and so much base. */
HELPER void fake_account(struct fake *f, const char *base)
{
	struct account a = { .bot_id = 1, .known = true, .base = Q(base), .free = M("10000") };

	a.balance = a.free;
	f->sink.account(f->sink.ctx, &a);
}

HELPER void fake_init(struct fake *f, bool resting_stop)
{
	f->ops = (struct venue_ops){
		.name = "fake", .caps = { .resting_stop = resting_stop, .oco = resting_stop },
		.bot_set = fake_bot_set, .place = fake_place,
		.cancel = fake_cancel, .flush = fake_flush, .next_due = fake_next_due,
		.advance = fake_advance, .market_add = fake_market_add,
		.warm = fake_warm,
		.on_trade = fake_trade, .on_book = fake_book,
		.on_time = fake_time, .on_book_valid = fake_book_valid, .tradable = fake_tradable,
		.ask = fake_ask, .free = fake_free,
	};
	f->venue.ops = &f->ops;
}

HELPER struct fake *fake_new(bool futures, bool resting_stop, int64_t legs_before)
{
	struct fake *f = xcalloc(1, sizeof(*f));
	struct symbol_info info = world_info(futures);
	struct engine_args a = { .reporter = rows_reporter(&f->rows), .venue = &f->venue,
				 .market_data = "replay",
				 .first_order_id = 1, .first_leg_id = 1 + legs_before,
				 .first_fill_id = 1, .first_signal_id = 1 };
	struct desk d;

	market_source("replay", futures, info.source);
	fake_init(f, resting_stop);
	desk_init(&d, futures);
	f->bot = d.bot;
	f->now = d.now;
	f->e = engine_new(&a);
	f->sink = engine_venue_sink(f->e);
	f->m = engine_market_add(f->e, &info);
	fake_account(f, "1000");
	return f;
}

HELPER void fake_teardown(struct fake *f)
{
	engine_free(f->e);
	rows_free(&f->rows);
	free(f);
}

HELPER void fake_run(struct fake *f, const struct bot_restore *r)
{
	struct predictor p = { .model_id = 7, .ctx = &f->brain, .predict = brain_predict };
	struct err e;

	assert_int_equal(engine_bot_add(f->e, 1, &f->bot, r, &e), 0);
	engine_bot_model(f->e, 1, &p, NULL);
}

HELPER void trade(struct fake *f, const char *price)
{
	struct trade t = { .id = ++f->trade_id, .time_us = ++f->now, .price = P(price) };

	t.qty = Q("1");
	engine_trade(f->e, f->m, &t, f->now);
}

HELPER void wait_us(struct fake *f, int64_t us)
{
	f->now += us;
	engine_advance(f->e, f->now);
}

HELPER void command(struct fake *f, enum bot_event event, bool close)
{
	struct engine_command c = { .event = event, .close_positions = close,
				    .requested_by = "test", .correlation_id = "cid" };
	struct engine_answer a;
	struct err e;

	assert_int_equal(engine_bot_command(f->e, 1, &c, f->now, &a, &e), 0);
}

HELPER void hear(struct fake *f, const struct venue_update *u)
{
	f->sink.update(f->sink.ctx, u);
	engine_advance(f->e, f->now); /* what is asked is answered */
}

HELPER struct venue_update say(struct fake *f, enum venue_update_kind kind, const char *id)
{
	struct venue_update u = { .kind = kind, .bot_id = 1, .at_us = ++f->now };

	snprintf(u.client_order_id, sizeof(u.client_order_id), "%s", id);
	snprintf(u.symbol, sizeof(u.symbol), "BTCUSDT");
	snprintf(u.exchange_id, sizeof(u.exchange_id), "x%s", id);
	return u;
}

HELPER void tell(struct fake *f, enum venue_update_kind kind, const char *id, const char *reason)
{
	struct venue_update u = say(f, kind, id);

	snprintf(u.reason, sizeof(u.reason), "%s", reason);
	hear(f, &u);
}

HELPER struct venue_update fill_of(struct fake *f, const char *id, const char *price,
				   const char *qty, const char *cumulative)
{
	struct venue_update u = say(f, UPDATE_FILL, id);

	u.trade_id = 1000 + f->now % 1000000;
	u.price = P(price);
	u.quantity = Q(qty);
	u.cumulative = Q(cumulative);
	snprintf(u.fee_asset, sizeof(u.fee_asset), "USDT");
	return u;
}

HELPER void fill(struct fake *f, const char *id, const char *price, const char *qty,
		 const char *cumulative)
{
	struct venue_update u = fill_of(f, id, price, qty, cumulative);

	hear(f, &u);
}

/* Running, with an entry of 0.002 at 50000 accepted by the venue. */
HELPER void enter(struct fake *f)
{
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1") };

	b.bid_qty = b.ask_qty = Q("1");
	fake_run(f, NULL);
	command(f, EVENT_START, false);
	engine_market_time(f->e, f->m, f->now / SECOND * SECOND, f->now); /* a whole candle */
	engine_book(f->e, f->m, &b, ++f->now);
	trade(f, "50000");
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	f->brain.probability = 0;
	assert_int_equal(f->placed_n, 1);
	assert_string_equal(f->placed[0].client_order_id, "tbaaaaaa-1-e1");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1", "");
}

HELPER const struct order *last(const struct fake *f) { return rows_last(&f->rows); }

HELPER const struct venue_order *newest(const struct fake *f)
{
	assert_true(f->placed_n > 0);
	return &f->placed[f->placed_n - 1];
}

HELPER const struct leg *leg(const struct fake *f, size_t id)
{
	assert_true(id <= f->rows.legs_n);
	return &f->rows.legs[id - 1].leg;
}

HELPER void assert_reason(const struct fake *f, enum close_reason reason)
{
	assert_int_equal(last(f)->status, ORDER_CLOSED);
	assert_string_equal(close_reason_name(last(f)->reason), close_reason_name(reason));
	assert_int_equal(engine_open_orders(f->e, 1), 0);
}

#define SPOT_PLAIN fake_new(false, false, 0)	/* no resting stop */
#define SPOT_OCO fake_new(false, true, 0)
#define FUTURES_STOP fake_new(true, true, 0)

#endif
