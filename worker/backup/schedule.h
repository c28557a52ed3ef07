/*
 * schedule.h - decides when the worker queues a job by itself: a backup, or a check of every
 * database page.
 *
 * A job is due one interval (BACKUP_INTERVAL, SCRUB_INTERVAL) after the newest one, and sooner
 * after a failed one. It is a row in table jobs like any other, and runs in its own process.
 */
#ifndef WORKER_BACKUP_SCHEDULE_H
#define WORKER_BACKUP_SCHEDULE_H

#include "common/config.h"
#include "worker/store/jobs.h"

#include <stdbool.h>
#include <stdint.h>

struct schedule {
	const char *kind;		/* of the job */
	int64_t interval_us;		/* 0: never */
	int64_t look_us;		/* us UTC: not before this */
};

/* kind "backup" or "check". */
void schedule_init(struct schedule *s, const char *kind, double interval_s, int64_t now_us);
/*
 * When the next job after "newest" is due. INT64_MAX: not while that one runs. started_us: the
 * worker's start, from which a database without a backup waits for its first.
 */
int64_t schedule_due(int64_t interval_us, const struct job_newest *newest, int64_t started_us);
/* Queues a job if one is due. *queued says whether it did. */
MUST_CHECK int schedule_run_tx(struct schedule *s, struct db *db, int64_t now_us, bool *queued,
			       struct err *e);

#endif
