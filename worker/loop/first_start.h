/*
 * first_start.h - what the first start of all does, so that a stranger sees it trade.
 *
 * Bot 1 is put on the market at hand (while its config is still the one that the
 * schema made), and a sample model is trained on it, registered and assigned.
 */
#ifndef WORKER_LOOP_FIRST_START_H
#define WORKER_LOOP_FIRST_START_H

#include "common/config.h"
#include "common/crypto.h"
#include "common/db/db.h"
#include "worker/loop/feed_choice.h"

/* 0 also when there was nothing to do. A failed training is logged, not fatal. */
MUST_CHECK int bootstrap(struct db *db, const struct config *c, const struct master_key *key,
			 const struct feed_choice *feed, struct err *e);

/* --bot-id, --symbol, --config-json: change the bot's config, or make it; start it. */
MUST_CHECK int bootstrap_bot(struct db *db, const struct master_key *key, int64_t bot_id,
			     const char *symbol, const char *config_json, bool confirm_wide,
			     struct err *e);

#endif
