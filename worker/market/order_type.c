#include "worker/market/order_type.h"

#include <string.h>

/* These words are in the database of every user: append, never change. */
static const char *const sides[] = { [SIDE_BUY] = "BUY", [SIDE_SELL] = "SELL" };
static const char *const types[] = {
	[TYPE_LIMIT_MAKER] = "LIMIT_MAKER", [TYPE_LIMIT] = "LIMIT", [TYPE_MARKET] = "MARKET",
	[TYPE_STOP_MARKET] = "STOP_MARKET", [TYPE_OCO] = "OCO",
};

const char *side_name(enum side s) { return sides[s]; }
const char *leg_type_name(enum leg_type t) { return types[t]; }

int side_parse(const char *name, enum side *out)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		if (strcmp(sides[i], name) == 0) {
			*out = (enum side)i;
			return 0;
		}
	}
	return ERR_INVALID;
}

int leg_type_parse(const char *name, enum leg_type *out)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i], name) == 0) {
			*out = (enum leg_type)i;
			return 0;
		}
	}
	return ERR_INVALID;
}
