/*
 * worker.h - the worker's rows about itself: its boot id, feed_positions, its answers in
 * commands, the sample model.
 */
#ifndef WORKER_STORE_WORKER_H
#define WORKER_STORE_WORKER_H

#include "common/db/db.h"
#include "common/registry/commands.h"
#include "common/registry/heartbeat.h"
#include "common/registry/model_row.h"
#include "worker/feed/feed.h"

/* The boot id in the heartbeat's row. ERR_NOT_FOUND: no worker ever ran. */
MUST_CHECK int store_boot_id(struct db *db, char *out, size_t size, struct err *e);
/* Puts our boot id into the heartbeat's row. Without a row nothing: the first beat makes it. */
MUST_CHECK int store_claim_tx(struct db *db, const char *boot_id, struct err *e);

/*
 * Ids of queued commands, emergency stops first, then in order of arrival. only_bot: for
 * this bot or for all of them; 0: every one.
 */
MUST_CHECK int store_queued(struct db *db, int64_t only_bot, int64_t *ids, size_t max, size_t *n,
			    struct err *e);
/* Was an emergency stop of this bot asked for after command id? */
MUST_CHECK int store_emergency_after(struct db *db, int64_t id, int64_t bot_id, bool *out,
				     struct err *e);
/* Is something queued behind command id for this bot (0: for any), or for all? */
MUST_CHECK int store_queued_after(struct db *db, int64_t id, int64_t bot_id, bool *out,
				  struct err *e);
struct command_answer {
	int64_t id;
	char status[12];		/* done, failed, expired */
	char code[24];			/* "" or an err_name */
	char message[512];
	int64_t at_us;
	char result[COMMAND_RESULT_MAX];	/* last; JSON object */
};
MUST_CHECK int store_answer_tx(struct db *db, const struct command_answer *a, struct err *e);
/*
 * Command id was carried out on only_bot alone. If it is for all bots, queues it for each other
 * bot, for a worker that runs them.
 */
MUST_CHECK int store_hand_on_tx(struct db *db, int64_t id, int64_t only_bot, struct err *e);

/* ERR_NOT_FOUND: this source was never replayed. */
MUST_CHECK int store_position_get(struct db *db, const char *source, struct feed_position *out,
				  int64_t *now_us, struct err *e);
MUST_CHECK int store_position_tx(struct db *db, const char *source, const struct feed_position *p,
				 int64_t now_us, int64_t wall_us, struct err *e);

/* Register a model (or find the same file registered already) and assign it to a bot. */
MUST_CHECK int store_model_assign_tx(struct db *db, const struct model_new *m, int64_t bot_id,
				     int64_t now_us, int64_t *model_id, struct err *e);
/* Does any model or assignment exist for the bot? */
MUST_CHECK int store_has_model(struct db *db, int64_t bot_id, bool *out, struct err *e);

#endif
