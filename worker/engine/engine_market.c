#include "worker/engine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAG_STEP_US INT64_C(100000)	/* a lag that falls by more brings deadlines forward */

struct market *engine_market_add(struct engine *e, const struct symbol_info *info)
{
	struct market *m = engine_market(e, info->source, info->symbol);

	if (m)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->info = *info;
	m->handle = e->args.venue->ops->market_add(e->args.venue, info);
	m->close_us = NEVER;
	e->markets = xrealloc(e->markets, (e->markets_n + 1) * sizeof(e->markets[0]));
	e->markets[e->markets_n++] = m;
	return m;
}

struct market *engine_market(struct engine *e, const char *source, const char *symbol)
{
	for (size_t i = 0; i < e->markets_n; i++)
		if (strcmp(e->markets[i]->info.source, source) == 0 &&
		    strcmp(e->markets[i]->info.symbol, symbol) == 0)
			return e->markets[i];
	return NULL;
}

struct market *engine_market_at(const struct engine *e, size_t index)
{
	return index < e->markets_n ? e->markets[index] : NULL;
}

const char *market_interval(const struct market *m, size_t index)
{
	return index < m->series_n ? m->series[index]->interval : NULL;
}

int market_handle(const struct market *m) { return m->handle; }

size_t market_look_back(const struct market *m, size_t index)
{
	size_t look_back = m->series[index]->look_back;

	return look_back > CANDLE_WINDOW ? look_back : CANDLE_WINDOW;
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

void series_keep(struct series *s, size_t look_back, size_t ahead)
{
	if (look_back > s->look_back)
		s->look_back = look_back;
	window_keep(&s->window, look_back + ahead);
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
	for (size_t i = 0; i < m->series_n; i++) {
		window_fini(&m->series[i]->window);
		free(m->series[i]);
	}
	free(m->bots);
	free(m);
}

static void series_push(struct series *s, const struct candle *c)
{
	if (s->window.n == 0 || c->open_us != s->window.last_open_us + s->length_us)
		s->since_us = c->open_us;
	window_work_clear(&s->work);
	window_push(&s->window, c, s->length_us);
}

static void candle_tell(const struct reporter *r, const struct market *m, const struct series *s,
			const struct candle *c)
{
	const struct candle_report report = {
		.source = m->info.source, .symbol = m->info.symbol, .interval = s->interval,
		.length_us = s->length_us, .since_us = s->since_us, .candle = c,
	};

	r->candle(r->ctx, &report);
}

static void decide(struct engine *e, struct bot *b)
{
	struct step s = engine_step(e, b, e->now_us);

	bot_decide(&s, b);
	engine_step_maybe(e, b);
}

/*
 * Decides the waiting candles whose inputs have come. Without act (warm-up) it only takes them
 * off the list, because they were decided before a restart or are older than the bot. Candles
 * that still wait are decided when bots act.
 */
static void decide_ready(struct engine *e, struct bot *b, bool act)
{
	while (bot_inputs_ready(b))
		if (act)
			decide(e, b);
}

/* A candle of the bot's own symbol and interval closed. */
static void own_closed(struct engine *e, struct bot *b, bool act)
{
	if (b->inputs_n) {
		bot_inputs_wait(b);
		decide_ready(e, b, act);
	} else if (act) {
		decide(e, b);
	}
}

/*
 * Adds closed candles to their window one by one, and lets the bots decide after each, because
 * a strategy must see each candle with the window as it was at its close.
 */
static void candles_closed(struct engine *e, struct market *m, struct series *s, size_t n, bool act)
{
	const struct reporter *r = &e->args.reporter;

	for (size_t i = 0; i < n; i++) {
		const struct candle *c = &e->closed[i];

		series_push(s, c);
		if (r->candle && (act || e->warm == WARM_NEW))
			candle_tell(r, m, s, c);
		for (size_t k = 0; k < m->bots_n; k++)
			if (m->bots[k]->series == s)
				own_closed(e, m->bots[k], act);
		for (size_t k = 0; s->is_input && k < e->bots_n; k++)
			decide_ready(e, e->bots[k], act);
	}
}

static void series_reset(struct series *s)
{
	candle_builder_reset(&s->builder);
	window_clear(&s->window);
	window_work_clear(&s->work);
}

/*
 * ---- candles close by the exchange's clock ----
 *
 * Trades and the market's times say how late it is at the exchange, and close candles
 * (candle.h). In a silence neither comes, but strategies decide on silent candles too. So our
 * clock closes them: at their due time by the exchange's clock (candle_due_us) plus the lag,
 * which is our clock minus the exchange's at the newest time that it told.
 *
 * market.close_us and engine.close_us keep the earliest such time, so that an event costs one
 * comparison. If the lag grows, the time kept is too early: nothing closes then, and it is
 * computed anew. If the lag falls, the time kept is too late, so market_lag() brings it forward;
 * below LAG_STEP_US it doesn't, because a jitter of milliseconds is not worth the work.
 */

/* When our clock closes the open candle, if no event does. */
static int64_t series_close_us(const struct market *m, const struct series *s)
{
	int64_t due_us = candle_due_us(&s->builder);

	return due_us == INT64_MAX ? NEVER : due_us + m->lag_us;
}

/* A candle is to be closed at close_us: brings the deadlines forward to it. */
static void market_due(struct engine *e, struct market *m, int64_t close_us)
{
	if (close_us < m->close_us)
		m->close_us = close_us;
	if (close_us < e->close_us)
		e->close_us = close_us;
	if (close_us < e->due_us && e->warm != WARM_NEW)
		e->due_us = close_us;
}

/* Measures how far our clock is ahead of the exchange's. */
static void market_lag(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us)
{
	int64_t before_us = m->lag_us;

	m->lag_us = now_us - exchange_us;
	if (m->lag_us >= before_us - LAG_STEP_US)
		return;
	for (size_t i = 0; i < m->series_n; i++)
		market_due(e, m, series_close_us(m, m->series[i]));
}

/*
 * Closes the candles of a series that are due at at_us; returns when it is due again. After a
 * long silence (until_us is far ahead) it waits for late_us and closes all until then at once,
 * so that the work is bounded by CANDLES_AT_ONCE.
 */
static int64_t series_close(struct engine *e, struct market *m, struct series *s, int64_t at_us,
			    int64_t until_us, bool act)
{
	int64_t late_us = until_us - CANDLES_AT_ONCE * s->length_us;
	int64_t close_us = series_close_us(m, s);

	if (close_us > at_us)
		return close_us;
	if (at_us < late_us)
		return late_us;
	candles_closed(e, m, s, candle_advance(&s->builder, at_us - m->lag_us, e->closed,
					       CANDLES_AT_ONCE), act);
	return series_close_us(m, s);
}

static void market_close(struct engine *e, struct market *m, int64_t at_us, int64_t until_us,
			 bool act)
{
	m->close_us = NEVER;
	for (size_t i = 0; i < m->series_n; i++) {
		int64_t next_us = series_close(e, m, m->series[i], at_us, until_us, act);

		if (next_us < m->close_us)
			m->close_us = next_us;
	}
}

void markets_close(struct engine *e, int64_t at_us, int64_t until_us, bool act)
{
	e->close_us = NEVER;
	for (size_t i = 0; i < e->markets_n; i++) {
		struct market *m = e->markets[i];

		if (m->close_us <= at_us)
			market_close(e, m, at_us, until_us, act);
		if (m->close_us < e->close_us)
			e->close_us = m->close_us;
	}
}

void markets_warm(struct engine *e, int64_t now_us)
{
	while (e->close_us <= now_us)
		markets_close(e, e->close_us, now_us, false);
}

static void series_trade(struct engine *e, struct market *m, struct series *s,
			 const struct trade *t, int64_t now_us, bool act)
{
	bool begun = s->builder.begun;
	size_t n = 0;

	ASSERT(candle_add(&s->builder, t, e->closed, CANDLES_AT_ONCE, &n) == 0);
	if (n == 0 && begun)
		return;
	market_lag(e, m, t->time_us, now_us);
	if (!begun)
		market_due(e, m, series_close_us(m, s));
	candles_closed(e, m, s, n, act);
}

static void series_time(struct engine *e, struct market *m, struct series *s, int64_t exchange_us,
			bool act)
{
	candles_closed(e, m, s, candle_advance(&s->builder, exchange_us, e->closed,
					       CANDLES_AT_ONCE), act);
}

/* ---- market events ---- */

/* Since when the silence until now is longer than STALE_FEED_MS; 0: it is not. */
static int64_t too_long_since(const struct engine *e, const struct market *m, int64_t now_us)
{
	int64_t limit = e->args.limits.stale_feed_us;

	if (m->stale_us)
		return m->stale_from_us;
	return limit && m->event_us && now_us - m->event_us > limit ? m->event_us + limit : 0;
}

/*
 * An event came. If the silence before it was too long, the best prices are older than it, so
 * the market stays stale (stale_us) and entries wait until a new book comes.
 */
static void heard(const struct engine *e, struct market *m, int64_t now_us)
{
	int64_t limit = e->args.limits.stale_feed_us;

	if (limit && m->event_us && now_us - m->event_us > limit) {
		if (!m->stale_us)
			m->stale_from_us = m->event_us + limit;
		m->stale_us = now_us - m->event_us;
	}
	m->event_us = now_us;
}

/* False: values that no trade has. candle_add() would abort on them. */
static bool trade_usable(const struct trade *t)
{
	return price_sign(t->price) > 0 && qty_sign(t->qty) >= 0 && t->time_us >= 0;
}

/* Not inline, because it is rare. */
__attribute__((noinline)) static void watch_stops(struct engine *e, struct bot *b)
{
	struct step s = engine_step(e, b, e->now_us);

	bot_watch_stops(&s, b);
	engine_step_maybe(e, b);
}

/* Warm-up: the engine's time stands still. Not inline, because it is rare. */
__attribute__((noinline)) static int64_t warm_begin(struct engine *e, int64_t now_us)
{
	markets_warm(e, now_us);
	return now_us;
}

/* A market event begins: fires what was due before it. Returns the event's time. */
static inline int64_t event_begin(struct engine *e, int64_t now_us)
{
	if (e->warm != WARM_NONE)
		return warm_begin(e, now_us);
	engine_advance(e, now_us);
	return e->now_us;
}

void engine_trade(struct engine *e, struct market *m, const struct trade *t, int64_t now_us)
{
	struct venue *v = e->args.venue;
	int64_t p = price_units(t->price), at_us = event_begin(e, now_us);
	bool act = e->warm == WARM_NONE;

	if (!trade_usable(t))
		return;
	m->last = t->price;
	heard(e, m, at_us);
	v->ops->on_trade(v, m->handle, t, at_us);
	for (size_t i = 0; act && i < m->bots_n; i++)
		if (p <= m->bots[i]->quiet_low || p >= m->bots[i]->quiet_high)
			watch_stops(e, m->bots[i]);
	for (size_t i = 0; i < m->series_n; i++)
		series_trade(e, m, m->series[i], t, at_us, act);
}

static void take_book(const struct engine *e, struct market *m, const struct book_top *b,
		      int64_t now_us)
{
	m->top = *b;
	heard(e, m, now_us);
	m->stale_us = 0;
}

/* The book changed: tries the closes again that wait for one. */
static void try_closes(struct engine *e, struct market *m)
{
	if (!m->closes_wait)
		return;
	m->closes_wait = false;
	for (size_t i = 0; i < m->bots_n; i++) {
		struct bot *b = m->bots[i];
		struct step s = engine_step(e, b, e->now_us);

		bot_try_closes(&s, b);
		engine_step_done(e, b);
	}
}

/* The first book after a silence: from since_us on, decisions could make no entry. */
static void decide_again(struct engine *e, struct market *m, int64_t since_us)
{
	for (size_t i = 0; i < m->bots_n; i++) {
		struct step s = engine_step(e, m->bots[i], e->now_us);

		bot_decide_again(&s, m->bots[i], since_us);
		engine_step_maybe(e, m->bots[i]);
	}
}

void engine_book(struct engine *e, struct market *m, const struct book_top *b, int64_t now_us)
{
	struct venue *v = e->args.venue;
	int64_t at_us = event_begin(e, now_us);
	int64_t since_us = too_long_since(e, m, at_us);

	take_book(e, m, b, at_us);
	v->ops->on_book(v, m->handle, b, at_us);
	if (e->warm != WARM_NONE)
		return;
	try_closes(e, m);
	if (since_us)
		decide_again(e, m, since_us);
}

void engine_market_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us)
{
	struct venue *v = e->args.venue;
	int64_t at_us = event_begin(e, now_us);

	heard(e, m, at_us);
	v->ops->on_time(v, m->handle, at_us);
	market_lag(e, m, exchange_us, at_us);
	for (size_t i = 0; i < m->series_n; i++)
		series_time(e, m, m->series[i], exchange_us, e->warm == WARM_NONE);
}

/* Frames are missing: neither the book nor the candles can be trusted. */
static void market_gap(struct market *m)
{
	memset(&m->top, 0, sizeof(m->top));
	for (size_t i = 0; i < m->series_n; i++)
		series_reset(m->series[i]);
}

void engine_gap(struct engine *e, struct market *m, int64_t now_us)
{
	struct venue *v = e->args.venue;

	if (e->now_us == 0 && e->warm == WARM_NONE)
		e->now_us = now_us;
	/* First, because a candle that our clock closes now would lack the missed trades. */
	market_gap(m);
	/* The venue gets an empty book. */
	v->ops->on_book(v, m->handle, &m->top, e->warm == WARM_NONE ? e->now_us : now_us);
}

void engine_book_valid(struct engine *e, struct market *m, bool valid, int64_t now_us)
{
	struct venue *v = e->args.venue;
	int64_t at_us = event_begin(e, now_us);

	m->depth_invalid = !valid;
	v->ops->on_book_valid(v, m->handle, valid, at_us);
	if (e->warm == WARM_NONE)
		try_closes(e, m);
}

void engine_clock_drift(struct engine *e, int64_t drift_us)
{
	e->all.drift_us = drift_us;
}

void engine_disk_full(struct engine *e, bool full)
{
	e->all.disk_full = full;
}

/* ---- warm-up ---- */

void engine_warm(struct engine *e, enum warm_up w)
{
	struct venue *v = e->args.venue;

	e->warm = w;
	v->ops->warm(v, w != WARM_NONE);
	if (w == WARM_NONE && e->close_us < e->due_us)
		e->due_us = e->close_us;
}

void engine_warm_candles(struct engine *e, struct market *m, const char *interval,
			 const struct candle *list, size_t n, int64_t since_us)
{
	struct series *s = market_series(m, interval);

	ASSERT(s && n > 0 && !s->builder.heard);
	for (size_t i = 0; i < n; i++)
		series_push(s, &list[i]);
	s->since_us = since_us;
	candle_builder_follow(&s->builder, &list[n - 1]);
	market_due(e, m, series_close_us(m, s));
}

/*
 * Late trades of the series that has most: a trade that is too late for a short candle may be
 * in time for a longer one, so the sum would count it more than once.
 */
static uint64_t market_late(const struct market *m)
{
	uint64_t most = 0;

	for (size_t i = 0; i < m->series_n; i++) {
		const struct candle_builder *b = &m->series[i]->builder;

		if (b->late_merged + b->late_dropped > most)
			most = b->late_merged + b->late_dropped;
	}
	return most;
}

uint64_t engine_trades_late(const struct engine *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < e->markets_n; i++)
		sum += market_late(e->markets[i]);
	return sum;
}
