/*
 * bot_answers.h - a command for every bot, answered bot by bot: the member "bots" of its
 * result, {"bot_id", "done", "message"} each.
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

/* One more element of the array that j is in. */
void bot_answers_add(struct json *j, const struct bot_answer *a);
/*
 * Calls fn for each in result, a command's JSON. Returns how many there are, 0 when the
 * result has none; *more (may be NULL) is how many bots had no room in it.
 */
size_t bot_answers_each(const char *result, void (*fn)(void *ctx, const struct bot_answer *a),
			void *ctx, int64_t *more);

#endif
