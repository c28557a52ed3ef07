#include "common/json.h"
#include "common/registry/configs.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1770000000000000)

static const char SQL_CHANGED[] =
	"SELECT version, updated_by, updated_us FROM trading_configs WHERE bot_id = ?1";
static const char SQL_SEALED[] =
	"SELECT api_key, secret_key, telegram_token FROM trading_configs WHERE bot_id = ?1";
static const char SQL_HISTORY[] =
	"SELECT config, changed_by, changed_us FROM trading_config_history "
	"WHERE bot_id = ?1 AND version = ?2";
static const char SQL_HISTORY_COUNT[] =
	"SELECT count(*) FROM trading_config_history WHERE bot_id = 2";

static struct db *db;
static struct master_key key;
static struct err e;
/* What changed() names, for save(). */
static struct bot_secrets secrets;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_API, &db, NULL))
		return -1;
	memset(key.bytes, 7, sizeof(key.bytes));
	memset(&e, 0, sizeof(e));
	return db_exec(db, "INSERT INTO bots(id, name, created_us, updated_us) VALUES "
		       "(2, 'two', 1, 1), (3, 'three', 1, 1)", NULL);
}

static int teardown(void **state)
{
	db_close(db);
	bot_secrets_wipe(&secrets);
	return scratch_teardown(state);
}

static struct bot_config changed(void)
{
	struct bot_config c;
	struct field_errors f = { 0 };
	static const char json[] =
		"{\"symbol\":\"ETHUSDT\",\"exchange\":\"binance_futures\",\"side_mode\":\"both\","
		"\"interval\":\"5m\",\"confidence_threshold\":0.55,"
		"\"capital_per_trade\":123.45678901,"
		"\"holding_time\":77,\"profit_target_pct\":0.0123,\"stop_loss_pct\":0.0456,"
		"\"maker_order_timeout\":9,\"max_positions\":5,\"decision_interval_ms\":1500,"
		"\"leverage\":3,\"ignore_risk_reward\":true,\"ignore_risk_per_trade\":true,"
		"\"model_id\":0,\"socket_type\":\"demo\",\"testnet\":true,"
		"\"api_key\":\"the-api-key\","
		"\"secret_key\":\"the-secret\",\"telegram_token\":\"\","
		"\"telegram_chat_id\":\"-100\"}";
	cJSON *patch;

	bot_config_defaults(&c);
	assert_int_equal(json_read(json, strlen(json), &patch, &e), 0);
	if (bot_config_apply(&c, patch, &f))
		fail_msg("%s: %s", f.list[0].field, f.list[0].message);
	bot_secrets_apply(&secrets, patch);
	cJSON_Delete(patch);
	return c;
}

static int save(int64_t bot_id, int64_t expect, struct bot_config *c)
{
	const struct config_change change = {
		.bot_id = bot_id, .expect = expect, .secrets = &secrets, .by = "token admin",
		.now_us = NOW + expect,
	};
	int rc = db_begin(db, &e);

	assert_int_equal(rc, 0);
	rc = store_config_save_tx(db, &key, &change, c, &e);
	if (!rc)
		rc = db_commit(db, &e);
	db_rollback(db);
	return rc;
}

/* Every key by its name: the whole struct, without knowing its members. */
static void assert_same(const struct bot_config *a, const struct bot_config *b)
{
	const char *x = (const char *)a, *y = (const char *)b;

	for (size_t i = 0; i < bot_keys_count; i++) {
		const struct bot_key *k = &bot_keys[i];

		if (memcmp(x + k->offset, y + k->offset, k->size) != 0)
			fail_msg("%s differs", k->name);
	}
	assert_int_equal(a->version, b->version);
}

static void test_first_bot(void **state)
{
	struct bot_config c;
	int64_t version = 0;

	(void)state;
	if (store_config_load(db, &key, 1, &c, NULL, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(c.version, 1);
	assert_string_equal(c.symbol, "BTCUSDT");
	assert_int_equal(money_units(c.capital_per_trade), 200 * RATE_ONE);
	assert_false(c.api_key_set);
	assert_int_equal(store_config_version(db, 1, &version, &e), 0);
	assert_int_equal(version, 1);
	assert_int_equal(store_config_version(db, 2, &version, &e), 0);
	assert_int_equal(version, 0);
	c.max_positions = 99;
	assert_int_equal(store_config_load(db, &key, 2, &c, NULL, &e), ERR_NOT_FOUND);
	assert_int_equal(c.max_positions, 99);
}

static void test_save_and_load(void **state)
{
	struct bot_config c = changed(), back;
	struct stmt *s;

	(void)state;
	memset(&back, 0, sizeof(back));
	if (save(2, 0, &c))
		fail_msg("%s", e.msg);
	assert_int_equal(c.version, 1);
	assert_int_equal(store_config_load(db, &key, 2, &back, NULL, &e), 0);
	assert_same(&c, &back);
	assert_int_equal(money_units(back.capital_per_trade), INT64_C(12345678901));
	c.max_positions = 8;
	bot_secret_set(&secrets, BOT_SECRET_KEY, "The-secret");
	assert_int_equal(save(2, 1, &c), 0);
	assert_int_equal(c.version, 2);
	assert_int_equal(store_config_load(db, &key, 2, &back, NULL, &e), 0);
	assert_same(&c, &back);
	assert_int_equal(db_stmt(db, SQL_CHANGED, &s, &e), 0);
	stmt_bind_int(s, 1, 2);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	assert_int_equal(stmt_int(s, 0), 2);
	assert_string_equal(stmt_text(s, 1), "token admin");
	assert_int_equal(stmt_int(s, 2), NOW + 1);
	stmt_done(s);
}

static void test_conflict(void **state)
{
	struct bot_config c = changed(), back;

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	assert_int_equal(save(2, 0, &c), ERR_CONFLICT);
	assert_non_null(strstr(e.msg, "is at version 1, not 0"));
	assert_int_equal(save(2, 2, &c), ERR_CONFLICT);
	assert_int_equal(c.version, 1);
	assert_int_equal(save(2, 1, &c), 0);
	assert_int_equal(save(2, 1, &c), ERR_CONFLICT);
	assert_int_equal(store_config_load(db, &key, 2, &back, NULL, &e), 0);
	assert_int_equal(back.version, 2);
	assert_int_equal(save(99, 0, &c), ERR_NOT_FOUND);
	assert_int_equal(save(3, 1, &c), ERR_NOT_FOUND);
}

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(o, name));
}

static void test_history(void **state)
{
	struct bot_config c = changed();
	struct stmt *s;
	cJSON *o;

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	c.max_positions = 8;
	assert_int_equal(save(2, 1, &c), 0);
	assert_int_equal(save(2, 1, &c), ERR_CONFLICT); /* leaves none */
	for (int version = 1; version <= 2; version++) {
		const char *text;

		assert_int_equal(db_stmt(db, SQL_HISTORY, &s, &e), 0);
		stmt_bind_int(s, 1, 2);
		stmt_bind_int(s, 2, version);
		assert_int_equal(stmt_step(s, &e), STMT_ROW);
		text = stmt_text(s, 0);
		assert_null(strstr(text, "the-api-key"));
		assert_null(strstr(text, "the-secret"));
		assert_int_equal(json_read(text, strlen(text), &o, &e), 0);
		assert_string_equal(text_of(o, "api_key"), "********");
		assert_string_equal(text_of(o, "telegram_token"), "");
		assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(o, "max_positions")) ==
			    (version == 1 ? 5 : 8));
		assert_int_equal(cJSON_GetArraySize(o), bot_keys_count);
		cJSON_Delete(o);
		assert_string_equal(stmt_text(s, 1), "token admin");
		assert_int_equal(stmt_int(s, 2), NOW + version - 1);
		stmt_done(s);
	}
	assert_int_equal(db_stmt(db, SQL_HISTORY_COUNT, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	assert_int_equal(stmt_int(s, 0), 2);
	stmt_done(s);
}

/* What a start falls back on: the newest version that passes, whatever the row says now. */
static void test_last_good(void **state)
{
	struct bot_config c = changed(), back;

	(void)state;
	assert_int_equal(store_config_last_good(db, 2, &back, &e), ERR_NOT_FOUND);
	assert_int_equal(save(2, 0, &c), 0);
	c.max_positions = 8;
	assert_int_equal(save(2, 1, &c), 0);
	assert_int_equal(store_config_last_good(db, 2, &back, &e), 0);
	assert_int_equal(back.version, 2);
	assert_int_equal(back.max_positions, 8);
	assert_false(back.api_key_set);
	assert_int_equal(
		db_exec(db,
			"UPDATE trading_config_history SET config = '{\"max_positions\":-1}'"
			" WHERE bot_id = 2 AND version = 2",
			&e),
		0);
	assert_int_equal(store_config_last_good(db, 2, &back, &e), 0);
	assert_int_equal(back.version, 1);
}

/* The schema writes bot 1's first version by hand: it must be what the row says. */
static void test_first_bot_history(void **state)
{
	struct bot_config row, past;

	(void)state;
	assert_int_equal(store_config_load(db, &key, 1, &row, NULL, &e), 0);
	assert_int_equal(store_config_last_good(db, 1, &past, &e), 0);
	assert_memory_equal(&row, &past, sizeof(row));
}

static void test_secrets(void **state)
{
	struct bot_config c = changed(), back;
	struct master_key other = key;
	struct stmt *s;

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	assert_int_equal(db_stmt(db, SQL_SEALED, &s, &e), 0);
	stmt_bind_int(s, 1, 2);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	assert_int_equal(strncmp(stmt_text(s, 0), "v1:", 3), 0);
	assert_null(strstr(stmt_text(s, 0), "the-api-key"));
	assert_string_equal(stmt_text(s, 2), "");
	stmt_done(s);
	memset(&back, 1, sizeof(back));
	other.bytes[0] ^= 1;
	assert_int_equal(store_config_load(db, &other, 2, &back, NULL, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "bot 2: trading_configs.api_key"));
	assert_int_equal(back.symbol[0], 1);
	/* A sealed text moved to another column does not open. */
	assert_int_equal(db_exec(db, "UPDATE trading_configs SET secret_key = api_key", &e), 0);
	assert_int_equal(store_config_load(db, &key, 2, &back, NULL, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "secret_key"));
}

static void load(struct bot_config *c, struct bot_secrets *out)
{
	if (store_config_load(db, &key, 2, c, out, &e))
		fail_msg("%s", e.msg);
}

/* A change that names no secret, or one of them, leaves the others as they are. */
static void test_secrets_stay(void **state)
{
	struct bot_config c = changed(), back;
	struct bot_secrets s = { 0 };

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	bot_secrets_wipe(&secrets);
	assert_int_equal(save(2, 1, &c), 0);
	load(&back, &s);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "the-api-key");
	assert_string_equal(bot_secret(&s, BOT_SECRET_KEY), "the-secret");
	assert_string_equal(bot_secret(&s, BOT_TELEGRAM_TOKEN), "");
	bot_secret_set(&secrets, BOT_API_KEY, "");
	bot_secret_set(&secrets, BOT_TELEGRAM_TOKEN, "1:one");
	assert_int_equal(save(2, 2, &c), 0);
	bot_secrets_wipe(&s);
	load(&back, &s);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "");
	assert_string_equal(bot_secret(&s, BOT_SECRET_KEY), "the-secret");
	assert_string_equal(bot_secret(&s, BOT_TELEGRAM_TOKEN), "1:one");
	assert_false(back.api_key_set);
	assert_true(back.secret_key_set && back.telegram_token_set);
	bot_secrets_wipe(&s);
}

/* What was sealed for "bot 2 api_key" opens, whoever sealed it. */
static void test_sealed_before(void **state)
{
	char sealed[SEALED_MAX(8)], sql[200];
	struct bot_config c = changed(), back;
	struct bot_secrets s = { 0 };

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	assert_int_equal(crypto_seal(&key, "bot 2 api_key", "of old", sealed, sizeof(sealed), &e),
			 0);
	snprintf(sql, sizeof(sql), "UPDATE trading_configs SET api_key = '%s' WHERE bot_id = 2",
		 sealed);
	assert_int_equal(db_exec(db, sql, &e), 0);
	load(&back, &s);
	assert_string_equal(bot_secret(&s, BOT_API_KEY), "of old");
	bot_secrets_wipe(&s);
}

/* The longest of all texts come back whole; the last byte counts. */
static void test_longest(void **state)
{
	struct bot_config c = changed(), back;
	static const char head[] = "-----BEGIN PRIVATE KEY-----\r\n";
	char text[BOT_SECRET_LENGTH_MAX + 1];
	struct bot_secrets s = { 0 };

	(void)state;
	memset(c.telegram_chat_id, 'k', sizeof(c.telegram_chat_id) - 1);
	c.telegram_token_set = true;
	for (int i = 0; i < BOT_SECRETS; i++) {
		memset(text, 'k' + i, sizeof(text));
		for (size_t k = 0; head[k]; k++)
			text[k] = head[k];
		snprintf(text + BOT_SECRET_LENGTH_MAX - 2, 3, "=\n");
		bot_secret_set(&secrets, (enum bot_secret)i, text);
	}
	memset(&back, 0, sizeof(back));
	assert_int_equal(save(2, 0, &c), 0);
	load(&back, &s);
	assert_same(&c, &back);
	for (int i = 0; i < BOT_SECRETS; i++)
		assert_string_equal(s.text[i], secrets.text[i]);
	bot_secrets_wipe(&s);
}

/* What the worker hands to the engine and its strategies. */
static void test_no_secret_in_the_config(void **state)
{
	struct bot_config c = changed(), back;
	struct bot_secrets s = { 0 };

	(void)state;
	assert_int_equal(save(2, 0, &c), 0);
	load(&back, &s);
	for (int i = 0; i < BOT_SECRETS; i++) {
		const char *text = bot_secret(&s, (enum bot_secret)i);

		for (size_t n = strlen(text); n >= 4; n--) /* nor a piece of one */
			if (memmem(&back, sizeof(back), text + n - 4, 4))
				fail_msg("%s", text);
	}
	assert_string_equal(bot_secret(&s, BOT_SECRET_KEY), "the-secret");
	bot_secrets_wipe(&s);
}

static void test_hand_edited(void **state)
{
	static const struct { const char *sql, *column; } edits[] = {
		{ "UPDATE trading_configs SET confidence_threshold = 7", "confidence_threshold" },
		{ "UPDATE trading_configs SET capital_per_trade = -1", "capital_per_trade" },
		{ "UPDATE trading_configs SET capital_per_trade = 9e999", "capital_per_trade" },
		{ "UPDATE trading_configs SET capital_per_trade = 0.123456789",
		  "capital_per_trade" },
		{ "UPDATE trading_configs SET max_positions = 9223372036854775807",
		  "max_positions" },
		{ "UPDATE trading_configs SET testnet = 2", "testnet" },
		{ "UPDATE trading_configs SET symbol = 'not a symbol'", "symbol" },
		{ "UPDATE trading_configs SET symbol = ''", "symbol" },
		{ "UPDATE trading_configs SET strategy = 'nonsense'", "strategy" },
		{ "UPDATE trading_configs SET side_mode = 'short'", "side_mode" },
		{ "UPDATE trading_configs SET leverage = 20", "leverage" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct bot_config c = { .version = 4711 };

		assert_int_equal(db_begin(db, &e), 0);
		assert_int_equal(db_exec(db, edits[i].sql, &e), 0);
		if (store_config_load(db, &key, 1, &c, NULL, &e) != ERR_INVALID)
			fail_msg("accepted: %s", edits[i].sql);
		if (!strstr(e.msg, "bot 1: trading_configs.") || !strstr(e.msg, edits[i].column))
			fail_msg("%s: %s", edits[i].sql, e.msg);
		assert_int_equal(c.version, 4711);
		db_rollback(db);
		assert_int_equal(store_config_load(db, &key, 1, &c, NULL, &e), 0);
	}
}

/* Each key has its column and each column is a key or known here. */
static void test_columns(void **state)
{
	static const char SQL_COLUMNS[] = "SELECT name FROM pragma_table_info('trading_configs')";
	static const char *const others[] = {
		"id", "bot_id", "version", "updated_us", "updated_by",
	};
	struct stmt *s;
	size_t keys = 0, rest = 0;

	(void)state;
	assert_int_equal(db_stmt(db, SQL_COLUMNS, &s, &e), 0);
	while (stmt_step(s, &e) == STMT_ROW) {
		size_t i = 0;

		if (bot_key_find(stmt_text(s, 0))) {
			keys++;
			continue;
		}
		while (i < 5 && strcmp(others[i], stmt_text(s, 0)) != 0)
			i++;
		if (i == 5)
			fail_msg("column %s is no key", stmt_text(s, 0));
		rest++;
	}
	assert_int_equal(keys, bot_keys_count);
	assert_int_equal(rest, 5);
}

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(test_first_bot),
		WITH_DB(test_save_and_load),
		WITH_DB(test_conflict),
		WITH_DB(test_history),
		WITH_DB(test_last_good),
		WITH_DB(test_first_bot_history),
		WITH_DB(test_secrets),
		WITH_DB(test_secrets_stay),
		WITH_DB(test_sealed_before),
		WITH_DB(test_longest),
		WITH_DB(test_no_secret_in_the_config),
		WITH_DB(test_hand_edited),
		WITH_DB(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
