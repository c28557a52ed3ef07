/*
 * checkpoint.h - moves pages from the -wal file into the database, beside the loop.
 *
 * By default SQLite does this inside the commit that brings the 1000th page; that commit then
 * takes ten milliseconds and more, because of two fsyncs and a thousand writes. Here a thread
 * with a connection of its own moves the pages while commits go on.
 *
 *	commit -- pages >= CHECKPOINT_PAGES --> thread: wal_checkpoint(PASSIVE)
 *	       -- pages >= CHECKPOINT_MOST  --> inside the commit, because the thread
 *	                                        can't keep up or fails
 */
#ifndef COMMON_DB_CHECKPOINT_H
#define COMMON_DB_CHECKPOINT_H

#include "common/db/db.h"

#define CHECKPOINT_PAGES 1000		/* of 4 KiB */
#define CHECKPOINT_MOST 16000
#define CHECKPOINT_HELD 4000		/* pages that a reader may hold up before it is told */

struct checkpoint;

/* Serves db's commits until checkpoint_end. ERR_* of db_open_existing; ERR_LIMIT: no thread. */
MUST_CHECK int checkpoint_begin(struct db *db, struct checkpoint **out, struct err *e);
/* Waits for a running move. Call it before db_close(db). NULL is harmless. */
void checkpoint_end(struct checkpoint *c);

struct checkpoint_state {
	uint64_t made, failed;		/* moves so far, and those of them that failed */
	bool failing;			/* the newest failed, or a reader held most of it up */
	char why[256];			/* then: an error, or who holds it up */
	int64_t wal_pages;		/* at the newest move */
};
void checkpoint_state(struct checkpoint *c, struct checkpoint_state *out);

#endif
