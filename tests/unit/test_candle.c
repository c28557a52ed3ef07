#include "worker/market/candle.h"

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
		.buyer_is_maker = sold, .whole = true,
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
	assert_int_equal(add(&b, trade_at(T0, 100, 5, false), out, 4), 0);
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
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	add(&b, trade_at(T0 + 6, 107, 5, true), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + 3 * S + 1, 90, 1, true), out, 4), 3);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 107, 100, 107 }, 10, 5, 2);
	assert_candle(&out[1], T0 + S, (int64_t[]){ 107, 107, 107, 107 }, 0, 0, 0);
	assert_candle(&out[2], T0 + 2 * S, (int64_t[]){ 107, 107, 107, 107 }, 0, 0, 0);
	assert_candle(&b.open, T0 + 3 * S, (int64_t[]){ 90, 90, 90, 90 }, 1, 0, 1);
}

static struct trade unsure(struct trade t)
{
	t.whole = false;
	return t;
}

/* Nothing says that no trade is missing before it: the candle waits, and takes its own. */
static void a_hole_is_waited_for(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(add(&b, unsure(trade_at(T0 + S + 10, 120, 1, true)), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + S - 50, 90, 2, false), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + S - 90, 80, 2, true), out, 4), 0);
	assert_int_equal(add(&b, unsure(trade_at(T0 + S + 20, 130, 1, true)), out, 4), 0);
	assert_int_equal(candle_due_us(&b), T0 + S + CANDLE_GRACE_US);
	assert_int_equal(candle_advance(&b, T0 + S + CANDLE_GRACE_US - 1, out, 4), 0);
	assert_int_equal(candle_advance(&b, T0 + S + CANDLE_GRACE_US, out, 4), 1);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 100, 80, 90 }, 9, 7, 3);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 120, 130, 120, 130 }, 2, 0, 2);
	assert_int_equal(b.late_merged + b.late_dropped, 0);
}

/* ... until one comes before which none is missing. */
static void a_whole_trade_ends_the_wait(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	add(&b, unsure(trade_at(T0 + S, 120, 1, true)), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + S + 1, 121, 1, true), out, 4), 1);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 100, 100, 100 }, 5, 5, 1);
	add(&b, unsure(trade_at(T0 + 2 * S, 122, 1, true)), out, 4);
	assert_int_equal(add(&b, unsure(trade_at(T0 + 3 * S, 123, 1, true)), out, 4), 1);
	assert_int_equal(add(&b, trade_at(T0 + 4 * S, 124, 1, true), out, 4), 2);
	assert_candle(&out[0], T0 + 2 * S, (int64_t[]){ 122, 122, 122, 122 }, 1, 0, 1);
	assert_candle(&out[1], T0 + 3 * S, (int64_t[]){ 123, 123, 123, 123 }, 1, 0, 1);
}

/* Inside a candle the exchange's time says which trade was first and last. */
static void order_inside_a_candle(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0 + 500, 100, 1, false), out, 4);
	add(&b, trade_at(T0 + 700, 101, 1, false), out, 4);
	add(&b, trade_at(T0 + 600, 102, 1, false), out, 4);
	add(&b, trade_at(T0 + 400, 103, 1, false), out, 4);
	add(&b, trade_at(T0 + 700, 104, 1, false), out, 4);
	assert_candle(&b.open, T0, (int64_t[]){ 103, 104, 100, 104 }, 5, 5, 5);
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

/* Time that passes several ends closes what had its grace; the last may still get trades. */
static void each_end_has_its_grace(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_advance(&b, T0 + 2 * S + CANDLE_GRACE_US - 1, out, 4), 1);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 100, 100, 100 }, 5, 5, 1);
	add(&b, trade_at(T0 + 2 * S - 1, 90, 2, true), out, 4);
	assert_int_equal(candle_advance(&b, T0 + 2 * S + CANDLE_GRACE_US, out, 4), 1);
	assert_candle(&out[0], T0 + S, (int64_t[]){ 90, 90, 90, 90 }, 2, 0, 1);
	assert_int_equal(b.late_merged + b.late_dropped, 0);
}

static void late_trade_in_a_quiet_candle(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_advance(&b, T0 + S + CANDLE_GRACE_US, out, 4), 1);
	add(&b, trade_at(T0 + S - 1, 103, 1, true), out, 4);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 103, 103, 103, 103 }, 1, 0, 1);
	add(&b, trade_at(T0 + S + 1, 101, 1, true), out, 4);
	assert_candle(&b.open, T0 + S, (int64_t[]){ 103, 103, 101, 101 }, 2, 0, 2);
}

/* Any silence: its first candle, and as many of its last as there is room for. */
static void a_long_silence_is_bounded(void **state)
{
	struct candle_builder b;
	struct candle out[4];
	size_t n;

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_add(&b, &(struct trade){
		.time_us = T0 + 1000 * S, .price = price_of_units(120), .qty = qty_of_units(1),
		.whole = true }, out, 4, &n), 0);
	assert_int_equal(n, 4);
	assert_candle(&out[0], T0, (int64_t[]){ 100, 100, 100, 100 }, 5, 5, 1);
	for (int i = 1; i < 4; i++)
		assert_candle(&out[i], T0 + (996 + i) * S, (int64_t[]){ 100, 100, 100, 100 }, 0, 0,
			      0);
	assert_candle(&b.open, T0 + 1000 * S, (int64_t[]){ 120, 120, 120, 120 }, 1, 1, 1);
	assert_int_equal(candle_advance(&b, INT64_MAX / 2, out, 4), 4);
	assert_true(INT64_MAX / 2 - CANDLE_GRACE_US - b.open.open_us < S);
	assert_int_equal(out[3].open_us, b.open.open_us - S);
}

static void begun_in_its_middle(void **state)
{
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	add(&b, trade_at(T0 + 1, 100, 5, false), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + S, 101, 5, false), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + 2 * S, 102, 5, false), out, 4), 1);
	assert_int_equal(out[0].open_us, T0 + S);
	candle_builder_reset(&b); /* listening from the begin on, with or without a trade */
	assert_int_equal(candle_advance(&b, T0 + 5 * S, out, 4), 0);
	add(&b, trade_at(T0 + 5 * S + 900, 100, 5, false), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + 6 * S, 101, 5, false), out, 4), 1);
	assert_int_equal(out[0].open_us, T0 + 5 * S);
	candle_builder_reset(&b); /* an event that overtook the first trade */
	assert_int_equal(candle_advance(&b, T0 + 8 * S + 13, out, 4), 0);
	add(&b, trade_at(T0 + 8 * S - 50, 100, 5, false), out, 4);
	assert_int_equal(add(&b, trade_at(T0 + 9 * S, 101, 5, false), out, 4), 0);
	assert_int_equal(add(&b, trade_at(T0 + 10 * S, 101, 5, false), out, 4), 1);
	assert_int_equal(out[0].open_us, T0 + 9 * S);
}

static void follows_a_stored_candle(void **state)
{
	struct candle last = { .open_us = T0, .close = price_of_units(77) };
	struct candle_builder b;
	struct candle out[4];

	(void)state;
	candle_builder_init(&b, S);
	candle_builder_follow(&b, &last);
	add(&b, trade_at(T0 + S - 1, 50, 5, false), out, 4); /* part of the stored one */
	assert_int_equal(add(&b, trade_at(T0 + 2 * S + 5, 80, 1, false), out, 4), 1);
	assert_candle(&out[0], T0 + S, (int64_t[]){ 77, 77, 77, 77 }, 0, 0, 0);
	assert_int_equal(b.late_merged + b.late_dropped, 0);
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

	(void)state;
	candle_builder_init(&b, S);
	assert_int_equal(candle_advance(&b, T0, out, 4), 0);
	assert_false(b.begun);
	add(&b, trade_at(T0, 100, 5, false), out, 4);
	assert_int_equal(candle_advance(&b, INT64_MIN, out, 4), 0);
	assert_int_equal(candle_advance(&b, T0 + S + CANDLE_GRACE_US - 1, out, 4), 0);
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

/*
 * The open time that trade i counts for, or -1, by looking at all before it. *own: it is
 * the trade's own candle. A trade that is not whole ends nothing before the grace.
 */
static int64_t naive_slot(const struct trade *t, size_t i, int64_t length, bool *own)
{
	int64_t closed = 0; /* everything before this time is */

	for (size_t j = 0; j <= i; j++) {
		int64_t ends = t[j].whole ? t[j].time_us : t[j].time_us - CANDLE_GRACE_US;

		if (ends / length * length > closed && t[j].time_us >= t[0].time_us)
			closed = ends / length * length;
	}
	if (closed < t[0].time_us / length * length)
		closed = t[0].time_us / length * length;
	*own = t[i].time_us >= closed;
	if (*own)
		return t[i].time_us / length * length;
	if (t[i].time_us < t[0].time_us)
		return -1; /* from before we listened */
	return closed - t[i].time_us <= CANDLE_LATE_US ? closed : -1;
}

struct naive { int64_t slot; bool own; };

static struct candle naive_candle(const struct trade *t, const struct naive *at, size_t n,
				  int64_t open_us, struct price last)
{
	struct candle c = {
		.open_us = open_us, .open = last, .high = last, .low = last, .close = last};
	int64_t volume = 0, bought = 0, first_us = 0, last_us = 0;

	for (size_t i = 0; i < n; i++) {
		if (at[i].slot != open_us)
			continue;
		if (c.trades++ == 0) {
			c.open = c.high = c.low = c.close = t[i].price;
			first_us = last_us = t[i].time_us;
		}
		if (price_cmp(t[i].price, c.high) > 0)
			c.high = t[i].price;
		if (price_cmp(t[i].price, c.low) < 0)
			c.low = t[i].price;
		if (at[i].own && t[i].time_us >= last_us) {
			c.close = t[i].price;
			last_us = t[i].time_us;
		}
		if (at[i].own && t[i].time_us < first_us) {
			c.open = t[i].price;
			first_us = t[i].time_us;
		}
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
		t[i].whole = random_below(3) > 0;
	}
	t[0].time_us -= t[0].time_us % length; /* its candle is whole */
}

static void assert_equal_candles(const struct candle *a, const struct candle *b)
{
	assert_int_equal(a->open_us, b->open_us);
	assert_int_equal(price_cmp(a->open, b->open), 0);
	assert_int_equal(price_cmp(a->high, b->high), 0);
	assert_int_equal(price_cmp(a->low, b->low), 0);
	assert_int_equal(price_cmp(a->close, b->close), 0);
	assert_int_equal(qty_cmp(a->volume, b->volume), 0);
	assert_int_equal(qty_cmp(a->buy_volume, b->buy_volume), 0);
	assert_int_equal(a->trades, b->trades);
}

static void same_as_a_naive_reference(void **state)
{
	static struct trade t[TRADES];
	static struct candle got[TRADES * 8];
	struct naive at[TRADES];

	(void)state;
	seed = 42;
	for (int round = 0; round < 100; round++) {
		int64_t length = (int64_t[]){ S, 5 * S, 60 * S }[round % 3];
		struct candle_builder b;
		size_t n = 0;
		struct price last;

		random_trades(t, length);
		candle_builder_init(&b, length);
		for (size_t i = 0; i < TRADES; i++) {
			at[i].slot = naive_slot(t, i, length, &at[i].own);
			n += add(&b, t[i], got + n, 8);
			if (random_below(2)) /* changes nothing that a trade would not */
				assert_int_equal(candle_advance(&b, b.open.open_us, got + n, 8), 0);
		}
		n += candle_advance(&b, t[TRADES - 1].time_us + 100 * length, got + n, 256);
		last = t[0].price;
		for (size_t i = 0; i < n; i++) {
			struct candle want = naive_candle(t, at, TRADES,
							  at[0].slot + (int64_t)i * length, last);

			assert_equal_candles(&got[i], &want);
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
		size_t na = 0, nb = 0;
		int64_t now = T0;

		candle_builder_init(&a, S);
		candle_builder_init(&b, S);
		for (int i = 0; i < 500; i++) {
			struct trade t = trade_at(now, 50 + (int64_t)random_below(9), 1, false);

			na += add(&a, t, once + na, 16);
			nb += add(&b, t, often + nb, 16);
			now += (int64_t)random_below(3000000);
			nb += candle_advance(&b, now - (int64_t)random_below(1000000), often + nb,
					     16);
		}
		assert_true(nb >= na);
		for (size_t i = 0; i < na; i++)
			assert_equal_candles(&once[i], &often[i]);
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
		cmocka_unit_test(a_hole_is_waited_for),
		cmocka_unit_test(a_whole_trade_ends_the_wait),
		cmocka_unit_test(order_inside_a_candle),
		cmocka_unit_test(late_trades),
		cmocka_unit_test(each_end_has_its_grace),
		cmocka_unit_test(late_trade_in_a_quiet_candle),
		cmocka_unit_test(a_long_silence_is_bounded),
		cmocka_unit_test(begun_in_its_middle),
		cmocka_unit_test(follows_a_stored_candle),
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
