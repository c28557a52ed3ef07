/*
 * order_type.h - side, type and id of an order, as strategies, engine and venues use them. A
 * test pins the names, because they are stored in the database.
 */
#ifndef WORKER_MARKET_ORDER_TYPE_H
#define WORKER_MARKET_ORDER_TYPE_H

#include "common/err.h"

#define CLIENT_ORDER_ID_MAX 48	/* with NUL; Binance takes 36 characters */

#define INTENT_TAG_MAX 24	/* of an entry, with NUL: a strategy knows its position by it */

enum side { SIDE_BUY, SIDE_SELL };
enum leg_type { TYPE_LIMIT_MAKER, TYPE_LIMIT, TYPE_MARKET, TYPE_STOP_MARKET, TYPE_OCO };

const char *side_name(enum side s);
const char *leg_type_name(enum leg_type t);
/* ERR_INVALID: no such name. */
MUST_CHECK int side_parse(const char *name, enum side *out);
MUST_CHECK int leg_type_parse(const char *name, enum leg_type *out);

#endif
