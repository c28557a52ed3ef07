/* Exits as rules: what ends a position, or a part of it, through engine and simulation. */
#include "tests/unit/engine_world.h"

static void set(struct desk *d, const char *patch)
{
	struct field_errors f = { 0 };
	cJSON *v;

	assert_int_equal(json_read(patch, strlen(patch), &v, &d->err), 0);
	if (bot_config_apply(&d->bot, v, &f))
		fail_msg("%s: %s", f.list[0].field, f.list[0].message);
	cJSON_Delete(v);
}

/* Room on both sides: stop 2 %, no target, a long holding time; then these settings. */
static void begin(struct desk *d, const char *patch)
{
	set(d, "{\"stop_loss_pct\":0.02,\"profit_target_pct\":0,\"holding_time\":86400,"
	       "\"capital_per_trade\":1000}");
	set(d, patch);
	desk_enter(d);
	desk_wait(d, 100 * MS);
}

/* Of a list: its target is there with the same coins and the same stop. */
static void assert_with_target(struct desk *d, size_t stop)
{
	const struct leg *s = &d->rows.legs[stop].leg, *t = &d->rows.legs[stop - 1].leg;

	assert_true(!leg_done(t) && t->kind == LEG_TAKE_PROFIT);
	assert_string_equal(t->list_id, s->list_id);
	assert_int_equal(qty_units(t->quantity), qty_units(s->quantity));
	assert_int_equal(price_units(t->stop_price), price_units(s->stop_price));
}

/* "t 0.01 51000/49000, s 0.02 -/49000": what rests at the venue, oldest first; a list once. */
static const char *resting(struct desk *d)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->rows.legs_n; i++) {
		const struct leg *l = &d->rows.legs[i].leg;
		char q[MONEY_TEXT_MAX], p[MONEY_TEXT_MAX], s[MONEY_TEXT_MAX];

		if (leg_done(l))
			continue;
		if (l->list_id[0] && l->kind == LEG_STOP) {
			assert_with_target(d, i);
			continue;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c %s %s/%s", n ? ", " : "",
				      (char)l->kind, qty_text(l->quantity, q),
				      price_sign(l->price) ? price_text(l->price, p) : "-",
				      price_sign(l->stop_price) ?
				      price_text(l->stop_price, s) : "-");
	}
	return text;
}

static const struct order *last(struct desk *d) { return rows_last(&d->rows); }

static const char *why(struct desk *d) { return close_reason_name(last(d)->reason); }

/* A trade, a book around it, and time for the venue to answer. */
static void market(struct desk *d, const char *price)
{
	desk_trade(d, price);
	desk_book(d, price, price);
	desk_wait(d, 100 * MS);
	desk_book(d, price, price);
	desk_wait(d, 100 * MS);
}

/* ---- no target ---- */

static void a_position_without_a_target(void **state)
{
	struct desk *d = *state;

	begin(d, "{}");
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/49000" : "s 0.01998 -/49000");
	market(d, "60000");
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	market(d, "48999");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_string_equal(why(d), "stop_loss");
}

/* ---- minimal_roi ---- */

static void targets_by_age(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"minimal_roi\":{\"0\":0.02,\"10\":0.01,\"20\":0}}");
	/* 50000 x 1.02 x (1 + fee) / (1 - fee), spot / (1 - fee)^2; up to the tick */
	assert_string_equal(resting(d), d->futures ? "t 0.02 51020.5/-, s 0.02 -/49000" :
						     "t 0.01998 51102.16/49000");
	desk_wait(d, 600 * SECOND);
	desk_wait(d, 100 * MS);
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/49000, t 0.02 50520.3/-" :
						     "t 0.01998 50601.16/49000");
	desk_wait(d, 600 * SECOND);
	desk_wait(d, 100 * MS);
	market(d, "50100.4");
	assert_string_equal(why(d), "roi");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_true(money_sign(last(d)->pnl) >= 0);
	assert_true(money_cmp(last(d)->pnl, M("0.05")) < 0); /* break-even, but for the tick */
}

/* The price stands beyond a tier's target when it begins: sold at market. */
static void a_tier_that_is_reached_when_it_begins(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"minimal_roi\":{\"0\":0.05,\"10\":0.01}}");
	market(d, "51000");
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	desk_wait(d, 600 * SECOND);
	market(d, "51000");
	market(d, "51000");
	assert_string_equal(why(d), "roi");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 1);
}

static void the_nearer_target_counts(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"minimal_roi\":{\"0\":0.05,\"10\":0.001},\"profit_target_pct\":0.01}");
	assert_int_equal(price_units(last(d)->take_profit), price_units(P("50500")));
	desk_wait(d, 600 * SECOND);
	desk_wait(d, 100 * MS);
	assert_true(price_cmp(last(d)->take_profit, P("50500")) < 0);
	market(d, "50400");
	assert_string_equal(why(d), "roi");
}

/* ---- trailing_stop ---- */

static void a_stop_that_follows(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"trailing_stop\":true}");
	market(d, "51000");
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("49980")));
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/49980" : "s 0.01998 -/49980");
	market(d, "51500"); /* within ten seconds: it will be moved, and counts already */
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("49980")));
	desk_wait(d, 10 * SECOND);
	desk_wait(d, 100 * MS);
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/50470" : "s 0.01998 -/50470");
	market(d, "50600");
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	market(d, "50469");
	assert_string_equal(why(d), "trailing_stop");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	if (!d->futures)
		assert_true(last(d)->uncovered_us > 0 && last(d)->uncovered_us < SECOND);
}

/* The price falls through the stop before the old one was allowed to be moved there. */
static void a_nearer_stop_is_watched_meanwhile(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"trailing_stop\":true}");
	market(d, "51000");
	market(d, "52000"); /* wanted 50960 */
	market(d, "50950");
	market(d, "50950");
	assert_string_equal(why(d), "trailing_stop");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 1);
}

/* trailing_stop_positive counts from the offset on; until then the stop stays. */
static void from_an_offset_on(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"trailing_stop\":true,\"trailing_stop_positive\":0.005,"
		 "\"trailing_stop_positive_offset\":0.01,\"trailing_only_offset_is_reached\":true}");
	market(d, "50490");
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("49000")));
	market(d, "50600");
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("50347")));
}

/* ---- partial_targets ---- */

static void parts_leave_on_the_way(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"partial_targets\":[{\"at\":0.01,\"share\":0.5},{\"at\":0.02,\"share\":0.25}],"
		 "\"profit_target_pct\":0.03}");
	assert_string_equal(resting(d), d->futures ?
			    "t 0.01 50500/-, t 0.005 51000/-, t 0.005 51500/-, s 0.02 -/49000" :
			    "t 0.00999 50500/49000, t 0.00499 51000/49000, t 0.005 51500/49000");
	market(d, "50501");
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(d)->exited), qty_units(Q(d->futures ? "0.01" : "0.00999")));
	market(d, "51001");
	market(d, "51501");
	assert_string_equal(why(d), "take_profit");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_int_equal(d->rows.orders_n, 1);
}

/* The price is beyond a part's target when its order arrives: the venue refuses it, it is sold. */
static void a_part_that_is_reached_at_once(void **state)
{
	struct desk *d = *state;

	set(d, "{\"stop_loss_pct\":0.02,\"profit_target_pct\":0.03,\"capital_per_trade\":1000,"
	       "\"partial_targets\":[{\"at\":0.01,\"share\":0.5}]}");
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_trade(d, "50600");
	desk_book(d, "50600", "50600.1");
	for (int i = 0; i < 10; i++) {
		desk_wait(d, 100 * MS);
		desk_book(d, "50600", "50600.1");
	}
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(d)->exited), qty_units(Q(d->futures ? "0.01" : "0.00999")));
	assert_string_equal(resting(d), d->futures ? "t 0.01 51500/-, s 0.02 -/49000" :
						     "t 0.00999 51500/49000");
}

/* The rest has no target of its own: the trailing stop ends it. */
static void a_part_at_a_target_the_rest_trails(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"partial_targets\":[{\"at\":0.01,\"share\":0.5}],\"trailing_stop\":true}");
	market(d, "50501");
	desk_wait(d, 20 * SECOND);
	market(d, "52000");
	desk_wait(d, 100 * MS);
	market(d, "50959");
	market(d, "50959");
	assert_string_equal(why(d), "trailing_stop");
	assert_int_equal(last(d)->phase, PHASE_DONE);
}

/* Too little for orders of their own: they leave together, at the later target. */
static void parts_too_small_to_be_sold_alone(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"partial_targets\":[{\"at\":0.01,\"share\":0.02},{\"at\":0.02,\"share\":0.5}],"
		 "\"profit_target_pct\":0.03,\"capital_per_trade\":100}");
	if (d->futures)
		return; /* no least notional for what reduces */
	assert_string_equal(resting(d), "t 0.00103 51000/49000, t 0.00096 51500/49000");
}

/* ---- position_adjustment ---- */

static void adds_when_the_price_falls(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"position_adjustment\":{\"max_entries\":2,\"at\":0.01,\"size_factor\":1},"
		 "\"profit_target_pct\":0.01}");
	market(d, "49600");
	desk_second(d);
	assert_int_equal(last(d)->entries, 1);
	market(d, "49400");
	desk_book(d, "49400", "49400.1");
	desk_second(d);
	desk_wait(d, 20 * MS);
	assert_int_equal(last(d)->entries, 2);
	assert_int_equal(last(d)->phase, PHASE_ENTERING);
	assert_int_equal(last(d)->status, ORDER_ACTIVE);
	market(d, "49399");
	desk_wait(d, 100 * MS);
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(d)->filled), qty_units(Q("0.04")));
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("49000")));
	assert_int_equal(price_units(last(d)->take_profit), price_units(P("50197")));
	market(d, "49200"); /* no third one */
	desk_second(d);
	assert_int_equal(last(d)->entries, 2);
	for (int i = 0; i < 20; i++)
		desk_wait(d, 50 * MS);
	market(d, "50198");
	assert_string_equal(why(d), "take_profit");
	assert_int_equal(last(d)->phase, PHASE_DONE);
	assert_int_equal(d->rows.orders_n, 1);
}

/* What the whole position would lose at its stop is judged, not the further entry alone. */
static void adds_nothing_beyond_the_risk(void **state)
{
	struct desk *d = *state;

	d->config.max_risk_per_trade_pct = 0.25; /* of 10,000: one entry loses 22 at the stop */
	begin(d, "{\"position_adjustment\":{\"max_entries\":2,\"at\":0.002,\"size_factor\":1}}");
	market(d, "49890");
	desk_book(d, "49890", "49890.1");
	desk_second(d);
	assert_int_equal(last(d)->entries, 1);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "risk_per_trade");
}

/* The further entry is not filled in time: the position goes on as it was. */
static void a_further_entry_that_times_out(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"position_adjustment\":{\"max_entries\":3,\"at\":0.01,\"size_factor\":2}}");
	desk_wait(d, 15 * SECOND);
	market(d, "49400");
	desk_book(d, "49400", "49400.1");
	desk_second(d);
	desk_wait(d, 20 * MS);
	assert_int_equal(last(d)->entries, 2);
	market(d, "49700");
	desk_wait(d, 10 * SECOND); /* its time counts from itself, not from the first entry */
	assert_int_equal(last(d)->phase, PHASE_ENTERING);
	desk_wait(d, 10 * SECOND);
	desk_wait(d, 100 * MS);
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(d)->filled), qty_units(Q("0.02")));
	market(d, "49400");
	desk_book(d, "49400", "49400.1");
	desk_second(d);
	desk_wait(d, 20 * MS);
	assert_int_equal(last(d)->entries, 3);
	market(d, "48000");
	market(d, "48000");
	assert_string_equal(why(d), "stop_loss");
	assert_int_equal(last(d)->phase, PHASE_DONE);
}

/* ---- what the strategy wants ---- */

static void a_part_by_the_strategy(void **state)
{
	struct desk *d = *state;

	begin(d, "{\"profit_target_pct\":0.03}");
	d->brain[1].exits = true;
	d->brain[1].share = 0.5;
	desk_decide(d, 1, 0);
	d->brain[1].exits = false;
	market(d, "50100");
	market(d, "50100");
	assert_int_equal(last(d)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(d)->exited), qty_units(Q(d->futures ? "0.01" : "0.00999")));
	assert_int_equal(qty_units(last(d)->leaving), 0);
	desk_wait(d, 100 * MS);
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/49000, t 0.01 51500/-" :
						     "t 0.00999 51500/49000");
	market(d, "51501");
	assert_int_equal(last(d)->phase, PHASE_DONE);
}

static void a_stop_by_the_strategy(void **state)
{
	struct desk *d = *state;

	begin(d, "{}");
	d->brain[1].stop_to = P("49500");
	desk_decide(d, 1, 0);
	desk_wait(d, 100 * MS);
	assert_int_equal(price_units(last(d)->stop_loss), price_units(P("49500")));
	d->brain[1].stop_to = P("49200"); /* never back */
	desk_wait(d, 20 * SECOND);
	desk_decide(d, 1, 0);
	desk_wait(d, 100 * MS);
	assert_string_equal(resting(d), d->futures ? "s 0.02 -/49500" : "s 0.01998 -/49500");
	d->brain[1].stop_to = (struct price){ 0 };
	market(d, "49499");
	assert_string_equal(why(d), "stop_loss");
}

#define BOTH(test)                                                                     \
	{ #test ", spot", test, desk_setup_spot, desk_teardown, NULL },                \
	{ #test ", futures", test, desk_setup_futures, desk_teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_position_without_a_target),
		BOTH(targets_by_age),
		BOTH(a_tier_that_is_reached_when_it_begins),
		BOTH(the_nearer_target_counts),
		BOTH(a_stop_that_follows),
		BOTH(a_nearer_stop_is_watched_meanwhile),
		BOTH(from_an_offset_on),
		BOTH(parts_leave_on_the_way),
		BOTH(a_part_that_is_reached_at_once),
		BOTH(a_part_at_a_target_the_rest_trails),
		BOTH(parts_too_small_to_be_sold_alone),
		BOTH(adds_when_the_price_falls),
		BOTH(adds_nothing_beyond_the_risk),
		BOTH(a_further_entry_that_times_out),
		BOTH(a_part_by_the_strategy),
		BOTH(a_stop_by_the_strategy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
