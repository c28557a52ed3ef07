/*
 * worker_blocked.h - a worker whose beat is old: away, or alive and unable to write?
 *
 * The lock on the database (hold.h) ends with its process; the beat is a row, which a
 * full disk or somebody else's transaction keeps it from writing.
 */
#ifndef COMMON_REGISTRY_WORKER_BLOCKED_H
#define COMMON_REGISTRY_WORKER_BLOCKED_H

#include <stdint.h>

#define WORKER_BLOCKED_TEXT 160

/*
 * The process that holds the worker's lock on the database, with what keeps it from writing as
 * far as can be seen and what to do, as the end of a sentence. beat_pid: whose beat it is, 0 when
 * that one ended on purpose. 0, and "": no worker runs, or another one that has no beat yet.
 */
int64_t worker_blocked(const char *db_path, int64_t beat_pid, char text[WORKER_BLOCKED_TEXT]);

#endif
