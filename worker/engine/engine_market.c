#include "worker/engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_MOST_US INT64_C(3600000000)	/* of our clock, that a market's time is believed */

struct market *engine_market_add(struct engine *e, const struct symbol_info *info)
{
	struct market *m = engine_market(e, info->symbol, info->futures);

	if (m)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->info = *info;
	e->markets = xrealloc(e->markets, (e->markets_n + 1) * sizeof(e->markets[0]));
	e->markets[e->markets_n++] = m;
	return m;
}

struct market *engine_market(struct engine *e, const char *symbol, bool futures)
{
	for (size_t i = 0; i < e->markets_n; i++)
		if (e->markets[i]->info.futures == futures &&
		    strcmp(e->markets[i]->info.symbol, symbol) == 0)
			return e->markets[i];
	return NULL;
}

const struct symbol_info *market_info(const struct market *m) { return &m->info; }
struct price market_last(const struct market *m) { return m->last; }
struct book_top market_top(const struct market *m) { return m->top; }

struct series *market_series(struct market *m, const char *interval)
{
	int64_t length = candle_interval_us(interval);
	struct series *s;

	for (size_t i = 0; i < m->series_n; i++)
		if (strcmp(m->series[i]->interval, interval) == 0)
			return m->series[i];
	if (!length || m->series_n == SERIES_MAX)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	snprintf(s->interval, sizeof(s->interval), "%s", interval);
	s->length_us = length;
	candle_builder_init(&s->builder, length);
	m->series[m->series_n++] = s;
	return s;
}

void market_leave(struct market *m, const struct bot *b)
{
	for (size_t i = 0; i < m->bots_n; i++) {
		if (m->bots[i] == b) {
			memmove(&m->bots[i], &m->bots[i + 1],
				(m->bots_n - i - 1) * sizeof(m->bots[0]));
			m->bots_n--;
			return;
		}
	}
}

void market_join(struct market *m, struct bot *b)
{
	size_t i = m->bots_n;

	m->bots = xrealloc(m->bots, (m->bots_n + 1) * sizeof(m->bots[0]));
	for (; i > 0 && m->bots[i - 1]->id > b->id; i--)
		m->bots[i] = m->bots[i - 1];
	m->bots[i] = b;
	m->bots_n++;
}

void market_free(struct market *m)
{
	for (size_t i = 0; i < m->series_n; i++)
		free(m->series[i]);
	free(m->bots);
	free(m);
}

static void candles_closed(struct engine *e, struct market *m, struct series *s, size_t n, bool act)
{
	const struct reporter *r = &e->args.reporter;
	const struct candle *c = e->closed;

	if (n)
		window_work_clear(&s->work);
	for (size_t i = 0; i < n; i++) {
		window_push(&s->window, &c[i], s->length_us);
		if (act && r->candle)
			r->candle(r->ctx, m->info.symbol, s->interval, &c[i]);
	}
	if (!act || n == 0)
		return;
	for (size_t i = 0; i < m->bots_n; i++)
		if (m->bots[i]->series == s)
			bot_decide(m->bots[i], e->now_us);
}

static void series_reset(struct series *s)
{
	candle_builder_reset(&s->builder);
	window_clear(&s->window);
	window_work_clear(&s->work);
}

static void series_trade(struct engine *e, struct market *m, struct series *s,
			 const struct trade *t, bool act)
{
	size_t n = 0;

	if (candle_add(&s->builder, t, e->closed, CANDLES_AT_ONCE, &n)) {
		series_reset(s);
		ASSERT(candle_add(&s->builder, t, e->closed, CANDLES_AT_ONCE, &n) == 0);
	}
	if (n)
		candles_closed(e, m, s, n, act);
}

static void series_time(struct engine *e, struct market *m, struct series *s, int64_t exchange_us,
			bool act)
{
	size_t n = 0;

	if (candle_advance(&s->builder, exchange_us, e->closed, CANDLES_AT_ONCE, &n))
		series_reset(s);
	else if (n)
		candles_closed(e, m, s, n, act);
}

/*
 * A wrong time may come with a good price: candles would wait for it to come true, and
 * drop every trade until then.
 */
static bool time_usable(int64_t exchange_us, int64_t now_us)
{
	return exchange_us <= now_us + AHEAD_MOST_US;
}

/* After a silence the book is old until a new one comes: entries wait for it. */
static void heard(const struct engine *e, struct market *m, int64_t now_us)
{
	int64_t limit = e->args.limits.stale_feed_us;

	if (limit && m->event_us && now_us - m->event_us > limit)
		m->stale_us = now_us - m->event_us;
	m->event_us = now_us;
}

/* A feed must not be able to end the worker with a trade that is none. */
static bool trade_usable(const struct trade *t)
{
	return price_sign(t->price) > 0 && qty_sign(t->qty) >= 0 && t->time_us >= 0;
}

void engine_trade(struct engine *e, struct market *m, const struct trade *t, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	if (!trade_usable(t))
		return;
	m->last = t->price;
	heard(e, m, e->now_us);
	v->ops->on_trade(v, &m->info, t, e->now_us);
	for (size_t i = 0; i < m->bots_n; i++)
		if (m->bots[i]->orders_n)
			bot_watch_stops(m->bots[i], t->price, e->now_us);
	for (size_t i = 0; i < m->series_n && time_usable(t->time_us, e->now_us); i++)
		series_trade(e, m, m->series[i], t, true);
}

/* Closes that waited for a book: once more, now that there is news of it. */
static void try_closes(struct engine *e, struct market *m)
{
	if (!m->closes_wait)
		return;
	m->closes_wait = false;
	for (size_t i = 0; i < m->bots_n; i++)
		if (m->bots[i]->orders_n)
			bot_try_closes(m->bots[i], e->now_us);
}

void engine_book(struct engine *e, struct market *m, const struct book_top *b, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	engine_warm_book(e, m, b, e->now_us);
	v->ops->on_book(v, &m->info, b, e->now_us);
	try_closes(e, m);
}

void engine_market_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	heard(e, m, e->now_us);
	v->ops->on_time(v, &m->info, e->now_us);
	for (size_t i = 0; i < m->series_n && time_usable(exchange_us, e->now_us); i++)
		series_time(e, m, m->series[i], exchange_us, true);
}

void engine_gap(struct engine *e, struct market *m, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	engine_warm_gap(e, m);
	v->ops->on_book(v, &m->info, &m->top, e->now_us); /* no side has orders */
}

void engine_book_valid(struct engine *e, struct market *m, bool valid, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	m->depth_invalid = !valid;
	v->ops->on_book_valid(v, &m->info, valid, e->now_us);
	try_closes(e, m);
}

void engine_clock_drift(struct engine *e, int64_t drift_us)
{
	e->drift_us = drift_us;
}

void engine_warm_trade(struct engine *e, struct market *m, const struct trade *t, int64_t now_us)
{
	if (!trade_usable(t))
		return;
	m->last = t->price;
	heard(e, m, now_us);
	for (size_t i = 0; i < m->series_n && time_usable(t->time_us, now_us); i++)
		series_trade(e, m, m->series[i], t, false);
}

void engine_warm_book(struct engine *e, struct market *m, const struct book_top *b,
		      int64_t now_us)
{
	m->top = *b;
	heard(e, m, now_us);
	m->stale_us = 0;
}

void engine_warm_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us)
{
	heard(e, m, now_us);
	for (size_t i = 0; i < m->series_n && time_usable(exchange_us, now_us); i++)
		series_time(e, m, m->series[i], exchange_us, false);
}

void engine_warm_gap(struct engine *e, struct market *m)
{
	(void)e;
	memset(&m->top, 0, sizeof(m->top));
	for (size_t i = 0; i < m->series_n; i++)
		series_reset(m->series[i]);
}

void engine_warm_book_valid(struct engine *e, struct market *m, bool valid)
{
	(void)e;
	m->depth_invalid = !valid;
}
