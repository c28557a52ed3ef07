#include "worker/store/notify.h"

#include "common/clock.h"

#include <stdio.h>
#include <string.h>

#define KEEP_DELIVERED_US (7 * 86400 * US_PER_S)
#define KEEP_FAILED_US (30 * 86400 * US_PER_S)

#define LANE "channel = ?1 AND account = ?2 AND target = ?3"

static const char SQL_ADD[] =
	"INSERT INTO notifications(channel, account, target, bot_id, kind, text, markup, silent,"
	" created_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char SQL_TRIM[] =
	"DELETE FROM notifications WHERE state = 'queued' AND " LANE " AND id > ?5 AND id <="
	" (SELECT id FROM notifications WHERE state = 'queued' AND " LANE
	" ORDER BY id DESC LIMIT 1 OFFSET ?4)";
static const char SQL_LANES[] =
	"SELECT DISTINCT channel, account, target FROM notifications WHERE state = 'queued'";
static const char SQL_NEXT[] =
	"SELECT id, bot_id, kind, text, markup, silent, created_us FROM notifications"
	" WHERE state = 'queued' AND " LANE " ORDER BY id LIMIT ?4";
static const char SQL_QUEUED[] = "SELECT count(*) FROM notifications WHERE state = 'queued'";
static const char SQL_END[] =
	"UPDATE notifications SET state = ?4, attempts = attempts + 1, error = ?5, done_us = ?6"
	" WHERE state = 'queued' AND " LANE " AND id BETWEEN ?7 AND ?8";
static const char SQL_COUNT[] =
	"INSERT INTO notification_lanes(channel, account, target, delivered, failed, dropped,"
	" untold, retries, error, updated_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
	" ON CONFLICT(channel, account, target) DO UPDATE SET"
	" delivered = delivered + excluded.delivered, failed = failed + excluded.failed,"
	" dropped = dropped + excluded.dropped, untold = max(0, untold + excluded.untold),"
	" retries = retries + excluded.retries, error = excluded.error,"
	" updated_us = excluded.updated_us";
static const char SQL_UNTOLD[] = "SELECT untold FROM notification_lanes WHERE " LANE;
static const char SQL_PRUNE[] =
	"DELETE FROM notifications WHERE state != 'queued' AND done_us < max(?1, ?2)"
	" AND done_us < iif(state = 'delivered', ?1, ?2)";
static const char SQL_SINCE[] =
	"SELECT 1 FROM notifications WHERE kind = ?1 AND created_us >= ?2 LIMIT 1";
static const char SQL_OFFSET[] =
	"SELECT next_update FROM telegram_offsets WHERE telegram_bot = ?1 AND updated_us >= ?2";
static const char SQL_SET_OFFSET[] =
	"INSERT OR REPLACE INTO telegram_offsets(telegram_bot, next_update, updated_us)"
	" VALUES (?1, ?2, ?3)";

const char *channel_name(enum channel c)
{
	switch (c) {
	case CHANNEL_TELEGRAM: return "telegram";
	case CHANNEL_WEBHOOK: return "webhook";
	}
	return "";
}

bool lane_same(const struct lane_key *a, const struct lane_key *b)
{
	return a->channel == b->channel && a->account == b->account &&
	       strcmp(a->target, b->target) == 0;
}

static void bind_lane(struct stmt *s, const struct lane_key *lane)
{
	stmt_bind_text(s, 1, channel_name(lane->channel));
	stmt_bind_int(s, 2, lane->account);
	stmt_bind_text(s, 3, lane->target);
}

int store_note_add_tx(struct db *db, const struct note *n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_ADD, &s, e);

	if (rc)
		return rc;
	bind_lane(s, &n->lane);
	if (n->bot_id)
		stmt_bind_int(s, 4, n->bot_id);
	else
		stmt_bind_null(s, 4);
	stmt_bind_text(s, 5, n->kind);
	stmt_bind_text(s, 6, n->text);
	stmt_bind_text(s, 7, n->markup);
	stmt_bind_int(s, 8, n->silent);
	stmt_bind_int(s, 9, n->created_us);
	return stmt_run(s, e);
}

struct counts {
	int64_t delivered, failed, dropped, untold, retries;
};

static int count_tx(struct db *db, const struct lane_key *lane, const struct counts *c,
		    const char *error, int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_COUNT, &s, e);

	if (rc)
		return rc;
	bind_lane(s, lane);
	stmt_bind_int(s, 4, c->delivered);
	stmt_bind_int(s, 5, c->failed);
	stmt_bind_int(s, 6, c->dropped);
	stmt_bind_int(s, 7, c->untold);
	stmt_bind_int(s, 8, c->retries);
	stmt_bind_text(s, 9, error);
	stmt_bind_int(s, 10, now_us);
	return stmt_run(s, e);
}

int store_notes_trim_tx(struct db *db, const struct lane_key *lane, int64_t keep, int64_t spare,
			int64_t now_us, int64_t *dropped, struct err *e)
{
	struct counts counts = { 0 };
	struct stmt *s;
	int rc = db_stmt(db, SQL_TRIM, &s, e);

	if (rc)
		return rc;
	bind_lane(s, lane);
	stmt_bind_int(s, 4, keep);
	stmt_bind_int(s, 5, spare);
	rc = stmt_run(s, e);
	if (rc)
		return rc;
	*dropped = counts.dropped = counts.untold = db_changes(db);
	return *dropped ? count_tx(db, lane, &counts, "too many wait: the oldest were dropped",
				   now_us, e)
			: 0;
}

static enum channel channel_of(const char *name)
{
	for (int c = 0; c < CHANNELS; c++)
		if (strcmp(name, channel_name((enum channel)c)) == 0)
			return (enum channel)c;
	ASSERT(!"a channel that the schema allows");
	return CHANNEL_TELEGRAM;
}

int store_lanes_queued(struct db *db, lane_each *each, void *ctx, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LANES, &s, e);

	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct lane_key lane = { .channel = channel_of(stmt_text(s, 0)),
					 .account = stmt_int(s, 1) };

		stmt_copy(s, 2, lane.target, sizeof(lane.target));
		each(ctx, &lane);
	}
	stmt_done(s);
	return rc;
}

int store_notes_next(struct db *db, const struct lane_key *lane, size_t max, note_each *each,
		     void *ctx, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_NEXT, &s, e);

	if (rc)
		return rc;
	bind_lane(s, lane);
	stmt_bind_int(s, 4, (int64_t)max);
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct note n = {
			.id = stmt_int(s, 0), .lane = *lane, .bot_id = stmt_int(s, 1),
			.kind = stmt_text(s, 2), .text = stmt_text(s, 3), .markup = stmt_text(s, 4),
			.silent = stmt_int(s, 5) != 0, .created_us = stmt_int(s, 6),
		};

		if (!each(ctx, &n)) {
			rc = 0;
			break;
		}
	}
	stmt_done(s);
	return rc;
}

/* A number from a query whose parameters are bound; "none" without a row. */
static int one_int(struct stmt *s, int64_t none, int64_t *out, struct err *e)
{
	int rc = stmt_step(s, e);

	if (rc >= 0)
		*out = rc == STMT_ROW ? stmt_int(s, 0) : none;
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_notes_queued(struct db *db, int64_t *n, struct err *e)
{
	return db_number(db, SQL_QUEUED, NULL, n, e);
}

static const char *state_name(enum note_end end)
{
	switch (end) {
	case NOTE_DELIVERED: return "delivered";
	case NOTE_FAILED: return "failed";
	case NOTE_TRIED: return "queued";
	}
	return "";
}

int store_note_result_tx(struct db *db, const struct note_result *r, struct err *e)
{
	struct counts counts = { .untold = -r->told };
	struct stmt *s;
	int rc = db_stmt(db, SQL_END, &s, e);

	if (rc)
		return rc;
	bind_lane(s, &r->lane);
	stmt_bind_text(s, 4, state_name(r->end));
	stmt_bind_text(s, 5, r->error);
	if (r->end == NOTE_TRIED)
		stmt_bind_null(s, 6);
	else
		stmt_bind_int(s, 6, r->at_us);
	stmt_bind_int(s, 7, r->first);
	stmt_bind_int(s, 8, r->last);
	rc = stmt_run(s, e);
	if (rc)
		return rc;
	switch (r->end) {
	case NOTE_DELIVERED: counts.delivered = db_changes(db); break;
	case NOTE_FAILED: counts.failed = db_changes(db); break;
	case NOTE_TRIED: counts.retries = 1; break;
	}
	return count_tx(db, &r->lane, &counts, r->error, r->at_us, e);
}

int store_lane_untold(struct db *db, const struct lane_key *lane, int64_t *n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_UNTOLD, &s, e);

	if (rc)
		return rc;
	bind_lane(s, lane);
	return one_int(s, 0, n, e);
}

int store_notes_prune_tx(struct db *db, int64_t now_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PRUNE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, now_us - KEEP_DELIVERED_US);
	stmt_bind_int(s, 2, now_us - KEEP_FAILED_US);
	return stmt_run(s, e);
}

int store_note_since(struct db *db, const char *kind, int64_t since_us, bool *out, struct err *e)
{
	struct stmt *s;
	int64_t found = 0;
	int rc = db_stmt(db, SQL_SINCE, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, kind);
	stmt_bind_int(s, 2, since_us);
	rc = one_int(s, 0, &found, e);
	if (rc == 0)
		*out = found == 1;
	return rc;
}

int store_offset_get(struct db *db, int64_t telegram_bot, int64_t since_us, int64_t *next,
		     struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OFFSET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, telegram_bot);
	stmt_bind_int(s, 2, since_us);
	return one_int(s, 0, next, e);
}

int store_offset_tx(struct db *db, int64_t telegram_bot, int64_t next, int64_t now_us,
		    struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_SET_OFFSET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, telegram_bot);
	stmt_bind_int(s, 2, next);
	stmt_bind_int(s, 3, now_us);
	return stmt_run(s, e);
}
