/*
 * collect.h - the closed candles of one symbol from a feed, as fast as it goes.
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
/* Poll a feed until it ends, or until it waits for a time after now_us. */
MUST_CHECK int collection_drain(struct feed *f, int64_t now_us, struct err *e);

#endif
