/* What a venue may do that the simulation never does: refuse, repeat, be late, forget. */
#include "tests/unit/fake_venue.h"
#include "worker/engine/engine_internal.h"

/* Without a resting stop the target rests and we watch the stop. */
static void watched_stop(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	assert_int_equal(newest(f)->type, TYPE_LIMIT);
	assert_int_equal(price_units(newest(f)->price), price_units(P("50150")));
	assert_int_equal(price_units(newest(f)->stop_price), 0);
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	trade(f, "49950.01");
	assert_int_equal(f->cancels_n, 0);
	trade(f, "49950");
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], "tbaaaaaa-1-t1");
	assert_int_equal(f->placed_n, 2); /* nothing is sold twice: first the cancel */
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	assert_int_equal(newest(f)->side, SIDE_SELL);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.002")));
	fill(f, "tbaaaaaa-1-c1", "49949", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS);
	assert_string_equal(cash(last(f)->pnl), "-0.102");
	fake_teardown(f);
}

/* The target fills while its cancel is on the way: there is nothing left to sell. */
static void target_beats_cancel(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	trade(f, "49950");
	fill(f, "tbaaaaaa-1-t1", "50150", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS); /* what began the close */
	assert_string_equal(cash(last(f)->pnl), "0.3");
	tell(f, UPDATE_CANCEL_REJECTED, "tbaaaaaa-1-t1", "unknown order");
	assert_int_equal(f->placed_n, 2);
	fake_teardown(f);
}

/* Emergency against a venue that refuses to sell: waits double up to 32 s, until flat. */
static void close_rejected(void **state)
{
	static const int64_t waits[] = { 1, 2, 4, 8, 16, 32, 32 };
	struct fake *f = SPOT_PLAIN;
	char id[CLIENT_ORDER_ID_MAX];
	struct err e;
	struct engine_command start = { .event = EVENT_START, .requested_by = "test",
					.correlation_id = "" };
	struct engine_answer a;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	command(f, EVENT_EMERGENCY_STOP, false);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	for (int i = 0; i < 7; i++) {
		assert_int_equal(f->placed_n, 3 + i);
		snprintf(id, sizeof(id), "tbaaaaaa-1-c%d", i + 1);
		assert_string_equal(newest(f)->client_order_id, id);
		tell(f, UPDATE_REJECTED, id, "the exchange is busy");
		assert_int_equal(f->rows.notices_n, i + 1);
		assert_int_equal(engine_bot_command(f->e, 1, &start, f->now, &a, &e),
				 ERR_CONFLICT);
		wait_us(f, waits[i] * SECOND - 1);
		assert_int_equal(f->placed_n, 3 + i);
		wait_us(f, 1);
	}
	assert_non_null(strstr(f->rows.notices[0], "the exchange is busy"));
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-1-c8", "");
	wait_us(f, SECOND);
	command(f, EVENT_EMERGENCY_STOP, false); /* pressed again: at once */
	assert_string_equal(newest(f)->client_order_id, "tbaaaaaa-1-c9");
	fill(f, "tbaaaaaa-1-c9", "49000", "0.001", "0.001");
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-1-c9", "");
	wait_us(f, 32 * SECOND);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, "tbaaaaaa-1-c10", "49000", "0.001", "0.001");
	assert_reason(f, CLOSE_EMERGENCY);
	assert_string_equal(f->rows.statuses[f->rows.statuses_n - 1].reason, "flat");
	assert_int_equal(engine_bot_command(f->e, 1, &start, f->now, &a, &e), 0);
	assert_int_equal(a.status, BOT_RUNNING);
	fake_teardown(f);
}

/* Somebody else sold the coins: after some tries the order ends, and the bot says so. */
static void nothing_to_close(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	fake_account(f, "0.001");
	command(f, EVENT_EMERGENCY_STOP, false);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	for (int i = 1; i <= 4; i++) {
		assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.002")));
		tell(f, UPDATE_REJECTED, newest(f)->client_order_id, "balance");
		wait_us(f, SECOND << (i - 1));
	}
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, newest(f)->client_order_id, "50000", "0.001", "0.001");
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fake_account(f, "0");
	tell(f, UPDATE_REJECTED, newest(f)->client_order_id, "balance");
	wait_us(f, 32 * SECOND);
	assert_reason(f, CLOSE_EMERGENCY);
	assert_int_equal(qty_units(last(f)->dust), qty_units(Q("0.001")));
	assert_non_null(strstr(f->rows.notices[f->rows.notices_n - 1], "does not have"));
	engine_report(f->e, f->now, 0, SIZE_MAX);
	assert_int_equal(f->rows.bots[1].emergency, EMERGENCY_LATCHED);
	assert_non_null(strstr(f->rows.bots[1].error, "does not have"));
	/* what is not there is not taken over by the next order either */
	fake_account(f, "0.002");
	command(f, EVENT_START, false);
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	fill(f, "tbaaaaaa-2-e1", "50000", "0.002", "0.002");
	assert_int_equal(last(f)->status, ORDER_ACTIVE);
	assert_int_equal(qty_units(last(f)->dust_taken), 0);
	fake_teardown(f);
}

/* The venue does not even take requests in: neither loops nor losses. */
static void requests_refused(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	f->refuse_cancels = 3;
	enter(f);
	wait_us(f, 20 * SECOND); /* the maker timeout asks for the first time */
	assert_int_equal(f->refuse_cancels, 2);
	wait_us(f, SECOND);
	assert_int_equal(f->refuse_cancels, 1);
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->refuse_cancels, 0);
	assert_int_equal(f->cancels_n, 0);
	wait_us(f, 4 * SECOND);
	assert_int_equal(f->cancels_n, 1);
	assert_int_equal(f->rows.notices_n, 3);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	f->refuse_cancels = f->refuse_places = 1;
	command(f, EVENT_STOP, true); /* the cancel is refused, later the sale */
	assert_int_equal(f->cancels_n, 1);
	wait_us(f, SECOND);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	assert_int_equal(f->placed_n, 2);
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->placed_n, 3);
	fill(f, "tbaaaaaa-1-c2", "49000", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_COMMAND);
	fake_teardown(f);
}

static void pause_insists(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	f->refuse_cancels = 1;
	command(f, EVENT_PAUSE, false);
	assert_int_equal(f->cancels_n, 0);
	wait_us(f, SECOND);
	assert_int_equal(f->cancels_n, 1);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1", "");
	assert_reason(f, CLOSE_ENTRY_CANCELLED);
	fake_teardown(f);
}

static void entry_refused(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1") };

	(void)state;
	f->refuse_places = 1;
	b.bid_qty = b.ask_qty = Q("1");
	fake_run(f, NULL);
	command(f, EVENT_START, false);
	engine_book(f->e, f->m, &b, ++f->now);
	trade(f, "50000");
	f->brain.probability = 0.9;
	wait_us(f, 3 * SECOND);
	trade(f, "50000");
	assert_reason(f, CLOSE_ENTRY_REJECTED);
	assert_string_equal(leg(f, 1)->reject_reason, "no line to the venue");
	fake_teardown(f);
}

/* A target that is refused is tried again, ever more slowly; accepted, the count begins anew. */
static void protection_refused(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	f->refuse_places = 1;
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	assert_int_equal(f->placed_n, 1);
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 2);
	tell(f, UPDATE_REJECTED, "tbaaaaaa-1-t2", "filter");
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 2);
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 3);
	assert_int_equal(last(f)->retries, 2);
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t3", "");
	assert_int_equal(last(f)->retries, 0);
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-1-t3", "gone");
	assert_int_equal(f->placed_n, 3);
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 4);
	fake_teardown(f);
}

/* A cancel is answered with "unknown order": the venue is asked what became of it. */
static void cancel_rejected(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	wait_us(f, 21 * SECOND);
	f->query_rc = ERR_UNAVAILABLE;
	tell(f, UPDATE_CANCEL_REJECTED, "tbaaaaaa-1-e1", "unknown order");
	assert_int_equal(f->queries, 1);
	assert_int_equal(f->cancels_n, 1); /* no rush */
	wait_us(f, SECOND);
	assert_int_equal(f->cancels_n, 2);
	f->query_rc = 0;
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	tell(f, UPDATE_CANCEL_REJECTED, "tbaaaaaa-1-e1", "try again");
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->cancels_n, 3);
	f->answer.kind = UPDATE_FILL; /* it filled a moment before */
	f->answer.price = P("49999");
	f->answer.cumulative = Q("0.002");
	tell(f, UPDATE_CANCEL_REJECTED, "tbaaaaaa-1-e1", "unknown order");
	assert_int_equal(leg_status(leg(f, 1)), STATUS_FILLED);
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("49999")));
	assert_int_equal(newest(f)->type, TYPE_LIMIT);
	fill(f, "tbaaaaaa-1-e1", "49999", "0.002", "0.002"); /* the fill itself, late */
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.002")));
	command(f, EVENT_STOP, true);
	f->answer.kind = UPDATE_CANCELLED;
	f->answer.cumulative = Q("0");
	snprintf(f->answer.client_order_id, sizeof(f->answer.client_order_id), "tbaaaaaa-1-t1");
	tell(f, UPDATE_CANCEL_REJECTED, "tbaaaaaa-1-t1", "unknown order");
	assert_int_equal(leg_status(leg(f, 2)), STATUS_CANCELLED);
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	fake_teardown(f);
}

/* A stop rests at the venue and the venue sleeps: after a grace we sell ourselves. */
static void stop_does_not_act(void **state)
{
	struct fake *f = FUTURES_STOP;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	assert_int_equal(f->placed_n, 3);
	assert_int_equal(f->placed[1].type, TYPE_LIMIT);
	assert_true(f->placed[1].reduce_only);
	assert_int_equal(f->placed[2].type, TYPE_STOP_MARKET);
	assert_true(f->placed[2].reduce_only);
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-s1", "");
	trade(f, "49940");
	wait_us(f, SECOND - 1);
	assert_int_equal(f->cancels_n, 0);
	wait_us(f, 1);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	assert_int_equal(f->placed_n, 3);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-s1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	fill(f, "tbaaaaaa-1-c1", "49930", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* The stop filled in part and ended: what is left is sold at the next trade, not at a target. */
static void stop_in_parts(void **state)
{
	struct fake *f = FUTURES_STOP;
	struct venue_update u;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-s1", "");
	u = fill_of(f, "tbaaaaaa-1-s1", "49949", "0.001", "0.001");
	hear(f, &u);
	u = say(f, UPDATE_EXPIRED, "tbaaaaaa-1-s1");
	u.cumulative = Q("0.001");
	hear(f, &u);
	trade(f, "49940");
	assert_int_equal(last(f)->phase, PHASE_CLOSING);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, "tbaaaaaa-1-c1", "49940", "0.001", "0.001");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* Stopped out of the first piece: no second piece is bought. */
static void stop_ends_entry(void **state)
{
	struct fake *f = SPOT_OCO;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.001");
	assert_int_equal(newest(f)->type, TYPE_STOP_MARKET);
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-s1", "");
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-1-t1", "OCO_TRIGGER");
	fill(f, "tbaaaaaa-1-s1", "49949", "0.001", "0.001");
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], "tbaaaaaa-1-e1");
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-e1", "");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* Orders 1 and 2 hold 0.002 each, bought at 50000. */
static void two_positions(struct fake *f)
{
	f->bot.max_positions = 2;
	enter(f);
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	f->brain.probability = 0;
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	fill(f, "tbaaaaaa-2-e1", "50000", "0.002", "0.002");
}

/*
 * Target and stop of one order fill before we hear of either: the account has one
 * position, so the stop sold what the other order held.
 */
static void target_and_stop_fill(void **state)
{
	struct fake *f = FUTURES_STOP;
	struct venue_update u;

	(void)state;
	two_positions(f);
	fill(f, "tbaaaaaa-1-t1", "50150", "0.002", "0.002");
	assert_int_equal(f->rows.orders[0].status, ORDER_ACTIVE); /* its stop may still act */
	u = fill_of(f, "tbaaaaaa-1-s1", "49950", "0.002", "0.002");
	u.fee_e8 = 100;
	hear(f, &u);
	assert_int_equal(f->rows.orders[0].status, ORDER_CLOSED);
	assert_int_equal(qty_units(f->rows.orders[0].exited), qty_units(Q("0.002")));
	assert_string_equal(cash(f->rows.orders[0].pnl), "0.3");
	assert_int_equal(qty_units(f->rows.orders[1].exited), qty_units(Q("0.002")));
	assert_int_equal(f->rows.orders[1].reason, CLOSE_STOP_LOSS);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-2-t1", "REDUCE_ONLY");
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-2-s1", "REDUCE_ONLY");
	assert_int_equal(f->rows.orders[1].status, ORDER_CLOSED);
	assert_string_equal(cash(f->rows.orders[1].pnl), "-0.100001");
	fake_teardown(f);
}

/* One execution that closes a quarter of one order's and three of the other's: so is its fee. */
static void a_shared_fee_goes_by_size(void **state)
{
	struct fake *f = FUTURES_STOP;
	struct venue_update u;

	(void)state;
	two_positions(f);
	fill(f, "tbaaaaaa-1-t1", "50150", "0.0015", "0.0015");
	u = fill_of(f, "tbaaaaaa-1-s1", "49950", "0.002", "0.002");
	u.fee_e8 = 1000;
	hear(f, &u);
	assert_int_equal(qty_units(f->rows.orders[0].exited), qty_units(Q("0.002")));
	assert_int_equal(qty_units(f->rows.orders[1].exited), qty_units(Q("0.0015")));
	assert_int_equal(money_units(f->rows.orders[0].quote_fees), 250);
	assert_int_equal(money_units(f->rows.orders[1].quote_fees), 750);
	fake_teardown(f);
}

/* Sold more than all orders hold: nobody's books can say what the account holds. */
static void sold_too_much(void **state)
{
	struct fake *f = FUTURES_STOP;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	fill(f, "tbaaaaaa-1-t1", "50150", "0.002", "0.002");
	fill(f, "tbaaaaaa-1-s1", "49950", "0.002", "0.002");
	assert_reason(f, CLOSE_TAKE_PROFIT);
	assert_int_equal(qty_units(last(f)->exited), qty_units(Q("0.002")));
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	fake_teardown(f);
}

/* More pieces than an order has room for: the rest is covered when the entry has ended. */
static void many_pieces(void **state)
{
	struct fake *f = FUTURES_STOP;
	struct qty covered = { 0 };

	(void)state;
	f->bot.capital_per_trade = M("5000"); /* 0.1 */
	enter(f);
	for (int i = 1; i <= 100; i++) {
		struct venue_update u = fill_of(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.001");

		u.cumulative = qty_of_units(i * 100000);
		hear(f, &u);
	}
	for (size_t i = 0; i < f->placed_n; i++)
		if (f->placed[i].type == TYPE_STOP_MARKET)
			assert_int_equal(qty_add(covered, f->placed[i].quantity, &covered), 0);
	assert_int_equal(qty_units(covered), qty_units(Q("0.1")));
	assert_true(f->placed_n < ORDER_LEGS_MAX);
	fake_teardown(f);
}

static void fee_in_third_asset(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct venue_update u;

	(void)state;
	enter(f);
	u = fill_of(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	u.fee_e8 = 12345;
	snprintf(u.fee_asset, sizeof(u.fee_asset), "BNB");
	hear(f, &u);
	assert_int_equal(money_units(last(f)->quote_fees), 0);
	assert_int_equal(qty_units(last(f)->base_fees), 0);
	assert_int_equal(f->rows.notices_n, 1);
	assert_int_equal(f->rows.fills[0].f.fee_e8, 12345);
	fake_teardown(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watched_stop), cmocka_unit_test(target_beats_cancel),
		cmocka_unit_test(close_rejected),
		cmocka_unit_test(nothing_to_close),
		cmocka_unit_test(requests_refused), cmocka_unit_test(pause_insists),
		cmocka_unit_test(entry_refused), cmocka_unit_test(protection_refused),
		cmocka_unit_test(cancel_rejected), cmocka_unit_test(stop_does_not_act),
		cmocka_unit_test(stop_in_parts), cmocka_unit_test(stop_ends_entry),
		cmocka_unit_test(target_and_stop_fill),
		cmocka_unit_test(a_shared_fee_goes_by_size), cmocka_unit_test(sold_too_much),
		cmocka_unit_test(many_pieces), cmocka_unit_test(fee_in_third_asset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
