/*
 * chat_routes.h - where messages about a bot go, and which chats may command what.
 *
 * The environment's token and chats (account 0) are for every bot; a bot whose own
 * config names a token or a chat uses those instead. Bots with the same token share
 * one account, because Telegram lets only one reader poll a token.
 */
#ifndef WORKER_NOTIFY_CHAT_ROUTES_H
#define WORKER_NOTIFY_CHAT_ROUTES_H

#include "common/config.h"
#include "common/registry/bot_config.h"
#include "common/registry/bot_secrets.h"
#include "worker/notify/telegram_api.h"
#include "worker/store/notify.h"

#define CHAT_ROUTES_MAX 16			/* chats that one message goes to */

struct chat_routes;

/* config is borrowed for good. */
struct chat_routes *chat_routes_new(const struct config *config);
void chat_routes_free(struct chat_routes *p);

/* Starts over; then add every bot that runs. The routes stay until the next begin. */
void chat_routes_begin(struct chat_routes *p);
void chat_routes_bot(struct chat_routes *p, int64_t bot_id, const struct bot_config *c,
		     const struct bot_secrets *secrets);

/* Telegram lanes for messages about bot_id (0: the whole worker); at most CHAT_ROUTES_MAX. */
size_t chat_routes_of(const struct chat_routes *p, int64_t bot_id,
		      struct lane_key out[CHAT_ROUTES_MAX]);
bool chat_routes_any(const struct chat_routes *p, int64_t bot_id);

/* The token of an account; NULL: it has none (any more). Borrowed until chat_routes_begin. */
const char *chat_routes_token(const struct chat_routes *p, int64_t account);
/* The i-th account that has a chat; false: there are no more. */
bool chat_routes_account(const struct chat_routes *p, size_t i, int64_t *account);
/*
 * May who writes there command the bot? bot_id 0: every bot. A chat that is set without a topic
 * allows all its topics; one with a topic, that topic only.
 */
bool chat_routes_allows(const struct chat_routes *p, int64_t account, struct chat_place place,
			int64_t bot_id);
/* Is it one of the account's places at all? */
bool chat_routes_knows(const struct chat_routes *p, int64_t account, struct chat_place place);
/* Empty TELEGRAM_USERS allows everybody. */
bool chat_routes_user(const struct chat_routes *p, int64_t user);

#endif
