/*
 * growth.h - how fast the database grows, measured from its own rows.
 *
 *	a table's bytes per row (with its indexes) x its rows per day of the last week
 *
 * Rows that are deleted after some days (retention.h) grow only to that many days' worth; the
 * other rows stay for good.
 */
#ifndef WORKER_STORE_GROWTH_H
#define WORKER_STORE_GROWTH_H

#include "common/config.h"
#include "common/db/db.h"

#include <stdint.h>

struct growth {
	double days;			/* measured over; 0: too young a database to say */
	double per_day;			/* bytes a day that are written and kept at first */
	double lasting_per_day;		/* bytes a day of it that stay for good */
	double details, details_end;	/* bytes of what goes one day: now, and where it ends */
};

/* Reads the whole file. ERR_*: also when SQLite was built without dbstat. */
MUST_CHECK int store_growth(struct db *db, const struct config *c, int64_t now_us,
			    struct growth *out, struct err *e);
/* Days until free_bytes are used up; HUGE_VAL: never at this rate. */
double growth_days_left(const struct growth *g, double free_bytes);

#endif
