/*
 * exit_rules.h - column trading_orders.exit_rules: the rules of a position's exits as JSON,
 * with the names of the bot's settings that they come from, and the fees that minimal_roi
 * counts with. "{}": none is in use.
 */
#ifndef WORKER_STORE_EXIT_RULES_H
#define WORKER_STORE_EXIT_RULES_H

#include "common/buf.h"
#include "worker/trade/order.h"

void exit_rules_text(const struct exit_rules *r, struct buf *out);
/* ERR_INVALID: it is not such a text. */
MUST_CHECK int exit_rules_parse(const char *text, struct exit_rules *out);

#endif
