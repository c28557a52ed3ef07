/*
 * lock.h - one worker for each database, and who it is.
 *
 * The lock is on the database file (hold.h): another name of it, another folder's name, a
 * removed <db>.worker give no second one. <db>.worker is locked as well, for workers of earlier
 * versions, which know only that; it holds our pid, for people.
 */
#ifndef WORKER_LOOP_LOCK_H
#define WORKER_LOOP_LOCK_H

#include "common/err.h"

struct worker_lock;

/*
 * The database exists. A worker that is just ending gets a moment. ERR_BUSY: another runs;
 * ERR_NOT_FOUND: no database; ERR_READONLY, ERR_IO.
 */
MUST_CHECK int worker_lock(const char *db_path, struct worker_lock **out, struct err *e);
void worker_unlock(struct worker_lock *take_l);		/* NULL is harmless */

#endif
