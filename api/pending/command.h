/*
 * command.h - sends commands to the worker for HTTP requests; command_reply.h has the answers.
 */
#ifndef API_PENDING_COMMAND_H
#define API_PENDING_COMMAND_H

#include "api/http/request.h"

/*
 * Queues the command "kind" for a bot (0: every bot) with these args (a JSON object), together
 * with the other commands of this turn (batch.h), and parks r until the worker answers. 503
 * (worker_unavailable) when no worker runs, except for emergency-stop, which stays queued
 * (202). If the database can't store an emergency-stop, the worker is told without the
 * database (stop_signal.h), provided that the command is for all bots or there is only one
 * bot: 202 without command_id.
 */
MUST_CHECK int command_send(struct request *r, const char *kind, int64_t bot_id,
			    const char *args, struct err *e);

#endif
