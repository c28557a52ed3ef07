/* engine_rows.h - what a database would hold of what the engine reports. */
#ifndef TESTS_UNIT_ENGINE_ROWS_H
#define TESTS_UNIT_ENGINE_ROWS_H

#include "tests/unit/sim_world.h"
#include "worker/trade/order.h"

#define KEPT_TEXT 256

struct rows {			/* what a database would hold */
	struct order *orders;	/* newest row of each order id (index id - 1), without legs */
	size_t orders_n;
	struct kept_leg { struct leg leg; int64_t order_id, bot_id; } *legs;	/* by id - 1 */
	size_t legs_n;
	struct kept_fill { struct fill_report f; int64_t order_id; char leg[CLIENT_ORDER_ID_MAX];
			   enum leg_kind kind; } *fills;
	size_t fills_n;
	struct signal_report *signals;	/* by id - 1 */
	size_t signals_n, signal_rows;
	struct kept_status { struct status_report s; char event[24], reason[KEPT_TEXT], by[24]; }
		*statuses;
	size_t statuses_n;
	struct day_stats stats[WORLD_ACCOUNTS];	/* newest, by bot id */
	struct bot_report bots[WORLD_ACCOUNTS];
	size_t bot_rows;
	struct equity_report *equities;
	size_t equities_n;
	char (*notices)[KEPT_TEXT];
	size_t notices_n;
	size_t candles;
	struct candle candle;	/* the newest */
	void (*on_candle)(void *ctx, const struct candle_report *c);	/* a test may listen */
	void *candle_ctx;
	void (*on_closed)(void *ctx, const struct order *o);	/* a test may listen */
	void *ctx;
};

/* Room for one more; capacities are powers of two. */
#define GROW(array, n)                                                            \
	do {                                                                      \
		if (((n) & ((n) - 1)) == 0)                                       \
			(array) = xrealloc(array, ((n) ? 2 * (n) : 1) * sizeof(*(array))); \
	} while (0)

HELPER size_t capacity(size_t n)
{
	size_t c = 1;

	while (c < n)
		c *= 2;
	return c;
}

HELPER void rows_order(void *ctx, const struct order *o)
{
	struct rows *r = ctx;

	assert_true(o->id >= 1 && o->id <= (int64_t)r->orders_n + 1);
	if (o->id > (int64_t)r->orders_n) {
		GROW(r->orders, r->orders_n);
		r->orders_n++;
	}
	memset(&r->orders[o->id - 1], 0, sizeof(*o));
	memcpy(&r->orders[o->id - 1], o, ORDER_HEAD_SIZE);
	if (o->status == ORDER_CLOSED && r->on_closed)
		r->on_closed(r->ctx, o);
}

HELPER void rows_leg(void *ctx, const struct order *o, const struct leg *l)
{
	struct rows *r = ctx;

	assert_true(l->id >= 1 && l->id <= (int64_t)r->legs_n + 1);
	if (l->id > (int64_t)r->legs_n) {
		for (size_t i = 0; i < r->legs_n; i++)	/* never twice */
			assert_string_not_equal(r->legs[i].leg.client_order_id, l->client_order_id);
		GROW(r->legs, r->legs_n);
		r->legs_n++;
	}
	r->legs[l->id - 1].leg = *l;
	r->legs[l->id - 1].order_id = o->id;
	r->legs[l->id - 1].bot_id = o->bot_id;
}

HELPER void rows_fill(void *ctx, const struct fill_report *f)
{
	struct rows *r = ctx;
	struct kept_fill *k;

	assert_int_equal(f->id, r->fills_n + 1);
	GROW(r->fills, r->fills_n);
	k = &r->fills[r->fills_n++];
	k->f = *f;
	k->order_id = f->order->id;
	k->kind = f->leg->kind;
	memcpy(k->leg, f->leg->client_order_id, sizeof(k->leg));
}

HELPER void rows_signal(void *ctx, const struct signal_report *s)
{
	struct rows *r = ctx;

	assert_true(s->id >= 1 && s->id <= (int64_t)r->signals_n + 1);
	if (s->id > (int64_t)r->signals_n) {
		GROW(r->signals, r->signals_n);
		r->signals_n++;
	}
	r->signals[s->id - 1] = *s;
	r->signal_rows++;
}

HELPER void rows_status(void *ctx, const struct status_report *s)
{
	struct rows *r = ctx;
	struct kept_status *k;

	GROW(r->statuses, r->statuses_n);
	k = &r->statuses[r->statuses_n++];
	k->s = *s;
	snprintf(k->event, sizeof(k->event), "%s", s->event);
	snprintf(k->reason, sizeof(k->reason), "%s", s->reason);
	snprintf(k->by, sizeof(k->by), "%s", s->requested_by);
}

HELPER void rows_stats(void *ctx, const struct day_stats *s, const struct day_stats *trade)
{
	assert_int_equal(trade->trades, 1);
	assert_string_equal(trade->day, s->day);
	((struct rows *)ctx)->stats[s->bot_id] = *s;
}

HELPER void rows_bot(void *ctx, const struct bot_report *b)
{
	struct rows *r = ctx;

	r->bots[b->bot_id] = *b;
	r->bot_rows++;
}

HELPER void rows_equity(void *ctx, const struct equity_report *q)
{
	struct rows *r = ctx;

	GROW(r->equities, r->equities_n);
	r->equities[r->equities_n++] = *q;
}

HELPER void rows_candle(void *ctx, const struct candle_report *c)
{
	const struct rows *r = ctx;

	if (r->on_candle)
		r->on_candle(r->candle_ctx, c);
	((struct rows *)ctx)->candles++;
	((struct rows *)ctx)->candle = *c->candle;
}

HELPER void rows_notice(void *ctx, int64_t bot_id, const char *correlation_id, const char *text)
{
	struct rows *r = ctx;

	(void)bot_id;
	(void)correlation_id;
	GROW(r->notices, r->notices_n);
	snprintf(r->notices[r->notices_n++], KEPT_TEXT, "%s", text);
}

HELPER struct reporter rows_reporter(struct rows *r)
{
	return (struct reporter){
		.ctx = r, .order = rows_order, .leg = rows_leg, .fill = rows_fill,
		.signal = rows_signal, .status = rows_status, .stats = rows_stats, .bot = rows_bot,
		.equity = rows_equity, .candle = rows_candle, .notice = rows_notice,
	};
}

HELPER void rows_free(struct rows *r)
{
	free(r->orders);
	free(r->legs);
	free(r->fills);
	free(r->signals);
	free(r->statuses);
	free(r->equities);
	free(r->notices);
}

/* The newest order, or of an id. */
HELPER const struct order *rows_last(const struct rows *r)
{
	assert_true(r->orders_n > 0);
	return &r->orders[r->orders_n - 1];
}

/* The newest leg of a kind, of an order; NULL when there is none. */
HELPER const struct leg *rows_find_leg(const struct rows *r, int64_t order_id, enum leg_kind kind)
{
	for (size_t i = r->legs_n; i-- > 0;)
		if (r->legs[i].order_id == order_id && r->legs[i].leg.kind == kind)
			return &r->legs[i].leg;
	return NULL;
}

HELPER size_t rows_count_legs(const struct rows *r, int64_t order_id, enum leg_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < r->legs_n; i++)
		n += r->legs[i].order_id == order_id && r->legs[i].leg.kind == kind;
	return n;
}

#endif
