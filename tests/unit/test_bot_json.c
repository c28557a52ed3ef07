/* A bot's keys that are objects or lists: merged, refused, shown; roles; settings of before. */
#include "common/registry/bot_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct field_errors errors;

static int apply(struct bot_config *c, const char *patch)
{
	cJSON *v = NULL;
	int rc;

	memset(&errors, 0, sizeof(errors));
	assert_int_equal(json_read(patch, strlen(patch), &v, NULL), 0);
	rc = bot_config_apply(c, v, &errors);
	cJSON_Delete(v);
	assert_true(rc == 0 ? errors.n == 0 : errors.n > 0);
	return rc;
}

static void takes(struct bot_config *c, const char *patch)
{
	if (apply(c, patch))
		fail_msg("%s: %s %s", patch, errors.list[0].field, errors.list[0].message);
}

/* Refused with this field and text, and nothing changed. */
static void refuses(struct bot_config *c, const char *patch, const char *field, const char *text)
{
	struct bot_config before = *c;

	if (!apply(c, patch))
		fail_msg("%s is taken", patch);
	assert_memory_equal(&before, c, sizeof(before));
	assert_string_equal(errors.list[0].field, field);
	if (!strstr(errors.list[0].message, text))
		fail_msg("%s: '%s' does not say '%s'", patch, errors.list[0].message, text);
}

static void shows(const struct bot_config *c, const char *key, const char *want)
{
	struct buf b = { 0 };

	bot_key_json_text(c, bot_key_find(key), &b);
	assert_string_equal(buf_text(&b), want);
	buf_free(&b);
}

static void strategy_params(void **state)
{
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	shows(&c, "strategy_params", "{}");
	takes(&c, "{\"strategy_params\":{\"fast\":5},\"strategy\":\"ema_cross\"}");
	shows(&c, "strategy_params", "{\"fast\":5,\"slow\":26,\"trend_interval\":\"\"}");
	takes(&c, "{\"strategy_params\":{\"slow\":50}}"); /* merged */
	shows(&c, "strategy_params", "{\"fast\":5,\"slow\":50,\"trend_interval\":\"\"}");
	takes(&c, "{\"strategy_params\":{\"fast\":null}}");
	shows(&c, "strategy_params", "{\"fast\":12,\"slow\":50,\"trend_interval\":\"\"}");
	takes(&c, "{\"strategy_params\":null}");
	shows(&c, "strategy_params", "{\"fast\":12,\"slow\":26,\"trend_interval\":\"\"}");
	refuses(&c, "{\"strategy_params\":{\"fast\":26}}", "strategy_params", "less than slow");
	refuses(&c, "{\"strategy_params\":{\"fast\":1.5}}", "strategy_params.fast", "whole number");
	refuses(&c, "{\"strategy_params\":{\"fast\":\"12\"}}", "strategy_params.fast", "1 to 999");
	refuses(&c, "{\"strategy_params\":{\"medium\":12}}", "strategy_params.medium", "no "
										       "parameter");
	refuses(&c, "{\"strategy_params\":[]}", "strategy_params", "an object");
	refuses(&c, "{\"strategy_params\":{\"trend_interval\":\"2h\"}}",
		"strategy_params.trend_interval", "one of \"\", \"1s\", \"1m\"");
	refuses(&c, "{\"strategy_params\":{\"trend_interval\":1}}",
		"strategy_params.trend_interval", "\"1d\"");
	takes(&c, "{\"strategy_params\":{\"trend_interval\":\"1h\"}}");
	assert_true(c.strategy_params[EMA_TREND] == 5);
	shows(&c, "strategy_params", "{\"fast\":12,\"slow\":26,\"trend_interval\":\"1h\"}");
	takes(&c, "{\"strategy_params\":{\"trend_interval\":\"\"}}");
	takes(&c, "{\"strategy_params\":{\"fast\":5}}");
	takes(&c, "{\"strategy\":\"ema_cross\"}"); /* the same one: they stay */
	assert_true(c.strategy_params[EMA_FAST] == 5);
	takes(&c, "{\"strategy\":\"model\"}");
	shows(&c, "strategy_params", "{}");
	refuses(&c, "{\"strategy_params\":{\"fast\":5}}", "strategy_params.fast", "strategy model");
}

static void minimal_roi(void **state)
{
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	takes(&c, "{\"minimal_roi\":{\"60\":0.01,\"0\":0.02},\"profit_target_pct\":0.03}");
	shows(&c, "minimal_roi", "{\"0\":0.02,\"60\":0.01}");
	assert_true(c.profit_target_pct == 0.03);
	takes(&c, "{\"minimal_roi\":{\"30\":0.015,\"60\":null}}");
	shows(&c, "minimal_roi", "{\"0\":0.02,\"30\":0.015}");
	assert_true(c.profit_target_pct == 0.03); /* it was there before */
	takes(&c, "{\"minimal_roi\":null}");
	shows(&c, "minimal_roi", "{}");
	takes(&c, "{\"minimal_roi\":{\"0\":0.02}}"); /* without a target beside it */
	assert_true(c.profit_target_pct == 0);
	refuses(&c, "{\"minimal_roi\":{\"x\":0.02}}", "minimal_roi.x", "minutes");
	refuses(&c, "{\"minimal_roi\":{\"01\":0.02}}", "minimal_roi.01", "minutes");
	refuses(&c, "{\"minimal_roi\":{\"-1\":0.02}}", "minimal_roi.-1", "minutes");
	refuses(&c, "{\"minimal_roi\":{\"5\":\"0.02\"}}", "minimal_roi.5", "fraction");
	refuses(&c, "{\"minimal_roi\":{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,"
		    "\"8\":0}}", "minimal_roi", "at most 8");
	refuses(&c, "{\"minimal_roi\":0.02}", "minimal_roi", "an object");
}

static void trading_hours(void **state)
{
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	shows(&c, "trading_hours", "{}");
	takes(&c, "{\"trading_hours\":{}}");
	assert_int_equal(c.trading_hours.days, 0);
	takes(&c, "{\"trading_hours\":{\"days\":[\"fri\",\"mon\"],\"from\":\"08:00\","
		  "\"to\":\"22:30\","
		  "\"zone\":\"+02:00\"}}");
	assert_int_equal(c.trading_hours.days, 1U | 1U << 4);
	assert_int_equal(c.trading_hours.to_min, 1350);
	shows(&c, "trading_hours", "{\"days\":[\"mon\",\"fri\"],\"from\":\"08:00\","
				   "\"to\":\"22:30\","
	      "\"zone\":\"+02:00\",\"rule\":\"OFF-02:00\"}");
	takes(&c, "{\"trading_hours\":{\"from\":\"09:15\"}}");
	assert_int_equal(c.trading_hours.from_min, 555);
	assert_int_equal(c.trading_hours.to_min, 1350);
	assert_string_equal(c.trading_hours.zone, "+02:00");
	takes(&c, "{\"trading_hours\":{\"zone\":null}}");
	assert_string_equal(c.trading_hours.rule, "UTC0");
	refuses(&c, "{\"trading_hours\":{\"zone\":\"Mars/Olympus\"}}", "trading_hours.zone",
		"no zone");
	refuses(&c, "{\"trading_hours\":{\"from\":\"8:00\"}}", "trading_hours.from", "08:30");
	refuses(&c, "{\"trading_hours\":{\"from\":\"24:00\"}}", "trading_hours.from", "08:30");
	refuses(&c, "{\"trading_hours\":{\"to\":\"12:60\"}}", "trading_hours.to", "22:00");
	refuses(&c, "{\"trading_hours\":{\"days\":[]}}", "trading_hours.days", "mon");
	refuses(&c, "{\"trading_hours\":{\"days\":[\"Mon\"]}}", "trading_hours.days", "mon");
	refuses(&c, "{\"trading_hours\":{\"hours\":1}}", "trading_hours.*", "days");
	refuses(&c, "{\"trading_hours\":{\"zone\":\"X\",\"rule\":\"junk\"}}", "trading_hours.rule",
		"POSIX");
	/* A stored rule is taken as it is: a later zone database changes nothing. */
	takes(&c, "{\"trading_hours\":{\"zone\":\"Mars/Olympus\",\"rule\":\"MOT-1\"}}");
	assert_string_equal(c.trading_hours.rule, "MOT-1");
	takes(&c, "{\"trading_hours\":null}");
	shows(&c, "trading_hours", "{}");
}

static void adjustment_and_targets(void **state)
{
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	refuses(&c, "{\"position_adjustment\":{\"at\":0.02}}", "position_adjustment.*", "both");
	takes(&c, "{\"position_adjustment\":{\"at\":0.02,\"max_entries\":3}}");
	shows(&c, "position_adjustment", "{\"max_entries\":3,\"at\":0.02,\"size_factor\":1}");
	takes(&c, "{\"position_adjustment\":{\"size_factor\":1.5}}");
	shows(&c, "position_adjustment", "{\"max_entries\":3,\"at\":0.02,\"size_factor\":1.5}");
	refuses(&c, "{\"position_adjustment\":{"
		    "\"max_entries\":1}}", "position_adjustment.max_entries",
		"2 to 10");
	takes(&c, "{\"position_adjustment\":null}");
	shows(&c, "position_adjustment", "{}");
	takes(&c, "{\"partial_targets\":[{\"at\":0.02,\"share\":0.25},{\"at\":0.01,"
		  "\"share\":0.5}]}");
	shows(&c, "partial_targets",
	      "[{\"at\":0.01,\"share\":0.5},{\"at\":0.02,\"share\":0.25}]");
	refuses(&c, "{\"partial_targets\":[{\"at\":0.02,\"share\":0.6},{\"at\":0.01,"
		    "\"share\":0.5}]}",
		"partial_targets", "at most 1");
	refuses(&c, "{\"partial_targets\":[{\"at\":0.02}]}", "partial_targets", "a list");
	refuses(&c, "{\"partial_targets\":{}}", "partial_targets", "a list");
	takes(&c, "{\"partial_targets\":[]}");
	shows(&c, "partial_targets", "[]");
}

static void trailing_rules(void **state)
{
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	takes(&c, "{\"trailing_only_offset_is_reached\":true}"); /* nothing trails: no matter */
	refuses(&c, "{\"trailing_stop\":true}", "trailing_stop_positive_offset", "more than 0");
	refuses(&c, "{\"trailing_stop\":true,\"trailing_stop_positive\":0.02,"
		    "\"trailing_stop_positive_offset\":0.02}", "trailing_stop_positive_offset",
		"more than");
	takes(&c, "{\"trailing_stop\":true,\"trailing_stop_positive\":0.02,"
		  "\"trailing_stop_positive_offset\":0.03}");
}

/* Every value that can be is at most as long as its column's text may be. */
static void longest_values_fit(void **state)
{
	struct bot_config c;
	struct buf b = { 0 };

	(void)state;
	bot_config_defaults(&c);
	c.minimal_roi.n = ROI_TIERS_MAX;
	c.partial_targets.n = PARTIAL_TARGETS_MAX;
	for (int i = 0; i < 8; i++) {
		c.minimal_roi.tiers[i].minutes = 525592 + i;
		c.minimal_roi.tiers[i].ratio = 0.1234567890123456 / (i + 1);
		c.partial_targets.list[i].at = 0.001234567890123456 * (i + 1);
		c.partial_targets.list[i].share = 0.01234567890123456;
	}
	takes(&c, "{\"trading_hours\":{\"days\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\","
		  "\"sun\"],\"zone\":\"America/Argentina/ComodRivadavia\",\"rule\":"
		  "\"<-02>2<-01>,M3.5.0/-1:00:00,M10.5.0/0:00:00\"},\"strategy\":\"ema_cross\"}");
	for (size_t i = 0; i < bot_keys_count; i++) {
		if (bot_keys[i].type != BOT_JSON)
			continue;
		bot_key_json_text(&c, &bot_keys[i], &b);
		if (b.len >= BOT_JSON_MAX)
			fail_msg("%s: %zu bytes", bot_keys[i].name, b.len);
		buf_free(&b);
	}
}

static const char *needs_admin(const char *from, const char *patch)
{
	struct bot_config a, b;
	const char *key;
	cJSON *v = NULL;

	bot_config_defaults(&a);
	takes(&a, from);
	b = a;
	assert_int_equal(json_read(patch, strlen(patch), &v, NULL), 0);
	assert_int_equal(bot_config_apply(&b, v, &errors), 0);
	key = bot_config_needs_admin(&a, &b, v);
	cJSON_Delete(v);
	return key;
}

static void keys_of_an_admin(void **state)
{
	(void)state;
	assert_null(needs_admin("{}", "{\"stop_loss_pct\":0.01,\"telegram_token\":\"t\"}"));
	assert_string_equal(needs_admin("{}", "{\"testnet\":true}"), "testnet");
	assert_string_equal(needs_admin("{}", "{\"socket_type\":\"demo\"}"), "socket_type");
	assert_string_equal(needs_admin("{}", "{\"api_key\":\"k\"}"), "api_key");
	assert_string_equal(needs_admin("{}", "{\"account_id\":3}"), "account_id");
	assert_string_equal(needs_admin("{\"account_id\":3,\"allocation\":9}", "{\"live\":true}"),
			    "live");
	assert_string_equal(needs_admin("{}", "{\"allocation\":\"100.5\"}"), "allocation");
	assert_string_equal(needs_admin("{\"secret_key\":\"k\"}", "{\"secret_key\":\"\"}"),
			    "secret_key");
	/* What is there already may be said again: forms send all keys. */
	assert_null(needs_admin("{}", "{\"testnet\":false,\"socket_type\":\"live\","
				      "\"api_key\":\"\"}"));
	assert_null(needs_admin("{\"api_key\":\"k\",\"testnet\":true}",
				"{\"api_key\":\"********\",\"testnet\":true}"));
}

static void expect_source(const char *settings, const char *source)
{
	char name[MARKET_SOURCE_MAX];
	struct bot_config c;

	bot_config_defaults(&c);
	takes(&c, settings);
	assert_string_equal(bot_config_source(&c, "synthetic", name), source);
}

/* DESIGN 13, "Market source": a live bot's exchange, testnet before demo; paper's worker. */
static void source_of_a_bot(void **state)
{
	(void)state;
#define LIVE "{\"live\":true,\"account_id\":3,\"allocation\":9"
	expect_source("{}", "synthetic");
	expect_source("{\"testnet\":true,\"socket_type\":\"demo\"}", "synthetic");
	expect_source("{\"exchange\":\"binance_futures\"}", "synthetic_futures");
	expect_source(LIVE "}", "binance");
	expect_source(LIVE ",\"socket_type\":\"demo\"}", "binance_demo");
	expect_source(LIVE ",\"exchange\":\"binance_futures\",\"testnet\":true,"
		      "\"socket_type\":\"demo\"}", "binance_futures_testnet");
}

/* Another network of a live bot is another market: it waits until nothing is open. */
static void network_moves(void **state)
{
	char text[BOT_CONFIG_MOVE_MAX];
	struct bot_config a, b, held;

	(void)state;
	bot_config_defaults(&a);
	b = a;
	b.testnet = true;
	assert_false(bot_config_moves(&a, &b));
	a.live = b.live = true;
	assert_true(bot_config_moves(&a, &b));
	assert_string_equal(bot_config_move_text(&a, &b, text),
			    "market binance -> binance_testnet");
	bot_config_hold(&a, &b, &held);
	assert_false(bot_config_moves(&a, &held));
}

/* Settings as version 0.1.0 and 0.2.0 stored them in trading_config_history. */
static void settings_of_before(void **state)
{
	static const char OLD[] =
		"{\"symbol\":\"ETHUSDT\",\"strategy\":\"ema_cross\",\"interval\":\"1m\","
		"\"exchange\":"
		"\"binance\",\"side_mode\":\"long\",\"confidence_threshold\":0.4,"
		"\"capital_per_trade\":200,"
		"\"holding_time\":900,\"profit_target_pct\":0.021,\"stop_loss_pct\":0.004,"
		"\"maker_order_timeout\":60,\"max_positions\":2,\"decision_interval_ms\":2000,"
		"\"leverage\":1,\"ignore_risk_reward\":false,\"ignore_risk_per_trade\":false,"
		"\"model_id\":0,\"socket_type\":\"live\",\"testnet\":false,"
		"\"api_key\":\"********\","
		"\"secret_key\":\"********\",\"telegram_token\":\"\",\"telegram_chat_id\":\"\"}";
	struct bot_config c;

	(void)state;
	assert_int_equal(bot_config_parse(OLD, &c), 0);
	assert_string_equal(c.symbol, "ETHUSDT");
	shows(&c, "strategy_params", "{\"fast\":12,\"slow\":26,\"trend_interval\":\"\"}"); /* as it always was */
	assert_string_equal(c.stake_mode, "fixed");
	assert_string_equal(c.order_type, "limit");
	assert_string_equal(c.time_in_force, "post_only");
	assert_int_equal(c.trading_hours.days, 0);
	assert_int_equal(c.minimal_roi.n, 0);
	assert_true(c.profit_target_pct == 0.021);
	assert_false(c.trailing_stop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strategy_params),	cmocka_unit_test(minimal_roi),
		cmocka_unit_test(trading_hours),	cmocka_unit_test(adjustment_and_targets),
		cmocka_unit_test(trailing_rules),	cmocka_unit_test(longest_values_fit),
		cmocka_unit_test(keys_of_an_admin),
		cmocka_unit_test(source_of_a_bot),
		cmocka_unit_test(network_moves),	cmocka_unit_test(settings_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
