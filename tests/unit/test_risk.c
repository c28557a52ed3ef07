/* Risk rules: each at its boundary, their order, and the documented defaults. */
#include "tests/unit/sim_world.h"

#include "worker/engine/risk.h"

static const char *const NAMES[] = {
	"book", "stale_feed", "clock_drift", "disk_full", "unknown_order", "max_positions",
	"max_open_positions", "cooldown", "venue_refused", "order_rate", "edge_after_fees",
	"risk_reward", "risk_per_trade", "daily_loss", "drawdown", "price_band", "filters",
	"max_notional", "funds",
};
#define RULES (sizeof(NAMES) / sizeof(NAMES[0]))

struct desk {			/* an entry that every rule allows, just */
	struct risk_limits limits;
	struct bot_config config;
	struct symbol_info symbol;
	struct risk_input in;
	char rule[RISK_RULE_MAX], reason[RISK_REASON_MAX];
};

static int setup(void **state)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	bot_config_defaults(&d->config);
	d->config.max_positions = 2;
	d->symbol = world_info(false);
	d->in.fees = (struct fees){ 0, 0 };
	d->limits = (struct risk_limits){
		.max_open_positions = 5, .max_risk_per_trade_pct = 2, .min_risk_reward_ratio = 3,
		.max_daily_loss_pct = 5, .max_drawdown_pct = 20, .cooldown_after_losses = 3,
		.cooldown_s = 60, .max_orders_per_min = 10, .price_band_pct = 1,
		.stale_feed_us = 10000000, .max_clock_drift_us = 1000000,
	};
	d->limits.max_notional = M("100");
	d->in = (struct risk_input){
		.limits = &d->limits, .config = &d->config, .symbol = &d->symbol, .now_us = T0,
		.feed_age_us = 10000000, .clock_drift_us = -1000000, .book_valid = true,
		.open_all = 4, .open_bot = 1, .orders_last_min = 9, .loss_streak = 3,
		.cooldown_until_us = T0, .refused_until_us = T0, .has_exits = true,
	};
	d->in.equity = M("100");
	d->in.peak_equity = M("124.9");
	d->in.day_equity = M("105.2");
	d->in.free = M("100");
	d->in.entry = P("50000");
	d->in.target = P("53000");
	d->in.stop = P("49000");
	d->in.last = P("50500");
	d->in.quantity = Q("0.002");
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void assert_allowed(struct desk *d)
{
	if (!risk_allows(&d->in, d->rule, d->reason))
		fail_msg("%s: %s", d->rule, d->reason);
}

static void assert_refused(struct desk *d, const char *rule)
{
	d->reason[0] = '\0';
	assert_false(risk_allows(&d->in, d->rule, d->reason));
	assert_string_equal(d->rule, rule);
	assert_true(strlen(d->reason) > 10);
}

/* The setup stands on every boundary; then one step over each. */
static void boundaries(void **state)
{
	struct desk *d = *state;
	struct risk_input good;

	d->in.last = P("50505.05"); /* 1 % of 50505.05 is 505.0505 */
	assert_allowed(d);
	good = d->in;
#define OVER(change, name) (d->in = good, change, assert_refused(d, name))
	OVER(d->in.book_valid = false, "book");
	OVER(d->in.entry = P("0"), "book");
	OVER(d->in.feed_age_us++, "stale_feed");
	OVER(d->in.clock_drift_us--, "clock_drift");
	OVER(d->in.clock_drift_us = 1000001, "clock_drift");
	OVER(d->in.disk_full = true, "disk_full");
	OVER(d->in.taken_over = Q("0.00001"), "risk_per_trade");
	OVER(d->in.open_bot++, "max_positions");
	OVER(d->in.unknown_orders = 1, "unknown_order");
	OVER(d->in.open_all++, "max_open_positions");
	OVER(d->in.cooldown_until_us++, "cooldown");
	OVER(d->in.orders_last_min++, "order_rate");
	OVER(d->in.refused_until_us++, "venue_refused");
	OVER(d->in.stop = P("48999.99"), "risk_reward");
	OVER(d->in.target = P("52999.99"), "risk_reward");
	OVER(d->in.target = P("50000"), "edge_after_fees");
	OVER(d->in.equity = M("99.9999"), "risk_per_trade"); /* 2 of 100 are at risk */
	OVER(d->in.day_equity = M("105.27"), "daily_loss");
	OVER(d->in.peak_equity = M("125"), "drawdown");
	OVER(d->in.last = P("50505.06"), "price_band");
	OVER(d->in.last = P("0"), "price_band");
	OVER(d->in.quantity = Q("0.00001"), "filters");
	OVER((d->limits.max_notional = M("99.99"), d->in.free = M("100")), "max_notional");
	d->limits.max_notional = M("100");
	OVER(d->in.free = M("99.99999999"), "funds");
#undef OVER
}

/* Percentages at their limit: a loss of exactly the limit stops, a risk of it goes. */
static void percent_boundaries(void **state)
{
	struct desk *d = *state;

	d->limits.max_daily_loss_pct = 5;
	d->in.day_equity = M("100");
	d->in.peak_equity = M("100");
	d->in.equity = M("95.01");
	d->limits.max_risk_per_trade_pct = 3;
	assert_allowed(d);
	d->in.equity = M("95");
	assert_refused(d, "daily_loss");
	d->limits.max_daily_loss_pct = 0;
	assert_allowed(d);
	d->limits.max_drawdown_pct = 5;
	assert_refused(d, "drawdown");
	d->in.equity = M("95.01");
	assert_allowed(d);
	/* i x 0.001 x 50000 x 0.1 % = 0.1 % of 50 i, but not always as doubles */
	d->limits.max_risk_per_trade_pct = 0.1;
	d->in.target = P("50150");
	d->in.stop = P("49950");
	for (int i = 1; i < 200; i++) {
		d->in.quantity = qty_of_units(i * 100000);
		d->in.equity = money_of_units(50 * i * RATE_ONE);
		d->in.free = d->limits.max_notional = d->in.equity; /* the whole notional */
		d->in.peak_equity = d->in.day_equity = d->in.equity;
		assert_allowed(d);
	}
}

static void set_fees(struct desk *d, int64_t maker_e8, int64_t taker_e8)
{
	d->in.fees = (struct fees){ .maker_e8 = maker_e8, .taker_e8 = taker_e8 };
}

static void documented_pair(void **state)
{
	struct desk *d = *state;

	d->in.target = P("50007.5"); /* 0.015 % */
	d->in.stop = P("49550");
	assert_refused(d, "risk_reward");
	assert_non_null(strstr(d->reason, "MIN_RISK_REWARD_RATIO is 3.00"));
	d->config.ignore_risk_reward = true;
	assert_allowed(d);
	d->config.ignore_risk_reward = false;
	d->limits.max_risk_per_trade_pct = 0;
	for (int i = 1; i < 1000; i++) { /* 3:1 passes whatever the last bits are */
		d->in.stop = price_of_units(price_units(d->in.entry) - i * INT64_C(1000000));
		d->in.target = price_of_units(price_units(d->in.entry) + i * INT64_C(3000000));
		assert_int_equal(qty_units(d->in.quantity), 200000);
		d->symbol.min_notional = M("0");
		assert_allowed(d);
	}
}

/* Reward and risk are what is left after the fees, as each order would pay them. */
static void net_of_fees(void **state)
{
	struct desk *d = *state;

	d->limits.max_risk_per_trade_pct = 0;
	set_fees(d, 20000, 50000); /* 0.02 % maker, 0.05 % taker */
	/* 100 in: fees 0.02 and, at the target, 0.0206; at the stop 0.0495 */
	d->in.target = P("51500"); /* +3 - 0.0406 = 2.9594 */
	d->in.stop = P("49500"); /* 1 + 0.0695 = 1.0695: 2.767 */
	assert_refused(d, "risk_reward");
	assert_non_null(strstr(d->reason, "target wins 2.9594, stop loses 1.0695"));
	assert_non_null(strstr(d->reason, "= 2.77, MIN_RISK_REWARD_RATIO is 3.00"));
	d->limits.min_risk_reward_ratio = 2.767;
	assert_allowed(d);
	/* the target's fees decide whether it wins at all */
	d->limits.min_risk_reward_ratio = 0;
	d->in.target = P("50020"); /* 0.04 - 0.02 - 0.020008 */
	assert_refused(d, "edge_after_fees");
	assert_non_null(strstr(d->reason, "-0.000008"));
	d->in.target = P("50020.01");
	assert_allowed(d);
	d->in.target = P("50000.01");
	d->config.ignore_risk_reward = true; /* lifts both rules */
	d->limits.min_risk_reward_ratio = 3;
	assert_allowed(d);
}

/* A short is the mirror image. */
static void net_of_fees_short(void **state)
{
	struct desk *d = *state;

	d->symbol.futures = true;
	d->in.free = M("200");
	d->limits.max_risk_per_trade_pct = 0;
	d->limits.min_risk_reward_ratio = 0;
	set_fees(d, 20000, 50000);
	d->in.target = P("49980"); /* 0.04 - 0.02 - 0.019992 */
	d->in.stop = P("50500");
	assert_allowed(d);
	d->in.target = P("49980.01");
	assert_refused(d, "edge_after_fees");
}

/* The stop costs its distance and both fees. */
static void risk_with_fees(void **state)
{
	struct desk *d = *state;

	d->limits.min_risk_reward_ratio = 0;
	set_fees(d, 100000, 100000);
	d->in.stop = P("49000"); /* 2 + 0.1 + 0.098 of 100 */
	d->limits.max_risk_per_trade_pct = 2.198;
	assert_allowed(d);
	d->limits.max_risk_per_trade_pct = 2.1979;
	assert_refused(d, "risk_per_trade");
	assert_non_null(strstr(d->reason, "cost 2.198 with fees, 2.1980% of equity, "
			       "MAX_RISK_PER_TRADE is 2.1979"));
}

/* The number that decided is told, with as many decimals as it takes. */
static void numbers_that_decide(void **state)
{
	struct desk *d = *state;

	d->in.stop = P("48999.9");
	assert_refused(d, "risk_reward");
	assert_non_null(strstr(d->reason, "2.9997"));
	assert_null(strstr(d->reason, "= 3.00,"));
	d->in.stop = P("49000");
	d->in.equity = M("99.9999");
	assert_refused(d, "risk_per_trade");
	assert_non_null(strstr(d->reason, "2.000002% of equity, MAX_RISK_PER_TRADE is 2.000000"));
	d->in.equity = M("100");
	d->in.day_equity = M("105.264");
	assert_refused(d, "daily_loss");
	assert_non_null(strstr(d->reason, "5.001% lost today, MAX_DAILY_LOSS is 5.000"));
	d->in.day_equity = M("105.2");
	d->in.last = P("50505.06");
	assert_refused(d, "price_band");
	assert_null(strstr(d->reason, "1.00%"));
}

static void zero_switches_off(void **state)
{
	struct desk *d = *state;

	memset(&d->limits, 0, sizeof(d->limits));
	d->in.feed_age_us = d->in.clock_drift_us = INT64_MAX / 2;
	d->in.open_all = d->in.orders_last_min = 1000000;
	d->in.loss_streak = 1000;
	d->in.target = P("50001");
	d->in.stop = P("25000");
	d->in.day_equity = d->in.peak_equity = M("1000000");
	d->in.last = P("1");
	d->in.free = M("100");
	assert_allowed(d);
	d->in.open_bot = 2;
	assert_refused(d, "max_positions"); /* the bot's own limit has no zero */
}

static void own_keys_skip(void **state)
{
	struct desk *d = *state;

	d->in.equity = M("10");
	d->in.day_equity = d->in.peak_equity = M("0"); /* nothing known yet: no loss */
	assert_refused(d, "risk_per_trade");
	d->config.ignore_risk_per_trade = true;
	assert_allowed(d);
}

static void filters(void **state)
{
	struct desk *d = *state;

	d->limits = (struct risk_limits){ 0 };
	d->in.free = M("100000000");
	d->in.quantity = Q("1000.00001");
	assert_refused(d, "filters");
	assert_non_null(strstr(d->reason, "above the symbol's maximum"));
	d->in.quantity = Q("1000");
	assert_allowed(d);
	d->in.quantity = Q("0");
	assert_refused(d, "filters");
	d->in.quantity = Q("0.00009"); /* 4.50 */
	assert_refused(d, "filters");
	assert_non_null(strstr(d->reason, "notional 4.5 is below"));
}

/* An entry whose exit would be too small for the venue is not begun. */
static void exit_passes_filters(void **state)
{
	struct desk *d = *state;

	d->limits = (struct risk_limits){ 0 };
	d->in.quantity = Q("0.00011"); /* 5.50; less fees 0.0001; at the stop 4.90 */
	assert_refused(d, "filters");
	assert_non_null(strstr(d->reason, "at the stop"));
	d->in.stop = d->in.entry;
	assert_allowed(d);
	d->in.stop = P("49000");
	d->symbol.futures = true; /* reduce-only orders need no notional */
	assert_allowed(d);
	d->symbol.futures = false;
	d->in.quantity = Q("0.00012");
	assert_allowed(d);
	d->symbol.min_notional = M("0");
	d->symbol.min_qty = d->in.quantity;
	assert_refused(d, "filters");
	assert_non_null(strstr(d->reason, "after fees"));
}

static void margin_of_futures(void **state)
{
	struct desk *d = *state;

	d->symbol.futures = true;
	d->config.leverage = 10;
	d->in.free = M("10");
	assert_allowed(d);
	d->in.free = M("9.99999999");
	assert_refused(d, "funds");
	/* the venue reserves the fee as well, at the dearer rate */
	set_fees(d, 0, 50000);
	d->limits.min_risk_reward_ratio = 0;
	d->limits.max_risk_per_trade_pct = 0;
	d->in.free = M("10.05");
	assert_allowed(d);
	d->in.free = M("10.04999999");
	assert_refused(d, "funds");
	assert_non_null(strstr(d->reason, "needs 10.05 of margin and fees"));
	d->config.leverage = 7; /* rounded up as the venue does */
	d->in.free = M("14.33571428");
	assert_refused(d, "funds");
	d->in.free = M("14.33571429");
	assert_allowed(d);
}

/* No price of the grid on either side: said by filters, nothing else is judged. */
static void no_exits(void **state)
{
	struct desk *d = *state;

	d->in.has_exits = false;
	d->in.target = d->in.stop = P("0");
	assert_refused(d, "filters");
	assert_non_null(strstr(d->reason, "two sides"));
}

/* With everything wrong the first rule speaks; repaired one by one, each next one. */
static void order_of_rules(void **state)
{
	struct desk *d = *state;
	struct risk_input good;

	d->limits.max_notional = M("99");
	good = d->in;
	d->in = (struct risk_input){
		.limits = &d->limits, .config = &d->config, .symbol = &d->symbol, .now_us = T0,
		.feed_age_us = INT64_MAX / 2, .clock_drift_us = INT64_MAX / 2, .open_all = 99,
		.unknown_orders = 99,
		.open_bot = 99, .orders_last_min = 99, .cooldown_until_us = T0 + 1,
		.refused_until_us = T0 + 1, .has_exits = true,
	};
	d->in.target = P("50000");
	d->in.stop = P("5000");
	d->in.entry = good.entry;
	d->in.last = P("1");
	d->in.quantity = Q("5000");
	d->in.equity = M("1");
	d->in.day_equity = d->in.peak_equity = M("1000000");
	assert_refused(d, "book");
	d->in.book_valid = true;
	assert_refused(d, "stale_feed");
	d->in.feed_age_us = 0;
	assert_refused(d, "clock_drift");
	d->in.clock_drift_us = 0;
	assert_refused(d, "unknown_order");
	d->in.unknown_orders = 0;
	assert_refused(d, "max_positions");
	d->in.open_bot = 0;
	assert_refused(d, "max_open_positions");
	d->in.open_all = 0;
	assert_refused(d, "cooldown");
	d->in.cooldown_until_us = 0;
	assert_refused(d, "venue_refused");
	d->in.refused_until_us = 0;
	assert_refused(d, "order_rate");
	d->in.orders_last_min = 0;
	assert_refused(d, "edge_after_fees");
	d->in.target = P("50001");
	assert_refused(d, "risk_reward");
	d->in.target = P("200000");
	assert_refused(d, "risk_per_trade");
	d->config.ignore_risk_per_trade = true;
	assert_refused(d, "daily_loss");
	d->in.day_equity = d->in.equity;
	assert_refused(d, "drawdown");
	d->in.peak_equity = d->in.equity;
	assert_refused(d, "price_band");
	d->in.last = good.last;
	assert_refused(d, "filters");
	d->in.quantity = Q("500");
	assert_refused(d, "max_notional");
	d->limits.max_notional = M("0");
	assert_refused(d, "funds");
	d->in.free = M("100000000");
	assert_allowed(d);
}

static void names(void **state)
{
	(void)state;
	for (size_t i = 0; i < RULES; i++) {
		assert_string_equal(risk_rule_name(i), NAMES[i]);
		assert_true(strlen(NAMES[i]) < RISK_RULE_MAX);
	}
	assert_null(risk_rule_name(RULES));
	assert_null(risk_rule_name(1000));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(boundaries), TEST(percent_boundaries), TEST(documented_pair),
		TEST(net_of_fees), TEST(net_of_fees_short), TEST(risk_with_fees),
		TEST(numbers_that_decide), TEST(no_exits),
		TEST(zero_switches_off), TEST(own_keys_skip), TEST(filters),
		TEST(exit_passes_filters), TEST(margin_of_futures), TEST(order_of_rules),
		TEST(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
