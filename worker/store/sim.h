/*
 * sim.h - tables of the simulation venue: sim_accounts, sim_ledger,
 * sim_balances, sim_orders, counters.
 */
#ifndef WORKER_STORE_SIM_H
#define WORKER_STORE_SIM_H

#include "common/db/db.h"
#include "worker/venue/sim/store.h"
#include "worker/venue/venue.h"

#define COUNTER_NAME_MAX 24

MUST_CHECK int store_sim_account_tx(struct db *db, const struct sim_account *r, struct err *e);
MUST_CHECK int store_sim_ledger_tx(struct db *db, const struct sim_ledger_row *r, struct err *e);
MUST_CHECK int store_sim_balance_tx(struct db *db, const struct sim_balance *r, struct err *e);
MUST_CHECK int store_sim_order_tx(struct db *db, const struct sim_order *r, struct err *e);
MUST_CHECK int store_sim_order_gone_tx(struct db *db, const char *client_order_id, struct err *e);
MUST_CHECK int store_counter_tx(struct db *db, const char *name, int64_t next, struct err *e);

/*
 * Restores a new venue from its rows and checks its books. Adds the accounts' markets with
 * default filters; the code that trades there sets the real ones later.
 */
MUST_CHECK int store_sim_restore(struct db *db, struct venue *sim, struct err *e);

#endif
