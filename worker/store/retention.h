/*
 * retention.h - deletes old rows, so that a year of trading does not fill the disk.
 *
 *	equity		every sample for a day, then the first of each hour
 *	sim_ledger	entries older than details_days are carried forward as one per
 *			account (kind "carried"): balances stay the sums of their rows
 *	commands	answered ones older than details_days
 *	bot_events	those older than details_days, but the newest of each bot
 *	jobs		ended ones older than details_days; the newest of each kind and state
 *			stays, and a backtest's or training's as long as its results
 *	audit_log	rows older than audit_days
 *	exchange_orders	and fills: those of closed paper trades older than fills_days; of real
 *			money all stay as long as their trade. The same for paper entries
 *			that never filled: they are no trades
 *	trading_orders	closed ones older than orders_days, with their exchange orders and
 *			fills; trading_stats keeps each day's totals
 *
 * Ages count from the time that the caller gives, which is 0 while the clock is in doubt
 * (clock_watch.h): then nothing is deleted. Rows that the engine dates are compared with the
 * engine's time, so that a replay of an old recording keeps its rows. Each call handles one
 * table and at most KEEP_ROWS rows, so that no commit takes long.
 */
#ifndef WORKER_STORE_RETENTION_H
#define WORKER_STORE_RETENTION_H

#include "common/db/db.h"

#define KEEP_ROWS 400
#define KEEP_TURNS 16				/* calls until each table had its turn */

struct retention {
	int64_t details_days, orders_days, fills_days, audit_days;	/* 0: for ever */
	int64_t clock_us, engine_us;		/* us UTC, now; 0: in doubt, nothing goes */
	int turn;				/* number of the next table, below KEEP_TURNS */
	/* Ids looked at last; 0 none. */
	int64_t after_order, after_detail, after_unfilled, after_event, after_job, after_command,
		after_audit;
};

/* *n: rows that went. */
MUST_CHECK int retention_tx(struct db *db, struct retention *k, int64_t *n, struct err *e);

#endif
