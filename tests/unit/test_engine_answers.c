/* Requests that nobody answers: deadlines, questions, and entries that the venue refuses. */
#include "tests/unit/fake_venue.h"
#include "worker/engine/engine_internal.h"

/* One answer of the venue ends several orders at once, while all are being asked about. */
static void asking_ends_many(void **state)
{
	struct fake *f = SPOT_PLAIN;
	char id[CLIENT_ORDER_ID_MAX];

	(void)state;
	f->bot.max_positions = 3;
	enter(f);
	for (int n = 1; n <= 3; n++) {
		snprintf(id, sizeof(id), "tbaaaaaa-%d-e1", n);
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
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-3-t1", "");
	f->answer = say(f, UPDATE_FILL, "tbaaaaaa-3-t1");
	f->answer.price = P("50150");
	f->answer.cumulative = Q("0.006"); /* it sold what all three held */
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
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
	tell(f, UPDATE_EXPIRED, "tbaaaaaa-1-e1", ""); /* no refusal: no wait */
	at = next_entry(f);
	for (int i = 0; i < 11; i++) {
		int64_t refused;

		snprintf(id, sizeof(id), "tbaaaaaa-%d-e1", i + 2);
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
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-13-e1", "");
	engine_report(f->e, f->now, 0, SIZE_MAX);
	assert_int_equal(f->rows.bots[1].refusals, 0);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-13-e1", "");
	next_entry(f);
	tell(f, UPDATE_REJECTED, "tbaaaaaa-14-e1", "no");
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
	assert_non_null(strstr(f->rows.notices[1], "check the account"));
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
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
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
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1", "");
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-s1", "");
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-t1");
	command(f, EVENT_EMERGENCY_STOP, false);
	assert_int_equal(f->cancels_n, 2);
	tell(f, UPDATE_CANCELLED, "tbaaaaaa-1-s1", "");
	wait_us(f, 2 * SECOND);
	assert_int_equal(f->queries, 1);
	assert_int_equal(f->cancels_n, 3);
	assert_string_equal(f->cancels[2], "tbaaaaaa-1-t1");
	f->answer = say(f, UPDATE_CANCELLED, "tbaaaaaa-1-t1"); /* and its news is lost as well */
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
		cmocka_unit_test(asking_ends_many),
		cmocka_unit_test(refusals_back_off),
		cmocka_unit_test(answer_is_lost),
		cmocka_unit_test(cancel_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
