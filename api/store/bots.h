/*
 * bots.h - table bots, with each bot's state and config beside it.
 */
#ifndef API_STORE_BOTS_H
#define API_STORE_BOTS_H

#include "api/store/rows.h"
#include "common/db/db.h"

#include <stdint.h>

/* What their rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_bots_columns[], store_bots_event_columns[];

struct bot_row {
	const char *name, *bot_type, *description;	/* NULL: leave as it is (update) */
};

/* 0, or ERR_NOT_FOUND. */
MUST_CHECK int store_bots_exists(struct db *db, int64_t id, struct err *e);
/* As store_bots_exists; ERR_CONFLICT: it is external, no command can reach it. */
MUST_CHECK int store_bots_check_ours(struct db *db, int64_t id, struct err *e);
MUST_CHECK int store_bots_list(struct db *db, const struct page *p, struct json *j, struct err *e);
MUST_CHECK int store_bots_get(struct db *db, int64_t id, struct json *j, struct err *e);
/* ERR_CONFLICT: the name is taken; a change of the type, and it is not stopped and flat. */
MUST_CHECK int store_bots_add_tx(struct db *db, const struct bot_row *b, int64_t now_us,
				 int64_t *id, struct err *e);
MUST_CHECK int store_bots_update_tx(struct db *db, int64_t id, const struct bot_row *b,
				    int64_t now_us, struct err *e);
/* ERR_CONFLICT unless the bot is stopped and holds nothing; bot 1 stays. */
MUST_CHECK int store_bots_delete_tx(struct db *db, int64_t id, struct err *e);
/* Status changes, newest first. */
MUST_CHECK int store_bots_events(struct db *db, int64_t id, const struct page *p,
				 struct json *j, struct err *e);

#endif
