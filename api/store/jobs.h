/*
 * jobs.h - table jobs: what runs in child processes of the worker.
 */
#ifndef API_STORE_JOBS_H
#define API_STORE_JOBS_H

#include "api/store/rows.h"
#include "common/db/db.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_jobs_columns[];

/* state NULL: all. */
MUST_CHECK int store_jobs_list(struct db *db, const char *state, const struct page *p,
			       struct json *j, struct err *e);
MUST_CHECK int store_jobs_get(struct db *db, int64_t id, struct json *j, struct err *e);
/* Asks the worker to end it. ERR_CONFLICT: it has ended already. */
MUST_CHECK int store_jobs_cancel_tx(struct db *db, int64_t id, struct err *e);

#endif
