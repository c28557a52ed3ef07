/*
 * collect.h - collects the closed candles of one symbol from a feed at full speed.
 */
#ifndef WORKER_FEED_COLLECT_H
#define WORKER_FEED_COLLECT_H

#include "worker/feed/feed.h"
#include "worker/market/candle.h"

struct collection {
	char symbol[SYMBOL_MAX];
	int64_t length_us;
	size_t n, capacity;
	struct candle *candles;		/* oldest first; free() it */
	struct candle_builder builder;
};

void collection_init(struct collection *c, const char *symbol, int64_t length_us);
struct feed_sink collection_sink(struct collection *c);
/* Polls a feed until it ends or has nothing due at now_us. */
MUST_CHECK int collection_drain(struct feed *f, int64_t now_us, struct err *e);

#endif
