/* Legs: the table of arrows, and what one move changes, reports and makes due. */
#include "tests/unit/floor_world.h"

/* Every state with every event, as spec'd: letters of the next state, . no arrow. */
static void all_pairs(void **state)
{
	/* events: sent, acknowledged, part filled, filled, cancel, cancel refused, no answer,
	 * triggered, cancelled, rejected, expired */
	static const char *const want[LEG_STATES] = {
		[LEG_PLANNED] = "SLLEC.UFEEE", [LEG_SENT] = ".LLEC.UFEEE",
		[LEG_UNKNOWN] = ".LLEC..FEEE", [LEG_LIVE] = "..LEC..FEEE",
		[LEG_CANCELLING] = "..CE.L.FEEE", [LEG_FIRING] = ".LLEC...EEE",
		[LEG_ENDED] = "..EE.......",
	};

	(void)state;
	for (int s = 0; s < LEG_STATES; s++) {
		for (int v = 0; v < LEG_EVENTS; v++) {
			enum leg_state to = (enum leg_state)77;
			int rc = leg_next((enum leg_state)s, (enum leg_event)v, &to);

			if (want[s][v] == '.') {
				assert_int_equal(rc, ERR_CONFLICT);
				assert_int_equal(to, 77);
			} else {
				assert_int_equal(rc, 0);
				assert_int_equal("PSULCFE"[to], want[s][v]);
			}
		}
	}
}

/* Moving is what the table says, for every pair; a row and a history row only when it moves. */
static void a_move_of_every_pair(void **state)
{
	(void)state;
	for (int s = 0; s < LEG_STATES; s++) {
		for (int v = 0; v < LEG_EVENTS; v++) {
			struct leg l = { .id = 5, .state = (enum leg_state)s,
					 .end = s == LEG_ENDED ? END_CANCELLED : END_NONE };
			enum leg_state to = l.state;
			struct floor f;
			bool arrow;

			floor_init(&f, false);
			arrow = leg_next(l.state, (enum leg_event)v, &to) == 0;
			assert_int_equal(leg_move(&f.step, &f.order, &l, l.state,
						  (enum leg_event)v, "why"), arrow);
			assert_int_equal(l.state, to);
			assert_int_equal(floor_count(&f, EFFECT_LEG), arrow);
			if (arrow && (int)to != s)
				assert_int_equal(floor_count(&f, EFFECT_MOVE), 1);
			if (to == LEG_ENDED && s != LEG_ENDED) {
				assert_int_equal(l.done_us, FLOOR_NOW);
				assert_string_equal(l.reject_reason, "why");
				assert_true(l.end != END_NONE);
			}
			/* whoever waits for an answer is asked about in time */
			assert_true(!arrow || leg_awaits(&l) == (l.ask_us != 0));
			floor_fini(&f);
		}
	}
}

static void a_history_row(void **state)
{
	struct floor f;
	struct leg *l;
	const struct order_event *m;

	(void)state;
	floor_init(&f, false);
	l = floor_leg(&f, LEG_ENTRY, TYPE_LIMIT_MAKER, "0.002");
	f.step.venue_us = FLOOR_NOW - 7;
	assert_true(leg_move(&f.step, &f.order, l, LEG_LIVE, LEG_EV_REJECTED, "LOT_SIZE"));
	assert_int_equal(f.effects.n, 2);
	assert_int_equal(f.effects.list[1].kind, EFFECT_MOVE);
	m = &f.effects.list[1].u.move;
	assert_string_equal(m->client_order_id, "tbaaaaaa-1-e1");
	assert_string_equal(m->from, "live");
	assert_string_equal(m->to, "rejected");
	assert_string_equal(m->event, "rejected");
	assert_string_equal(m->why, "LOT_SIZE");
	assert_int_equal(m->venue_us, FLOOR_NOW - 7);
	assert_int_equal(m->at_us, FLOOR_NOW + 1);
	assert_int_equal(leg_status(l), STATUS_REJECTED);
	floor_fini(&f);
}

/* A fill is booked in every state; after the end it does not bring the leg back to life. */
static void fills_in_every_state(void **state)
{
	(void)state;
	for (int s = 0; s < LEG_STATES; s++) {
		for (int whole = 0; whole < 2; whole++) {
			struct leg l = { .id = 5, .quantity = Q("2"), .state = (enum leg_state)s,
					 .end = s == LEG_ENDED ? END_CANCELLED : END_NONE };
			struct floor f;

			floor_init(&f, false);
			leg_fill(&f.step, &f.order, &l, Q(whole ? "2" : "1"));
			assert_int_equal(qty_units(l.filled), qty_units(Q(whole ? "2" : "1")));
			if (whole || s == LEG_ENDED)
				assert_int_equal(l.state, LEG_ENDED);
			else
				assert_int_equal(l.state, s == LEG_CANCELLING ? LEG_CANCELLING
									       : LEG_LIVE);
			if (whole)
				assert_int_equal(leg_status(&l), STATUS_FILLED);
			else if (s == LEG_ENDED)
				assert_int_equal(leg_status(&l), STATUS_CANCELLED);
			assert_true(l.acked_us != 0);
			floor_fini(&f);
		}
	}
}

/* Asked for later each time, at least every 30 s; the alarm comes once, after 30 s. */
static void no_answer(void **state)
{
	static const int64_t waits_ms[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
	struct leg l = { .id = 5, .state = LEG_SENT };
	struct floor f;
	int alarms = 0;

	(void)state;
	floor_init(&f, false);
	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		leg_asked(&l, f.step.now_us);
		assert_int_equal(l.ask_us - f.step.now_us, waits_ms[i] * 1000);
		alarms += leg_no_answer(&f.step, &f.order, &l);
		assert_int_equal(l.state, LEG_UNKNOWN);
		assert_int_equal(l.unknown_us, FLOOR_NOW);
		assert_int_equal(l.ask_us - f.step.now_us, waits_ms[i] * 1000);
		assert_int_equal(alarms, f.step.now_us - FLOOR_NOW >= UNKNOWN_ALARM_US);
		floor_next(&f, waits_ms[i] * 1000);
	}
	assert_int_equal(alarms, 1);
	assert_true(leg_move(&f.step, &f.order, &l, LEG_UNKNOWN, LEG_EV_ACKNOWLEDGED, ""));
	assert_true(l.unknown_us == 0 && l.asks == 0);
	floor_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs),
		cmocka_unit_test(a_move_of_every_pair),
		cmocka_unit_test(a_history_row),
		cmocka_unit_test(fills_in_every_state),
		cmocka_unit_test(no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
