/*
 * sim.h - the paper accounts: sim_accounts, sim_balances, sim_ledger.
 */
#ifndef API_STORE_SIM_H
#define API_STORE_SIM_H

#include "api/store/rows.h"
#include "common/db/db.h"

#include <stdint.h>

/* What their rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_sim_account_columns[], store_sim_balance_columns[],
	store_sim_ledger_columns[];

/*
 * "account": {...}; null when the worker has not opened one for the bot yet; *futures is then
 * untouched.
 */
MUST_CHECK int store_sim_account(struct db *db, int64_t bot_id, struct json *j, bool *futures,
				 struct err *e);
/* The asset that a bot's paper account counts in; "" when it has none yet. */
MUST_CHECK int store_sim_quote(struct db *db, int64_t bot_id, char *out, size_t size,
			       struct err *e);
/* "balances": [{account, asset, amount}] of the current epoch. */
MUST_CHECK int store_sim_balances(struct db *db, int64_t bot_id, struct json *j, struct err *e);
/* "ledger": [...] of all epochs, newest first. */
MUST_CHECK int store_sim_ledger(struct db *db, int64_t bot_id, const struct page *p,
				struct json *j, struct err *e);

#endif
