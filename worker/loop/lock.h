/*
 * lock.h - allows only one worker for each database, and tells which process it is.
 *
 * The lock is on the database file itself (hold.h), so another name of the file or folder, or
 * a removed <db>.worker, does not give a second lock. <db>.worker is locked as well, for
 * workers of earlier versions, which know no other lock; it holds our pid for people.
 */
#ifndef WORKER_LOOP_LOCK_H
#define WORKER_LOOP_LOCK_H

#include "common/err.h"

struct worker_lock;

/*
 * Takes the lock; waits a moment for a worker that is ending. ERR_BUSY: another worker runs;
 * ERR_NOT_FOUND: no database; ERR_READONLY, ERR_IO.
 */
MUST_CHECK int worker_lock(const char *db_path, struct worker_lock **out, struct err *e);
void worker_unlock(struct worker_lock *take_l);		/* NULL is harmless */

#endif
