/*
 * push_rows.h - the SQL of live push: the current rows with a mark that shows changes, the
 * newest rows, and one row as JSON.
 *
 * Ids of rows: status, price and stats: bots.id; order: trading_orders.id * 2 or
 * reported_orders.id * 2 + 1; position: trading_orders.id; signal, job and log: the row's id.
 */
#ifndef API_PUSH_PUSH_ROWS_H
#define API_PUSH_PUSH_ROWS_H

#include "api/push/push.h"
#include "api/push/push_seen.h"
#include "common/db/db.h"
#include "common/json.h"

struct store_push_look {
	int64_t now_us;
	/*
	 * order, signal, job, log: rows with a larger number than these come as well
	 * as the open ones; [1] is for reported orders.
	 */
	int64_t after[2];
	int64_t limit;		/* signal, log: rows at most */
};

/* Adds the rows to out, by ascending id. All but signals and logs have marks. */
MUST_CHECK int store_push_rows(struct db *db, enum push_topic t, const struct store_push_look *x,
			       struct push_rows *out, struct err *e);
/* The newest "limit" rows of signal (bot_id 0: of all bots), job or log, by ascending id. */
MUST_CHECK int store_push_newest(struct db *db, enum push_topic t, int64_t bot_id, int64_t limit,
				 struct push_rows *out, struct err *e);
/* The largest numbers in use, as store_push_look.after has them. */
MUST_CHECK int store_push_last(struct db *db, enum push_topic t, int64_t after[2],
			       struct err *e);
/* The members of one row into an open object. ERR_NOT_FOUND: it is gone. */
MUST_CHECK int store_push_json(struct db *db, enum push_topic t, int64_t id, int64_t now_us,
			       struct json *j, struct err *e);

#endif
