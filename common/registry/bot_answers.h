/*
 * bot_answers.h - the answer of each bot to a command for all bots: the member "bots" of the
 * command's result, {"bot_id", "done", "message"} each.
 *
 * The worker writes it (worker/loop/commands.c); the command line and the chat read it.
 */
#ifndef COMMON_REGISTRY_BOT_ANSWERS_H
#define COMMON_REGISTRY_BOT_ANSWERS_H

#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot_answer {
	int64_t bot_id;
	bool done;
	const char *message;		/* what happened, or why not; one sentence */
};

/* Adds one element to the array that is open in j. */
void bot_answers_add(struct json *j, const struct bot_answer *a);
/*
 * Calls fn for each bot's answer in a command's result (JSON). Returns how many there are;
 * *more (may be NULL) says how many bots had no space in the result.
 */
size_t bot_answers_each(const char *result, void (*fn)(void *ctx, const struct bot_answer *a),
			void *ctx, int64_t *more);

#endif
