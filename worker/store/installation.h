/*
 * installation.h - what the client order ids of this data directory begin with.
 *
 * An exchange keeps orders for ever, and a client order id must not come twice. A restored backup
 * counts on from an older state, so a restore makes a new installation; orders of former ones
 * stay ours. (Table installations.)
 */
#ifndef WORKER_STORE_INSTALLATION_H
#define WORKER_STORE_INSTALLATION_H

#include "common/db/db.h"
#include "worker/market/order_type.h"

/* The newest one's id, made when there is none; in a transaction of its own. */
MUST_CHECK int store_installation(struct db *db, int64_t now_us, char out[INSTALLATION_MAX],
				  struct err *e);
MUST_CHECK int store_installation_new_tx(struct db *db, int64_t now_us, struct err *e);
/* (tests, until an exchange lists orders) Was this client order id given by us, now or ever? */
MUST_CHECK int store_installation_ours(struct db *db, const char *client_order_id, bool *ours,
				       struct err *e);

#endif
