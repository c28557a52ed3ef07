/*
 * slow.h - runs the handlers that read a bot's whole history in one thread with its own
 * database connection, so that the loop goes on.
 *
 *	loop: checks -> prepare -> slow_run --.        ,---> reply_send
 *	thread:                    handler with r->db -'
 *
 * Such a handler only reads, uses r->db, and touches nothing that the loop owns. If it needs
 * data of the loop, its "prepare" copies them into the request.
 */
#ifndef API_PENDING_SLOW_H
#define API_PENDING_SLOW_H

#include "api/http/request.h"

#define SLOW_QUEUE_MAX 32

struct slow;

struct slow *slow_new(struct app *a);
/* Interrupts the running handler; its request and the waiting ones are answered with 503. */
void slow_free(struct slow *s);
/* Parks r and queues it. ERR_LIMIT (503): SLOW_QUEUE_MAX wait already. */
MUST_CHECK int slow_run(struct request *r, struct err *e);

#endif
