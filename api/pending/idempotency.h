/*
 * idempotency.h - requests with an Idempotency-Key: the same request again, by the same token
 * and within 24 hours, does nothing and gets the first one's answer.
 *
 *	head and body checked -> idempotency_take (key, digest of the request)
 *	handler -> idempotency_before -- known --> the first answer, with "replayed"
 *	                |                \- another request has the key --> 409
 *	                v
 *	           every commit of the handler also stores the key
 *	                |
 *	           answer complete -> it is stored beside the key
 *
 * The key is in the transaction of the change itself, so a crash can't part them. Commands
 * are written later, with others (batch.h): their key is stored there, and their answer is the
 * command's row.
 *
 * Refusals (4xx) are stored as well: a copy of a request that arrives late must not do what its
 * sender was told is not possible. What a later try may repair (429, 5xx) is not stored.
 */
#ifndef API_PENDING_IDEMPOTENCY_H
#define API_PENDING_IDEMPOTENCY_H

#include "api/http/request.h"
#include "common/registry/commands.h"

struct idempotency;

/* Reads the key of a request whose route takes one. 400: it is no key. */
MUST_CHECK int idempotency_take(struct request *r, struct err *e);
/* 0: go on with the handler; 1: the answer is written; ERR_CONFLICT: the key is another's. */
MUST_CHECK int idempotency_before(struct request *r, struct err *e);
/* Call it when the handler has returned. */
void idempotency_after(struct request *r);
/*
 * Queues the command of r in the caller's transaction (store_command_queue_tx), or finds the
 * one that its key stands for; c->id is its number.
 */
MUST_CHECK int idempotency_queue_tx(struct db *db, struct request *r, struct command *c,
				    struct err *e);
/* Was it answered before? Of a command: known once it is queued. */
bool idempotency_replayed(const struct request *r);
/*
 * "replayed" and "answered" (the time of the first answer), and what the bot (0: all bots) is
 * doing now, in lower case; "" as store_idempotency_status.
 */
void idempotency_members(struct request *r, int64_t answered_us);
void idempotency_status(const struct request *r, int64_t bot_id, char out[16]);

#endif
