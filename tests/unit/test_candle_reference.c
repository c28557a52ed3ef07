/* Candles against a naive reference, and against the exchange's own of 2021. */
#include "tests/unit/candle_trades.h"
#include "tests/unit/shared.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_a_naive_reference),
		cmocka_unit_test(advancing_gives_the_same_candles),
		cmocka_unit_test(five_minutes_are_five_single_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
