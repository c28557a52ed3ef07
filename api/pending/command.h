/*
 * command.h - commands to the worker as HTTP: queued, and their answers.
 *
 * {"success","message","status","timestamp","command_id","correlation_id","result"}
 */
#ifndef API_PENDING_COMMAND_H
#define API_PENDING_COMMAND_H

#include "api/http/request.h"
#include "common/registry/commands.h"

/*
 * Queue "kind" for a bot (0: every bot) with these args (a JSON object), with the other
 * commands of this turn (batch.h), and wait for the answer: r is parked. 503
 * (worker_unavailable) when the worker is away, except for emergency-stop, which stays
 * queued (202). When the database takes no emergency-stop the worker is told without it
 * (stop_signal.h), if all bots are meant or there is only one: 202 without command_id.
 */
MUST_CHECK int command_send(struct request *r, const char *kind, int64_t bot_id,
			    const char *args, struct err *e);

bool command_answered(const struct command *c);
/* The members of an answered command; an error when the worker refused it. */
MUST_CHECK int command_answer(struct request *r, const struct command *c, struct err *e);
/* 202: it is queued; the link says where its answer will be. */
void command_accepted(struct request *r, int64_t id);
/* The row itself, for GET /commands/:id. */
void command_members(struct json *j, const struct command *c);

#endif
