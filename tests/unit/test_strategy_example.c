/*
 * The example of docs/STRATEGIES.md: compiled here, run, and compared with the page, which must
 * show it as it is. Runs in the project's root.
 */
#include "docs/examples/breakout.c"	/* NOLINT(bugprone-suspicious-include): the page shows it */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000000)

static void push(struct window *w, double low, double high, double close)
{
	struct candle c = { .open_us = w->n ? w->last_open_us + MINUTE : MINUTE };

	assert_int_equal(price_from_real(low, &c.low), 0);
	assert_int_equal(price_from_real(high, &c.high), 0);
	assert_int_equal(price_from_real(close, &c.close), 0);
	window_push(w, &c, MINUTE);
}

static void breaks_out(void **state)
{
	struct window w = { 0 };
	struct bot_config config;
	double params[STRATEGY_PARAMS_MAX];
	struct strategy_input in = { .config = &config, .params = params, .window = &w };
	struct decision d;
	struct err e;
	char reason[DECISION_REASON_MAX];

	(void)state;
	bot_config_defaults(&config);
	strategy_params_default(&spec, params);
	for (int i = 0; i < 20; i++)
		push(&w, 99 - i % 3, 101, 100);
	assert_int_equal(strategy_ask(&strategy_breakout, NULL, &in, &d, &e), 0);
	assert_string_equal(d.rule, "warm_up");
	push(&w, 100, 101, 101);
	assert_int_equal(strategy_ask(&strategy_breakout, NULL, &in, &d, &e), 0);
	assert_string_equal(d.rule, "no_breakout");
	push(&w, 100, 103, 102);
	assert_int_equal(strategy_ask(&strategy_breakout, NULL, &in, &d, &e), 0);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.intents[0].side, SIDE_BUY);
	assert_true(price_double(d.intents[0].stop) == 97);
	assert_string_equal(strategy_reason(&strategy_breakout, &in, &d, reason),
			    "close 102, highest of 20 candles 101");
	window_fini(&w);
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 17);

	if (!f)
		fail_msg("%s: run in the project's root", path);
	assert_true(fread(text, 1, (1 << 17) - 1, f) > 0);
	(void)fclose(f);
	return text;
}

static void the_page_shows_it(void **state)
{
	char *example = read_all("docs/examples/breakout.c");
	char *page = read_all("docs/STRATEGIES.md");

	(void)state;
	if (!strstr(page, example))
		fail_msg("docs/STRATEGIES.md does not show docs/examples/breakout.c as it is");
	free(example);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(breaks_out),
		cmocka_unit_test(the_page_shows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
