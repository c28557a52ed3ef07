/*
 * session.h - engine and venues wired together behind one market-data sink.
 *
 * The worker, the replay command and tests all trade through a session. They differ in the
 * venues that they bring, in the feed that drives it and in the reporters that get its reports.
 */
#ifndef WORKER_SESSION_SESSION_H
#define WORKER_SESSION_SESSION_H

#include "common/config.h"
#include "worker/engine/engine.h"
#include "worker/feed/feed.h"
#include "worker/venue/router.h"

struct session;

struct session_args {
	const struct config
		*config; /* risk limits and simulation settings; borrowed for the call */
	struct reporter reporter;
	const struct venue_maker *venues;	/* at least one; borrowed for the call */
	size_t venues_n;
	/* A venue told news of a bot that trades elsewhere (router.h); may be NULL. */
	void (*stray)(void *ctx, const char *venue, const struct venue_update *u);
	void *stray_ctx;
	const char *installation;	/* see engine_args */
	const char *market_data;	/* see engine_args; NULL: "replay" */
	int64_t first_order_id, first_leg_id, first_fill_id, first_signal_id;	/* 0 means 1 */
};

/* ERR_RANGE names the setting that does not fit. Others: of a venue that can't be made. */
MUST_CHECK int session_new(const struct session_args *a, struct session **out, struct err *e);
void session_free(struct session *s);

struct engine *session_engine(struct session *s);
struct venue *session_venue(struct session *s);	/* all of them as one */

/*
 * Makes the market known to engine and venues; may be called again. One without a source is of
 * the worker's market; the fees there come from the settings (fees.h) and not from info.
 */
struct market *session_market_add(struct session *s, const struct symbol_info *info);

/* The sink for a source's events. Symbols that were not added are ignored. */
struct feed_sink session_source_sink(struct session *s, const char *source);
/* The one for spot or futures of the worker's market. */
struct feed_sink session_sink(struct session *s, bool futures);
/* Events received before act_from_us (the history a feed begins with) only warm up. */
void session_act_from(struct session *s, int64_t act_from_us);

/*
 * The last step of a restart, after bots, orders and the venue's rows are back: asks the venue
 * about every live order. Limits every deadline in the rows to now_us plus its longest allowed
 * length, because the machine's clock may have been set back.
 */
void session_reconcile(struct session *s, int64_t now_us);

/*
 * Opens the bot's paper account with the initial capital when it has none, or moves it to the
 * config's symbol and leverage when these changed. Only for a bot without open orders. A moved
 * account starts with the worth of the old one, so that no move makes money. ERR_DENIED: only a
 * reset can do this, because the account is in another asset or is empty; the message says so,
 * and nothing was changed.
 */
MUST_CHECK int session_account(struct session *s, int64_t bot_id, const struct bot_config *config,
			       int64_t now_us, struct err *e);
/* Resets the account. ERR_CONFLICT while orders are open, unless force, which drops them. */
MUST_CHECK int session_account_reset(struct session *s, int64_t bot_id,
				     const struct bot_config *config, bool force, int64_t now_us,
				     struct err *e);

uint64_t session_events(const struct session *s);

#endif
