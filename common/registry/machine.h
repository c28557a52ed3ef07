/*
 * machine.h - what the worker reports about its machine: the clock (table clock_watch) and the
 * database's file (table file_watch). For health, metrics, doctor.
 */
#ifndef COMMON_REGISTRY_MACHINE_H
#define COMMON_REGISTRY_MACHINE_H

#include "common/db/db.h"

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_TEXT_MAX 256

struct machine_clock {
	int64_t jump_us;		/* how far it stepped; 0 settled, or a pause */
	int64_t settles_us;		/* us UTC; until then nothing is deleted; 0 settled */
	int64_t jumped_us;		/* us UTC of the newest step, 0 never */
	int64_t jumps;			/* noticed so far */
};

struct machine_file {
	int64_t checkpoints, checkpoint_failures;	/* since the worker's start */
	int64_t failing_us;		/* us UTC since when pages can't be moved; 0 they can */
	char failing[MACHINE_TEXT_MAX];	/* why */
	int64_t wal_bytes;
	int64_t scrubbed_us;		/* us UTC: every page was looked at; 0 never */
	int64_t damaged_us;		/* us UTC when damage was found; 0 none */
	char damage[MACHINE_TEXT_MAX];
};

/* All zero while there is no row. */
MUST_CHECK int store_machine_clock(struct db *db, struct machine_clock *out, struct err *e);
MUST_CHECK int store_machine_file(struct db *db, struct machine_file *out, struct err *e);
/* Writes the row of file_watch; only for the worker. */
MUST_CHECK int store_machine_file_tx(struct db *db, const struct machine_file *f, int64_t now_us,
				     struct err *e);

#endif
