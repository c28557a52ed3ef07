/*
 * runner.h - starts job processes and reads their reports, inside the worker's loop.
 *
 * The state of a job is written in the loop's transaction. Children end with the worker
 * (PR_SET_PDEATHSIG); the next worker starts their jobs again. Reports of a child are checked,
 * so that its row can always be written, because trading must never fail because of a job.
 */
#ifndef WORKER_JOB_RUNNER_H
#define WORKER_JOB_RUNNER_H

#include "common/db/db.h"

struct event_base;
struct runner;

/*
 * program: path of trading-bot; NULL: the one beside this program. First recovers the table
 * jobs and ends children that an earlier worker may have left.
 */
MUST_CHECK int runner_new(struct event_base *base, struct db *db, const char *program,
			  struct runner **out, struct err *e);
/* Kills the running jobs. */
void runner_free(struct runner *r);

/* "cb" is called once for each job that has ended, after its row is committed. */
struct job_row;
typedef void runner_ended(void *ctx, const struct job_row *row);
void runner_on_end(struct runner *r, runner_ended *cb, void *ctx);

/* The table may have changed: starts the next queued job and passes on cancellations. */
MUST_CHECK int runner_look(struct runner *r, struct db *db, struct err *e);
/* Called once per turn: enforces limits of wall time and reaps children that ended. */
void runner_tick(struct runner *r, int64_t now_us);
bool runner_pending(const struct runner *r);		/* rows wait to be written */
MUST_CHECK int runner_write_tx(struct runner *r, struct db *db, struct err *e);
void runner_clear(struct runner *r);			/* after the commit */
/*
 * The worker ends on purpose: ends the running jobs and queues them again; this start does
 * not count as an attempt. The caller must write the rows.
 */
void runner_stop(struct runner *r, int64_t now_us);

#endif
