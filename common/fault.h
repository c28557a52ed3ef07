/*
 * fault.h - faults by counting, for tests; nothing in a release build.
 *
 * With -DFAULTS (the "san" flavor) these variables of the environment are obeyed:
 *   FAULT_COMMIT=<n>:before|after  SIGKILL ourselves right before or right after
 *                                  the n-th db_commit of this process (on a new
 *                                  file the first is the schema's)
 *   FAULT_WRITE=<n>                the n-th stmt_run fails once with ERR_FULL
 *   FAULT_SQL=<n>                  SIGKILL ourselves before the n-th statement without
 *                                  rows (db_exec: a migration's are among them) or piece
 *                                  of a copy of the database
 *   FAULT_STEP=<n>                 SIGKILL ourselves at the n-th step of a work on whole
 *                                  files (a backup, a restore)
 *   FAULT_REQUEST=<n>              the n-th request that reaches its handler fails by a
 *                                  mistake of ours, with a message full of internals
 * A test walks n upwards until nothing happens any more.
 */
#ifndef COMMON_FAULT_H
#define COMMON_FAULT_H

#include <stdbool.h>

#ifdef FAULTS
void fault_before_commit(void);
void fault_after_commit(void);
bool fault_write(void);		/* true: this write shall fail */
bool fault_request(void);	/* true: this request shall fail */
void fault_step(void);
void fault_sql(void);
void fault_restart(void);	/* read the environment again, count from 1 (tests) */
#else
static inline void fault_before_commit(void) { }
static inline void fault_after_commit(void) { }
static inline bool fault_write(void) { return false; }
static inline bool fault_request(void) { return false; }
static inline void fault_step(void) { }
static inline void fault_sql(void) { }
static inline void fault_restart(void) { }
#endif

#endif
