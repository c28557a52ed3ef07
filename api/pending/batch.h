/*
 * batch.h - writes all commands that arrive in one turn of the loop in one transaction, so
 * that they wait for the disk only once.
 *
 *	turn: requests -> batch_add ... -> (behind them) one BEGIN .. COMMIT -> queued() each
 *
 * While another program holds the database, a timer tries again for up to APP_BUSY_MS.
 */
#ifndef API_PENDING_BATCH_H
#define API_PENDING_BATCH_H

#include "api/http/request.h"
#include "common/registry/commands.h"

struct batch;

struct batch *batch_new(struct app *a);
/* Writes the waiting commands first. */
void batch_free(struct batch *b);
/*
 * Parks r and returns an empty command (store_command_init) that the caller must fill at once.
 * "queued" is called once, in this turn or a later one: with rc 0 when the command is
 * committed and has its id, else with the error of store_command_queue. It must answer r or
 * park it again.
 */
struct command *batch_add(struct request *r,
			  void (*queued)(struct request *r, const struct command *c, int rc,
					 struct err *e));

#endif
