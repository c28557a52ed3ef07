/*
 * engine_world.h - what the engine's tests share: a session (engine and paper venue)
 * on one symbol, driven by hand, with a brain that a test sets, and every row kept.
 */
#ifndef TESTS_UNIT_ENGINE_WORLD_H
#define TESTS_UNIT_ENGINE_WORLD_H

#include "tests/unit/sim_world.h"
#include "tests/unit/paper_session.h"

#define KEPT_ORDERS 4096
#define KEPT_TEXT 256
#define SECOND INT64_C(1000000)
#define MS INT64_C(1000)

/* ---- the brain ---- */

struct brain {			/* what the model of a bot says; set by the test */
	double probability;
	enum side side;
	double target, stop;	/* 0: the config's */
	int rungs;		/* so many limit entries at 50000 - 100, - 200, ... */
	bool exits;		/* it wants its longs to end */
	double share;		/* so much of them; 0 all */
	struct price stop_to;	/* it moves the stops of its longs there; 0 it does not */
	int rc;			/* the model fails with it */
	int asked;
	size_t candles;		/* in the window, when it was asked last */
	int64_t open_us;	/* of the newest one */
	void (*look)(void *ctx, const struct window *w);	/* a test may look at each */
	/* A test may look at all that a decision is given. */
	void (*see)(void *ctx, const struct strategy_input *in);
	/* A test may answer to a fill. */
	void (*filled)(void *ctx, const struct strategy_input *in, const struct strategy_fill *f,
		       struct decision *out);
	void *ctx;
};

HELPER int brain_predict(void *ctx, const float *features, size_t n, float *out, struct err *e)
{
	struct brain *b = ctx;

	(void)features;
	(void)n;
	b->asked++;
	if (b->rc)
		return err_set(e, b->rc, "the brain is broken");
	*out = (float)b->probability;
	return 0;
}

/* What the bots of a series share was computed from the window as it is now. */
HELPER void brain_shares(const struct strategy_input *in)
{
	if (!in->work)
		return; /* this window is nobody else's */
	if (in->work->n)
		assert_int_equal(in->work->predictions[0].model_id, in->window->last_open_us);
	in->work->predictions[0].model_id = in->window->last_open_us;
	in->work->n = 1;
}

/*
 * The brain looks at one candle, so that it decides from the first on; what a test sees of the
 * window is all that it has, which lies before that candle.
 */
HELPER struct window brain_window(const struct strategy_input *in)
{
	struct window w = *in->window;
	size_t all = w.begin + w.n;

	w.n = all < CANDLE_WINDOW ? all : CANDLE_WINDOW;
	w.begin = all - w.n;
	return w;
}

HELPER int brain_candle(void *state, const struct strategy_input *in, struct decision *out,
			struct err *e)
{
	const struct brain *b;
	struct intent *i;
	float p;
	int rc;

	(void)state;
	brain_shares(in);
	if (!in->model) {
		out->rule = "no_model";
		return 0;
	}
	rc = in->model->predict(in->model->ctx, NULL, 0, &p, e);
	if (rc)
		return rc;
	b = in->model->ctx;
	if (in->model->predict == brain_predict) {
		struct window w = brain_window(in);

		((struct brain *)in->model->ctx)->candles = w.n;
		((struct brain *)in->model->ctx)->open_us = w.last_open_us;
		if (b->look)
			b->look(b->ctx, &w);
		if (b->see)
			b->see(b->ctx, in);
	}
	out->side = b->side;
	out->confidence = (double)p;
	out->rule = "threshold";
	if (b->exits)
		decision_add(out, INTENT_EXIT, SIDE_BUY)->share = b->share > 0 ? b->share : 1;
	if (price_sign(b->stop_to) > 0)
		decision_add(out, INTENT_MOVE_STOP, SIDE_BUY)->stop = b->stop_to;
	if (out->confidence < in->config->confidence_threshold)
		return 0;
	out->rule = "entry";
	for (int k = 0; k < b->rungs; k++) {
		i = decision_add(out, INTENT_ENTER, b->side);
		i->limit = price_of_units((49900 - k * 100) * RATE_ONE);
		i->target = P("50100");
		snprintf(i->tag, sizeof(i->tag), "rung %d", k);
	}
	if (b->rungs)
		return 0;
	i = decision_add(out, INTENT_ENTER, b->side);
	i->confidence = out->confidence;
	i->profit_target = b->target;
	i->stop_loss = b->stop;
	return 0;
}

HELPER int brain_fill(void *state, const struct strategy_input *in, const struct strategy_fill *f,
		      struct decision *out, struct err *e)
{
	const struct brain *b = in->model->ctx;

	(void)state;
	(void)e;
	if (in->model->predict == brain_predict && b->filled)
		b->filled(b->ctx, in, f, out);
	return 0;
}

HELPER void brain_explain(const struct strategy_input *in, const struct decision *d,
			  char reason[DECISION_REASON_MAX])
{
	(void)in;
	snprintf(reason, DECISION_REASON_MAX, "probability %.2f", d->confidence);
}

HELPER size_t brain_look_back(const double *params)
{
	(void)params;
	return 1;
}

/* What strategy "model" looks at beside its own candles; set by the test. */
static struct strategy_extra brain_extra[STRATEGY_EXTRAS_MAX];
static size_t brain_extras_n;

HELPER size_t brain_extras(const double *params, struct strategy_extra out[STRATEGY_EXTRAS_MAX])
{
	(void)params;
	memcpy(out, brain_extra, brain_extras_n * sizeof(out[0]));
	return brain_extras_n;
}

/* The real strategies stay out of these tests. */
const struct strategy *strategy_find(const char *name);
const struct strategy *strategy_find(const char *name)
{
	static const struct strategy_spec asks = {
		.name = "model", .needs_model = true, .look_back = brain_look_back,
	};
	static const struct strategy_spec needs_none = {
		.name = "free", .look_back = brain_look_back,
	};
	static const struct strategy model = {
		.spec = &asks, .on_candle = brain_candle, .on_fill = brain_fill,
		.explain = brain_explain, .extras = brain_extras,
	};
	static const struct strategy free_hand = {
		.spec = &needs_none, .on_candle = brain_candle, .explain = brain_explain,
	};

	return strcmp(name, "model") == 0 ? &model : strcmp(name, "free") == 0 ? &free_hand : NULL;
}

/* ---- rows ---- */

struct rows {			/* what a database would hold */
	struct order *orders;	/* newest row of each order id (index id - 1), without legs */
	size_t orders_n;
	struct kept_leg { struct leg leg; int64_t order_id, bot_id; } *legs;	/* by id - 1 */
	size_t legs_n;
	struct kept_fill { struct fill_report f; int64_t order_id; char leg[CLIENT_ORDER_ID_MAX];
			   enum leg_kind kind; } *fills;
	size_t fills_n;
	struct signal_report *signals;	/* by id - 1 */
	size_t signals_n, signal_rows;
	struct kept_status { struct status_report s; char event[24], reason[KEPT_TEXT], by[24]; }
		*statuses;
	size_t statuses_n;
	struct day_stats stats[WORLD_ACCOUNTS];	/* newest, by bot id */
	struct bot_report bots[WORLD_ACCOUNTS];
	size_t bot_rows;
	struct equity_report *equities;
	size_t equities_n;
	char (*notices)[KEPT_TEXT];
	size_t notices_n;
	size_t candles;
	struct candle candle;	/* the newest */
	void (*on_candle)(void *ctx, const struct candle_report *c);	/* a test may listen */
	void *candle_ctx;
	void (*on_closed)(void *ctx, const struct order *o);	/* a test may listen */
	void *ctx;
};

/* Room for one more; capacities are powers of two. */
#define GROW(array, n)                                                            \
	do {                                                                      \
		if (((n) & ((n) - 1)) == 0)                                       \
			(array) = xrealloc(array, ((n) ? 2 * (n) : 1) * sizeof(*(array))); \
	} while (0)

HELPER size_t capacity(size_t n)
{
	size_t c = 1;

	while (c < n)
		c *= 2;
	return c;
}

HELPER void rows_order(void *ctx, const struct order *o)
{
	struct rows *r = ctx;

	assert_true(o->id >= 1 && o->id <= (int64_t)r->orders_n + 1);
	if (o->id > (int64_t)r->orders_n) {
		GROW(r->orders, r->orders_n);
		r->orders_n++;
	}
	memset(&r->orders[o->id - 1], 0, sizeof(*o));
	memcpy(&r->orders[o->id - 1], o, ORDER_HEAD_SIZE);
	if (o->status == ORDER_CLOSED && r->on_closed)
		r->on_closed(r->ctx, o);
}

HELPER void rows_leg(void *ctx, const struct order *o, const struct leg *l)
{
	struct rows *r = ctx;

	assert_true(l->id >= 1 && l->id <= (int64_t)r->legs_n + 1);
	if (l->id > (int64_t)r->legs_n) {
		for (size_t i = 0; i < r->legs_n; i++)	/* never twice */
			assert_string_not_equal(r->legs[i].leg.client_order_id, l->client_order_id);
		GROW(r->legs, r->legs_n);
		r->legs_n++;
	}
	r->legs[l->id - 1].leg = *l;
	r->legs[l->id - 1].order_id = o->id;
	r->legs[l->id - 1].bot_id = o->bot_id;
}

HELPER void rows_fill(void *ctx, const struct fill_report *f)
{
	struct rows *r = ctx;
	struct kept_fill *k;

	assert_int_equal(f->id, r->fills_n + 1);
	GROW(r->fills, r->fills_n);
	k = &r->fills[r->fills_n++];
	k->f = *f;
	k->order_id = f->order->id;
	k->kind = f->leg->kind;
	memcpy(k->leg, f->leg->client_order_id, sizeof(k->leg));
}

HELPER void rows_signal(void *ctx, const struct signal_report *s)
{
	struct rows *r = ctx;

	assert_true(s->id >= 1 && s->id <= (int64_t)r->signals_n + 1);
	if (s->id > (int64_t)r->signals_n) {
		GROW(r->signals, r->signals_n);
		r->signals_n++;
	}
	r->signals[s->id - 1] = *s;
	r->signal_rows++;
}

HELPER void rows_status(void *ctx, const struct status_report *s)
{
	struct rows *r = ctx;
	struct kept_status *k;

	GROW(r->statuses, r->statuses_n);
	k = &r->statuses[r->statuses_n++];
	k->s = *s;
	snprintf(k->event, sizeof(k->event), "%s", s->event);
	snprintf(k->reason, sizeof(k->reason), "%s", s->reason);
	snprintf(k->by, sizeof(k->by), "%s", s->requested_by);
}

HELPER void rows_stats(void *ctx, const struct day_stats *s, const struct day_stats *trade)
{
	assert_int_equal(trade->trades, 1);
	assert_string_equal(trade->day, s->day);
	((struct rows *)ctx)->stats[s->bot_id] = *s;
}

HELPER void rows_bot(void *ctx, const struct bot_report *b)
{
	struct rows *r = ctx;

	r->bots[b->bot_id] = *b;
	r->bot_rows++;
}

HELPER void rows_equity(void *ctx, const struct equity_report *q)
{
	struct rows *r = ctx;

	GROW(r->equities, r->equities_n);
	r->equities[r->equities_n++] = *q;
}

HELPER void rows_candle(void *ctx, const struct candle_report *c)
{
	const struct rows *r = ctx;

	if (r->on_candle)
		r->on_candle(r->candle_ctx, c);
	((struct rows *)ctx)->candles++;
	((struct rows *)ctx)->candle = *c->candle;
}

HELPER void rows_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	struct rows *r = ctx;

	(void)bot_id;
	(void)correlation_id;
	GROW(r->notices, r->notices_n);
	snprintf(r->notices[r->notices_n++], KEPT_TEXT, "%s", text);
}

HELPER struct reporter rows_reporter(struct rows *r)
{
	return (struct reporter){
		.ctx = r, .order = rows_order, .leg = rows_leg, .fill = rows_fill,
		.signal = rows_signal, .status = rows_status, .stats = rows_stats, .bot = rows_bot,
		.equity = rows_equity, .candle = rows_candle, .notice = rows_notice,
	};
}

HELPER void rows_free(struct rows *r)
{
	free(r->orders);
	free(r->legs);
	free(r->fills);
	free(r->signals);
	free(r->statuses);
	free(r->equities);
	free(r->notices);
}

/* The newest order, or of an id. */
HELPER const struct order *rows_last(const struct rows *r)
{
	assert_true(r->orders_n > 0);
	return &r->orders[r->orders_n - 1];
}

/* The newest leg of a kind, of an order; NULL when there is none. */
HELPER const struct leg *rows_find_leg(const struct rows *r, int64_t order_id, enum leg_kind kind)
{
	for (size_t i = r->legs_n; i-- > 0;)
		if (r->legs[i].order_id == order_id && r->legs[i].leg.kind == kind)
			return &r->legs[i].leg;
	return NULL;
}

HELPER size_t rows_count_legs(const struct rows *r, int64_t order_id, enum leg_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->legs_n; i++)
		n += r->legs[i].order_id == order_id && r->legs[i].leg.kind == kind;
	return n;
}

/* ---- a session ---- */

struct desk {
	struct session *s;
	struct engine *e;
	struct feed_sink sink;
	struct config config;
	struct bot_config bot;		/* of bot 1; others begin with a copy */
	struct brain brain[WORLD_ACCOUNTS];
	struct rows rows;
	struct world paper;		/* rows of the venue */
	bool futures;
	int64_t now, trade_id;
	struct err err;
};

HELPER struct sim_store paper_store(struct world *w)
{
	return (struct sim_store){
		.ctx = w, .account = world_account, .ledger = world_ledger,
		.balance = world_balance, .order = world_order, .order_gone = world_order_gone,
		.counter = world_counter,
	};
}

/* Settings under which one entry after the other passes every rule. */
HELPER void desk_init(struct desk *d, bool futures)
{
	memset(d, 0, sizeof(*d));
	config_defaults(&d->config);
	d->config.sim_latency_ms = 10;
	d->config.sim_slippage = 0;
	d->config.max_risk_per_trade_pct = 100;
	d->config.min_risk_reward_ratio = 0;
	d->config.max_orders_per_min = 1000;
	d->config.sim_tick_interval_s = 3600;
	d->config.stale_feed_ms = 0;	/* tests wait long without market data */
	bot_config_defaults(&d->bot);
	d->bot.version = 1;
	d->bot.capital_per_trade = M("100");
	d->bot.profit_target_pct = 0.003;
	d->bot.stop_loss_pct = 0.001;
	d->bot.holding_time = 120;
	d->bot.maker_order_timeout = 20;
	d->bot.max_positions = 1;
	d->bot.decision_interval_ms = 1;
	d->bot.confidence_threshold = 0.5;
	snprintf(d->bot.exchange, sizeof(d->bot.exchange), "%s",
		 futures ? "binance_futures" : "binance");
	d->futures = futures;
	d->now = T0 + 100 * MS;
	d->paper.next_trade = d->paper.next_entry = d->paper.next_order = 1;
}

HELPER void desk_open(struct desk *d)
{
	struct symbol_info info = world_info(d->futures);
	struct session_args a = {
		.config = &d->config, .reporter = rows_reporter(&d->rows),
	};
	struct sim_store rows = paper_store(&d->paper);

	assert_int_equal(paper_session(&a, &rows, &d->s, &d->err), 0);
	d->e = session_engine(d->s);
	d->sink = session_sink(d->s, d->futures);
	session_market_add(d->s, &info);
}

/* The feed's handle of bot 1's market. */
HELPER int desk_market(const struct desk *d)
{
	return d->sink.market(d->sink.ctx, d->bot.symbol);
}

HELPER struct predictor brain_of(struct desk *d, int64_t bot)
{
	return (struct predictor){
		.model_id = 7, .features = "none", .ctx = &d->brain[bot], .predict = brain_predict,
	};
}

HELPER void desk_add_bot(struct desk *d, int64_t bot, const struct bot_config *c)
{
	struct predictor p = brain_of(d, bot);

	assert_int_equal(session_account(d->s, bot, c, d->now, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, bot, c, NULL, &d->err), 0);
	engine_bot_model(d->e, bot, &p, NULL);
}

HELPER int desk_order(struct desk *d, int64_t bot, enum bot_event event, bool close)
{
	struct engine_command c = {
		.event = event, .close_positions = close, .requested_by = "test",
		.correlation_id = "cid",
	};
	struct engine_answer a;

	return engine_bot_command(d->e, bot, &c, d->now, &a, &d->err);
}

HELPER void desk_book(struct desk *d, const char *bid, const char *ask)
{
	struct book_top b = { .bid = P(bid), .ask = P(ask) };

	b.bid_qty = Q("10");
	b.ask_qty = Q("10");
	d->sink.book(d->sink.ctx, desk_market(d), &b, ++d->now);
}

/* sold: the taker sold. Exchange time is ours. */
HELPER void desk_trade_qty(struct desk *d, const char *price, const char *qty, bool sold)
{
	struct trade t = { .id = ++d->trade_id, .price = P(price), .buyer_is_maker = sold };

	t.qty = Q(qty);
	t.time_us = ++d->now;
	d->sink.trade(d->sink.ctx, desk_market(d), &t, d->now);
}

HELPER void desk_trade(struct desk *d, const char *price)
{
	desk_trade_qty(d, price, "5", true);
}

/* Time passes; the venue and deadlines act, candles do not close. */
HELPER void desk_wait(struct desk *d, int64_t us)
{
	d->now += us;
	engine_advance(d->e, d->now);
}

/*
 * To the begin of the next second: the candle closes and bots decide. The exchange's clock
 * is ahead of ours by the grace, so that it closes at a round time of ours.
 */
HELPER void desk_second(struct desk *d)
{
	d->now = (d->now / SECOND + 1) * SECOND;
	d->sink.time(d->sink.ctx, desk_market(d), d->now + CANDLE_GRACE_US, d->now);
}

/* We listen since the begin of this second: its candle is whole. */
HELPER void desk_listen(struct desk *d)
{
	d->sink.time(d->sink.ctx, desk_market(d), d->now / SECOND * SECOND, d->now);
}

/* One decision with this probability, then silence; the order has arrived. */
HELPER void desk_decide(struct desk *d, int64_t bot, double probability)
{
	d->brain[bot].probability = probability;
	desk_second(d);
	d->brain[bot].probability = 0;
	desk_wait(d, 20 * MS);
}

/* Bot 1 runs on a market at 50000.00 / 50000.01 (futures: 50000.0 / 50000.1). */
HELPER void desk_start(struct desk *d)
{
	desk_open(d);
	desk_add_bot(d, 1, &d->bot);
	assert_int_equal(desk_order(d, 1, EVENT_START, false), 0);
	desk_listen(d);
	desk_book(d, "50000", d->futures ? "50000.1" : "50000.01");
	desk_trade(d, "50000");
}

HELPER void desk_check(struct desk *d)
{
	struct err e;

	if (sim_check(session_venue(d->s), &e))
		fail_msg("%s", e.msg);
}

HELPER void desk_close(struct desk *d)
{
	desk_check(d);
	session_free(d->s);
	rows_free(&d->rows);
	free(d->paper.rows);
	free(d->paper.ups);
}

HELPER struct account_value desk_balance(struct desk *d, int64_t bot)
{
	struct venue *v = session_venue(d->s);
	struct account_value b = { 0 };

	assert_int_equal(sim_account_value(v, bot, &b, &d->err), 0);
	return b;
}

HELPER const char *cash(struct money m)
{
	static char text[4][MONEY_TEXT_MAX];
	static int n;

	return money_text(m, text[n++ % 4]);
}

/*
 * What an order says it won is what the account won: equity now, less equity
 * before, dust at its cost instead of its price.
 */
HELPER struct qty left_of(const struct order *o)	/* dust, less what was taken over */
{
	struct qty q;

	assert_int_equal(qty_sub(o->dust, o->dust_taken, &q), 0);
	return q;
}

HELPER void assert_pnl(struct desk *d, int64_t bot, const struct order *o, struct money before)
{
	struct money now = desk_balance(d, bot).equity, won, dust_now, dust_cost = { 0 }, fees, net;
	const struct market *m = engine_market(d->e, d->bot.symbol, d->futures);

	assert_int_equal(o->status, ORDER_CLOSED);
	assert_int_equal(money_notional(market_last(m), left_of(o), ROUND_DOWN, &dust_now), 0);
	assert_int_equal(money_sub(o->dust_cost, o->dust_taken_cost, &dust_cost), 0);
	assert_int_equal(money_sub(now, before, &won), 0);
	assert_int_equal(money_sub(won, dust_now, &won), 0);
	assert_int_equal(money_add(won, dust_cost, &won), 0);
	assert_string_equal(cash(o->pnl), cash(won));
	assert_int_equal(money_add(o->quote_fees, o->base_fees_value, &fees), 0);
	assert_int_equal(money_add(fees, o->funding, &fees), 0);
	assert_int_equal(money_sub(o->gross, fees, &net), 0);
	assert_string_equal(cash(net), cash(o->pnl));
}

/* ---- what most tests begin with ---- */

HELPER int desk_setup_spot(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, false);
	*state = d;
	return 0;
}

HELPER int desk_setup_futures(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, true);
	*state = d;
	return 0;
}

HELPER int desk_teardown(void **state)
{
	desk_close(*state);
	free(*state);
	return 0;
}

/* An entry that is filled and protected. */
HELPER void desk_enter(struct desk *d)
{
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 20 * MS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
}

HELPER struct engine_answer desk_command(struct desk *d, int64_t bot, enum bot_event event,
					 bool close, int want_rc)
{
	struct engine_command c = { .event = event, .close_positions = close,
				    .requested_by = "alice", .correlation_id = "cid-7" };
	struct engine_answer a;

	assert_int_equal(engine_bot_command(d->e, bot, &c, d->now, &a, &d->err), want_rc);
	return a;
}

HELPER void desk_assert_status(struct desk *d, int64_t bot, enum bot_status s)
{
	assert_string_equal(bot_status_name(engine_bot_status(d->e, bot)), bot_status_name(s));
}

#endif
