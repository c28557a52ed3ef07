#include "common/fault.h"
#include "common/registry/logs.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct db *db;
static struct store_logs *logs;
static struct log_row rows[STORE_LOGS_ROWS + 1];
static struct err e;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_API, &db, NULL))
		return -1;
	logs = store_logs_new("trading-bot-api");
	log_init("trading-bot-api", LOG_DEBUG);
	log_set_fd(-1);
	log_set_sink(store_logs_sink, logs);
	return 0;
}

static int teardown(void **state)
{
	log_set_sink(NULL, NULL);
	store_logs_free(logs);
	db_close(db);
	return scratch_teardown(state);
}

static size_t read_all(struct log_filter f)
{
	size_t n = 99999;

	assert_int_equal(store_logs_read(db, &f, rows, sizeof(rows) / sizeof(rows[0]), &n, &e), 0);
	return n;
}

static void test_write_and_read(void **state)
{
	int64_t version = db_data_version(db);

	(void)state;
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 0);
	log_info("bot", "c-1", "first %d", 1);
	log_error("http", NULL, "second");
	assert_int_equal(read_all((struct log_filter){ 0 }), 0);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 2);
	assert_string_equal(rows[0].message, "second");
	assert_int_equal(rows[0].level, LOG_ERROR);
	assert_string_equal(rows[0].logger, "http");
	assert_string_equal(rows[0].correlation_id, "");
	assert_string_equal(rows[1].message, "first 1");
	assert_string_equal(rows[1].correlation_id, "c-1");
	assert_string_equal(rows[1].service, "trading-bot-api");
	assert_true(rows[1].at_us > 0 && rows[1].at_us <= rows[0].at_us);
	assert_true(db_data_version(db) == version);
}

/* Lines that have a table of their own. */
static void test_left_out(void **state)
{
	(void)state;
	log_info(LOG_AUDIT, "c-1", "who did what");
	log_info(LOG_SIGNAL, "c-1", "a decision");
	log_info("signals", "c-1", "another logger");
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 1);
	assert_string_equal(rows[0].message, "another logger");
}

static void test_filter(void **state)
{
	int64_t middle;

	(void)state;
	log_debug("bot", "c-1", "a");
	log_info("bot", "c-2", "b");
	log_warn("bot", "c-1", "c");
	log_error("bot", "c-2", "d");
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ .min_level = LOG_WARN }), 2);
	assert_int_equal(read_all((struct log_filter){ .correlation_id = "c-1" }), 2);
	assert_string_equal(rows[0].message, "c");
	middle = rows[0].id;
	assert_int_equal(read_all((struct log_filter){ .correlation_id = "c-3" }), 0);
	assert_int_equal(read_all((struct log_filter){ .correlation_id = "", .service = "" }), 4);
	assert_int_equal(read_all((struct log_filter){ .service = "trading-bot-api" }), 4);
	assert_int_equal(read_all((struct log_filter){ .service = "trading-bot-worker" }), 0);
	assert_int_equal(read_all((struct log_filter){ .after_id = middle }), 1);
	assert_string_equal(rows[0].message, "d");
	assert_int_equal(read_all((struct log_filter){ .before_id = middle }), 2);
	assert_string_equal(rows[0].message, "b");
	assert_int_equal(read_all((struct log_filter){ .min_level = LOG_WARN,
						      .correlation_id = "c-1" }), 1);
}

static void test_limit(void **state)
{
	struct log_filter f = { 0 };
	size_t n;

	(void)state;
	for (int i = 0; i < 10; i++)
		log_info("bot", NULL, "%d", i);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(store_logs_read(db, &f, rows, 3, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(rows[2].message, "7");
}

/* The table never holds more than its bound, and always the newest. */
static void test_ring(void **state)
{
	int written = 0;
	char last[16];

	(void)state;
	while (written < STORE_LOGS_ROWS * 2) {
		for (int i = 0; i < 250; i++)
			log_info("bot", NULL, "%d", written++);
		assert_int_equal(store_logs_flush(logs, db, &e), 0);
	}
	assert_int_equal(read_all((struct log_filter){ 0 }), STORE_LOGS_ROWS);
	snprintf(last, sizeof(last), "%d", written - 1);
	assert_string_equal(rows[0].message, last);
	snprintf(last, sizeof(last), "%d", written - STORE_LOGS_ROWS);
	assert_string_equal(rows[STORE_LOGS_ROWS - 1].message, last);
}

static void test_too_many_waiting(void **state)
{
	(void)state;
	for (int i = 0; i < STORE_LOGS_WAITING + 7; i++)
		log_info("bot", NULL, "%d", i);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), STORE_LOGS_WAITING + 1);
	assert_int_equal(strncmp(rows[0].message, "7 lines are missing", 19), 0);
	log_info("bot", NULL, "next");
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), STORE_LOGS_WAITING + 2);
}

static void test_long_message(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + 1022, "\xc3\xa4", 2); /* would be cut in its middle */
	text[sizeof(text) - 1] = '\0';
	log_info("a-logger-with-a-name-that-is-much-too-long", NULL, "%s", text);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 1);
	assert_int_equal(strlen(rows[0].message), 1022);
	assert_int_equal(strlen(rows[0].logger), 31);
}

static void test_flush_tx(void **state)
{
	(void)state;
	log_info("bot", NULL, "in");
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(store_logs_flush_tx(logs, db, &e), 0);
	assert_true(db_in_transaction(db));
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 1);
}

/* Lines wait while the database is locked, and come later, once. */
static void test_busy(void **state)
{
	struct db *holder;

	(void)state;
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &holder, &e), 0);
	assert_int_equal(db_begin(holder, &e), 0);
	db_set_busy_timeout(db, 1);
	log_info("bot", NULL, "waits");
	assert_int_equal(store_logs_flush(logs, db, &e), ERR_BUSY);
	assert_int_equal(db_commit(holder, &e), 0);
	assert_int_equal(store_logs_flush(logs, db, &e), 0);
	assert_int_equal(read_all((struct log_filter){ 0 }), 1);
	db_close(holder);
}

#ifdef FAULTS
/* Whichever write fails: nothing is left half, and the next flush has all. */
static void test_failing_write(void **state)
{
	(void)state;
	for (int n = 1; n <= 4; n++) {
		char text[16];

		log_info("bot", NULL, "a");
		log_info("bot", NULL, "b");
		snprintf(text, sizeof(text), "%d", n);
		setenv("FAULT_WRITE", text, 1);
		fault_restart();
		assert_int_equal(store_logs_flush(logs, db, &e), n <= 3 ? ERR_FULL : 0);
		assert_false(db_in_transaction(db));
		unsetenv("FAULT_WRITE");
		fault_restart();
		assert_int_equal(store_logs_flush(logs, db, &e), 0);
		assert_int_equal(read_all((struct log_filter){ 0 }), 2 * n);
	}
}
#endif

#define WITH_DB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(test_write_and_read),
		WITH_DB(test_left_out),
		WITH_DB(test_filter),
		WITH_DB(test_limit),
		WITH_DB(test_ring),
		WITH_DB(test_too_many_waiting),
		WITH_DB(test_long_message),
		WITH_DB(test_flush_tx),
		WITH_DB(test_busy),
#ifdef FAULTS
		WITH_DB(test_failing_write),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
