/*
 * Spot: what is worth less than the exchange takes as an order. It is a position until it is
 * sold with the next one: it counts in equity and results, and is no obstacle to anything.
 */
#include "tests/unit/engine_world.h"
#include "worker/engine/engine_internal.h"

/* 0.00009 of an entry filled, 4.5 USDT: nothing that can be sold. */
static int setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, false);
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.00009", true); /* 10 were before us */
	desk_wait(d, 21 * SECOND);
	*state = d;
	return 0;
}

static struct money unrealized(struct desk *d)
{
	desk_wait(d, 3600 * SECOND);
	return d->rows.equities[d->rows.equities_n - 1].unrealized;
}

static void next_entry(struct desk *d)
{
	desk_book(d, "50000", "50000.01");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 20 * MS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
}

static void is_a_position(void **state)
{
	struct desk *d = *state;
	const struct order *o = rows_last(&d->rows);

	assert_int_equal(o->status, ORDER_ACTIVE);
	assert_int_equal(o->phase, PHASE_REMAINDER);
	assert_int_equal(qty_units(order_position(o)), qty_units(Q("0.00008991")));
	assert_true(price_sign(o->stop_loss) > 0);
	assert_int_equal(order_expires_us(o), 0);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].open_positions, 0);
	assert_int_equal(d->rows.bots[1].pending_orders, 0);
	assert_int_equal(d->e->all.open_all, 0);
	desk_book(d, "51000", "51000.01");
	desk_trade(d, "51000");
	assert_string_equal(cash(unrealized(d)), "0.08991"); /* 1,000 x 0.00008991 */
}

/* Sold with the next one, whose protection covers it; both results are the account's. */
static void goes_with_the_next(void **state)
{
	struct desk *d = *state;
	struct money won;

	next_entry(d);
	assert_int_equal(d->rows.orders[0].status, ORDER_CLOSED);
	assert_int_equal(d->rows.orders[0].reason, CLOSE_REMAINDER);
	assert_string_equal(cash(d->rows.orders[0].dust_cost), "4.4955");
	assert_string_equal(cash(d->rows.orders[0].pnl), "-0.0045"); /* its entry's fee */
	assert_string_equal(cash(d->rows.orders[1].dust_taken_cost), "4.4955");
	assert_int_equal(qty_units(rows_find_leg(&d->rows, 2, LEG_TAKE_PROFIT)->quantity),
			 qty_units(Q("0.00208"))); /* 0.001998 + 0.00008991 */
	desk_book(d, "50149.99", "50150");
	desk_trade(d, "50150.01");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(d->rows.stats[1].trades, 2);
	assert_int_equal(money_add(d->rows.orders[0].pnl, d->rows.orders[1].pnl, &won), 0);
	assert_int_equal(money_add(won, M("10000"), &won), 0);
	assert_int_equal(money_sub(won, d->rows.orders[1].dust_cost, &won), 0);
	assert_string_equal(cash(desk_balance(d, 1).balance), cash(won));
}

/* A gain between the two trades is in the statistics: it was in no trade before. */
static void gain_in_between_counts(void **state)
{
	struct desk *d = *state;
	const struct order *o;
	struct money sum;

	desk_book(d, "54000", "54000.01");
	desk_trade(d, "54000"); /* 4.85514: still too little */
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_REMAINDER);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "53999.99");
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	desk_wait(d, SECOND);
	o = rows_last(&d->rows);
	assert_int_equal(o->status, ORDER_CLOSED);
	assert_int_equal(money_add(d->rows.orders[0].pnl, o->pnl, &sum), 0);
	assert_int_equal(money_add(sum, M("10000"), &sum), 0);
	assert_int_equal(money_sub(sum, o->dust_cost, &sum), 0);
	assert_string_equal(cash(desk_balance(d, 1).balance), cash(sum));
	assert_true(money_cmp(o->gross, M("0.3")) > 0); /* 4,000 x 0.00008 */
}

/* The worker watches its stop, and says that it can do no more. */
static void stop_is_watched(void **state)
{
	struct desk *d = *state;
	size_t notices = d->rows.notices_n;

	desk_book(d, "49900", "49900.01");
	desk_trade(d, "49900");
	assert_true(rows_last(&d->rows)->stop_crossed_us > 0);
	assert_int_equal(d->rows.notices_n, notices + 1);
	assert_non_null(strstr(d->rows.notices[notices], "beyond their stop"));
	desk_trade(d, "49890");
	desk_wait(d, 10 * SECOND);
	assert_int_equal(d->rows.notices_n, notices + 1);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_REMAINDER);
}

/* The price has made it large enough: it is sold alone. */
static void sold_when_it_can_be(void **state)
{
	struct desk *d = *state;

	desk_book(d, "63000", "63000.01"); /* 0.00008 x 63,000 = 5.04 */
	desk_trade(d, "63000");
	desk_wait(d, SECOND);
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_REMAINDER);
	assert_int_equal(qty_units(rows_last(&d->rows)->exited), qty_units(Q("0.00008")));
	assert_int_equal(d->e->all.open_all, 0);
}

/* A reset, another market, no bot at all: nothing waits for it. */
static void no_obstacle(void **state)
{
	struct desk *d = *state;
	struct engine_answer a;
	int64_t closing;

	a = desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	assert_string_equal(a.message, "Emergency stop executed");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_LATCHED);
	assert_int_equal(engine_close(d->e, 1, 1, "", d->now, &closing, &d->err), ERR_CONFLICT);
	assert_int_equal(engine_close(d->e, 1, 0, "", d->now, &closing, &d->err), 0);
	assert_int_equal(closing, 0);
	desk_command(d, 1, EVENT_START, false, 0);
	assert_int_equal(session_account_reset(d->s, 1, &d->bot, false, ++d->now, &d->err), 0);
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_RESET);
}

/*
 * MAX_RISK_PER_TRADE: an entry of 100 loses 0.3 at its stop, fees included; with the 4.4955 of
 * the remainder and its fee, 0.009 more. A limit between the two lets the first entry through.
 */
static void counts_as_risk(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	(void)state;
	desk_init(d, false);
	d->config.max_risk_per_trade_pct = 0.00305;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.00009", true);
	desk_wait(d, 21 * SECOND);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_REMAINDER);
	desk_book(d, "50000", "50000.01");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "risk_per_trade");
	assert_int_equal(d->rows.orders_n, 1);
	desk_teardown((void **)&d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_a_position), TEST(goes_with_the_next), TEST(gain_in_between_counts),
		TEST(stop_is_watched), TEST(sold_when_it_can_be), TEST(no_obstacle),
		cmocka_unit_test(counts_as_risk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
