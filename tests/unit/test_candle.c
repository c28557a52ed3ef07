/* Candles of single trades, each rule of candle.h. */
#include "tests/unit/candle_trades.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals), cmocka_unit_test(one_second_of_trades),
		cmocka_unit_test(quiet_seconds_repeat_the_close),
		cmocka_unit_test(a_hole_is_waited_for),
		cmocka_unit_test(a_whole_trade_ends_the_wait),
		cmocka_unit_test(order_inside_a_candle), cmocka_unit_test(late_trades),
		cmocka_unit_test(each_end_has_its_grace),
		cmocka_unit_test(late_trade_in_a_quiet_candle),
		cmocka_unit_test(a_long_silence_is_bounded),
		cmocka_unit_test(begun_in_its_middle),
		cmocka_unit_test(follows_a_stored_candle),
		cmocka_unit_test(impossible_trades_change_nothing),
		cmocka_unit_test(time_before_the_open_candle_closes_nothing),
		cmocka_unit_test(volume_stays_at_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
