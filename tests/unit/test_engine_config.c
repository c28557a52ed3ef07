/* A bot's settings, model, market and account, changed while it runs. */
#include "tests/unit/engine_world.h"

static void config_while_open(void **state)
{
	struct desk *d = *state;
	struct symbol_info eth = world_info(false);
	struct bot_config c;

	desk_enter(d);
	snprintf(eth.symbol, sizeof(eth.symbol), "ETHUSDT");
	snprintf(eth.base, sizeof(eth.base), "ETH");
	session_market_add(d->s, &eth);
	c = d->bot;
	c.version = 2;
	c.max_positions = 2;
	c.capital_per_trade = M("50");
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_CONFLICT);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].config_version, 1);
	assert_non_null(strstr(d->rows.bots[1].config_error, "without open orders"));
	assert_non_null(strstr(d->rows.bots[1].config_error, "symbol BTCUSDT -> ETHUSDT"));
	/* what can be is in force, and nothing is added to what it waits for */
	assert_string_equal(cash(engine_bot_config_now(d->e, 1)->capital_per_trade), "50");
	assert_string_equal(engine_bot_config_now(d->e, 1)->symbol, "BTCUSDT");
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "config_waits");
	assert_non_null(strstr(d->rows.signals[d->rows.signals_n - 1].reason, "ETHUSDT"));
	c = d->bot;
	c.version = 3;
	c.profit_target_pct = 0.01;
	c.max_positions = 2;
	c.holding_time = 7;
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), 0); /* hot */
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].config_version, 3);
	assert_string_equal(d->rows.bots[1].config_error, "");
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
	assert_int_equal(d->rows.orders[1].config_version, 3);
	assert_int_equal(price_units(d->rows.orders[1].take_profit), price_units(P("50500")));
	assert_int_equal(d->rows.orders[0].holding_us, 120 * SECOND); /* as it began */
	desk_wait(d, 30 * SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
}

/* An entry that was not filled yet is taken back: what the version waits for is less. */
static void waiting_cancels_entries(void **state)
{
	struct desk *d = *state;
	struct bot_config c;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	c = d->bot;
	c.version = 2;
	c.leverage = 5;
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_CONFLICT);
	assert_non_null(strstr(d->err.msg, "leverage 1 -> 5"));
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_ENTRY_CANCELLED);
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), 0);
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
	assert_int_equal(rows_last(&d->rows)->config_version, 2);
}

/* Exits of what is open go on while a version waits. */
static void waiting_keeps_exits(void **state)
{
	struct desk *d = *state;
	struct bot_config c;

	desk_enter(d);
	c = d->bot;
	c.version = 2;
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_CONFLICT);
	desk_book(d, "49900", "49900.1");
	desk_trade(d, "49900");
	desk_wait(d, SECOND);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_STOP_LOSS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
}

static int64_t bot_positions_of(struct desk *d)
{
	engine_report(d->e, d->now, 0, SIZE_MAX);
	return d->rows.bots[1].open_positions;
}

static void add_market(struct desk *d, const char *base, const char *quote, bool futures)
{
	struct symbol_info info = world_info(futures);

	snprintf(info.symbol, sizeof(info.symbol), "%s%s", base, quote);
	snprintf(info.base, sizeof(info.base), "%s", base);
	snprintf(info.quote, sizeof(info.quote), "%s", quote);
	session_market_add(d->s, &info);
}

/* A loss beyond MAX_DAILY_LOSS and MAX_DRAWDOWN stops entries; no change of settings lifts it. */
static void limits_survive_a_move(void **state)
{
	struct desk *d = *state;
	struct bot_config c;
	struct money worth;

	d->config.max_daily_loss_pct = 0.5;
	d->config.max_drawdown_pct = 0.5;
	d->bot.capital_per_trade = M("5000");
	d->bot.stop_loss_pct = 0.02;
	d->bot.ignore_risk_reward = true;
	desk_enter(d);
	desk_book(d, "48000", "48000.1");
	desk_trade(d, "48000");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	worth = desk_balance(d, 1).equity;
	assert_true(money_cmp(worth, M("9900")) < 0);
	desk_decide(d, 1, 0.9);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "daily_loss");
	add_market(d, "ETH", "USDT", d->futures);
	add_market(d, "ETH", "BTC", d->futures);
	/* another quote asset: not without a reset, and nothing has changed */
	c = d->bot;
	c.version = 2;
	snprintf(c.symbol, sizeof(c.symbol), "ETHBTC");
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), ERR_DENIED);
	assert_non_null(strstr(d->err.msg, "simulation/reset"));
	assert_string_equal(cash(desk_balance(d, 1).equity), cash(worth));
	assert_int_equal(engine_bot_config_wait(d->e, 1, &c, d->err.msg, &d->err), 0);
	desk_decide(d, 1, 0.9);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "config_waits");
	/* another base: the account goes along, and so do peak and day */
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), 0);
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), 0);
	assert_string_equal(cash(desk_balance(d, 1).equity), cash(worth));
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(cash(d->rows.bots[1].peak_equity), "10000");
	assert_string_equal(cash(d->rows.bots[1].day_equity), "10000");
	/* the explicit way */
	snprintf(c.symbol, sizeof(c.symbol), "ETHBTC");
	assert_int_equal(session_account_reset(d->s, 1, &c, false, d->now, &d->err), 0);
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), 0);
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), 0);
	assert_string_equal(cash(desk_balance(d, 1).equity), "10000");
}

/* Nothing left: no other market makes a fresh account of it. */
static void nothing_left_moves_nowhere(void **state)
{
	struct desk *d = *state;
	struct bot_config c;

	d->bot.capital_per_trade = M("9000");
	d->bot.leverage = 100;
	d->bot.stop_loss_pct = 0.9;
	d->bot.ignore_risk_reward = d->bot.ignore_risk_per_trade = true;
	d->config.max_notional = 0;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "49999", "1000", true);
	assert_int_equal(bot_positions_of(d), 1);
	desk_book(d, "40000", "40000.1");
	desk_trade(d, "40000");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_true(money_sign(desk_balance(d, 1).equity) <= 0);
	add_market(d, "ETH", "USDT", true);
	c = d->bot;
	c.version = 2;
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), ERR_DENIED);
	assert_true(money_sign(desk_balance(d, 1).equity) <= 0);
}

static void config_refused(void **state)
{
	struct desk *d = *state;
	struct bot_config c;

	desk_start(d);
	c = d->bot;
	c.version = 2;
	snprintf(c.strategy, sizeof(c.strategy), "astrology");
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_NOT_FOUND);
	c = d->bot;
	snprintf(c.symbol, sizeof(c.symbol), "NOSUCH");
	assert_int_equal(engine_bot_config(d->e, 1, &c, NULL), ERR_NOT_FOUND);
	c = d->bot;
	snprintf(c.exchange, sizeof(c.exchange), "binance_futures");
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_NOT_FOUND);
	assert_int_equal(engine_bot_config(d->e, 5, &c, &d->err), ERR_NOT_FOUND);
	engine_bot_config_failed(d->e, 1, "the row is damaged");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].config_error, "the row is damaged");
	assert_int_equal(d->rows.bots[1].config_version, 1);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1); /* the old one works on */
}

static void leverage_while_open(void **state)
{
	struct desk *d = *state;
	struct bot_config c;

	desk_enter(d);
	c = d->bot;
	c.leverage = 5;
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), ERR_CONFLICT);
}

static void symbol_moves_when_flat(void **state)
{
	struct desk *d = *state;
	struct symbol_info eth = world_info(false);
	struct bot_config c = d->bot;
	struct book_top b = { .bid = P("3000"), .ask = P("3000.01") };
	struct trade t = { .id = 1, .price = P("3000") };

	desk_start(d);
	snprintf(eth.symbol, sizeof(eth.symbol), "ETHUSDT");
	snprintf(eth.base, sizeof(eth.base), "ETH");
	session_market_add(d->s, &eth);
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(session_account(d->s, 1, &c, d->now, &d->err), 0);
	assert_int_equal(engine_bot_config(d->e, 1, &c, &d->err), 0);
	desk_decide(d, 1, 0.9); /* BTC says nothing to it any more */
	assert_int_equal(d->rows.orders_n, 0);
	b.bid_qty = b.ask_qty = t.qty = Q("1");
	d->brain[1].probability = 0.9;
	d->sink.time(d->sink.ctx, d->sink.market(d->sink.ctx, "ETHUSDT"),
		     d->now / SECOND * SECOND, d->now);
	d->sink.book(d->sink.ctx, d->sink.market(d->sink.ctx, "ETHUSDT"), &b, ++d->now);
	t.time_us = ++d->now;
	d->sink.trade(d->sink.ctx, d->sink.market(d->sink.ctx, "ETHUSDT"), &t, d->now);
	d->now += SECOND;
	d->sink.time(d->sink.ctx, d->sink.market(d->sink.ctx, "ETHUSDT"),
		     d->now + CANDLE_GRACE_US, d->now);
	assert_int_equal(d->rows.orders_n, 1);
	assert_string_equal(rows_last(&d->rows)->symbol, "ETHUSDT");
	assert_string_equal(cash(desk_balance(d, 1).equity), "10000");
}

static void interval_of_the_bot(void **state)
{
	struct desk *d = *state;

	snprintf(d->bot.interval, sizeof(d->bot.interval), "1m");
	desk_start(d);
	d->brain[1].probability = 0.9;
	desk_second(d);
	assert_int_equal(d->rows.orders_n, 0);
	d->now = T0 + 60 * SECOND;
	d->sink.time(d->sink.ctx, desk_market(d), d->now + CANDLE_GRACE_US, d->now);
	assert_int_equal(d->rows.orders_n, 1);
	assert_int_equal(d->rows.candles, 1);
}

static void decision_interval(void **state)
{
	struct desk *d = *state;

	d->bot.decision_interval_ms = 2000;
	d->bot.max_positions = 20;
	desk_start(d);
	for (int i = 0; i < 10; i++)
		desk_decide(d, 1, 0.9);
	assert_int_equal(d->brain[1].asked, 10); /* every closed candle is seen */
	assert_int_equal(d->rows.orders_n, 5);	/* entries are spaced */
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "decision_interval");
}

/* A decision that comes a little earlier after its candle than the one before is no less. */
static void spaced_by_candles(void **state)
{
	struct desk *d = *state;

	d->bot.decision_interval_ms = 1000;
	d->bot.max_positions = 20;
	d->config.max_open_positions = 0;
	desk_start(d);
	d->brain[1].probability = 0.9;
	for (int i = 1; i <= 8; i++) {
		d->now = T0 + i * SECOND + (i % 2 ? 400 : 10) * MS;
		d->sink.time(d->sink.ctx, desk_market(d), T0 + i * SECOND + CANDLE_GRACE_US,
			     d->now);
	}
	assert_int_equal(d->rows.orders_n, 8);
}

static void model_swap(void **state)
{
	struct desk *d = *state;
	struct brain other = { .probability = 0.9 };
	struct predictor p = { .model_id = 8, .ctx = &other, .predict = brain_predict };

	desk_start(d);
	desk_decide(d, 1, 0.1);
	engine_bot_model(d->e, 1, NULL, "file is garbage");
	desk_decide(d, 1, 0.1);
	assert_int_equal(d->brain[1].asked, 2); /* the old one stays */
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].model_error, "file is garbage");
	assert_int_equal(d->rows.bots[1].model_id, 7);
	engine_bot_model(d->e, 1, &p, NULL);
	desk_decide(d, 1, 0.1);
	assert_int_equal(other.asked, 1);
	assert_int_equal(rows_last(&d->rows)->model_id, 8);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].model_error, "");
	assert_int_equal(d->rows.bots[1].model_id, 8);
}

static void start_needs_a_model(void **state)
{
	struct desk *d = *state;
	struct predictor p = brain_of(d, 1);
	struct engine_answer a;

	desk_open(d);
	assert_int_equal(session_account(d->s, 1, &d->bot, d->now, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, 1, &d->bot, NULL, &d->err), 0);
	a = desk_command(d, 1, EVENT_START, false, 0);
	assert_int_equal(a.status, BOT_ERROR);
	assert_non_null(strstr(a.message, "needs a model"));
	engine_bot_model(d->e, 1, &p, NULL);
	a = desk_command(d, 1, EVENT_START, false, 0);
	assert_int_equal(a.status, BOT_RUNNING);
}


static void account_reset(void **state)
{
	struct desk *d = *state;
	struct money zero = { 0 };

	desk_enter(d);
	desk_book(d, "49000", "49000.01");
	desk_trade(d, "49000"); /* a loss */
	desk_wait(d, SECOND);
	desk_book(d, "49000", "49000.01");
	desk_decide(d, 1, 0.9);
	assert_int_equal(session_account_reset(d->s, 1, &d->bot, false, d->now, &d->err),
			 ERR_CONFLICT);
	assert_int_equal(session_account_reset(d->s, 1, &d->bot, true, d->now, &d->err), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_RESET);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_string_equal(cash(desk_balance(d, 1).equity), "10000");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(cash(d->rows.bots[1].peak_equity), "10000");
	assert_string_equal(cash(d->rows.bots[1].day_equity), "10000");
	assert_int_equal(d->rows.bots[1].loss_streak, 0);
	desk_wait(d, SECOND); /* nothing of before comes back */
	assert_int_equal(money_cmp(desk_balance(d, 1).balance, M("10000")), 0);
	assert_int_equal(money_cmp(rows_last(&d->rows)->pnl, zero), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
}

static void reset_with_position(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	assert_int_equal(session_account_reset(d->s, 1, &d->bot, true, d->now, &d->err), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_RESET);
	assert_int_equal(qty_units(desk_balance(d, 1).base), 0);
	assert_string_equal(cash(rows_last(&d->rows)->pnl), d->futures ? "-0.02" : "-0.1");
	desk_assert_status(d, 1, BOT_RUNNING);
}

static void remove_bot(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	assert_int_equal(engine_bot_remove(d->e, 1, &d->err), ERR_CONFLICT);
	desk_decide(d, 1, 0.9);
	desk_command(d, 1, EVENT_STOP, false, 0);
	assert_int_equal(engine_bot_remove(d->e, 1, &d->err), ERR_CONFLICT);
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_bot_remove(d->e, 1, &d->err), 0);
	assert_int_equal(engine_bot_remove(d->e, 1, &d->err), ERR_NOT_FOUND);
	desk_trade(d, "50000");
	desk_second(d);
}

#define SPOT(f) cmocka_unit_test_setup_teardown(f, desk_setup_spot, desk_teardown)
#define FUTURES(f) { #f " futures", f, desk_setup_futures, desk_teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(config_while_open), FUTURES(waiting_cancels_entries),
		SPOT(waiting_keeps_exits), SPOT(limits_survive_a_move),
		FUTURES(limits_survive_a_move), FUTURES(nothing_left_moves_nowhere),
		SPOT(config_refused), FUTURES(leverage_while_open),
		SPOT(symbol_moves_when_flat), SPOT(interval_of_the_bot), SPOT(decision_interval),
		SPOT(spaced_by_candles),
		SPOT(model_swap), SPOT(start_needs_a_model), SPOT(account_reset),
		SPOT(reset_with_position), FUTURES(reset_with_position), SPOT(remove_bot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
