/*
 * normaliser.h - turns the bytes of a frame into calls of a sink, for every feed.
 *
 * It decodes the frame, keeps the local book of each symbol, counts, and hands on plain
 * structs. Best prices come from bookTicker; for a symbol without it, from the local book.
 * Aggregate trades count only for a symbol whose first trade was one.
 *
 * A frame names its market: here the name becomes a handle. All sinks of one normaliser belong
 * to the same listener, so that a handle of one is the others' as well.
 *
 * Trades of every feed pass here, so this is where they are checked. A trade that came before
 * is dropped. A trade whose exchange time is STAMP_AHEAD_US or more after its receive time is
 * refused, because candles would have to wait for that time; unless all trades are so, because
 * then our clock is wrong. Missing trades are a gap (sequence.h).
 */
#ifndef WORKER_FEED_NORMALISER_H
#define WORKER_FEED_NORMALISER_H

#include "worker/feed/book.h"
#include "worker/feed/feed.h"

#define STAMP_AHEAD_US INT64_C(5000000)

struct normaliser;

struct normaliser *normaliser_new(void);
void normaliser_free(struct normaliser *in);

/*
 * One frame, received at now_us; shift_us is added to the exchange's times. snapshot_symbol:
 * the symbol of a REST snapshot, because the snapshot does not name it. Returns 0, or
 * ERR_INVALID for a refused frame, which is counted and not handed to the sink.
 */
struct normaliser_frame {
	const char *bytes;
	size_t len;
	const char *snapshot_symbol;
	int64_t now_us, shift_us;
};
MUST_CHECK int normaliser_take(struct normaliser *in, const struct normaliser_frame *f,
			   const struct feed_sink *sink, struct feed_stats *stats, struct err *e);

/* Frames are missing: reports a gap for the symbol (NULL: all known ones) and resets its book. */
void normaliser_gap(struct normaliser *in, const char *symbol, int64_t now_us,
		    const struct feed_sink *sink);

/* The recording begins again, so forget the ids seen so far. */
void normaliser_begin_again(struct normaliser *in);
/*
 * Looks at a frame without taking it. 1: a trade whose id follows its market's newest; 0: a
 * trade whose id does not; -1: not a trade, or the first of its market and kind.
 */
int normaliser_follows(const struct normaliser *in, const struct frame *f);

/* Makes a symbol known before its first frame, so that normaliser_gap reaches it. */
void normaliser_add(struct normaliser *in, const char *symbol);
/* The sink's handle of a market (feed.h); asks for it when nobody has yet. */
int normaliser_market(struct normaliser *in, const char *symbol, const struct feed_sink *sink);

#endif
