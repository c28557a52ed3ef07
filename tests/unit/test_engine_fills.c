/* Fills that come twice, late, out of order, too late or never: books are what the venue's are. */
#include "tests/unit/fake_venue.h"
#include "worker/engine/engine_internal.h"

static void fills_come_twice(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct venue_update one, two;

	(void)state;
	enter(f);
	one = fill_of(f, "tbaaaaaa-1-e1", "50000", "0.0005", "0.0005");
	two = fill_of(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.0015");
	f->sink.update(f->sink.ctx, &one);
	f->sink.update(f->sink.ctx, &one);
	f->sink.update(f->sink.ctx, &two);
	f->sink.update(f->sink.ctx, &one);
	f->sink.update(f->sink.ctx, &two);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0015")));
	assert_int_equal(f->rows.fills_n, 2);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fake_teardown(f);
}

/* A cancelled entry that turns out to have filled more: held, protected, still cancelled. */
static void fill_after_cancel(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0005", "0.0005");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	wait_us(f, 21 * SECOND);
	assert_int_equal(f->cancels_n, 1);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1", "");
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0007", "0.0012");
	assert_int_equal(leg_status(leg(f, 1)), STATUS_CANCELLED);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0012")));
	assert_int_equal(f->placed_n, 3); /* two targets cover it */
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0007")));
	fill(f, "tbaaaaaa-1-t1", "50150", "0.0005", "0.0005");
	fill(f, "tbaaaaaa-1-t2", "50150", "0.0007", "0.0007");
	assert_reason(f, CLOSE_TAKE_PROFIT);
	fake_teardown(f);
}

/* Once the order is closed nobody can account for it: the bot stops and says so. */
static void fill_after_close(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	wait_us(f, 21 * SECOND);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1", "");
	assert_reason(f, CLOSE_MAKER_TIMEOUT);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0007", "0.0007");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_non_null(strstr(f->rows.statuses[f->rows.statuses_n - 1].reason, "tbaaaaaa-1-e1"));
	command(f, EVENT_START, false);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0007", "0.0007"); /* said before */
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fake_teardown(f);
}

/* Also when it was closed before a restart; what was booked then is no news. */
static void fill_after_close_and_restart(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct bot_restore r = { .status = BOT_RUNNING, .ended_n = 2 };

	(void)state;
	snprintf(r.ended[0].client_order_id, CLIENT_ORDER_ID_MAX, "tbaaaaaa-2-e1");
	snprintf(r.ended[1].client_order_id, CLIENT_ORDER_ID_MAX, "tbaaaaaa-1-e1");
	r.ended[1].filled = Q("0.0004");
	fake_run(f, &r);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0004", "0.0004");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0003", "0.0007");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_non_null(strstr(f->rows.statuses[f->rows.statuses_n - 1].reason, "tbaaaaaa-1-e1"));
	command(f, EVENT_START, false);
	fill(f, "tbaaaaaa-2-e1", "50000", "0.0001", "0.0001");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	fake_teardown(f);
}

/* A minute later the venue has not got the order any more: what became of it is asked for. */
static void gone_unheard(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	f->bot.maker_order_timeout = 3600;
	enter(f);
	f->lists = true;
	f->open = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	wait_us(f, 70 * SECOND);
	assert_int_equal(f->queries, 0); /* it is there: nothing to ask */
	memset(&f->open, 0, sizeof(f->open));
	f->answer = say(f, UPDATE_EXPIRED, "tbaaaaaa-1-e1");
	wait_us(f, 60 * SECOND);
	assert_int_equal(f->queries, 1);
	assert_reason(f, CLOSE_ENTRY_CANCELLED);
	fake_teardown(f);
}

/* It lists more than we heard of: the trades are asked for. */
static void fill_unheard(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	f->bot.maker_order_timeout = 3600;
	enter(f);
	f->lists = true;
	f->open = f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	f->open.cumulative = f->answer.cumulative = Q("0.0005");
	f->answer.price = P("49997");
	wait_us(f, 70 * SECOND);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0005")));
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("49997")));
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fake_teardown(f);
}

/* An order of ours that no trade knows: the book does not add up, and nothing more is entered. */
static void stranger(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	f->bot.maker_order_timeout = 3600;
	enter(f);
	f->lists = true;
	f->open = say(f, UPDATE_ACCEPTED, "tbaaaaaa-77-e1");
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	wait_us(f, 70 * SECOND);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_non_null(strstr(f->rows.statuses[f->rows.statuses_n - 1].reason, "tbaaaaaa-77-e1"));
	assert_int_equal(f->cancels_n, 1);
	fake_teardown(f);
}

/* A fill was lost: the venue is asked for the trades, and books are exact. */
static void fill_is_fetched(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.0004", "0.0004");
	f->answer = fill_of(f, "tbaaaaaa-1-e1", "49998", "0.0011", "0.0015");
	fill(f, "tbaaaaaa-1-e1", "49999", "0.0005", "0.0015");
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0015")));
	assert_int_equal(f->rows.fills[1].f.trade_id, 555);
	assert_int_equal(price_units(f->rows.fills[1].f.price), price_units(P("49998")));
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	assert_int_equal(f->rows.notices_n, 0);
	fake_teardown(f);
}

/* The venue does not tell the trades either: the quantity is booked near, and the bot stops. */
static void fill_is_missing(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "49999", "0.0005", "0.0015");
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0015")));
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_int_equal(f->rows.fills_n, 1);
	assert_true(f->rows.fills[0].f.trade_id < 0);
	assert_int_equal(qty_units(f->rows.fills[0].f.quantity), qty_units(Q("0.0015")));
	assert_int_equal(price_units(f->rows.fills[0].f.price), price_units(P("49999")));
	assert_int_equal(f->cancels_n, 1); /* no more entries */
	fill(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.001"); /* here it comes, late */
	assert_int_equal(f->rows.fills_n, 1);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1", "");
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0015")));
	fill(f, "tbaaaaaa-1-t1", "50150", "0.0015", "0.0015");
	assert_reason(f, CLOSE_TAKE_PROFIT);
	fake_teardown(f);
}

/* The end of an order says more was filled than its fills did. */
static void end_knows_more(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct venue_update u;

	(void)state;
	enter(f);
	u = say(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1");
	u.cumulative = Q("0.0004");
	hear(f, &u);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0004")));
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("50000")));
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0004")));
	fake_teardown(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_come_twice),
		cmocka_unit_test(fill_after_cancel),
		cmocka_unit_test(fill_after_close),
		cmocka_unit_test(fill_after_close_and_restart),
		cmocka_unit_test(gone_unheard),
		cmocka_unit_test(fill_unheard),
		cmocka_unit_test(stranger),
		cmocka_unit_test(fill_is_fetched),
		cmocka_unit_test(fill_is_missing),
		cmocka_unit_test(end_knows_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
