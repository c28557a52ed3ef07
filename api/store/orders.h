/*
 * orders.h - orders as the API lists them: trading_orders of our worker and reported_orders
 * of outside bots in one list; the member "source" distinguishes them.
 */
#ifndef API_STORE_ORDERS_H
#define API_STORE_ORDERS_H

#include "api/store/rows.h"
#include "common/db/db.h"

#include <stdint.h>

/* What its rows show, in the order of the statements' columns; for OpenAPI. */
extern const struct column store_orders_columns[];

/* Pending and active orders, newest first; a page's place is a pair (rows.h). */
MUST_CHECK int store_orders_active(struct db *db, int64_t bot_id, struct page *p, struct json *j,
				   struct err *e);

struct order_filter {
	int64_t from_us, to_us;		/* of closing; from inclusive, to exclusive */
	const char *symbol, *reason;	/* NULL: all */
};
/* Closed orders, last closed first; a page's place is a pair (rows.h). */
MUST_CHECK int store_orders_history(struct db *db, int64_t bot_id, const struct order_filter *f,
				    struct page *p, struct json *j, struct err *e);

/* A report. NULL texts, and numbers whose flag is false, leave the stored value as it is. */
struct order_report {
	const char *order_id, *symbol, *side, *status, *close_reason;
	struct { bool given; double value; } entry_price, exit_price, take_profit, stop_loss,
		quantity, pnl, fees, confidence;
	int64_t created_us, closed_us;	/* 0 not given */
};
/* Inserts or updates the row of (bot, order_id); *created tells which; *id is its number. */
MUST_CHECK int store_orders_report_tx(struct db *db, int64_t bot_id, const struct order_report *o,
				      int64_t now_us, int64_t *id, bool *created, struct err *e);
/* Times of a reported order, 0 none. */
MUST_CHECK int store_orders_reported_times(struct db *db, int64_t id, int64_t *created_us,
					   int64_t *closed_us, struct err *e);
/* One order's members: of our worker, and reported. */
MUST_CHECK int store_orders_get(struct db *db, int64_t id, struct json *j, struct err *e);
MUST_CHECK int store_orders_reported(struct db *db, int64_t id, struct json *j, struct err *e);

/*
 * Stores the answer "confirm" or "reject" to a question of the worker (table confirmations).
 * ERR_NOT_FOUND: there is no question; ERR_CONFLICT: it was answered already, or too late.
 */
MUST_CHECK int store_orders_answer_tx(struct db *db, int64_t bot_id, int64_t order_id,
				      const char *answer, const char *by, int64_t now_us,
				      struct err *e);

#endif
