/*
 * What changes in the database become messages: each topic's first sight, change and
 * end; snapshots; and that no query reads the past.
 */
/* For the texts of its statements, whose plans are checked. */
#include "api/push/push_rows.c"	// NOLINT(bugprone-suspicious-include)

#include "api/push/push_source.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct db *db;
static struct push *hub;
static struct push_source *source;
static struct push_client *client;
static struct buf heard;	/* "topic:data" of each change, one per line */
static size_t n_heard;

static size_t send_cb(void *ctx, struct push_message *m)
{
	size_t len;
	const char *text = push_message_text(m, &len);
	const char *data = strstr(text, "\"data\":");
	const char *end = strstr(text, ",\"timestamp\":");

	(void)ctx;
	for (const char *p = end; p; p = strstr(p + 1, ",\"timestamp\":"))
		end = p;
	buf_printf(&heard, "%s:%.*s\n", push_topic_name(m->topic), (int)(end - data) - 7,
		   data + 7);
	n_heard++;
	return 0;
}

static size_t pending_cb(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct push_link ear = { .send = send_cb, .pending = pending_cb };

static void sql(const char *text)
{
	struct err e = { 0 };

	if (db_exec(db, text, &e))
		fail_msg("%s: %s", text, e.msg);
}

static void follow(unsigned topics)
{
	struct err e = { 0 };

	if (push_source_follow(source, db, topics, &e))
		fail_msg("follow: %s", e.msg);
	push_listen(client, topics, 0);
}

static bool look(void)
{
	struct err e = { 0 };
	unsigned left = PUSH_ALL;
	bool more, any = false;

	buf_clear(&heard);
	n_heard = 0;
	do { /* a slow machine comes to some topics at a time */
		if (push_source_look(source, db, left, &more, &left, &e))
			fail_msg("look: %s", e.msg);
		any |= more;
	} while (left);
	return any;
}

/* The look brings exactly n messages; each of the others is part of one of them. */
static void expect_at(int line, size_t n, const char *a, const char *b)
{
	look();
	if (n_heard != n || (a && !strstr(buf_text(&heard), a)) ||
	    (b && !strstr(buf_text(&heard), b)))
		fail_msg("line %d: %zu messages\n%s", line, n_heard, buf_text(&heard));
	look();
	if (n_heard)
		fail_msg("line %d: told twice\n%s", line, buf_text(&heard));
}
#define expect(n, a, b) expect_at(__LINE__, n, a, b)

static int setup(void **state)
{
	static const struct push_limits limits = {
		.ring_messages = 64, .ring_bytes = 1 << 20, .pending_bytes = 1 << 20,
	};
	struct err e = { 0 };

	if (scratch_setup(state))
		return -1;
	if (db_open(scratch_path("app.db"), DB_WORKER, &db, &e)) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	hub = push_new(1, &limits);
	source = push_source_new(hub);
	client = push_client_new(hub, &ear, NULL);
	return 0;
}

static int teardown(void **state)
{
	push_client_free(client);
	push_source_free(source);
	push_free(hub);
	buf_free(&heard);
	db_close(db);
	return scratch_teardown(state);
}

static void add_state(void)
{
	sql("INSERT INTO bot_state(bot_id, status, mode, updated_us)"
	    " VALUES (1, 'STOPPED', 'simulation', 1)");
}

#define ADD_ORDER(id, status) \
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase," \
	" limit_price, quantity, strategy, mode, config_version, holding_us," \
	" maker_timeout_us, created_us, updated_us)" \
	" VALUES (" id ", 1, 'tb1-1-" id "', 'BTCUSDT', 'BUY', " status ", 'entering', 100.0," \
	" 2.0, 'model', 'simulation', 1, 5, 5, 5, 5)"

static void status(void **state)
{
	(void)state;
	follow(PUSH_BIT(PUSH_STATUS));
	expect(0, NULL, NULL);
	add_state();
	expect(1, "status:{\"bot_id\":1,\"status\":\"stopped\"", NULL);
	sql("UPDATE bot_state SET status = 'RUNNING', start_us = 7, updated_us = 2");
	expect(1, "\"status\":\"running\"", NULL);
	sql("UPDATE bot_state SET error = 'feed lost', updated_us = 3");
	expect(1, "\"error\":\"feed lost\"", NULL);
	/* What moves all the time is the topic price. */
	sql("UPDATE bot_state SET last_price = 5.0, equity = 6.0, last_execution_us = 9");
	expect(0, NULL, NULL);
	sql("UPDATE trading_configs SET version = version + 1");
	expect(1, "\"wanted\":2", NULL);
	sql("INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'two', 1, 1)");
	expect(1, "\"bot_id\":2", NULL);
	sql("DELETE FROM bots WHERE id = 2");
	expect(1, "status:{\"bot_id\":2,\"deleted\":true}", NULL);
}

/* Its beat stops: nobody writes anything, yet the status is another. */
static void the_worker_goes_away(void **state)
{
	char text[300];

	(void)state;
	snprintf(text, sizeof(text),
		 "INSERT INTO worker_heartbeat(id, pid, boot_id, version, started_us, beat_us,"
		 " trading_mode, market_data, feed_state) VALUES (1, 9, 'b', '1', 1, %lld,"
		 " 'simulation', 'synthetic', 'live')", (long long)clock_now_us());
	sql(text);
	follow(PUSH_BIT(PUSH_STATUS));
	expect(0, NULL, NULL);
	sql("UPDATE worker_heartbeat SET feed_state = 'stale'");
	expect(1, "\"feed_state\":\"stale\"", NULL);
	snprintf(text, sizeof(text), "UPDATE worker_heartbeat SET beat_us = %lld",
		 (long long)(clock_now_us() - HEARTBEAT_DEAD_US - US_PER_S));
	sql(text);
	expect(1, "\"worker\":{\"status\":\"away\"", "\"feed_state\":null");
	sql("UPDATE worker_heartbeat SET beat_us = 5, feed_age_ms = 7, turns = 8");
	expect(0, NULL, NULL);
}

static void price(void **state)
{
	(void)state;
	add_state();
	follow(PUSH_BIT(PUSH_PRICE));
	expect(0, NULL, NULL);
	sql("UPDATE bot_state SET last_price = 100.25, equity = 1000.5, updated_us = 1000000");
	expect(1, "price:{\"bot_id\":1,\"symbol\":\"BTCUSDT\",\"price\":100.25,\"equity\":1000.5,"
	       "\"updated\":\"1970-01-01T00:00:01.000000Z\"}", NULL);
	sql("UPDATE bot_state SET updated_us = 2000000");
	expect(0, NULL, NULL);
	sql("DELETE FROM bot_state");
	expect(0, NULL, NULL);
}

static void orders(void **state)
{
	(void)state;
	sql(ADD_ORDER("1", "'active'"));
	sql(ADD_ORDER("2", "'closed'"));
	follow(PUSH_BIT(PUSH_ORDER));
	expect(0, NULL, NULL);
	sql(ADD_ORDER("3", "'pending'"));
	expect(1, "order:{\"source\":\"worker\",\"id\":3,", "\"status\":\"pending\"");
	sql("UPDATE trading_orders SET status = 'active', updated_us = 6 WHERE id = 3");
	expect(1, "\"id\":3", "\"status\":\"active\"");
	sql("UPDATE trading_orders SET status = 'closed', close_reason = 'stop_loss',"
	    " closed_us = 7, updated_us = 7 WHERE id IN (1, 3)");
	expect(2, "\"id\":1", "\"close_reason\":\"stop_loss\"");
	/* Opened and closed between two looks. */
	sql(ADD_ORDER("4", "'closed'"));
	expect(1, "\"id\":4", "\"status\":\"closed\"");
}

static void orders_of_outside_bots(void **state)
{
	(void)state;
	follow(PUSH_BIT(PUSH_ORDER));
	sql("INSERT INTO reported_orders(id, bot_id, order_id, symbol, side, status, quantity,"
	    " created_us, updated_us) VALUES (1, 1, 'x', 'BTCUSDT', 'BUY', 'active', 1.0, 1, 1)");
	expect(1, "order:{\"source\":\"reported\",\"id\":1,", NULL);
	sql(ADD_ORDER("1", "'pending'")); /* the same number is another order */
	expect(1, "order:{\"source\":\"worker\",\"id\":1,", NULL);
	sql("UPDATE reported_orders SET status = 'closed', closed_us = 2, updated_us = 2");
	expect(1, "\"source\":\"reported\"", "\"status\":\"closed\"");
}

static void positions(void **state)
{
	(void)state;
	add_state();
	sql("UPDATE bot_state SET last_price = 110.0");
	sql(ADD_ORDER("1", "'active'"));
	follow(PUSH_BIT(PUSH_POSITION));
	expect(0, NULL, NULL);
	sql("UPDATE trading_orders SET position = 2.0, entry_price = 100.0, updated_us = 6");
	expect(1, "position:{\"order\":1,\"bot_id\":1", "\"unrealized_pnl\":20,");
	sql("UPDATE bot_state SET last_price = 95.0");
	expect(1, "\"live_price\":95,", "\"unrealized_pnl\":-10,");
	sql("UPDATE trading_orders SET position = 0.0, status = 'closed', updated_us = 7");
	expect(1, "position:{\"order\":1,\"bot_id\":1,\"closed\":true}", NULL);
}

#define SIGNALS(n, bot) \
	"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " n ")" \
	" INSERT INTO signals(bot_id, symbol, strategy, side, confidence, price, taken, rule," \
	" reason, at_us, last_us) SELECT " bot ", 'BTCUSDT', 'model', 'BUY', 0.5, 100.0, 0," \
	" 'threshold', 'r' || i, i, i FROM c"

static void signals(void **state)
{
	(void)state;
	sql(SIGNALS("3", "1"));
	follow(PUSH_BIT(PUSH_SIGNAL));
	expect(0, NULL, NULL);
	sql(SIGNALS("2", "1"));
	expect(2, "signal:{\"id\":4,", "signal:{\"id\":5,");
	sql("UPDATE signals SET repeats = repeats + 1");
	expect(0, NULL, NULL);
}

static void more_than_one_look_takes(void **state)
{
	size_t all = 0;
	bool more;

	(void)state;
	follow(PUSH_BIT(PUSH_SIGNAL));
	sql(SIGNALS("1150", "1"));
	do {
		more = look();
		all += n_heard;
		assert_true(n_heard <= PUSH_ROWS_MAX);
	} while (more);
	assert_int_equal(all, 1150);
	assert_non_null(strstr(buf_text(&heard), "\"id\":1150,"));
}

#define MANY 500
#define MANY_BOTS \
	"WITH RECURSIVE c(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c WHERE i < 500)" \
	" INSERT INTO bots(id, name, created_us, updated_us) SELECT i, 'b' || i, 1, 1 FROM c;" \
	" INSERT INTO bot_state(bot_id, status, mode, updated_us)" \
	" SELECT id, 'STOPPED', 'simulation', 1 FROM bots"

static void count_bots(int told[MANY + 1])
{
	for (const char *p = strstr(buf_text(&heard), "\"bot_id\":"); p;
	     p = strstr(p + 1, "\"bot_id\":"))
		told[strtol(p + 9, NULL, 10)]++;
}

static void all_rows_get_their_turn(void **state)
{
	int told[MANY + 1] = { 0 };

	(void)state;
	sql(MANY_BOTS);
	follow(PUSH_BIT(PUSH_PRICE));
	sql("UPDATE bot_state SET last_price = 1.0");
	while (look())
		count_bots(told);
	count_bots(told);
	for (int i = 1; i <= MANY; i++)
		assert_int_equal(told[i], 1);
	assert_true(look() == false && n_heard == 0);
	/* Also when all of them have changed again before each look. */
	memset(told, 0, sizeof(told));
	for (int i = 0; i < MANY / PUSH_ROWS_MAX + 1; i++) {
		sql("UPDATE bot_state SET last_price = last_price + 1.0");
		assert_true(look());
		assert_int_equal(n_heard, PUSH_ROWS_MAX);
		count_bots(told);
	}
	for (int i = 1; i <= MANY; i++)
		assert_true(told[i] >= 1);
}

/* Opened and closed at once, more than a look tells: each comes, as closed. */
static void many_short_orders(void **state)
{
	size_t all = 0;
	bool more;

	(void)state;
	follow(PUSH_BIT(PUSH_ORDER));
	sql("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 450)"
	    " INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase,"
	    " limit_price, quantity, strategy, mode, config_version, holding_us,"
	    " maker_timeout_us, created_us, updated_us) SELECT i, 1, 'o' || i, 'BTCUSDT', 'BUY',"
	    " 'closed', 'done', 100.0, 2.0, 'model', 'simulation', 1, 5, 5, 5, 5 FROM c");
	do {
		more = look();
		all += n_heard;
	} while (more);
	look();
	all += n_heard;
	assert_int_equal(all, 450);
}

/* What follows is about "today": not to begin in a day's last seconds. */
static void stay_within_a_day(void)
{
	while (clock_now_us() % (86400 * US_PER_S) > 86380 * US_PER_S)
		usleep(100000);
}

static void stats(void **state)
{
	char text[400], day[CLOCK_TEXT_MAX];

	(void)state;
	stay_within_a_day();
	follow(PUSH_BIT(PUSH_STATS));
	sql("INSERT INTO trading_stats(bot_id, day, trades, updated_us)"
	    " VALUES (1, '2020-01-01', 5, 1)");
	expect(0, NULL, NULL);
	snprintf(text, sizeof(text), "INSERT INTO trading_stats(bot_id, day, trades, wins, net,"
		 " updated_us) VALUES (1, '%s', 2, 1, 0.5, 1)", clock_day(clock_now_us(), day));
	sql(text);
	expect(1, "\"trades\":2,\"wins\":1,", "\"reported_trades\":null");
	sql("UPDATE trading_stats SET trades = 3, updated_us = 2 WHERE trades = 2");
	expect(1, "\"trades\":3,", NULL);
	snprintf(text, sizeof(text), "INSERT INTO reported_stats(bot_id, day, trades, updated_us)"
		 " VALUES (1, '%s', 9, 1)", day);
	sql(text);
	expect(1, "\"trades\":3,", "\"reported_trades\":9");
}

static void jobs(void **state)
{
	(void)state;
	follow(PUSH_BIT(PUSH_JOB));
	sql("INSERT INTO jobs(id, kind, created_us) VALUES (1, 'backtest', 1), (2, 'training', 1)");
	expect(2, "job:{\"id\":1,", "job:{\"id\":2,");
	sql("UPDATE jobs SET state = 'running', progress = 0.5 WHERE id = 1");
	expect(1, "\"progress\":0.5", NULL);
	sql("UPDATE jobs SET cancel_requested = 1 WHERE id = 2");
	expect(1, "\"cancel_requested\":true", NULL);
	sql("UPDATE jobs SET state = 'done', progress = 1.0 WHERE id = 1");
	expect(1, "\"id\":1,", "\"state\":\"done\"");
	sql("INSERT INTO jobs(id, kind, state, created_us) VALUES (3, 'import', 'failed', 1)");
	expect(1, "\"id\":3,", "\"state\":\"failed\"");
}

static void logs(void **state)
{
	(void)state;
	follow(PUSH_BIT(PUSH_LOG));
	sql("INSERT INTO logs(at_us, level, service, logger, message)"
	    " VALUES (1, 2, 's', 'bot', 'odd')");
	expect(1, "log:{\"id\":1,\"at\":\"1970-01-01T00:00:00.000001Z\",\"level\":\"WARNING\","
	       "\"service\":\"s\",\"logger\":\"bot\",\"correlation_id\":null,\"message\":\"odd\"}",
	       NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(status),
		TEST(the_worker_goes_away),
		TEST(price),
		TEST(orders),
		TEST(orders_of_outside_bots),
		TEST(positions),
		TEST(signals),
		TEST(more_than_one_look_takes),
		TEST(all_rows_get_their_turn),
		TEST(many_short_orders),
		TEST(stats),
		TEST(jobs),
		TEST(logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
