/*
 * bot_secrets.h - a bot's secrets: its exchange key, the secret of that key, its Telegram token.
 *
 * They are not in struct bot_config, because the engine and the strategies get that struct and
 * must not hold a secret. They are stored sealed in columns of trading_configs (configs.h).
 */
#ifndef COMMON_REGISTRY_BOT_SECRETS_H
#define COMMON_REGISTRY_BOT_SECRETS_H

#include "common/err.h"
#include "common/json.h"

#include <stdbool.h>

enum bot_secret { BOT_API_KEY, BOT_SECRET_KEY, BOT_TELEGRAM_TOKEN, BOT_SECRETS };

/*
 * Zero it first. NULL: there is none, or in a change: the stored one stays. "": there is none,
 * or in a change: remove it. At most BOT_SECRET_LENGTH_MAX bytes (bot_config.h); line breaks
 * are allowed.
 */
struct bot_secrets {
	char *text[BOT_SECRETS];
};

/* Its key of bot_keys[] and its column. */
const char *bot_secret_name(enum bot_secret which);
/* "" when there is none. Borrowed until it is set or wiped. */
const char *bot_secret(const struct bot_secrets *s, enum bot_secret which);
/* Replaces the secret by a copy of text; wipes the old one. */
void bot_secret_set(struct bot_secrets *s, enum bot_secret which, const char *text);
/* Takes the secrets of a patch that bot_config_apply accepted, except those equal to the mask. */
void bot_secrets_apply(struct bot_secrets *s, const cJSON *patch);
/* Wipes and frees all; s is then zeroed. */
void bot_secrets_wipe(struct bot_secrets *s);

#endif
