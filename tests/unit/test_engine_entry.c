/* How an entry is sized, priced, sent and spaced, as a strategy's intents and the settings say. */
#include "tests/unit/engine_world.h"

static void set(struct desk *d, const char *patch)
{
	struct field_errors f = { 0 };
	cJSON *v = NULL;

	assert_int_equal(json_read(patch, strlen(patch), &v, NULL), 0);
	if (bot_config_apply(&d->bot, v, &f))
		fail_msg("%s %s", f.list[0].field, f.list[0].message);
	cJSON_Delete(v);
}

static const struct signal_report *newest(const struct desk *d)
{
	assert_true(d->rows.signals_n > 0);
	return &d->rows.signals[d->rows.signals_n - 1];
}

static void outside_of_trading_hours(void **state)
{
	struct desk *d = *state;

	/* T0 is a Thursday. */
	set(d, "{\"trading_hours\":{\"days\":[\"fri\"]}}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 0);
	assert_string_equal(newest(d)->rule, "trading_hours");
	set(d, "{\"trading_hours\":{\"days\":[\"thu\"]}}");
	assert_int_equal(engine_bot_config(d->e, 1, &d->bot, &d->err), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
}

static void a_share_of_the_equity(void **state)
{
	struct desk *d = *state;

	set(d, "{\"stake_mode\":\"equity_share\",\"stake_share\":0.05}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	/* 5 % of 10,000 at 50,000 */
	assert_int_equal(qty_units(rows_last(&d->rows)->quantity), qty_units(Q("0.01")));
}

/* At the stop with both fees an entry loses what was to be risked, and less than a step more. */
static void so_much_at_risk(void **state)
{
	struct desk *d = *state;
	const struct order *o;
	double lost;

	set(d, "{\"stake_mode\":\"risk\",\"stake_risk\":0.001,\"stop_loss_pct\":0.02}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	o = rows_last(&d->rows);
	lost = qty_double(o->quantity) *
	       (price_double(o->limit_price) * 1.001 - price_double(o->stop_loss) * 0.999);
	assert_true(lost <= 10 && lost > 10 - 0.00001 * 50000 * 0.03);
}

static void at_market(void **state)
{
	struct desk *d = *state;
	const struct leg *l;

	set(d, "{\"order_type\":\"market\"}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	l = rows_find_leg(&d->rows, 1, LEG_ENTRY);
	assert_int_equal(l->type, TYPE_MARKET);
	desk_wait(d, 100 * MS);
	desk_book(d, "50000", "50000.01");
	desk_wait(d, 100 * MS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	assert_int_equal(rows_find_leg(&d->rows, 1, LEG_STOP)->type, TYPE_STOP_MARKET);
	desk_check(d);
}

static void a_limit_that_may_take(void **state)
{
	struct desk *d = *state;

	set(d, "{\"time_in_force\":\"GTC\"}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(rows_find_leg(&d->rows, 1, LEG_ENTRY)->type, TYPE_LIMIT);
	desk_trade(d, "49999.99");
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	desk_check(d);
}

/* ---- IOC and FOK: the book decides at once ---- */

/* The other side shows so much; what lies behind is a slippage step beyond its price. */
static void start_thin(struct desk *d, const char *patch, const char *shown)
{
	struct book_top b = { .bid = P("50000"), .bid_qty = Q("10"), .ask_qty = Q(shown) };

	b.ask = P(d->futures ? "50000.1" : "50000.01");
	d->config.sim_slippage = 0.0001;
	set(d, patch);
	desk_start(d);
	d->sink.book(d->sink.ctx, desk_market(d), &b, ++d->now);
	desk_decide(d, 1, 0.9);
}

static void ioc_of_which_a_part_is_there(void **state)
{
	struct desk *d = *state;
	const struct order *o;
	const struct leg *l;

	start_thin(d, "{\"time_in_force\":\"IOC\",\"capital_per_trade\":200}", "0.001");
	o = rows_last(&d->rows);
	l = rows_find_leg(&d->rows, 1, LEG_ENTRY);
	assert_int_equal(l->type, TYPE_LIMIT);
	assert_int_equal(l->tif, TIF_IOC);
	assert_int_equal(price_units(o->limit_price), price_units(P(d->futures ? "50000.1" :
								     "50000.01")));
	assert_string_equal(leg_status_name(leg_status(l)), "expired");
	assert_true(qty_cmp(o->quantity, o->filled) > 0);
	assert_int_equal(qty_units(o->filled), qty_units(Q("0.001")));
	/* From here on it is a position as any other. */
	desk_wait(d, 20 * MS);
	o = rows_last(&d->rows);
	assert_int_equal(o->status, ORDER_ACTIVE);
	assert_int_equal(o->phase, PHASE_HOLDING);
	assert_int_equal(o->reason, CLOSE_NONE);
	assert_int_equal(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)->state, LEG_LIVE);
	desk_wait(d, 30 * SECOND);	/* no maker timeout */
	assert_int_equal(rows_last(&d->rows)->status, ORDER_ACTIVE);
	desk_trade(d, "50500");
	assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_TAKE_PROFIT);
	desk_check(d);
}

static void fok_that_is_not_there(void **state)
{
	struct desk *d = *state;
	const struct order *o;

	start_thin(d, "{\"time_in_force\":\"FOK\",\"capital_per_trade\":200}", "0.001");
	o = rows_last(&d->rows);
	assert_int_equal(o->status, ORDER_CLOSED);
	assert_int_equal(o->reason, CLOSE_ENTRY_CANCELLED);
	assert_int_equal(qty_sign(o->filled), 0);
	assert_non_null(strstr(rows_find_leg(&d->rows, 1, LEG_ENTRY)->reject_reason, "FOK"));
	desk_decide(d, 1, 0.9);	/* nothing backs off: the venue refused nothing */
	assert_int_equal(d->rows.orders_n, 2);
	desk_check(d);
}

static void fok_that_is_there(void **state)
{
	struct desk *d = *state;
	const struct order *o;

	start_thin(d, "{\"time_in_force\":\"FOK\",\"capital_per_trade\":200}", "1");
	desk_wait(d, 20 * MS);
	o = rows_last(&d->rows);
	assert_int_equal(qty_units(o->filled), qty_units(o->quantity));
	assert_int_equal(o->phase, PHASE_HOLDING);
	desk_check(d);
}

/* Both sides as a maker cost 0.04 %, an entry that takes 0.07 %: a target of 0.05 % is too near. */
static void ioc_is_judged_as_a_taker(void **state)
{
	struct desk *d = *state;

	set(d, "{\"time_in_force\":\"IOC\",\"profit_target_pct\":0.0005}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 0);
	assert_string_equal(newest(d)->rule, "edge_after_fees");
	set(d, "{\"time_in_force\":\"post_only\"}");
	assert_int_equal(engine_bot_config(d->e, 1, &d->bot, &d->err), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
}

/* ---- several intents of one candle ---- */

static void two_entries_of_one_candle(void **state)
{
	struct desk *d = *state;

	set(d, "{\"max_positions\":2,\"decision_interval_ms\":60000}");
	d->brain[1].rungs = 2;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
	assert_string_equal(d->rows.orders[0].tag, "rung 0");
	assert_string_equal(d->rows.orders[1].tag, "rung 1");
	assert_int_equal(price_units(d->rows.orders[0].limit_price), price_units(P("49900")));
	assert_int_equal(price_units(d->rows.orders[0].take_profit), price_units(P("50100")));
	assert_int_equal(price_units(d->rows.orders[1].limit_price), price_units(P("49800")));
	desk_decide(d, 1, 0.9);	/* the next candle's are spaced */
	assert_int_equal(d->rows.orders_n, 2);
}

static void the_strategy_wants_out(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_wait(d, 20 * MS);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	d->brain[1].exits = true;
	desk_decide(d, 1, 0);
	desk_book(d, "50000", "50000.01");
	desk_wait(d, 100 * MS);
	desk_book(d, "50000", "50000.01");
	desk_wait(d, 100 * MS);
	assert_string_equal(close_reason_name(rows_last(&d->rows)->reason), "exit_signal");
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_DONE);
	desk_check(d);
}

#define ENTRY(test) cmocka_unit_test_setup_teardown(test, desk_setup_spot, desk_teardown)
#define FUTURES(test) { #test " on futures", test, desk_setup_futures, desk_teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENTRY(outside_of_trading_hours), ENTRY(a_share_of_the_equity),
		ENTRY(so_much_at_risk),		 ENTRY(at_market),
		ENTRY(a_limit_that_may_take),	 ENTRY(two_entries_of_one_candle),
		ENTRY(the_strategy_wants_out),
		ENTRY(ioc_of_which_a_part_is_there), FUTURES(ioc_of_which_a_part_is_there),
		ENTRY(fok_that_is_not_there),	 FUTURES(fok_that_is_not_there),
		ENTRY(fok_that_is_there),	 FUTURES(fok_that_is_there),
		FUTURES(ioc_is_judged_as_a_taker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
