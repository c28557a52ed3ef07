/*
 * metrics.h - every metric family that /metrics shows, and its text form
 * (Prometheus exposition format 0.0.4).
 *
 *	metrics_family(out, METRIC_JOBS);
 *	metrics_sample(out, METRIC_JOBS, 3, (const char *const[]){ "queued" });
 *
 * Names: "tradingbot_", base units (seconds, bytes, ratio), "_total" for counters.
 * A new family: its id here, its row in metrics.c, its samples in api/routes/metrics.c, its row in
 * docs/METRICS.md (test_metrics compares them).
 */
#ifndef API_VIEW_METRICS_H
#define API_VIEW_METRICS_H

#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum metric_id {
	METRIC_API_INFO,
	METRIC_API_START_TIME,
	METRIC_API_REQUESTS,
	METRIC_API_DURATION,
	METRIC_API_CONNECTIONS,
	METRIC_API_CONNECTIONS_REFUSED,
	METRIC_API_CONNECTIONS_CUT,
	METRIC_API_MALFORMED,
	METRIC_API_RATE_LIMITED,
	METRIC_API_AUTH_FAILURES,
	METRIC_API_WAITING,
	METRIC_API_MEMORY,
	METRIC_API_CPU,
	METRIC_API_CERT_EXPIRY,

	METRIC_WORKER_UP,
	METRIC_WORKER_INFO,
	METRIC_WORKER_START_TIME,
	METRIC_WORKER_BEAT_AGE,
	METRIC_WORKER_LOOP,
	METRIC_WORKER_TURNS,
	METRIC_WORKER_EVENTS,
	METRIC_WORKER_DECODE_ERRORS,
	METRIC_WORKER_MEMORY,

	METRIC_FEED_STATE,
	METRIC_FEED_AGE,
	METRIC_FEED_LATE,
	METRIC_FEED_REPEATED,
	METRIC_FEED_REFUSED,
	METRIC_FEED_GAPS,
	METRIC_FEED_BOOK_BREAKS,
	METRIC_CLOCK_DRIFT,
	METRIC_CLOCK_DOUBT,
	METRIC_CLOCK_JUMPS,

	METRIC_BOT_INFO,
	METRIC_BOT_STATUS,
	METRIC_BOT_EQUITY,
	METRIC_BOT_DRAWDOWN,
	METRIC_BOT_NET,
	METRIC_BOT_DAY_LOSS,
	METRIC_BOT_POSITIONS,
	METRIC_BOT_UNPROTECTED,
	METRIC_BOT_PENDING,
	METRIC_BOT_TRADES,
	METRIC_BOT_WINS,
	METRIC_BOT_LOSSES,
	METRIC_BOT_FEES,
	METRIC_BOT_EXECUTION,

	METRIC_RISK_LIMIT,

	METRIC_JOBS,
	METRIC_COMMANDS_QUEUED,
	METRIC_NOTIFICATIONS_QUEUED,
	METRIC_NOTIFICATIONS_AGE,
	METRIC_NOTIFICATIONS,

	METRIC_BACKUP_TIME,
	METRIC_BACKUP_SIZE,
	METRIC_BACKUP_DURATION,
	METRIC_BACKUP_FAILURES,
	METRIC_BACKUP_INTERVAL,

	METRIC_DB_UP,
	METRIC_DB_SIZE,
	METRIC_DB_WAL_SIZE,
	METRIC_DB_CHECKPOINTS,
	METRIC_DB_CHECKPOINTS_FAIL,
	METRIC_DB_SCRUBBED,
	METRIC_DB_DAMAGED,
	METRIC_DB_SCHEMA,
	METRIC_DISK_FREE,
};

struct metric {
	const char *name;
	enum metric_type type;
	const char *labels;	/* names with a blank between; "" none */
	const char *help;	/* one sentence with the unit */
};

extern const struct metric metrics[];	/* by enum metric_id */
extern const size_t metrics_count;	/* (tests) */

const char *metric_type_name(enum metric_type t);

/* The HELP and TYPE lines; the family's samples follow at once. */
void metrics_family(struct buf *out, enum metric_id id);
/* One sample. labels: a value for each label name, in their order; NULL when it has none. */
void metrics_sample(struct buf *out, enum metric_id id, double value, const char *const *labels);
/* A family of one sample without labels. */
void metrics_single(struct buf *out, enum metric_id id, double value);
/*
 * A sample of 1 for the state that holds and of 0 for the others, "state" being the
 * family's last label: states is "a|b|c", first the value of the label before or NULL.
 */
void metrics_state(struct buf *out, enum metric_id id, const char *first, const char *states,
		   const char *holds);
/*
 * Histogram samples of one label set: n bounds (seconds, rising), n + 1 counts (the
 * last: above all bounds; not added up), and the sum of what was observed.
 */
struct metrics_histogram {
	const double *bounds;
	const uint64_t *counts;
	size_t n;
	double sum;
};
void metrics_histogram(struct buf *out, enum metric_id id, const struct metrics_histogram *h,
		       const char *const *labels);

#endif
