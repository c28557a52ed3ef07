/*
 * What a topic holds now, and how snapshots and changes fit together. push_rows.c is part of
 * this test: its statements are looked at.
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

#define SIGNALS(n, bot) \
	"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " n ")" \
	" INSERT INTO signals(bot_id, symbol, strategy, side, confidence, price, taken, rule," \
	" reason, at_us, last_us) SELECT " bot ", 'BTCUSDT', 'model', 'BUY', 0.5, 100.0, 0," \
	" 'threshold', 'r' || i, i, i FROM c"

/* Only what is followed is looked at; a topic that is taken up again begins anew. */
static void topics_come_and_go(void **state)
{
	int64_t seq;

	(void)state;
	follow(PUSH_BIT(PUSH_ORDER));
	assert_int_equal(push_source_topics(source), PUSH_BIT(PUSH_ORDER));
	sql(SIGNALS("1", "1"));
	expect(0, NULL, NULL);
	seq = push_seq(hub);
	push_source_forget(source, PUSH_BIT(PUSH_ORDER));
	assert_int_equal(push_source_topics(source), 0);
	sql(ADD_ORDER("1", "'active'"));
	expect(0, NULL, NULL);
	follow(PUSH_BIT(PUSH_ORDER) | PUSH_BIT(PUSH_SIGNAL));
	expect(0, NULL, NULL);
	assert_false(push_resume(client, PUSH_BIT(PUSH_ORDER), seq));
	sql("UPDATE trading_orders SET status = 'closed', updated_us = 9");
	expect(1, "\"status\":\"closed\"", NULL);
}

static struct push_message *snapshot(enum push_topic t, int64_t bot)
{
	struct push_message *m = NULL;
	struct err e = { 0 };

	if (push_source_snapshot(source, db, t, bot, &m, &e))
		fail_msg("snapshot: %s", e.msg);
	return m;
}

/* The snapshot's rows, by their number; part (may be NULL) is in it. */
static void expect_snapshot(enum push_topic t, int64_t bot, const char *key, int rows,
			    const char *part)
{
	struct push_message *m = snapshot(t, bot);
	size_t len;
	const char *text = push_message_text(m, &len);
	cJSON *json = cJSON_ParseWithLength(text, len);
	const cJSON *list = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "data"), key);

	assert_true(cJSON_IsArray(list));
	if (cJSON_GetArraySize(list) != rows || (part && !strstr(text, part)))
		fail_msg("%s", text);
	assert_string_equal(cJSON_GetObjectItem(json, "type")->valuestring, "snapshot");
	cJSON_Delete(json);
	push_message_unref(m);
}

static void snapshots(void **state)
{
	(void)state;
	sql("INSERT INTO bots(id, name, created_us, updated_us) VALUES (2, 'two', 1, 1)");
	add_state();
	sql(ADD_ORDER("1", "'active'"));
	sql(ADD_ORDER("2", "'closed'"));
	sql(ADD_ORDER("3", "'pending'"));
	sql("UPDATE trading_orders SET bot_id = 2, position = 1.0 WHERE id = 3");
	sql(SIGNALS("60", "1"));
	sql(SIGNALS("60", "2"));
	sql("INSERT INTO jobs(kind, created_us) VALUES ('backtest', 1)");
	sql("INSERT INTO logs(at_us, level, service, logger, message)"
	    " VALUES (1, 2, 's', 'bot', 'odd')");
	follow(PUSH_ALL);
	expect_snapshot(PUSH_STATUS, 0, "bots", 2, NULL);
	expect_snapshot(PUSH_STATUS, 2, "bots", 1, "\"bot_id\":2");
	expect_snapshot(PUSH_PRICE, 0, "prices", 1, NULL);
	expect_snapshot(PUSH_PRICE, 2, "prices", 0, NULL);
	expect_snapshot(PUSH_ORDER, 0, "orders", 2, "\"id\":3,");
	expect_snapshot(PUSH_ORDER, 1, "orders", 1, "\"id\":1,");
	expect_snapshot(PUSH_POSITION, 0, "positions", 1, "\"order\":3");
	expect_snapshot(PUSH_SIGNAL, 0, "signals", 50, "\"id\":71,");
	expect_snapshot(PUSH_SIGNAL, 1, "signals", 50, "\"id\":60,");
	expect_snapshot(PUSH_STATS, 0, "stats", 0, NULL);
	expect_snapshot(PUSH_JOB, 1, "jobs", 1, NULL); /* no bot's: passes any filter */
	expect_snapshot(PUSH_LOG, 1, "logs", 1, "odd");
}

/* One text for all clients, until something changes. */
static void snapshots_are_shared(void **state)
{
	struct push_message *a, *b, *c;

	(void)state;
	follow(PUSH_ALL);
	a = snapshot(PUSH_ORDER, 0);
	b = snapshot(PUSH_ORDER, 0);
	assert_ptr_equal(a, b);
	sql(ADD_ORDER("1", "'active'"));
	expect(1, NULL, NULL);
	c = snapshot(PUSH_ORDER, 0);
	assert_ptr_not_equal(a, c);
	assert_int_equal(c->seq, push_seq(hub));
	push_message_unref(a);
	push_message_unref(b);
	push_message_unref(c);
	expect_snapshot(PUSH_ORDER, 0, "orders", 1, NULL);
}

/* A line that the last look has not seen comes as a change, not twice. */
static void a_snapshot_ends_where_changes_begin(void **state)
{
	(void)state;
	sql(SIGNALS("2", "1"));
	follow(PUSH_BIT(PUSH_SIGNAL));
	sql(SIGNALS("2", "1"));
	expect_snapshot(PUSH_SIGNAL, 0, "signals", 2, NULL);
	expect_snapshot(PUSH_SIGNAL, 1, "signals", 2, NULL);
	expect(2, "\"id\":3,", "\"id\":4,");
	expect_snapshot(PUSH_SIGNAL, 0, "signals", 4, NULL);
}

/* A row that can't be shown does not hide the others. */
static void a_row_that_does_not_fit(void **state)
{
	(void)state;
	log_set_fd(-1);
	add_state();
	follow(PUSH_BIT(PUSH_POSITION));
	sql(ADD_ORDER("1", "'active'"));
	sql(ADD_ORDER("2", "'active'"));
	sql("UPDATE bot_state SET last_price = 80000000.0");
	sql("UPDATE trading_orders SET position = 1.0, entry_price = 100.0");
	sql("UPDATE trading_orders SET position = 80000000.0 WHERE id = 1");
	expect(1, "\"order\":2,", NULL);
	expect_snapshot(PUSH_POSITION, 0, "positions", 1, "\"order\":2,");
}

/* The plan names an index or a primary key for each table, or the table is small. */
static void expect_plan(const char *query, const char *const small[])
{
	/* Statements are cached by the address of their text. */
	static char texts[16][2048];
	static unsigned turn;
	char *text = texts[turn++];
	struct stmt *s;

	assert_true(turn <= 16);
	snprintf(text, sizeof(texts[0]), "EXPLAIN QUERY PLAN %s", query);
	assert_int_equal(db_stmt(db, text, &s, NULL), 0);
	while (stmt_step(s, NULL) == STMT_ROW) {
		const char *detail = stmt_text(s, 3);
		bool fine = strncmp(detail, "SCAN ", 5) != 0 || strstr(detail, "_open") ||
			    strstr(detail, "_queued") || strstr(detail, "SCAN (subquery");

		for (size_t i = 0; small[i] && !fine; i++)
			fine = !strcmp(detail + 5, small[i]);
		if (!fine)
			fail_msg("%s\n%s", detail, query);
	}
	stmt_done(s);
}

static void no_query_reads_the_past(void **state)
{
	static const char *const per_bot[] = { "b", "s", NULL };
	static const char *const newest[] = { "signals", "jobs", "logs", NULL };
	static const char *const none[] = { NULL };
	static const char *const last[] = { "CONSTANT ROW", NULL };

	(void)state;
	expect_plan(SQL_STATUS, per_bot);
	expect_plan(SQL_PRICE, per_bot);
	expect_plan(SQL_ORDER, none);
	expect_plan(SQL_POSITION, none);
	expect_plan(SQL_SIGNAL, none);
	expect_plan(SQL_STATS, per_bot);
	expect_plan(SQL_JOB, none);
	expect_plan(SQL_LOG, none);
	expect_plan(SQL_SIGNAL_NEWEST, newest); /* from the end, LIMIT rows */
	expect_plan(SQL_SIGNAL_NEWEST_BOT, none);
	expect_plan(SQL_ORDER_LAST, last);
	expect_plan(SQL_SIGNAL_LAST, none);
	expect_plan(SQL_PRICE_ROW, none);
	expect_plan(SQL_STATS_ROW, none);
	expect_plan(SQL_LOG_ROW, none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(topics_come_and_go),
		TEST(snapshots),
		TEST(snapshots_are_shared),
		TEST(a_snapshot_ends_where_changes_begin),
		TEST(a_row_that_does_not_fit),
		TEST(no_query_reads_the_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
