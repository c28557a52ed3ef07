/*
 * push_source.h - publishes the database's changes since the last look to the hub, and makes
 * snapshots.
 *
 * Only followed topics cost anything. A look costs one query per topic, which reads open and
 * new rows by index or one row per bot, never the whole history. A row is published when its
 * mark (push_rows.h) differs from the last look's.
 *
 *	status	   the bot's status; {"bot_id","deleted":true}
 *	price	   {"bot_id","symbol","price","equity","updated"}
 *	order	   the order, until and with its close
 *	position   the position; {"order","bot_id","closed":true} when it holds nothing
 *	signal, log  each new row; a signal that only repeats is not sent again
 *	stats	   today's totals of a bot
 *	job	   the job, until and with its end
 */
#ifndef API_PUSH_PUSH_SOURCE_H
#define API_PUSH_PUSH_SOURCE_H

#include "api/push/push.h"
#include "common/db/db.h"

#define PUSH_ROWS_MAX 100	/* changes of a topic per look, so that none takes long */
#define PUSH_LOOK_US 2000	/* of one call; with 1,000 bots each topic takes a millisecond */
#define PUSH_SNAPSHOT_SIGNALS 50
#define PUSH_SNAPSHOT_JOBS 20
#define PUSH_SNAPSHOT_LOGS 100

struct push_source;

struct push_source *push_source_new(struct push *p);
void push_source_free(struct push_source *s);

/* The topics that are followed. */
unsigned push_source_topics(const struct push_source *s);
/* Begins to follow these topics. The rows that exist now are not published as changes. */
MUST_CHECK int push_source_follow(struct push_source *s, struct db *db, unsigned topics,
				  struct err *e);
/* Stops following; a client that comes back later needs a snapshot. */
void push_source_forget(struct push_source *s, unsigned topics);
/*
 * Publishes the changes of those of these topics that are followed. *more: there are more
 * changes than one look publishes, and the next look goes on with them. *left: topics that
 * did not fit into PUSH_LOOK_US; call again for them after the loop's other work. A topic
 * that can't be read waits for the next look; the other topics are looked at all the same.
 */
MUST_CHECK int push_source_look(struct push_source *s, struct db *db, unsigned topics,
				bool *more, unsigned *left, struct err *e);
/*
 * What the topic holds now: {"bots": [...]}, {"prices"}, {"orders"} (open ones),
 * {"positions"}, {"signals"}, {"stats"}, {"jobs"}, {"logs"} (the newest, oldest
 * first). bot_id 0: of all bots. Shared between callers until something changes.
 * The caller's reference.
 */
MUST_CHECK int push_source_snapshot(struct push_source *s, struct db *db, enum push_topic t,
				    int64_t bot_id, struct push_message **out, struct err *e);

#endif
