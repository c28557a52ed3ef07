/*
 * fault.h - faults at a counted place, for tests; a release build has none of this.
 *
 * A build with -DFAULTS (the "san" flavor) obeys these environment variables:
 *   FAULT_COMMIT=<n>:before|after  SIGKILL ourselves right before or right after
 *                                  the n-th db_commit of this process (on a new
 *                                  file the first is the schema's)
 *   FAULT_WRITE=<n>                the n-th stmt_run fails once with ERR_FULL
 *   FAULT_SQL=<n>                  SIGKILL ourselves before the n-th db_exec (a migration
 *                                  runs many) or piece of a copy of the database
 *   FAULT_STEP=<n>                 SIGKILL ourselves at the n-th file step of a backup or
 *                                  restore
 *   FAULT_REQUEST=<n>              the n-th request that reaches its handler fails as if
 *                                  by a bug, with a message full of internals
 * A test counts n up until no fault happens any more.
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
