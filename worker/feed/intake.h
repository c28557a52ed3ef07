/*
 * intake.h - from the bytes of a frame to the calls of a sink, for every feed.
 *
 * Decodes, keeps the local book of each symbol, counts, and hands on plain
 * structs. Best prices come from bookTicker; for a symbol without one, from the
 * local book. Aggregate trades count only for a symbol whose first trade was one.
 */
#ifndef FEED_INTAKE_H
#define FEED_INTAKE_H

#include "worker/feed/book.h"
#include "worker/feed/feed.h"

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

/* Make a symbol known before its first frame, so that intake_gap reaches it. */
void intake_add(struct intake *in, const char *symbol);


#endif
