/* What a person manages: bots, settings, models, jobs, tokens; logs, health, pages. */
#include "common/registry/configs.h"
#include "tests/unit/api_calls.h"

#include <sys/stat.h>

#define CONFIG "/api/v1/trading/bots/1/config"

/* A position of bot 2 that is open. */
/* Of a cursor, behind the list that it belongs to. */
static const char *place_of(const char *cursor)
{
	const char *dash = cursor ? strchr(cursor, '-') : NULL;

	assert_non_null(dash);
	return dash + 1;
}

static const char SQL_OPEN[] =
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
	" quantity, filled, position, strategy, mode, config_version, created_us, updated_us,"
	" holding_us, maker_timeout_us) VALUES (12, 2, 'tb1-2-12', 'ETHUSDT', 'SELL', 'active', "
	"'holding', 3000, 2, 2, -2,"
	" 'model', 'simulation', 1, 1, 1, 1, 1)";
static const char SQL_MODELS[] =
	"INSERT INTO models(id, name, symbol, format, sha256, size_bytes, path, features, origin,"
	" status, created_us, updated_us) VALUES"
	" (1, 'one', 'BTCUSDT', 'xgboost-ubj', 'aa', 5, 'models/aa', 'f', 'sample', 'ready', 1, 1),"
	" (2, 'two', 'ETHUSDT', 'xgboost-ubj', 'bb', 5, 'models/bb', 'f', 'upload', 'ready', 1, 1),"
	" (3, 'bad', 'ETHUSDT', 'xgboost-ubj', 'cc', 5, '../cc', 'f', 'upload', 'refused', 1, 1)";
static const char SQL_STATES[] =
	"INSERT INTO bot_state(bot_id, status, mode, updated_us) VALUES"
	" (1, 'RUNNING', 'simulation', 1), (2, 'PAUSED', 'simulation', 1)";

static void bots(void **state)
{
	struct answer r;

	(void)state;
	r = call("POST", "/api/v1/bots",
		 "{\"name\":\"Second\",\"description\":\"d\","
		 "\"config\":{\"symbol\":\"ETHUSDT\"}}", 201);
	assert_true(answer_header_is(&r, "Location", "/api/v1/bots/2"));
	assert_string_equal(answer_text(&r, "symbol"), "ETHUSDT");
	assert_string_equal(answer_text(&r, "status"), "stopped");
	assert_true(answer_number(&r, "config_wanted") == 1);
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"Second\"}", 409, "conflict");
	r = call("POST", "/api/v1/bots",
		 "{\"name\":\"x\",\"config\":{\"stop_loss_pct\":-1,\"y\":2}}", 422);
	assert_int_equal(length(&r, "error.fields"), 2);
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"two\\nlines\"}", 422, "invalid_fields");
	r = get("/api/v1/bots");
	assert_int_equal(length(&r, "bots"), 2);
	assert_true(cJSON_IsNull(answer_at(&r, "next_cursor")));
	answer_free(&r);
	r = call("PUT", "/api/v1/bots/2", "{\"description\":\"changed\"}", 200);
	assert_string_equal(answer_text(&r, "description"), "changed");
	assert_string_equal(answer_text(&r, "name"), "Second");
	answer_free(&r);
	api_expect(&a, "PUT", "/api/v1/bots/2", "{\"name\":\"Bot 1\"}", 409, "conflict");
	api_expect(&a, "PUT", "/api/v1/bots/2", "{\"name\":\"Second\"}", 200, NULL);
	api_expect(&a, "PUT", "/api/v1/bots/9", "{\"name\":\"Ninth\"}", 404, "not_found");
}

static void external_bots(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"x\",\"bot_type\":\"external\"}", 201,
		   NULL);
	r = call("POST", "/api/v1/bots/2/start", NULL, 409);
	assert_true(has(&r, "bot 2 is external"));
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/positions/close-all", "{\"bot_id\":2}", 409, "conflict");
	api_expect(&a, "POST", "/api/v1/simulation/reset", "{\"bot_id\":2}", 409, "conflict");
	api_expect(&a, "POST", "/api/v1/bots/2/emergency-stop", NULL, 409, "conflict");
	/* what the worker runs can't be given away, or nobody would hear a stop */
	seed(SQL_STATES);
	api_expect(&a, "PUT", "/api/v1/bots/1", "{\"bot_type\":\"trading\"}", 200, NULL);
	api_expect(&a, "PUT", "/api/v1/bots/1", "{\"bot_type\":\"external\"}", 409, "conflict");
	seed("UPDATE bots SET bot_type = 'external' WHERE id = 1");
	api_expect(&a, "POST", "/api/v1/bot/emergency-stop", NULL, 202, NULL);
	seed("UPDATE bot_state SET status = 'STOPPED'");
	api_expect(&a, "PUT", "/api/v1/bots/1", "{\"bot_type\":\"trading\"}", 200, NULL);
	api_expect(&a, "PUT", "/api/v1/bots/1", "{\"bot_type\":\"external\"}", 200, NULL);
}

static void bots_deleted_only_when_idle(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"Second\"}", 201, NULL);
	seed(SQL_STATES);
	seed(SQL_OPEN);
	api_expect(&a, "DELETE", "/api/v1/bots/2", NULL, 409, "conflict");
	seed("UPDATE bot_state SET status = 'STOPPED'");
	api_expect(&a, "DELETE", "/api/v1/bots/2", NULL, 409, "conflict");
	seed("UPDATE trading_orders SET status = 'closed' WHERE bot_id = 2");
	api_expect(&a, "DELETE", "/api/v1/bots/2", NULL, 200, NULL);
	api_expect(&a, "DELETE", "/api/v1/bots/2", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/bots/2", NULL, 404, "not_found");
	api_expect(&a, "GET", "/api/v1/bots/2/status", NULL, 404, "not_found");
	seed("UPDATE trading_orders SET status = 'closed'");
	api_expect(&a, "DELETE", "/api/v1/bots/1", NULL, 409, "conflict");
	/* its trades stay in the books: the next bot is not number 2 again */
	r = call("POST", "/api/v1/bots", "{\"name\":\"Second\"}", 201);
	assert_true(answer_header_is(&r, "Location", "/api/v1/bots/3"));
	answer_free(&r);
}

/* A private key of the greatest length, with its lines: in by PUT, out as the worker reads it. */
static void a_pem_key(void **state)
{
	char pem[BOT_SECRET_LENGTH_MAX + 1] = "-----BEGIN PRIVATE KEY-----\n";
	struct master_key key = { 0 };
	struct bot_secrets secrets = { 0 };
	struct bot_config c;
	struct db *db = NULL;
	struct err e = { 0 };
	cJSON *patch = cJSON_CreateObject();
	char *body;
	struct answer r;

	(void)state;
	for (size_t n = strlen(pem); n < BOT_SECRET_LENGTH_MAX; n++)
		pem[n] = (n + 1) % 64 ? (char)('A' + n % 26) : '\n';
	cJSON_AddStringToObject(patch, "secret_key", pem);
	body = cJSON_PrintUnformatted(patch);
	r = call("PUT", CONFIG, body, 200);
	assert_string_equal(answer_text(&r, "config.secret_key"), "********");
	answer_free(&r);
	r = get(CONFIG "/history");
	assert_false(has(&r, "PRIVATE"));
	answer_free(&r);
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &db, &e), 0);
	assert_int_equal(master_key_read(scratch_path("master.key"), &key, &e), 0);
	assert_int_equal(store_config_load(db, &key, 1, &c, &secrets, &e), 0);
	assert_string_equal(bot_secret(&secrets, BOT_SECRET_KEY), pem);
	bot_secrets_wipe(&secrets);
	db_close(db);
	cJSON_Delete(patch);
	free(body);
	api_expect(&a, "PUT", CONFIG, "{\"api_key\":\"a\\nb\"}", 422, NULL);
	api_expect(&a, "PUT", CONFIG, "{\"secret_key\":\"\"}", 200, NULL);
	r = get(CONFIG);
	assert_string_equal(answer_text(&r, "config.secret_key"), "");
	answer_free(&r);
}

static void config(void **state)
{
	struct answer r;

	(void)state;
	r = get(CONFIG);
	assert_true(answer_header_is(&r, "ETag", "\"1\""));
	assert_string_equal(answer_text(&r, "config.symbol"), "BTCUSDT");
	assert_string_equal(answer_text(&r, "config.secret_key"), "");
	answer_free(&r);
	r = call("PUT", "/api/trading/bots/1/config",
		 "{\"confidence_threshold\":0.5,\"capital_per_trade\":300.25,"
		 "\"secret_key\":\"abc\"}", 200);
	assert_true(answer_header_is(&r, "ETag", "\"2\""));
	assert_true(answer_number(&r, "version") == 2);
	assert_true(answer_number(&r, "config.capital_per_trade") == 300.25);
	assert_string_equal(answer_text(&r, "config.secret_key"), "********");
	assert_false(has(&r, "abc"));
	answer_free(&r);
	/* Sent back as it was shown, the secret stays. */
	api_expect(&a, "PUT", CONFIG, "{\"secret_key\":\"********\",\"leverage\":1,"
				      "\"holding_time\":1999}", 200, NULL);
	r = get(CONFIG);
	assert_string_equal(answer_text(&r, "config.secret_key"), "********");
	assert_true(answer_number(&r, "version") == 3);
	answer_free(&r);
	r = call("PUT", CONFIG,
		 "{\"confidence_threshold\":2,\"holding_time\":\"x\",\"colour\":1}", 422);
	assert_int_equal(length(&r, "error.fields"), 3);
	answer_free(&r);
	r = get("/api/v1/status");
	assert_true(answer_number(&r, "config_version.wanted") == 3);
	answer_free(&r);
	api_expect(&a, "GET", "/api/v1/trading/bots/7/config", NULL, 404, "not_found");
}

/* A row that somebody spoiled by hand is not the caller's mistake. */
static void config_broken_by_hand(void **state)
{
	(void)state;
	seed("UPDATE trading_configs SET confidence_threshold = 7, version = version + 1");
	api_expect(&a, "GET", CONFIG, NULL, 409, "broken_config");
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":3}", 409, "broken_config");
	seed("UPDATE trading_configs SET confidence_threshold = 0.5, version = version + 1");
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":3}", 200, NULL);
}

static void config_if_match(void **state)
{
	(void)state;
	a.headers = "If-Match: \"2\"\r\n";
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":3}", 409, "conflict");
	a.headers = "If-Match: \"1\"\r\n";
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":3}", 200, NULL);
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":4}", 409, "conflict");
	a.headers = "If-Match: \"1\", \"2\"\r\n";
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":4}", 200, NULL);
	a.headers = "If-Match: \"33\",W/\"3\"\r\n";	/* weak ones are never the same */
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":4}", 409, "conflict");
	a.headers = "If-Match: 3\r\n";
	api_expect(&a, "PUT", CONFIG, "{\"max_positions\":4}", 409, "conflict");
}

static void config_validate_and_warn(void **state)
{
	struct answer r;

	(void)state;
	r = call("POST", CONFIG "/validate",
		 "{\"profit_target_pct\":0.00015,\"stop_loss_pct\":0.009}", 200);
	assert_true(cJSON_IsTrue(answer_at(&r, "valid")));
	assert_true(length(&r, "warnings") > 0); /* can never pass MIN_RISK_REWARD_RATIO */
	answer_free(&r);
	r = call("POST", CONFIG "/validate", "{\"stop_loss_pct\":\"a\"}", 200);
	assert_true(cJSON_IsFalse(answer_at(&r, "valid")));
	assert_string_equal(answer_text(&r, "errors.0.field"), "stop_loss_pct");
	answer_free(&r);
	r = get(CONFIG);
	assert_true(answer_number(&r, "version") == 1);
	answer_free(&r);
}

/* A bot may be made with its model: the same as assigning it. */
static void a_bot_with_a_model(void **state)
{
	struct answer r;

	(void)state;
	seed(SQL_MODELS);
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"x\",\"config\":{\"model_id\":9}}", 422,
		   "invalid_fields");
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"x\",\"config\":{\"model_id\":3}}", 422,
		   "invalid_fields");
	r = call("POST", "/api/v1/bots", "{\"name\":\"x\",\"config\":{\"model_id\":1}}", 201);
	assert_true(answer_number(&r, "model_id") == 1);
	answer_free(&r);
	r = get("/api/v1/models/1");
	assert_true(has(&r, "\"assigned_to\":[2]"));
	answer_free(&r);
}

/* Also the version that no API wrote can be had back. */
static void config_history_and_rollback(void **state)
{
	struct answer r;
	char back[40];

	(void)state;
	api_expect(&a, "PUT", CONFIG, "{\"holding_time\":77}", 200, NULL);
	api_expect(&a, "PUT", CONFIG, "{\"api_key\":\"k\"}", 200, NULL);
	r = get(CONFIG "/history?limit=2");
	assert_int_equal(length(&r, "history"), 2);
	assert_true(answer_number(&r, "history.0.version") == 3);
	assert_string_equal(answer_text(&r, "history.0.changed_by"), "environment");
	assert_string_equal(place_of(answer_text(&r, "next_cursor")), "2");
	answer_free(&r);
	r = get(CONFIG "/history?cursor=2");
	assert_int_equal(length(&r, "history"), 1);
	assert_string_equal(answer_text(&r, "history.0.changed_by"), "first start");
	answer_free(&r);
	r = call("POST", CONFIG "/rollback", "{\"version\":1}", 200);
	assert_true(answer_number(&r, "version") == 4);
	assert_true(answer_number(&r, "config.holding_time") == 900);
	answer_free(&r);
	/* Objects of a former version replace what is there; nothing of it is merged in. */
	api_expect(&a, "PUT", CONFIG, "{\"minimal_roi\":{\"0\":0.02}}", 200, NULL);
	r = call("PUT", CONFIG, "{\"minimal_roi\":{\"60\":0.01}}", 200);
	assert_true(has(&r, "\"minimal_roi\":{\"0\":0.02,\"60\":0.01}"));
	snprintf(back, sizeof(back), "{\"version\":%.0f}", answer_number(&r, "version") - 1);
	answer_free(&r);
	r = call("POST", CONFIG "/rollback", back, 200);
	assert_true(has(&r, "\"minimal_roi\":{\"0\":0.02}"));
	answer_free(&r);
	api_expect(&a, "POST", CONFIG "/rollback", "{\"version\":44}", 404,
		   "not_found");
	api_expect(&a, "POST", CONFIG "/rollback", "{}", 422, "invalid_fields");
}

/* The config's key and the assignment say the same. */
static void the_configs_model(void)
{
	struct answer r;

	api_expect(&a, "PUT", CONFIG, "{\"model_id\":2}", 200, NULL);
	r = get("/api/v1/bots/1");
	assert_true(answer_number(&r, "model_id") == 2);
	answer_free(&r);
	/* What can't be assigned is a wrong value, here and when it is only checked. */
	api_expect(&a, "PUT", CONFIG, "{\"model_id\":3}", 422, "invalid_fields");
	api_expect(&a, "PUT", CONFIG, "{\"model_id\":9}", 422, "invalid_fields");
	r = call("POST", CONFIG "/validate", "{\"model_id\":9}", 200);
	assert_true(cJSON_IsFalse(answer_at(&r, "valid")));
	assert_string_equal(answer_text(&r, "errors.0.field"), "model_id");
	answer_free(&r);
	r = call("POST", CONFIG "/validate", "{\"model_id\":1}", 200);
	assert_true(cJSON_IsTrue(answer_at(&r, "valid")));
	answer_free(&r);
	api_expect(&a, "DELETE", "/api/v1/models/2", NULL, 409, "conflict");
	r = get("/api/v1/status");
	assert_true(answer_number(&r, "model.wanted") == 2);
	answer_free(&r);
	api_expect(&a, "PUT", CONFIG, "{\"model_id\":0}", 200, NULL);
}

static void models(void **state)
{
	struct answer r;

	(void)state;
	seed(SQL_MODELS);
	r = get("/api/v1/models?symbol=ETHUSDT");
	assert_int_equal(length(&r, "models"), 2);
	answer_free(&r);
	r = get("/api/v1/models/symbol/BTCUSDT");
	assert_int_equal(length(&r, "models"), 1);
	answer_free(&r);
	r = call("PUT", "/api/v1/models/1", "{\"name\":\"uno\"}", 200);
	assert_string_equal(answer_text(&r, "name"), "uno");
	assert_true(answer_header_is(&r, "ETag", "\"2\""));
	answer_free(&r);
	/* the same again, or nothing: no version */
	r = call("PUT", "/api/v1/models/1", "{\"name\":\"uno\"}", 200);
	assert_true(answer_header_is(&r, "ETag", "\"2\""));
	answer_free(&r);
	r = call("PUT", "/api/v1/models/1", "{}", 200);
	assert_true(answer_header_is(&r, "ETag", "\"2\""));
	answer_free(&r);
	a.headers = "If-Match: \"1\"\r\n";
	api_expect(&a, "PUT", "/api/v1/models/1", "{\"name\":\"one\"}", 409, "conflict");
	a.headers = NULL;
	api_expect(&a, "PUT", "/api/v1/models/1", "{\"symbol\":\"BTC/USDT\"}", 422,
		   "invalid_fields");
	api_expect(&a, "PUT", "/api/v1/models/assign/1", "{\"model_id\":3}", 409, "conflict");
	api_expect(&a, "PUT", "/api/v1/models/assign/1", "{\"model_id\":9}", 404, "not_found");
	api_expect(&a, "PUT", "/api/v1/models/assign/9", "{\"model_id\":1}", 404, "not_found");
	r = call("PUT", "/api/v1/models/assign/1", "{\"model_id\":1}", 200);
	assert_true(answer_number(&r, "config_version") == 2);
	answer_free(&r);
	r = get("/api/v1/models/1");
	assert_true(has(&r, "\"assigned_to\":[1]"));
	answer_free(&r);
	api_expect(&a, "DELETE", "/api/v1/models/1", NULL, 409, "conflict");
	the_configs_model();
	/* assigned to nobody, but the worker has not let go of it yet */
	seed("INSERT INTO bot_state(bot_id, status, mode, applied_model_id, updated_us)"
	     " VALUES (1, 'RUNNING', 'simulation', 2, 1)");
	r = call("DELETE", "/api/v1/models/2", NULL, 409);
	assert_true(has(&r, "used by bot 1"));
	answer_free(&r);
	seed("DELETE FROM bot_state");
	r = call("POST", CONFIG "/validate", "{}", 200);
	assert_true(has(&r, "model_id"));
	assert_true(length(&r, "warnings") > 0); /* strategy "model" without one */
	answer_free(&r);
	seed("INSERT INTO model_assignments VALUES (1, 2, 1, 'sample')");
	r = call("POST", CONFIG "/validate", "{}", 200);
	assert_int_equal(length(&r, "warnings"), 0);
	answer_free(&r);
	assert_int_equal(mkdir(scratch_path("models"), 0700), 0);
	fclose(fopen(scratch_path("models/aa"), "w"));
	api_expect(&a, "DELETE", "/api/v1/models/1", NULL, 200, NULL);
	assert_int_not_equal(access(scratch_path("models/aa"), F_OK), 0);
	api_expect(&a, "DELETE", "/api/v1/models/3", NULL, 200, NULL);
	api_expect(&a, "GET", "/api/v1/models/1", NULL, 404, "not_found");
}

static void jobs(void **state)
{
	struct answer r;

	(void)state;
	seed("INSERT INTO jobs(id, kind, state, created_us) VALUES (1, 'training', 'running', 1),"
	     " (2, 'backtest', 'done', 1)");
	r = get("/api/v1/jobs?state=running");
	assert_int_equal(length(&r, "jobs"), 1);
	answer_free(&r);
	r = call("DELETE", "/api/v1/jobs/1", NULL, 202);
	assert_true(cJSON_IsTrue(answer_at(&r, "cancel_requested")));
	answer_free(&r);
	api_expect(&a, "DELETE", "/api/v1/jobs/2", NULL, 409, "conflict");
	api_expect(&a, "DELETE", "/api/v1/jobs/3", NULL, 404, "not_found");
}

static void tokens(void **state)
{
	char secret[64], path[64];
	struct answer r;

	(void)state;
	r = call("POST", "/api/v1/tokens",
		 "{\"name\":\"phone\",\"role\":\"viewer\",\"expires_in_s\":60}", 201);
	snprintf(secret, sizeof(secret), "%s", answer_text(&r, "token"));
	snprintf(path, sizeof(path), "/api/v1/tokens/%.0f", answer_number(&r, "id"));
	assert_int_equal(strlen(secret), 46);
	assert_true(answer_text(&r, "expires")[0] != '\0');
	answer_free(&r);
	api_expect(&a, "POST", "/api/v1/tokens", "{\"name\":\"phone\",\"role\":\"viewer\"}", 409,
		   "conflict");
	api_expect(&a, "POST", "/api/v1/tokens", "{\"name\":\"x\",\"role\":\"root\"}", 422,
		   "invalid_fields");
	/* the row of API_TOKEN, and who acts without a token */
	api_expect(&a, "POST", "/api/v1/tokens",
		   "{\"name\":\"Environment\",\"role\":\"viewer\"}", 409, "conflict");
	api_expect(&a, "POST", "/api/v1/tokens", "{\"name\":\"command line\",\"role\":\"viewer\"}",
		   409, "conflict");
	r = get("/api/v1/tokens");
	assert_int_equal(length(&r, "tokens"), 2);
	assert_false(has(&r, secret));
	answer_free(&r);
	a.token = secret;
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	a.token = API_TEST_TOKEN;
	api_expect(&a, "DELETE", path, NULL, 200, NULL);
	a.token = secret;
	api_expect(&a, "GET", "/api/v1/status", NULL, 401, "unauthorized");
	a.token = API_TEST_TOKEN;
	api_expect(&a, "DELETE", "/api/v1/tokens/1", NULL, 409, "conflict"); /* the last admin */
}

static void logs(void **state)
{
	struct answer r;

	(void)state;
	seed("INSERT INTO logs(at_us, level, service, logger, correlation_id, message) VALUES"
	     " (1, 1, 'trading-bot-worker', 'bot', 'c-1', 'one'),"
	     " (2, 3, 'trading-bot-worker', 'bot', '', 'two'),"
	     " (3, 1, 'trading-bot-worker', 'bot', 'c-1', 'three')");
	r = get("/api/v1/logs?service=trading-bot-worker&limit=2");
	assert_int_equal(length(&r, "logs"), 2);
	assert_string_equal(answer_text(&r, "logs.0.message"), "three");
	assert_string_equal(place_of(answer_text(&r, "next_cursor")), "2");
	answer_free(&r);
	r = get("/api/v1/logs?service=trading-bot-worker&limit=2&cursor=2");
	assert_int_equal(length(&r, "logs"), 1);
	answer_free(&r);
	r = get("/api/v1/logs?level=error&service=trading-bot-worker");
	assert_int_equal(length(&r, "logs"), 1);
	assert_string_equal(answer_text(&r, "logs.0.level"), "ERROR");
	answer_free(&r);
	r = get("/api/v1/logs?correlation_id=c-1");
	assert_int_equal(length(&r, "logs"), 2);
	answer_free(&r);
}

static void health(void **state)
{
	struct answer r;

	(void)state;
	r = get("/api/v1/health");
	assert_string_equal(answer_text(&r, "status"), "degraded");
	assert_string_equal(answer_text(&r, "database.status"), "healthy");
	assert_string_equal(answer_text(&r, "worker.status"), "never");
	assert_true(answer_number(&r, "api_server.response_time_ms") >= 0);
	answer_free(&r);
	r = get("/api/v1/status/info");
	assert_true(answer_number(&r, "schema_version") >= 1);
	answer_free(&r);
	r = get("/api/v1/status/health/detailed");
	assert_true(answer_number(&r, "database.size_bytes") > 0);
	assert_true(answer_number(&r, "queues.commands") == 1);
	assert_string_equal(answer_text(&r, "feed.symbols.0.symbol"), "BTCUSDT");
	assert_true(cJSON_IsNull(answer_at(&r, "feed.symbols.0.last_candle")));
	answer_free(&r);
	r = get("/api/v1/status/health");
	assert_true(cJSON_IsTrue(answer_at(&r, "database_connected")));
	assert_true(cJSON_IsFalse(answer_at(&r, "exchange_connected")));
	answer_free(&r);
}

/* Only the latest word of a worker that is alive is true. */
static void a_worker_that_is_away(void **state)
{
	struct answer r;

	(void)state;
	seed("INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us,"
	     " trading_mode, market_data, feed_state)"
	     " VALUES (1, 9, 'b', '1', 1, 1, 'simulation', 'synthetic', 'live')");
	r = get("/api/v1/health");
	assert_string_equal(answer_text(&r, "worker.status"), "away");
	assert_true(cJSON_IsNull(answer_at(&r, "worker.feed_state")));
	answer_free(&r);
	r = get("/api/v1/status");
	assert_true(cJSON_IsNull(answer_at(&r, "worker.feed_state")));
	answer_free(&r);
	r = get("/api/v1/status/health/detailed");
	assert_true(cJSON_IsNull(answer_at(&r, "feed.state")));
	answer_free(&r);
	r = get("/api/v1/status/metrics");
	assert_false(has(&r, "tradingbot_feed_state{state=\"live\"} 1"));
	answer_free(&r);
	seed("INSERT INTO candles VALUES"
	     " ('synthetic', 'BTCUSDT', '1s', 5000000, 1, 1, 1, 1, 1, 1, 3),"
	     " ('synthetic', 'BTCUSDT', '1s', 6000000, 1, 1, 1, 1, 0, 0, 0),"
	     " ('synthetic_futures', 'BTCUSDT', '1s', 7000000, 1, 1, 1, 1, 1, 1, 3)");
	r = get("/api/v1/status/health/detailed");
	assert_string_equal(answer_text(&r, "feed.symbols.0.last_candle"),
			    "1970-01-01T00:00:05.000000Z"); /* the later one is a gap */
	assert_true(answer_number(&r, "feed.symbols.0.age_ms") > 6000);
	answer_free(&r);
	r = call("PUT", CONFIG, "{\"holding_time\":77}", 200);
	assert_true(has(&r, "when it starts"));
	answer_free(&r);
	seed("UPDATE worker_heartbeat SET beat_us = unixepoch() * 1000000");
	r = get("/api/v1/health");
	assert_string_equal(answer_text(&r, "worker.feed_state"), "live");
	answer_free(&r);
	r = call("PUT", CONFIG, "{\"holding_time\":78}", 200);
	assert_true(has(&r, "within one loop turn"));
	answer_free(&r);
}

static void outside_page(struct config *cfg)
{
	snprintf(cfg->dashboard_dir, sizeof(cfg->dashboard_dir), "%s", scratch_folder);
}

static int setup_page(void **state)
{
	if (scratch_setup(state))
		return -1;
	api_start(&a, outside_page);
	return 0;
}

/* DASHBOARD_DIR serves pages, and nothing else of what lies there. */
static void pages_from_a_folder(void **state)
{
	struct answer r;
	FILE *f = fopen(scratch_path("index.html"), "w");

	(void)state;
	assert_non_null(f);
	fputs("<p>mine</p>", f);
	fclose(f);
	r = get("/");
	assert_true(answer_header_is(&r, "Content-Type", "text/html; charset=utf-8"));
	assert_string_equal(buf_text(&r.body), "<p>mine</p>");
	answer_free(&r);
	api_expect(&a, "GET", "/app.js", NULL, 404, "not_found");
	api_expect(&a, "GET", "/app.db", NULL, 404, "not_found");
	api_expect(&a, "GET", "/master.key", NULL, 404, "not_found");
}

#define WITH_API(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(bots),
		WITH_API(external_bots),
		WITH_API(bots_deleted_only_when_idle),
		WITH_API(config),
		WITH_API(a_pem_key),
		WITH_API(config_broken_by_hand),
		WITH_API(config_if_match),
		WITH_API(config_validate_and_warn),
		WITH_API(a_bot_with_a_model),
		WITH_API(config_history_and_rollback),
		WITH_API(models),
		WITH_API(jobs),
		WITH_API(tokens),
		WITH_API(logs),
		WITH_API(health),
		WITH_API(a_worker_that_is_away),
		cmocka_unit_test_setup_teardown(pages_from_a_folder, setup_page, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
