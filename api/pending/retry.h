/*
 * retry.h - tries requests again that found the database locked by another program.
 *
 *	retry_run -> again() -> ERR_BUSY -> waits, first come first served -> again() ...
 *	                     \-> anything else, or APP_BUSY_MS are over -> end()
 *
 * The loop itself never waits for a lock: it tries once and goes on with other requests. So
 * "again" may run several times. When it returns ERR_BUSY it must not have changed anything:
 * a call that has committed something is not repeated, and an answer that it began to write
 * is dropped.
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
 * Runs w at once and ends it, unless it has to wait. Work that writes queues behind requests
 * that wait already; work that only reads is tried at once.
 */
void retry_run(struct request *r, const struct retry_work *w, bool writes);

#endif
