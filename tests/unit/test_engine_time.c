/*
 * When candles end and who sees them: by trades, by the market's time, by our clock in a
 * silence of any length.
 */
#include "tests/unit/engine_world.h"

#define MINUTE (60 * SECOND)

/* A trade with its own exchange time; whole: none is missing before it. */
static void trade_stamped(struct desk *d, const char *price, int64_t time_us, bool whole)
{
	struct trade t = {
		.id = ++d->trade_id, .time_us = time_us, .price = P(price), .whole = whole,
	};

	t.qty = Q("1");
	d->sink.trade(d->sink.ctx, desk_market(d), &t, ++d->now);
}

static void a_whole_trade_ends_a_candle_at_once(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	d->now = T0 + SECOND + 3 * MS;
	trade_stamped(d, "50001", T0 + SECOND, true);
	assert_int_equal(d->brain[1].asked, 1);
	assert_int_equal(d->brain[1].open_us, T0);
}

/* The depth stream is ahead of the trade stream: the trade still counts for its second. */
static void overtaken_trade_keeps_its_second(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	d->now = T0 + SECOND + 20 * MS;
	d->sink.time(d->sink.ctx, desk_market(d), T0 + SECOND + 13 * MS, d->now);
	assert_int_equal(d->brain[1].asked, 0);
	trade_stamped(d, "49000", T0 + 950 * MS, true);
	trade_stamped(d, "50000", T0 + 1500 * MS, true);
	assert_int_equal(d->rows.candles, 1);
	assert_string_equal(cash(money_of_units(price_units(d->rows.candle.low))), "49000");
	assert_int_equal(d->rows.candle.trades, 2);
}

/* Book tops may be late or early by any amount: they are no time. */
static void book_tops_are_no_time(void **state)
{
	struct desk *d = *state;
	struct book_top b = { .bid = P("50000"), .ask = P("50000.01") };

	desk_start(d);
	b.bid_qty = b.ask_qty = Q("1");
	for (int i = -3; i <= 3; i++) {
		b.time_us = d->now + i * SECOND;
		d->sink.book(d->sink.ctx, desk_market(d), &b, ++d->now);
	}
	assert_int_equal(d->rows.candles, 0);
	trade_stamped(d, "50000", T0 + 900 * MS, true);
	desk_second(d);
	assert_int_equal(d->rows.candle.trades, 2);
}

/* They are part of what the log says of the feed. */
static void late_trades_are_counted(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_second(d);
	assert_int_equal(engine_trades_late(d->e), 0);
	trade_stamped(d, "50000", T0 + 999 * MS, true);
	assert_int_equal(engine_trades_late(d->e), 1);
	trade_stamped(d, "50000", T0 - 3600 * SECOND, true);	/* from before we listened */
	assert_int_equal(engine_trades_late(d->e), 1);
}

/* Nothing is heard: our clock, as far ahead of the exchange's as it was, ends the candle. */
static void our_clock_ends_a_silent_candle(void **state)
{
	struct desk *d = *state;
	const int64_t lag_us = 170 * MS;

	desk_start(d);
	d->now = T0 + 200 * MS + lag_us - 1;
	d->sink.time(d->sink.ctx, desk_market(d), T0 + 200 * MS, ++d->now);
	assert_true(engine_next_due(d->e) <= T0 + SECOND + CANDLE_GRACE_US + lag_us);
	d->now = T0 + SECOND + CANDLE_GRACE_US + lag_us - 1;
	engine_advance(d->e, d->now);
	assert_int_equal(d->brain[1].asked, 0);
	desk_wait(d, 1);
	assert_int_equal(d->brain[1].asked, 1);
	assert_int_equal(d->brain[1].open_us, T0);
	desk_wait(d, SECOND);
	assert_int_equal(d->brain[1].asked, 2);
}

/* Our clock is three hours ahead, or behind: it says nothing about the exchange's. */
static void a_clock_that_is_wrong(void **state)
{
	struct desk *d = *state;
	const int64_t wrong[] = { 3 * 3600 * SECOND, -3 * 3600 * SECOND };

	desk_start(d);
	for (size_t i = 0; i < 2; i++) {
		int64_t exchange_us;
		size_t candles;

		d->now = (d->now / SECOND + 100) * SECOND;
		exchange_us = d->now - wrong[i];
		d->sink.gap(d->sink.ctx, desk_market(d), d->now);
		d->sink.time(d->sink.ctx, desk_market(d), exchange_us, d->now);
		trade_stamped(d, "50000", exchange_us + 10 * MS, true);
		candles = d->rows.candles;
		desk_wait(d, SECOND + CANDLE_GRACE_US - 100 * MS);
		assert_int_equal(d->rows.candles, candles);
		desk_wait(d, 200 * MS);
		assert_int_equal(d->rows.candles, candles + 1);
		assert_int_equal(d->rows.candle.open_us, exchange_us);
	}
}

/* One that silences a whole window, and one that is far longer, leave the window full. */
static void silence_fills_the_window(void **state)
{
	const int64_t silences[] = { 61, 200, 255, 256, 257, 400, 86400, 40000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++) {
		for (int by_clock = 0; by_clock < 2; by_clock++) {
			struct desk d;
			int asked;

			desk_init(&d, false);
			desk_start(&d);
			for (int k = 0; k < CANDLE_WINDOW; k++)
				desk_second(&d);
			assert_int_equal(d.brain[1].candles, CANDLE_WINDOW);
			asked = d.brain[1].asked;
			if (by_clock) {
				desk_wait(&d, silences[i] * SECOND);
			} else { /* in the feed's time alone, as while frames of the past wait */
				d.sink.time(d.sink.ctx, desk_market(&d),
					    d.now + silences[i] * SECOND + CANDLE_GRACE_US, d.now);
			}
			assert_int_equal(d.brain[1].candles, CANDLE_WINDOW);
			assert_true(d.brain[1].asked >= asked + (silences[i] < 256 ?
								 silences[i] : 256));
			assert_true(d.brain[1].asked <= asked + 600);
			desk_close(&d);
		}
	}
}

/* Trades once in some minutes: each minute is a candle, none of them loses the window. */
static void sparse_minutes(void **state)
{
	struct desk *d = *state;
	int64_t at = T0;

	snprintf(d->bot.interval, sizeof(d->bot.interval), "1m");
	desk_start(d);
	for (int i = 0; i < 100; i++) {
		at += (1 + i * 7 % 5) * MINUTE + i * SECOND;
		d->now = at + 40 * MS;
		trade_stamped(d, "50000", at, true);
	}
	assert_int_equal(d->rows.candles, (at - T0) / MINUTE);
	assert_int_equal(d->brain[1].asked, d->rows.candles);
	assert_int_equal(d->brain[1].candles, CANDLE_WINDOW);
}

/* What our clock would close after a silence that was a gap is not closed: it is not known. */
static void a_gap_closes_nothing(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_second(d);
	d->now += 3600 * SECOND;
	d->sink.gap(d->sink.ctx, desk_market(d), d->now);
	engine_advance(d->e, d->now + 10 * SECOND);
	assert_int_equal(d->rows.candles, 1);
	assert_int_equal(d->brain[1].asked, 1);
}

#define SPOT(f) cmocka_unit_test_setup_teardown(f, desk_setup_spot, desk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(a_whole_trade_ends_a_candle_at_once),
		SPOT(overtaken_trade_keeps_its_second),
		SPOT(book_tops_are_no_time),
		SPOT(late_trades_are_counted),
		SPOT(our_clock_ends_a_silent_candle),
		SPOT(a_clock_that_is_wrong),
		cmocka_unit_test(silence_fills_the_window),
		SPOT(sparse_minutes),
		SPOT(a_gap_closes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
