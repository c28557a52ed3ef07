/*
 * counts.h - how much there is: figures for the health answers and metrics.
 */
#ifndef API_STORE_COUNTS_H
#define API_STORE_COUNTS_H

#include "common/db/db.h"

#include <stdint.h>

struct store_counts {
	int64_t bots, running, open_positions, queued_commands, open_jobs, notifications;
};
MUST_CHECK int store_counts_get(struct db *db, struct store_counts *out, struct err *e);

#endif
