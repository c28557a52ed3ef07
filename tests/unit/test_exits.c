/* Exits: the table of rows, targets by age, the trailing stop. Pure: no engine, no venue. */
#include "tests/unit/sim_world.h"
#include "worker/trade/exits.h"
#include "worker/store/exit_rules.h"

#define MINUTE (INT64_C(60000000))

/* 1 bought at 100, target 110, stop 95; no fees. */
static struct order position(enum side side)
{
	struct order o = { .side = side, .opened_us = T0, .entries = 1 };

	o.entry_base = P("100");
	o.take_profit = o.profit_target = side == SIDE_BUY ? P("110") : P("90");
	o.stop_loss = side == SIDE_BUY ? P("95") : P("105");
	o.filled = o.quantity = Q("1");
	o.rules.stop_loss = 0.05;
	o.rules.profit_target = 0.1;
	return o;
}

static struct symbol_info rules(bool futures)
{
	struct symbol_info i = world_info(futures);

	i.tick = P("0.01");
	i.step = i.min_qty = Q("0.001");
	return i;
}

/* "0.5@105 0.5@110" */
static const char *rows(const struct symbol_info *info, const struct order *o)
{
	static char text[512];
	struct exit_table t;
	size_t n = 0;

	text[0] = '\0';
	exits_table(info, o, &t);
	for (size_t i = 0; i < t.n; i++) {
		char q[MONEY_TEXT_MAX], p[MONEY_TEXT_MAX];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s@%s", n ? " " : "",
				      qty_text(t.rows[i].quantity, q),
				      price_text(t.rows[i].target, p));
	}
	return text;
}

static void parts(struct order *o, double at1, double share1, double at2, double share2)
{
	o->rules.partial.n = share2 > 0 ? 2 : 1;
	o->rules.partial.list[0].at = at1;
	o->rules.partial.list[0].share = share1;
	o->rules.partial.list[1].at = at2;
	o->rules.partial.list[1].share = share2;
}

static void one_row_for_all(void **state)
{
	struct symbol_info spot = rules(false);
	struct order o = position(SIDE_BUY);

	(void)state;
	assert_string_equal(rows(&spot, &o), "1@110");
	o.take_profit = (struct price){ 0 };
	assert_string_equal(rows(&spot, &o), "1@0");
	o.exited = Q("0.25");
	o.base_fees = Q("0.0015");
	assert_string_equal(rows(&spot, &o), "0.748@0");
	o.exited = Q("1");
	o.base_fees = (struct qty){ 0 };
	assert_string_equal(rows(&spot, &o), "");
}

/* What has left counts against the first rows, whatever made it leave. */
static void rows_by_share(void **state)
{
	static const struct { const char *exited, *leaving, *want; } at[] = {
		{ "0", "0", "0.5@105 0.25@107 0.25@110" },
		{ "0.5", "0", "0.25@107 0.25@110" },
		{ "0.2", "0", "0.3@105 0.25@107 0.25@110" },
		{ "0.2", "0.3", "0.25@107 0.25@110" },
		{ "0.6", "0", "0.15@107 0.25@110" },
		{ "0.8", "0", "0.2@110" },
	};
	struct symbol_info spot = rules(false);

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct order o = position(SIDE_BUY);

		parts(&o, 0.05, 0.5, 0.07, 0.25);
		o.exited = Q(at[i].exited);
		o.leaving = Q(at[i].leaving);
		assert_string_equal(rows(&spot, &o), at[i].want);
	}
}

static void shares_that_take_all(void **state)
{
	struct symbol_info spot = rules(false);
	struct order o = position(SIDE_SELL);

	(void)state;
	parts(&o, 0.05, 0.7, 0.07, 0.3);
	assert_string_equal(rows(&spot, &o), "0.7@95 0.3@93");
}

/* A row beyond the last target leaves with it; rows of one price are one. */
static void rows_beyond_the_target(void **state)
{
	struct symbol_info spot = rules(false);
	struct order o = position(SIDE_BUY);

	(void)state;
	parts(&o, 0.05, 0.5, 0.2, 0.25);
	assert_string_equal(rows(&spot, &o), "0.5@105 0.5@110");
}

/* At the stop's price: 5 quote at 95 are 0.053 of base. */
static void rows_too_small_to_be_sold_alone(void **state)
{
	struct symbol_info spot = rules(false), futures = rules(true);
	struct order o = position(SIDE_BUY);

	(void)state;
	parts(&o, 0.05, 0.05, 0.07, 0.9);
	assert_string_equal(rows(&spot, &o), "1@107");
	assert_string_equal(rows(&futures, &o), "0.05@105 0.9@107 0.05@110");
}

static void targets_by_age(void **state)
{
	static const struct { int64_t age_us; const char *want; } at[] = {
		{ 0, "110" }, { 10 * MINUTE - 1, "110" }, { 10 * MINUTE, "104" },
		{ 20 * MINUTE - 1, "104" }, { 20 * MINUTE, "100" }, { 9999 * MINUTE, "100" },
	};
	struct symbol_info spot = rules(false);
	struct order o = position(SIDE_BUY);
	char text[MONEY_TEXT_MAX];

	(void)state;
	o.rules.roi.n = 2;
	o.rules.roi.tiers[0].minutes = 10;
	o.rules.roi.tiers[0].ratio = 0.04;
	o.rules.roi.tiers[1].minutes = 20;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		assert_string_equal(price_text(exits_target(&spot, &o, T0 + at[i].age_us), text),
				    at[i].want);
	assert_int_equal(exits_next_tier(&o, 0), T0 + 10 * MINUTE);
	assert_int_equal(exits_next_tier(&o, T0 + 10 * MINUTE), T0 + 20 * MINUTE);
	assert_int_equal(exits_next_tier(&o, T0 + 20 * MINUTE), INT64_MAX);
	o.profit_target = P("102");
	assert_string_equal(price_text(exits_target(&spot, &o, T0), text), "102");
	assert_string_equal(price_text(exits_target(&spot, &o, T0 + 10 * MINUTE), text), "102");
}

/* What is left after both fees is the tier's ratio: spot pays its entry in coins. */
static void net_of_both_fees(void **state)
{
	static const struct { bool futures; enum side side; } kinds[] = {
		{ false, SIDE_BUY }, { true, SIDE_BUY }, { true, SIDE_SELL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct symbol_info info = rules(kinds[i].futures);
		struct order o = position(kinds[i].side);
		double exit, cost, got, ratio;

		o.profit_target = (struct price){ 0 };
		o.rules.roi.n = 1;
		o.rules.roi.tiers[0].ratio = 0.03;
		o.rules.entry_fee_e8 = RATE_ONE / 1000;
		o.rules.exit_fee_e8 = RATE_ONE / 2000;
		exit = price_double(exits_target(&info, &o, T0));
		if (o.side == SIDE_BUY) {
			cost = kinds[i].futures ? 100 * 1.001 : 100;
			got = exit * 0.9995 * (kinds[i].futures ? 1 : 0.999);
			ratio = got / cost - 1;
		} else {
			cost = exit * 1.0005;
			got = 100 * 0.999;
			ratio = 1 - cost / got;
		}
		assert_true(ratio >= 0.03 - 1e-9 && ratio < 0.03 + 0.01 / 90);
	}
}

static const char *trail(const struct symbol_info *info, const struct order *o, const char *best)
{
	static char text[MONEY_TEXT_MAX];
	struct price stop;

	return exits_trail(info, o, P(best), &stop) ? price_text(stop, text) : "no";
}

static void a_trailing_stop(void **state)
{
	struct symbol_info info = rules(true);
	struct order o = position(SIDE_BUY), s = position(SIDE_SELL);

	(void)state;
	assert_string_equal(trail(&info, &o, "108"), "no");
	o.rules.trailing = s.rules.trailing = true;
	assert_string_equal(trail(&info, &o, "108"), "102.6");
	assert_string_equal(trail(&info, &s, "90"), "94.5");
	o.rules.trailing_positive = s.rules.trailing_positive = 0.01;
	assert_string_equal(trail(&info, &o, "100"), "95");	/* no gain yet */
	assert_string_equal(trail(&info, &o, "101"), "99.99");
	o.rules.trailing_offset = s.rules.trailing_offset = 0.04;
	assert_string_equal(trail(&info, &o, "103.99"), "98.8");	/* 98.7905 */
	assert_string_equal(trail(&info, &o, "104"), "102.96");
	assert_string_equal(trail(&info, &s, "96"), "96.96");
	o.rules.trailing_only_offset = s.rules.trailing_only_offset = true;
	assert_string_equal(trail(&info, &o, "103.99"), "no");
	assert_string_equal(trail(&info, &o, "104"), "102.96");
	assert_string_equal(trail(&info, &s, "96.01"), "no");
}

static void the_stop_that_counts(void **state)
{
	struct order o = position(SIDE_BUY), s = position(SIDE_SELL);

	(void)state;
	assert_int_equal(price_units(exits_stop(&o)), price_units(P("95")));
	o.stop_wanted = P("94");
	assert_int_equal(price_units(exits_stop(&o)), price_units(P("95")));
	o.stop_wanted = P("97");
	assert_int_equal(price_units(exits_stop(&o)), price_units(P("97")));
	s.stop_wanted = P("103");
	assert_int_equal(price_units(exits_stop(&s)), price_units(P("103")));
}

static void what_the_rules_of_risk_see(void **state)
{
	struct symbol_info info = rules(true);
	struct order o = position(SIDE_BUY);
	char text[MONEY_TEXT_MAX];

	(void)state;
	assert_string_equal(price_text(exits_average_target(&info, &o), text), "110");
	parts(&o, 0.04, 0.5, 0, 0);
	assert_string_equal(price_text(exits_average_target(&info, &o), text), "107");
	o.take_profit = (struct price){ 0 }; /* the rest has none: nobody can say */
	assert_string_equal(price_text(exits_average_target(&info, &o), text), "0");
}

/* ---- the column ---- */

static void rules_as_text(void **state)
{
	struct exit_rules r = { 0 }, back;
	struct buf text = { 0 };

	(void)state;
	exit_rules_text(&r, &text);
	assert_string_equal(buf_text(&text), "{}");
	assert_int_equal(exit_rules_parse("{}", &back), 0);
	assert_memory_equal(&back, &r, sizeof(r));
	r.roi.n = 1;
	r.roi.tiers[0].minutes = 30;
	r.roi.tiers[0].ratio = 0.01;
	r.partial.n = 1;
	r.partial.list[0].at = 0.004;
	r.partial.list[0].share = 0.5;
	r.adjustment = (struct position_adjustment){ 3, 0.02, 1.5 };
	r.trailing = true;
	r.trailing_positive = 0.005;
	r.trailing_offset = 0.01;
	r.stop_loss = 0.03;
	r.entry_fee_e8 = 100000;
	r.exit_fee_e8 = 20000;
	buf_clear(&text);
	exit_rules_text(&r, &text);
	assert_int_equal(exit_rules_parse(buf_text(&text), &back), 0);
	assert_memory_equal(&back, &r, sizeof(r));
	buf_free(&text);
}

static void texts_that_are_none(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{\"minimal_roi\":{}}", "null",
		"{\"minimal_roi\":{},\"partial_targets\":[],\"position_adjustment\":{},"
		"\"trailing_stop\":true,\"trailing_only_offset_is_reached\":false,"
		"\"trailing_stop_positive\":-1,\"trailing_stop_positive_offset\":0,"
		"\"profit_target_pct\":0,\"stop_loss_pct\":0.1,\"entry_fee\":0,\"exit_fee\":0}",
		"{\"minimal_roi\":{\"x\":1},\"partial_targets\":[],\"position_adjustment\":{},"
		"\"trailing_stop\":true,\"trailing_only_offset_is_reached\":false,"
		"\"trailing_stop_positive\":0,\"trailing_stop_positive_offset\":0,"
		"\"profit_target_pct\":0,\"stop_loss_pct\":0.1,\"entry_fee\":0,\"exit_fee\":0}",
	};
	struct exit_rules r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(exit_rules_parse(bad[i], &r), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row_for_all),
		cmocka_unit_test(rows_by_share),
		cmocka_unit_test(shares_that_take_all),
		cmocka_unit_test(rows_beyond_the_target),
		cmocka_unit_test(rows_too_small_to_be_sold_alone),
		cmocka_unit_test(targets_by_age),
		cmocka_unit_test(net_of_both_fees),
		cmocka_unit_test(a_trailing_stop),
		cmocka_unit_test(the_stop_that_counts),
		cmocka_unit_test(what_the_rules_of_risk_see),
		cmocka_unit_test(rules_as_text),
		cmocka_unit_test(texts_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
