/*
 * bots.h - the worker's rows about its bots: bot_state, bot_events, signals, trading_stats,
 * equity.
 */
#ifndef WORKER_STORE_BOTS_H
#define WORKER_STORE_BOTS_H

#include "common/db/db.h"
#include "worker/engine/engine.h"
#include "worker/trade/report.h"

MUST_CHECK int store_bot_state_tx(struct db *db, const struct bot_report *b, const char *mode,
				  struct err *e);
/* The same for a report with figures_only set: updates only the figures of an existing row. */
MUST_CHECK int store_bot_figures_tx(struct db *db, const struct bot_report *b, struct err *e);

MUST_CHECK int store_event_tx(struct db *db, const struct status_report *r, struct err *e);
MUST_CHECK int store_signal_tx(struct db *db, const struct signal_report *s, struct err *e);
/* Adds a closed trade (stats_of) to the row of its bot and day. */
MUST_CHECK int store_stats_tx(struct db *db, const struct day_stats *trade, struct err *e);
MUST_CHECK int store_equity_tx(struct db *db, const struct equity_report *q, struct err *e);

/* Deletes all signals but the newest 20,000. */
MUST_CHECK int store_prune_tx(struct db *db, struct err *e);

/* ERR_NOT_FOUND: the bot never ran. */
MUST_CHECK int store_bot_restore(struct db *db, int64_t bot_id, struct bot_restore *out,
				 struct err *e);
/* The config version that a bot ran with, 0 when it never ran; *open: it has open orders. */
MUST_CHECK int store_bot_ran_with(struct db *db, int64_t bot_id, int64_t *version, bool *open,
				  struct err *e);
/* The row of a UTC day ("2026-01-31"). ERR_NOT_FOUND: nothing was closed then. */
MUST_CHECK int store_stats_get(struct db *db, int64_t bot_id, const char *day,
			       struct day_stats *out, struct err *e);
/* Ids of all bots of type 'trading', ascending; *ids is the caller's to free. */
MUST_CHECK int store_bot_ids(struct db *db, int64_t **ids, size_t *n, struct err *e);

#endif
