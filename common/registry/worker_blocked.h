/*
 * worker_blocked.h - decides whether a worker with an old beat does not run, or runs but can't
 * write.
 *
 * The lock on the database (hold.h) ends with the process. The beat is a row, which the worker
 * can't write on a full disk or during another program's transaction.
 */
#ifndef COMMON_REGISTRY_WORKER_BLOCKED_H
#define COMMON_REGISTRY_WORKER_BLOCKED_H

#include <stdint.h>

#define WORKER_BLOCKED_TEXT 160

/*
 * The pid of the process that holds the worker's lock on the database. text: what seems to keep
 * it from writing and what to do, as the end of a sentence. beat_pid: the pid in the beat, 0
 * when that worker ended on purpose. Returns 0, with text "": no worker runs, or another one
 * that has no beat yet.
 */
int64_t worker_blocked(const char *db_path, int64_t beat_pid, char text[WORKER_BLOCKED_TEXT]);

#endif
