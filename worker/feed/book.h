/*
 * book.h - the local order book of one symbol, kept by Binance's documented procedure.
 *
 *            depth: buffered           snapshot, buffer drained
 *   WAITING <--------------------+   +--------------------------> VALID --.
 *      ^  `----------------------'---'                              |     | depth: applied
 *      |                                                            |  <--'
 *      `------------- gap in the ids, crossed, book_reset ----------'
 *
 * Spot: an event follows when U <= last u + 1. USD-M: the first one after the
 * snapshot has U <= lastUpdateId <= u, each further one pu == last u. (Binance,
 * "How to manage a local order book correctly", 2025-11.) Each side is sorted
 * with its best price last, because that is where nearly all changes are.
 */
#ifndef WORKER_FEED_BOOK_H
#define WORKER_FEED_BOOK_H

#include "worker/feed/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOOK_LEVELS_MAX 5000	/* per side: the worst is dropped beyond it */
#define BOOK_PENDING_MAX 4096	/* buffered events: the oldest is dropped beyond it */

enum book_result {
	BOOK_APPLIED,
	BOOK_BUFFERED,		/* no snapshot yet */
	BOOK_OLD,		/* the book has it already */
	BOOK_TOO_OLD,		/* the snapshot is older than the buffered events: take another */
	BOOK_GAP,		/* events are missing: WAITING for a new snapshot */
	BOOK_CROSSED		/* bid >= ask, so something is wrong: WAITING as well */
};

struct book;

struct book *book_new(void);
void book_free(struct book *b);
/* Forgets everything and waits for a snapshot. */
void book_reset(struct book *b);

/* A DEPTH frame of this symbol. */
enum book_result book_depth(struct book *b, const struct frame *f);
/*
 * A SNAPSHOT frame. A valid book stays in use (BOOK_OLD) when the snapshot is not newer than
 * it.
 */
enum book_result book_snapshot(struct book *b, const struct frame *f);

bool book_valid(const struct book *b);
/*
 * Best prices; update_id is the newest id, time_us the newest event's. False when
 * the book is not valid.
 */
bool book_best(const struct book *b, struct book_top *out);
/* Quantity resting at a price, 0 when there is none. */
struct qty book_qty(const struct book *b, bool bids, struct price price);	/* (tests) */
/* Level i from the best (0); false beyond the last. */
bool book_level(const struct book *b, bool bids, size_t i, struct level *out);	/* (tests) */
/*
 * Is the best price still within the snapshot's levels? Levels beyond its last one are
 * unknown until they change, so if not, a live feed should take a new snapshot.
 */
bool book_covers_top(const struct book *b);	/* (tests) */

#endif
