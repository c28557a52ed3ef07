/*
 * synthetic_book.h - the order book of a made-up market: resting quantity per price, in ticks
 * and steps, and the changes since the last depth frame.
 */
#ifndef WORKER_FEED_SYNTHETIC_BOOK_H
#define WORKER_FEED_SYNTHETIC_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYNTHETIC_LEVELS 120	/* per side; the worst is removed beyond it */
#define SYNTHETIC_CHANGES 512	/* per side between two depth frames; see synthetic_book_full */

enum synthetic_side { SYNTHETIC_BID, SYNTHETIC_ASK };

struct synthetic_level { int64_t price, qty; };	/* ticks, steps; qty 0: removed */

struct synthetic_ladder {
	struct synthetic_level level[SYNTHETIC_LEVELS + 1];	/* best last */
	size_t n;
	struct synthetic_level change[SYNTHETIC_CHANGES];	/* each price once */
	size_t changes;
};

struct synthetic_book {
	struct synthetic_ladder side[2];
	int64_t update_id;	/* grows with each change */
};

/* Best price and quantity; the book always has both sides. */
struct synthetic_level synthetic_book_best(const struct synthetic_book *b,
					   enum synthetic_side side);
/* Set the quantity at a price, 0 removes. The last level of a side is never removed. */
void synthetic_book_set(struct synthetic_book *b, enum synthetic_side side, int64_t price,
			int64_t qty);
/* A depth frame has been made of the changes: forgets them. */
void synthetic_book_sent(struct synthetic_book *b);
/* Are there so many changes that a depth frame must come early? */
bool synthetic_book_full(const struct synthetic_book *b);

#endif
