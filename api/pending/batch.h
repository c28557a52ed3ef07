/*
 * batch.h - the commands that arrive in one turn of the loop are one transaction, and so
 * one wait for the disk.
 *
 *	turn: requests -> batch_add ... -> (behind them) one BEGIN .. COMMIT -> queued() each
 *
 * While another program holds the database it is tried again by a timer, for APP_BUSY_MS.
 */
#ifndef API_PENDING_BATCH_H
#define API_PENDING_BATCH_H

#include "api/http/request.h"
#include "common/registry/commands.h"

struct batch;

struct batch *batch_new(struct app *a);
/* Writes what waits first. */
void batch_free(struct batch *b);
/*
 * Parks r. Returns its command, empty (store_command_init), to be filled at once. queued is
 * called once, in this turn or a later one, when it is committed with its id (rc 0), or with
 * the error of store_command_queue: it answers r, or parks it again.
 */
struct command *batch_add(struct request *r,
			  void (*queued)(struct request *r, const struct command *c, int rc,
					 struct err *e));

#endif
