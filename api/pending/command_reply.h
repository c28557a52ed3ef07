/*
 * command_reply.h - what became of a command, as an HTTP answer.
 *
 * {"success","message","status","timestamp","command_id","correlation_id","result"}
 */
#ifndef API_PENDING_COMMAND_REPLY_H
#define API_PENDING_COMMAND_REPLY_H

#include "api/http/request.h"
#include "common/registry/commands.h"

bool command_answered(const struct command *c);
/* The members of an answered command; an error when the worker refused it. */
MUST_CHECK int command_answer(struct request *r, const struct command *c, struct err *e);
/* The members of any answer; id 0: the database took no command; status NULL: none. */
void command_told(struct request *r, int64_t id, const char *message, const char *status);
/* 202: it is queued; the link says where its answer will be. */
void command_accepted(struct request *r, int64_t id, const char *message);
/* The row itself, for GET /commands/:id. */
void command_members(struct json *j, const struct command *c);

#endif
