/*
 * helper.h - runs the program trading-bot, which is installed beside ours, in a child process
 * for short work on files that we don't trust.
 *
 *	helper_run -> common/child.h --(stdout, its end)--> done
 *
 * Each helper has HELPER_MEMORY_MB of memory, HELPER_TIME_S of CPU and of wall time,
 * and may say HELPER_OUTPUT_MAX bytes. It dies with us. The loop never waits for it.
 */
#ifndef API_PENDING_HELPER_H
#define API_PENDING_HELPER_H

#include "common/buf.h"
#include "common/err.h"

#include <event2/event.h>

#define HELPER_MEMORY_MB 1024
#define HELPER_TIME_S 20
#define HELPER_OUTPUT_MAX (256u << 10)
#define HELPERS_MAX 4		/* at once */

struct helpers;
struct request;

struct helper_args {
	struct request *r;		/* parked meanwhile; NULL: none */
	const char *argv[8];		/* behind the program's name; NULL ends */
	const char *input;		/* its stdin; NULL: none */
	size_t input_len;
	/*
	 * Called once, on the loop. status: its exit code, or negative: ERR_LIMIT (a
	 * limit ended it), ERR_UNAVAILABLE (we are stopping) with e. out: its stdout.
	 */
	void (*done)(void *ctx, int status, const struct buf *out, struct err *e);
	void *ctx;
};

/* program: its path; NULL: trading-bot beside ours. */
struct helpers *helpers_new(struct event_base *base, const char *program);
/* Kills those that run; their "done" is called with ERR_UNAVAILABLE. */
void helpers_free(struct helpers *all);
/*
 * ERR_UNAVAILABLE: HELPERS_MAX run already, or there is no such program; ERR_IO. After
 * an error "done" is not called. Borrows args and input for the call.
 */
MUST_CHECK int helper_run(struct helpers *all, const struct helper_args *args, struct err *e);

#endif
