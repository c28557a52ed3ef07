/*
 * signals.h - table signals: each decision with its reason.
 */
#ifndef API_STORE_SIGNALS_H
#define API_STORE_SIGNALS_H

#include "api/store/rows.h"
#include "common/db/db.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_signals_columns[];

/* taken: 1 entries, 0 refusals, -1 both. rule NULL: all. */
MUST_CHECK int store_signals_list(struct db *db, int64_t bot_id, int taken, const char *rule,
				  const struct page *p, struct json *j, struct err *e);

/* One signal's members. */
MUST_CHECK int store_signals_get(struct db *db, int64_t id, struct json *j, struct err *e);

#endif
