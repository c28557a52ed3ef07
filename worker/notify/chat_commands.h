/*
 * chat_commands.h - carries out the commands that people send by chat: freqtrade's commands,
 * and ours. One table lists them.
 *
 *	update --> allowed? new enough? which bots? --> a reply, now
 *	                                            `-> rows of table commands; their
 *	                                                answers come back as replies
 *
 * Messages of other than the configured chats are ignored. The person who asks for an
 * emergency stop must confirm it within a minute.
 */
#ifndef WORKER_NOTIFY_CHAT_COMMANDS_H
#define WORKER_NOTIFY_CHAT_COMMANDS_H

#include "common/registry/commands.h"
#include "worker/notify/chat_emergency.h"
#include "worker/notify/chat_talk.h"
#include "worker/store/worker.h"

struct chat_commands;

struct chat_commands *chat_commands_new(const struct chat_commands_args *a);
void chat_commands_free(struct chat_commands *d);

/* Handles one update. Reads db; the chat is told when reading fails. */
void chat_commands_take(struct chat_commands *d, struct db *db, const struct telegram_source *from,
			const struct telegram_update *u, int64_t now_us);
/*
 * The worker answered a command. If the command came from a chat (requested_by and key say
 * so), sends the answer there, one line for each bot.
 */
void chat_commands_answered(struct chat_commands *d, const struct command *c,
			    const struct command_answer *answer);

/* The body of setMyCommands; free it. */
void chat_commands_json(struct buf *out);

#endif
