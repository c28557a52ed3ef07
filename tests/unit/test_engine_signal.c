/* Decisions: their rows, their correlation ids and the log lines about them. */
#include "tests/unit/engine_world.h"

#include "common/log.h"
#include "worker/report/fanout.h"
#include "worker/report/log_report.h"

#include <math.h>

static struct heard {
	struct { char id[CORRELATION_ID_MAX], message[KEPT_TEXT]; cJSON *json; } lines[64];
	size_t n;
} heard;
static struct fanout fanout;

static void hear(void *ctx, const struct log_record *rec)
{
	struct err e;

	(void)ctx;
	if (strcmp(rec->logger, LOG_SIGNAL) != 0)
		return;
	assert_true(heard.n < 64);
	snprintf(heard.lines[heard.n].id, CORRELATION_ID_MAX, "%s", rec->correlation_id);
	snprintf(heard.lines[heard.n].message, KEPT_TEXT, "%s", rec->message);
	if (json_read(rec->line, strlen(rec->line), &heard.lines[heard.n++].json, &e))
		fail_msg("%s: %s", e.msg, rec->line);
}

static void forget(void)
{
	for (size_t i = 0; i < heard.n; i++)
		cJSON_Delete(heard.lines[i].json);
	memset(&heard, 0, sizeof(heard));
}

/* A worker begins: a session whose ids go on behind the rows, and which logs. */
static void begin(struct desk *d)
{
	struct symbol_info info = world_info(d->futures);
	struct reporter rows = rows_reporter(&d->rows), log = log_reporter();
	struct session_args a = {
		.config = &d->config, .first_order_id = (int64_t)d->rows.orders_n + 1,
		.first_leg_id = (int64_t)d->rows.legs_n + 1,
		.first_fill_id = (int64_t)d->rows.fills_n + 1,
		.first_signal_id = (int64_t)d->rows.signals_n + 1,
	};
	struct sim_store paper = paper_store(&d->paper);

	memset(&fanout, 0, sizeof(fanout));
	fanout_add(&fanout, &rows);
	fanout_add(&fanout, &log);
	a.reporter = fanout_reporter(&fanout);
	assert_int_equal(paper_session(&a, &paper, &d->s, &d->err), 0);
	d->e = session_engine(d->s);
	d->sink = session_sink(d->s, d->futures);
	session_market_add(d->s, &info);
	desk_add_bot(d, 1, &d->bot);
	assert_int_equal(desk_order(d, 1, EVENT_START, false), 0);
	desk_listen(d);
	desk_book(d, "50000", "50000.01");
	desk_trade(d, "50000");
}

static int setup(void **state)
{
	log_init("trading-bot-test", LOG_INFO);
	log_set_fd(-1);
	log_set_sink(hear, NULL);
	return desk_setup_spot(state);
}

static int teardown(void **state)
{
	int rc = desk_teardown(state);

	log_set_sink(NULL, NULL);
	forget();
	return rc;
}

static const struct signal_report *newest(const struct desk *d)
{
	assert_true(d->rows.signals_n > 0);
	return &d->rows.signals[d->rows.signals_n - 1];
}

static double number_of(size_t line, const char *key)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(heard.lines[line].json, key));
}

static void assert_text(size_t line, const char *key, const char *want)
{
	const char *text = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(heard.lines[line].json, key));

	assert_non_null(text);
	assert_string_equal(text, want);
}

static void assert_own_id(const struct signal_report *s)
{
	char id[CORRELATION_ID_MAX];

	snprintf(id, sizeof(id), "bot%lld-%lld", (long long)s->bot_id, (long long)s->at_us);
	assert_string_equal(s->correlation_id, id);
}

/*
 * However long the run, it has the line of its first decision and one at its end with the count.
 * A count is written every 5 s too: of some lengths the last decision was written just before.
 */
static void first_and_end_of_a_run(void **state)
{
	struct desk *d = *state;

	d->config.sim_strategy_interval_s = 3600;
	begin(d);
	for (int k = 0; k <= 14; k++) {
		int n = k < 5 ? 6 : k - 3; /* 6 five times: they end in each second of 5 */
		struct signal_report row;

		forget();
		for (int i = 0; i < n; i++)
			desk_decide(d, 1, 0.2);
		assert_int_equal(heard.n, 1);
		assert_int_equal(desk_order(d, 1, EVENT_PAUSE, false), 0);
		row = *newest(d);
		assert_int_equal(row.repeats, n);
		assert_own_id(&row);
		assert_int_equal(heard.n, 2);
		for (size_t i = 0; i < 2; i++) {
			assert_string_equal(heard.lines[i].id, row.correlation_id);
			assert_text(i, "correlation_id", row.correlation_id);
			assert_true(number_of(i, "signal_id") == (double)row.id);
			assert_true(number_of(i, "bot_id") == 1);
			assert_true(fabs(number_of(i, "confidence") - 0.2) < 1e-6);
			assert_text(i, "side", "NONE");
			assert_text(i, "symbol", "BTCUSDT");
			assert_text(i, "rule", row.rule);
			assert_text(i, "trading_mode", "simulation");
			assert_null(cJSON_GetObjectItem(heard.lines[i].json, "order_id"));
		}
		assert_non_null(strstr(heard.lines[0].message, ", confidence 0.2000, no entry ("));
		assert_null(cJSON_GetObjectItem(heard.lines[0].json, "repeats"));
		assert_true(number_of(1, "repeats") == n);
		assert_int_equal(desk_order(d, 1, EVENT_RESUME, false), 0);
	}
}

/* A row stands for the decisions of one period: a run that goes on has a row in each. */
static void a_period_ends(void **state)
{
	struct desk *d = *state;
	double decisions = 0;

	begin(d);
	for (int i = 0; i < 150; i++)
		desk_decide(d, 1, 0.2);
	engine_signals_end(d->e);
	assert_int_equal(heard.n, 2 * d->rows.signals_n);
	assert_int_equal(d->rows.signals_n, 3);
	for (size_t i = 0; i < heard.n; i += 2) {
		assert_string_equal(heard.lines[i].id, d->rows.signals[i / 2].correlation_id);
		assert_string_equal(heard.lines[i + 1].id, heard.lines[i].id);
		decisions += number_of(i + 1, "repeats");
	}
	assert_true(decisions == 150);
}

/* A single decision has no end, and one that is taken shares its order's id. */
static void taken_and_refused(void **state)
{
	struct desk *d = *state;
	const struct order *o;

	begin(d);
	desk_decide(d, 1, 0.2);
	desk_decide(d, 1, 0.9);
	o = rows_last(&d->rows);
	assert_true(newest(d)->taken);
	assert_string_equal(newest(d)->correlation_id, o->correlation_id);
	assert_own_id(newest(d));
	assert_int_equal(heard.n, 2);
	assert_string_equal(heard.lines[1].id, o->correlation_id);
	assert_string_not_equal(heard.lines[0].id, heard.lines[1].id);
	assert_non_null(strstr(heard.lines[1].message, "BUY BTCUSDT, confidence 0.9000, taken ("));
	assert_text(1, "side", "BUY");
	assert_true(number_of(1, "order_id") == (double)o->id);
	assert_true(number_of(1, "model_id") == 7);
	desk_decide(d, 1, 0.9);
	assert_false(newest(d)->taken);
	assert_string_equal(newest(d)->rule, "max_positions");
	assert_own_id(newest(d));
	assert_int_equal(heard.n, 3);
	assert_non_null(strstr(heard.lines[2].message,
			       "BUY BTCUSDT, confidence 0.9000, refused (max_positions): "));
	assert_null(cJSON_GetObjectItem(heard.lines[2].json, "order_id"));
}

/* A run ends with its worker; the next worker's first decision is a run of its own. */
static void restart_in_a_run(void **state)
{
	struct desk *d = *state;
	char id[CORRELATION_ID_MAX];

	begin(d);
	for (int i = 0; i < 3; i++)
		desk_decide(d, 1, 0.2);
	engine_signals_end(d->e);
	assert_int_equal(heard.n, 2);
	assert_true(number_of(1, "repeats") == 3);
	memcpy(id, newest(d)->correlation_id, sizeof(id));
	session_free(d->s);
	d->paper.next_trade = d->paper.next_entry = d->paper.next_order = 1;
	forget();
	begin(d);
	for (int i = 0; i < 2; i++)
		desk_decide(d, 1, 0.2);
	assert_int_equal(d->rows.signals_n, 2);
	assert_int_equal(heard.n, 1);
	assert_own_id(newest(d));
	assert_string_not_equal(newest(d)->correlation_id, id);
	assert_string_equal(heard.lines[0].id, newest(d)->correlation_id);
	assert_string_equal(d->rows.signals[0].correlation_id, id);
	engine_signals_end(d->e);
	engine_signals_end(d->e);
	assert_int_equal(heard.n, 2);
	assert_true(number_of(1, "repeats") == 2);
}

#define SIGNAL(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNAL(first_and_end_of_a_run), SIGNAL(a_period_ends), SIGNAL(taken_and_refused),
		SIGNAL(restart_in_a_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
