/*
 * Target and stop of a spot position are two orders of one list (OCO): each has updates of its
 * own, which come in any order, late, twice or never.
 */
#include "tests/unit/fake_venue.h"
#include "worker/trade/order_steps.h"

#define T1 "tbaaaaaa-1-t1"
#define S1 "tbaaaaaa-1-s1"
#define T2 "tbaaaaaa-1-t2"
#define S2 "tbaaaaaa-1-s2"
#define C1 "tbaaaaaa-1-c1"

/* Holds 0.002, bought at 50000; its list is on the way. Target 50150, stop 49950. */
static struct fake *filled(void)
{
	struct fake *f = SPOT_OCO;

	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	return f;
}

static struct fake *protected(void)
{
	struct fake *f = filled();

	tell(f, UPDATE_ACCEPTED, T1, "");
	tell(f, UPDATE_ACCEPTED, S1, "");
	return f;
}

static const struct leg *named(const struct fake *f, const char *id)
{
	for (size_t i = 0; i < f->rows.legs_n; i++)
		if (strcmp(f->rows.legs[i].leg.client_order_id, id) == 0)
			return &f->rows.legs[i].leg;
	fail_msg("no leg %s", id);
	return NULL;
}

static void two_orders_of_one_request(void **state)
{
	struct fake *f = filled();
	const struct venue_order *t = &f->placed[1], *s = &f->placed[2];

	(void)state;
	assert_int_equal(f->requests, 2); /* the entry, the list */
	assert_int_equal(f->placed_n, 3);
	assert_string_equal(t->client_order_id, T1);
	assert_string_equal(s->client_order_id, S1);
	assert_string_equal(t->list_id, "tbaaaaaa-1-l1");
	assert_string_equal(s->list_id, t->list_id);
	assert_int_equal(t->type, TYPE_LIMIT_MAKER);
	assert_int_equal(price_units(t->price), price_units(P("50150")));
	assert_int_equal(price_units(t->stop_price), 0);
	assert_int_equal(s->type, TYPE_STOP_MARKET);
	assert_int_equal(price_units(s->stop_price), price_units(P("49950")));
	assert_int_equal(price_units(s->price), 0);
	assert_int_equal(qty_units(t->quantity), qty_units(Q("0.002")));
	assert_int_equal(qty_units(s->quantity), qty_units(Q("0.002")));
	assert_true(s->side == SIDE_SELL && t->side == SIDE_SELL);
	assert_string_equal(named(f, S1)->list_id, s->list_id);
	fake_teardown(f);
}

/* The position is covered when the venue has the stop, not when it has the target. */
static void each_is_acknowledged(void **state)
{
	struct fake *f = filled();

	(void)state;
	tell(f, UPDATE_ACCEPTED, T1, "");
	assert_int_equal(named(f, T1)->state, LEG_LIVE);
	assert_int_equal(named(f, S1)->state, LEG_SENT);
	assert_true(last(f)->uncovered_from_us != 0);
	tell(f, UPDATE_ACCEPTED, S1, "");
	assert_int_equal(named(f, S1)->state, LEG_LIVE);
	assert_int_equal(last(f)->uncovered_from_us, 0);
	tell(f, UPDATE_ACCEPTED, T1, ""); /* twice */
	tell(f, UPDATE_ACCEPTED, S1, "");
	assert_int_equal(f->requests, 2);
	wait_us(f, 10 * SECOND);
	assert_int_equal(f->queries, 0);
	fake_teardown(f);
}

/* The acknowledgement of one is lost: it is asked about, the other one is not. */
static void one_acknowledgement_lost(void **state)
{
	struct fake *f = filled();

	(void)state;
	tell(f, UPDATE_ACCEPTED, T1, "");
	f->answer = say(f, UPDATE_ACCEPTED, S1);
	wait_us(f, LEG_ANSWER_US);
	wait_us(f, 10 * SECOND);
	assert_int_equal(f->queries, 1);
	assert_int_equal(named(f, S1)->state, LEG_LIVE);
	assert_int_equal(last(f)->uncovered_from_us, 0);
	fake_teardown(f);
}

/* Refused as a whole, whichever is told first: one wait, then one new list. */
static void refused(void **state)
{
	static const char *const first[] = { T1, S1 }, *const second[] = { S1, T1 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake *f = filled();

		tell(f, UPDATE_REJECTED, first[i], "no");
		assert_int_equal(last(f)->retries, 0);
		assert_int_equal(f->requests, 2); /* the coins are locked until both are told */
		assert_int_equal(f->cancels_n, 0);
		tell(f, UPDATE_REJECTED, second[i], "no");
		tell(f, UPDATE_REJECTED, first[i], "no"); /* twice */
		assert_int_equal(last(f)->retries, 1);
		assert_int_equal(last(f)->phase, PHASE_HOLDING);
		assert_int_equal(f->requests, 2);
		wait_us(f, RETRY_US);
		assert_int_equal(f->requests, 3);
		assert_string_equal(f->placed[3].client_order_id, T2);
		assert_string_equal(f->placed[4].client_order_id, S2);
		assert_string_equal(newest(f)->list_id, "tbaaaaaa-1-l2");
		fake_teardown(f);
	}
}

/* The request does not even leave. */
static void not_taken_in(void **state)
{
	struct fake *f = SPOT_OCO;

	(void)state;
	enter(f);
	f->refuse_places = 1;
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	assert_int_equal(leg_status(named(f, T1)), STATUS_REJECTED);
	assert_int_equal(leg_status(named(f, S1)), STATUS_REJECTED);
	assert_int_equal(last(f)->retries, 1);
	wait_us(f, RETRY_US);
	assert_int_equal(f->placed_n, 3);
	assert_string_equal(newest(f)->client_order_id, S2);
	fake_teardown(f);
}

/* Refused because the market is beyond the target: the gain is taken. */
static void refused_beyond_the_target(void **state)
{
	struct fake *f = filled();

	(void)state;
	trade(f, "50200");
	tell(f, UPDATE_REJECTED, T1, "LIMIT_MAKER");
	tell(f, UPDATE_REJECTED, S1, "LIMIT_MAKER");
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	fill(f, C1, "50200", "0.002", "0.002");
	assert_reason(f, CLOSE_TAKE_PROFIT);
	fake_teardown(f);
}

/* The stop is told ended before the fill that ended it, or after it: the same comes of both. */
static void target_in_part(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct fake *f = protected();

		if (!late) {
			tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
			assert_int_equal(named(f, T1)->state, LEG_FIRING);
			assert_int_equal(f->cancels_n, 0); /* its fill is on the way */
		}
		fill(f, T1, "50150", "0.0005", "0.0005");
		assert_true(last(f)->uncovered_from_us != 0);
		assert_int_equal(f->cancels_n, 1); /* the list, once */
		assert_string_equal(f->cancels[0], T1);
		if (late)
			tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
		tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER"); /* again */
		assert_int_equal(f->requests, 2);
		fill(f, T1, "50150", "0.0005", "0.001"); /* before the cancel arrives */
		assert_int_equal(f->requests, 2);
		tell(f, UPDATE_CANCELLED, T1, "");
		assert_int_equal(f->requests, 3);
		assert_int_equal(f->cancels_n, 1);
		assert_int_equal(qty_units(f->placed[3].quantity), qty_units(Q("0.001")));
		assert_int_equal(qty_units(f->placed[4].quantity), qty_units(Q("0.001")));
		tell(f, UPDATE_ACCEPTED, T2, "");
		tell(f, UPDATE_ACCEPTED, S2, "");
		assert_int_equal(last(f)->uncovered_from_us, 0);
		tell(f, UPDATE_EXPIRED, T2, "OCO_TRIGGER");
		fill(f, S2, "49949", "0.001", "0.001");
		assert_reason(f, CLOSE_STOP_LOSS);
		fake_teardown(f);
	}
}

/* All of the target: closed when the stop's end is known as well, which needs no cancel. */
static void target_whole(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct fake *f = protected();

		if (!late)
			tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
		fill(f, T1, "50150", "0.002", "0.002");
		if (late) {
			assert_int_equal(last(f)->phase, PHASE_CLOSING);
			tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
		}
		assert_reason(f, CLOSE_TAKE_PROFIT);
		assert_int_equal(f->cancels_n, 0);
		assert_int_equal(f->queries, 0);
		assert_int_equal(leg_status(named(f, S1)), STATUS_EXPIRED);
		assert_int_equal(leg_status(named(f, T1)), STATUS_FILLED);
		fake_teardown(f);
	}
}

/* One of two lists takes its profit: that its stop ends with it is no loss of protection. */
static void one_of_two_lists(void **state)
{
	struct fake *f = SPOT_OCO;

	(void)state;
	enter(f);
	fill(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.001");
	fill(f, "tbaaaaaa-1-e1", "50000", "0.001", "0.002");
	tell(f, UPDATE_ACCEPTED, T1, "");
	tell(f, UPDATE_ACCEPTED, S1, "");
	tell(f, UPDATE_ACCEPTED, T2, "");
	tell(f, UPDATE_ACCEPTED, S2, "");
	fill(f, T1, "50150", "0.001", "0.001");
	assert_int_equal(last(f)->uncovered_from_us, 0);
	tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
	assert_int_equal(last(f)->retries, 0);
	assert_int_equal(last(f)->retry_us, 0);
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	assert_int_equal(f->cancels_n, 0);
	fake_teardown(f);
}

/* The news of the stop's end is lost: it is asked for by its id. */
static void stops_end_is_lost(void **state)
{
	struct fake *f = protected();

	(void)state;
	fill(f, T1, "50150", "0.002", "0.002");
	f->answer = say(f, UPDATE_EXPIRED, S1);
	wait_us(f, LEG_ANSWER_US - SECOND);
	assert_int_equal(f->queries, 0);
	wait_us(f, SECOND);
	assert_int_equal(f->queries, 1);
	assert_reason(f, CLOSE_TAKE_PROFIT);
	fake_teardown(f);
}

/* The fill is lost, and only the stop's end is told: the target is asked what it traded. */
static void targets_fill_is_lost(void **state)
{
	struct fake *f = protected();

	(void)state;
	tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
	f->answer = say(f, UPDATE_FILL, T1);
	f->answer.price = P("50150");
	f->answer.cumulative = Q("0.002");
	wait_us(f, LEG_ANSWER_US);
	assert_int_equal(f->cancels_n, 0);
	assert_reason(f, CLOSE_TAKE_PROFIT);
	assert_int_equal(qty_units(last(f)->exited), qty_units(Q("0.002")));
	fake_teardown(f);
}

/* The stop is gone and the target lives without a fill: it is taken back, a new list follows. */
static void stop_gone_without_a_fill(void **state)
{
	struct fake *f = protected();

	(void)state;
	tell(f, UPDATE_EXPIRED, S1, "gone");
	f->answer = say(f, UPDATE_ACCEPTED, T1);
	wait_us(f, LEG_ANSWER_US);
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], T1);
	tell(f, UPDATE_CANCELLED, T1, "");
	assert_string_equal(newest(f)->client_order_id, S2);
	fake_teardown(f);
}

/* The stop was set off: nothing is sent while it works, and the target's end needs no cancel. */
static void stop_triggers(void **state)
{
	struct fake *f = protected();

	(void)state;
	tell(f, UPDATE_EXPIRED, T1, "OCO_TRIGGER");
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	assert_int_equal(last(f)->uncovered_from_us, 0); /* it protects until it has traded */
	assert_int_equal(last(f)->retries, 0);
	assert_true(f->requests == 2 && f->cancels_n == 0);
	fill(f, S1, "49949", "0.001", "0.001");
	assert_true(f->requests == 2 && f->cancels_n == 0);
	tell(f, UPDATE_EXPIRED, T1, "OCO_TRIGGER");
	fill(f, S1, "49948", "0.001", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

static void targets_end_is_lost(void **state)
{
	struct fake *f = protected();

	(void)state;
	fill(f, S1, "49949", "0.002", "0.002");
	assert_int_equal(f->cancels_n, 0);
	f->answer = say(f, UPDATE_EXPIRED, T1);
	wait_us(f, LEG_ANSWER_US);
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* What the stop did not get is sold: both orders are over and the market is beyond the stop. */
static void stop_in_part(void **state)
{
	struct fake *f = protected();
	struct venue_update u;

	(void)state;
	tell(f, UPDATE_EXPIRED, T1, "OCO_TRIGGER");
	trade(f, "49940");
	fill(f, S1, "49940", "0.001", "0.001");
	u = say(f, UPDATE_EXPIRED, S1);
	u.cumulative = Q("0.001");
	hear(f, &u);
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.001")));
	fill(f, C1, "49930", "0.001", "0.001");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

/* A close takes the list back by one cancel and sells when both are told, in either order. */
static void closed_by_hand(void **state)
{
	static const char *const first[] = { T1, S1 }, *const second[] = { S1, T1 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake *f = protected();

		command(f, EVENT_STOP, true);
		assert_int_equal(f->cancels_n, 1);
		assert_string_equal(f->cancels[0], T1);
		tell(f, UPDATE_CANCELLED, first[i], "");
		assert_int_equal(f->requests, 2);
		tell(f, UPDATE_CANCELLED, second[i], "");
		tell(f, UPDATE_CANCELLED, first[i], ""); /* twice */
		assert_int_equal(f->requests, 3);
		assert_int_equal(f->cancels_n, 1);
		assert_int_equal(newest(f)->type, TYPE_MARKET);
		fill(f, C1, "50000", "0.002", "0.002");
		assert_reason(f, CLOSE_STOP_COMMAND);
		fake_teardown(f);
	}
}

/* Only one of the two is told cancelled: the other one is asked about, and does not get stuck. */
static void one_cancel_is_lost(void **state)
{
	static const char *const heard[] = { T1, S1 }, *const lost[] = { S1, T1 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fake *f = protected();

		command(f, EVENT_STOP, true);
		tell(f, UPDATE_CANCELLED, heard[i], "");
		f->answer = say(f, UPDATE_CANCELLED, lost[i]);
		wait_us(f, LEG_ANSWER_US);
		assert_int_equal(leg_status(named(f, lost[i])), STATUS_CANCELLED);
		assert_int_equal(newest(f)->type, TYPE_MARKET);
		fake_teardown(f);
	}
}

/* Its list is over and the venue says that it lives: it is taken back by itself. */
static void a_stop_that_outlives_its_list(void **state)
{
	struct fake *f = protected();

	(void)state;
	command(f, EVENT_STOP, true);
	tell(f, UPDATE_CANCELLED, T1, "");
	f->answer = say(f, UPDATE_ACCEPTED, S1);
	wait_us(f, LEG_ANSWER_US);
	assert_int_equal(f->cancels_n, 2);
	assert_string_equal(f->cancels[1], S1);
	assert_int_equal(f->requests, 2); /* nothing is sold while its coins are locked */
	fake_teardown(f);
}

/* The list fills while its cancel is on the way. */
static void target_beats_the_cancel(void **state)
{
	struct fake *f = protected();

	(void)state;
	command(f, EVENT_STOP, true);
	tell(f, UPDATE_EXPIRED, S1, "OCO_TRIGGER");
	assert_int_equal(named(f, T1)->state, LEG_CANCELLING);
	fill(f, T1, "50150", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_COMMAND);
	tell(f, UPDATE_CANCEL_REJECTED, T1, "unknown order");
	assert_true(f->requests == 2 && f->cancels_n == 1);
	fake_teardown(f);
}

static struct leg *live(struct order *o, enum leg_kind kind, const char *id, int64_t leg_id)
{
	struct leg *l = &o->legs[o->legs_n++];

	l->id = leg_id;
	l->kind = kind;
	l->n = ++o->leg_count[leg_kind_index(kind)];
	l->side = SIDE_SELL;
	l->state = LEG_LIVE;
	l->acked_us = 1;
	l->quantity = Q("0.002");
	l->stop_price = P("49950");
	l->type = kind == LEG_STOP ? TYPE_STOP_MARKET : TYPE_LIMIT_MAKER;
	if (kind == LEG_TAKE_PROFIT)
		l->price = P("50150");
	snprintf(l->client_order_id, sizeof(l->client_order_id), "%s", id);
	snprintf(l->list_id, sizeof(l->list_id), "tbaaaaaa-1-l1");
	return l;
}

/* A start with what a list has left: the other leg is over, and no row of it is read. */
static struct fake *comes_up_with(enum leg_kind kind, const char *id, const char *gone)
{
	struct fake *f = fake_new(false, true, 3);
	struct bot_restore r = { .status = BOT_RUNNING };
	struct order *o = xcalloc(1, sizeof(*o));
	struct err e;

	f->rows.orders_n = 1;
	f->rows.orders = xcalloc(1, sizeof(*f->rows.orders));
	f->rows.legs_n = 3;
	f->rows.legs = xcalloc(capacity(3), sizeof(*f->rows.legs));
	o->id = o->bot_id = 1;
	snprintf(o->symbol, sizeof(o->symbol), "BTCUSDT");
	o->status = ORDER_ACTIVE;
	o->phase = PHASE_HOLDING;
	o->limit_price = P("50000");
	o->take_profit = P("50150");
	o->stop_loss = P("49950");
	o->quantity = o->filled = Q("0.002");
	o->entry_notional = M("100");
	o->created_us = o->opened_us = f->now - SECOND;
	o->holding_us = o->maker_timeout_us = 120 * SECOND;
	o->leg_count[leg_kind_index(LEG_TAKE_PROFIT)] = kind == LEG_STOP;
	o->leg_count[leg_kind_index(LEG_STOP)] = kind != LEG_STOP;
	live(o, kind, id, kind == LEG_STOP ? 3 : 2)->filled = Q(gone);
	o->exited = Q(gone);
	assert_int_equal(money_notional(P("50150"), o->exited, ROUND_NEAREST,
					&o->exit_notional), 0);
	fake_run(f, &r);
	assert_int_equal(engine_order_restore(f->e, o, &e), 0);
	free(o);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	f->answer = say(f, UPDATE_ACCEPTED, id);
	f->answer.cumulative = Q(gone);
	engine_advance(f->e, f->now);
	trade(f, "50000");
	return f;
}

/* What the target has left is protected anew by what the next event makes it do. */
static void comes_up_with_a_bare_target(void **state)
{
	struct fake *f = comes_up_with(LEG_TAKE_PROFIT, T1, "0.0005");

	(void)state;
	fill(f, T1, "50150", "0.0001", "0.0006");
	assert_int_equal(f->cancels_n, 1);
	tell(f, UPDATE_CANCELLED, T1, "");
	assert_string_equal(newest(f)->client_order_id, S2);
	assert_int_equal(qty_units(newest(f)->quantity), qty_units(Q("0.0014")));
	fake_teardown(f);
}

/* A stop that was set off and waits covers what is held: no second list, no cancel. */
static void comes_up_with_a_stop_set_off(void **state)
{
	struct fake *f = comes_up_with(LEG_STOP, S1, "0");

	(void)state;
	assert_true(f->placed_n == 0 && f->cancels_n == 0);
	fill(f, S1, "49949", "0.002", "0.002");
	assert_reason(f, CLOSE_STOP_LOSS);
	fake_teardown(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_orders_of_one_request),
		cmocka_unit_test(each_is_acknowledged),
		cmocka_unit_test(one_acknowledgement_lost),
		cmocka_unit_test(refused),
		cmocka_unit_test(not_taken_in),
		cmocka_unit_test(refused_beyond_the_target),
		cmocka_unit_test(target_in_part),
		cmocka_unit_test(target_whole),
		cmocka_unit_test(one_of_two_lists),
		cmocka_unit_test(stops_end_is_lost),
		cmocka_unit_test(targets_fill_is_lost),
		cmocka_unit_test(stop_gone_without_a_fill),
		cmocka_unit_test(stop_triggers),
		cmocka_unit_test(targets_end_is_lost),
		cmocka_unit_test(stop_in_part),
		cmocka_unit_test(closed_by_hand),
		cmocka_unit_test(one_cancel_is_lost),
		cmocka_unit_test(a_stop_that_outlives_its_list),
		cmocka_unit_test(target_beats_the_cancel),
		cmocka_unit_test(comes_up_with_a_bare_target),
		cmocka_unit_test(comes_up_with_a_stop_set_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
