/* The engine while the market says nothing: what protects stays until a close can happen. */
#include "tests/unit/engine_world.h"

#define HOURS (2 * 3600 * SECOND)

static int setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, false);
	d->config.stale_feed_ms = 10000;
	*state = d;
	return 0;
}

static int setup_futures(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, true);
	d->config.stale_feed_ms = 10000;
	*state = d;
	return 0;
}

static const struct leg *target(const struct desk *d)
{
	return rows_find_leg(&d->rows, rows_last(&d->rows)->id, LEG_TAKE_PROFIT);
}

static bool noticed(const struct desk *d, const char *text)
{
	for (size_t i = 0; i < d->rows.notices_n; i++)
		if (strstr(d->rows.notices[i], text))
			return true;
	return false;
}

/* Holding time ends in a halt of two hours: the OCO stays, and the first bid is the price. */
static void holding_time_in_a_halt(void **state)
{
	struct desk *d = *state;
	struct money before;

	desk_enter(d);
	before = desk_balance(d, 1).equity;
	desk_wait(d, HOURS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_CLOSING);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_HOLDING_TIME);
	assert_int_equal(leg_status(target(d)), STATUS_NEW);
	assert_false(target(d)->state == LEG_CANCELLING);
	assert_null(rows_find_leg(&d->rows, 1, LEG_CLOSE));
	assert_true(noticed(d, "nothing can be sold now"));
	desk_trade(d, "40000");
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	desk_book(d, "39990", "40000"); /* the stop was set off: it sells here */
	desk_wait(d, 50 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(price_units(order_exit_price(rows_last(&d->rows))),
			 price_units(P("39990")));
	assert_int_equal(money_cmp(desk_balance(d, 1).equity, before), -1);
}

/* The market comes back where it was: the close that was asked for happens. */
static void close_after_a_halt(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_wait(d, HOURS);
	desk_book(d, "50020", "50020.01");
	assert_true(target(d)->state == LEG_CANCELLING);
	desk_wait(d, 50 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_HOLDING_TIME);
}

/* The emergency stop keeps trying until it is flat; nothing that protects goes before. */
static void emergency_in_a_halt(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_wait(d, 11 * SECOND);
	desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	desk_wait(d, HOURS);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_FLATTENING);
	assert_int_equal(leg_status(target(d)), STATUS_NEW);
	d->sink.book_valid(d->sink.ctx, desk_market(d), false, ++d->now);
	desk_book(d, "50000", "50000.01"); /* out of step: no better than old */
	desk_wait(d, SECOND);
	assert_int_equal(leg_status(target(d)), STATUS_NEW);
	d->sink.book_valid(d->sink.ctx, desk_market(d), true, ++d->now);
	desk_wait(d, 50 * MS);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_LATCHED);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_EMERGENCY);
}

/* An entry has nothing to protect: it is taken back in the silence, not after it. */
static void entry_goes_at_once(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_wait(d, 11 * SECOND);
	desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	desk_wait(d, 50 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
}

/* On futures target and stop stay both. */
static void futures_in_a_halt(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_wait(d, HOURS);
	assert_int_equal(leg_status(target(d)), STATUS_NEW);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_STOP)), STATUS_NEW);
	desk_book(d, "50020", "50020.1");
	desk_wait(d, 50 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_HOLDING_TIME);
}

#define SPOT(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
#define FUTURES(name) cmocka_unit_test_setup_teardown(name, setup_futures, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(holding_time_in_a_halt), SPOT(close_after_a_halt), SPOT(emergency_in_a_halt),
		SPOT(entry_goes_at_once), FUTURES(futures_in_a_halt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
