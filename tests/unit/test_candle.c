#include "worker/engine/candle.h"

#include "tests/unit/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define T0 (INT64_C(1700000000) * S)

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static struct trade trade_at(int64_t time_us, int64_t price, int64_t qty, bool sold)
{
	return (struct trade){
		.time_us = time_us, .price = price_of_units(price), .qty = qty_of_units(qty),
		.buyer_is_maker = sold,
	};
}

/* Adds a trade that must be taken; returns how many candles it closed. */
static size_t add(struct candle_builder *b, struct trade t, struct candle *out, size_t max)
{
	size_t n = 99;

	assert_int_equal(candle_add(b, &t, out, max, &n), 0);
	return n;
}

static void assert_candle(const struct candle *c, int64_t open_us, const int64_t ohlc[4],
			  int64_t volume, int64_t buy_volume, unsigned trades)
{
	assert_int_equal(c->open_us, open_us);
	assert_int_equal(price_units(c->open), ohlc[0]);
	assert_int_equal(price_units(c->high), ohlc[1]);
	assert_int_equal(price_units(c->low), ohlc[2]);
	assert_int_equal(price_units(c->close), ohlc[3]);
	assert_int_equal(qty_units(c->volume), volume);
	assert_int_equal(qty_units(c->buy_volume), buy_volume);
	assert_int_equal(c->trades, trades);
}

static void intervals(void **state)
{
	(void)state;
	assert_int_equal(candle_interval_us("1s"), S);
	assert_int_equal(candle_interval_us("1m"), 60 * S);
	assert_int_equal(candle_interval_us("5m"), 300 * S);
	assert_int_equal(candle_interval_us("15m"), 900 * S);
	assert_int_equal(candle_interval_us("1h"), 3600 * S);
	assert_int_equal(candle_interval_us("4h"), 14400 * S);
	assert_int_equal(candle_interval_us("1d"), 86400 * S);
	assert_int_equal(candle_interval_us(""), 0);
	assert_int_equal(candle_interval_us("2m"), 0);
	assert_int_equal(candle_interval_us("1M"), 0);
}

static void one_second_of_trades(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	assert_int_equal(add(&b, trade_at(T0 + 100, 100, 5, false), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + 200, 130, 7, true), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + 300, 90, 1, true), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + S - 1, 110, 2, false), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + S, 115, 3, false), out, 4), 1);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 130, 90, 110 }, 15, 7, 4);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 115, 115, 115, 115 }, 3, 3, 1);
}

static void quiet_seconds_repeat_the_close(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0 + 5, 100, 5, false), out, 4);
	add(&b, trade_at(T0 + 6, 107, 5, true), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + 3 * S + 1, 90, 1, true), out, 4), 3);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 107, 100, 107 }, 10, 5, 2);
	assert_candle(&out[1], T0 + S, (int64_t[]){ 107, 107, 107, 107 }, 0, 0, 0);
	assert_candle(&out[2], T0 + 2 * S, (int64_t[]){ 107, 107, 107, 107 }, 0, 0, 0);
	assert_candle(&b.open, T0 + 3 * S, (int64_t[]){ 90, 90, 90, 90 }, 1, 0, 1);
}

static void late_trades(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	add(&b, trade_at(T0 + 3 * S, 100, 5, false), out, 4);
	add(&b, trade_at(T0 + 3 * S - 1, 120, 1, true), out, 4);
	add(&b, trade_at(T0 + 3 * S - CANDLE_LATE_US, 80, 2, false), out, 4);
	assert_int_equal(b.late_merged, 2);
	assert_int_equal(b.late_dropped, 0);
	add(&b, trade_at(T0 + 3 * S - CANDLE_LATE_US - 1, 10, 2, false), out, 4);
	assert_int_equal(b.late_merged, 2);
	assert_int_equal(b.late_dropped, 1);
	assert_candle(&b.open, T0 + 3 * S, (int64_t[]){ 100, 120, 80, 100 }, 8, 7, 3);
	candle_builder_reset(&b);
	assert_int_equal(b.late_merged, 2);
	assert_int_equal(b.late_dropped, 1);
	assert_false(b.begun);
}

static void late_trade_in_a_quiet_candle(void **state)
{
	struct candle_builder b;
	struct candle out[4];
	size_t n;

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_advance(&b, T0 + S, out, 4, &n), 0);
	assert_int_equal(n, 1);
	add(&b, trade_at(T0 + S - 1, 103, 1, true), out, 4);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 103, 103, 103, 103 }, 1, 0, 1);
	add(&b, trade_at(T0 + S + 1, 101, 1, true), out, 4);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 103, 103, 101, 101 }, 2, 0, 2);
}

static void too_far_ahead_changes_nothing(void **state)
{
	struct candle_builder b, before;
	struct candle out[4];
	struct trade t = trade_at(T0 + 4 * S, 100, 1, false);
	size_t n = 77;

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	before = b;
	assert_int_equal(candle_add(&b, &t, out, 3, &n), ERR_RANGE);
	assert_int_equal(candle_advance(&b, INT64_MAX, out, 3, &n), ERR_RANGE);
	assert_int_equal(n, 77);
	assert_memory_equal(&b, &before, sizeof(b));
	assert_int_equal(candle_add(&b, &t, out, 4, &n), 0);
	assert_int_equal(n, 4);
	b = before;
	candle_builder_reset(&b);
	assert_int_equal(add(&b, t, out, 3), 0);
	assert_candle(&b.open, T0 + 4 * S, (int64_t[]){ 100, 100, 100, 100 }, 1, 1, 1);
}

static void impossible_trades_change_nothing(void **state)
{
	struct candle_builder b, before;
	struct candle out[4];
	struct trade bad[] = {
		trade_at(T0, 0, 1, false), trade_at(T0, -5, 1, false),
		trade_at(T0, 5, -1, false), trade_at(-1, 5, 1, false),
	};
	size_t n = 77;

	(void)state;
	candle_builder_init(&b, S);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(candle_add(&b, &bad[i], out, 4, &n), ERR_INVALID);
	assert_false(b.begun);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	before = b;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(candle_add(&b, &bad[i], out, 4, &n), ERR_INVALID);
	assert_memory_equal(&b, &before, sizeof(b));
	assert_int_equal(n, 77);
}

static void time_before_the_open_candle_closes_nothing(void **state)
{
	struct candle_builder b;
	struct candle out[4];
	size_t n;

	(void)state;
	candle_builder_init(&b, S);
	assert_int_equal(candle_advance(&b, T0, out, 4, &n), 0);
	assert_int_equal(n, 0);
	assert_false(b.begun);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_advance(&b, INT64_MIN, out, 4, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(candle_advance(&b, T0 + S - 1, out, 4, &n), 0);
	assert_int_equal(n, 0);
}

static void volume_stays_at_the_largest(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 1, INT64_MAX - 1, false), out, 4);
	add(&b, trade_at(T0, 1, 5, false), out, 4);
	assert_candle(&b.open, T0, (int64_t[]){ 1, 1, 1, 1 }, INT64_MAX, INT64_MAX, 2);
}

/* The open time that trade i counts for, or -1: by looking at all before it. */
static int64_t naive_slot(const struct trade *t, size_t i, int64_t length)
{
	int64_t newest = 0;

	for (size_t j = 0; j <= i; j++)
		if (t[j].time_us / length * length > newest)
			newest = t[j].time_us / length * length;
	if (t[i].time_us >= newest)
		return newest;
	return newest - t[i].time_us <= CANDLE_LATE_US ? newest : -1;
}

static struct candle naive_candle(const struct trade *t, const int64_t *slot, size_t n,
				  int64_t open_us, struct price last)
{
	struct candle c = {
		.open_us = open_us, .open = last, .high = last, .low = last, .close = last};
	int64_t volume = 0, bought = 0;

	for (size_t i = 0; i < n; i++) {
		if (slot[i] != open_us)
			continue;
		if (c.trades++ == 0)
			c.open = c.high = c.low = c.close = t[i].price;
		if (price_cmp(t[i].price, c.high) > 0)
			c.high = t[i].price;
		if (price_cmp(t[i].price, c.low) < 0)
			c.low = t[i].price;
		if (t[i].time_us >= open_us)
			c.close = t[i].price;
		volume += qty_units(t[i].qty);
		bought += t[i].buyer_is_maker ? 0 : qty_units(t[i].qty);
	}
	c.volume = qty_of_units(volume);
	c.buy_volume = qty_of_units(bought);
	return c;
}

#define TRADES 300

static void random_trades(struct trade *t, int64_t length)
{
	int64_t now = T0;

	for (size_t i = 0; i < TRADES; i++) {
		uint64_t kind = random_below(10);

		now += kind < 7 ? (int64_t)random_below((uint64_t)length / 4) :
			kind < 9 ? (int64_t)random_below((uint64_t)length * 4) : 0;
		t[i] = trade_at(now - (random_below(6) ? 0 : (int64_t)random_below(4000000)),
				100 + (int64_t)random_below(50), (int64_t)random_below(9),
				random_below(2));
	}
}

static void same_as_a_naive_reference(void **state)
{
	static struct trade t[TRADES];
	static struct candle got[TRADES * 8];
	int64_t slot[TRADES];

	(void)state;
	seed = 42;
	for (int round = 0; round < 100; round++) {
		int64_t length = (int64_t[]){ S, 5 * S, 60 * S }[round % 3];
		struct candle_builder b;
		size_t n = 0, closed;
		struct price last;

		random_trades(t, length);
		candle_builder_init(&b, length);
		for (size_t i = 0; i < TRADES; i++) {
			slot[i] = naive_slot(t, i, length);
			n += add(&b, t[i], got + n, 8);
			if (random_below(2)) { /* changes nothing that a trade would not */
				assert_int_equal(candle_advance(&b, b.open.open_us, got + n, 8,
								&closed), 0);
				assert_int_equal(closed, 0);
			}
		}
		last = t[0].price;
		for (size_t i = 0; i <= n; i++) {
			struct candle want = naive_candle(t, slot, TRADES,
							  slot[0] + (int64_t)i * length, last);
			struct candle have = i < n ? got[i] : b.open;

			assert_int_equal(have.open_us, want.open_us);
			assert_int_equal(price_cmp(have.open, want.open), 0);
			assert_int_equal(price_cmp(have.high, want.high), 0);
			assert_int_equal(price_cmp(have.low, want.low), 0);
			assert_int_equal(price_cmp(have.close, want.close), 0);
			assert_int_equal(qty_cmp(have.volume, want.volume), 0);
			assert_int_equal(qty_cmp(have.buy_volume, want.buy_volume), 0);
			assert_int_equal(have.trades, want.trades);
			last = want.close;
		}
	}
}

/* Trades in order: advancing the time at any moment gives the same candles. */
static void advancing_gives_the_same_candles(void **state)
{
	static struct candle once[4096], often[4096];

	(void)state;
	seed = 7;
	for (int round = 0; round < 50; round++) {
		struct candle_builder a, b;
		size_t na = 0, nb = 0, n;
		int64_t now = T0;

		candle_builder_init(&a, S);
		candle_builder_init(&b, S);
		for (int i = 0; i < 500; i++) {
			struct trade t = trade_at(now, 50 + (int64_t)random_below(9), 1, false);

			na += add(&a, t, once + na, 16);
			nb += add(&b, t, often + nb, 16);
			now += (int64_t)random_below(3000000);
			assert_int_equal(candle_advance(&b, now - (int64_t)random_below(1000000),
							often + nb, 16, &n), 0);
			nb += n;
		}
		assert_true(nb >= na);
		for (size_t i = 0; i < na; i++)
			assert_int_equal(price_cmp(once[i].close, often[i].close) ||
					 price_cmp(once[i].high, often[i].high) ||
					 once[i].open_us != often[i].open_us ||
					 once[i].trades != often[i].trades, 0);
	}
}

struct row {
	int64_t ms;
	int64_t ohlcv[5];	/* e-8 */
};

/* [[ms,o,h,l,c,v],...] with numbers as text, so that decimals stay exact. */
static size_t read_klines(const char *name, struct row **out)
{
	struct buf text = { 0 };
	struct row *rows = NULL;
	size_t n = 0;

	if (!shared_read(name, &text)) {
		buf_free(&text);
		return 0;
	}
	for (char *p = text.data + 1; (p = strchr(p, '[')) != NULL;) {
		struct price v;

		if ((n & (n - 1)) == 0)
			rows = xrealloc(rows, (n ? 2 * n : 1) * sizeof(*rows));
		rows[n].ms = strtoll(p + 1, &p, 10);
		for (int i = 0; i < 5; i++) {
			char *end;

			p++;
			end = p + strcspn(p, ",]");
			assert_int_equal(price_parse_n(p, (size_t)(end - p), &v), 0);
			rows[n].ohlcv[i] = price_units(v);
			p = end;
		}
		n++;
	}
	buf_free(&text);
	*out = rows;
	return n;
}

static bool row_is(const struct row *r, const struct candle *c)
{
	return r->ohlcv[0] == price_units(c->open) && r->ohlcv[1] == price_units(c->high) &&
		r->ohlcv[2] == price_units(c->low) && r->ohlcv[3] == price_units(c->close) &&
		r->ohlcv[4] == qty_units(c->volume);
}

static void five_minutes_are_five_single_ones(void **state)
{
	struct row *one = NULL, *five = NULL;
	size_t n1 = read_klines("klines/2021/BTC_USDT-1m.json.gz", &one);
	size_t n5 = read_klines("klines/2021/BTC_USDT-5m.json.gz", &five);
	size_t at = 0, equal = 0;
	struct candle_builder b;
	struct candle out[64];

	(void)state;
	if (n1 == 0 || n5 == 0) {
		free(one);
		free(five);
		skip();
	}
	candle_builder_init(&b, candle_interval_us("5m"));
	for (size_t i = 0; i < n1; i++) {
		for (int k = 0; k < 4; k++) {
			size_t n = add(&b, trade_at(one[i].ms * 1000 + k, one[i].ohlcv[k],
						    k ? 0 : one[i].ohlcv[4], false), out, 64);

			for (size_t j = 0; j < n; j++) {
				while (at < n5 && five[at].ms * 1000 < out[j].open_us)
					at++;
				if (at == n5 || five[at].ms * 1000 != out[j].open_us)
					continue; /* the two-hour halt has no rows */
				assert_true(row_is(&five[at], &out[j]));
				equal++;
			}
		}
	}
	assert_int_equal(equal, 8615); /* every complete one; the 5m file goes on longer */
	free(one);
	free(five);
}

static void window_slides(void **state)
{
	static struct window w;
	struct candle c = { 0 };

	(void)state;
	window_clear(&w);
	for (int64_t i = 0; i < 3 * WINDOW_CAPACITY; i++) {
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals),
		cmocka_unit_test(one_second_of_trades),
		cmocka_unit_test(quiet_seconds_repeat_the_close),
		cmocka_unit_test(late_trades),
		cmocka_unit_test(late_trade_in_a_quiet_candle),
		cmocka_unit_test(too_far_ahead_changes_nothing),
		cmocka_unit_test(impossible_trades_change_nothing),
		cmocka_unit_test(time_before_the_open_candle_closes_nothing),
		cmocka_unit_test(volume_stays_at_the_largest),
		cmocka_unit_test(same_as_a_naive_reference),
		cmocka_unit_test(advancing_gives_the_same_candles),
		cmocka_unit_test(five_minutes_are_five_single_ones),
		cmocka_unit_test(window_slides),
		cmocka_unit_test(window_starts_anew_after_a_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
