/*
 * positions.h - open positions: rows of trading_orders with a quantity, valued at the bot's
 * last price.
 */
#ifndef API_STORE_POSITIONS_H
#define API_STORE_POSITIONS_H

#include "common/db/db.h"
#include "common/json.h"

#include <stdint.h>

/* "positions": [...] and "unrealized_pnl", the sum; bot_id 0: of all bots. */
MUST_CHECK int store_positions_list(struct db *db, int64_t bot_id, int64_t now_us,
				    struct json *j, struct err *e);
/* One open position's members; ERR_NOT_FOUND when the order holds nothing (any more). */
MUST_CHECK int store_positions_get(struct db *db, int64_t order_id, int64_t now_us,
				   struct json *j, struct err *e);
/*
 * The bot of an order that is not closed yet. ERR_NOT_FOUND: no such order;
 * ERR_CONFLICT: it is closed already.
 */
MUST_CHECK int store_positions_bot(struct db *db, int64_t order_id, int64_t *bot_id,
				   struct err *e);

#endif
