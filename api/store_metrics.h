/*
 * store_metrics.h - the figures of bots, jobs and queues that /metrics shows.
 */
#ifndef API_STORE_METRICS_H
#define API_STORE_METRICS_H

#include "common/db.h"

#include <stddef.h>
#include <stdint.h>

struct bot_metrics {
	char id[24];			/* bots.id as text: a label */
	char name[128], symbol[32], strategy[32], exchange[20], mode[16], status[12];
	double equity, peak_equity;	/* quote asset */
	double net, fees;		/* quote asset, of closed trades */
	int64_t trades, wins, losses;
	int64_t open_positions, pending_orders;
	int64_t last_execution_us;	/* 0 never */
};
/* All bots by id, into *out (free it) and *n. */
MUST_CHECK int store_metrics_bots(struct db *db, struct bot_metrics **out, size_t *n,
				  struct err *e);

#define JOB_STATES "queued|running|done|failed|cancelled"
#define JOB_STATES_N 5
/* In the order of JOB_STATES. */
MUST_CHECK int store_metrics_jobs(struct db *db, int64_t out[JOB_STATES_N], struct err *e);

#define NOTIFY_CHANNELS "telegram|webhook"
#define NOTIFY_CHANNELS_N 2
struct notify_metrics {			/* over all chats of a channel */
	int64_t delivered, failed, dropped, retries;	/* counts, ever */
};
/* In the order of NOTIFY_CHANNELS; *oldest_us: created_us of the oldest queued one, 0 none. */
MUST_CHECK int store_metrics_notify(struct db *db, struct notify_metrics out[NOTIFY_CHANNELS_N],
				    int64_t *oldest_us, struct err *e);

#endif
