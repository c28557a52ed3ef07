#include "worker/venue/sim/sim.h"

#include <stddef.h>

int sim_recipe_init(struct sim_recipe *r, const struct config *c, const struct sim_store *store,
		    struct err *e)
{
	*r = (struct sim_recipe){ 0 };
	sim_args_init(&r->args);
	r->args.latency_us = c->sim_latency_ms * 1000;
	r->args.stale_us = c->stale_feed_ms * 1000;
	r->args.through_all = c->sim_through_fill == THROUGH_ALL;
	if (store)
		r->args.store = *store;
	if (rate_from_double(c->sim_slippage, &r->args.slippage_e8))
		return err_set(e, ERR_RANGE, "SIMULATION_SLIPPAGE %g does not fit",
			       c->sim_slippage);
	return 0;
}

static int make(void *ctx, const struct venue_sink *sink, struct venue **out, struct err *e)
{
	struct sim_recipe *r = ctx;

	(void)e;
	r->args.sink = *sink;
	*out = r->made = sim_new(&r->args);
	return 0;
}

struct venue_maker sim_maker(struct sim_recipe *r)
{
	static const int64_t paper[] = { 0 };

	return (struct venue_maker){
		.name = "sim", .mode = "simulation", .accounts = paper, .accounts_n = 1,
		.make = make, .ctx = r,
	};
}
