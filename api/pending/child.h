/*
 * child.h - runs the program trading-bot, which is installed beside ours, in a child process
 * for short work on files that we don't trust.
 *
 *	child_run -> fork, limits, exec --(stdout, its end)--> done
 *
 * Each child may use CHILD_MEMORY_MB of memory and CHILD_TIME_S of processor and wall time,
 * and write CHILD_OUTPUT_MAX bytes. It ends when we end. The loop never waits for it.
 */
#ifndef API_PENDING_CHILD_H
#define API_PENDING_CHILD_H

#include "common/buf.h"
#include "common/err.h"

#include <event2/event.h>

#define CHILD_MEMORY_MB 1024
#define CHILD_TIME_S 20
#define CHILD_OUTPUT_MAX (256u << 10)
#define CHILDREN_MAX 4		/* at once */

struct children;

struct child_args {
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
struct children *children_new(struct event_base *base, const char *program);
/* Kills the running children; their "done" is called with ERR_UNAVAILABLE. */
void children_free(struct children *all);
/*
 * ERR_UNAVAILABLE: CHILDREN_MAX run already, or there is no such program; ERR_IO. After
 * an error "done" is not called. Borrows args and input for the call.
 */
MUST_CHECK int child_run(struct children *all, const struct child_args *args, struct err *e);

#endif
