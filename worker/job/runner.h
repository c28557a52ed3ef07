/*
 * runner.h - starts job processes and listens to them, inside the worker's loop.
 *
 * What becomes of a job is written with the loop's transaction. Children end with
 * the worker (PR_SET_PDEATHSIG); the next worker starts their jobs again. Whatever a
 * child does or says, the row stays one that can be written: trading never waits for it.
 */
#ifndef WORKER_JOB_RUNNER_H
#define WORKER_JOB_RUNNER_H

#include "common/db/db.h"

struct event_base;
struct runner;

/*
 * program: path of trading-bot; NULL: the one beside this program. Recovers the table
 * first, and ends what an earlier worker's child may still do.
 */
MUST_CHECK int runner_new(struct event_base *base, struct db *db, const char *program,
			  struct runner **out, struct err *e);
/* Kills what runs. */
void runner_free(struct runner *r);

/* "cb" hears once of each job that has ended, after its row is committed. */
struct job_row;
typedef void runner_ended(void *ctx, const struct job_row *row);
void runner_on_end(struct runner *r, runner_ended *cb, void *ctx);

/* The table may have changed: start the next queued job, pass on cancellations. */
MUST_CHECK int runner_look(struct runner *r, struct db *db, struct err *e);
/* Once per turn: limits of wall time, children that ended. */
void runner_tick(struct runner *r, int64_t now_us);
bool runner_pending(const struct runner *r);		/* rows wait to be written */
MUST_CHECK int runner_write_tx(struct runner *r, struct db *db, struct err *e);
void runner_clear(struct runner *r);			/* after the commit */
/*
 * The worker ends on purpose: what runs is ended and queued again, and this start does
 * not count. The rows wait to be written.
 */
void runner_stop(struct runner *r, int64_t now_us);

#endif
