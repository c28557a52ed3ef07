/*
 * schedule.h - when the worker queues a job by itself: a backup, a look at every page.
 *
 * An interval (BACKUP_INTERVAL, SCRUB_INTERVAL) after the newest one; a failed one is tried
 * again sooner. It is a row in jobs like any other, and runs in a process of its own.
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
 * When is the next one due after "newest"? INT64_MAX: not while that one is under way.
 * started_us: when a database without backups gets its first.
 */
int64_t schedule_due(int64_t interval_us, const struct job_newest *newest, int64_t started_us);
/* Queue one if it is due. *queued says whether it did. */
MUST_CHECK int schedule_run_tx(struct schedule *s, struct db *db, int64_t now_us, bool *queued,
			       struct err *e);

#endif
