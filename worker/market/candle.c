#include "worker/market/candle.h"

#include "common/clock.h"

#include <string.h>

int64_t candle_interval_us(const char *interval)
{
	return bot_interval_s(interval) * US_PER_S;
}

/* A candle without trades: all its prices are the last one. */
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

static inline void candle_count(struct candle *c, const struct trade *t)
{
	c->volume = sum_saturated(c->volume, t->qty);
	if (!t->buyer_is_maker)
		c->buy_volume = sum_saturated(c->buy_volume, t->qty);
	if (c->trades < UINT32_MAX)
		c->trades++;
}

static void candle_first(struct candle *c, struct candle_times *at, const struct trade *t)
{
	c->open = c->high = c->low = c->close = t->price;
	at->first_us = at->last_us = t->time_us;
}

static void candle_merge(struct candle *c, struct candle_times *at, const struct trade *t)
{
	if (c->trades == 0) {
		candle_first(c, at, t);
	} else {
		if (price_cmp(t->price, c->high) > 0)
			c->high = t->price;
		if (price_cmp(t->price, c->low) < 0)
			c->low = t->price;
		if (t->time_us >= at->last_us) {
			c->close = t->price;
			at->last_us = t->time_us;
		} else if (t->time_us < at->first_us) {
			c->open = t->price;
			at->first_us = t->time_us;
		}
	}
	candle_count(c, t);
}

/* Adds a trade of a closed candle to this one; open and close stay. */
static void candle_merge_late(struct candle *c, struct candle_times *at, const struct trade *t)
{
	if (c->trades == 0) {
		candle_first(c, at, t);
	} else if (price_cmp(t->price, c->high) > 0) {
		c->high = t->price;
	} else if (price_cmp(t->price, c->low) < 0) {
		c->low = t->price;
	}
	candle_count(c, t);
}

void candle_builder_init(struct candle_builder *b, int64_t length_us)
{
	ASSERT(length_us >= CANDLE_GRACE_US);
	*b = (struct candle_builder){ .length_us = length_us };
}

static int64_t open_end(const struct candle_builder *b)
{
	return b->open.open_us + b->length_us;
}

/* Drops a candle that began before we listened, because it lacks its first trades. */
static size_t emit(const struct candle_builder *b, const struct candle *c, struct candle *out)
{
	if (c->open_us < b->heard_us)
		return 0;
	*out = *c;
	return 1;
}

static size_t close_ended(struct candle_builder *b, struct candle *out)
{
	if (!b->waits)
		return 0;
	b->waits = false;
	b->span_us = b->length_us;
	return emit(b, &b->ended, out);
}

/* Closes all candles that end at or before time_us; the open candle then contains time_us. */
static size_t candles_close(struct candle_builder *b, int64_t time_us, struct candle *out,
			    size_t max)
{
	int64_t ends, skip;
	size_t n;

	if (time_us < b->open.open_us)
		return 0;
	n = close_ended(b, out);
	ends = (time_us - b->open.open_us) / b->length_us;
	if (ends == 0)
		return n;
	n += emit(b, &b->open, out + n);
	b->open = candle_flat(open_end(b), b->open.close);
	skip = ends - 1 - (int64_t)(max - n);
	if (skip > 0)
		b->open.open_us += skip * b->length_us;
	while (b->open.open_us + b->length_us <= time_us) {
		n += emit(b, &b->open, out + n);
		b->open.open_us += b->length_us;
	}
	return n;
}

static void builder_begin(struct candle_builder *b, const struct trade *t)
{
	b->open = candle_flat(t->time_us - t->time_us % b->length_us, t->price);
	b->begun = true;
	b->span_us = b->length_us;
	candle_merge(&b->open, &b->open_times, t);
}

/* A trade from before the open candle. */
static void merge_late(struct candle_builder *b, const struct trade *t)
{
	struct candle *c = b->waits ? &b->ended : &b->open;
	struct candle_times *at = b->waits ? &b->ended_times : &b->open_times;

	if (t->time_us < b->heard_us)
		return; /* from before we listened */
	if (t->time_us < c->open_us - CANDLE_LATE_US) {
		b->late_dropped++;
	} else if (t->time_us < c->open_us) {
		candle_merge_late(c, at, t);
		b->late_merged++;
	} else {
		candle_merge(c, at, t);
	}
	if (b->waits && b->open.trades == 0)
		b->open = candle_flat(b->open.open_us, b->ended.close);
}

/* Opens the next candle; the one before waits for trades that are on their way. */
static void open_next(struct candle_builder *b)
{
	b->ended = b->open;
	b->ended_times = b->open_times;
	b->waits = true;
	b->span_us = 0;
	b->open = candle_flat(open_end(b), b->open.close);
}

/* Handles a trade that ends candles, or that comes while a candle waits. */
static size_t candle_add_slow(struct candle_builder *b, const struct trade *t, struct candle *out,
			      size_t max)
{
	size_t n = candles_close(b, t->whole ? t->time_us : t->time_us - CANDLE_GRACE_US, out, max);

	if (t->time_us >= open_end(b))
		open_next(b);
	candle_merge(&b->open, &b->open_times, t);
	return n;
}

int candle_add(struct candle_builder *b, const struct trade *t, struct candle *out, size_t max,
	       size_t *n)
{
	if (t->time_us < 0 || price_sign(t->price) <= 0 || qty_sign(t->qty) < 0)
		return ERR_INVALID;
	*n = 0;
	if ((uint64_t)(t->time_us - b->open.open_us) < (uint64_t)b->span_us) {
		candle_merge(&b->open, &b->open_times, t);
		return 0;
	}
	if (!b->heard) {
		b->heard = true;
		b->heard_us = t->time_us;
	}
	if (!b->begun)
		builder_begin(b, t);
	else if (t->time_us < b->open.open_us)
		merge_late(b, t);
	else
		*n = candle_add_slow(b, t, out, max);
	return 0;
}

int64_t candle_due_us(const struct candle_builder *b)
{
	if (!b->begun)
		return INT64_MAX;
	return (b->waits ? b->open.open_us : open_end(b)) + CANDLE_GRACE_US;
}

size_t candle_advance(struct candle_builder *b, int64_t time_us, struct candle *out, size_t max)
{
	if (!b->heard) {
		b->heard = true;
		b->heard_us = time_us;
	}
	if (time_us < candle_due_us(b))
		return 0;
	return candles_close(b, time_us - CANDLE_GRACE_US, out, max);
}

void candle_builder_follow(struct candle_builder *b, const struct candle *last)
{
	b->heard = true;
	b->begun = true;
	b->waits = false;
	b->heard_us = last->open_us + b->length_us;
	b->open = candle_flat(b->heard_us, last->close);
	b->span_us = b->length_us;
}

void candle_builder_reset(struct candle_builder *b)
{
	b->begun = b->heard = b->waits = false;
	b->span_us = 0;
	b->open = (struct candle){ 0 };
}
