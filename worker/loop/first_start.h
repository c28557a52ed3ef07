/*
 * first_start.h - the extra work of the very first start, so that a new user sees a bot trade.
 *
 * Sets bot 1 to the market at hand (if its config is still the one that the schema made), and
 * trains, registers and assigns a sample model.
 */
#ifndef WORKER_LOOP_FIRST_START_H
#define WORKER_LOOP_FIRST_START_H

#include "common/config.h"
#include "common/crypto.h"
#include "common/db/db.h"
#include "worker/loop/feed_choice.h"

/* 0 also when there is nothing to do. A failed training is only logged. */
MUST_CHECK int bootstrap(struct db *db, const struct config *c, const struct master_key *key,
			 const struct feed_choice *feed, struct err *e);

/* --bot-id, --symbol, --config-json: makes or changes the bot's config and starts the bot. */
MUST_CHECK int bootstrap_bot(struct db *db, const struct master_key *key, int64_t bot_id,
			     const char *symbol, const char *config_json, bool confirm_wide,
			     struct err *e);

#endif
