/*
 * status.h - what a bot is doing: bots, bot_state, trading_configs and
 * worker_heartbeat in one look.
 */
#ifndef API_STORE_STATUS_H
#define API_STORE_STATUS_H

#include "common/db/db.h"
#include "common/registry/worker_blocked.h"

#include <stdbool.h>
#include <stdint.h>

struct bot_status {
	int64_t bot_id;
	char name[128];
	char status[12];		/* STOPPED, RUNNING, PAUSED, ERROR */
	int emergency;			/* 0 none, 1 flattening, 2 latched */
	char error[480];
	char mode[16];			/* simulation, live; "" when it never ran */
	int64_t start_us, last_execution_us;	/* machine's time; market's (market_clock.h) */
	int64_t config_wanted, config_applied;
	char config_error[480];
	int64_t model_wanted;		/* assigned, 0 none */
	int64_t model_id;		/* applied, 0 none */
	char model_error[480];
	int64_t pending_orders, open_positions;
	int64_t candles;		/* closed ones in its window */
	char interval[8];		/* of the newest settings */
	struct money equity;
	struct price last_price;
	bool worker_seen;		/* a worker ran on this file once */
	int64_t worker_pid, worker_started_us, beat_us, stopped_us;
	char worker_version[24], market_data[16], feed_state[16], feed_message[256];
	int64_t feed_age_ms;
	int64_t market_us, market_at_us;	/* market_clock.h */
	int64_t holder;			/* pid of a worker that runs but can't write, 0 none */
	char blocked[WORKER_BLOCKED_TEXT];	/* by what */
};

/* ERR_NOT_FOUND: no such bot. */
MUST_CHECK int store_status_get(struct db *db, int64_t bot_id, struct bot_status *out,
				struct err *e);

/* Figures for the health answers. */
struct store_counts {
	int64_t bots, running, open_positions, queued_commands, open_jobs, notifications;
};
MUST_CHECK int store_counts_get(struct db *db, struct store_counts *out, struct err *e);

#endif
