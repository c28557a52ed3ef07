/* bot_config_keys.h - the keys of a bot's settings: one row each. */
#ifndef COMMON_REGISTRY_BOT_CONFIG_KEYS_H
#define COMMON_REGISTRY_BOT_CONFIG_KEYS_H

#include "common/buf.h"
#include "common/registry/bot_settings.h"

enum bot_key_type {
	BOT_TEXT, BOT_INT, BOT_REAL, BOT_MONEY, BOT_BOOL, BOT_SECRET, BOT_CHOICE, BOT_JSON
};

struct bot_key {
	const char *name;	/* JSON key and column */
	enum bot_key_type type;
	size_t offset, size;	/* in struct bot_config; BOT_SECRET: of its _set */
	double min, max;	/* numbers: inclusive; text and secrets: length */
	const char *def;	/* default as JSON text */
	/* BOT_CHOICE: "long|short|both"; BOT_TEXT: its characters; BOT_SECRET: "lines" or NULL */
	const char *choices;
	const char *help;	/* one sentence with the unit */
	const struct bot_json *json;	/* of BOT_JSON */
	bool admin;		/* only an admin may change it; others: trader */
};

extern const struct bot_key bot_keys[];
extern const size_t bot_keys_count;
const struct bot_key *bot_key_find(const char *name);
/* Which values k takes, as messages and docs say it: "a number from 0 to 1". */
void bot_key_allowed(const struct bot_key *k, struct buf *out);
/* "text", "whole number", "number", "amount", "true/false", "choice", "secret" or "JSON". */
const char *bot_key_type_name(enum bot_key_type type);	/* (tests) */
/* Is it a fraction (its name ends with _pct)? */
bool bot_key_fraction(const struct bot_key *k);

#endif
