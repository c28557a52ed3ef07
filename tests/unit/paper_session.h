/* paper_session.h - a session on the simulation alone, as the replay command has it. */
#ifndef TESTS_UNIT_PAPER_SESSION_H
#define TESTS_UNIT_PAPER_SESSION_H

#include "worker/session/session.h"
#include "worker/venue/sim/sim.h"

/* store NULL: nobody keeps its rows. */
static inline int paper_session(struct session_args *a, const struct sim_store *store,
				struct session **out, struct err *e)
{
	struct sim_recipe paper;
	struct venue_maker maker;
	int rc = sim_recipe_init(&paper, a->config, store, e);

	if (rc)
		return rc;
	maker = sim_maker(&paper);
	a->venues = &maker;
	a->venues_n = 1;
	return session_new(a, out, e);
}

#endif
