/*
 * checkup.h - the lines of doctor.
 *
 *	ok    what is well
 *	FAIL  what is wrong
 *	      do: what helps
 *	note  what is worth knowing, and no fault
 *
 * Each fault has a sentence of its own, so that no FAIL line says what should be the case.
 */
#ifndef WORKER_CLI_CHECKUP_H
#define WORKER_CLI_CHECKUP_H

#include "common/config.h"
#include "common/crypto.h"
#include "common/db/db.h"

struct checkup {
	const struct config *config;
	struct db *db;			/* NULL: it can't be opened */
	struct master_key key;
	int bad;			/* FAIL lines so far */
};

void checkup_ok(const char *fmt, ...) PRINTF_LIKE(1, 2);
void checkup_note(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* what_to_do: one sentence without a full stop. */
void checkup_bad(struct checkup *d, const char *what_to_do, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* ---- parts of doctor: the settings and the machine; the worker, its bots and their models ---- */

/* Everything that needs no database. */
void checkup_machine(struct checkup *d);
/* Needs d->db. */
void checkup_worker(struct checkup *d);

#endif
