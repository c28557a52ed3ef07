/*
 * commands.h - table commands: queueing one, and reading its answer.
 *
 * The API, the command line and a person in the shell may insert rows. Only the worker answers
 * them (worker/store). docs/ARCHITECTURE.md shows how a command travels.
 */
#ifndef COMMON_REGISTRY_COMMANDS_H
#define COMMON_REGISTRY_COMMANDS_H

#include "common/crypto.h"
#include "common/db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define COMMAND_EXPIRES_US INT64_C(10000000)
#define COMMAND_EMERGENCY_STOP "emergency-stop"
#define COMMAND_RESULT_MAX 16384	/* room for what 100 bots and more have to say */

struct command {
	int64_t id;
	char kind[24];
	int64_t bot_id;			/* 0: every bot */
	char args[1024];		/* JSON object */
	char requested_by[64];
	char correlation_id[CORRELATION_ID_MAX];
	char idempotency_key[80];	/* "" none */
	int64_t created_us, expires_us;	/* 0: never */
	char status[12];		/* queued, done, failed, expired */
	char code[24];
	char message[512];
	int64_t answered_us;
	char result[COMMAND_RESULT_MAX];	/* last; JSON object, "bots": see bot_answers.h */
};

/* Zeroes c, but of result only the first byte, because clearing all costs more than queueing. */
void store_command_init(struct command *c);

/*
 * (tests) Queue c (id, status and answer are ignored) in its own transaction; *id is its
 * number. created_us 0 means now; expires_us is taken as it is. With an
 * idempotency key that exists already nothing is inserted, *id is the older one;
 * when that asked for something else (kind, bot, args): ERR_CONFLICT. Unless the kind
 * is emergency-stop, ERR_UNAVAILABLE when the worker's heartbeat is older than
 * HEARTBEAT_DEAD_US (checked in the same transaction: nothing is queued).
 */
MUST_CHECK int store_command_queue(struct db *db, const struct command *c, int64_t *id,
				   struct err *e);
/* The same in the caller's transaction, which an error leaves as it was. */
MUST_CHECK int store_command_queue_tx(struct db *db, const struct command *c, int64_t *id,
				      struct err *e);
/*
 * The worker's own: insert c in the caller's transaction, *id is its number. With an
 * idempotency key that exists already nothing is inserted, *id is 0.
 */
MUST_CHECK int store_command_add_tx(struct db *db, const struct command *c, int64_t *id,
				    struct err *e);
MUST_CHECK int store_command_get(struct db *db, int64_t id, struct command *out, struct err *e);
/* (tests) The oldest queued one with an id over after; ERR_NOT_FOUND: there is none. */
MUST_CHECK int store_command_next(struct db *db, int64_t after, struct command *out, struct err *e);
/* Is there a row for the bot? */
MUST_CHECK int store_command_bot_exists(struct db *db, int64_t bot_id, bool *out, struct err *e);

#endif
