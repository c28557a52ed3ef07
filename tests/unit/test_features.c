#include "worker/market/features.h"

#include "common/buf.h"
#include "tests/unit/shared.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define N CANDLE_WINDOW

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static struct candle random_candle(int64_t *price, int64_t open_us)
{
	int64_t a = *price, b, high, low, volume;

	b = a + (int64_t)random_below((uint64_t)a / 500 + 3) - a / 1000;
	b = b > 0 ? b : 1;
	high = (a > b ? a : b) + (int64_t)random_below(1000);
	low = (a < b ? a : b);
	low -= (int64_t)random_below((uint64_t)low / 1000 + 1);
	volume = random_below(4) ? (int64_t)random_below(5000000000) : 0;
	*price = b;
	return (struct candle){
		.open_us = open_us,
		.open = price_of_units(a),
		.high = price_of_units(high),
		.low = price_of_units(low),
		.close = price_of_units(b),
		.volume = qty_of_units(volume),
		.buy_volume = qty_of_units(volume ? (int64_t)random_below((uint64_t)volume + 1)
						  : 0),
		.trades = volume ? 1 + (uint32_t)random_below(500) : 0,
	};
}

static void fill(struct window *w, const struct candle *c, size_t n)
{
	window_clear(w);
	for (size_t i = 0; i < n; i++)
		window_push(w, &c[i], S);
}

static size_t index_of(const char *name)
{
	const struct feature_list *l = features_find("features-1");

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->features[i].name, name) == 0)
			return i;
	fail_msg("no feature %s", name);
	return 0;
}

static float value_of(const struct window *w, const char *name)
{
	float out[FEATURES_MAX];

	features_find("features-1")->compute(w, out);
	return out[index_of(name)];
}

/* --- a second opinion: every feature from its card, in 80 bits, by name --- */

static double open_(const struct candle *c, size_t i)
{
	return price_double(c[N - 1 - i].open);
}
static double high_(const struct candle *c, size_t i)
{
	return price_double(c[N - 1 - i].high);
}
static double low_(const struct candle *c, size_t i)
{
	return price_double(c[N - 1 - i].low);
}
static double close_(const struct candle *c, size_t i)
{
	return price_double(c[N - 1 - i].close);
}
static double volume_(const struct candle *c, size_t i)
{
	return qty_double(c[N - 1 - i].volume);
}
static double bought_(const struct candle *c, size_t i)
{
	return qty_double(c[N - 1 - i].buy_volume);
}

static long double naive_rsi(const struct candle *c)
{
	long double gain = 0, loss = 0, all;

	for (size_t i = N - 1; i > 0; i--) {
		long double step = (long double)close_(c, i - 1) - close_(c, i);
		long double up = step > 0 ? step : 0, down = step < 0 ? -step : 0;

		if (N - i <= 14) {
			gain += up / 14;
			loss += down / 14;
		} else {
			gain = (gain * 13 + up) / 14;
			loss = (loss * 13 + down) / 14;
		}
	}
	all = gain + loss;
	return all > 0 ? 100 * gain / all : 50;
}

static long double naive_volatility(const struct candle *c, size_t k)
{
	long double mean = 0, sum = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < k; i++) {
			long double before = i == N - 1 ? open_(c, i) : close_(c, i + 1);
			long double step = close_(c, i) / before - 1;

			if (pass == 0)
				mean += step / k;
			else
				sum += (step - mean) * (step - mean);
		}
	}
	return sqrtl(sum / k);
}

static bool named(const char *name, const char *stem, size_t *k)
{
	size_t len = strlen(stem);

	if (strncmp(name, stem, len) != 0 || name[len] != '_')
		return false;
	*k = (size_t)strtoul(name + len + 1, NULL, 10);
	return *k > 0;
}

/* *scale: the size of what is summed, for the tolerance. */
static long double naive(const struct candle *c, const char *name, long double *scale)
{
	long double close = close_(c, 0), buy = 0, sell = 0, volume = 0, value = 0, ma = 0,
		    trades = 0;
	long double high = 0, low = 1e30L;
	size_t k = 1;

	(void)(named(name, "buy_volume", &k) || named(name, "sell_volume", &k) ||
	       named(name, "net_flow", &k) || named(name, "pressure", &k) ||
	       named(name, "ma", &k) || named(name, "close_to_ma", &k) ||
	       named(name, "return", &k) || named(name, "volatility", &k) ||
	       named(name, "range_position", &k) || named(name, "vwap_distance", &k) ||
	       named(name, "trades", &k));
	for (size_t i = 0; i < k; i++) {
		long double typical = ((long double)high_(c, i) + low_(c, i) + close_(c, i)) / 3;

		buy += bought_(c, i);
		sell += (long double)volume_(c, i) - bought_(c, i);
		volume += volume_(c, i);
		value += typical * volume_(c, i);
		ma += (long double)close_(c, i) / k;
		trades += c[N - 1 - i].trades;
		high = high_(c, i) > high ? high_(c, i) : high;
		low = low_(c, i) < low ? low_(c, i) : low;
	}
	*scale = volume;
	if (strcmp(name, "volume") == 0)
		return volume_(c, 0);
	if (strncmp(name, "buy_", 4) == 0)
		return buy;
	if (strncmp(name, "sell_", 5) == 0)
		return sell;
	if (strncmp(name, "net_", 4) == 0)
		return buy - sell;
	if (strncmp(name, "trades_", 7) == 0)
		return trades;
	*scale = close;
	if (strcmp(name, "close") == 0)
		return close;
	if (strcmp(name, "high") == 0)
		return high_(c, 0);
	if (strcmp(name, "low") == 0)
		return low_(c, 0);
	if (strncmp(name, "ma_", 3) == 0)
		return ma;
	if (strcmp(name, "momentum_10") == 0)
		return close - close_(c, 10);
	*scale = 100;
	if (strcmp(name, "rsi_14") == 0)
		return naive_rsi(c);
	*scale = 1;
	if (strncmp(name, "pressure_", 9) == 0)
		return volume > 0 ? (buy - sell) / volume : 0;
	if (strncmp(name, "close_to_", 9) == 0)
		return close / ma - 1;
	if (strncmp(name, "return_", 7) == 0)
		return close / (k == N ? open_(c, N - 1) : close_(c, k)) - 1;
	if (strncmp(name, "volatility_", 11) == 0)
		return naive_volatility(c, k);
	*scale = high > low ? 1 + close / (high - low) * 1e-3L : 1;
	if (strncmp(name, "range_", 6) == 0)
		return high > low ? (close - low) / (high - low) : 0.5L;
	*scale = 1;
	if (strncmp(name, "vwap_", 5) == 0)
		return volume > 0 ? close / (value / volume) - 1 : 0;
	fail_msg("the reference does not know %s", name);
	return 0;
}

static void same_as_the_reference(void **state)
{
	const struct feature_list *l = features_find(FEATURES_DEFAULT);
	static struct candle c[N + 500];
	static struct window w;
	float out[FEATURES_MAX];

	(void)state;
	seed = 11;
	for (int64_t price = 7; price < 2000000000000000; price *= 37) {
		int64_t p = price;

		for (size_t i = 0; i < N + 500; i++)
			c[i] = random_candle(&p, (int64_t)(i + 1) * S);
		window_clear(&w);
		for (size_t i = 0; i < N + 500; i++) {
			window_push(&w, &c[i], S);
			if (!window_full(&w))
				continue;
			l->compute(&w, out);
			for (size_t f = 0; f < l->n; f++) {
				long double scale;
				long double want = naive(&c[i + 1 - N], l->features[f].name,
							 &scale);
				long double off = fabsl(out[f] - want);

				if (!(off <= 1e-7L * fabsl(want) + 1e-12L * scale))
					fail_msg("%s: %.9g, reference %.18Lg, window %zu at %ld",
						 l->features[f].name, (double)out[f], want, i,
						 price);
			}
		}
	}
}

static struct candle flat_candle(size_t i, int64_t price, int64_t volume)
{
	struct price p = price_of_units(price);

	return (struct candle){.open_us = (int64_t)(i + 1) * S, .open = p, .high = p, .low = p,
			       .close = p, .volume = qty_of_units(volume)};
}

static void assert_finite(const struct window *w)
{
	const struct feature_list *l = features_find("features-1");
	float out[FEATURES_MAX];

	l->compute(w, out);
	for (size_t f = 0; f < l->n; f++)
		if (!isfinite(out[f]))
			fail_msg("%s is %g", l->features[f].name, (double)out[f]);
}

static void finite_at_every_extreme(void **state)
{
	const int64_t prices[] = { 1, 100000000, INT64_MAX };
	const int64_t volumes[] = { 0, 1, INT64_MAX };
	static struct candle c[N];
	static struct window w;

	(void)state;
	for (int k = 0; k < 27; k++) { /* constant, jumping up, jumping down */
		for (size_t i = 0; i < N; i++) {
			int64_t p = prices[k % 3], q = prices[k / 9];

			c[i] = flat_candle(i, i % 2 ? p : q, volumes[k / 3 % 3]);
			c[i].buy_volume = i % 3 ? c[i].volume : qty_of_units(0);
			c[i].trades = UINT32_MAX;
		}
		fill(&w, c, N);
		assert_finite(&w);
	}
}

static void neutral_values_where_nothing_happens(void **state)
{
	static struct candle c[N];
	static struct window w;

	(void)state;
	for (size_t i = 0; i < N; i++)
		c[i] = flat_candle(i, 6000000000000, 0);
	fill(&w, c, N);
	assert_true(value_of(&w, "close") == 60000.0f);
	assert_true(value_of(&w, "ma_30") == 60000.0f);
	assert_true(value_of(&w, "close_to_ma_20") == 0.0f);
	assert_true(value_of(&w, "rsi_14") == 50.0f);
	assert_true(value_of(&w, "pressure_60") == 0.0f);
	assert_true(value_of(&w, "vwap_distance_60") == 0.0f);
	assert_true(value_of(&w, "range_position_60") == 0.5f);
	assert_true(value_of(&w, "volatility_60") == 0.0f);
	assert_true(value_of(&w, "return_60") == 0.0f);
	assert_true(value_of(&w, "momentum_10") == 0.0f);
	assert_true(value_of(&w, "trades_60") == 0.0f);
}

/* Closes 1, 2, .. 60; the oldest opens at 0.5; volume i+1, of which 1 was bought. */
static void by_hand(void **state)
{
	static struct candle c[N];
	static struct window w;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		c[i] = flat_candle(i, (int64_t)(i + 1) * 100000000, (int64_t)(i + 1) * 100000000);
		c[i].open = price_of_units(i ? (int64_t)i * 100000000 : 50000000);
		c[i].low = c[i].open;
		c[i].buy_volume = qty_of_units(100000000);
		c[i].trades = (uint32_t)i;
	}
	fill(&w, c, N);
	assert_true(value_of(&w, "close") == 60.0f);
	assert_true(value_of(&w, "high") == 60.0f);
	assert_true(value_of(&w, "low") == 59.0f);
	assert_true(value_of(&w, "volume") == 60.0f);
	assert_true(value_of(&w, "buy_volume_1") == 1.0f);
	assert_true(value_of(&w, "buy_volume_30") == 30.0f);
	assert_true(value_of(&w, "sell_volume_1") == 59.0f);
	assert_true(value_of(&w, "sell_volume_5") == 59.0f + 58 + 57 + 56 + 55);
	assert_true(value_of(&w, "net_flow_1") == -58.0f);
	assert_true(value_of(&w, "pressure_1") == (float)(-58.0 / 60));
	assert_true(value_of(&w, "ma_5") == 58.0f);
	assert_true(value_of(&w, "ma_10") == 55.5f);
	assert_true(value_of(&w, "ma_20") == 50.5f);
	assert_true(value_of(&w, "ma_30") == 45.5f);
	assert_true(value_of(&w, "close_to_ma_20") == (float)(60 / 50.5 - 1));
	assert_true(value_of(&w, "return_1") == (float)(60.0 / 59 - 1));
	assert_true(value_of(&w, "return_5") == (float)(60.0 / 55 - 1));
	assert_true(value_of(&w, "return_30") == 1.0f);
	assert_true(value_of(&w, "return_60") == 119.0f);
	assert_true(value_of(&w, "rsi_14") == 100.0f);
	assert_true(value_of(&w, "momentum_10") == 10.0f);
	assert_true(value_of(&w, "range_position_10") == 1.0f);
	assert_true(value_of(&w, "range_position_60") == 1.0f);
	assert_true(value_of(&w, "trades_1") == 59.0f);
	assert_true(value_of(&w, "trades_60") == 59.0f * 30);
}

/* A candle older than the look-back changes nothing; some window feels the last one of it. */
static void look_back_is_true(void **state)
{
	const struct feature_list *l = features_find("features-1");
	static struct candle c[N], changed[N];
	static struct window w;
	float before[FEATURES_MAX], after[FEATURES_MAX];
	bool felt[FEATURES_MAX] = { false };

	(void)state;
	seed = 5;
	for (int round = 0; round < 300; round++) {
		int64_t price = 1000000000, other;

		for (size_t i = 0; i < N; i++)
			c[i] = random_candle(&price, (int64_t)(i + 1) * S);
		fill(&w, c, N);
		l->compute(&w, before);
		for (size_t i = 0; i < N; i++) { /* i back from the newest */
			memcpy(changed, c, sizeof(c));
			other = 400000000 + (int64_t)random_below(1200000000);
			changed[N - 1 - i] = random_candle(&other, c[N - 1 - i].open_us);
			fill(&w, changed, N);
			l->compute(&w, after);
			for (size_t f = 0; f < l->n; f++) {
				bool same = memcmp(&before[f], &after[f], sizeof(float)) == 0;

				if (i >= l->features[f].look_back && !same)
					fail_msg("%s feels candle %zu", l->features[f].name, i);
				if (i + 1 == l->features[f].look_back && !same)
					felt[f] = true;
			}
		}
	}
	for (size_t f = 0; f < l->n; f++)
		if (!felt[f])
			fail_msg("%s never feels its oldest candle", l->features[f].name);
}

/* Where the window lies in its array, and what was before, leaves no trace. */
static void same_bits_after_a_restart(void **state)
{
	const struct feature_list *l = features_find("features-1");
	static struct candle c[N * 12];
	static struct window running, fresh;
	float a[FEATURES_MAX], b[FEATURES_MAX];
	int64_t price = 100000000000;

	(void)state;
	seed = 3;
	for (size_t i = 0; i < N * 12; i++)
		c[i] = random_candle(&price, (int64_t)(i + 1) * S);
	window_clear(&running);
	for (size_t i = 0; i < N * 12; i++) {
		window_push(&running, &c[i], S);
		if (i + 1 < N)
			continue;
		fill(&fresh, &c[i + 1 - N], N);
		l->compute(&running, a);
		l->compute(&fresh, b);
		assert_memory_equal(a, b, l->n * sizeof(float));
	}
}

static void the_list(void **state)
{
	const struct feature_list *l = features_find("features-1");

	(void)state;
	assert_non_null(l);
	assert_string_equal(FEATURES_DEFAULT, l->name);
	assert_int_equal(l->n, 53);
	assert_true(l->n <= FEATURES_MAX);
	for (size_t i = 0; i < l->n; i++) {
		assert_true(l->features[i].look_back >= 1 && l->features[i].look_back <= N);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(l->features[i].name, l->features[k].name);
	}
	assert_null(features_find("features-0"));
	assert_null(features_find(""));
}

/* Every feature has its row in docs/FEATURES.md, in the same order, and no other has. */
static void the_page_says_the_same(void **state)
{
	const struct feature_list *l = features_find("features-1");
	FILE *f = fopen("docs/FEATURES.md", "r");
	char line[512], want[512];
	size_t at = 0;

	(void)state;
	if (!f)
		fail_msg("docs/FEATURES.md is not there: run from the project's root");
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "| `", 3) != 0 || !strstr(line, "` | `"))
			continue;
		assert_true(at < l->n);
		snprintf(want, sizeof(want), "| `%s` | `%s` | %s | %zu |\n", l->features[at].name,
			 l->features[at].formula, l->features[at].unit, l->features[at].look_back);
		assert_string_equal(line, want);
		at++;
	}
	fclose(f);
	assert_int_equal(at, l->n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list),
		cmocka_unit_test(the_page_says_the_same),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(neutral_values_where_nothing_happens),
		cmocka_unit_test(finite_at_every_extreme),
		cmocka_unit_test(same_as_the_reference),
		cmocka_unit_test(look_back_is_true),
		cmocka_unit_test(same_bits_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
