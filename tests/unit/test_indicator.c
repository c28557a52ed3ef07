#include "worker/market/indicator.h"

#include "common/buf.h"
#include "common/err.h"
#include "tests/unit/shared.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 3000
#define WINDOW 60

/* One file of TA-Lib 0.4.0 output: closes, and the columns we have an opinion on. */
struct oracle {
	size_t n;
	double close[ROWS_MAX];
	double sma_10[ROWS_MAX], ema_12[ROWS_MAX], ema_26[ROWS_MAX], rsi_14[ROWS_MAX];
	double stddev_20[ROWS_MAX], mom_10[ROWS_MAX];
};

static struct oracle oracles[2];

static size_t column_of(const char *header, const char *name)
{
	size_t len = strlen(name), at = 0;

	for (const char *p = header;; p++, at++) {
		if (strncmp(p, name, len) == 0 && strchr(",\r\n", p[len]))
			return at;
		p = strchr(p, ',');
		if (!p)
			fail_msg("no column %s", name);
	}
}

static double cell(const char *row, size_t column)
{
	for (; column > 0; column--)
		row = strchr(row, ',') + 1;
	return *row == ',' || *row == '\r' || *row == '\n' ? (double)NAN : strtod(row, NULL);
}

static void read_column(const char *text, const char *name, double *out, size_t *n)
{
	size_t column = column_of(text, name);

	*n = 0;
	for (const char *p = strchr(text, '\n'); p && p[1] && *n < ROWS_MAX;
	     p = strchr(p + 1, '\n'))
		out[(*n)++] = cell(p + 1, column);
}

static bool read_oracle(const char *name, struct oracle *o)
{
	struct buf text = { 0 };

	if (!shared_read(name, &text)) {
		buf_free(&text);
		return false;
	}
	read_column(text.data, "close", o->close, &o->n);
	read_column(text.data, "sma_10", o->sma_10, &o->n);
	read_column(text.data, "ema_12", o->ema_12, &o->n);
	read_column(text.data, "ema_26", o->ema_26, &o->n);
	read_column(text.data, "rsi_14", o->rsi_14, &o->n);
	read_column(text.data, "stddev_20", o->stddev_20, &o->n);
	read_column(text.data, "mom_10", o->mom_10, &o->n);
	buf_free(&text);
	return true;
}

static int read_oracles(void **state)
{
	(void)state;
	if (!read_oracle("indicators/talib/talib040_full_outputs_ref252.csv", &oracles[0]) ||
	    !read_oracle("indicators/talib/talib040_full_outputs_BTCUSDT_1m_3000.csv.gz",
			 &oracles[1]))
		oracles[0].n = oracles[1].n = 0;
	return 0;
}

/* Every value that TA-Lib gives, ours within the relative tolerance; returns the worst. */
static double assert_like(const char *what, double ours, double theirs, double tolerance)
{
	double off = fabs(ours - theirs) / fmax(fabs(theirs), 1e-300);

	if (!(off <= tolerance) && !(ours == theirs))
		fail_msg("%s: %.17g, TA-Lib %.17g, off by %g", what, ours, theirs, off);
	return ours == theirs ? 0 : off;
}

static void like_ta_lib(void **state)
{
	static double ema[ROWS_MAX];
	size_t checked = 0;

	(void)state;
	if (oracles[0].n == 0)
		skip();
	assert_int_equal(oracles[0].n, 252);
	assert_int_equal(oracles[1].n, 3000);
	for (size_t k = 0; k < 2; k++) {
		const struct oracle *o = &oracles[k];

		for (size_t i = 19; i < o->n; i++) {
			size_t n = i + 1;

			assert_like("sma", indicator_sma(o->close, n, 10), o->sma_10[i], 1e-12);
			assert_like("mom", indicator_momentum(o->close, n, 10), o->mom_10[i], 0);
			assert_like("rsi", indicator_rsi(o->close, n, 14), o->rsi_14[i], 1e-11);
			checked++;
		}
		indicator_ema(o->close, o->n, 12, ema);
		for (size_t i = 11; i < o->n; i++)
			assert_like("ema", ema[i], o->ema_12[i], 1e-13);
		indicator_ema(o->close, o->n, 26, ema);
		for (size_t i = 25; i < o->n; i++)
			assert_like("ema", ema[i], o->ema_26[i], 1e-13);
	}
	assert_int_equal(checked, 252 + 3000 - 2 * 19);
}

/* TA-Lib takes the difference of two large sums; on prices of 1e5 that costs digits. */
static void stddev_like_ta_lib(void **state)
{
	(void)state;
	if (oracles[0].n == 0)
		skip();
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 19; i < oracles[k].n; i++)
			assert_like("stddev", indicator_stddev(oracles[k].close, i + 1, 20),
				    oracles[k].stddev_20[i], k == 0 ? 1e-11 : 1e-6);
}

/* RSI as TA-Lib's source computes it: sums multiplied by 13, divided by 14. */
static double rsi_with_divisions(const double *x, size_t n)
{
	double gain = 0, loss = 0;

	for (size_t i = 1; i < n; i++) {
		double step = x[i] - x[i - 1];

		if (i > 14) {
			gain *= 13;
			loss *= 13;
		}
		if (step < 0)
			loss -= step;
		else
			gain += step;
		if (i >= 14) {
			gain /= 14;
			loss /= 14;
		}
	}
	return gain + loss > 0 ? 100 * (gain / (gain + loss)) : 50;
}

#define RSI_START_TOLERANCE 2.0	/* points; docs/FEATURES.md names it */

/*
 * The feature sees 60 candles. On that slice it equals TA-Lib's arithmetic; from
 * TA-Lib over the whole series it differs by what the start still weighs.
 */
static void rsi_of_a_window(void **state)
{
	double worst = 0, sum = 0;
	size_t n = 0;

	(void)state;
	if (oracles[0].n == 0)
		skip();
	for (size_t k = 0; k < 2; k++) {
		const struct oracle *o = &oracles[k];

		for (size_t i = 0; i < o->n; i++) /* the second opinion is TA-Lib's */
			if (i >= 14)
				assert_like("whole", rsi_with_divisions(o->close, i + 1),
					    o->rsi_14[i], 1e-12);
		for (size_t i = WINDOW - 1; i < o->n; i++) {
			const double *slice = o->close + i + 1 - WINDOW;
			double ours = indicator_rsi(slice, WINDOW, 14);
			double off = fabs(ours - o->rsi_14[i]);

			assert_like("slice", ours, rsi_with_divisions(slice, WINDOW), 1e-11);
			worst = off > worst ? off : worst;
			sum += off;
			n++;
		}
	}
	print_message(
		"RSI 14 of 60 candles against the whole series: worst %.3f, mean %.4f points\n",
		worst, sum / (double)n);
	assert_true(worst < RSI_START_TOLERANCE);
}

static void by_hand(void **state)
{
	const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	const double up_down[] = { 10, 11, 10, 12, 11 };
	double ema[8];

	(void)state;
	assert_true(indicator_sma(x, 8, 8) == 5);
	assert_true(indicator_sma(x, 8, 3) == 7);
	assert_true(indicator_sma(x, 8, 1) == 9);
	assert_true(indicator_stddev(x, 8, 8) == 2);
	assert_true(indicator_stddev(x, 4, 3) == 0);
	assert_true(indicator_momentum(x, 8, 7) == 7);
	indicator_ema(x, 8, 3, ema); /* seed 10/3, then half way each time */
	assert_like("hand", ema[2], 10.0 / 3, 1e-14);
	assert_like("hand", ema[3], 11.0 / 3, 1e-14);
	assert_like("hand", ema[4], 13.0 / 3, 1e-14);
	/* gains 1 0, losses 0 1: half each; then gain 2: 1.25, 0.25; then loss 1: 0.625, 0.625 */
	assert_true(indicator_rsi(up_down, 3, 2) == 50);
	assert_like("hand", indicator_rsi(up_down, 4, 2), 100 * 1.25 / 1.5, 1e-14);
	assert_true(indicator_rsi(up_down, 5, 2) == 50);
	assert_true(indicator_rsi(x + 1, 3, 2) == 50); /* nothing moved */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(like_ta_lib),
		cmocka_unit_test(stddev_like_ta_lib),
		cmocka_unit_test(rsi_of_a_window),
	};

	return cmocka_run_group_tests(tests, read_oracles, NULL);
}
