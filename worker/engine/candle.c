#include "worker/engine/candle.h"

#include "common/clock.h"

#include <string.h>

static const struct {
	const char *name;
	int64_t us;
} INTERVALS[] = {
	{"1s", US_PER_S},
	{"1m", 60 * US_PER_S},
	{"5m", 300 * US_PER_S},
	{"15m", 900 * US_PER_S},
	{"1h", 3600 * US_PER_S},
	{"4h", 4 * 3600 * US_PER_S},
	{"1d", 24 * 3600 * US_PER_S},
};

int64_t candle_interval_us(const char *interval)
{
	for (size_t i = 0; i < sizeof(INTERVALS) / sizeof(INTERVALS[0]); i++)
		if (strcmp(interval, INTERVALS[i].name) == 0)
			return INTERVALS[i].us;
	return 0;
}

/* A candle in which nothing was traded: the last price, standing still. */
static struct candle candle_flat(int64_t open_us, struct price last)
{
	return (struct candle){
		.open_us = open_us, .open = last, .high = last, .low = last, .close = last,
	};
}

static struct qty sum_saturated(struct qty a, struct qty b)
{
	struct qty sum;

	return qty_add(a, b, &sum) ? qty_of_units(INT64_MAX) : sum;
}

/* The first trade of a candle sets all its prices; a late one never moves its close. */
static void candle_merge(struct candle *c, const struct trade *t, bool late)
{
	if (c->trades == 0) {
		c->open = c->high = c->low = c->close = t->price;
	} else {
		if (price_cmp(t->price, c->high) > 0)
			c->high = t->price;
		if (price_cmp(t->price, c->low) < 0)
			c->low = t->price;
		if (!late)
			c->close = t->price;
	}
	c->volume = sum_saturated(c->volume, t->qty);
	if (!t->buyer_is_maker)
		c->buy_volume = sum_saturated(c->buy_volume, t->qty);
	if (c->trades < UINT32_MAX)
		c->trades++;
}

/* Close everything that ends at or before time_us; the open candle then contains it. */
static int candles_close(struct candle_builder *b, int64_t time_us, struct candle *out,
			 size_t max, size_t *n)
{
	int64_t ended = (time_us - b->open.open_us) / b->length_us;

	if ((uint64_t)ended > max)
		return ERR_RANGE;
	for (int64_t i = 0; i < ended; i++) {
		out[i] = b->open;
		b->open = candle_flat(b->open.open_us + b->length_us, b->open.close);
	}
	*n = (size_t)ended;
	return 0;
}

void candle_builder_init(struct candle_builder *b, int64_t length_us)
{
	ASSERT(length_us > 0);
	*b = (struct candle_builder){ .length_us = length_us };
}

static void builder_begin(struct candle_builder *b, const struct trade *t)
{
	b->open = candle_flat(t->time_us - t->time_us % b->length_us, t->price);
	b->begun = true;
	candle_merge(&b->open, t, false);
}

int candle_add(struct candle_builder *b, const struct trade *t, struct candle *out, size_t max,
	       size_t *n)
{
	int err;

	if (t->time_us < 0 || price_sign(t->price) <= 0 || qty_sign(t->qty) < 0)
		return ERR_INVALID;
	if (!b->begun) {
		builder_begin(b, t);
		*n = 0;
		return 0;
	}
	if (t->time_us < b->open.open_us) {
		if (b->open.open_us - t->time_us <= CANDLE_LATE_US) {
			candle_merge(&b->open, t, true);
			b->late_merged++;
		} else {
			b->late_dropped++;
		}
		*n = 0;
		return 0;
	}
	if (t->time_us - b->open.open_us < b->length_us) {
		*n = 0;
	} else {
		err = candles_close(b, t->time_us, out, max, n);
		if (err)
			return err;
	}
	candle_merge(&b->open, t, false);
	return 0;
}

int candle_advance(struct candle_builder *b, int64_t time_us, struct candle *out, size_t max,
		   size_t *n)
{
	if (!b->begun || time_us < b->open.open_us ||
	    time_us - b->open.open_us < b->length_us) {
		*n = 0;
		return 0;
	}
	return candles_close(b, time_us, out, max, n);
}

void candle_builder_reset(struct candle_builder *b)
{
	b->begun = false;
	b->open = (struct candle){ 0 };
}
