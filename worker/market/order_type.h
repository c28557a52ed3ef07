/*
 * order_type.h - side, type, time in force and id of an order, as strategies, engine and venues
 * use them. A test pins the names, because they are stored in the database.
 */
#ifndef WORKER_MARKET_ORDER_TYPE_H
#define WORKER_MARKET_ORDER_TYPE_H

#include "common/err.h"

#define CLIENT_ORDER_ID_MAX 48	/* with NUL; Binance takes 36 characters */
#define INSTALLATION_MAX 7	/* with NUL; a client order id begins with it */
#define INSTALLATION_NONE "aaaaaa"	/* of a replay: the same ids each time */

#define INTENT_TAG_MAX 24	/* of an entry, with NUL: a strategy knows its position by it */

enum side { SIDE_BUY, SIDE_SELL };
enum leg_type { TYPE_LIMIT_MAKER, TYPE_LIMIT, TYPE_MARKET, TYPE_STOP_MARKET };

/*
 * How long a TYPE_LIMIT stays; every other type has TIF_GTC (a LIMIT_MAKER is post-only by its
 * type). Binance's words (spot and USD-M, newOrder, 2026-12-01): what IOC and FOK don't fill at
 * once has the status EXPIRED.
 */
enum tif {
	TIF_GTC,		/* rests until it is filled or taken back */
	TIF_IOC,		/* takes what is there up to its limit; the rest expires */
	TIF_FOK			/* takes all of its quantity at once, or expires without a fill */
};

const char *side_name(enum side s);
const char *leg_type_name(enum leg_type t);
const char *tif_name(enum tif t);
/* ERR_INVALID: no such name. */
MUST_CHECK int side_parse(const char *name, enum side *out);
MUST_CHECK int leg_type_parse(const char *name, enum leg_type *out);
MUST_CHECK int tif_parse(const char *name, enum tif *out);

#endif
