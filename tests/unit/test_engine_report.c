/* What a bot says of itself: signals, equity, days; and the rules that look back. */
#include "tests/unit/engine_world.h"

#define DAY (86400 * SECOND)

static const char *last_rule(const struct desk *d)
{
	return d->rows.signals[d->rows.signals_n - 1].rule;
}

static void signals_coalesce(void **state)
{
	struct desk *d = *state;
	const struct signal_report *s;

	desk_start(d);
	for (int i = 0; i < 30; i++)
		desk_second(d);
	assert_int_equal(d->rows.signals_n, 1);
	assert_true(d->rows.signal_rows <= 7); /* the row is not written every time */
	desk_decide(d, 1, 0.9); /* something else: the count is complete */
	s = &d->rows.signals[0];
	assert_int_equal(s->repeats, 30);
	assert_string_equal(s->rule, "threshold");
	assert_false(s->wanted);
	assert_int_equal(s->last_us - s->at_us, 29 * SECOND);
	assert_int_equal(d->rows.signals_n, 2);
	assert_true(d->rows.signals[1].taken);
	assert_int_equal(d->rows.signals[1].order_id, 1);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "max_positions");
	assert_true(d->rows.signals[2].wanted);
	for (int i = 0; i < 130; i++)
		desk_second(d);
	assert_true(d->rows.signals_n >= 5); /* one row stands for a minute at most */
	for (size_t i = 0; i < d->rows.signals_n; i++)
		assert_true(d->rows.signals[i].last_us - d->rows.signals[i].at_us < 60 * SECOND);
}

static void equity_samples(void **state)
{
	struct desk *d = *state;
	const struct equity_report *q;

	d->config.sim_tick_interval_s = 5;
	desk_enter(d);
	desk_trade(d, "50100");
	for (int i = 0; i < 20; i++)
		desk_wait(d, SECOND);
	assert_true(d->rows.equities_n >= 4);
	q = &d->rows.equities[d->rows.equities_n - 1];
	for (size_t i = 1; i < d->rows.equities_n; i++)
		assert_int_equal(d->rows.equities[i].at_us - d->rows.equities[i - 1].at_us,
				 5 * SECOND);
	assert_string_equal(cash(q->equity), cash(desk_balance(d, 1).equity));
	assert_string_equal(cash(q->unrealized), "0.1998"); /* 0.001998 x 100 */
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(cash(d->rows.bots[1].equity), cash(desk_balance(d, 1).equity));
	assert_int_equal(d->rows.bots[1].open_positions, 1);
	assert_int_equal(d->rows.bots[1].pending_orders, 0);
	assert_string_equal(d->rows.bots[1].day, "2024-08-08");
}

/* Nobody looked for minutes, days, years: one sample in the newest period, no row for others. */
static void one_sample_after_a_gap(void **state)
{
	static const int64_t gaps_s[] = { 21, 600, 3 * 86400, 12 * INT64_C(31557600) };
	struct desk *d = *state;

	d->config.sim_tick_interval_s = 5;
	desk_enter(d);
	for (int i = 0; i < 6; i++)
		desk_wait(d, SECOND);
	for (size_t i = 0; i < sizeof(gaps_s) / sizeof(gaps_s[0]); i++) {
		size_t before = d->rows.equities_n;

		desk_wait(d, gaps_s[i] * SECOND);
		assert_int_equal(d->rows.equities_n, before + 1);
		assert_true(d->now - d->rows.equities[before].at_us < 5 * SECOND);
	}
}

/* A deadline that passed while nobody was there fires at the end, not in a past to be played. */
static void deadlines_after_a_gap(void **state)
{
	struct desk *d = *state;
	const struct leg *close;
	int64_t end_us;

	desk_enter(d);			/* holding_time 120 */
	desk_wait(d, 3 * 86400 * SECOND);
	end_us = d->now;
	desk_wait(d, 60 * MS);		/* its protection is taken back first */
	close = rows_find_leg(&d->rows, 1, LEG_CLOSE);
	assert_non_null(close);
	assert_in_range(close->requested_us, end_us, end_us + 60 * MS);
}

/* Within an hour each has its own time. */
static void deadlines_of_a_pause(void **state)
{
	struct desk *d = *state;
	const struct leg *close;
	int64_t due_us;

	desk_enter(d);
	desk_wait(d, 600 * SECOND);
	close = rows_find_leg(&d->rows, 1, LEG_CLOSE);
	assert_non_null(close);
	due_us = rows_last(&d->rows)->opened_us + 120 * SECOND;
	assert_in_range(close->requested_us, due_us, due_us + 60 * MS);
}

static void days_are_apart(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_trade(d, "50150.01");
	assert_int_equal(d->rows.stats[1].trades, 1);
	desk_wait(d, 24 * 3600 * SECOND);
	desk_trade(d, "50000");
	desk_second(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 20 * MS);
	desk_trade(d, "50150.01");
	assert_int_equal(d->rows.stats[1].trades, 1);
	assert_string_equal(d->rows.stats[1].day, "2024-08-09");
	assert_string_equal(cash(d->rows.stats[1].net), cash(rows_last(&d->rows)->pnl));
}

static void cooldown_after_losses(void **state)
{
	struct desk *d = *state;

	d->config.cooldown_after_losses = 1;
	d->config.cooldown_s = 60;
	desk_enter(d);
	desk_book(d, "49900", "49900.01");
	desk_trade(d, "49900");
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_STOP_LOSS);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "cooldown");
	desk_wait(d, 60 * SECOND);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
}

/* Every request counts: entry, target with stop, close. Exits are never held back. */
static void order_rate_counts_exits(void **state)
{
	struct desk *d = *state;

	d->config.max_orders_per_min = 4;
	desk_enter(d); /* entry, and a list of two */
	assert_int_equal(d->rows.legs_n, 3);
	desk_order(d, 1, EVENT_STOP, true);
	desk_wait(d, SECOND);
	assert_int_equal(d->rows.legs_n, 4);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	desk_order(d, 1, EVENT_START, false);
	desk_decide(d, 1, 0.9); /* the fourth */
	assert_int_equal(d->rows.orders_n, 2);
	desk_trade(d, "49999");
	desk_wait(d, SECOND);
	assert_int_equal(d->rows.legs_n, 7); /* its exit goes out all the same */
	desk_order(d, 1, EVENT_STOP, true);
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	desk_order(d, 1, EVENT_START, false);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "order_rate");
	desk_wait(d, 61 * SECOND);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 3);
}

static void order_rate_counts_restored_entries(void **state)
{
	struct desk *d = *state;
	struct bot_restore r = { .status = BOT_RUNNING };
	struct predictor p = brain_of(d, 1);

	d->config.max_orders_per_min = 120;
	desk_open(d);
	r.sent_n = 119;
	for (size_t i = 0; i < r.sent_n; i++) /* newest first, as the database has them */
		r.sent_us[i] = d->now - (int64_t)i * 100 * MS;
	assert_int_equal(session_account(d->s, 1, &d->bot, d->now, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, 1, &d->bot, &r, &d->err), 0);
	engine_bot_model(d->e, 1, &p, NULL);
	d->bot.max_positions = 5;
	assert_int_equal(engine_bot_config(d->e, 1, &d->bot, &d->err), 0);
	desk_listen(d);
	desk_book(d, "50000", "50000.01");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "order_rate");
	desk_wait(d, 61 * SECOND);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
}

/* After a silence the book is as old as the silence: entries wait for a new one. */
static void silence_stops_entries(void **state)
{
	struct desk *d = *state;

	d->config.stale_feed_ms = 10000;
	desk_start(d);
	desk_wait(d, 11 * SECOND);
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "stale_feed");
	assert_non_null(strstr(d->rows.signals[d->rows.signals_n - 1].reason, "STALE_FEED_MS"));
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 0);
	d->brain[1].probability = 0.9;
	desk_book(d, "50000", "50000.01");
	assert_int_equal(d->rows.orders_n, 1); /* what the newest candle wanted */
	desk_wait(d, 20 * MS);
	desk_book(d, "50000", "50000.01");
	assert_int_equal(d->rows.orders_n, 1);
}

/* A candle that closes by our clock in a silence sees the silence. */
static void entries_wait_in_a_silence(void **state)
{
	struct desk *d = *state;

	d->config.stale_feed_ms = 10000;
	desk_start(d);
	d->brain[1].probability = 0.9;
	d->bot.max_positions = 1;
	desk_wait(d, 1500 * MS);
	assert_int_equal(d->rows.orders_n, 1); /* not silent yet */
	desk_wait(d, 30 * SECOND); /* it is not filled */
	assert_int_equal(d->rows.orders_n, 1);
	assert_string_equal(last_rule(d), "stale_feed");
	d->brain[1].probability = 0;
	desk_wait(d, SECOND); /* the next candle wants none */
	desk_book(d, "50000", "50000.01");
	assert_int_equal(d->rows.orders_n, 1);
}

/* A feed that catches up brings old events: no samples and no entries until it is there. */
static void behind_the_clock(void **state)
{
	struct desk *d = *state;
	size_t before;

	d->config.sim_tick_interval_s = 5;
	d->config.stale_feed_ms = 10000;
	desk_start(d);
	for (int i = 0; i < 6; i++)
		desk_wait(d, SECOND);
	before = d->rows.equities_n;
	engine_behind(d->e, 3600 * SECOND);
	for (int i = 0; i < 20; i++)
		desk_wait(d, SECOND);
	assert_int_equal(d->rows.equities_n, before);
	engine_behind(d->e, 10001 * MS);
	desk_book(d, "50000", "50000.01");
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "stale_feed");
	assert_int_equal(d->rows.orders_n, 0);
	engine_behind(d->e, 10000 * MS);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
}

static void gap_starts_anew(void **state)
{
	struct desk *d = *state;
	const struct market *m;

	desk_start(d);
	d->sink.gap(d->sink.ctx, desk_market(d), ++d->now);
	desk_listen(d);
	m = engine_market(d->e, source_of(d), "BTCUSDT");
	assert_int_equal(qty_units(market_top(m).bid_qty), 0);
	desk_decide(d, 1, 0.9); /* no candle closes over a gap */
	assert_int_equal(d->brain[1].asked, 0);
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "book"); /* and no entry without a book */
	desk_book(d, "50000", "50000.01");
	d->sink.book_valid(d->sink.ctx, desk_market(d), false, ++d->now);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "book");
	d->sink.book_valid(d->sink.ctx, desk_market(d), true, ++d->now);
	engine_clock_drift(d->e, 5 * SECOND);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "clock_drift");
	engine_clock_drift(d->e, 0);
	engine_disk_full(d->e, true);
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "disk_full");
	assert_int_equal(d->rows.orders_n, 0);
	engine_disk_full(d->e, false);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
}

/* At ticks of one in a hundred a ratio of 3 can be one of 1: the prices sent are judged. */
static void coarse_ticks(void **state)
{
	struct desk *d = *state;
	struct symbol_info coarse = world_info(false);

	d->config.sim_commission = 0;
	d->config.min_risk_reward_ratio = 3;
	d->config.max_risk_per_trade_pct = 0.009;
	d->config.price_band_pct = 0;
	coarse.tick = P("10");
	snprintf(coarse.symbol, sizeof(coarse.symbol), "COARSEUSDT");
	snprintf(coarse.base, sizeof(coarse.base), "COARSE");
	memcpy(d->bot.symbol, coarse.symbol, sizeof(d->bot.symbol));
	desk_open(d);
	session_market_add(d->s, &coarse);
	desk_add_bot(d, 1, &d->bot);
	assert_int_equal(desk_order(d, 1, EVENT_START, false), 0);
	desk_listen(d);
	desk_book(d, "1000", "1010");
	desk_trade(d, "1000");
	desk_decide(d, 1, 0.9);		/* 0.3 % and 0.1 % become 1010 and 990 */
	assert_string_equal(last_rule(d), "risk_reward");
	assert_non_null(strstr(d->rows.signals[d->rows.signals_n - 1].reason,
			       "= 1.00, MIN_RISK_REWARD_RATIO is 3.00"));
	d->brain[1].target = 0.0299;	/* 1030 */
	desk_decide(d, 1, 0.9);		/* 1 % of 100, not 0.1 %, of 10,000 */
	assert_string_equal(last_rule(d), "risk_per_trade");
	assert_int_equal(d->rows.orders_n, 0);
	d->brain[1].stop = 0.0201;	/* 980 */
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "risk_reward");
	d->brain[1].stop = 0;
	d->bot.version = 2;
	d->bot.capital_per_trade = M("80");
	assert_int_equal(engine_bot_config(d->e, 1, &d->bot, &d->err), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
	assert_int_equal(price_units(rows_last(&d->rows)->take_profit), price_units(P("1030")));
	assert_int_equal(price_units(rows_last(&d->rows)->stop_loss), price_units(P("990")));
}

/* Two names in one buffer: a feed may hand out its text from the same place every time. */
static void names_are_compared(void **state)
{
	struct desk *d = *state;
	struct symbol_info eth = world_info(false);
	struct trade t = { .id = 1, .time_us = d->now };
	char name[SYMBOL_MAX] = "BTCUSDT";

	desk_start(d);
	snprintf(eth.symbol, sizeof(eth.symbol), "ETHUSDT");
	snprintf(eth.base, sizeof(eth.base), "ETH");
	session_market_add(d->s, &eth);
	t.qty = Q("1");
	t.price = P("50001");
	d->sink.trade(d->sink.ctx, d->sink.market(d->sink.ctx, name), &t, ++d->now);
	snprintf(name, sizeof(name), "ETHUSDT");
	t.price = P("3000");
	d->sink.trade(d->sink.ctx, d->sink.market(d->sink.ctx, name), &t, ++d->now);
	assert_int_equal(price_units(market_last(engine_market(d->e, source_of(d), "BTCUSDT"))),
			 price_units(P("50001")));
	assert_int_equal(price_units(market_last(engine_market(d->e, source_of(d), "ETHUSDT"))),
			 price_units(P("3000")));
}

/* Figures that only moved are reported some at a time, each in turn; what happened at once. */
static void reports_in_turn(void **state)
{
	struct desk *d = *state;
	size_t seen[4] = { 0 };
	int64_t before[4];

	desk_start(d);
	desk_add_bot(d, 2, &d->bot);
	desk_add_bot(d, 3, &d->bot);
	engine_report(d->e, d->now, 0, 0); /* new bots: all of them, whatever the limit */
	assert_int_equal(d->rows.bot_rows, 3);
	assert_false(d->rows.bots[2].figures_only);
	engine_report(d->e, d->now, SECOND, SIZE_MAX);
	assert_int_equal(d->rows.bot_rows, 3); /* nothing moved, nothing is old */
	desk_wait(d, 10 * SECOND); /* the day's first look at the account is no mere move */
	engine_report(d->e, d->now, 0, SIZE_MAX);
	d->rows.bot_rows = 0;
	for (int i = 0; i < 6; i++) {
		desk_wait(d, 10 * SECOND);
		for (int64_t bot = 1; bot <= 3; bot++)
			before[bot] = d->rows.bots[bot].updated_us;
		engine_report(d->e, d->now, SECOND, 1);
		for (int64_t bot = 1; bot <= 3; bot++)
			seen[bot] += d->rows.bots[bot].updated_us != before[bot];
	}
	assert_int_equal(d->rows.bot_rows, 6);
	assert_true(d->rows.bots[1].figures_only);
	for (int64_t bot = 1; bot <= 3; bot++)
		assert_int_equal(seen[bot], 2);
	assert_int_equal(desk_order(d, 1, EVENT_PAUSE, false), 0);
	engine_report(d->e, d->now, 60 * SECOND, 0);
	assert_int_equal(d->rows.bot_rows, 7);
	assert_int_equal(d->rows.bots[1].status, BOT_PAUSED);
	assert_false(d->rows.bots[1].figures_only);
}

/* One wrong price, with a position open and the account looked at: limits forget it. */
static void one_wrong_price(void **state)
{
	struct desk *d = *state;

	d->config.sim_tick_interval_s = 5;
	d->config.max_open_positions = 10;
	d->bot.max_positions = 3;
	d->bot.capital_per_trade = M("3000");
	d->bot.profit_target_pct = 10;
	d->bot.stop_loss_pct = 0.9;
	d->bot.holding_time = 1000000;
	desk_enter(d);
	desk_wait(d, (d->now / DAY + 1) * DAY - SECOND - d->now);
	desk_trade(d, "500000"); /* seen in the last look of a day and the first of the next */
	desk_wait(d, 10 * SECOND);
	assert_true(money_cmp(d->rows.equities[d->rows.equities_n - 1].equity, M("30000")) > 0);
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "entry");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_true(money_cmp(d->rows.bots[1].peak_equity, M("10000")) <= 0);
	assert_string_equal(d->rows.bots[1].day, "2024-08-09");
	assert_true(money_cmp(d->rows.bots[1].day_equity, M("10000")) <= 0);
	/* the fall is seen at once, with the position open: 60 % of 3,000 twice */
	desk_trade(d, "49999.99");
	desk_trade(d, "20000");
	desk_book(d, "20000", "20000.01");
	desk_decide(d, 1, 0.9);
	assert_string_equal(last_rule(d), "daily_loss");
}

/* A gain that was taken raises the peak. */
static void the_peak_is_what_was_won(void **state)
{
	struct desk *d = *state;

	d->config.sim_tick_interval_s = 5;
	desk_enter(d);
	desk_trade(d, "50149"); /* open: not yet */
	desk_wait(d, 10 * SECOND);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_true(money_cmp(d->rows.bots[1].peak_equity, M("10000")) <= 0);
	desk_trade(d, "50150.01");
	assert_true(money_sign(rows_last(&d->rows)->pnl) > 0);
	desk_wait(d, 10 * SECOND);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(cash(d->rows.bots[1].peak_equity), cash(desk_balance(d, 1).equity));
}

#define SPOT(f) cmocka_unit_test_setup_teardown(f, desk_setup_spot, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(signals_coalesce), SPOT(equity_samples), SPOT(one_sample_after_a_gap),
		SPOT(deadlines_after_a_gap), SPOT(deadlines_of_a_pause),
		SPOT(behind_the_clock), SPOT(days_are_apart),
		SPOT(cooldown_after_losses), SPOT(order_rate_counts_exits),
		SPOT(order_rate_counts_restored_entries), SPOT(silence_stops_entries),
		SPOT(entries_wait_in_a_silence), SPOT(gap_starts_anew), SPOT(coarse_ticks),
		SPOT(names_are_compared),
		SPOT(reports_in_turn), SPOT(one_wrong_price), SPOT(the_peak_is_what_was_won),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
