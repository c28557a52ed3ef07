/*
 * bot_secrets.h - a bot's secrets: its exchange key, the secret of that key, its Telegram token.
 *
 * They stand apart from struct bot_config, because the engine and the strategies get that
 * one: what decides never holds a secret. Columns of trading_configs, sealed (configs.h).
 */
#ifndef COMMON_REGISTRY_BOT_SECRETS_H
#define COMMON_REGISTRY_BOT_SECRETS_H

#include "common/err.h"
#include "common/json.h"

#include <stdbool.h>

enum bot_secret { BOT_API_KEY, BOT_SECRET_KEY, BOT_TELEGRAM_TOKEN, BOT_SECRETS };

/*
 * Begins as { 0 }. NULL: there is none; in a change: it stays as it is stored. "": none, in
 * a change as well. At most BOT_SECRET_LENGTH_MAX bytes (bot_config.h), with line breaks.
 */
struct bot_secrets {
	char *text[BOT_SECRETS];
};

/* Its key of bot_keys[] and its column. */
const char *bot_secret_name(enum bot_secret which);
/* "" when there is none. Borrowed until it is set or wiped. */
const char *bot_secret(const struct bot_secrets *s, enum bot_secret which);
/* A copy of text takes the place of what was there, which is wiped. */
void bot_secret_set(struct bot_secrets *s, enum bot_secret which, const char *text);
/* Those that the patch names and that are not their mask; bot_config_apply has taken it. */
void bot_secrets_apply(struct bot_secrets *s, const cJSON *patch);
/* Wipes and frees all; s is as at its begin. */
void bot_secrets_wipe(struct bot_secrets *s);

#endif
