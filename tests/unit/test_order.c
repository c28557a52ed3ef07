/* Orders: words in the database, positions, averages, unrealized gain. */
#include "tests/unit/sim_world.h"

#include "worker/trade/order.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Whoever changes a word here breaks every user's database. */
static void names_are_pinned(void **state)
{
	static const char *const statuses[] = { "pending", "active", "closed" };
	static const char *const phases[] = {
		"entering", "holding", "closing", "done", "remainder",
	};
	static const char *const reasons[] = {
		"", "take_profit", "stop_loss", "holding_time", "maker_timeout", "entry_rejected",
		"entry_cancelled", "manual", "stop_command", "emergency", "liquidation", "reset",
		"remainder", "exit_signal", "trailing_stop", "roi",
	};
	static const char *const types[] = {
		"LIMIT_MAKER", "LIMIT", "MARKET", "STOP_MARKET",
	};
	static const char *const states[] = {
		"planned", "sent", "unknown", "live", "cancelling", "firing", "ended",
	};
	static const char *const leg_statuses[] = {
		"planned", "new", "partially_filled", "filled", "cancelled", "rejected", "expired",
		"unknown",
	};

	(void)state;
	assert_string_equal(side_name(SIDE_BUY), "BUY");
	assert_string_equal(side_name(SIDE_SELL), "SELL");
	for (size_t i = 0; i < COUNT(statuses); i++)
		assert_string_equal(order_status_name((enum order_status)i), statuses[i]);
	for (size_t i = 0; i < COUNT(phases); i++)
		assert_string_equal(order_phase_name((enum order_phase)i), phases[i]);
	for (size_t i = 0; i < COUNT(reasons); i++)
		assert_string_equal(close_reason_name((enum close_reason)i), reasons[i]);
	for (size_t i = 0; i < COUNT(types); i++)
		assert_string_equal(leg_type_name((enum leg_type)i), types[i]);
	for (size_t i = 0; i < COUNT(states); i++)
		assert_string_equal(leg_state_name((enum leg_state)i), states[i]);
	for (size_t i = 0; i < COUNT(leg_statuses); i++)
		assert_string_equal(leg_status_name((enum leg_status)i), leg_statuses[i]);
	assert_int_equal(LEG_ENTRY, 'e');
	assert_int_equal(LEG_TAKE_PROFIT, 't');
	assert_int_equal(LEG_STOP, 's');
	assert_int_equal(LEG_CLOSE, 'c');
}

#define ROUND_TRIP(type, last, name, parse)                          \
	do {                                                         \
		for (int i = 0; i <= (last); i++) {                  \
			type v;                                      \
			assert_int_equal(parse(name((type)i), &v), 0); \
			assert_int_equal(v, i);                      \
		}                                                    \
		type none = (type)77;                                \
		assert_int_equal(parse("nonsense", &none), ERR_INVALID); \
		assert_int_equal(none, 77);                          \
	} while (0)

static void parse_round_trip(void **state)
{
	(void)state;
	ROUND_TRIP(enum side, SIDE_SELL, side_name, side_parse);
	ROUND_TRIP(enum order_status, ORDER_CLOSED, order_status_name, order_status_parse);
	ROUND_TRIP(enum order_phase, PHASE_REMAINDER, order_phase_name, order_phase_parse);
	ROUND_TRIP(enum close_reason, CLOSE_REMAINDER, close_reason_name, close_reason_parse);
	ROUND_TRIP(enum leg_type, TYPE_STOP_MARKET, leg_type_name, leg_type_parse);
	ROUND_TRIP(enum tif, TIF_FOK, tif_name, tif_parse);
	ROUND_TRIP(enum leg_state, LEG_ENDED, leg_state_name, leg_state_parse);
	ROUND_TRIP(enum leg_status, STATUS_UNKNOWN, leg_status_name, leg_status_parse);
}

static void done_states(void **state)
{
	struct leg l = { 0 };

	(void)state;
	for (int i = 0; i < LEG_STATES; i++) {
		l.state = (enum leg_state)i;
		assert_int_equal(leg_done(&l), l.state == LEG_ENDED);
	}
	assert_int_equal(leg_kind_index(LEG_ENTRY), 0);
	assert_int_equal(leg_kind_index(LEG_TAKE_PROFIT), 1);
	assert_int_equal(leg_kind_index(LEG_STOP), 2);
	assert_int_equal(leg_kind_index(LEG_CLOSE), 3);
}

static void position_and_averages(void **state)
{
	struct order o = { .side = SIDE_BUY };

	(void)state;
	assert_int_equal(qty_units(order_position(&o)), 0);
	assert_int_equal(price_units(order_entry_price(&o)), 0);
	assert_int_equal(price_units(order_exit_price(&o)), 0);
	o.filled = Q("3");
	o.base_fees = Q("0.003");
	o.entry_notional = M("301"); /* 2 at 100, 1 at 101 */
	assert_int_equal(qty_units(order_position(&o)), qty_units(Q("2.997")));
	assert_int_equal(price_units(order_entry_price(&o)), price_units(P("100.33333333")));
	o.exited = Q("1");
	o.exit_notional = M("102.5");
	assert_int_equal(qty_units(order_position(&o)), qty_units(Q("1.997")));
	assert_int_equal(price_units(order_exit_price(&o)), price_units(P("102.5")));
}

static void unrealized(void **state)
{
	struct order o = { .side = SIDE_BUY };

	(void)state;
	assert_int_equal(money_units(order_unrealized(&o, P("100"))), 0); /* holds nothing */
	o.filled = Q("2");
	o.entry_notional = M("200");
	assert_int_equal(money_units(order_unrealized(&o, P("103.5"))), E("7"));
	assert_int_equal(money_units(order_unrealized(&o, P("99"))), E("-2"));
	assert_int_equal(money_units(order_unrealized(&o, P("0"))), 0); /* no price yet */
	o.base_fees = Q("0.002");
	assert_int_equal(money_units(order_unrealized(&o, P("101"))), E("1.998"));
	o.base_fees = Q("0");
	o.exited = Q("0.5");
	o.exit_notional = M("60");
	assert_int_equal(money_units(order_unrealized(&o, P("102"))), E("3"));
	o.side = SIDE_SELL;
	assert_int_equal(money_units(order_unrealized(&o, P("102"))), E("-3"));
	assert_int_equal(money_units(order_unrealized(&o, P("90"))), E("15"));
}

static void legs_by_id(void **state)
{
	struct order o = { .legs_n = 2 };

	(void)state;
	snprintf(o.legs[0].client_order_id, sizeof(o.legs[0].client_order_id), "tb1-1-1-e-1");
	snprintf(o.legs[1].client_order_id, sizeof(o.legs[1].client_order_id), "tb1-1-1-t-1");
	assert_ptr_equal(order_leg(&o, "tb1-1-1-t-1"), &o.legs[1]);
	assert_null(order_leg(&o, "tb1-1-1-t-2"));
	assert_null(order_leg(&o, ""));
	assert_true(ORDER_HEAD_SIZE < sizeof(struct order));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_pinned),
		cmocka_unit_test(parse_round_trip),
		cmocka_unit_test(done_states),
		cmocka_unit_test(position_and_averages),
		cmocka_unit_test(unrealized),
		cmocka_unit_test(legs_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
