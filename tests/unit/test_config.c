#include "common/config.h"
#include "common/fees.h"
#include "common/file.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int set_up_group(void **state)
{
	return scratch_setup(state) || chdir(scratch_folder);
}

static int tear_down_group(void **state)
{
	return chdir("/") || scratch_teardown(state);
}

/* Each test begins with no variable and no file. */
static int set_up(void **state)
{
	(void)state;
	clearenv();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(".env") && errno != ENOENT;
}

static void dotenv(const char *text)
{
	struct err e = { 0 };

	assert_int_equal(file_write(".env", text, strlen(text), 0600, &e), 0);
}

static void loads(struct config *c)
{
	struct err e = { 0 };

	if (config_load(c, &e))
		fail_msg("%s", e.msg);
}

/* The struct stays as it is, and the sentence says each of the words. */
static void refused(const char *word, const char *word2, const char *word3)
{
	struct config *c = xcalloc(1, sizeof(*c));
	struct err e = { 0 };

	c->api_port = 42;
	assert_int_equal(config_load(c, &e), ERR_INVALID);
	assert_int_equal(c->api_port, 42);
	if (!strstr(e.msg, word) || !strstr(e.msg, word2) || !strstr(e.msg, word3))
		fail_msg("\"%s\" does not say %s, %s, %s", e.msg, word, word2, word3);
	free(c);
}

static void prints(const struct config *c, const char *line)
{
	struct buf out = { 0 }, want = { 0 };

	buf_putc(&out, '\n');
	config_print(c, &out);
	buf_printf(&want, "\n%s\n", line);
	if (!strstr(buf_text(&out), buf_text(&want)))
		fail_msg("no \"%s\" in%s", line, buf_text(&out));
	buf_free(&want);
	buf_free(&out);
}

static void defaults_are_the_documented_ones(void **state)
{
	static const char *const lines[] = {
		"DATA_DIR=./data", "DB_PATH=./data/app.db", "MASTER_KEY_FILE=./data/master.key",
		"API_PORT=1337", "API_BIND=127.0.0.1", "API_TOKEN=", "API_RATE_LIMIT=100",
		"COMMAND_WAIT_MS=2000", "TRADING_MODE=simulation", "TRADING_APPROVED=false",
		"ORDER_CONFIRMATION_REQUIRED=true", "MAX_OPEN_POSITIONS=5", "MAX_RISK_PER_TRADE=2",
		"MIN_RISK_REWARD_RATIO=3", "EXCHANGE=binance", "MARKET_DATA=auto",
		"WS_URL=wss://stream.binance.com:9443/ws", "REST_URL=https://api.binance.com",
		"REPLAY_SPEED=1", "SIMULATION_INITIAL_CAPITAL=10000",
		"SIMULATION_COMMISSION=exchange",
		"SIMULATION_SLIPPAGE=0.0001", "SIMULATION_TICK_INTERVAL=5",
		"SIMULATION_STRATEGY_INTERVAL=60", "SIM_LATENCY_MS=50", "LOG_LEVEL=INFO",
		"DEBUG_MODE=false",
	};
	struct config c, d;

	(void)state;
	loads(&c);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		prints(&c, lines[i]);
	config_defaults(&d);
	assert_memory_equal(&c, &d, sizeof(c));
	assert_int_equal(c.api_port, 1337);
	assert_int_equal(c.trading_mode, MODE_SIMULATION);
	assert_int_equal(c.market_data, MARKET_AUTO);
	assert_int_equal(c.log_level, LOG_INFO);
	assert_true(c.order_confirmation_required);
	assert_true(c.min_risk_reward_ratio == 3.0);
}

static void the_environment_wins_over_the_file(void **state)
{
	struct config c;

	(void)state;
	dotenv("export API_PORT=8000\nDATA_DIR='/srv/my data/'\nAPI_RATE_LIMIT=0\n"
	       "LOG_LEVEL=warn\n");
	setenv("API_RATE_LIMIT", "7", 1);
	setenv("LOG_LEVEL", "", 1);
	loads(&c);
	assert_int_equal(c.api_port, 8000);
	assert_int_equal(c.api_rate_limit, 7);
	assert_int_equal(c.log_level, LOG_INFO); /* set, to nothing: the default */
	assert_string_equal(c.data_dir, "/srv/my data");
	assert_string_equal(c.db_path, "/srv/my data/app.db");
	setenv("DB_PATH", "x.db", 1);
	loads(&c);
	assert_string_equal(c.db_path, "x.db");
	assert_string_equal(c.master_key_file, "/srv/my data/master.key");
}

static void choices_in_any_case(void **state)
{
	static const struct { const char *text; enum trading_mode mode; } modes[] = {
		{ "simulation", MODE_SIMULATION }, { "PAPER", MODE_SIMULATION },
		{ "Paper", MODE_SIMULATION }, { "SIMULATION", MODE_SIMULATION },
		{ "Live", MODE_LIVE },
	};
	static const struct { const char *text; enum log_level level; } levels[] = {
		{ "debug", LOG_DEBUG }, { "Info", LOG_INFO }, { "WARN", LOG_WARN },
		{ "warning", LOG_WARN }, { "error", LOG_ERROR }, { "CRITICAL", LOG_ERROR },
	};
	static const struct { const char *text; enum market_data data; } data[] = {
		{ "auto", MARKET_AUTO }, { "Binance", MARKET_BINANCE }, { "replay", MARKET_REPLAY },
		{ "SYNTHETIC", MARKET_SYNTHETIC },
	};
	struct config c;

	(void)state;
	setenv("TRADING_APPROVED", "yes", 1);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		setenv("TRADING_MODE", modes[i].text, 1);
		loads(&c);
		assert_int_equal(c.trading_mode, modes[i].mode);
	}
	unsetenv("TRADING_MODE");
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		setenv("LOG_LEVEL", levels[i].text, 1);
		loads(&c);
		assert_int_equal(c.log_level, levels[i].level);
	}
	setenv("RECORDING", "a.gz", 1);
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		setenv("MARKET_DATA", data[i].text, 1);
		loads(&c);
		assert_int_equal(c.market_data, data[i].data);
	}
}

static void booleans(void **state)
{
	static const char *const yes[] = { "true", "TRUE", "1", "yes", "On" };
	static const char *const no[] = { "false", "False", "0", "no", "OFF" };
	struct config c;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		setenv("METRICS_PUBLIC", yes[i], 1);
		setenv("REPLAY_LOOP", no[i], 1);
		loads(&c);
		assert_true(c.metrics_public);
		assert_false(c.replay_loop);
	}
	setenv("METRICS_PUBLIC", "2", 1);
	refused("METRICS_PUBLIC=2", "the environment", "true or false");
}

static void set_number(const struct config_key *k, double v, char text[64])
{
	if (k->type == CONFIG_INT)
		snprintf(text, 64, "%.0f", v);
	else
		snprintf(text, 64, "%.17g", v);
	setenv(k->name, text, 1);
}

/* For every number: its ends are taken, what lies beyond is not, nor is what is none. */
static void ranges_of_every_number(void **state)
{
	static const char *const never[] = { "x",
					     "1x",
					     " 1",
					     "1 ",
					     "nan",
					     "inf",
					     "0x10",
					     "1,5",
					     "--1",
					     "1e999",
					     "99999999999999999999999" };
	char text[64];
	struct config c;
	int numbers = 0;

	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (k->type != CONFIG_INT && k->type != CONFIG_REAL)
			continue;
		numbers++;
		set_number(k, k->min, text);
		loads(&c);
		set_number(k, k->max, text);
		loads(&c);
		set_number(k, k->max * 1.001 + 1, text);
		refused(k->name, text, " to ");
		set_number(k, k->min - 1, text);
		refused(k->name, text, " to ");
		for (size_t j = 0; j < sizeof(never) / sizeof(never[0]); j++) {
			setenv(k->name, never[j], 1);
			refused(k->name, never[j], " to ");
		}
		unsetenv(k->name);
	}
	assert_true(numbers > 20);
	setenv("API_PORT", "1.5", 1);
	refused("API_PORT=1.5 (from the environment)", "1 to 65535", "");
}

static void texts_have_bounds(void **state)
{
	char longest[CONFIG_PATH_MAX + 64];
	struct config c;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[CONFIG_PATH_MAX - 1] = '\0';
	setenv("DASHBOARD_DIR", longest, 1);
	loads(&c);
	assert_string_equal(c.dashboard_dir, longest);
	longest[CONFIG_PATH_MAX - 1] = 'x';
	longest[CONFIG_PATH_MAX] = '\0';
	setenv("DASHBOARD_DIR", longest, 1);
	refused("DASHBOARD_DIR=xxx", "a path of up to 1023 characters", "");
	unsetenv("DASHBOARD_DIR");
	longest[CONFIG_PATH_MAX - 4] = '\0';
	setenv("DATA_DIR", longest, 1);
	refused("DATA_DIR=xxx", "too long", "");
	setenv("DATA_DIR", "a\nb", 1);
	refused("DATA_DIR", "a path", "");
	setenv("DATA_DIR", "a\xff", 1);
	refused("DATA_DIR", "a path", "");
	unsetenv("DATA_DIR");
	setenv("EXCHANGE", "kraken", 1);
	refused("EXCHANGE=kraken", "binance, binance_futures", "");
}

static void home_is_known(void **state)
{
	struct config c;

	(void)state;
	dotenv("DATA_DIR=~/bot");
	setenv("HOME", "/home/me", 1);
	loads(&c);
	assert_string_equal(c.data_dir, "/home/me/bot");
	setenv("DATA_DIR", "/", 1);
	loads(&c);
	assert_string_equal(c.db_path, "/app.db");
}

static void secrets_are_never_shown(void **state)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	struct config c;

	(void)state;
	setenv("API_TOKEN", "s3cret-one", 1);
	setenv("BINANCE_API_KEY", "s3cret-two", 1);
	setenv("BINANCE_API_SECRET", "s3cret-three", 1);
	setenv("TELEGRAM_BOT_TOKEN", "s3cret-four", 1);
	loads(&c);
	assert_string_equal(c.api_token, "s3cret-one");
	assert_string_equal(c.binance_api_key, "s3cret-two");
	assert_string_equal(c.binance_api_secret, "s3cret-three");
	assert_string_equal(c.telegram_bot_token, "s3cret-four");
	config_print(&c, &out);
	assert_null(strstr(buf_text(&out), "s3cret"));
	prints(&c, "API_TOKEN=********");
	prints(&c, "BINANCE_API_SECRET=********");
	setenv("API_TOKEN", "s3cret with blanks", 1);
	assert_int_equal(config_load(&c, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "API_TOKEN"));
	assert_null(strstr(e.msg, "s3cret"));
	buf_free(&out);
}

static void addresses(void **state)
{
	static const struct {
		const char *set, *is;
	} cases[] = { { "[::1]", "::1" }, { "::1", "::1" }, { "[::1", "[::1" }, { "[]", "[]" },
		      { "127.0.0.1", "127.0.0.1" } };
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("API_BIND", cases[i].set, 1);
		loads(&c);
		assert_string_equal(c.api_bind, cases[i].is);
	}
	unsetenv("API_BIND");
}

static void file_of_secret(const char *name, const char *text)
{
	char path[64];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "secrets/%s", name);
	assert_int_equal(file_mkdirs("secrets", &e), 0);
	assert_int_equal(file_write(path, text, strlen(text), 0600, &e), 0);
}

static void secrets_from_files(void **state)
{
	struct config c;

	(void)state;
	setenv("SECRETS_DIR", "secrets", 1);
	loads(&c);			/* no such folder: no secrets */
	file_of_secret("binance_api_key", "key-of-file\nsecond line\n");
	file_of_secret("api_token", "token-of-file");
	file_of_secret("telegram_bot_token", "");
	setenv("API_TOKEN", "token-of-environment", 1);
	loads(&c);
	assert_string_equal(c.binance_api_key, "key-of-file");
	assert_string_equal(c.api_token, "token-of-environment");
	assert_string_equal(c.telegram_bot_token, "");
	setenv("API_TOKEN", "", 1);
	loads(&c);
	assert_string_equal(c.api_token, "token-of-file");
	file_of_secret("binance_api_key", "two words");
	refused("BINANCE_API_KEY", "secrets/binance_api_key", "without blanks");
	assert_int_equal(file_write("secrets/binance_api_key", "cut\0here", 8, 0600, NULL), 0);
	refused("BINANCE_API_KEY", "secrets/binance_api_key", "NUL");
	unsetenv("SECRETS_DIR");
	loads(&c);
	assert_string_equal(c.api_token, "");
}

static void places_for_messages(void **state)
{
	struct config c;

	(void)state;
	loads(&c);
	assert_string_equal(c.telegram_api_url, "https://api.telegram.org");
	assert_true(c.telegram_notify[NOTIFY_ENTRY] == NOTIFY_OFF &&
		    c.telegram_notify[NOTIFY_EXIT_FILL] == NOTIFY_ON &&
		    c.telegram_notify[NOTIFY_SUMMARY] == NOTIFY_SILENT);
	setenv("TELEGRAM_NOTIFY_ENTRY", "Silent", 1);
	setenv("TELEGRAM_CHAT_ID", " -1001234567890, 77 @channel_name", 1);
	setenv("TELEGRAM_USERS", "77,78", 1);
	setenv("WEBHOOK_EVENTS", "exit_fill warning", 1);
	loads(&c);
	assert_int_equal(c.telegram_notify[NOTIFY_ENTRY], NOTIFY_SILENT);
	setenv("TELEGRAM_CHAT_ID", "77;78", 1);
	refused("TELEGRAM_CHAT_ID", "77;78", "no number");
	setenv("TELEGRAM_CHAT_ID", "--5", 1);
	refused("TELEGRAM_CHAT_ID", "--5", "no number");
	setenv("TELEGRAM_CHAT_ID", "-", 1);
	refused("TELEGRAM_CHAT_ID", "\"-\"", "no number");
	setenv("TELEGRAM_CHAT_ID", "5", 1);
	setenv("TELEGRAM_USERS", "me", 1);
	refused("TELEGRAM_USERS", "me", "no number");
	unsetenv("TELEGRAM_USERS");
	setenv("WEBHOOK_EVENTS", "exit_fill,exits", 1);
	refused("WEBHOOK_EVENTS", "exits", "there are startup");
	unsetenv("WEBHOOK_EVENTS");
	setenv("WEBHOOK_URL", "ftp://s3cret", 1);
	refused("WEBHOOK_URL", "https://", "name a host");
	setenv("WEBHOOK_URL", "https://example.org/s3cret", 1);
	setenv("TELEGRAM_API_URL", "api.telegram.org", 1);
	refused("TELEGRAM_API_URL", "https://", "name a host");
}

static void live_needs_approval(void **state)
{
	struct config c;

	(void)state;
	setenv("TRADING_MODE", "LIVE", 1);
	refused("TRADING_MODE=live", "TRADING_APPROVED=true", "real money");
	setenv("TRADING_APPROVED", "false", 1);
	refused("TRADING_MODE=live", "TRADING_APPROVED=true", "real money");
	setenv("TRADING_APPROVED", "true", 1);
	loads(&c);
	assert_int_equal(c.trading_mode, MODE_LIVE);
	setenv("MARKET_DATA", "synthetic", 1);
	refused("TRADING_MODE=live", "MARKET_DATA=binance", "");
}

static void rules_over_several_keys(void **state)
{
	struct config c;

	(void)state;
	setenv("MARKET_DATA", "replay", 1);
	refused("MARKET_DATA=replay", "RECORDING", "");
	setenv("RECORDING", "  ", 1);
	refused("MARKET_DATA=replay", "RECORDING", "");
	setenv("RECORDING", "a.gz b.gz", 1);
	setenv("REPLAY_SPEED", "MAX", 1);
	loads(&c);
	assert_true(c.replay_speed == 0);
	prints(&c, "REPLAY_SPEED=max");
	prints(&c, "RECORDING=a.gz b.gz");
	setenv("API_TLS_CERT", "cert.pem", 1);
	refused("API_TLS_CERT", "API_TLS_KEY", "both");
	unsetenv("API_TLS_CERT");
	setenv("API_TLS_KEY", "key.pem", 1);
	refused("API_TLS_CERT", "API_TLS_KEY", "both");
	unsetenv("API_TLS_KEY");
	setenv("TELEGRAM_ENABLED", "true", 1);
	refused("TELEGRAM_ENABLED=true", "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID");
	unsetenv("TELEGRAM_ENABLED");
	setenv("EXCHANGE", "Binance_Futures", 1);
	setenv("DEBUG_MODE", "true", 1);
	loads(&c);
	prints(&c, "EXCHANGE=binance_futures");
	prints(&c, "WS_URL=wss://fstream.binance.com/ws");
	prints(&c, "REST_URL=https://fapi.binance.com");
	prints(&c, "LOG_LEVEL=DEBUG");
	setenv("WS_URL", "ws://127.0.0.1:9000/ws", 1);
	loads(&c);
	prints(&c, "WS_URL=ws://127.0.0.1:9000/ws");
	setenv("WS_URL", "http://x", 1);
	refused("WS_URL=http://x", "wss://", "");
	setenv("WS_URL", "wss://", 1);
	refused("WS_URL=wss://", "name a host", "");
	unsetenv("WS_URL");
	setenv("REST_URL", "api.binance.com", 1);
	refused("REST_URL=api.binance.com", "https://", "");
	unsetenv("REST_URL");
	setenv("API_PUBLIC_URL", "bot.example.org", 1);
	refused("API_PUBLIC_URL=bot.example.org", "https://", "");
}

static void misspelt_keys_are_named(void **state)
{
	static const struct { const char *line, *meant; } t[] = {
		{ "API_PROT=1", "API_PORT" }, { "APIPORT=1", "API_PORT" },
		{ "api_port=1", "API_PORT" }, { "TRADING_APROVED=1", "TRADING_APPROVED" },
		{ "TRADNG_APROVED=1", "TRADING_APPROVED" },
		{ "DATADIR=x", "DATA_DIR" }, { "MAX_OPEN_POSITION=1", "MAX_OPEN_POSITIONS" },
		{ "BINANCE_API_SECERT=1", "BINANCE_API_SECRET" }, { "LOGLEVEL=x", "LOG_LEVEL" },
	};
	struct config c;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		dotenv(t[i].line);
		refused(".env, line 1", t[i].meant, "did you mean");
	}
	dotenv("COMPOSE_PROJECT_NAME=x\nDB_URL=x\nAPI_HOST=x\nPATH=x\nTZ=UTC\nPG_PASS=1\n"
	       "A_NAME_THAT_IS_MUCH_LONGER_THAN_ANY_KEY_THAT_THIS_PROGRAM_HAS_OR_WILL_HAVE=1\n");
	loads(&c);
	dotenv("API_PORT=1\nAPI_PORT=70000\n");
	refused("API_PORT=70000", ".env line 2", "1 to 65535");
	dotenv("API_PORT\n");
	refused(".env, line 1", "KEY=value", "");
}

/* What config_print writes can be put into .env and gives the same again. */
static void printed_is_read_again(void **state)
{
	struct buf out = { 0 };
	struct config a, b;

	(void)state;
	setenv("EXCHANGE", "binance_futures", 1);
	setenv("SIMULATION_COMMISSION", "0.00037", 1);
	setenv("REPLAY_SPEED", "max", 1);
	loads(&a);
	config_print(&a, &out);
	clearenv();
	dotenv(buf_text(&out));
	loads(&b);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_true(a.sim_commission == 0.00037);
	buf_free(&out);
	clearenv();
	dotenv("SIMULATION_COMMISSION=exchange\n");
	loads(&a);
	assert_true(a.sim_commission == COMMISSION_OF_EXCHANGE);
	dotenv("SIMULATION_COMMISSION=0\n");
	loads(&a);
	assert_true(a.sim_commission == 0);
	config_print(&a, &out);
	assert_non_null(strstr(buf_text(&out), "SIMULATION_COMMISSION=0\n"));
	buf_free(&out);
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		size_t n = strlen(config_keys[i].help);

		assert_int_equal(config_keys[i].help[n - 1], '.');
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(config_keys[i].name, config_keys[j].name);
			assert_true(config_keys[i].offset != config_keys[j].offset);
		}
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(defaults_are_the_documented_ones),
		EACH(the_environment_wins_over_the_file),
		EACH(choices_in_any_case),
		EACH(booleans),
		EACH(ranges_of_every_number),
		EACH(texts_have_bounds),
		EACH(home_is_known),
		EACH(secrets_are_never_shown),
		EACH(addresses),
		EACH(secrets_from_files),
		EACH(places_for_messages),
		EACH(live_needs_approval),
		EACH(rules_over_several_keys),
		EACH(misspelt_keys_are_named),
		EACH(printed_is_read_again),
		EACH(names_are_unique),
	};

	return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
