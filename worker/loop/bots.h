/*
 * bots.h - brings the desired state of the bots (tables bots and trading_configs)
 * into the engine.
 *
 * bots_refresh compares row versions with what is applied, so it is cheap to
 * call whenever the database changed. A bot that can't run (no market data,
 * broken row, garbage model) is in ERROR with the reason; the others go on.
 */
#ifndef WORKER_LOOP_BOTS_H
#define WORKER_LOOP_BOTS_H

#include "common/crypto.h"
#include "common/db/db.h"
#include "common/registry/bot_secrets.h"
#include "worker/session/predictors.h"
#include "worker/session/session.h"

struct bots;

struct bots_args {
	struct session *session;
	struct predictors *predictors;
	const struct master_key *key;
	struct reporter reporter;	/* for bots that never reach the engine */
	int64_t only_bot;		/* 0: all */
	bool wait_for_models;		/* load models at once, not beside the loop (start-up) */
	/*
	 * Makes the feed deliver a symbol and gives the market's rules. ERR_NOT_FOUND: the feed
	 * does not have it; the message says which symbols it has.
	 */
	int (*symbol)(void *ctx, const struct bot_config *config, struct symbol_info *out,
		      struct err *e);
	void *ctx;
};

struct bots *bots_new(const struct bots_args *a);
void bots_free(struct bots *r);

/*
 * Call it when the open orders are back in the engine: from now on a bot that comes up brings
 * its own orders, and models are loaded in a thread.
 */
void bots_started(struct bots *r);
/* Puts an order that was open at the last stop back into the engine, or logs why it can't. */
void bots_restore_order(struct bots *r, const struct order *o);
/* Adds, changes and removes bots as the database says. One bot's error affects only that bot. */
MUST_CHECK int bots_refresh(struct bots *r, struct db *db, int64_t now_us, struct err *e);
/*
 * True when bots_refresh must run again next turn, because a model is being loaded, or because
 * a bot whose new symbol had to wait is flat now or has a new account.
 */
bool bots_waits(const struct bots *r);
/* Tries again to start a bot that could not come up. */
MUST_CHECK int bots_retry(struct bots *r, struct db *db, int64_t bot_id, int64_t now_us,
			  struct err *e);
/*
 * An emergency stop of a bot that could not come up (bots_failure): stores the stop in its row,
 * so that the bot is flattened when it comes up. ERR_NOT_FOUND: it runs, or does not exist.
 */
MUST_CHECK int bots_latch(struct bots *r, struct db *db, int64_t bot_id, const char *by,
			  const char *correlation_id, int64_t now_us, struct err *e);
/* NULL when it runs (or does not exist); else why it could not come up. */
const char *bots_failure(const struct bots *r, int64_t bot_id);
/* Does the bot need a model to start, and is that model being loaded? */
bool bots_loads(const struct bots *r, int64_t bot_id);
bool bots_has(const struct bots *r, int64_t bot_id);
/* All ids that are present, ascending. Borrowed until the next refresh. */
const int64_t *bots_ids(const struct bots *r, size_t *n);
/* The config in use (while a version waits: what of it is). NULL: none yet. */
const struct bot_config *bots_config(const struct bots *r, int64_t bot_id);
/* The secrets of that config. NULL: none yet. Borrowed until the next refresh. */
const struct bot_secrets *bots_secrets(const struct bots *r, int64_t bot_id);
/* The newest config that could be read, whether it waits or not. NULL: none yet. */
const struct bot_config *bots_wanted(const struct bots *r, int64_t bot_id);
/* The account was reset: a config that waited for that is tried again in the next turn. */
void bots_account_reset(struct bots *r, int64_t bot_id);

#endif
