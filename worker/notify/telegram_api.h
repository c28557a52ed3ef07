/*
 * telegram_api.h - parses answers of the Bot API: https://core.telegram.org/bots/api
 * ("Making requests", "Getting updates"), as of Bot API 7.
 */
#ifndef WORKER_NOTIFY_TELEGRAM_API_H
#define WORKER_NOTIFY_TELEGRAM_API_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TELEGRAM_COMMAND_MAX 256	/* longer texts are no commands of ours */
#define TELEGRAM_UPDATES_MAX 10		/* asked for in one getUpdates */

struct telegram_answer {
	bool ok;
	int code;			/* error_code, else 0 */
	int64_t retry_after_s;		/* parameters.retry_after, 0 none */
	int64_t migrate_to;		/* parameters.migrate_to_chat_id, 0 none */
	char description[200];		/* "" when ok */
};
/* ERR_INVALID: the body is not an answer of the Bot API. */
MUST_CHECK int telegram_answer_parse(const char *body, size_t len, struct telegram_answer *out,
				     struct err *e);

/* A chat, or one topic of a group that has topics; its text is "-1001234567890:17". */
struct chat_place {
	int64_t chat;
	int64_t topic;			/* message_thread_id; 0 none, 1 the topic "General" */
};
#define CHAT_PLACE_MAX 44
/* False: the text is no number, or has another thing than a topic behind its colon. */
bool chat_place_parse(const char *text, struct chat_place *out);
const char *chat_place_text(struct chat_place place, char out[CHAT_PLACE_MAX]);

struct telegram_update {
	int64_t id;			/* update_id */
	bool usable;			/* false: nothing for us, but its id counts */
	bool pressed;			/* a button of ours; text is its data */
	struct chat_place place;
	int64_t user;			/* 0: not told */
	int64_t message;		/* message_id */
	int64_t date_s;			/* when it was sent; 0 for a button */
	char text[TELEGRAM_COMMAND_MAX];
	char press_id[64];		/* for answerCallbackQuery */
};
/*
 * The updates of a getUpdates answer, at most TELEGRAM_UPDATES_MAX of them, in order.
 * *next is one over the highest id seen (0: none). ERR_INVALID: no such answer.
 */
MUST_CHECK int telegram_updates_parse(const char *body, size_t len,
				      struct telegram_update out[TELEGRAM_UPDATES_MAX], size_t *n,
				      int64_t *next, struct err *e);

/* getMe: the bot's own name without @. ERR_INVALID. */
MUST_CHECK int telegram_me_parse(const char *body, size_t len, char *name, size_t size,
				 struct err *e);

/* The public part of a token (before its colon), 0 when it is no token. */
int64_t telegram_bot_of(const char *token);

#endif
