/*
 * notify.h - tables notifications (the outbox), notification_lanes and
 * telegram_offsets.
 *
 * A lane is one place that messages go to: channel, account, target. Within a lane
 * rows are delivered in the order of their ids.
 */
#ifndef WORKER_STORE_NOTIFY_H
#define WORKER_STORE_NOTIFY_H

#include "common/db/db.h"

#define LANE_TARGET_MAX 64
#define NOTE_ERROR_MAX 256

enum channel { CHANNEL_TELEGRAM, CHANNEL_WEBHOOK };
#define CHANNELS 2
const char *channel_name(enum channel c);	/* as in the database */

struct lane_key {
	enum channel channel;
	int64_t account;		/* bots.id whose own token sends it, 0 the environment's */
	char target[LANE_TARGET_MAX];	/* Telegram chat; "" webhook */
};
bool lane_same(const struct lane_key *a, const struct lane_key *b);

struct note {				/* a row; texts are borrowed */
	int64_t id;
	struct lane_key lane;
	int64_t bot_id;			/* 0 the whole worker */
	const char *kind;		/* notify_kind_name, or "answer" */
	const char *text;		/* Telegram: HTML; webhook: JSON object */
	const char *markup;		/* "" none */
	bool silent;
	int64_t created_us;
};

MUST_CHECK int store_note_add_tx(struct db *db, const struct note *n, struct err *e);
/*
 * Keeps the newest "keep" queued rows of a lane, and those up to the id "spare", which are being
 * sent. Deletes the others and counts them in the lane's row. *dropped: how many.
 */
MUST_CHECK int store_notes_trim_tx(struct db *db, const struct lane_key *lane, int64_t keep,
				   int64_t spare, int64_t now_us, int64_t *dropped, struct err *e);

typedef void lane_each(void *ctx, const struct lane_key *lane);
/* Every lane that has queued rows. */
MUST_CHECK int store_lanes_queued(struct db *db, lane_each *each, void *ctx, struct err *e);
typedef bool note_each(void *ctx, const struct note *n);
/* The lane's oldest queued rows, at most max; each returns false to end early. */
MUST_CHECK int store_notes_next(struct db *db, const struct lane_key *lane, size_t max,
				note_each *each, void *ctx, struct err *e);
/* How many rows are queued, over all lanes. */
MUST_CHECK int store_notes_queued(struct db *db, int64_t *n, struct err *e);

/* The result of the lane's queued rows with ids from first to last. */
enum note_end { NOTE_DELIVERED, NOTE_FAILED, NOTE_TRIED };
struct note_result {
	struct lane_key lane;
	int64_t first, last;
	enum note_end end;
	int64_t told;			/* dropped rows that the message told of */
	char error[NOTE_ERROR_MAX];	/* "" when delivered */
	int64_t at_us;
};
MUST_CHECK int store_note_result_tx(struct db *db, const struct note_result *r, struct err *e);
/* Dropped rows that no message told of yet. */
MUST_CHECK int store_lane_untold(struct db *db, const struct lane_key *lane, int64_t *n,
				 struct err *e);
/* Deletes delivered rows after a week and failed ones after a month. */
MUST_CHECK int store_notes_prune_tx(struct db *db, int64_t now_us, struct err *e);
/* Was a row of that kind written since then? */
MUST_CHECK int store_note_since(struct db *db, const char *kind, int64_t since_us, bool *out,
				struct err *e);

/* The stored offset; 0 when no update of that Telegram bot was taken since since_us. */
MUST_CHECK int store_offset_get(struct db *db, int64_t telegram_bot, int64_t since_us,
				int64_t *next, struct err *e);
MUST_CHECK int store_offset_tx(struct db *db, int64_t telegram_bot, int64_t next, int64_t now_us,
			       struct err *e);

#endif
