/*
 * config_value.h - one key of the environment: its text into struct config and back.
 *
 * Only common/config.c uses it.
 */
#ifndef COMMON_CONFIG_VALUE_H
#define COMMON_CONFIG_VALUE_H

#include "common/config.h"

/*
 * ERR_INVALID, with c untouched, when k does not take the text. "where" stands in
 * the message: "the environment", ".env line 3". A secret's text never does.
 */
MUST_CHECK int config_value_set(struct config *c, const struct config_key *k, const char *text,
				const char *where, struct err *e);
/* As config_value_set takes it; a secret as its mask. */
void config_value_text(const struct config *c, const struct config_key *k, struct buf *out);

#endif
