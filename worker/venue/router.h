/*
 * router.h - several venues as one: what a bot asks for goes to the venue that trades its account.
 *
 *	            .-- "sim", simulation, account 0	(paper bots)
 *	engine -- router
 *	            `-- "binance", live, account 3	(a live bot on the same symbol)
 *
 * The engine talks to one venue and needs not know how many there are. Requests and questions go
 * to the venue of the bot's account; a market's events go to every venue that trades the market,
 * under the handle that the venue gave it. Time runs in all of them together: what is due first
 * happens first, at the same time in the order of the list.
 *
 * News go to the engine at once and in the order in which they come. What a venue tells of a bot
 * that trades elsewhere now (a late fill of an account that it left) never reaches the bot: it
 * is counted and told to "stray", because it belongs to no book of ours.
 */
#ifndef WORKER_VENUE_ROUTER_H
#define WORKER_VENUE_ROUTER_H

#include "worker/venue/venue.h"

#include <stddef.h>

struct venue_maker {			/* how one venue comes to be; all borrowed for the call */
	const char *name;		/* as in rows: "sim", "binance", "binance_futures" */
	const char *mode;		/* as in rows: "simulation", "live" */
	const int64_t *accounts;	/* exchange_accounts.id that it trades; 0: paper */
	size_t accounts_n;
	/* Whose markets it trades (market_source.h). None: the worker's own, as paper does. */
	const char *const *sources;
	size_t sources_n;
	/* The venue tells its news to the sink. */
	int (*make)(void *ctx, const struct venue_sink *sink, struct venue **out, struct err *e);
	void *ctx;
};

struct router_args {
	const struct venue_maker *makers;	/* at least one */
	size_t n;
	const char *market_data;	/* the worker's market; kept, not copied */
	struct venue_sink sink;			/* the engine's */
	/* Something was told of a bot that trades elsewhere; may be NULL. */
	void (*stray)(void *ctx, const char *venue, const struct venue_update *u);
	void *ctx;
};

/*
 * Makes the venues. A single one is the answer itself: there is nothing to route. ERR_CONFLICT:
 * two venues trade one account. Errors of a maker name its venue; nothing is left over then.
 * Free with v->ops->free(v), which frees all of them.
 */
MUST_CHECK int router_new(const struct router_args *a, struct venue **out, struct err *e);

#endif
