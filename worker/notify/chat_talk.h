/*
 * chat_talk.h - one chat command while it is worked on: who sent it, what it names, and the two
 * things that may come of it, replies and rows of table commands.
 */
#ifndef WORKER_NOTIFY_CHAT_TALK_H
#define WORKER_NOTIFY_CHAT_TALK_H

#include "common/config.h"
#include "common/registry/commands.h"
#include "worker/notify/chat_routes.h"
#include "worker/notify/telegram_poll.h"

#include <stdbool.h>

#define WORDS_MAX (TELEGRAM_COMMAND_MAX / 2)	/* as many as fit into one */

struct chat_commands_args {
	const struct config *config;	/* borrowed */
	const struct chat_routes *routes;	/* borrowed */
	void *ctx;
	/* HTML; markup "" or reply_markup. */
	void (*reply)(void *ctx, int64_t account, struct chat_place place, const char *html,
		      const char *markup);
	/* A row for table commands. */
	void (*command)(void *ctx, const struct command *c);
	/* Ends the waiting sign on a pressed button. */
	void (*pressed)(void *ctx, int64_t account, const char *press_id);
};

struct talk {				/* one command while it is worked on */
	const struct chat_commands_args *args;
	struct chat_confirms *confirms;	/* chat_emergency.h */
	struct db *db;
	const struct telegram_source *from;
	const struct telegram_update *u;
	int64_t now_us;
	char text[TELEGRAM_COMMAND_MAX];
	char *words[WORDS_MAX];		/* behind the command */
	size_t words_n;
	int64_t *bots;			/* those the chat may command */
	size_t bots_n;
	int64_t named[WORDS_MAX];	/* of them, those that the command names */
	size_t named_n;
	int64_t n;			/* the number that was given, 0 none */
};

/* Replies: HTML with the markup of its buttons ("" none); a text; a text of any length. */
void talk_html(const struct talk *t, const char *html, const char *markup);
void talk_reply(const struct talk *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void talk_lines(const struct talk *t, const char *text);

/* May the chat command this bot? */
bool talk_may(const struct talk *t, int64_t bot_id);
/* Queues a command for one bot. */
void talk_queue_one(struct talk *t, const char *kind, const char *args, int64_t bot_id);
/*
 * Queues one command for each named bot; without a name, for all bots of the chat. If the chat
 * may command every bot, that is a single row for all bots, so that an emergency stop also
 * reaches a bot that was deleted while it still had positions.
 */
void talk_queue(struct talk *t, const char *kind, const char *args, const int64_t *bots, size_t n);

#endif
