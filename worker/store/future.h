/*
 * future.h - finds rows with a time in the future, which a clock that was ahead has left.
 */
#ifndef WORKER_STORE_FUTURE_H
#define WORKER_STORE_FUTURE_H

#include "common/db/db.h"

/*
 * Counts the rows of all tables whose time is after limit_us, and finds the newest of them and
 * its table. Reads those tables whole.
 */
MUST_CHECK int store_future(struct db *db, int64_t limit_us, int64_t *n, int64_t *newest_us,
			    char table[32], struct err *e);

#endif
