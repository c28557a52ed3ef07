/* Warnings for settings that would never trade or never win. */
#include "common/registry/symbol_info.h"
#include "tests/unit/bot_patch.h"

static bool warns(const struct field_errors *w, const char *field, const char *says)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->list[i].field, field) == 0 && strstr(w->list[i].message, says))
			return true;
	return false;
}

#define FEES { 100000, 100000 }	/* 0.1 % each */

static struct field_errors warnings(const struct bot_config *c, const struct bot_config_limits *l)
{
	struct field_errors w = { 0 };

	bot_config_warnings(c, l, &w);
	return w;
}

/* The documented defaults can never trade under the documented risk settings. */
static void defaults_warn(void **state)
{
	struct bot_config_limits l = { 3, 2, FEES, 0, money_of_units(10000 * RATE_ONE), 0, NULL,
				       NULL };
	struct bot_config c;
	struct field_errors w;

	(void)state;
	bot_config_defaults(&c);
	w = warnings(&c, &l);
	assert_int_equal(w.n, 3);
	assert_true(warns(&w, "profit_target_pct", "MIN_RISK_REWARD_RATIO=3 no entry"));
	assert_true(warns(&w, "profit_target_pct", "every trade loses, and edge_after_fees"));
	assert_true(warns(&w, "model_id", "is 0"));
	applies(&c, "{\"ignore_risk_reward\":true,\"model_id\":1}");
	w = warnings(&c, &l);
	assert_int_equal(w.n, 1);
	assert_true(warns(&w, "profit_target_pct", "every trade loses"));
	/* 2 % - 0.202 % = 1.798 %; 0.4 % + 0.1996 % = 0.5996 %: 2.9987 */
	applies(&c, "{\"ignore_risk_reward\":false,\"profit_target_pct\":0.02,"
		    "\"stop_loss_pct\":0.004}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "profit_target_pct", "use 0.02001 (2.001 %) or more"));
	applies(&c, "{\"profit_target_pct\":\"2.001%\"}");
	assert_int_equal(warnings(&c, &l).n, 0);
	l.min_risk_reward = 0;
	applies(&c, "{\"profit_target_pct\":0.003,\"stop_loss_pct\":0.001}");
	w = warnings(&c, &l); /* wins 0.0997 %, loses 0.2999 % */
	assert_true(w.n == 1 && warns(&w, "profit_target_pct", "75.1 % of the trades must reach"));
}

/* The least order of a futures pair is its own: the worker's rules, our table, what is usual. */
static void least_of_a_pair(void **state)
{
	struct bot_config_limits l = { .fees = FEES, .equity = money_of_units(10000 * RATE_ONE) };
	struct symbol_info market = { .min_notional = money_of_units(50 * RATE_ONE) };
	struct bot_config c;
	struct field_errors w;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, "{\"model_id\":1,\"profit_target_pct\":0.02,\"stop_loss_pct\":0.004,"
		    "\"exchange\":\"binance_futures\",\"leverage\":2,\"symbol\":\"BTCUSDT\","
		    "\"capital_per_trade\":49}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "least is 100 (by our table"));
	assert_true(warns(&w, "capital_per_trade", "use 50 or more"));
	l.market = &market;
	applies(&c, "{\"capital_per_trade\":24}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "least is 50 (of the worker's"));
	applies(&c, "{\"capital_per_trade\":26}");
	assert_int_equal(warnings(&c, &l).n, 0);
	l.market = NULL;
	applies(&c, "{\"symbol\":\"ETHUSDT\",\"capital_per_trade\":9}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "least is 20 "));
	applies(&c, "{\"symbol\":\"PEPEUSDT\",\"capital_per_trade\":2}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "least is 5 (usual for futures"));
}

/* What the rules would refuse each time, or what can't be meant. */
static void never_trades_warns(void **state)
{
	struct bot_config_limits l = { 0, 0, FEES, 0, money_of_units(10000 * RATE_ONE), 0, NULL,
				       NULL };
	const char *good = "{\"model_id\":1,\"profit_target_pct\":0.02,\"stop_loss_pct\":0.004}";
	struct bot_config c;
	struct field_errors w;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, good);
	assert_int_equal(warnings(&c, &l).n, 0);
	applies(&c, "{\"capital_per_trade\":5}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "the exchange's least is 5"));
	applies(&c, "{\"capital_per_trade\":0.00005,\"symbol\":\"LTCBTC\"}");
	assert_int_equal(warnings(&c, &l).n, 1);
	applies(&c, "{\"capital_per_trade\":0.0002}");
	assert_int_equal(warnings(&c, &l).n, 0);
	applies(&c, "{\"capital_per_trade\":200,\"symbol\":\"BTCUSDT\","
		    "\"confidence_threshold\":0}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "confidence_threshold", "every decision"));
	applies(&c, "{\"strategy\":\"ema_cross\"}");	/* has no confidence to judge */
	assert_int_equal(warnings(&c, &l).n, 0);
	applies(&c, "{\"strategy\":\"model\"}");
	applies(&c, "{\"confidence_threshold\":0.4,\"interval\":\"1h\",\"holding_time\":3599}");
	w = warnings(&c, &l);
	assert_true(w.n == 2 && warns(&w, "holding_time", "one candle of 1h"));
	applies(&c, "{\"holding_time\":3600}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "interval", "the first decision comes 60 hours later"));
	l.candles = 45;
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "interval", "60 closed candles, 45 are stored: the first "
				      "decision comes 15 hours later"));
	l.candles = 60;
	assert_int_equal(warnings(&c, &l).n, 0);
	l.candles = 0;
	applies(&c, "{\"interval\":\"1s\"}");
	assert_int_equal(warnings(&c, &l).n, 0);
	/* 1/100 - 0.5 % is before a stop at 0.9 %; the account's 10,000 stand behind 2 x 20,000 */
	applies(&c, "{\"exchange\":\"binance_futures\",\"leverage\":100,"
		    "\"stop_loss_pct\":0.009}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "leverage", "isolated"));
	l.equity = money_of_units(400 * RATE_ONE);
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "leverage", "even with all of the account"));
	applies(&c, "{\"leverage\":50}"); /* 1.5 % */
	assert_int_equal(warnings(&c, &l).n, 0);
}

static void too_large_warns(void **state)
{
	struct bot_config_limits l = { 3, 2, { 0, 0 }, 0, money_of_units(1000 * RATE_ONE),
				       0, NULL, NULL };
	struct bot_config c;
	struct field_errors w;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, "{\"model_id\":1,\"confirm_wide\":true,\"profit_target_pct\":0.3,"
		    "\"stop_loss_pct\":0.1,"
		    "\"exchange\":\"binance_futures\",\"capital_per_trade\":200}");
	assert_int_equal(warnings(&c, &l).n, 0);	/* 20 of 1000 is 2 % */
	l.fees = (struct fees){ 0, 0 };
	applies(&c, "{\"leverage\":2}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "stop_loss_pct", "MAX_RISK_PER_TRADE=2"));
	applies(&c, "{\"ignore_risk_per_trade\":true}");
	assert_int_equal(warnings(&c, &l).n, 0);
	l.max_notional = 400;
	assert_int_equal(warnings(&c, &l).n, 0);
	l.max_notional = 399;
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "capital_per_trade", "MAX_NOTIONAL=399"));
	l.equity = money_of_units(0);
	applies(&c, "{\"ignore_risk_per_trade\":false,\"capital_per_trade\":100}");
	assert_int_equal(warnings(&c, &l).n, 0);
}

/* A name that no market can have; one that the recordings don't hold, as spot or as USD-M. */
static void unknown_symbol_warns(void **state)
{
	struct bot_config_limits l = { 0, 0, FEES, 0, money_of_units(10000 * RATE_ONE), 0, NULL,
				       NULL };
	struct bot_config c;
	struct field_errors w;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, "{\"model_id\":1,\"profit_target_pct\":0.02,\"stop_loss_pct\":0.004}");
	assert_int_equal(warnings(&c, &l).n, 0);
	applies(&c, "{\"symbol\":\"BTCUSTD\"}");
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "symbol", "no market is known by this name"));
	applies(&c, "{\"symbol\":\"BTCUSDT\"}");
	l.recorded = "1000BTCUSDT (spot), BTCUSDT (USD-M)";
	w = warnings(&c, &l);
	assert_true(w.n == 1 && warns(&w, "symbol", "BTCUSDT (spot) is not among the markets"));
	l.recorded = "ETHUSDT (spot), BTCUSDT (spot)";
	assert_int_equal(warnings(&c, &l).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_warn), cmocka_unit_test(never_trades_warns),
		cmocka_unit_test(least_of_a_pair), cmocka_unit_test(unknown_symbol_warns),
		cmocka_unit_test(too_large_warns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
