/*
 * worker_lock.h - one worker for each database, and who it is.
 */
#ifndef WORKER_WORKER_LOCK_H
#define WORKER_WORKER_LOCK_H

#include "common/err.h"

/*
 * *fd holds the lock on <db_path>.worker until it is closed; the file holds our pid. A
 * worker that is just ending gets a moment. ERR_BUSY: another runs; ERR_READONLY, ERR_IO.
 */
MUST_CHECK int worker_lock(const char *db_path, int *fd, struct err *e);

#endif
