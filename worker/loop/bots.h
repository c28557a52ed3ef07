/*
 * bots.h - which bots there are and what they should run: the database's desired
 * (bots, trading_configs, model_assignments) brought into the engine.
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
	 * Make the feed deliver a symbol and say what it is. ERR_NOT_FOUND: the feed
	 * does not have it; the sentence says what it has.
	 */
	int (*symbol)(void *ctx, const struct bot_config *config, struct symbol_info *out,
		      struct err *e);
	void *ctx;
};

struct bots *bots_new(const struct bots_args *a);
void bots_free(struct bots *r);

/*
 * The open orders are back in the engine: from now on a bot that comes up brings its own, and
 * models are loaded beside the loop.
 */
void bots_started(struct bots *r);
/* An order that was open when we went down goes back into the engine, or the log says why not. */
void bots_restore_order(struct bots *r, const struct order *o);
/* Add, change and remove bots as the database says. Errors of one bot stay with that bot. */
MUST_CHECK int bots_refresh(struct bots *r, struct db *db, int64_t now_us, struct err *e);
/*
 * A model is being loaded, or a bot whose new symbol had to wait became flat or has a
 * new account: refresh again next turn.
 */
bool bots_waits(const struct bots *r);
/* Give a bot that failed to come up another try. */
MUST_CHECK int bots_retry(struct bots *r, struct db *db, int64_t bot_id, int64_t now_us,
			  struct err *e);
/*
 * An emergency stop of a bot that could not come up (bots_failure): its row keeps it, and
 * it is flattened when it comes up one day. ERR_NOT_FOUND: it runs, or does not exist.
 */
MUST_CHECK int bots_latch(struct bots *r, struct db *db, int64_t bot_id, const char *by,
			  const char *correlation_id, int64_t now_us, struct err *e);
/* NULL when it runs (or does not exist); else why it could not come up. */
const char *bots_failure(const struct bots *r, int64_t bot_id);
/* Does it need a model to start, and is that on its way? */
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
/* The account began anew: what waits for that is tried again in the next turn. */
void bots_account_reset(struct bots *r, int64_t bot_id);

#endif
