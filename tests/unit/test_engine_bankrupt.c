/*
 * An account that loses more than it has: its trades and its statistics lose what the
 * account lost, and the engine does nothing against a liquidation.
 */
#include "tests/unit/engine_world.h"

/* Two long orders of 0.2 each, 20,000 of 1,000: ten per cent down is the end. */
static int setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, true);
	d->config.sim_initial_capital = 1200;
	d->config.sim_slippage = 0.0001;
	d->config.max_daily_loss_pct = d->config.max_drawdown_pct = 0;
	d->bot.max_positions = 2;
	d->bot.leverage = 20;
	d->bot.capital_per_trade = M("500");
	d->bot.stop_loss_pct = 0.5;
	d->bot.profit_target_pct = 0.9;
	d->bot.holding_time = 100000;
	d->bot.ignore_risk_per_trade = d->bot.ignore_risk_reward = true;
	desk_enter(d);
	desk_book(d, "50000", "50000.1");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.9");
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 2);
	*state = d;
	return 0;
}

static void thin_book(struct desk *d, const char *bid, const char *ask, const char *qty)
{
	struct book_top b = { .bid = P(bid), .ask = P(ask) };

	b.bid_qty = b.ask_qty = Q(qty);
	d->sink.book(d->sink.ctx, desk_market(d), &b, ++d->now);
}

static struct money sum_of_results(const struct desk *d)
{
	struct money sum = { 0 };

	for (size_t i = 0; i < d->rows.orders_n; i++)
		assert_int_equal(money_add(sum, d->rows.orders[i].pnl, &sum), 0);
	return sum;
}

/* The trades, the day's statistics and the account tell the same loss: all there was. */
static void loses_what_it_had(void **state)
{
	struct desk *d = *state;
	struct account_value b;
	struct money gross = { 0 }, net;

	thin_book(d, "30000", "30000.1", "1");
	desk_trade(d, "30000");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	b = desk_balance(d, 1);
	assert_string_equal(cash(b.equity), "0");
	assert_string_equal(cash(b.balance), "0");
	assert_string_equal(cash(sum_of_results(d)), "-1200");
	assert_string_equal(cash(d->rows.stats[1].net), "-1200");
	assert_int_equal(money_cmp(d->rows.stats[1].max_drawdown, M("1200")), 0);
	for (size_t i = 0; i < d->rows.orders_n; i++)
		assert_int_equal(money_add(gross, d->rows.orders[i].gross, &gross), 0);
	assert_int_equal(money_sub(gross, d->rows.stats[1].fees, &net), 0);
	assert_string_equal(cash(net), "-1200");
	assert_true(money_sign(d->rows.orders[1].bad_debt) > 0);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(cash(d->rows.bots[1].equity), "0");
}

/* A liquidation in many fills, over two orders: nothing of ours is sent against it. */
static void nothing_is_sent_against_it(void **state)
{
	struct desk *d = *state;
	size_t legs = d->rows.legs_n, placed = 0;

	thin_book(d, "46500", "46500.1", "0.03"); /* 0.03, 0.06, 0.12, ... of 0.4 */
	desk_trade(d, "46000");
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	for (size_t i = legs; i < d->rows.legs_n; i++) {
		assert_int_equal(d->rows.legs[i].leg.kind, LEG_CLOSE);
		assert_int_equal(leg_status(&d->rows.legs[i].leg), STATUS_FILLED);
		placed++;
	}
	assert_true(placed >= 4);
	desk_wait(d, 10 * SECOND);
	assert_int_equal(d->rows.legs_n, legs + placed);
	assert_int_equal(d->paper.orders_n, 0);
}

/* Two orders share the third execution: its number is one fill's, the other's is ours. */
static void shared_fills_have_numbers(void **state)
{
	struct desk *d = *state;
	size_t ours = 0;

	thin_book(d, "46500", "46500.1", "0.03");
	desk_trade(d, "46000");
	for (size_t i = 0; i < d->rows.fills_n; i++) {
		ours += d->rows.fills[i].f.trade_id < 0;
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(d->rows.fills[i].f.trade_id,
					     d->rows.fills[k].f.trade_id);
	}
	assert_int_equal(ours, 1);
}

/* Funding of an account without money: it pays what it has. */
static void funding_takes_what_is_there(void **state)
{
	struct desk *d = *state;
	struct money before = desk_balance(d, 1).balance;

	d->now += 8 * 3600 * SECOND;
	desk_book(d, "46000", "46000.1");
	desk_trade(d, "46000");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_true(money_sign(d->rows.orders[0].funding) > 0);
	assert_true(money_sign(before) > 0);
	assert_string_equal(cash(sum_of_results(d)),
			    cash(money_of_units(money_units(desk_balance(d, 1).balance) -
						INT64_C(1200) * RATE_ONE)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loses_what_it_had), TEST(nothing_is_sent_against_it),
		TEST(shared_fills_have_numbers), TEST(funding_takes_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
