/*
 * wait.h - requests that wait for the worker to answer their command.
 *
 *	queued --(inotify on the -wal, or every 20 ms)--> answered -> 200, 409, ...
 *	   \------- after COMMAND_WAIT_MS -------------------------> 202 + link
 *
 * Nothing blocks. The database is watched only while a request waits.
 */
#ifndef API_PENDING_WAIT_H
#define API_PENDING_WAIT_H

#include "api/http/request.h"
#include "common/registry/commands.h"

struct wait;

/* If the database can't be watched, the 20 ms timer alone is used. */
struct wait *wait_new(struct app *a);
/* Answers all waiting requests with 202 first. */
void wait_free(struct wait *w);
/* Answers r as soon as command id is answered, which may be at once. */
MUST_CHECK int wait_for_command(struct request *r, int64_t id, struct err *e);
size_t wait_pending(const struct wait *w);


#endif
