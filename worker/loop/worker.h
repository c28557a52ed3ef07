/*
 * worker.h - the process: one event loop that feeds the engine and commits what it did.
 *
 *	turn: market data -> engine;  commands, configs, models -> engine;
 *	      then one transaction: rows, answers, feed position, heartbeat
 *
 * A turn begins when a feed or a deadline is due, when inotify reports a write to the
 * database, and at least every 50 ms.
 */
#ifndef WORKER_LOOP_WORKER_H
#define WORKER_LOOP_WORKER_H

#include "common/config.h"
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct worker_args {
	const struct config *config;
	int64_t only_bot;		/* 0: all bots */
	const char *symbol;		/* with only_bot: NULL or the symbol to trade */
	const char *config_json;	/* with only_bot: NULL or settings to change */
	bool confirm_wide;		/* their target or stop over 10 % is meant */
	bool new_database;		/* see start.h */
};

/* SIGUSR1 is an emergency stop of all bots from now on, also before worker_run. */
void worker_listen(void);
/* Runs until SIGTERM or SIGINT. 0 after a clean end; ERR_* when it could not start. */
MUST_CHECK int worker_run(const struct worker_args *a, struct err *e);

#endif
