/*
 * orders.h - the worker's side of trading_orders, exchange_orders and fills.
 */
#ifndef WORKER_STORE_ORDERS_H
#define WORKER_STORE_ORDERS_H

#include "common/db/db.h"
#include "worker/trade/order.h"

/* Inserts or updates the row of o, without its legs. */
MUST_CHECK int store_order_tx(struct db *db, const struct order *o, const char *mode,
			      struct err *e);

struct leg_row {
	struct leg leg;
	int64_t order_id, bot_id, account_id;
	char symbol[SYMBOL_MAX];
};
MUST_CHECK int store_leg_tx(struct db *db, const struct leg_row *r, const char *venue,
			    struct err *e);

struct fill_row {
	int64_t id, order_id, bot_id, account_id, trade_id, at_us;
	char client_order_id[CLIENT_ORDER_ID_MAX], symbol[SYMBOL_MAX], fee_asset[12];
	enum side side;
	struct price price;
	struct qty quantity;
	struct money fee;		/* of fee_asset */
	bool maker;
};
struct move_row {
	struct order_event move;	/* its order is not looked at */
	int64_t order_id, bot_id;
};
MUST_CHECK int store_move_tx(struct db *db, const struct move_row *r, struct err *e);
MUST_CHECK int store_fill_tx(struct db *db, const struct fill_row *r, const char *venue,
			     struct err *e);

/* Every order that is not closed, oldest first, with its live legs and leg counts. */
typedef int order_each(void *ctx, const struct order *o, struct err *e);
MUST_CHECK int store_open_orders(struct db *db, order_each *each, void *ctx, struct err *e);
/*
 * Bots other than bot_id with an open order or position, as text ("2, 3", cut to size); "" when
 * there are none. A remainder that is too small to be sold does not count.
 */
MUST_CHECK int store_open_others(struct db *db, int64_t bot_id, char *out, size_t size,
				 struct err *e);
/* How many orders of a bot are not closed. */
MUST_CHECK int store_open_count(struct db *db, int64_t bot_id, int64_t *n, struct err *e);

/*
 * Next free ids: one over the highest in use; for orders at least the counter "order", which a
 * restore sets above all ids that the exchange may have seen (backup.h).
 */
MUST_CHECK int store_next_ids(struct db *db, struct next_ids *out, struct err *e);
/* When a bot's newest orders were sent to the venue (entries, exits, all), at most max. */
MUST_CHECK int store_sent_times(struct db *db, int64_t bot_id, int64_t *out, size_t max,
				size_t *n, struct err *e);
/* When the bot's newest order was made; 0 never. */
MUST_CHECK int store_last_entry(struct db *db, int64_t bot_id, int64_t *out, struct err *e);
/* Legs of a bot's newest closed orders, newest orders first, at most max. */
MUST_CHECK int store_ended_legs(struct db *db, int64_t bot_id, struct ended_leg *out, size_t max,
				size_t *n, struct err *e);

#endif
