/* The window of candles that features read. */
#include "tests/unit/candle_trades.h"

static void window_slides(void **state)
{
	static struct window w;
	struct candle c = { 0 };

	(void)state;
	window_clear(&w);
	for (int64_t i = 0; i < 24 * CANDLE_WINDOW; i++) {
		c = (struct candle){
			.open_us = T0 + i * S,
			.open = price_of_units(i),
			.high = price_of_units(i + 1),
			.low = price_of_units(i + 2),
			.close = price_of_units(i + 3),
			.volume = qty_of_units(i + 4),
			.buy_volume = qty_of_units(i + 5),
			.trades = (uint32_t)i + 6,
		};
		window_push(&w, &c, S);
		assert_int_equal(w.n, i < CANDLE_WINDOW ? i + 1 : CANDLE_WINDOW);
		assert_int_equal(window_full(&w), i + 1 >= CANDLE_WINDOW);
		assert_int_equal(w.last_open_us, c.open_us);
		for (int64_t k = 0; k < (int64_t)w.n; k++) {
			int64_t at = (int64_t)w.begin + (int64_t)w.n - 1 - k, want = i - k;

			assert_true(w.open[at] == (double)want / 1e8);
			assert_true(w.high[at] == (double)(want + 1) / 1e8);
			assert_true(w.low[at] == (double)(want + 2) / 1e8);
			assert_true(w.close[at] == (double)(want + 3) / 1e8);
			assert_true(w.volume[at] == (double)(want + 4) / 1e8);
			assert_true(w.buy_volume[at] == (double)(want + 5) / 1e8);
			assert_true(w.trades[at] == (double)(want + 6));
		}
	}
}

static void window_starts_anew_after_a_hole(void **state)
{
	static struct window w;
	struct candle c = { .open_us = T0, .close = price_of_units(5) };

	(void)state;
	window_clear(&w);
	for (int i = 0; i < 70; i++, c.open_us += S)
		window_push(&w, &c, S);
	assert_true(window_full(&w));
	c.open_us += S;
	window_push(&w, &c, S);
	assert_int_equal(w.n, 1);
	assert_false(window_full(&w));
	window_push(&w, &c, S); /* the same once more is no successor either */
	assert_int_equal(w.n, 1);
	c.open_us += S;
	window_push(&w, &c, S);
	assert_int_equal(w.n, 2);
	window_clear(&w);
	assert_int_equal(w.n, 0);
	assert_int_equal(w.last_open_us, 0);
}

/* Longer windows: what is there stays, and what comes is kept as long as asked for. */
static void window_as_long_as_asked_for(void **state)
{
	static struct window w;
	struct candle c = { .open_us = T0 };

	(void)state;
	for (int i = 0; i < 100; i++, c.open_us += S) {
		c.close = price_of_units(i);
		window_push(&w, &c, S);
	}
	window_keep(&w, 10); /* never shorter */
	assert_true(window_full(&w));
	window_keep(&w, 700);
	assert_int_equal(w.n, CANDLE_WINDOW);
	assert_false(window_full(&w));
	for (int i = 100; i < 5000; i++, c.open_us += S) {
		size_t n = i < 740 ? (size_t)i - 100 + 1 + CANDLE_WINDOW : 700;

		c.close = price_of_units(i);
		window_push(&w, &c, S);
		assert_int_equal(w.n, n);
		assert_true(w.close[w.begin + w.n - 1] == i / 1e8);
		assert_true(w.close[w.begin] == (i + 1 - (int)n) / 1e8);
	}
	window_fini(&w);
	assert_int_equal(w.n, 0);
	window_push(&w, &c, S);
	assert_int_equal(w.n, 1);
	window_fini(&w);
}

static void newest_part(void **state)
{
	static struct window w;
	struct candle c = { .open_us = T0 };
	struct window part;

	(void)state;
	for (int i = 0; i < 50; i++, c.open_us += S) {
		c.high = price_of_units(i);
		window_push(&w, &c, S);
	}
	part = window_newest(&w, 7);
	assert_int_equal(part.n, 7);
	assert_true(window_full(&part));
	assert_true(part.high[part.begin] == 43 / 1e8);
	assert_true(part.high[part.begin + 6] == 49 / 1e8);
	assert_int_equal(part.last_open_us, w.last_open_us);
	part = window_newest(&w, 51);
	assert_int_equal(part.n, 50);
	assert_false(window_full(&part));
	window_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_slides),
		cmocka_unit_test(window_starts_anew_after_a_hole),
		cmocka_unit_test(window_as_long_as_asked_for),
		cmocka_unit_test(newest_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
