/*
 * configs.h - tables trading_configs and trading_config_history.
 */
#ifndef COMMON_REGISTRY_CONFIGS_H
#define COMMON_REGISTRY_CONFIGS_H

#include "common/crypto.h"
#include "common/db/db.h"
#include "common/registry/bot_config.h"
#include "common/registry/bot_secrets.h"

/*
 * A bot's row; its secrets are opened into *secrets (the caller wipes them) or, when that is
 * NULL, only to see that they open. ERR_NOT_FOUND: no such bot. ERR_INVALID:
 * a hand-edited row breaks a rule (the message names column and range; out is untouched, so
 * the caller keeps its last good one). ERR_CORRUPT: a secret opens neither with this master
 * key nor with the key that is in its file now or, after an interrupted rotation, in the file
 * beside it.
 */
MUST_CHECK int store_config_load(struct db *db, const struct master_key *k, int64_t bot_id,
				 struct bot_config *out, struct bot_secrets *secrets,
				 struct err *e);

struct config_change {
	int64_t bot_id;
	int64_t expect;			/* the row's version; 0: the row is new */
	const struct bot_secrets *secrets;	/* those that change; NULL: none */
	const char *by;
	int64_t now_us;
};

/*
 * Write c as version expect + 1 with a history row. ERR_CONFLICT when the row's
 * version is not expect, ERR_NOT_FOUND when there is no such bot. c->version is set to
 * the new one. Secrets are sealed with the key that its file holds by now; ERR_BUSY
 * while a rotation of the key is not finished.
 */
MUST_CHECK int store_config_save_tx(struct db *db, const struct master_key *k,
				    const struct config_change *change, struct bot_config *c,
				    struct err *e);
/* What a secret's sealed text is bound to: "bot 7 api_key". Returns aad. */
#define STORE_CONFIG_AAD_MAX 96
const char *store_config_aad(char aad[STORE_CONFIG_AAD_MAX], int64_t bot_id, const char *key);
/*
 * The newest version of the history that passes every check, without secrets. A start uses it
 * when the row itself can't be used. ERR_NOT_FOUND: there is none.
 */
MUST_CHECK int store_config_last_good(struct db *db, int64_t bot_id, struct bot_config *out,
				      struct err *e);
/* This version of the history, without secrets. ERR_NOT_FOUND: it is missing or not usable. */
MUST_CHECK int store_config_past(struct db *db, int64_t bot_id, int64_t version,
				 struct bot_config *out, struct err *e);
/* trading_configs.version, 0 when there is no row. */
MUST_CHECK int store_config_version(struct db *db, int64_t bot_id, int64_t *out, struct err *e);

#endif
