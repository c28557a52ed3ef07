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

struct intake;

struct intake *intake_new(void);
void intake_free(struct intake *in);

/*
 * One frame, received at now_us; shift_us is added to the exchange's times.
 * snapshot_symbol: whose a REST snapshot is (it does not say). Returns 0, or
 * ERR_INVALID when the frame is refused: counted, the sink hears nothing.
 */
struct intake_frame {
	const char *bytes;
	size_t len;
	const char *snapshot_symbol;
	int64_t now_us, shift_us;
};
MUST_CHECK int intake_take(struct intake *in, const struct intake_frame *f,
			   const struct feed_sink *sink, struct feed_stats *stats, struct err *e);

/* Frames are missing: gap for the symbol (NULL: all known), its book starts anew. */
void intake_gap(struct intake *in, const char *symbol, int64_t now_us,
		const struct feed_sink *sink);

/* The frames begin again, ids too: what was seen so far is none of theirs. */
void intake_begin_again(struct intake *in);
/*
 * A frame that is not taken yet: 1 a trade that follows its market's newest one, 0 a trade
 * that does not, -1 none, or of a market or kind that has had no trade.
 */
int intake_follows(const struct intake *in, const struct frame *f);

/* Make a symbol known before its first frame, so that intake_gap reaches it. */
void intake_add(struct intake *in, const char *symbol);


#endif
