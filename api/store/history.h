/*
 * history.h - table trading_config_history: every version of a bot's config.
 */
#ifndef API_STORE_HISTORY_H
#define API_STORE_HISTORY_H

#include "api/store/rows.h"
#include "common/db/db.h"
#include "common/registry/bot_config.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_history_columns[];

MUST_CHECK int store_history_list(struct db *db, int64_t bot_id, const struct page *p,
				  struct json *j, struct err *e);
/* The config of one version as JSON text, secrets masked. ERR_NOT_FOUND. */
MUST_CHECK int store_history_config(struct db *db, int64_t bot_id, int64_t version,
				    struct buf *out, struct err *e);

/*
 * Adds the stored version c to the history when the API did not write it (the first version,
 * or one made by hand), so that a rollback to it is possible. No effect when it is there.
 */
MUST_CHECK int store_history_keep_tx(struct db *db, int64_t bot_id, const struct bot_config *c,
				     struct err *e);

#endif
