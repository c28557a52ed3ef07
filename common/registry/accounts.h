/*
 * accounts.h - accounts at an exchange that live bots may trade (table exchange_accounts).
 */
#ifndef COMMON_REGISTRY_ACCOUNTS_H
#define COMMON_REGISTRY_ACCOUNTS_H

#include "common/db/db.h"
#include "common/registry/field_errors.h"

/* SQL: whose money the bot ?1 trades now. No sum adds paper and real money. */
#define ACCOUNT_NOW "coalesce((SELECT account_id FROM bot_state WHERE bot_id = ?1), 0)"

/* Adds a field error for "account_id" when there is no such account; returns 0 also then. */
MUST_CHECK int store_account_check(struct db *db, int64_t id, struct field_errors *f,
				   struct err *e);

#endif
