/*
 * chat_routes.h - where messages about a bot go, and which chats may command what.
 *
 * The environment's token and chats (account 0) are for every bot; a bot whose own
 * config names a token or a chat uses those instead. Bots with the same token share
 * one account, because Telegram lets only one reader poll a token.
 */
#ifndef WORKER_NOTIFY_CHAT_ROUTES_H
#define WORKER_NOTIFY_CHAT_ROUTES_H

#include "common/registry/bot_config.h"
#include "common/config.h"
#include "worker/store/notify.h"

#define PLACES_MAX 16			/* chats that one message goes to */

struct places;

/* config is borrowed for good. */
struct places *places_new(const struct config *config);
void places_free(struct places *p);

/* Begin anew, then every bot that runs; unchanged afterwards until the next begin. */
void places_begin(struct places *p);
void places_bot(struct places *p, int64_t bot_id, const struct bot_config *c);

/* Telegram lanes for messages about bot_id (0: the whole worker); at most PLACES_MAX. */
size_t places_of(const struct places *p, int64_t bot_id, struct lane_key out[PLACES_MAX]);
bool places_any(const struct places *p, int64_t bot_id);

/* The token of an account; NULL: it has none (any more). Borrowed until places_begin. */
const char *places_token(const struct places *p, int64_t account);
/* The i-th account that has a chat; false: there are no more. */
bool places_account(const struct places *p, size_t i, int64_t *account);
/* May that chat command the bot? bot_id 0: every bot. */
bool places_allows(const struct places *p, int64_t account, int64_t chat, int64_t bot_id);
/* Is it one of the account's chats at all? */
bool places_knows(const struct places *p, int64_t account, int64_t chat);
/* Empty TELEGRAM_USERS allows everybody. */
bool places_user(const struct places *p, int64_t user);

#endif
