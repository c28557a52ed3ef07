/*
 * session.h - engine and paper venue wired together behind one market-data sink.
 *
 * The worker, the replay command, backtests and tests all trade through a
 * session; they differ in the feed that drives it and in who hears the reports.
 */
#ifndef WORKER_SESSION_SESSION_H
#define WORKER_SESSION_SESSION_H

#include "common/config.h"
#include "worker/engine/engine.h"
#include "worker/feed/feed.h"
#include "worker/venue/sim/sim.h"

struct session;

struct session_args {
	const struct config
		*config; /* risk limits and simulation settings; borrowed for the call */
	struct reporter reporter;
	struct sim_store sim_store;
	int64_t first_order_id, first_leg_id, first_fill_id, first_signal_id;	/* 0 means 1 */
};

/* ERR_RANGE names the setting that does not fit. */
MUST_CHECK int session_new(const struct session_args *a, struct session **out, struct err *e);
void session_free(struct session *s);

struct engine *session_engine(struct session *s);
struct venue *session_venue(struct session *s);

/*
 * Idempotent: makes the market known to engine and venue. Its fees are those of the
 * settings (fees.h), whatever info says.
 */
struct market *session_market_add(struct session *s, const struct symbol_info *info);

/* Events of spot, or of futures markets, to trade on. Unknown symbols are ignored. */
struct feed_sink session_sink(struct session *s, bool futures);
/* Events before a resume: they fill candles and books, and nothing acts. */
struct feed_sink session_warm_sink(struct session *s, bool futures);
/* Events received before act_from_us (the history a feed begins with) only warm up. */
void session_act_from(struct session *s, int64_t act_from_us);

/*
 * Last of a restart, when bots, orders and the venue's rows are back: asks what became of
 * every live order. Every time that a row gives is bounded by now_us plus what such a
 * deadline may be long: the machine's clock may have been set back.
 */
void session_reconcile(struct session *s, int64_t now_us);

/*
 * The bot's paper account: opened with the initial capital when it has none, moved
 * to the config's symbol and leverage when that changed. For a bot without open
 * orders: an account that moves ends what it still has, and takes its worth along.
 * No move makes money: ERR_DENIED when only a reset can bring the account there (it counts
 * in another asset, or nothing is left of it); the sentence says so, nothing has changed.
 */
MUST_CHECK int session_account(struct session *s, int64_t bot_id, const struct bot_config *config,
			       int64_t now_us, struct err *e);
/* Start the account anew. ERR_CONFLICT while orders are open, unless force (they are dropped). */
MUST_CHECK int session_account_reset(struct session *s, int64_t bot_id,
				     const struct bot_config *config, bool force, int64_t now_us,
				     struct err *e);

uint64_t session_events(const struct session *s);

#endif
