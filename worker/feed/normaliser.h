/*
 * normaliser.h - from the bytes of a frame to the calls of a sink, for every feed.
 *
 * Decodes, keeps the local book of each symbol, counts, and hands on plain
 * structs. Best prices come from bookTicker; for a symbol without one, from the
 * local book. Aggregate trades count only for a symbol whose first trade was one.
 *
 * Every feed's trades pass here, so here is decided which ones are believed: one that
 * came before counts once; one that is stamped STAMP_AHEAD_US or more after it was
 * received is refused (candles would wait for its time to come true), unless all are:
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
 * One frame, received at now_us; shift_us is added to the exchange's times.
 * snapshot_symbol: whose a REST snapshot is (it does not say). Returns 0, or
 * ERR_INVALID when the frame is refused: counted, the sink hears nothing.
 */
struct normaliser_frame {
	const char *bytes;
	size_t len;
	const char *snapshot_symbol;
	int64_t now_us, shift_us;
};
MUST_CHECK int normaliser_take(struct normaliser *in, const struct normaliser_frame *f,
			   const struct feed_sink *sink, struct feed_stats *stats, struct err *e);

/* Frames are missing: gap for the symbol (NULL: all known), its book starts anew. */
void normaliser_gap(struct normaliser *in, const char *symbol, int64_t now_us,
		    const struct feed_sink *sink);

/* The frames begin again, ids too: what was seen so far is none of theirs. */
void normaliser_begin_again(struct normaliser *in);
/*
 * A frame that is not taken yet: 1 a trade that follows its market's newest one, 0 a trade
 * that does not, -1 none, or of a market or kind that has had no trade.
 */
int normaliser_follows(const struct normaliser *in, const struct frame *f);

/* Make a symbol known before its first frame, so that normaliser_gap reaches it. */
void normaliser_add(struct normaliser *in, const char *symbol);


#endif
