/*
 * outbox.h - the database reporter: keeps rows in memory until the loop's one transaction.
 *
 * The engine and the venue report rows while they work, and nothing is written then.
 * outbox_flush_tx writes the rows in order. When the transaction fails (disk full, locked) the
 * rows stay, and the loop takes no new market events and tries again. So no row is lost while
 * the process lives. If it dies, the lost rows and the market events that caused them were
 * both not committed, so the two still agree.
 */
#ifndef WORKER_STORE_OUTBOX_H
#define WORKER_STORE_OUTBOX_H

#include "common/db/db.h"
#include "worker/trade/report.h"
#include "worker/venue/sim/store.h"

#include <stddef.h>

struct outbox;

/* mode "simulation", venue "sim": written into the rows of paper; kept, not copied. */
struct outbox *outbox_new(const char *mode, const char *venue);
/* The same for the rows of an account (exchange_accounts.id): "live", "binance". */
void outbox_account(struct outbox *o, int64_t account_id, const char *mode, const char *venue);
void outbox_free(struct outbox *o);
struct config;
/* Sets how long rows are kept (retention.h); without this call they are kept for ever. */
void outbox_keep(struct outbox *o, const struct config *c);
/* What makes the candles: a seed or a recording. Kept, not copied. */
void outbox_candles(struct outbox *o, const char *made_by);
/* The times from which ages count (retention.h), us UTC. 0, the default: delete nothing. */
void outbox_now(struct outbox *o, int64_t clock_us, int64_t engine_us);

struct reporter outbox_reporter(struct outbox *o);
struct sim_store outbox_sim_store(struct outbox *o);
bool outbox_empty(const struct outbox *o);
size_t outbox_rows(const struct outbox *o);
/*
 * True when only samples, candles, figures of bots and decisions without an entry wait. Nobody
 * waits for such rows, so those of many turns may share one transaction.
 */
bool outbox_can_wait(const struct outbox *o);
/* Writes all rows in the caller's transaction; from time to time also deletes old rows. */
MUST_CHECK int outbox_flush_tx(struct outbox *o, struct db *db, int64_t now_us, struct err *e);
/* Call it after the commit: forgets the written rows. */
void outbox_clear(struct outbox *o);

#endif
