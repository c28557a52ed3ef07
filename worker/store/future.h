/*
 * future.h - rows of a time to come: what a clock that was ahead has left behind.
 */
#ifndef WORKER_STORE_FUTURE_H
#define WORKER_STORE_FUTURE_H

#include "common/db/db.h"

/*
 * How many rows of all tables that have a time are of after limit_us; the newest of them
 * and its table. Reads those tables whole.
 */
MUST_CHECK int store_future(struct db *db, int64_t limit_us, int64_t *n, int64_t *newest_us,
			    char table[32], struct err *e);

#endif
