#include "worker/feed/collect.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 256
#define FRAMES_AT_ONCE 4096

void collection_init(struct collection *c, const char *symbol, int64_t length_us)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->symbol, sizeof(c->symbol), "%s", symbol);
	c->length_us = length_us;
	candle_builder_init(&c->builder, length_us);
}

static void keep(struct collection *c, const struct candle *closed, size_t n)
{
	if (c->n + n > c->capacity) {
		c->capacity = (c->n + n) * 2;
		c->candles = xrealloc(c->candles, c->capacity * sizeof(c->candles[0]));
	}
	if (n)
		memcpy(c->candles + c->n, closed, n * sizeof(c->candles[0]));
	c->n += n;
}

static int on_market(void *ctx, const char *symbol)
{
	return strcmp(symbol, ((struct collection *)ctx)->symbol) == 0 ? 0 : -1;
}

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct collection *c = ctx;
	struct candle closed[AT_ONCE];
	size_t n = 0;

	(void)market;
	(void)now_us;
	if (candle_add(&c->builder, t, closed, AT_ONCE, &n) == 0)
		keep(c, closed, n);
}

static void on_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	struct collection *c = ctx;
	struct candle closed[AT_ONCE];

	(void)market;
	(void)now_us;
	keep(c, closed, candle_advance(&c->builder, exchange_us, closed, AT_ONCE));
}

struct feed_sink collection_sink(struct collection *c)
{
	return (struct feed_sink){ .ctx = c, .market = on_market, .trade = on_trade,
				   .time = on_time };
}

int collection_drain(struct feed *f, int64_t now_us, struct err *e)
{
	int64_t next_us = 0;
	int rc;

	do {
		rc = f->ops->poll(f, now_us, FRAMES_AT_ONCE, &next_us, e);
	} while (rc == 0 && next_us <= now_us);
	return rc == ERR_END ? 0 : rc;
}
