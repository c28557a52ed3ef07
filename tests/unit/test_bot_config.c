#include "common/registry/bot_config.h"
#include "common/registry/bot_secrets.h"
#include "tests/unit/bot_patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One error, at this field, with these words; and nothing is changed. */
static void refused(const char *patch, const char *field, const char *says)
{
	struct bot_config c, before;
	struct field_errors f;

	bot_config_defaults(&c);
	memcpy(&before, &c, sizeof(c));
	if (apply(&c, patch, &f) != ERR_INVALID)
		fail_msg("taken: %s", patch);
	assert_memory_equal(&c, &before, sizeof(c));
	assert_int_equal(f.n, 1);
	assert_string_equal(f.list[0].field, field);
	if (!strstr(f.list[0].message, says))
		fail_msg("%s: \"%s\" does not say \"%s\"", patch, f.list[0].message, says);
}

static void defaults_are_the_documented_ones(void **state)
{
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	assert_int_equal(c.version, 0);
	json_object(&j, NULL);
	bot_config_json(&c, &j);
	json_object_end(&j);
	assert_string_equal(buf_text(&b),
		"{\"symbol\":\"BTCUSDT\",\"strategy\":\"model\",\"strategy_params\":{},"
		"\"interval\":\"1s\","
		"\"exchange\":\"binance\",\"side_mode\":\"long\",\"confidence_threshold\":0.4,"
		"\"capital_per_trade\":200,\"stake_mode\":\"fixed\",\"stake_share\":0.1,"
		"\"stake_risk\":0.01,\"holding_time\":2000,\"profit_target_pct\":0.00015,"
		"\"stop_loss_pct\":0.009,\"minimal_roi\":{},\"trailing_stop\":false,"
		"\"trailing_stop_positive\":0,\"trailing_stop_positive_offset\":0,"
		"\"trailing_only_offset_is_reached\":false,\"stop_move_s\":10,"
		"\"position_adjustment\":{},"
		"\"partial_targets\":[],\"order_type\":\"limit\",\"time_in_force\":\"post_only\","
		"\"trading_hours\":{},\"maker_order_timeout\":60,\"max_positions\":2,"
		"\"decision_interval_ms\":2000,\"leverage\":1,\"ignore_risk_reward\":false,"
		"\"ignore_risk_per_trade\":false,\"model_id\":0,\"live\":false,\"account_id\":0,"
		"\"allocation\":0,\"socket_type\":\"live\","
		"\"testnet\":false,\"api_key\":\"\",\"secret_key\":\"\",\"telegram_token\":\"\","
		"\"telegram_chat_id\":\"\"}");
	buf_free(&b);
}

static void a_patch_changes_what_it_names(void **state)
{
	struct bot_config c, before;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, "{}");
	memcpy(&before, &c, sizeof(c));
	applies(&c, "{\"symbol\":\"ethusdt\",\"exchange\":\"binance_futures\","
		    "\"side_mode\":\"both\","
		    "\"leverage\":2.5,\"capital_per_trade\":0.00000001,\"holding_time\":1e3,"
		    "\"testnet\":true,\"model_id\":7,\"telegram_chat_id\":\"-100123\"}");
	assert_string_equal(c.symbol, "ETHUSDT");
	assert_string_equal(c.exchange, "binance_futures");
	assert_string_equal(c.side_mode, "both");
	assert_true(c.leverage == 2.5);
	assert_int_equal(money_units(c.capital_per_trade), 1);
	assert_int_equal(c.holding_time, 1000);
	assert_true(c.testnet);
	assert_int_equal(c.model_id, 7);
	assert_string_equal(c.telegram_chat_id, "-100123");
	assert_true(c.stop_loss_pct == before.stop_loss_pct);
	assert_string_equal(c.interval, before.interval);
	applies(&c, "{\"capital_per_trade\":668555539.020205}");
	assert_int_equal(money_units(c.capital_per_trade), INT64_C(66855553902020500));
	applies(&c, "{\"capital_per_trade\":\"123456.78901234\",\"model_id\":0}");
	assert_int_equal(money_units(c.capital_per_trade), INT64_C(12345678901234));
	assert_int_equal(c.model_id, 0);
}

static void wrong_values_are_refused(void **state)
{
	static const struct {
		const char *patch, *field, *says;
	} t[] = {
		{ "[]", "body", "must be a JSON object" },
		{ "1", "body", "must be a JSON object" },
		{ "{\"simbol\":\"X\"}", "simbol", "is not a key" },
		{ "{\"version\":1}", "version", "is not a key" },
		{ "{\"symbol\":\"BTC/USDT\"}", "symbol", "must be 2 to 31 letters, digits and _" },
		{ "{\"symbol\":\"\"}", "symbol", "must be 2 to 31" },
		{ "{\"symbol\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345\"}", "symbol", "2 to 31" },
		{ "{\"symbol\":5}", "symbol", "2 to 31" },
		{ "{\"symbol\":null}", "symbol", "2 to 31" },
		{ "{\"strategy\":\"modle\"}", "strategy", "must be one of model, ema_cross" },
		{ "{\"interval\":\"2s\"}", "interval", "one of 1s, 1m, 5m, 15m, 1h, 4h, 1d" },
		{ "{\"interval\":\"1\"}", "interval", "one of" },
		{ "{\"interval\":\"1s|1m\"}", "interval", "one of" },
		{ "{\"interval\":\"\"}", "interval", "one of" },
		{ "{\"exchange\":\"kraken\"}", "exchange", "one of binance, binance_futures" },
		{ "{\"confidence_threshold\":1.01}", "confidence_threshold", "number from 0 to 1" },
		{ "{\"confidence_threshold\":-0.01}", "confidence_threshold", "from 0 to 1" },
		{ "{\"confidence_threshold\":\"0.4\"}", "confidence_threshold", "from 0 to 1" },
		{ "{\"confidence_threshold\":true}", "confidence_threshold", "from 0 to 1" },
		{ "{\"capital_per_trade\":0}", "capital_per_trade", "0.00000001 to 1000000000" },
		{ "{\"capital_per_trade\":-5}", "capital_per_trade", "an amount" },
		{ "{\"capital_per_trade\":1e10}", "capital_per_trade", "an amount" },
		{ "{\"capital_per_trade\":0.123456789}", "capital_per_trade", "8 decimals" },
		{ "{\"capital_per_trade\":\"110000000.00079999\"}", "capital_per_trade",
		  "an amount" },
		{ "{\"capital_per_trade\":\"1e3\"}", "capital_per_trade", "an amount" },
		{ "{\"capital_per_trade\":[]}", "capital_per_trade", "an amount" },
		{ "{\"holding_time\":0}", "holding_time", "a whole number from 1 to 31536000" },
		{ "{\"holding_time\":1.5}", "holding_time", "a whole number" },
		{ "{\"holding_time\":1e300}", "holding_time", "a whole number" },
		{ "{\"holding_time\":{}}", "holding_time", "a whole number" },
		{ "{\"profit_target_pct\":-0.01}", "profit_target_pct", "from 0 to 10" },
		{ "{\"stop_loss_pct\":1}", "stop_loss_pct", "to 0.99" },
		{ "{\"testnet\":1}", "testnet", "true or false" },
		{ "{\"testnet\":\"true\"}", "testnet", "true or false" },
		{ "{\"model_id\":-1}", "model_id", "0 to 9007199254740991" },
		{ "{\"api_key\":\"a b\"}", "api_key", "up to 4096 characters without blanks" },
		{ "{\"api_key\":null}", "api_key", "up to 4096" },
		{ "{\"telegram_chat_id\":\"a\\nb\"}", "telegram_chat_id", "0 to 63 characters" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		refused(t[i].patch, t[i].field, t[i].says);
}

static void every_field_gets_its_message(void **state)
{
	struct bot_config c;
	struct field_errors f;

	(void)state;
	bot_config_defaults(&c);
	assert_int_equal(apply(&c, "{\"symbol\":1,\"max_positions\":3,\"leverage\":0,\"what\":1,"
				   "\"side_mode\":\"short\"}", &f), ERR_INVALID);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.list[0].field, "symbol");
	assert_string_equal(f.list[1].field, "leverage");
	assert_string_equal(f.list[2].field, "what");
	assert_int_equal(c.max_positions, 2);
}

static void more_errors_than_there_is_room(void **state)
{
	struct buf b = { 0 };
	struct bot_config c;
	struct field_errors f;

	(void)state;
	bot_config_defaults(&c);
	buf_puts(&b, "{\"max_positions\":3");
	for (int i = 0; i < FIELD_ERRORS_MAX + 9; i++)
		buf_printf(&b, ",\"a_key_that_nobody_has_and_that_is_longer_than_it_%d\":1", i);
	buf_putc(&b, '}');
	assert_int_equal(apply(&c, buf_text(&b), &f), ERR_INVALID);
	assert_int_equal(f.n, FIELD_ERRORS_MAX);
	assert_int_equal(strlen(f.list[0].field), sizeof(f.list[0].field) - 1);
	assert_int_equal(c.max_positions, 2);
	field_error(NULL, "x", "nobody listens");
	buf_free(&b);
}

static void rules_over_several_keys(void **state)
{
	struct bot_config c;
	struct field_errors f;

	(void)state;
	refused("{\"side_mode\":\"short\"}", "side_mode", "needs exchange \"binance_futures\"");
	refused("{\"side_mode\":\"both\"}", "side_mode", "needs exchange \"binance_futures\"");
	refused("{\"leverage\":2}", "leverage", "must be 1 unless");
	bot_config_defaults(&c);
	applies(&c, "{\"side_mode\":\"short\",\"leverage\":3,\"exchange\":\"binance_futures\"}");
	assert_int_equal(apply(&c, "{\"exchange\":\"binance\"}", &f), ERR_INVALID);
	assert_int_equal(f.n, 2);
	assert_string_equal(c.exchange, "binance_futures");
}

/* The secrets that a patch brings, or leaves as they are. */
static void brings(struct bot_secrets *s, const char *patch)
{
	cJSON *tree = NULL;

	assert_int_equal(json_read(patch, strlen(patch), &tree, NULL), 0);
	bot_secrets_apply(s, tree);
	cJSON_Delete(tree);
}

static void secrets_are_masked_and_kept(void **state)
{
	static const char patch[] = "{\"api_key\":\"s3cret-one\",\"secret_key\":\"s3cret-two\","
				    "\"telegram_token\":\"s3cret-three\"}";
	struct bot_secrets s = { 0 };
	struct buf b = { 0 };
	struct json j = { .out = &b };
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, patch);
	brings(&s, patch);
	assert_true(c.api_key_set);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "s3cret-one");
	json_object(&j, NULL);
	bot_config_json(&c, &j);
	json_object_end(&j);
	assert_null(strstr(buf_text(&b), "s3cret"));
	assert_non_null(strstr(buf_text(&b), "\"secret_key\":\"********\""));
	/* what was read can be sent back as it is */
	applies(&c, buf_text(&b));
	brings(&s, buf_text(&b));
	assert_true(c.api_key_set && c.secret_key_set && c.telegram_token_set);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "s3cret-one");
	assert_string_equal(bot_secret(&s, BOT_SECRET_KEY), "s3cret-two");
	applies(&c, "{\"api_key\":\"\"}");
	brings(&s, "{\"api_key\":\"\"}");
	assert_false(c.api_key_set);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "");
	assert_string_equal(bot_secret(&s, BOT_TELEGRAM_TOKEN), "s3cret-three");
	refused("{\"api_key\":\"s3cret x\"}", "api_key", "without blanks");
	bot_secrets_wipe(&s);
	buf_free(&b);
}

/* The secret of a key may be a private key as PEM text: lines, blanks in them. */
static void lengths_and_lines_of_secrets(void **state)
{
	char patch[BOT_SECRET_LENGTH_MAX + 64], text[BOT_SECRET_LENGTH_MAX + 2];
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	for (int i = 0; i < BOT_SECRETS; i++) {
		const char *name = bot_secret_name((enum bot_secret)i);

		memset(text, 'k', sizeof(text));
		text[BOT_SECRET_LENGTH_MAX] = '\0';
		snprintf(patch, sizeof(patch), "{\"%s\":\"%s\"}", name, text);
		applies(&c, patch);
		text[BOT_SECRET_LENGTH_MAX] = 'k';
		text[BOT_SECRET_LENGTH_MAX + 1] = '\0';
		snprintf(patch, sizeof(patch), "{\"%s\":\"%s\"}", name, text);
		refused(patch, name, "up to 4096 characters");
	}
	assert_true(c.api_key_set && c.secret_key_set && c.telegram_token_set);
	applies(&c, "{\"secret_key\":\"-----BEGIN PRIVATE KEY-----\\r\\nMC4C\\r\\n\"}");
	refused("{\"secret_key\":\"a b\"}", "secret_key", "several lines (a PEM key)");
	refused("{\"secret_key\":\"a\\n\\u0001\"}", "secret_key", "several lines");
	refused("{\"secret_key\":\"a\\n\\u00e4\"}", "secret_key", "several lines");
	refused("{\"api_key\":\"a\\nb\"}", "api_key", "without blanks");
	refused("{\"telegram_token\":\"a\\nb\"}", "telegram_token", "without blanks");
}

/* Each secret is a key of bot_keys[], and each key of that type a secret. */
static void secrets_and_keys_agree(void **state)
{
	int n = 0;

	(void)state;
	for (size_t i = 0; i < bot_keys_count; i++)
		n += bot_keys[i].type == BOT_SECRET;
	assert_int_equal(n, BOT_SECRETS);
	for (int i = 0; i < BOT_SECRETS; i++) {
		const struct bot_key *k = bot_key_find(bot_secret_name((enum bot_secret)i));

		assert_non_null(k);
		assert_int_equal(k->type, BOT_SECRET);
		assert_int_equal(k->size, sizeof(bool));
	}
}

/* For every number: its ends are taken, what lies beyond is not. */
static void ranges_of_every_number(void **state)
{
	char patch[128];
	struct bot_config c;
	struct field_errors f;

	(void)state;
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];

		if (k->type != BOT_INT && k->type != BOT_REAL && k->type != BOT_MONEY)
			continue;
		bot_config_defaults(&c);
		snprintf(patch, sizeof(patch), "{\"exchange\":\"binance_futures\",\"%s\":%.17g}",
			 k->name, k->min);
		applies(&c, patch);
		snprintf(patch, sizeof(patch), "{\"%s\":%.17g,\"confirm_wide\":true}", k->name,
			 k->max);
		applies(&c, patch);
		snprintf(patch, sizeof(patch), "{\"%s\":%.17g}", k->name, k->max * 1.01 + 1);
		assert_int_equal(apply(&c, patch, &f), ERR_INVALID);
		assert_string_equal(f.list[0].field, k->name);
		snprintf(patch, sizeof(patch), "{\"%s\":%.17g}", k->name, k->min - 1);
		assert_int_equal(apply(&c, patch, &f), ERR_INVALID);
	}
}

/* A target or stop over 10 % is asked about; what was there before is not. */
static void wide_exits_are_confirmed(void **state)
{
	struct bot_config c;
	struct field_errors f;
	cJSON *stored = NULL;

	(void)state;
	refused("{\"stop_loss_pct\":0.5}", "stop_loss_pct", "is 50 % of the entry price");
	refused("{\"stop_loss_pct\":0.5}", "stop_loss_pct", "did you mean 0.005, which is 0.5 %?");
	refused("{\"profit_target_pct\":1.5}", "profit_target_pct", "is 150 %");
	refused("{\"profit_target_pct\":0.1000001}", "profit_target_pct", "confirm_wide");
	refused("{\"stop_loss_pct\":\"50%\"}", "stop_loss_pct", "confirm_wide");
	refused("{\"stop_loss_pct\":0.5,\"confirm_wide\":false}", "stop_loss_pct", "50 %");
	refused("{\"confirm_wide\":1}", "confirm_wide", "must be true or false");
	bot_config_defaults(&c);
	assert_int_equal(apply(&c, "{\"profit_target_pct\":1.5,\"stop_loss_pct\":0.5}", &f),
			 ERR_INVALID);
	assert_int_equal(f.n, 2);
	applies(&c, "{\"profit_target_pct\":0.1,\"stop_loss_pct\":0.1}");
	applies(&c, "{\"confirm_wide\":true,\"profit_target_pct\":1.5,\"stop_loss_pct\":0.5}");
	applies(&c, "{\"holding_time\":7}"); /* the wide ones are there already */
	applies(&c, "{\"stop_loss_pct\":0.5}");
	assert_int_equal(apply(&c, "{\"stop_loss_pct\":0.51}", &f), ERR_INVALID);
	bot_config_defaults(&c);
	assert_int_equal(json_read("{\"stop_loss_pct\":0.5}", 21, &stored, NULL), 0);
	assert_int_equal(bot_config_read(&c, stored, &f), 0);
	assert_true(c.stop_loss_pct == 0.5);
	cJSON_Delete(stored);
}

/* Percent as text is the nearest fraction, to the last bit. */
static void percents(void **state)
{
	static const struct { const char *text; double fraction; } good[] = {
		{ "0.9%", 0.009 }, { "0.9 %", 0.009 }, { "10%", 0.1 }, { "2.1%", 0.021 },
		{ "0.0001%", 0.000001 }, { "00.30%", 0.003 }, { "7%", 0.07 },
	};
	static const char *const bad[] = {
		"0.9", "%", ".9%", "0.%", "-1%", "+1%", "0.9%%", "0.9 % ", "0,9%", "1e1%", " 1%",
		"", "0%", "99.1%", "nan%", "0x1%", "1.1.1%",
		"1111111111111111111111111111111111111111111111111%",
	};
	struct bot_config c;
	struct field_errors f;
	char patch[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		bot_config_defaults(&c);
		snprintf(patch, sizeof(patch), "{\"stop_loss_pct\":\"%s\"}", good[i].text);
		applies(&c, patch);
		assert_true(c.stop_loss_pct == good[i].fraction);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bot_config_defaults(&c);
		snprintf(patch, sizeof(patch), "{\"confirm_wide\":true,\"stop_loss_pct\":\"%s\"}",
			 bad[i]);
		assert_int_equal(apply(&c, patch, &f), ERR_INVALID);
	}
	refused("{\"confidence_threshold\":\"50%\"}", "confidence_threshold", "must be a number");
}

static void fractions_in_words(void **state)
{
	char text[BOT_EXITS_TEXT_MAX];
	struct bot_config c;

	(void)state;
	bot_config_defaults(&c);
	applies(&c, "{\"capital_per_trade\":200,\"stop_loss_pct\":0.009,"
		    "\"profit_target_pct\":0.021}");
	assert_string_equal(bot_exits_text(&c, "USDT", text),
			    "target 2.1 % = 4.20 USDT, stop 0.9 % = 1.80 USDT");
	applies(&c, "{\"exchange\":\"binance_futures\",\"leverage\":5}");
	assert_string_equal(bot_exits_text(&c, "", text),
			    "target 2.1 % = 21.00, stop 0.9 % = 9.00");
	applies(&c, "{\"capital_per_trade\":0.001,\"leverage\":1}");
	assert_string_equal(bot_exits_text(&c, "BTC", text),
			    "target 2.1 % = 0.00002100 BTC, stop 0.9 % = 0.00000900 BTC");
}

static void the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];

		assert_ptr_equal(bot_key_find(k->name), k);
		assert_int_equal(k->help[strlen(k->help) - 1], '.');
		for (size_t j = 0; j < i; j++)
			assert_true(k->offset != bot_keys[j].offset);
	}
	assert_null(bot_key_find("Symbol"));
	assert_null(bot_key_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_the_documented_ones),
		cmocka_unit_test(a_patch_changes_what_it_names),
		cmocka_unit_test(wrong_values_are_refused),
		cmocka_unit_test(every_field_gets_its_message),
		cmocka_unit_test(more_errors_than_there_is_room),
		cmocka_unit_test(rules_over_several_keys),
		cmocka_unit_test(secrets_are_masked_and_kept),
		cmocka_unit_test(lengths_and_lines_of_secrets),
		cmocka_unit_test(secrets_and_keys_agree),
		cmocka_unit_test(ranges_of_every_number),
		cmocka_unit_test(wide_exits_are_confirmed),
		cmocka_unit_test(percents), cmocka_unit_test(fractions_in_words),
		cmocka_unit_test(the_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
