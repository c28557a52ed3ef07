/* What people tell a bot: start, pause, stop, close, emergency; and what a failure does. */
#include "tests/unit/engine_world.h"

static void decides_only_while_running(void **state)
{
	struct desk *d = *state;
	int asked;

	desk_open(d);
	desk_add_bot(d, 1, &d->bot);
	desk_book(d, "50000", "50000.01");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->brain[1].asked, 0); /* STOPPED */
	desk_command(d, 1, EVENT_START, false, 0);
	desk_decide(d, 1, 0.1);
	assert_int_equal(d->brain[1].asked, 1);
	desk_command(d, 1, EVENT_PAUSE, false, 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->brain[1].asked, 1); /* PAUSED */
	desk_command(d, 1, EVENT_RESUME, false, 0);
	d->brain[1].rc = ERR_CORRUPT;
	desk_decide(d, 1, 0.9);
	asked = d->brain[1].asked;
	desk_assert_status(d, 1, BOT_ERROR);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->brain[1].asked, asked); /* ERROR */
	assert_int_equal(d->rows.orders_n, 0);
	d->brain[1].rc = 0;
	desk_command(d, 1, EVENT_START, false, 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
}

static void status_rows_say_who_and_why(void **state)
{
	struct desk *d = *state;
	const struct kept_status *k;

	desk_start(d);
	desk_command(d, 1, EVENT_PAUSE, false, 0);
	k = &d->rows.statuses[d->rows.statuses_n - 1];
	assert_int_equal(k->s.from, BOT_RUNNING);
	assert_int_equal(k->s.to, BOT_PAUSED);
	assert_string_equal(k->event, "pause");
	assert_string_equal(k->by, "alice");
	assert_int_equal(d->rows.statuses_n, 2);
	desk_command(d, 1, EVENT_PAUSE, false, 0); /* succeeds, changes nothing */
	assert_int_equal(d->rows.statuses_n, 2);
	engine_bot_fail(d->e, 1, d->now, "the model file is garbage");
	k = &d->rows.statuses[d->rows.statuses_n - 1];
	assert_string_equal(k->event, "failure");
	assert_string_equal(k->reason, "the model file is garbage");
	assert_string_equal(k->by, "worker");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].error, "the model file is garbage");
	desk_command(d, 1, EVENT_START, false, 0);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].error, "");
}

static void refusals(void **state)
{
	struct desk *d = *state;
	int64_t closing;
	struct engine_answer a;

	desk_start(d);
	desk_command(d, 9, EVENT_START, false, ERR_NOT_FOUND);
	desk_command(d, 1, EVENT_STOP, false, 0);
	a = desk_command(d, 1, EVENT_PAUSE, false, ERR_CONFLICT);
	assert_int_equal(a.status, BOT_STOPPED);
	desk_command(d, 1, EVENT_RESUME, false, ERR_CONFLICT);
	assert_int_equal(engine_close(d->e, 9, 0, "", d->now, &closing, &d->err),
			 ERR_NOT_FOUND);
	assert_int_equal(engine_close(d->e, 1, 77, "", d->now, &closing, &d->err),
			 ERR_NOT_FOUND);
}

static void pause_keeps_protection(void **state)
{
	struct desk *d = *state;

	d->bot.max_positions = 2;
	desk_enter(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(engine_open_orders(d->e, 1), 2);
	desk_command(d, 1, EVENT_PAUSE, false, 0);
	assert_string_equal(rows_find_leg(&d->rows, 2, LEG_ENTRY)->correlation_id,
			    d->rows.orders[1].correlation_id);
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	assert_int_equal(d->rows.orders[1].reason, CLOSE_ENTRY_CANCELLED);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_NEW);
	desk_wait(d, 121 * SECOND); /* timeouts run on */
	assert_int_equal(d->rows.orders[0].reason, CLOSE_HOLDING_TIME);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
}

/* An entry in parts when paused: what is held is protected to its end. */
static void pause_with_part(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.001", true);
	desk_command(d, 1, EVENT_PAUSE, false, 0);
	desk_wait(d, 20 * MS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	desk_trade(d, "50150.01");
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
}

static void stop_keeps(void **state)
{
	struct desk *d = *state;
	struct engine_answer a;

	desk_enter(d);
	a = desk_command(d, 1, EVENT_STOP, false, 0);
	assert_int_equal(a.status, BOT_STOPPED);
	assert_int_equal(a.positions, 1);
	assert_non_null(strstr(a.message, "1 positions stay open"));
	desk_wait(d, 200 * SECOND); /* the holding time rests with the bot */
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_NEW);
	desk_trade(d, "50150.01");
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
}

static void start_after_keep(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_command(d, 1, EVENT_STOP, false, 0);
	desk_wait(d, 200 * SECOND);
	desk_command(d, 1, EVENT_START, false, 0);
	desk_wait(d, 21 * MS); /* overdue: closed at once */
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_HOLDING_TIME);
}

static void stop_closes(void **state)
{
	struct desk *d = *state;
	struct engine_answer a;

	d->bot.max_positions = 2;
	desk_enter(d);
	desk_decide(d, 1, 0.9);
	a = desk_command(d, 1, EVENT_STOP, true, 0);
	assert_int_equal(a.positions, 1);
	assert_int_equal(a.pending, 1);
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(d->rows.orders[0].reason, CLOSE_STOP_COMMAND);
	assert_int_equal(d->rows.orders[1].reason, CLOSE_STOP_COMMAND);
	desk_assert_status(d, 1, BOT_STOPPED);
}

static void stop_keep_then_close(void **state)
{
	struct desk *d = *state;

	desk_enter(d);
	desk_command(d, 1, EVENT_STOP, false, 0);
	desk_command(d, 1, EVENT_STOP, true, 0);
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_STOP_COMMAND);
}

static void close_one_and_all(void **state)
{
	struct desk *d = *state;
	int64_t n = 0;

	d->bot.max_positions = 3;
	desk_enter(d);
	desk_decide(d, 1, 0.9);
	desk_decide(d, 1, 0.9);
	assert_int_equal(engine_close(d->e, 1, 2, "mine", d->now, &n, &d->err), 0);
	assert_int_equal(n, 1);
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 2);
	assert_int_equal(d->rows.orders[1].reason, CLOSE_MANUAL);
	assert_string_equal(d->rows.orders[1].close_correlation_id, "mine");
	assert_int_equal(engine_close(d->e, 1, 0, "all", d->now, &n, &d->err), 0);
	assert_int_equal(n, 2);
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	desk_assert_status(d, 1, BOT_RUNNING);
}

/* From each status, with a position and a pending entry. */
static void emergency_from(struct desk *d, enum bot_status from)
{
	struct engine_answer a;

	d->bot.max_positions = 2;
	desk_enter(d);
	desk_decide(d, 1, 0.9);
	if (from == BOT_STOPPED)
		desk_command(d, 1, EVENT_STOP, false, 0);
	else if (from == BOT_PAUSED)
		desk_command(d, 1, EVENT_PAUSE, false, 0);
	else if (from == BOT_ERROR)
		engine_bot_fail(d->e, 1, d->now, "a fault");
	desk_assert_status(d, 1, from);
	a = desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	assert_int_equal(a.status, BOT_STOPPED);
	assert_int_equal(a.positions, 1);
	assert_non_null(strstr(a.message, "Emergency stop executed"));
	desk_command(d, 1, EVENT_START, false, ERR_CONFLICT); /* not while it flattens */
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_FLATTENING);
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_true(qty_cmp(desk_balance(d, 1).base, Q("0.00001")) < 0);
	assert_string_equal(d->rows.statuses[d->rows.statuses_n - 1].reason, "flat");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_LATCHED);
	assert_string_equal(d->rows.bots[1].error, "");
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
	engine_bot_fail(d->e, 1, d->now, "a fault"); /* nothing but a start undoes it */
	desk_assert_status(d, 1, BOT_STOPPED);
	desk_command(d, 1, EVENT_RESUME, false, ERR_CONFLICT);
	desk_command(d, 1, EVENT_START, false, 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 3);
}

static void emergency_running(void **state) { emergency_from(*state, BOT_RUNNING); }
static void emergency_paused(void **state) { emergency_from(*state, BOT_PAUSED); }
static void emergency_stopped(void **state) { emergency_from(*state, BOT_STOPPED); }
static void emergency_error(void **state) { emergency_from(*state, BOT_ERROR); }

static void emergency_of_a_flat_bot(void **state)
{
	struct desk *d = *state;
	struct engine_answer a;

	desk_start(d);
	a = desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	assert_string_equal(a.message, "Emergency stop executed");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(d->rows.bots[1].emergency, EMERGENCY_LATCHED);
}

/* A book with nobody to sell to: what protects stays, and the first bid ends it. */
static void emergency_in_a_thin_book(void **state)
{
	struct desk *d = *state;
	struct book_top thin = { .bid = P("49990"), .ask = P("50010") };

	d->bot.capital_per_trade = M("5000");
	d->config.max_notional = 0;
	desk_enter(d);
	thin.bid_qty = thin.ask_qty = qty_of_units(0);
	thin.ask_qty = Q("1");
	d->sink.book(d->sink.ctx, desk_market(d), &thin, ++d->now);
	desk_command(d, 1, EVENT_EMERGENCY_STOP, false, 0);
	desk_wait(d, 10 * SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 1); /* nobody buys */
	assert_non_null(strstr(d->rows.notices[d->rows.notices_n - 1], "nothing can be sold now"));
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_NEW);
	assert_null(rows_find_leg(&d->rows, 1, LEG_CLOSE));
	desk_book(d, "49990", "50010");
	desk_wait(d, SECOND);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_EMERGENCY);
}

static void one_failure_is_its_own(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_add_bot(d, 2, &d->bot);
	desk_add_bot(d, 3, &d->bot);
	desk_command(d, 2, EVENT_START, false, 0);
	desk_command(d, 3, EVENT_START, false, 0);
	d->brain[2].rc = ERR_CORRUPT;
	d->brain[3].target = __builtin_nan(""); /* no order can have it */
	d->brain[1].probability = d->brain[3].probability = 0.9;
	desk_second(d);
	desk_assert_status(d, 1, BOT_RUNNING);
	desk_assert_status(d, 2, BOT_ERROR);
	desk_assert_status(d, 3, BOT_ERROR);
	assert_int_equal(d->rows.orders_n, 1);
	assert_int_equal(d->rows.orders[0].bot_id, 1);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_non_null(strstr(d->rows.bots[2].error, "the brain is broken"));
	assert_non_null(strstr(d->rows.bots[3].error, "nan"));
}

static void unusable_signals(void **state)
{
	static const struct { double target, stop; enum side side; } t[] = {
		{ -0.1, 0.1, SIDE_BUY }, { 0.1, 1, SIDE_BUY }, { 1e300, 0.1, SIDE_BUY },
		{ 0.1, -1, SIDE_BUY }, { 1.5, 0.1, SIDE_SELL }, { 0.1, __builtin_inf(), SIDE_SELL },
	};
	struct desk *d = *state;

	desk_start(d);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		d->brain[1].target = t[i].target;
		d->brain[1].stop = t[i].stop;
		d->brain[1].side = t[i].side;
		desk_decide(d, 1, 0.9);
		desk_assert_status(d, 1, BOT_ERROR);
		desk_command(d, 1, EVENT_START, false, 0);
	}
	assert_int_equal(d->rows.orders_n, 0);
}

static void bad_trades_are_ignored(void **state)
{
	struct trade bad[] = {
		{ .time_us = T0, .price = { 0 } }, { .time_us = -1, .price = P("50000") },
		{ .time_us = T0, .price = P("50000") },
	};
	struct desk *d = *state;

	desk_start(d);
	bad[2].qty = Q("-1");
	for (size_t i = 0; i < 3; i++) {
		d->sink.trade(d->sink.ctx, desk_market(d), &bad[i], ++d->now);
		engine_warm(d->e, WARM_AGAIN);
		engine_trade(d->e, engine_market(d->e, source_of(d), d->bot.symbol), &bad[i],
			     d->now);
		engine_warm(d->e, WARM_NONE);
	}
	assert_int_equal(price_units(market_last(engine_market(d->e, source_of(d), "BTCUSDT"))),
			 price_units(P("50000")));
	d->sink.trade(d->sink.ctx, d->sink.market(d->sink.ctx, "NOSUCH"), &bad[1], ++d->now);
}

#define SPOT(f) cmocka_unit_test_setup_teardown(f, desk_setup_spot, desk_teardown)
#define FUTURES(f) { #f " futures", f, desk_setup_futures, desk_teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(decides_only_while_running), SPOT(status_rows_say_who_and_why),
		SPOT(refusals), SPOT(pause_keeps_protection), SPOT(pause_with_part),
		SPOT(stop_keeps), SPOT(start_after_keep), SPOT(stop_closes),
		SPOT(stop_keep_then_close), SPOT(close_one_and_all), SPOT(emergency_running),
		SPOT(emergency_paused), SPOT(emergency_stopped), SPOT(emergency_error),
		FUTURES(emergency_running), FUTURES(emergency_error),
		SPOT(emergency_of_a_flat_bot), SPOT(emergency_in_a_thin_book),
		SPOT(one_failure_is_its_own), FUTURES(unusable_signals),
		SPOT(bad_trades_are_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
