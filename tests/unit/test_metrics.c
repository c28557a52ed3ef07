/*
 * The text form of the metrics, and docs/METRICS.md, which says what the table says.
 * Runs in the project's root. With --print it prints the rows that the page must hold.
 */
#include "api/view/metrics.h"
#include "common/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DOC "docs/METRICS.md"

static void row(const struct metric *m, struct buf *out)
{
	buf_printf(out, "| `%s` | %s | %s%s%s | %s |\n", m->name, metric_type_name(m->type),
		   *m->labels ? "`" : "", m->labels, *m->labels ? "`" : "", m->help);
}

static void the_page_says_what_the_table_says(void **state)
{
	struct buf doc = { 0 }, want = { 0 };
	struct err e = { 0 };
	size_t rows = 0;

	(void)state;
	if (file_read(DOC, 1 << 20, &doc, &e))
		fail_msg("run from the project's folder: %s", e.msg);
	for (size_t i = 0; i < metrics_count; i++) {
		buf_clear(&want);
		row(&metrics[i], &want);
		if (!strstr(buf_text(&doc), buf_text(&want)))
			fail_msg(DOC " must hold this row:\n%s", buf_text(&want));
	}
	for (const char *p = buf_text(&doc); (p = strstr(p, "\n| `")); p++)
		rows++;
	if (rows != metrics_count)
		fail_msg(DOC " has %zu families, the table %zu", rows, metrics_count);
	buf_free(&doc);
	buf_free(&want);
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);

	return n >= m && !strcmp(text + n - m, with);
}

static void names_follow_the_conventions(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_count; i++) {
		const struct metric *m = &metrics[i];

		assert_non_null(m->name);
		assert_int_equal(strncmp(m->name, "tradingbot_", 11), 0);
		assert_int_equal(strspn(m->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(m->name));
		assert_int_equal(ends(m->name, "_total"), m->type == METRIC_COUNTER);
		assert_true(ends(m->help, "."));
		assert_null(strpbrk(m->help, "|\n"));
		assert_int_equal(strspn(m->labels, "abcdefghijklmnopqrstuvwxyz_ "),
				 strlen(m->labels));
		assert_null(strstr(m->name, "milli"));
		assert_null(strstr(m->name, "_ms"));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(m->name, metrics[k].name);
	}
}

static void samples_have_the_format(void **state)
{
	struct buf out = { 0 };

	(void)state;
	metrics_single(&out, METRIC_DB_UP, 1);
	assert_non_null(strstr(buf_text(&out), "# HELP tradingbot_database_up 1 while the"));
	assert_non_null(strstr(buf_text(&out), "\n# TYPE tradingbot_database_up gauge\n"
			       "tradingbot_database_up 1\n"));
	buf_clear(&out);
	metrics_sample(&out, METRIC_WORKER_INFO, 1,
		       (const char *const[]){ "a\\b", "c\"d", "e\nf" });
	assert_string_equal(buf_text(&out), "tradingbot_worker_info{version=\"a\\\\b\","
			    "mode=\"c\\\"d\",market_data=\"e\\nf\"} 1\n");
	buf_clear(&out);
	metrics_sample(&out, METRIC_DB_SIZE, 9007199254740992.0, NULL);
	metrics_sample(&out, METRIC_DB_SIZE, 0.1, NULL);
	metrics_sample(&out, METRIC_DB_SIZE, (double)NAN, NULL);
	metrics_sample(&out, METRIC_DB_SIZE, (double)INFINITY, NULL);
	metrics_sample(&out, METRIC_DB_SIZE, -(double)INFINITY, NULL);
	assert_string_equal(buf_text(&out), "tradingbot_database_size_bytes 9007199254740992\n"
			    "tradingbot_database_size_bytes 0.1\n"
			    "tradingbot_database_size_bytes NaN\n"
			    "tradingbot_database_size_bytes +Inf\n"
			    "tradingbot_database_size_bytes -Inf\n");
	buf_free(&out);
}

static void states_are_one_hot(void **state)
{
	struct buf out = { 0 };

	(void)state;
	metrics_state(&out, METRIC_FEED_STATE, NULL, "live|stale", "stale");
	metrics_state(&out, METRIC_BOT_STATUS, "7", "STOPPED|RUNNING", "RUNNING");
	assert_string_equal(buf_text(&out), "tradingbot_feed_state{state=\"live\"} 0\n"
			    "tradingbot_feed_state{state=\"stale\"} 1\n"
			    "tradingbot_bot_status{bot=\"7\",status=\"STOPPED\"} 0\n"
			    "tradingbot_bot_status{bot=\"7\",status=\"RUNNING\"} 1\n");
	buf_free(&out);
}

static void histograms_add_up(void **state)
{
	static const double bounds[] = { 0.5, 1 };
	static const uint64_t counts[] = { 2, 0, 3 };
	struct buf out = { 0 };

	(void)state;
	metrics_histogram(&out, METRIC_API_DURATION,
			  &(struct metrics_histogram){
				  .bounds = bounds,
				  .counts = counts,
				  .n = 2,
				  .sum = 7.5,
			  },
			  (const char *const[]){ "read" });
#define NAME "tradingbot_api_request_duration_seconds"
	assert_string_equal(buf_text(&out), NAME "_bucket{kind=\"read\",le=\"0.5\"} 2\n"
			    NAME "_bucket{kind=\"read\",le=\"1\"} 2\n"
			    NAME "_bucket{kind=\"read\",le=\"+Inf\"} 5\n"
			    NAME "_sum{kind=\"read\"} 7.5\n"
			    NAME "_count{kind=\"read\"} 5\n");
	buf_free(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_says_what_the_table_says),
		cmocka_unit_test(names_follow_the_conventions),
		cmocka_unit_test(samples_have_the_format),
		cmocka_unit_test(states_are_one_hot),
		cmocka_unit_test(histograms_add_up),
	};
	struct buf out = { 0 };

	if (argc > 1 && !strcmp(argv[1], "--print")) {
		for (size_t i = 0; i < metrics_count; i++)
			row(&metrics[i], &out);
		fputs(buf_text(&out), stdout);
		buf_free(&out);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
