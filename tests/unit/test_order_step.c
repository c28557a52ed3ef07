/* Orders: the table of phases, and each step's requests to the venue, without bot or engine. */
#include "tests/unit/floor_world.h"
#include "worker/trade/exits.h"

static void all_pairs(void **state)
{
	/* changes: entered, adds, closes, remains, finishes; letters of the next phase */
	static const char *const want[ORDER_PHASES] = {
		[PHASE_ENTERING] = "H.C.D", [PHASE_HOLDING] = ".EC.D",
		[PHASE_CLOSING] = "..CRD", [PHASE_DONE] = ".....", [PHASE_REMAINDER] = "..C.D",
	};

	(void)state;
	for (int p = 0; p < ORDER_PHASES; p++) {
		for (int c = 0; c < ORDER_CHANGES; c++) {
			struct order o = { .phase = (enum order_phase)p };
			enum order_phase to = (enum order_phase)77;
			struct floor f;

			floor_init(&f, false);
			if (want[p][c] == '.') {
				assert_int_equal(order_next(o.phase, (enum order_change)c, &to),
						 ERR_CONFLICT);
				assert_false(order_move(&f.step, &o, o.phase,
							(enum order_change)c, ""));
				assert_int_equal(f.effects.n, 0);
				assert_int_equal(o.phase, p);
			} else {
				assert_int_equal(order_next(o.phase, (enum order_change)c, &to), 0);
				assert_int_equal("EHCDR"[to], want[p][c]);
				assert_true(order_move(&f.step, &o, o.phase,
						       (enum order_change)c, "why"));
				assert_int_equal(o.phase, to);
				assert_int_equal(floor_count(&f, EFFECT_MOVE), (int)to != p);
			}
			floor_fini(&f);
		}
	}
}

static struct venue_update fill_of(const struct floor *f, const struct leg *l, const char *price,
				   const char *quantity)
{
	struct venue_update u = { .kind = UPDATE_FILL, .at_us = f->step.now_us, .trade_id = 9,
				  .price = P(price), .quantity = Q(quantity) };

	snprintf(u.fee_asset, sizeof(u.fee_asset), "USDT");
	memcpy(u.client_order_id, l->client_order_id, sizeof(u.client_order_id));
	return u;
}

/* An entry of 0.002, filled wholly; its protection is what the next step sends. */
static void enter(struct floor *f, bool futures)
{
	struct leg *l;
	struct venue_update u;

	floor_init(f, futures);
	l = floor_leg(f, LEG_ENTRY, TYPE_LIMIT_MAKER, "0.002");
	u = fill_of(f, l, "50000", "0.002");
	assert_true(order_book(&f->step, &f->order, l, &u));
	floor_next(f, 1);
}

static void acknowledge(struct floor *f)
{
	for (size_t i = 0; i < f->order.legs_n; i++) {
		struct leg *l = &f->order.legs[i];

		if (l->state != LEG_PLANNED)
			continue;
		l->acked_us = f->step.now_us;
		assert_true(leg_move(&f->step, &f->order, l, LEG_PLANNED, LEG_EV_ACKNOWLEDGED,
				     ""));
	}
	floor_next(f, 1);
}

/* state -> event -> what it needs, what is asked of the venue, phase */
static void protection(void **state)
{
	static const struct { bool futures, rests; const char *requests; } rows[] = {
		{ false, true, "send t1" },	/* spot: with its stop, as a list */
		{ false, false, "send t1" },	/* the target; the worker watches the stop */
		{ true, true, "send t1, send s1" },
		{ true, false, "send t1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct floor f;

		enter(&f, rows[i].futures);
		*(rows[i].futures ? &f.ops.caps.resting_stop : &f.ops.caps.oco) = rows[i].rests;
		assert_int_equal(order_step(&f.step, &f.order), ORDER_WAITS);
		assert_string_equal(floor_requests(&f), rows[i].requests);
		assert_int_equal(f.order.phase, PHASE_HOLDING);
		assert_int_equal(order_stop_rests(&f.step, &f.order), rows[i].rests);
		assert_true(f.order.uncovered_from_us != 0); /* until the venue has it */
		acknowledge(&f);
		assert_int_equal(order_step(&f.step, &f.order), ORDER_WAITS);
		assert_string_equal(floor_requests(&f), ""); /* nothing twice */
		assert_int_equal(f.order.uncovered_from_us == 0, rows[i].rests);
		floor_fini(&f);
	}
}

/* A part has a target, the rest has none: the list's stop is not the stop of the rest. */
static void a_list_beside_a_stop_alone(void **state)
{
	struct floor f;
	const struct leg *alone;

	(void)state;
	enter(&f, false);
	f.order.entry_base = f.order.limit_price;
	f.order.take_profit = P("0");
	f.order.rules.partial = (struct partial_targets){ .n = 1, .list = { { 0.01, 0.5 } } };
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "send t1, send s2");
	alone = &f.order.legs[f.order.legs_n - 1];
	assert_string_equal(alone->list_id, "");
	assert_int_equal(qty_units(alone->quantity), qty_units(Q("0.001")));
	acknowledge(&f);
	assert_true(order_stop_rests(&f.step, &f.order));
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "");
	assert_int_equal(f.order.uncovered_from_us, 0);
	floor_fini(&f);
}

/* The tick has grown since the decision: what is placed is on the new grid, nearer to the price. */
static void protection_on_a_new_grid(void **state)
{
	struct floor f;
	const struct leg *t, *s;

	(void)state;
	enter(&f, false);
	f.order.take_profit = P("51000.01");
	f.order.stop_loss = P("49500.01");
	f.market.info.tick = P("0.5");
	(void)order_step(&f.step, &f.order);
	t = order_live_leg(&f.order, LEG_TAKE_PROFIT);
	s = order_live_leg(&f.order, LEG_STOP);
	assert_int_equal(price_units(t->price), price_units(P("51000.5")));
	assert_int_equal(price_units(s->stop_price), price_units(P("49500.5")));
	acknowledge(&f);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), ""); /* and stays */
	floor_fini(&f);
}

static void closing(void **state)
{
	struct floor f;

	(void)state;
	enter(&f, true);
	(void)order_step(&f.step, &f.order);
	acknowledge(&f);
	assert_true(order_close(&f.step, &f.order, CLOSE_MANUAL, "cid"));
	assert_false(order_close(&f.step, &f.order, CLOSE_HOLDING_TIME, ""));
	assert_int_equal(order_step(&f.step, &f.order), ORDER_WAITS);
	assert_string_equal(floor_requests(&f), "cancel t1, cancel s1");
	floor_next(&f, 1);
	assert_int_equal(order_step(&f.step, &f.order), ORDER_WAITS);
	assert_string_equal(floor_requests(&f), ""); /* asked already */
	for (size_t i = 1; i < f.order.legs_n; i++)
		assert_true(leg_move(&f.step, &f.order, &f.order.legs[i], LEG_CANCELLING,
				     LEG_EV_CANCELLED, ""));
	assert_int_equal(order_step(&f.step, &f.order), ORDER_SELLS);
	order_sell(&f.step, &f.order, order_held(&f.step, &f.order));
	assert_string_equal(floor_requests(&f), "send c1");
	assert_int_equal(f.order.reason, CLOSE_MANUAL);
	floor_fini(&f);
}

/* No book to sell into: what rests stays, and the close waits for one. */
static void closing_in_a_silence(void **state)
{
	struct floor f;

	(void)state;
	enter(&f, true);
	(void)order_step(&f.step, &f.order);
	acknowledge(&f);
	floor_silent = true;
	assert_true(order_close(&f.step, &f.order, CLOSE_STOP_COMMAND, ""));
	assert_int_equal(order_step(&f.step, &f.order), ORDER_WAITS);
	assert_string_equal(floor_requests(&f), "");
	assert_true(f.effects.closes_wait);
	assert_int_equal(floor_count(&f, EFFECT_NOTICE), 1);
	floor_fini(&f);
}

static void what_ends_it(void **state)
{
	static const struct {
		int64_t after_us;
		const char *last;
		bool bot_runs, stop_rests;
		enum close_reason by_time, by_price;
	} rows[] = {
		{ 59000000, "50100", true, true, CLOSE_NONE, CLOSE_NONE },
		{ 60000000, "50100", true, true, CLOSE_HOLDING_TIME, CLOSE_NONE },
		{ 60000000, "50100", false, true, CLOSE_NONE, CLOSE_NONE },
		{ 1000000, "49500", true, false, CLOSE_NONE, CLOSE_STOP_LOSS },
		{ 1000000, "49500", true, true, CLOSE_NONE, CLOSE_NONE },
		{ 1000000, "49500.01", true, false, CLOSE_NONE, CLOSE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct floor f;

		enter(&f, true);
		f.ops.caps.resting_stop = rows[i].stop_rests;
		(void)order_step(&f.step, &f.order);
		acknowledge(&f);
		f.step.now_us = f.order.opened_us + rows[i].after_us;
		f.market.last = P(rows[i].last);
		assert_int_equal(order_close_due(&f.step, &f.order, rows[i].bot_runs),
				 rows[i].by_time);
		assert_int_equal(order_watch_stop(&f.step, &f.order), rows[i].by_price);
		floor_fini(&f);
	}
}

/* A stop that rests and does not act is acted for, after its grace. */
static void a_stop_that_does_not_act(void **state)
{
	struct floor f;

	(void)state;
	enter(&f, true);
	(void)order_step(&f.step, &f.order);
	acknowledge(&f);
	f.market.last = P("49400");
	assert_int_equal(order_watch_stop(&f.step, &f.order), CLOSE_NONE);
	assert_int_equal(order_due(&f.order, true), f.step.now_us + STOP_GRACE_US);
	f.step.now_us += STOP_GRACE_US - 1;
	assert_int_equal(order_close_due(&f.step, &f.order, true), CLOSE_NONE);
	f.step.now_us++;
	assert_int_equal(order_close_due(&f.step, &f.order, true), CLOSE_STOP_LOSS);
	floor_fini(&f);
}

/* The entry waits no longer than its time; then it is taken back, once. */
static void maker_timeout(void **state)
{
	struct floor f;

	(void)state;
	floor_init(&f, false);
	(void)floor_leg(&f, LEG_ENTRY, TYPE_LIMIT_MAKER, "0.002");
	assert_int_equal(order_due(&f.order, true), FLOOR_NOW + f.order.maker_timeout_us);
	f.step.now_us = FLOOR_NOW + f.order.maker_timeout_us - 1;
	order_maker_timeout(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "");
	f.step.now_us++;
	order_maker_timeout(&f.step, &f.order);
	order_maker_timeout(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "cancel e1");
	assert_int_equal(f.order.reason, CLOSE_MAKER_TIMEOUT);
	floor_fini(&f);
}

/* The rows of an order and of a leg are in the effects once, however much happens. */
static void rows_once(void **state)
{
	struct floor f;

	(void)state;
	enter(&f, true);
	(void)order_step(&f.step, &f.order);
	(void)order_close(&f.step, &f.order, CLOSE_MANUAL, "");
	(void)order_step(&f.step, &f.order);
	assert_int_equal(floor_count(&f, EFFECT_ORDER), 1);
	assert_int_equal(floor_count(&f, EFFECT_LEG), 2);
	floor_fini(&f);
}

static void ended(struct floor *f, enum leg_kind kind)
{
	for (size_t i = 0; i < f->order.legs_n; i++)
		if (f->order.legs[i].kind == kind &&
		    (f->order.legs[i].state == LEG_CANCELLING || f->order.legs[i].list_id[0]))
			(void)leg_move(&f->step, &f->order, &f->order.legs[i],
				       f->order.legs[i].state, LEG_EV_CANCELLED, "");
	floor_next(f, 1);
}

/* A protected position whose stop the strategy wants nearer. */
static void want_nearer_stop(struct floor *f, bool futures)
{
	enter(f, futures);
	f->order.entry_base = f->order.limit_price;
	f->order.profit_target = f->order.take_profit;
	f->order.stop_move_us = 10000000;
	(void)order_step(&f->step, &f->order);
	acknowledge(f);
	(void)order_step(&f->step, &f->order);
	floor_next(f, 1);
	assert_int_equal(order_want_stop(&f->step, &f->order, P("49400")), 0); /* never back */
	assert_int_equal(order_want_stop(&f->step, &f->order, P("49700")), STOP_MOVED);
}

/* USD-M: the new stop first, the old one goes when the venue has the new one. */
static void a_stop_moves_on_futures(void **state)
{
	struct floor f;

	(void)state;
	want_nearer_stop(&f, true);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "send s2");
	floor_next(&f, 1);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), ""); /* not before the new one stands */
	acknowledge(&f);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "cancel s1");
	assert_int_equal(f.order.uncovered_from_us, 0);
	ended(&f, LEG_STOP);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "");
	assert_int_equal(order_want_stop(&f.step, &f.order, P("49800")), 0); /* ten seconds */
	assert_int_equal(order_due(&f.order, false), f.order.stop_moved_us + 10000000);
	assert_int_equal(order_want_stop(&f.step, &f.order, P("49750")), 0); /* nor less near */
	assert_int_equal(price_units(exits_stop(&f.order)), price_units(P("49800")));
	f.step.now_us = f.order.stop_moved_us + 10000000;
	assert_int_equal(order_move_exits(&f.step, &f.order), STOP_MOVED);
	assert_int_equal(price_units(f.order.stop_loss), price_units(P("49800")));
	floor_fini(&f);
}

/* Spot: the coins lie in the old order list; without a stop for five seconds it is closed. */
static void a_stop_moves_on_spot(void **state)
{
	int64_t since;
	struct floor f;

	(void)state;
	want_nearer_stop(&f, false);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "cancel t1");
	ended(&f, LEG_TAKE_PROFIT);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), ""); /* its stop is told of in a moment */
	ended(&f, LEG_STOP);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "send t2");
	since = f.order.uncovered_from_us;
	assert_true(since != 0);
	f.step.now_us = since + REPLACE_GRACE_US - 1;
	assert_int_equal(order_close_due(&f.step, &f.order, false), CLOSE_NONE);
	f.step.now_us++;
	assert_int_equal(order_close_due(&f.step, &f.order, false), CLOSE_STOP_LOSS);
	floor_fini(&f);
}

/* The part's coins are freed first; what stays is covered again at once. */
static void a_part_leaves_on_spot(void **state)
{
	struct venue_update u;
	struct floor f;
	struct leg *l;

	(void)state;
	enter(&f, false);
	(void)order_step(&f.step, &f.order);
	acknowledge(&f);
	assert_int_equal(order_leave(&f.step, &f.order, Q("0.00001"), CLOSE_EXIT_SIGNAL, "c"),
			 PART_TOO_SMALL);
	assert_int_equal(order_leave(&f.step, &f.order, Q("0.00195"), CLOSE_EXIT_SIGNAL, "c"),
			 PART_IS_ALL);
	assert_int_equal(order_leave(&f.step, &f.order, Q("0.001"), CLOSE_EXIT_SIGNAL, "c"),
			 PART_LEAVES);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "cancel t1");
	ended(&f, LEG_TAKE_PROFIT);
	ended(&f, LEG_STOP);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "send t2, send c1");
	assert_int_equal(qty_units(order_live_leg(&f.order, LEG_TAKE_PROFIT)->quantity),
			 qty_units(Q("0.001")));
	l = order_live_leg(&f.order, LEG_CLOSE);
	u = fill_of(&f, l, "50000", "0.001");
	(void)order_book(&f.step, &f.order, l, &u);
	assert_int_equal(qty_units(f.order.leaving), 0);
	floor_next(&f, 1);
	(void)order_step(&f.step, &f.order);
	assert_string_equal(floor_requests(&f), "");
	assert_int_equal(f.order.phase, PHASE_HOLDING);
	floor_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs),
		cmocka_unit_test(protection),
		cmocka_unit_test(a_list_beside_a_stop_alone),
		cmocka_unit_test(protection_on_a_new_grid),
		cmocka_unit_test(closing),
		cmocka_unit_test(closing_in_a_silence),
		cmocka_unit_test(what_ends_it),
		cmocka_unit_test(a_stop_that_does_not_act),
		cmocka_unit_test(maker_timeout),
		cmocka_unit_test(rows_once),
		cmocka_unit_test(a_stop_moves_on_futures),
		cmocka_unit_test(a_stop_moves_on_spot),
		cmocka_unit_test(a_part_leaves_on_spot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
