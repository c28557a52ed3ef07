/*
 * metrics.h - the figures of bots, jobs and queues that /metrics shows.
 */
#ifndef API_STORE_METRICS_H
#define API_STORE_METRICS_H

#include "common/db/db.h"

#include <stddef.h>
#include <stdint.h>

struct bot_metrics {
	char id[24];			/* bots.id as text: a label */
	char name[128], symbol[32], strategy[32], exchange[20], mode[16], status[12];
	double equity, peak_equity;	/* quote asset */
	double day_equity;		/* quote asset at today's first look (UTC); 0 not today */
	double net, fees;		/* quote asset, of closed trades */
	int64_t trades, wins, losses;
	int64_t open_positions, pending_orders;
	int64_t without_stop;		/* positions that no order with a stop price protects */
	int64_t last_execution_us;	/* 0 never */
};
/* All bots by id, into *out (free it) and *n; day_equity is that of "day" (YYYY-MM-DD). */
MUST_CHECK int store_metrics_bots(struct db *db, const char *day, struct bot_metrics **out,
				  size_t *n, struct err *e);

#define JOB_STATES "queued|running|done|failed|cancelled"
#define JOB_STATES_N 5
/* In the order of JOB_STATES. */
MUST_CHECK int store_metrics_jobs(struct db *db, int64_t out[JOB_STATES_N], struct err *e);

struct backup_metrics {
	int64_t done_us;		/* us UTC of the newest good one, 0 never */
	double bytes, took_s;		/* of it */
	int64_t failures;
};
MUST_CHECK int store_metrics_backups(struct db *db, struct backup_metrics *out, struct err *e);

#define NOTIFY_CHANNELS "telegram|webhook"
#define NOTIFY_CHANNELS_N 2
#define NOTIFY_RESULTS "delivered|failed|dropped|retried"
#define NOTIFY_RESULTS_N 4
struct notify_metrics {
	int64_t oldest_us;		/* us UTC of the oldest that waits, 0 none waits */
	int64_t n[NOTIFY_CHANNELS_N][NOTIFY_RESULTS_N];	/* in the orders above */
};
MUST_CHECK int store_metrics_notify(struct db *db, struct notify_metrics *out, struct err *e);

#endif
