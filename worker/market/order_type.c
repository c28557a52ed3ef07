#include "worker/market/order_type.h"

#include "common/names.h"

/* These words are in the database of every user: append, never change. */
static const char *const sides[] = { [SIDE_BUY] = "BUY", [SIDE_SELL] = "SELL" };
static const char *const types[] = {
	[TYPE_LIMIT_MAKER] = "LIMIT_MAKER", [TYPE_LIMIT] = "LIMIT", [TYPE_MARKET] = "MARKET",
	[TYPE_STOP_MARKET] = "STOP_MARKET",
};

static const char *const tifs[] = {
	[TIF_GTC] = "GTC", [TIF_IOC] = "IOC", [TIF_FOK] = "FOK",
};

const char *side_name(enum side s) { return sides[s]; }
const char *leg_type_name(enum leg_type t) { return types[t]; }
const char *tif_name(enum tif t) { return tifs[t]; }

NAME_PARSER(side_parse, enum side, sides)
NAME_PARSER(leg_type_parse, enum leg_type, types)
NAME_PARSER(tif_parse, enum tif, tifs)
