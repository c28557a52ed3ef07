/* candle_trades.h - what the tests of candles share: trades, and seeded random numbers. */
#ifndef TESTS_UNIT_CANDLE_TRADES_H
#define TESTS_UNIT_CANDLE_TRADES_H

#include "worker/market/candle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define T0 (INT64_C(1700000000) * S)

static uint64_t seed;

static inline uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static inline struct trade trade_at(int64_t time_us, int64_t price, int64_t qty, bool sold)
{
	return (struct trade){
		.time_us = time_us, .price = price_of_units(price), .qty = qty_of_units(qty),
		.buyer_is_maker = sold, .whole = true,
	};
}

/* Adds a trade that must be taken; returns how many candles it closed. */
static inline size_t add(struct candle_builder *b, struct trade t, struct candle *out, size_t max)
{
	size_t n = 99;

	assert_int_equal(candle_add(b, &t, out, max, &n), 0);
	return n;
}

#endif
