/*
 * config_value.h - converts one key between its text and its field of struct config.
 *
 * Only common/config.c uses it.
 */
#ifndef COMMON_CONFIG_VALUE_H
#define COMMON_CONFIG_VALUE_H

#include "common/config.h"

/*
 * ERR_INVALID, with c untouched, when k does not take the text. The message names "where"
 * ("the environment", ".env line 3"); it never holds a secret's text.
 */
MUST_CHECK int config_value_set(struct config *c, const struct config_key *k, const char *text,
				const char *where, struct err *e);
/* The text that config_value_set would take; a secret as its mask. */
void config_value_text(const struct config *c, const struct config_key *k, struct buf *out);

#endif
