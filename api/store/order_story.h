/*
 * order_story.h - a trade's whole story from its rows: the decision and what it was made
 * from, the orders that went to the venue, their fills, and every move.
 */
#ifndef API_STORE_ORDER_STORY_H
#define API_STORE_ORDER_STORY_H

#include "api/store/rows.h"
#include "common/db/db.h"

/* What the lists show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_story_models[], store_story_exits[], store_story_legs[],
	store_story_fills[], store_story_moves[];

/*
 * The members order, decision, model, legs, fills and moves. decision and model are null where
 * their rows are gone or there were none. ERR_NOT_FOUND: the bot has no such order.
 */
MUST_CHECK int store_order_story(struct db *db, int64_t bot_id, int64_t order_id, struct json *j,
				 struct err *e);

#endif
