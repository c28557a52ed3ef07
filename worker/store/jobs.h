/*
 * jobs.h - the worker's side of table jobs.
 */
#ifndef WORKER_STORE_JOBS_H
#define WORKER_STORE_JOBS_H

#include "common/crypto.h"
#include "common/db/db.h"

#include <stddef.h>
#include <stdint.h>

struct job_row {
	int64_t id, attempts;
	char kind[24], state[12], args[4096];
	int64_t args_bytes;		/* of the whole text; args may hold its begin only */
	double progress;		/* 0..1 */
	char message[512], error[512], result[4096];
	char correlation_id[CORRELATION_ID_MAX];
	bool cancel_requested;
	int64_t pid, started_us, ended_us;	/* 0 none */
};

/* ERR_NOT_FOUND. */
MUST_CHECK int job_row_get(struct db *db, int64_t id, struct job_row *out, struct err *e);
/*
 * The oldest queued job, a backup or one of the others (which may take days);
 * ERR_NOT_FOUND: none.
 */
MUST_CHECK int job_row_next(struct db *db, bool backup, struct job_row *out, struct err *e);
/* Columns that the worker owns: state, progress, message, result, error, pid, attempts, times. */
MUST_CHECK int job_row_put_tx(struct db *db, const struct job_row *r, struct err *e);
/*
 * After a restart no job runs: those that ran are queued again, or have failed when they were
 * started "attempts" times; those that should be cancelled are cancelled.
 */
MUST_CHECK int job_rows_recover_tx(struct db *db, int64_t attempts, int64_t now_us, struct err *e);
/* A job that the table shows as running after its worker ended, and its process. */
struct job_left {
	int64_t id, pid;
};
MUST_CHECK int job_rows_left(struct db *db, struct job_left *out, size_t max, size_t *n,
			     struct err *e);
MUST_CHECK int job_row_insert_tx(struct db *db, const char *kind, const char *args, const char *by,
				 int64_t now_us, int64_t *id, struct err *e);
/* Adds a job that ran without the worker: r's kind, state, times, result, error. */
MUST_CHECK int job_row_note_tx(struct db *db, const struct job_row *r, const char *by,
			       struct err *e);
struct job_newest {
	int64_t id;			/* 0: there was none */
	char state[12];
	int64_t created_us, ended_us;	/* us UTC; ended 0 while it is not */
};
/* The newest job of a kind. */
MUST_CHECK int job_row_newest(struct db *db, const char *kind, struct job_newest *out,
			      struct err *e);

#endif
