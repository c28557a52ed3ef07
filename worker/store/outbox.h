/*
 * outbox.h - the database reporter: rows wait here until the loop's one transaction.
 *
 * The engine and the venue report rows while they work; nothing is written then.
 * outbox_flush_tx writes them in order. When the transaction fails (disk full,
 * locked) they stay, the loop takes no new market events and tries again: nothing
 * is lost while the process lives, and what is lost with it was committed on
 * neither side.
 */
#ifndef WORKER_STORE_OUTBOX_H
#define WORKER_STORE_OUTBOX_H

#include "common/db/db.h"
#include "worker/engine/report.h"
#include "worker/venue/sim/store.h"

#include <stddef.h>

struct outbox;

/* mode "simulation" or "live", venue "sim", ...: written into rows; kept, not copied. */
struct outbox *outbox_new(const char *mode, const char *venue);
void outbox_free(struct outbox *o);
struct config;
/* How long rows are kept (retention.h); without this call for ever. */
void outbox_keep(struct outbox *o, const struct config *c);
/*
 * Which market's candles come (market_source.h), and what makes them: a seed, a recording.
 * Both are kept, not copied.
 */
void outbox_candles(struct outbox *o, const char *market_data, const char *made_by);
/* What ages count from (retention.h), us UTC; 0, as without this call: nothing goes by age. */
void outbox_now(struct outbox *o, int64_t clock_us, int64_t engine_us);

struct reporter outbox_reporter(struct outbox *o);
struct sim_store outbox_sim_store(struct outbox *o);
bool outbox_empty(const struct outbox *o);
size_t outbox_rows(const struct outbox *o);
/*
 * Nothing but samples, candles, figures of bots and decisions that led to no entry: rows
 * that nobody waits for, so that those of many turns may share one transaction.
 */
bool outbox_can_wait(const struct outbox *o);
/* Write everything in the caller's transaction. now_us prunes what is kept for a while only. */
MUST_CHECK int outbox_flush_tx(struct outbox *o, struct db *db, int64_t now_us, struct err *e);
/* After the commit: forget what was written. */
void outbox_clear(struct outbox *o);

#endif
