/* Who may command what by chat, what it becomes, and where messages go (routes). */
#include "worker/notify/chat_commands.h"

#include "common/clock.h"
#include "worker/notify/chat_replies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1770000000000000)
#define SQL_BOTS \
	"INSERT INTO bots(id, name, bot_type, created_us, updated_us)" \
	" VALUES (2, 'Two', 'trading', 1, 1), (3, 'Three', 'trading', 1, 1)," \
	" (4, 'Outside', 'external', 1, 1)"

static struct db *db;
static struct err e;
static struct config config;
static struct chat_routes *routes;
static struct chat_commands *reader;

static char replies[20000], markup[600], pressed[64];
static int64_t reply_account, reply_chat, reply_topic;
static struct command commands[8];
static size_t commands_n;

static void on_reply(void *ctx, int64_t account, struct chat_place place, const char *html,
		     const char *m)
{
	size_t used = strlen(replies);

	(void)ctx;
	snprintf(replies + used, sizeof(replies) - used, "%s|", html);
	snprintf(markup, sizeof(markup), "%s", m);
	reply_account = account;
	reply_chat = place.chat;
	reply_topic = place.topic;
}

static void on_command(void *ctx, const struct command *c)
{
	(void)ctx;
	assert_true(commands_n < 8);
	commands[commands_n++] = *c;
}

static void on_pressed(void *ctx, int64_t account, const char *press_id)
{
	(void)ctx;
	(void)account;
	snprintf(pressed, sizeof(pressed), "%s", press_id);
}

/* Bot 2 has a chat of its own, bot 3 its own token and chat; chat 100 is for all. */
static void fill_places(void)
{
	struct bot_secrets s = { 0 };
	struct bot_config c;

	chat_routes_begin(routes);
	bot_config_defaults(&c);
	chat_routes_bot(routes, 1, &c, &s);
	snprintf(c.telegram_chat_id, sizeof(c.telegram_chat_id), "200");
	chat_routes_bot(routes, 2, &c, &s);
	bot_secret_set(&s, BOT_TELEGRAM_TOKEN, "3:three");
	snprintf(c.telegram_chat_id, sizeof(c.telegram_chat_id), "300, 301");
	chat_routes_bot(routes, 3, &c, &s);
	bot_secrets_wipe(&s);
}

static int setup(void **state)
{
	struct chat_commands_args a = { .config = &config, .reply = on_reply, .command = on_command,
			       .pressed = on_pressed };

	(void)state;
	config_defaults(&config);
	config.telegram_enabled = true;
	snprintf(config.telegram_bot_token, sizeof(config.telegram_bot_token), "1:one");
	snprintf(config.telegram_chat_id, sizeof(config.telegram_chat_id), "100 -101");
	routes = chat_routes_new(&config);
	fill_places();
	a.routes = routes;
	reader = chat_commands_new(&a);
	replies[0] = markup[0] = pressed[0] = '\0';
	commands_n = 0;
	return db_open(":memory:", DB_WORKER, &db, &e) || db_exec(db, SQL_BOTS, &e);
}

static int teardown(void **state)
{
	(void)state;
	chat_commands_free(reader);
	chat_routes_free(routes);
	db_close(db);
	return 0;
}

static struct telegram_update update(const char *text, int64_t chat, int64_t user)
{
	struct telegram_update u = { .id = 50, .usable = true, .place = { chat, 0 }, .user = user,
				     .date_s = NOW / US_PER_S };

	snprintf(u.text, sizeof(u.text), "%s", text);
	return u;
}

static void say_at(const char *text, int64_t account, int64_t chat, int64_t user, int64_t now_us)
{
	struct telegram_source from = { account, 1, "our_bot" };
	struct telegram_update u = update(text, chat, user);

	u.date_s = now_us / US_PER_S;
	replies[0] = '\0';
	commands_n = 0;
	chat_commands_take(reader, db, &from, &u, now_us);
}

static void say(const char *text)
{
	say_at(text, 0, 100, 7, NOW);
}

static void press_at(const char *data, int64_t chat, int64_t user, int64_t now_us)
{
	struct telegram_source from = { 0, 1, "our_bot" };
	struct telegram_update u = update(data, chat, user);

	u.pressed = true;
	snprintf(u.press_id, sizeof(u.press_id), "p1");
	replies[0] = '\0';
	commands_n = 0;
	chat_commands_take(reader, db, &from, &u, now_us);
}

static void messages_find_their_places(void **state)
{
	struct lane_key lanes[CHAT_ROUTES_MAX];
	int64_t account;

	(void)state;
	assert_int_equal(chat_routes_of(routes, 0, lanes), 2);
	assert_string_equal(lanes[1].target, "-101");
	assert_int_equal(chat_routes_of(routes, 1, lanes), 2);
	assert_int_equal(chat_routes_of(routes, 2, lanes), 1);
	assert_true(lanes[0].account == 0 && strcmp(lanes[0].target, "200") == 0);
	assert_int_equal(chat_routes_of(routes, 3, lanes), 2);
	assert_true(lanes[0].account == 3);
	assert_string_equal(chat_routes_token(routes, 3), "3:three");
	assert_string_equal(chat_routes_token(routes, 0), "1:one");
	assert_null(chat_routes_token(routes, 2));
	assert_true(chat_routes_account(routes, 1, &account) && account == 3);
	assert_false(chat_routes_account(routes, 2, &account));
}

/* Telegram lets one reader poll a token: bots that share one share the account. */
static void equal_tokens_are_one_account(void **state)
{
	struct lane_key lanes[CHAT_ROUTES_MAX];
	struct bot_secrets s = { 0 };
	struct bot_config c;

	(void)state;
	config.telegram_enabled = false;
	chat_routes_begin(routes);
	assert_false(chat_routes_any(routes, 1));
	bot_config_defaults(&c);
	snprintf(c.telegram_chat_id, sizeof(c.telegram_chat_id), "5");
	chat_routes_bot(routes, 1, &c, &s);	/* a chat, but no token */
	assert_false(chat_routes_any(routes, 1));
	bot_secret_set(&s, BOT_TELEGRAM_TOKEN, "9:nine");
	chat_routes_bot(routes, 2, &c, &s);
	c.telegram_chat_id[0] = '\0';		/* the chats of the environment */
	chat_routes_bot(routes, 3, &c, &s);
	bot_secrets_wipe(&s);
	assert_int_equal(chat_routes_of(routes, 3, lanes), 2);
	assert_true(lanes[0].account == 2 && strcmp(lanes[0].target, "100") == 0);
	assert_int_equal(chat_routes_of(routes, 1, lanes), 0);
	assert_true(chat_routes_allows(routes, 2, (struct chat_place){ 5, 0 }, 2) &&
		    !chat_routes_allows(routes, 2, (struct chat_place){ 5, 0 }, 3));
}

static void a_command_becomes_a_row(void **state)
{
	(void)state;
	say("/pause 2");
	assert_int_equal(commands_n, 1);
	assert_string_equal(commands[0].kind, "pause");
	assert_int_equal(commands[0].bot_id, 2);
	assert_string_equal(commands[0].requested_by, "telegram:100");
	assert_string_equal(commands[0].idempotency_key, "tg:0:1:50:2");
	assert_true(commands[0].expires_us == NOW + COMMAND_EXPIRES_US);
	assert_true(correlation_id_ok(commands[0].correlation_id));
	say("/STOP@Our_Bot\n#3");
	assert_true(commands_n == 1 && commands[0].bot_id == 3);
	assert_string_equal(commands[0].kind, "stop");
	say("/start");
	assert_true(commands_n == 1 && commands[0].bot_id == 0);	/* all of them */
	say("/stopentry 1");
	assert_true(commands_n == 1 && strcmp(commands[0].kind, "pause") == 0);
	say("/fx all #2");
	assert_true(commands_n == 1 && commands[0].bot_id == 2);
	assert_string_equal(commands[0].kind, "close-all");
}

static void answered(const struct command *c, const char *status, const char *message,
		     const char *result)
{
	static struct command_answer a;

	snprintf(a.status, sizeof(a.status), "%s", status);
	snprintf(a.message, sizeof(a.message), "%s", message);
	snprintf(a.result, sizeof(a.result), "%s", result);
	chat_commands_answered(reader, c, &a);
}

static void several_bots_at_once(void **state)
{
	struct command c;

	(void)state;
	say("/stop 1 2 3");
	assert_int_equal(commands_n, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(commands[i].bot_id, i + 1);
	say("/pause 1 99 #3");		/* one that there isn't hinders no other */
	assert_true(commands_n == 2 && commands[0].bot_id == 1 && commands[1].bot_id == 3);
	assert_non_null(strstr(replies, "There is no bot 99"));
	say("/stop 1 1 1 1 1 1 1 1 1 1 1 2");	/* no word is lost, no bot told twice */
	assert_true(commands_n == 2 && commands[1].bot_id == 2);
	say("/fx all #2 #3");
	assert_true(commands_n == 2 && commands[1].bot_id == 3);
	say("/fx 5 6");			/* not the first alone */
	assert_true(commands_n == 0 && strstr(replies, "one trade"));
	say("/daily 3 5");
	assert_true(commands_n == 0 && strstr(replies, "does not take"));
	say("/pause");
	c = commands[0];
	assert_int_equal(c.bot_id, 0);
	replies[0] = '\0';
	answered(&c, "done", "pause: done for 1 of 2 bots",
		 "{\"bots\":[{\"bot_id\":1,\"done\":true,\"message\":\"Bot paused\"},"
		 "{\"bot_id\":2,\"done\":false,\"message\":\"bot 2: can't\"}],\"more\":3}");
	assert_non_null(strstr(replies, "pause, bot 1: Bot paused"));
	assert_non_null(strstr(replies, "pause, bot 2: not done: bot 2: can"));
	assert_non_null(strstr(replies, "and 3 more bots"));
}

static void what_is_no_command_is_left(void **state)
{
	static const char *const quiet[] = { "hello", "", "/", "/stop@other_bot", "stop /stop" };
	static const char *const told[] = { "/fly", "/stop 4", "/stop 99", "/stop all", "/stop 1 x",
					    "/fx", "/fx 12345", "/fx x", "/stop -1",
					    "/emergency_stop now", "/status 0",
					    "/status 99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		say(quiet[i]);
		assert_true(commands_n == 0 && !*replies);
	}
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		say(told[i]);
		assert_int_equal(commands_n, 0);
		assert_true(*replies && !*markup);
		assert_true(reply_account == 0 && reply_chat == 100);
	}
}

/* The reply goes to the topic that asked; a chat with a topic hears that topic only. */
static void topics_of_a_group(void **state)
{
	struct telegram_source from = { 0, 1, "our_bot" };
	struct command_answer done = { .status = "done", .message = "paused" };
	struct telegram_update u = update("/pause 1", -101, 7);
	struct command c;

	(void)state;
	u.place.topic = 17;
	replies[0] = '\0';
	commands_n = 0;
	chat_commands_take(reader, db, &from, &u, NOW);	/* -101 is set: all its topics */
	assert_int_equal(commands_n, 1);
	c = commands[0];
	assert_string_equal(c.requested_by, "telegram:-101:17");
	chat_commands_answered(reader, &c, &done);
	assert_true(strstr(replies, "paused") && reply_chat == -101 && reply_topic == 17);
	snprintf(config.telegram_chat_id, sizeof(config.telegram_chat_id), "-101:17 -102:1");
	fill_places();
	for (int64_t topic = 0; topic < 19; topic++) {
		struct chat_place a = { -101, topic }, b = { -102, topic };

		assert_int_equal(chat_routes_knows(routes, 0, a), topic == 17);
		/* "General" has the number 1, and its messages have none */
		assert_int_equal(chat_routes_knows(routes, 0, b), topic <= 1);
	}
}

static void only_configured_chats_are_heard(void **state)
{
	(void)state;
	say_at("/stop", 0, 666, 7, NOW);
	assert_true(commands_n == 0 && !*replies);
	say_at("/stop", 3, 100, 7, NOW);	/* this chat, but another bot's token */
	assert_true(commands_n == 0 && !*replies);
	say_at("/stop", 0, -101, 7, NOW);
	assert_int_equal(commands_n, 1);
	/* a bot's own chat commands that bot only */
	say_at("/stop", 0, 200, 7, NOW);
	assert_true(commands_n == 1 && commands[0].bot_id == 2);
	say_at("/stop 1", 0, 200, 7, NOW);
	assert_true(commands_n == 0 && strstr(replies, "There is no bot 1"));
	say_at("/status", 3, 301, 7, NOW);
	assert_true(strstr(replies, "Bot 3 Three") && !strstr(replies, "Bot 1"));
	snprintf(config.telegram_users, sizeof(config.telegram_users), "8,9");
	say("/stop");
	assert_true(commands_n == 0 && !*replies);
	say_at("/stop", 0, 100, 9, NOW);
	assert_int_equal(commands_n, 1);
}

static void old_commands_are_not_carried_out(void **state)
{
	struct telegram_source from = { 0, 1, "our_bot" };
	struct telegram_update u = update("/stop", 100, 7);

	(void)state;
	u.date_s = NOW / US_PER_S - config.telegram_command_max_age_s;
	chat_commands_take(reader, db, &from, &u, NOW);
	assert_int_equal(commands_n, 1);
	commands_n = 0;
	u.date_s -= 60;
	chat_commands_take(reader, db, &from, &u, NOW);
	assert_true(commands_n == 0 && strstr(replies, "/stop was sent 6 m 0 s ago"));
}

static const char *yes(void)
{
	static char data[64];
	const char *at = strstr(markup, "emergency:");

	assert_non_null(at);
	snprintf(data, sizeof(data), "%.*s", (int)strcspn(at, "\""), at);
	return data;
}

static void an_emergency_stop_needs_two_steps(void **state)
{
	char data[64];

	(void)state;
	say("/emergency_stop 2");
	assert_true(commands_n == 0 && strstr(replies, "Emergency stop of bot 2?"));
	snprintf(data, sizeof(data), "%s", yes());
	press_at(data, 100, 8, NOW);			/* somebody else */
	assert_true(commands_n == 0 && strstr(replies, "over"));
	press_at(data, -101, 7, NOW);			/* another chat */
	assert_int_equal(commands_n, 0);
	press_at(data, 100, 7, NOW + CHAT_CONFIRM_US + 1);	/* too late */
	assert_int_equal(commands_n, 0);
	press_at(data, 100, 7, NOW + CHAT_CONFIRM_US);
	assert_true(commands_n == 1 && commands[0].bot_id == 2 && commands[0].expires_us == 0);
	assert_string_equal(commands[0].kind, COMMAND_EMERGENCY_STOP);
	assert_string_equal(pressed, "p1");
	press_at(data, 100, 7, NOW);			/* once */
	assert_int_equal(commands_n, 0);
	say("/emergency_stop confirm");
	assert_true(commands_n == 0 && strstr(replies, "nothing to confirm"));
	say("/emergency_stop");
	say_at("/emergency_stop confirm", 0, 100, 7, NOW + CHAT_CONFIRM_US + 1);
	assert_int_equal(commands_n, 0);
	say("/emergency_stop");
	say("/emergency_stop confirm");
	assert_true(commands_n == 1 && commands[0].bot_id == 0);
	say("/emergency_stop 1 #3 1");
	assert_true(commands_n == 0 && strstr(replies, "Emergency stop of bots 1, 3?"));
	say("/emergency_stop confirm");
	assert_true(commands_n == 2 && commands[0].bot_id == 1 && commands[1].bot_id == 3);
	say("/emergency_stop");
	snprintf(data, sizeof(data), "%s", yes());
	memcpy(strrchr(data, ':'), ":no", 4);
	press_at(data, 100, 7, NOW);
	assert_true(commands_n == 0 && strstr(replies, "Nothing was stopped"));
	say("/emergency_stop confirm");
	assert_int_equal(commands_n, 0);
}

static void questions_of_many_people(void **state)
{
	(void)state;
	for (int64_t user = 1; user <= 40; user++)
		say_at("/emergency_stop", 0, 100, user, NOW + user);
	say_at("/emergency_stop confirm", 0, 100, 40, NOW + 50);
	assert_int_equal(commands_n, 1);
	say_at("/emergency_stop confirm", 0, 100, 26, NOW + 50);
	assert_int_equal(commands_n, 1);
	say_at("/emergency_stop confirm", 0, 100, 2, NOW + 50);	/* made room */
	assert_int_equal(commands_n, 0);
}

static void answers_come_back(void **state)
{
	struct command c;

	(void)state;
	say("/pause 2");
	c = commands[0];
	answered(&c, "done", "Bot <2> paused", "{}");
	assert_non_null(strstr(replies, "pause, bot 2: Bot &lt;2&gt; paused"));
	answered(&c, "expired", "too late", "{}");
	assert_non_null(strstr(replies, "not done: too late"));
	replies[0] = '\0';
	snprintf(c.requested_by, sizeof(c.requested_by), "telegram:666");
	answered(&c, "done", "x", "{}");
	snprintf(c.requested_by, sizeof(c.requested_by), "token of A");
	answered(&c, "done", "x", "{}");
	snprintf(c.requested_by, sizeof(c.requested_by), "telegram:100");
	c.idempotency_key[0] = '\0';
	answered(&c, "done", "x", "{}");
	assert_string_equal(replies, "");
}

static void every_reader_answers(void **state)
{
	static const char *const texts[] = {
		"/status", "/profit", "/profit 3", "/balance", "/daily 2 #1", "/weekly", "/monthly",
		"/performance", "/count", "/reload_config", "/show_config 1", "/locks", "/logs 5",
		"/version", "/help",
	};
	struct buf json = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		say(texts[i]);
		if (strncmp(replies, "<pre>", 5) != 0)
			fail_msg("%s: %s", texts[i], replies);
		assert_int_equal(commands_n, 0);
	}
	chat_commands_json(&json);
	assert_non_null(strstr(buf_text(&json), "{\"command\":\"emergency_stop\","));
	buf_free(&json);
}

static void balance_is(const char *want)
{
	say("/balance 1");
	if (!strstr(replies, want))
		fail_msg("%s\ninstead of: %s", replies, want);
}

/* A gain is told of the day that it is of, and no figure before there is one. */
/* A fraction is told as percent and as what it is of an entry. */
static void settings_in_words(void **state)
{
	(void)state;
	assert_int_equal(db_exec(db, "INSERT INTO trading_config_history(bot_id, version, config,"
				 " changed_us, changed_by) VALUES (1, 99, '{\"symbol\":\"BTCUSDT\","
				 "\"capital_per_trade\":200,\"profit_target_pct\":0.021,"
				 "\"stop_loss_pct\":0.004}', 1, 'test')", &e), 0);
	say("/show_config 1");
	assert_non_null(strstr(replies, "profit_target_pct: 0.021 (2.1 % = 4.20 USDT)"));
	assert_non_null(strstr(replies, "stop_loss_pct: 0.004 (0.4 % = 0.80 USDT)"));
}

static const char SQL_TRADE[] =
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
	" entry_price, take_profit, stop_loss, quantity, filled, position, strategy, mode,"
	" config_version, created_us, opened_us, updated_us, holding_us, maker_timeout_us)"
	" VALUES (5, 1, 'a', 'BTCUSDT', 'BUY', 'active', 'holding', 1, 1, 2, 0.5, 1, 1, 1,"
	" 'model', 'simulation', 1, 1000000000, 1000000000, 1, 1, 1)";
static const char SQL_BEAT_OF_RECORDING[] =
	"INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us,"
	" trading_mode, market_data, feed_state, market_us, market_at_us)"
	" VALUES (1, 1, 'b', 'v', 1, 2, 'simulation', 'replay', 'live', 1060000000, 2)";

/* Of a recording the age of a trade is in the recording's time. */
static void ages_of_a_recording(void **state)
{
	(void)state;
	assert_int_equal(db_exec(db, SQL_TRADE, &e), 0);
	assert_int_equal(db_exec(db, SQL_BEAT_OF_RECORDING, &e), 0);
	say("/status 1");
	if (!strstr(replies, "1 m 0 s"))
		fail_msg("%s", replies);
	assert_int_equal(db_exec(db, "UPDATE worker_heartbeat SET market_us = 0", &e), 0);
	say("/status 1");
	assert_null(strstr(replies, "1 m 0 s"));
	assert_int_equal(db_exec(db, "DELETE FROM trading_orders", &e), 0);
}

static void balance_of_the_day(void **state)
{
	(void)state;
	say("/balance 1");		/* no worker has had it */
	assert_non_null(strstr(replies, "(never ran): equity not known yet"));
	assert_null(strstr(replies, "today"));
	assert_int_equal(db_exec(db, "INSERT INTO bot_state(bot_id, status, mode, equity,"
				 " updated_us) VALUES (1, 'RUNNING', 'simulation', 10000, 1)", &e),
			 0);
	say("/balance 1");		/* before the first sample: not 10,000 earned today */
	assert_non_null(strstr(replies, "(simulation): equity not known yet"));
	assert_null(strstr(replies, "today"));
	assert_null(strstr(replies, "10000"));
	assert_int_equal(db_exec(db, "UPDATE bot_state SET equity = 10012.5, peak_equity = 10050,"
				 " day = '2026-02-02', day_equity = 10000", &e), 0);
	balance_is("equity 10012.5\n  today +12.5, under its peak 0.37%");
	say_at("/balance 1", 0, 100, 7, NOW + 3 * 86400 * US_PER_S);
	assert_non_null(strstr(replies, "since 2026-02-02 +12.5, today not known yet"));
	assert_int_equal(db_exec(db, "UPDATE bot_state SET equity = 0, day_equity = 0", &e), 0);
	balance_is("equity 0\n  today 0,");	/* nothing is left, and that is known */
}

static void figures(void **state)
{
	char text[40];

	(void)state;
	assert_string_equal(reply_number(1.5, 4, text), "1.5");
	assert_string_equal(reply_number(100, 2, text), "100");
	assert_string_equal(reply_number(-0.00001, 2, text), "0");
	assert_string_equal(reply_number(1e300, 2, text), "1e+300");
	assert_string_equal(reply_number(12, 0, text), "12");
}

#define WITH_DESK(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DESK(messages_find_their_places),
		WITH_DESK(equal_tokens_are_one_account),
		WITH_DESK(a_command_becomes_a_row),
		WITH_DESK(several_bots_at_once),
		WITH_DESK(what_is_no_command_is_left),
		WITH_DESK(topics_of_a_group),
		WITH_DESK(only_configured_chats_are_heard),
		WITH_DESK(old_commands_are_not_carried_out),
		WITH_DESK(an_emergency_stop_needs_two_steps),
		WITH_DESK(questions_of_many_people),
		WITH_DESK(answers_come_back),
		WITH_DESK(every_reader_answers),
		WITH_DESK(balance_of_the_day),
		WITH_DESK(settings_in_words), WITH_DESK(ages_of_a_recording),
		cmocka_unit_test(figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
