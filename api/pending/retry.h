/*
 * retry.h - requests that find the database in use by another program's transaction.
 *
 *	retry_run -> again() -> ERR_BUSY -> waits, first come first served -> again() ...
 *	                     \-> anything else, or APP_BUSY_MS are over -> end()
 *
 * The loop itself never waits for a lock: it tries, and goes on with other requests.
 * So "again" runs several times. It must have done nothing when it returns ERR_BUSY: what
 * has committed something is not run again, and an answer that it began is dropped.
 */
#ifndef API_PENDING_RETRY_H
#define API_PENDING_RETRY_H

#include "api/http/request.h"

#define RETRY_MAX 256		/* that wait; more are answered 503 at once */

struct retries;

struct retry_work {
	int (*again)(struct request *r, void *ctx, struct err *e);
	/* Once, with the last result; the request is the callee's from then on. */
	void (*end)(struct request *r, void *ctx, int rc, struct err *e);
	void *ctx;
};

struct retries *retries_new(struct app *a);
/* Ends those that wait with 503. */
void retries_free(struct retries *all);
/*
 * Runs w at once and, unless it has to wait, ends it. What changes something (writes)
 * waits behind others that wait already; what only reads is tried at once.
 */
void retry_run(struct request *r, const struct retry_work *w, bool writes);

#endif
