/* What a venue may do that the simulation never does: refuse, repeat, be late, forget. */
#include "tests/unit/fake_venue.h"
#include "worker/engine/engine_internal.h"

/* Without a resting stop the target rests and we watch the stop. */
static void watched_stop(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	assert_int_equal(newest(f)->type, TYPE_LIMIT);
	assert_int_equal(price_units(newest(f)->price), price_units(P("50150")));
	assert_int_equal(price_units(newest(f)->stop_price), 0);
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	trade(f, "49950.01");
	assert_int_equal(f->cancels_n, 0);
	trade(f, "49950");
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], "tb1-1-1-t-1");
	assert_int_equal(f->placed_n, 2); /* nothing is sold twice: first the cancel */
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	assert_int_equal(newest(f)->side, SIDE_SELL);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.002")));
	fill(f, "tb1-1-1-c-1", "49949", "0.002", "0.002");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	trade(f, "49950");
	fill(f, "tb1-1-1-t-1", "50150", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS); /* what began the close */
	assert_string_equal(cash(last(f)->pnl), "0.3");
	tell(f, UPDATE_CANCEL_REJECTED, "tb1-1-1-t-1", "unknown order");
	assert_int_equal(f->placed_n, 2);
	fake_teardown(f);
}

static void fills_come_twice(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct venue_update one, two;

	(void)state;
	enter(f);
	one = fill_of(f, "tb1-1-1-e-1", "50000", "0.0005", "0.0005");
	two = fill_of(f, "tb1-1-1-e-1", "50000", "0.001", "0.0015");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.0005", "0.0005");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	wait_us(f, 21 * SECOND);
	assert_int_equal(f->cancels_n, 1);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-e-1", "");
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	fill(f, "tb1-1-1-e-1", "50000", "0.0007", "0.0012");
	assert_int_equal(leg_status(leg(f, 1)), STATUS_CANCELLED);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0012")));
	assert_int_equal(f->placed_n, 3); /* two targets cover it */
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0007")));
	fill(f, "tb1-1-1-t-1", "50150", "0.0005", "0.0005");
	fill(f, "tb1-1-1-t-2", "50150", "0.0007", "0.0007");
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
	tell(f, UPDATE_CANCELLED, "tb1-1-1-e-1", "");
	assert_reason(f, CLOSE_MAKER_TIMEOUT);
	fill(f, "tb1-1-1-e-1", "50000", "0.0007", "0.0007");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_non_null(strstr(f->rows.statuses[f->rows.statuses_n - 1].reason, "tb1-1-1-e-1"));
	command(f, EVENT_START, false);
	fill(f, "tb1-1-1-e-1", "50000", "0.0007", "0.0007"); /* said before */
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fake_teardown(f);
}

/* Also when it was closed before a restart; what was booked then is no news. */
static void fill_after_close_and_restart(void **state)
{
	struct fake *f = SPOT_PLAIN;
	struct bot_restore r = { .status = BOT_RUNNING, .ended_n = 2 };

	(void)state;
	snprintf(r.ended[0].client_order_id, CLIENT_ORDER_ID_MAX, "tb1-1-2-e-1");
	snprintf(r.ended[1].client_order_id, CLIENT_ORDER_ID_MAX, "tb1-1-1-e-1");
	r.ended[1].filled = Q("0.0004");
	fake_run(f, &r);
	fill(f, "tb1-1-1-e-1", "50000", "0.0004", "0.0004");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	fill(f, "tb1-1-1-e-1", "50000", "0.0003", "0.0007");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_non_null(strstr(f->rows.statuses[f->rows.statuses_n - 1].reason, "tb1-1-1-e-1"));
	command(f, EVENT_START, false);
	fill(f, "tb1-1-2-e-1", "50000", "0.0001", "0.0001");
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	fake_teardown(f);
}

/* A fill was lost: its quantity is booked with the next one, and the bot stops. */
static void fill_is_missing(void **state)
{
	struct fake *f = SPOT_PLAIN;

	(void)state;
	enter(f);
	fill(f, "tb1-1-1-e-1", "49999", "0.0005", "0.0015");
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0015")));
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_int_equal(f->rows.fills_n, 2);
	assert_true(f->rows.fills[0].f.trade_id < 0);
	assert_int_equal(qty_units(f->rows.fills[0].f.quantity), qty_units(Q("0.001")));
	assert_int_equal(f->cancels_n, 1); /* no more entries */
	fill(f, "tb1-1-1-e-1", "50000", "0.001", "0.001"); /* here it comes, late */
	assert_int_equal(f->rows.fills_n, 2);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-e-1", "");
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0015")));
	fill(f, "tb1-1-1-t-1", "50150", "0.0015", "0.0015");
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
	u = say(f, UPDATE_CANCELLED, "tb1-1-1-e-1");
	u.cumulative = Q("0.0004");
	f->sink.update(f->sink.ctx, &u);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.0004")));
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("50000")));
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_ERROR);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0004")));
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	command(f, EVENT_EMERGENCY_STOP, false);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
	for (int i = 0; i < 7; i++) {
		assert_int_equal(f->placed_n, 3 + i);
		snprintf(id, sizeof(id), "tb1-1-1-c-%d", i + 1);
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
	tell(f, UPDATE_EXPIRED, "tb1-1-1-c-8", "");
	wait_us(f, SECOND);
	command(f, EVENT_EMERGENCY_STOP, false); /* pressed again: at once */
	assert_string_equal(newest(f)->client_order_id, "tb1-1-1-c-9");
	fill(f, "tb1-1-1-c-9", "49000", "0.001", "0.001");
	tell(f, UPDATE_EXPIRED, "tb1-1-1-c-9", "");
	wait_us(f, 32 * SECOND);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, "tb1-1-1-c-10", "49000", "0.001", "0.001");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	fake_account(f, "0.001");
	command(f, EVENT_EMERGENCY_STOP, false);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
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
	assert_non_null(strstr(f->rows.notices[f->rows.notices_n - 1], "has not got"));
	engine_report(f->e, f->now, 0, SIZE_MAX);
	assert_int_equal(f->rows.bots[1].emergency, EMERGENCY_LATCHED);
	assert_non_null(strstr(f->rows.bots[1].error, "has not got"));
	/* what is not there is not taken over by the next order either */
	fake_account(f, "0.002");
	command(f, EVENT_START, false);
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	fill(f, "tb1-1-2-e-1", "50000", "0.002", "0.002");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	f->refuse_cancels = f->refuse_places = 1;
	command(f, EVENT_STOP, true); /* the cancel is refused, later the sale */
	assert_int_equal(f->cancels_n, 1);
	wait_us(f, SECOND);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
	assert_int_equal(f->placed_n, 2);
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->placed_n, 3);
	fill(f, "tb1-1-1-c-2", "49000", "0.002", "0.002");
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
	tell(f, UPDATE_CANCELLED, "tb1-1-1-e-1", "");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	assert_int_equal(f->placed_n, 1);
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 2);
	tell(f, UPDATE_REJECTED, "tb1-1-1-t-2", "filter");
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 2);
	wait_us(f, SECOND);
	assert_int_equal(f->placed_n, 3);
	assert_int_equal(last(f)->retries, 2);
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-3", "");
	assert_int_equal(last(f)->retries, 0);
	tell(f, UPDATE_EXPIRED, "tb1-1-1-t-3", "gone");
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
	tell(f, UPDATE_CANCEL_REJECTED, "tb1-1-1-e-1", "unknown order");
	assert_int_equal(f->queries, 1);
	assert_int_equal(f->cancels_n, 1); /* no rush */
	wait_us(f, SECOND);
	assert_int_equal(f->cancels_n, 2);
	f->query_rc = 0;
	f->answer = say(f, UPDATE_ACCEPTED, "tb1-1-1-e-1");
	tell(f, UPDATE_CANCEL_REJECTED, "tb1-1-1-e-1", "try again");
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->cancels_n, 3);
	f->answer.kind = UPDATE_FILL; /* it filled a moment before */
	f->answer.price = P("49999");
	f->answer.cumulative = Q("0.002");
	tell(f, UPDATE_CANCEL_REJECTED, "tb1-1-1-e-1", "unknown order");
	assert_int_equal(leg_status(leg(f, 1)), STATUS_FILLED);
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("49999")));
	assert_int_equal(newest(f)->type, TYPE_LIMIT);
	fill(f, "tb1-1-1-e-1", "49999", "0.002", "0.002"); /* the fill itself, late */
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.002")));
	command(f, EVENT_STOP, true);
	f->answer.kind = UPDATE_CANCELLED;
	f->answer.cumulative = Q("0");
	snprintf(f->answer.client_order_id, sizeof(f->answer.client_order_id), "tb1-1-1-t-1");
	tell(f, UPDATE_CANCEL_REJECTED, "tb1-1-1-t-1", "unknown order");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	assert_int_equal(f->placed_n, 3);
	assert_int_equal(f->placed[1].type, TYPE_LIMIT);
	assert_true(f->placed[1].reduce_only);
	assert_int_equal(f->placed[2].type, TYPE_STOP_MARKET);
	assert_true(f->placed[2].reduce_only);
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-s-1", "");
	trade(f, "49940");
	wait_us(f, SECOND - 1);
	assert_int_equal(f->cancels_n, 0);
	wait_us(f, 1);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
	assert_int_equal(f->placed_n, 3);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-s-1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	fill(f, "tb1-1-1-c-1", "49930", "0.002", "0.002");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-s-1", "");
	u = fill_of(f, "tb1-1-1-s-1", "49949", "0.001", "0.001");
	u.stop_triggered = true;
	f->sink.update(f->sink.ctx, &u);
	u = say(f, UPDATE_EXPIRED, "tb1-1-1-s-1");
	u.cumulative = Q("0.001");
	f->sink.update(f->sink.ctx, &u);
	trade(f, "49940");
	assert_int_equal(last(f)->phase, PHASE_CLOSING);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-t-1", "");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, "tb1-1-1-c-1", "49940", "0.001", "0.001");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* Stopped out of the first piece: no second piece is bought. */
static void stop_ends_entry(void **state)
{
	struct fake *f = SPOT_OCO;
	struct venue_update u;

	(void)state;
	enter(f);
	fill(f, "tb1-1-1-e-1", "50000", "0.001", "0.001");
	assert_int_equal(newest(f)->type, TYPE_OCO);
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	u = fill_of(f, "tb1-1-1-t-1", "49949", "0.001", "0.001");
	u.stop_triggered = true;
	f->sink.update(f->sink.ctx, &u);
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], "tb1-1-1-e-1");
	tell(f, UPDATE_CANCELLED, "tb1-1-1-e-1", "");
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	fill(f, "tb1-1-2-e-1", "50000", "0.002", "0.002");
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
	fill(f, "tb1-1-1-t-1", "50150", "0.002", "0.002");
	assert_int_equal(f->rows.orders[0].status, ORDER_ACTIVE); /* its stop may still act */
	u = fill_of(f, "tb1-1-1-s-1", "49950", "0.002", "0.002");
	u.fee_e8 = 100;
	f->sink.update(f->sink.ctx, &u);
	assert_int_equal(f->rows.orders[0].status, ORDER_CLOSED);
	assert_int_equal(qty_units(f->rows.orders[0].exited), qty_units(Q("0.002")));
	assert_string_equal(cash(f->rows.orders[0].pnl), "0.3");
	assert_int_equal(qty_units(f->rows.orders[1].exited), qty_units(Q("0.002")));
	assert_int_equal(f->rows.orders[1].reason, CLOSE_STOP_LOSS);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING);
	tell(f, UPDATE_EXPIRED, "tb1-1-2-t-1", "REDUCE_ONLY");
	tell(f, UPDATE_EXPIRED, "tb1-1-2-s-1", "REDUCE_ONLY");
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
	fill(f, "tb1-1-1-t-1", "50150", "0.0015", "0.0015");
	u = fill_of(f, "tb1-1-1-s-1", "49950", "0.002", "0.002");
	u.fee_e8 = 1000;
	f->sink.update(f->sink.ctx, &u);
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
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	fill(f, "tb1-1-1-t-1", "50150", "0.002", "0.002");
	fill(f, "tb1-1-1-s-1", "49950", "0.002", "0.002");
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
		struct venue_update u = fill_of(f, "tb1-1-1-e-1", "50000", "0.001", "0.001");

		u.cumulative = qty_of_units(i * 100000);
		f->sink.update(f->sink.ctx, &u);
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
	u = fill_of(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	u.fee_e8 = 12345;
	snprintf(u.fee_asset, sizeof(u.fee_asset), "BNB");
	f->sink.update(f->sink.ctx, &u);
	assert_int_equal(money_units(last(f)->quote_fees), 0);
	assert_int_equal(qty_units(last(f)->base_fees), 0);
	assert_int_equal(f->rows.notices_n, 1);
	assert_int_equal(f->rows.fills[0].f.fee_e8, 12345);
	fake_teardown(f);
}

/* One answer of the venue ends several orders at once, while all are being asked about. */
static void asking_ends_many(void **state)
{
	struct fake *f = SPOT_PLAIN;
	char id[CLIENT_ORDER_ID_MAX];

	(void)state;
	f->bot.max_positions = 3;
	enter(f);
	for (int n = 1; n <= 3; n++) {
		snprintf(id, sizeof(id), "tb1-1-%d-e-1", n);
		f->refuse_places = n < 3; /* only the last gets its target out */
		fill(f, id, "50000", "0.002", "0.002");
		if (n == 3)
			break;
		f->brain.probability = 0.9;
		f->now = (f->now / SECOND + 1) * SECOND;
		engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
		f->brain.probability = 0;
		f->refuse_places = 0;
	}
	assert_int_equal(engine_open_orders(f->e, 1), 3);
	tell(f, UPDATE_ACCEPTED, "tb1-1-3-t-1", "");
	f->answer = say(f, UPDATE_FILL, "tb1-1-3-t-1");
	f->answer.price = P("50150");
	f->answer.cumulative = Q("0.006"); /* it sold what all three held */
	engine_reconcile(f->e, f->now);
	assert_int_equal(engine_open_orders(f->e, 1), 0);
	fake_teardown(f);
}

/* A decision each second while the brain wants in; returns when an entry went out. */
static int64_t next_entry(struct fake *f)
{
	size_t before = f->placed_n;

	for (int i = 0; i < 1000 && f->placed_n == before; i++) {
		f->now = (f->now / SECOND + 1) * SECOND;
		engine_market_time(f->e, f->m, f->now, f->now);
	}
	assert_int_equal(f->placed_n, before + 1);
	return f->now;
}

/* The venue refuses one entry after the other: each try waits longer, until one is taken. */
static void refusals_back_off(void **state)
{
	static const int64_t waits_s[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct fake *f = SPOT_PLAIN;
	char id[CLIENT_ORDER_ID_MAX];
	int64_t at;

	(void)state;
	enter(f);
	f->brain.probability = 0.9;
	tell(f, UPDATE_EXPIRED, "tb1-1-1-e-1", ""); /* no refusal: no wait */
	at = next_entry(f);
	for (int i = 0; i < 11; i++) {
		int64_t refused;

		snprintf(id, sizeof(id), "tb1-1-%d-e-1", i + 2);
		tell(f, UPDATE_REJECTED, id, "FUNDS: not enough");
		refused = f->now;
		at = next_entry(f);
		assert_true(at >= refused + waits_s[i] * SECOND);
		assert_true(at <= refused + (waits_s[i] + 1) * SECOND);
	}
	assert_string_equal(f->rows.signals[f->rows.signals_n - 2].rule, "venue_refused");
	engine_report(f->e, f->now, 0, SIZE_MAX);
	assert_int_equal(f->rows.bots[1].refusals, 11);
	/* taken: the next refusal begins with one second again */
	tell(f, UPDATE_ACCEPTED, "tb1-1-13-e-1", "");
	engine_report(f->e, f->now, 0, SIZE_MAX);
	assert_int_equal(f->rows.bots[1].refusals, 0);
	tell(f, UPDATE_CANCELLED, "tb1-1-13-e-1", "");
	next_entry(f);
	tell(f, UPDATE_REJECTED, "tb1-1-14-e-1", "no");
	at = f->now;
	assert_true(next_entry(f) <= at + 2 * SECOND);
	fake_teardown(f);
}

static struct order *first(struct fake *f)
{
	return engine_find_bot(f->e, 1)->orders[0];
}

/* A request without an answer: the venue is asked after 2 s, then less and less often. */
static void answer_is_lost(void **state)
{
	static const int64_t after_ms[] = { 2000, 2500, 3500, 5500, 9500, 17500, 33500, 63500 };
	struct fake *f = SPOT_PLAIN;
	int64_t sent;

	(void)state;
	f->bot.maker_order_timeout = 3600;
	f->bot.max_positions = 2;
	f->query_rc = ERR_UNAVAILABLE;
	enter(f);
	first(f)->legs[0].state = LEG_SENT; /* as if it had not been accepted */
	leg_await(&first(f)->legs[0], f->now);
	engine_step_done(f->e, engine_find_bot(f->e, 1));
	sent = f->now;
	for (size_t i = 0; i < sizeof(after_ms) / sizeof(after_ms[0]); i++) {
		wait_us(f, sent + after_ms[i] * MS - f->now - 1);
		assert_int_equal(f->queries, i);
		wait_us(f, 1);
		assert_int_equal(f->queries, i + 1);
	}
	assert_int_equal(leg_status(leg(f, 1)), STATUS_UNKNOWN);
	/* said once when it began, once when it has been so for 30 s */
	assert_int_equal(f->rows.notices_n, 2);
	assert_non_null(strstr(f->rows.notices[1], "look at the account"));
	/* nothing is added to what may be open already, on the whole market */
	trade(f, "50000");
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	f->brain.probability = 0;
	assert_int_equal(f->placed_n, 1);
	assert_string_equal(f->rows.signals[f->rows.signals_n - 1].rule, "unknown_order");
	/* it speaks again: accepted, and entries go on */
	f->query_rc = 0;
	f->answer = say(f, UPDATE_ACCEPTED, "tb1-1-1-e-1");
	wait_us(f, 30 * SECOND);
	assert_int_equal(leg_status(leg(f, 1)), STATUS_NEW);
	wait_us(f, 300 * SECOND);
	assert_int_equal(f->queries, 9);
	trade(f, "50000");
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	assert_int_equal(f->placed_n, 2);
	fake_teardown(f);
}

/* A cancel that was lost is sent again; the emergency stop does not wait for it for ever. */
static void cancel_is_lost(void **state)
{
	struct fake *f = FUTURES_STOP;

	(void)state;
	enter(f);
	fill(f, "tb1-1-1-e-1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-t-1", "");
	tell(f, UPDATE_ACCEPTED, "tb1-1-1-s-1", "");
	f->answer = say(f, UPDATE_ACCEPTED, "tb1-1-1-t-1");
	command(f, EVENT_EMERGENCY_STOP, false);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tb1-1-1-s-1", "");
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->queries, 1);
	assert_int_equal(f->cancels_n, 3);
	assert_string_equal(f->cancels[2], "tb1-1-1-t-1");
	f->answer = say(f, UPDATE_CANCELLED, "tb1-1-1-t-1"); /* and its news is lost as well */
	wait_us(f, SECOND);
	assert_int_equal(f->queries, 2);
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	/* the close is accepted, and its fill is lost */
	tell(f, UPDATE_ACCEPTED, newest(f)->client_order_id, "");
	f->answer = say(f, UPDATE_FILL, newest(f)->client_order_id);
	f->answer.price = P("50000");
	f->answer.cumulative = Q("0.002");
	wait_us(f, 2 * SECOND);
	assert_reason(f, CLOSE_EMERGENCY);
	assert_int_equal(engine_find_bot(f->e, 1)->due_us, NEVER);
	fake_teardown(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watched_stop), cmocka_unit_test(target_beats_cancel),
		cmocka_unit_test(fills_come_twice), cmocka_unit_test(fill_after_cancel),
		cmocka_unit_test(fill_after_close),
		cmocka_unit_test(fill_after_close_and_restart), cmocka_unit_test(fill_is_missing),
		cmocka_unit_test(end_knows_more), cmocka_unit_test(close_rejected),
		cmocka_unit_test(nothing_to_close),
		cmocka_unit_test(requests_refused), cmocka_unit_test(pause_insists),
		cmocka_unit_test(entry_refused), cmocka_unit_test(protection_refused),
		cmocka_unit_test(cancel_rejected), cmocka_unit_test(stop_does_not_act),
		cmocka_unit_test(stop_in_parts), cmocka_unit_test(stop_ends_entry),
		cmocka_unit_test(target_and_stop_fill),
		cmocka_unit_test(a_shared_fee_goes_by_size), cmocka_unit_test(sold_too_much),
		cmocka_unit_test(many_pieces), cmocka_unit_test(fee_in_third_asset),
		cmocka_unit_test(asking_ends_many), cmocka_unit_test(answer_is_lost),
		cmocka_unit_test(cancel_is_lost), cmocka_unit_test(refusals_back_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
