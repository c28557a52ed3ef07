#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int pipe_fd[2];

static int open_pipe(void **state)
{
	(void)state;
	if (pipe2(pipe_fd, O_CLOEXEC))
		return -1;
	log_init("trading-bot-test", LOG_INFO);
	log_set_fd(pipe_fd[1]);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	log_set_fd(-1);
	log_set_sink(NULL, NULL);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	return 0;
}

/* The next line without its newline; "" when there is none. */
static const char *read_line(void)
{
	static char line[8192];
	size_t n = 0;

	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	while (n < sizeof(line) - 1 && read(pipe_fd[0], line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return line;
}

static cJSON *read_json(void)
{
	const char *line = read_line();
	cJSON *o = NULL;
	struct err e;

	if (json_read(line, strlen(line), &o, &e))
		fail_msg("%s: %s", e.msg, line);
	return o;
}

static const char *text_of(const cJSON *o, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
}

static void test_line(void **state)
{
	int64_t before = clock_now_us(), at;
	cJSON *o;

	(void)state;
	log_info("bot", "c-1", "bot %d: %s", 7, "RUNNING -> PAUSED \"now\"\n\x01");
	o = read_json();
	assert_int_equal(cJSON_GetArraySize(o), 7);
	assert_string_equal(text_of(o, "level"), "INFO");
	assert_string_equal(text_of(o, "logger"), "bot");
	assert_string_equal(text_of(o, "message"), "bot 7: RUNNING -> PAUSED \"now\"\n\x01");
	assert_string_equal(text_of(o, "correlation_id"), "c-1");
	assert_string_equal(text_of(o, "service"), "trading-bot-test");
	assert_string_equal(text_of(o, "version"), VERSION);
	assert_int_equal(clock_parse(text_of(o, "timestamp"), &at), 0);
	assert_true(at >= before && at <= clock_now_us());
	cJSON_Delete(o);
	log_warn("bot", NULL, "no id");
	o = read_json();
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(o, "correlation_id")));
	assert_string_equal(text_of(o, "level"), "WARNING");
	cJSON_Delete(o);
}

/* What a line is about: members behind those that each line has, and none that is not set. */
static void test_context(void **state)
{
	const double confidence = 0.85;
	const struct log_context about = {
		.bot_id = 1, .order_id = INT64_C(9007199254740993), .signal_id = 3, .job_id = 4,
		.model_id = 5, .symbol = "BTC\"USDT\n", .side = "BUY", .strategy = "\xff",
		.rule = "entry", .confidence = &confidence, .repeats = 6, .trading_mode = "live",
	};
	const char *line;

	(void)state;
	log_about(LOG_INFO, "bot", "c-1", &about, "about %s", "it");
	line = read_line();
	assert_non_null(strstr(line, "\"message\":\"about it\",\"correlation_id\":\"c-1\","));
	assert_non_null(strstr(line, "\"version\":\"" VERSION "\",\"bot_id\":1,"
			       "\"order_id\":9007199254740993,\"signal_id\":3,\"job_id\":4,"
			       "\"model_id\":5,\"symbol\":\"BTC\\\"USDT\\n\",\"side\":\"BUY\","
			       "\"strategy\":\"\xef\xbf\xbd\",\"rule\":\"entry\","
			       "\"confidence\":0.85,\"repeats\":6,\"trading_mode\":\"live\"}"));
	log_about(LOG_INFO, "bot", NULL, &(struct log_context){ .bot_id = 7 }, "one");
	assert_non_null(strstr(read_line(), "\"version\":\"" VERSION "\",\"bot_id\":7}"));
	log_about(LOG_INFO, "bot", NULL, NULL, "none");
	assert_non_null(strstr(read_line(), "\"version\":\"" VERSION "\"}"));
	log_about(LOG_DEBUG, "bot", NULL, &about, "hidden");
	assert_string_equal(read_line(), "");
}

/* Long texts are cut at a character's begin; the line fits however its message looks. */
static void test_context_bounds(void **state)
{
	static char message[3000];
	char text[200] = "", cut[LOG_CONTEXT_MAX + 1] = "";
	struct log_context about = { .bot_id = INT64_MIN, .symbol = text };
	cJSON *o;

	(void)state;
	for (int i = 0; i < 50; i++)
		memcpy(text + 3 * i, "\xe2\x82\xac", 4);
	memcpy(cut, text, LOG_CONTEXT_MAX / 3 * 3);
	log_about(LOG_INFO, "bot", NULL, &about, "cut");
	o = read_json();
	assert_string_equal(text_of(o, "symbol"), cut);
	cJSON_Delete(o);
	memset(text, 1, sizeof(text) - 1);
	memset(message, 1, sizeof(message) - 1);
	about = (struct log_context){
		.bot_id = INT64_MIN, .order_id = INT64_MIN, .symbol = text, .side = text,
		.strategy = text, .rule = text, .trading_mode = text, .repeats = INT64_MIN,
	};
	log_about(LOG_INFO, "bot", NULL, &about, "%s", message);
	o = read_json();
	assert_int_equal(strlen(text_of(o, "trading_mode")), LOG_CONTEXT_MAX);
	assert_true(strlen(text_of(o, "message")) > 0);
	cJSON_Delete(o);
	log_about(LOG_INFO, "bot", NULL, &about, "%s", message);
	assert_true(strlen(read_line()) < 4096);
}

static void test_levels(void **state)
{
	static const struct { const char *text; enum log_level level; } good[] = {
		{ "debug", LOG_DEBUG }, { "Info", LOG_INFO }, { "WARN", LOG_WARN },
		{ "warning", LOG_WARN }, { "ERROR", LOG_ERROR }, { "critical", LOG_ERROR },
	};
	enum log_level level = LOG_WARN;

	(void)state;
	log_debug("bot", NULL, "hidden");
	assert_string_equal(read_line(), "");
	log_init("trading-bot-test", LOG_DEBUG);
	log_debug("bot", NULL, "shown");
	assert_non_null(strstr(read_line(), "\"shown\""));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(log_level_parse(good[i].text, &level), 0);
		assert_int_equal(level, good[i].level);
		assert_int_equal(log_level_parse(log_level_name(level), &level), 0);
		assert_int_equal(level, good[i].level);
	}
	level = LOG_WARN;
	assert_int_equal(log_level_parse("", &level), ERR_INVALID);
	assert_int_equal(log_level_parse("INFOS", &level), ERR_INVALID);
	assert_int_equal(level, LOG_WARN);
}

/* However long the message and whatever is in it, the line fits a pipe's whole write. */
static void test_long(void **state)
{
	static char message[10000];
	cJSON *o;

	(void)state;
	memset(message, 'x', sizeof(message) - 1);
	log_info("bot", NULL, "%s", message);
	o = read_json();
	assert_int_equal(strlen(text_of(o, "message")), 2047);
	cJSON_Delete(o);
	memset(message, 1, sizeof(message) - 1);
	log_info("bot", NULL, "%s", message);
	assert_true(strlen(read_line()) < 4096);
	memcpy(message, "\xff\xfe end", 7);
	log_info("bot", NULL, "%s", message);
	o = read_json();
	assert_string_equal(text_of(o, "message"), "\xef\xbf\xbd\xef\xbf\xbd end");
	cJSON_Delete(o);
}

/* A reader that stopped reading costs lines, never time; the loss is told. */
static void test_slow_reader(void **state)
{
	int lines = 0, told = 0;
	const char *line;

	(void)state;
	for (int i = 0; i < 5000; i++)
		log_info("bot", NULL, "line %d", i);
	while (*(line = read_line())) {
		assert_null(strstr(line, "dropped"));
		lines++;
	}
	assert_in_range(lines, 100, 4999);
	log_info("bot", NULL, "after");
	line = read_line();
	assert_int_equal(sscanf(strstr(line, "\"message\""), "\"message\":\"%d lines were dropped",
				&told), 1);
	assert_int_equal(told, 5000 - lines);
	assert_non_null(strstr(read_line(), "\"after\""));
}

struct seen { int n; enum log_level level; char message[64], line[512], id[16]; };

static void on_record(void *ctx, const struct log_record *rec)
{
	struct seen *s = ctx;

	s->n++;
	s->level = rec->level;
	snprintf(s->message, sizeof(s->message), "%s", rec->message);
	snprintf(s->line, sizeof(s->line), "%s", rec->line);
	snprintf(s->id, sizeof(s->id), "%s", rec->correlation_id);
	log_error("sink", NULL, "from inside");
}

static void test_sink(void **state)
{
	struct seen seen = { 0 };
	char line[512];

	(void)state;
	log_set_sink(on_record, &seen);
	log_error("bot", "c-2", "number %d", 1);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.level, LOG_ERROR);
	assert_string_equal(seen.message, "number 1");
	assert_string_equal(seen.id, "c-2");
	snprintf(line, sizeof(line), "%s", read_line());
	assert_string_equal(seen.line, line);
	assert_non_null(strstr(read_line(), "from inside"));
	log_error("bot", NULL, "number %d", 2);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.id, "");
	/* Silent on the descriptor, the sink still hears. */
	log_set_fd(-1);
	log_error("bot", NULL, "number %d", 3);
	assert_int_equal(seen.n, 3);
	log_debug("bot", NULL, "below");
	assert_int_equal(seen.n, 3);
}

static void *write_some(void *arg)
{
	for (int i = 0; i < 100; i++)
		log_info("thread", NULL, "%s %d", (const char *)arg, i);
	return NULL;
}

static void count_record(void *ctx, const struct log_record *rec)
{
	(void)rec;
	++*(int *)ctx;
}

static void test_threads(void **state)
{
	pthread_t a, b;
	int records = 0, lines = 0;
	const char *line;

	(void)state;
	log_set_sink(count_record, &records);
	assert_int_equal(pthread_create(&a, NULL, write_some, (void *)"a"), 0);
	assert_int_equal(pthread_create(&b, NULL, write_some, (void *)"b"), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert_int_equal(records, 200);
	for (; *(line = read_line()); lines++)
		assert_true(line[0] == '{' && line[strlen(line) - 1] == '}');
	assert_int_equal(lines, 200);
}

#define WITH_PIPE(f) cmocka_unit_test_setup_teardown(f, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PIPE(test_line),
		WITH_PIPE(test_context),
		WITH_PIPE(test_context_bounds),
		WITH_PIPE(test_levels),
		WITH_PIPE(test_long),
		WITH_PIPE(test_slow_reader),
		WITH_PIPE(test_sink),
		WITH_PIPE(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
