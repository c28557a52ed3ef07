/*
 * Spot: the first fill of an OCO's target ends its stop (Binance, 2026-12-01). What is left
 * is protected anew at once; where no order can be so small, it is sold, or watched.
 */
#include "tests/unit/engine_world.h"

/* Holds 0.00199800 behind one OCO, target 50150, stop 49950. */
static int setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	desk_init(d, false);
	d->bot.capital_per_trade = M("100");
	desk_enter(d);
	*state = d;
	return 0;
}

static const struct leg *newest(const struct desk *d)
{
	return rows_find_leg(&d->rows, rows_last(&d->rows)->id, LEG_TAKE_PROFIT);
}

static const struct leg *stop(const struct desk *d)
{
	return rows_find_leg(&d->rows, rows_last(&d->rows)->id, LEG_STOP);
}

static size_t targets(const struct desk *d)
{
	return rows_count_legs(&d->rows, rows_last(&d->rows)->id, LEG_TAKE_PROFIT);
}

/* The queue before our target is 10: nobody's book showed that price. */
static void fill_target(struct desk *d, const char *qty)
{
	struct qty all = Q(qty);

	desk_book(d, "50149", "50149.99");
	if (qty_sign(newest(d)->filled) == 0)
		assert_int_equal(qty_add(all, Q("10"), &all), 0);
	desk_trade_qty(d, "50150", qty_text(all, (char[MONEY_TEXT_MAX]){ 0 }), false);
}

static void rest_is_protected_anew(void **state)
{
	struct desk *d = *state;
	const struct order *o = rows_last(&d->rows);

	assert_int_equal(targets(d), 1);
	fill_target(d, "0.001");
	assert_int_equal(qty_units(newest(d)->filled), qty_units(Q("0.001")));
	assert_true(newest(d)->state == LEG_CANCELLING); /* at once */
	assert_true(o->uncovered_from_us > 0);
	desk_wait(d, 30 * MS);
	assert_int_equal(targets(d), 2);
	assert_int_equal(newest(d)->type, TYPE_LIMIT_MAKER);
	assert_int_equal(stop(d)->state, LEG_LIVE);
	assert_int_equal(qty_units(stop(d)->quantity), qty_units(Q("0.00099")));
	assert_string_equal(stop(d)->list_id, newest(d)->list_id);
	assert_int_equal(leg_status(newest(d)), STATUS_NEW);
	assert_int_equal(qty_units(newest(d)->quantity), qty_units(Q("0.00099")));
	assert_int_equal(price_units(stop(d)->stop_price), price_units(o->stop_loss));
	assert_int_equal(o->uncovered_from_us, 0);
	assert_true(o->uncovered_us >= 20 * MS && o->uncovered_us < 60 * MS);
	desk_book(d, "49940", "49940.01");
	desk_trade(d, "49940");
	desk_wait(d, 30 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_STOP_LOSS);
}

/* Between the old stop and the new one the worker watches. */
static void stop_passed_in_between(void **state)
{
	struct desk *d = *state;

	fill_target(d, "0.001");
	desk_book(d, "49900", "49900.01");
	desk_trade(d, "49900"); /* before the cancel can have arrived */
	desk_wait(d, 60 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_STOP_LOSS);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 1);
}

/* 0.00009 is 4.5: no OCO can be so small, and no market order. The target stays. */
static void rest_too_small(void **state)
{
	struct desk *d = *state;

	fill_target(d, "0.0019");
	assert_int_equal(qty_units(newest(d)->filled), qty_units(Q("0.0019")));
	desk_wait(d, SECOND);
	assert_int_equal(targets(d), 1);
	assert_false(newest(d)->state == LEG_CANCELLING);
	desk_trade_qty(d, "50150", "0.001", false);
	desk_wait(d, 60 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
}

/* 5 at the market, but less at the stop: sold at market. */
static void rest_sold_at_market(void **state)
{
	struct desk *d = *state;

	session_free(d->s);
	rows_free(&d->rows);
	free(d->paper.rows);
	free(d->paper.ups);
	desk_init(d, false);
	d->bot.stop_loss_pct = 0.01; /* at 49500 */
	d->bot.profit_target_pct = 0.03;
	desk_enter(d);
	desk_book(d, "51499", "51499.99");
	desk_trade_qty(d, "51500", "10.00189", false);
	desk_wait(d, 60 * MS);
	assert_int_equal(qty_units(newest(d)->filled), qty_units(Q("0.00189")));
	assert_int_equal(targets(d), 1);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 1);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
}

/* More may come while the entry lives: nothing of it is closed. */
static void small_rest_beside_a_living_entry(void **state)
{
	struct desk *d = *state;

	session_free(d->s);
	rows_free(&d->rows);
	free(d->paper.rows);
	free(d->paper.ups);
	desk_init(d, false);
	d->bot.stop_loss_pct = 0.01; /* at 49500 */
	d->bot.profit_target_pct = 0.03;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.0019", true); /* 10 were before us; 0.0001 stay */
	desk_wait(d, 20 * MS);
	assert_int_equal(qty_units(newest(d)->quantity), qty_units(Q("0.00189")));
	desk_book(d, "51499", "51499.99");
	desk_trade_qty(d, "51500", "10.00179", false); /* 0.0001 are 5.15 here, 4.95 at the stop */
	desk_wait(d, 60 * MS);
	assert_int_equal(qty_units(newest(d)->filled), qty_units(Q("0.00179")));
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 0);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	desk_wait(d, 21 * SECOND); /* the entry's time is over, and so is the order's */
	desk_trade(d, "51400");
	desk_wait(d, 60 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rest_is_protected_anew), TEST(stop_passed_in_between), TEST(rest_too_small),
		TEST(rest_sold_at_market), TEST(small_rest_beside_a_living_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
