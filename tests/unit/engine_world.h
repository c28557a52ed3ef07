/*
 * engine_world.h - what the engine's tests share: a session (engine and paper venue)
 * on one symbol, driven by hand, with a brain that a test sets, and every row kept.
 */
#ifndef TESTS_UNIT_ENGINE_WORLD_H
#define TESTS_UNIT_ENGINE_WORLD_H

#include "tests/unit/engine_brain.h"
#include "tests/unit/engine_rows.h"
#include "tests/unit/paper_session.h"
#include "tests/unit/sim_world.h"

#define SECOND INT64_C(1000000)
#define MS INT64_C(1000)

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

/* Of its market's prices: the session's market_data is replay where nobody says another. */
HELPER const char *source_of(const struct desk *d)
{
	return d->futures ? "replay_futures" : "replay";
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
	const struct market *m = engine_market(d->e, source_of(d), d->bot.symbol);

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
