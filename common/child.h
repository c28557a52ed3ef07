/*
 * child.h - a process of ours that does one piece of work: with limits, a pipe from it to us,
 * a deadline, and an end in any case.
 *
 *	child_start --> it runs --what it writes--> child_read
 *	                  |
 *	                  |--child_end, or its deadline--> SIGTERM --after its grace--> SIGKILL
 *	                  `--> child_look says that it has ended, once
 *
 * Only child_stop blocks. Signals go to the child's process group, so what it started ends with
 * it. It also ends when we do (PR_SET_PDEATHSIG).
 */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include "common/buf.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child_plan {
	const char *program;		/* its path */
	const char *const *argv;	/* with the program's name; NULL ends */
	/*
	 * Instead of a program: runs in a copy of this process (call child_start before threads
	 * exist), with the pipe's write end, and must not return.
	 */
	void (*run)(void *ctx, int out);
	void *ctx;
	int in;				/* becomes its stdin; -1: ours. Borrowed */
	int out;			/* the descriptor at which a program finds the pipe */
	bool bare;			/* a program gets no environment: ours may hold keys */
	int nice;			/* added to our priority */
	int64_t memory_mb;		/* address space; of a copy: data on top of what we have */
	int64_t cpu_s;			/* processor time */
	int64_t wall_us;		/* then it is told to end */
	int64_t grace_us;		/* between SIGTERM and SIGKILL; 0: SIGKILL at once */
	size_t most;			/* bytes that it may write, else it is killed; 0: any */
};

struct child {			/* CHILD_NONE before child_start */
	pid_t pid;		/* 0: none, or it has ended */
	int fd;			/* the pipe's read end, not blocking; -1: closed */
	int64_t deadline_us;	/* monotonic */
	int64_t grace_us;
	int64_t kill_us;	/* monotonic: SIGKILL follows; 0: not told to end */
	size_t heard, most;	/* bytes */
	bool late;		/* its deadline ended it */
	bool killed;		/* by us, with SIGKILL */
	bool lost;		/* how it ended nobody can say: SIGCHLD is ignored */
	int status;		/* of waitpid, when it has ended and is not lost */
};

#define CHILD_NONE ((struct child){ .fd = -1 })

/*
 * ERR_IO: no pipe, or no process; c is as it was. A program that can't be run ends with exit
 * code 127.
 */
MUST_CHECK int child_start(struct child *c, const struct child_plan *plan, struct err *e);
/*
 * What it has written: the number of bytes; 0: nothing now; -1: that was all, c->fd is closed.
 * c->fd can be waited for (poll, libevent). A child may live on after it closed its end.
 */
ssize_t child_read(struct child *c, char *bytes, size_t size);
/* Appends what there is now; c->fd is closed when that was all. */
void child_drain(struct child *c, struct buf *out);
void child_close(struct child *c);		/* reads no more of it */
/* Tells it to end. */
void child_end(struct child *c);
/* Has it ended? Call it now and then: it also minds the deadline. now_us: monotonic. */
bool child_look(struct child *c, int64_t now_us);
/* Kills it, waits for its end (a moment), closes its pipe. Harmless when there is none. */
void child_stop(struct child *c);

/* How it ended: its exit code, -1 without one; the signal that ended it, 0 without one. */
int child_exit_code(const struct child *c);
int child_signal(const struct child *c);
/* "exit code 3", "signal 9 (KILL)" */
#define CHILD_TEXT_MAX 40
const char *child_text(const struct child *c, char out[CHILD_TEXT_MAX]);

#endif
