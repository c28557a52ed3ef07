/*
 * job.h - runs slow work in a child process, because it would hold up trading.
 *
 *	queued --worker starts a child--> running --> done | failed | cancelled
 *	   ^---------- worker restarted (at most JOB_ATTEMPTS times) ------'
 *
 * The worker starts "trading-bot job-run ID" with limits on memory, CPU time and wall time.
 * The child reads its row, does the work, and reports on file descriptor JOB_FD, one line
 * each:
 *
 *	P 0.25 what it does now		progress 0..1 and a message
 *	R {"rows": 12}			result, a JSON object, once; all of it or none
 *	E what went wrong		error, once
 */
#ifndef WORKER_JOB_JOB_H
#define WORKER_JOB_JOB_H

#include "common/config.h"
#include "common/json.h"

#include <stdint.h>

#define JOB_FD 3
#define JOB_LINE_MAX 4096		/* bytes, with its line end */
#define JOB_ATTEMPTS 3

struct job {				/* in the child */
	int64_t id;
	const char *kind;
	const cJSON *args;		/* object */
	const struct config *config;
	struct json *result;		/* an object is open in it: add members */
};

struct job_kind {
	const char *name;
	const char *help;
	int64_t memory_mb;		/* address space */
	int64_t time_s;			/* wall and CPU time */
	MUST_CHECK int (*run)(struct job *job, struct err *e);
};

extern const struct job_kind job_backup, job_check;	/* one file each: check.c */
extern const struct job_kind *const job_kinds[];	/* NULL at the end */
const struct job_kind *job_kind_find(const char *name);	/* NULL: none */

/* In the child: reports progress to the worker. fraction 0..1. */
void job_progress(double fraction, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Everything that the child does: reads the row, runs the job, reports. Returns the exit code. */
int job_run(const struct config *c, int64_t id);

#endif
