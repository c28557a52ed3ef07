/*
 * clock_watch.h - decides whether the clock may be used to count ages. Everything that deletes
 * or thins rows asks here.
 *
 *	SETTLED --- a step that the time passed does not explain ---> IN DOUBT
 *	   ^                                                             |
 *	   '--- the step is taken back; or the clock went on by itself --'
 *	        for CLOCK_SETTLES_US (after a step of more than a day for
 *	        CLOCK_SETTLES_LONG_US); or the operator accepts it
 *
 * In doubt nothing is deleted, because a clock that is in the future for ten seconds would be
 * enough to delete the whole history. The state is stored (table clock_watch), so that a
 * restart does not settle it.
 */
#ifndef WORKER_STORE_CLOCK_WATCH_H
#define WORKER_STORE_CLOCK_WATCH_H

#include "common/clock.h"
#include "common/db/db.h"

#define CLOCK_STEP_MOST_US (60 * US_PER_S)	/* more is a jump */
#define CLOCK_LOOK_MOST_US (3600 * US_PER_S)	/* passed between two looks: doubted in any case */
#define CLOCK_PAUSE_MOST_US (7 * 86400 * US_PER_S)	/* that nobody ran, and is no jump */
#define CLOCK_SETTLES_US (600 * US_PER_S)
#define CLOCK_LONG_US (86400 * US_PER_S)
#define CLOCK_SETTLES_LONG_US (86400 * US_PER_S)

struct clock_watch {
	int64_t seen_us;		/* us UTC: the clock at the newest look; 0 never */
	int64_t boot_us;		/* boot clock then; 0: not in this run yet */
	int64_t jump_us;		/* how far it has stepped; 0 settled, or a pause */
	int64_t jumped_us;		/* us UTC, by the clock: when the newest step was seen */
	int64_t settles_us;		/* us UTC, by the clock: when it will be settled; 0 it is */
	int64_t jumps;			/* noticed so far */
	int64_t accepted_us;		/* us UTC, by the clock: the operator said it is right */
};

/* PAUSED: no worker ran for long, so nobody watched the clock: it is in doubt as well. */
enum clock_news { CLOCK_AS_BEFORE, CLOCK_JUMPED, CLOCK_PAUSED, CLOCK_SETTLED };

/*
 * Looks at the clock; call it about once a second. most_us: a step that differs by more from
 * the time that passed is a jump (CLOCK_STEP_MOST_US for the machine's clock).
 */
enum clock_news clock_watch_look(struct clock_watch *w, int64_t clock_us, int64_t boot_us,
				 int64_t most_us);
/* now_us, or 0 while the clock is in doubt. */
int64_t clock_watch_age_base(const struct clock_watch *w, int64_t now_us);

/* All zero when there is no row yet. */
MUST_CHECK int clock_watch_load(struct db *db, struct clock_watch *out, struct err *e);
/* Stores the state, and reads whether the operator has accepted the clock meanwhile. */
MUST_CHECK int clock_watch_sync_tx(struct db *db, struct clock_watch *w, struct err *e);
/* The command line: the clock is right, whatever it did. */
MUST_CHECK int clock_watch_accept_tx(struct db *db, int64_t clock_us, struct err *e);

#endif
