#include "worker/engine/bot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDLES_AT_ONCE 256	/* a longer silence is a gap */
#define AHEAD_MOST_US INT64_C(3600000000)	/* of our clock, that a market's time is believed */
#define SIGNAL_REPEAT_US INT64_C(60000000)

struct engine {
	struct engine_args args;
	int64_t now_us;
	int64_t due_us;			/* no bot has an earlier deadline */
	int64_t open_all;
	int64_t drift_us;
	size_t markets_n;
	struct market **markets;
	size_t bots_n;
	struct bot **bots;		/* by id, ascending */
	int64_t *dues;			/* their deadlines, side by side: looked through often */
	size_t report_at;		/* whose turn it is to be reported */
	struct candle closed[CANDLES_AT_ONCE];	/* by the newest event: too much for the stack */
};

/* ---- what bots ask of their engine ---- */

const struct reporter *engine_reporter(const struct engine *e) { return &e->args.reporter; }
const struct risk_limits *engine_limits(const struct engine *e) { return &e->args.limits; }
struct venue *engine_venue(const struct engine *e) { return e->args.venue; }
int64_t engine_take_order_id(struct engine *e) { return e->args.first_order_id++; }
int64_t engine_take_leg_id(struct engine *e) { return e->args.first_leg_id++; }
int64_t engine_take_fill_id(struct engine *e) { return e->args.first_fill_id++; }
int64_t engine_take_signal_id(struct engine *e) { return e->args.first_signal_id++; }
int64_t engine_next_fill_id(const struct engine *e) { return e->args.first_fill_id; }
int64_t engine_open_all(const struct engine *e) { return e->open_all; }
void engine_count_open(struct engine *e, int change) { e->open_all += change; }
int64_t engine_drift(const struct engine *e) { return e->drift_us; }
int64_t engine_equity_interval(const struct engine *e) { return e->args.equity_interval_us; }

int64_t engine_signal_repeat(const struct engine *e) { return e->args.signal_repeat_us; }

void engine_due(struct engine *e, const struct bot *b)
{
	e->dues[b->index] = b->due_us;
	if (b->due_us < e->due_us)
		e->due_us = b->due_us;
}

/* ---- life ---- */

struct engine *engine_new(const struct engine_args *a)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->args = *a;
	if (!e->args.signal_repeat_us)
		e->args.signal_repeat_us = SIGNAL_REPEAT_US;
	e->due_us = NEVER;
	return e;
}

static void market_free(struct market *m)
{
	for (size_t i = 0; i < m->series_n; i++)
		free(m->series[i]);
	free(m->bots);
	free(m);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->bots_n; i++)
		bot_free(e->bots[i]);
	for (size_t i = 0; i < e->markets_n; i++)
		market_free(e->markets[i]);
	free(e->bots);
	free(e->dues);
	free(e->markets);
	free(e);
}

static struct bot *find_bot(const struct engine *e, int64_t bot_id)
{
	size_t low = 0, high = e->bots_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (e->bots[mid]->id < bot_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < e->bots_n && e->bots[low]->id == bot_id ? e->bots[low] : NULL;
}

static void on_update(void *ctx, const struct venue_update *u)
{
	struct bot *b = find_bot(ctx, u->bot_id);

	if (b)
		bot_on_update(b, u);
}

struct venue_sink engine_venue_sink(struct engine *e)
{
	return (struct venue_sink){ .ctx = e, .update = on_update };
}

void engine_set_venue(struct engine *e, struct venue *v)
{
	e->args.venue = v;
}

void engine_resume_at(struct engine *e, int64_t now_us)
{
	e->now_us = now_us;
}

int64_t engine_now(const struct engine *e)
{
	return e->now_us;
}

/* ---- markets ---- */

struct market *engine_market(struct engine *e, const char *symbol)
{
	for (size_t i = 0; i < e->markets_n; i++)
		if (strcmp(e->markets[i]->info.symbol, symbol) == 0)
			return e->markets[i];
	return NULL;
}

struct market *engine_market_add(struct engine *e, const struct symbol_info *info)
{
	struct market *m = engine_market(e, info->symbol);

	if (m)
		return m;
	m = xcalloc(1, sizeof(*m));
	m->info = *info;
	e->markets = xrealloc(e->markets, (e->markets_n + 1) * sizeof(e->markets[0]));
	e->markets[e->markets_n++] = m;
	return m;
}

const struct symbol_info *market_info(const struct market *m) { return &m->info; }
struct price market_last(const struct market *m) { return m->last; }
struct book_top market_top(const struct market *m) { return m->top; }

static struct series *market_series(struct market *m, const char *interval)
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

static void market_leave(struct market *m, const struct bot *b)
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

static void market_join(struct market *m, struct bot *b)
{
	size_t i = m->bots_n;

	m->bots = xrealloc(m->bots, (m->bots_n + 1) * sizeof(m->bots[0]));
	for (; i > 0 && m->bots[i - 1]->id > b->id; i--)
		m->bots[i] = m->bots[i - 1];
	m->bots[i] = b;
	m->bots_n++;
}

/* ---- time ---- */

static void fire_bots(struct engine *e, int64_t at_us)
{
	e->due_us = NEVER;
	for (size_t i = 0; i < e->bots_n; i++) {
		if (e->dues[i] <= at_us)
			bot_timer(e->bots[i], at_us);
		if (e->dues[i] < e->due_us)
			e->due_us = e->dues[i];
	}
}

void engine_advance(struct engine *e, int64_t now_us)
{
	struct venue *v = e->args.venue;

	if (e->now_us == 0)
		e->now_us = now_us;
	for (;;) {
		int64_t venue_due = v->ops->next_due(v);
		int64_t due = venue_due <= e->due_us ? venue_due : e->due_us;

		if (due > now_us)
			break;
		if (due < e->now_us)
			due = e->now_us; /* time never goes back */
		e->now_us = due;
		if (venue_due <= e->due_us)
			v->ops->advance(v, due);
		else
			fire_bots(e, due);
	}
	if (now_us > e->now_us)
		e->now_us = now_us;
}

int64_t engine_next_due(const struct engine *e)
{
	int64_t venue_due = e->args.venue->ops->next_due(e->args.venue);

	return venue_due < e->due_us ? venue_due : e->due_us;
}

/* ---- market events ---- */

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
	v->ops->on_trade(v, m->info.symbol, t, e->now_us);
	for (size_t i = 0; i < m->bots_n; i++)
		if (m->bots[i]->orders_n)
			bot_watch_stops(m->bots[i], t->price, e->now_us);
	for (size_t i = 0; i < m->series_n && time_usable(t->time_us, e->now_us); i++)
		series_trade(e, m, m->series[i], t, true);
}

void engine_book(struct engine *e, struct market *m, const struct book_top *b, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	engine_warm_book(e, m, b, e->now_us);
	v->ops->on_book(v, m->info.symbol, b, e->now_us);
}

void engine_market_time(struct engine *e, struct market *m, int64_t exchange_us, int64_t now_us)
{
	engine_advance(e, now_us);
	heard(e, m, e->now_us);
	for (size_t i = 0; i < m->series_n && time_usable(exchange_us, e->now_us); i++)
		series_time(e, m, m->series[i], exchange_us, true);
}

void engine_gap(struct engine *e, struct market *m, int64_t now_us)
{
	struct venue *v = e->args.venue;

	engine_advance(e, now_us);
	engine_warm_gap(e, m);
	v->ops->on_book(v, m->info.symbol, &m->top, e->now_us); /* no side has orders */
}

void engine_book_valid(struct engine *e, struct market *m, bool valid, int64_t now_us)
{
	engine_advance(e, now_us);
	m->depth_invalid = !valid;
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

/* ---- bots ---- */

/* Where a config would put a bot; nothing changes on failure. */
static int locate(struct engine *e, const struct bot_config *c, struct market **m,
		  struct series **s, const struct strategy **strategy, struct err *err)
{
	*m = engine_market(e, c->symbol);
	if (!*m)
		return err_set(err, ERR_NOT_FOUND, "no market data for symbol %s", c->symbol);
	if ((*m)->info.futures != (strcmp(c->exchange, "binance_futures") == 0))
		return err_set(err, ERR_NOT_FOUND,
			       "the feed's %s is a %s market: set the bot's exchange to %s",
			       c->symbol,
			       (*m)->info.futures ? "USD-M futures" : "spot",
			       (*m)->info.futures ? "binance_futures" : "binance");
	*strategy = strategy_find(c->strategy);
	if (!*strategy)
		return err_set(err, ERR_NOT_FOUND, "there is no strategy \"%s\"", c->strategy);
	*s = market_series(*m, c->interval);
	if (!*s)
		return err_set(err, ERR_NOT_FOUND, "there is no interval \"%s\"", c->interval);
	return 0;
}

static int earlier(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void adopt(struct bot *b, const struct bot_restore *r)
{
	b->status = r->status;
	b->emergency = r->emergency;
	memcpy(b->error, r->error, sizeof(b->error));
	b->start_us = r->start_us;
	b->last_decision_us = r->last_decision_us;
	b->loss_streak = r->loss_streak;
	b->cooldown_until_us = r->cooldown_until_us;
	b->peak_equity = r->peak_equity;
	b->day_equity = r->day_equity;
	memcpy(b->day, r->day, sizeof(b->day));
	b->stats = r->stats;
	b->entries_n = r->entries_n < ENTRY_RING ? r->entries_n : ENTRY_RING;
	memcpy(b->entries_us, r->entries_us, b->entries_n * sizeof(b->entries_us[0]));
	for (size_t i = r->ended_n; i-- > 0;)
		b->ended[b->ended_n++ % ENDED_LEGS] = r->ended[i];
	/* The ring goes on with its oldest. */
	qsort(b->entries_us, b->entries_n, sizeof(b->entries_us[0]), earlier);
}

static void place_bot(struct engine *e, size_t i, struct bot *b)
{
	e->bots[i] = b;
	e->dues[i] = b->due_us;
	b->index = i;
}

static void insert_bot(struct engine *e, struct bot *b)
{
	size_t i = e->bots_n++;

	e->bots = xrealloc(e->bots, e->bots_n * sizeof(e->bots[0]));
	e->dues = xrealloc(e->dues, e->bots_n * sizeof(e->dues[0]));
	for (; i > 0 && e->bots[i - 1]->id > b->id; i--)
		place_bot(e, i, e->bots[i - 1]);
	place_bot(e, i, b);
}

int engine_bot_add(struct engine *e, int64_t bot_id, const struct bot_config *config,
		   const struct bot_restore *r, struct err *err)
{
	const struct strategy *strategy;
	struct market *m;
	struct series *s;
	struct bot *b;
	int rc;

	if (find_bot(e, bot_id))
		return err_set(err, ERR_CONFLICT, "bot %lld runs already", (long long)bot_id);
	rc = locate(e, config, &m, &s, &strategy, err);
	if (rc)
		return rc;
	b = xcalloc(1, sizeof(*b));
	b->engine = e;
	b->id = bot_id;
	b->config = *config;
	b->strategy = strategy;
	b->market = m;
	b->series = s;
	b->due_us = NEVER;
	b->dirty = true;
	b->stats.bot_id = bot_id;
	if (r)
		adopt(b, r);
	insert_bot(e, b);
	market_join(m, b);
	bot_refresh_due(b);
	return 0;
}

int engine_order_restore(struct engine *e, const struct order *o, struct err *err)
{
	struct bot *b = find_bot(e, o->bot_id);
	struct order *copy;

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "order %lld: there is no bot %lld",
			       (long long)o->id, (long long)o->bot_id);
	if (strcmp(b->market->info.symbol, o->symbol) != 0)
		return err_set(err, ERR_CONFLICT, "order %lld is on %s, but bot %lld trades %s now",
			       (long long)o->id, o->symbol, (long long)b->id,
			       b->market->info.symbol);
	copy = xcalloc(1, sizeof(*copy));
	*copy = *o;
	b->orders = xrealloc(b->orders, (b->orders_n + 1) * sizeof(b->orders[0]));
	b->orders[b->orders_n++] = copy;
	e->open_all++;
	bot_refresh_due(b);
	return 0;
}

void engine_reconcile(struct engine *e, int64_t now_us)
{
	for (size_t i = 0; i < e->bots_n; i++) {
		bot_times_back(e->bots[i], now_us);
		bot_reconcile(e->bots[i], now_us);
	}
}

int engine_bot_remove(struct engine *e, int64_t bot_id, struct err *err)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	if (b->status != BOT_STOPPED || b->orders_n)
		return err_set(err, ERR_CONFLICT, "bot %lld is %s with %zu open orders",
			       (long long)bot_id, bot_status_name(b->status), b->orders_n);
	market_leave(b->market, b);
	e->bots_n--;
	for (size_t i = b->index; i < e->bots_n; i++)
		place_bot(e, i, e->bots[i + 1]);
	bot_free(b);
	return 0;
}

bool engine_bot_exists(const struct engine *e, int64_t bot_id)
{
	return find_bot(e, bot_id) != NULL;
}

size_t engine_bots(const struct engine *e) { return e->bots_n; }
int64_t engine_bot_id(const struct engine *e, size_t index) { return e->bots[index]->id; }

static int config_refused(struct bot *b, const struct err *err, int rc)
{
	snprintf(b->config_error, sizeof(b->config_error), "%s", err->msg);
	b->dirty = true;
	return rc;
}

int engine_bot_config(struct engine *e, int64_t bot_id, const struct bot_config *config,
		      struct err *err)
{
	struct bot *b = find_bot(e, bot_id);
	const struct strategy *strategy;
	struct err local = { 0 };
	struct market *m;
	struct series *s;
	int rc;

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	if (!err)
		err = &local;
	if (b->orders_n && (strcmp(config->symbol, b->config.symbol) != 0 ||
			    strcmp(config->exchange, b->config.exchange) != 0 ||
			    (b->market->info.futures && config->leverage != b->config.leverage))) {
		rc = err_set(err, ERR_CONFLICT, "symbol, exchange and leverage can change only "
			     "without open orders: %zu are open", b->orders_n);
		return config_refused(b, err, rc);
	}
	rc = locate(e, config, &m, &s, &strategy, err);
	if (rc)
		return config_refused(b, err, rc);
	if (m != b->market) {
		market_leave(b->market, b);
		market_join(m, b);
	}
	b->market = m;
	b->series = s;
	b->strategy = strategy;
	b->config = *config;
	b->config_error[0] = '\0';
	bot_signal_ends(b);
	b->dirty = true;
	return 0;
}

void engine_bot_config_failed(struct engine *e, int64_t bot_id, const char *why)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return;
	snprintf(b->config_error, sizeof(b->config_error), "%s", why);
	b->dirty = true;
}

void engine_bot_model(struct engine *e, int64_t bot_id, const struct predictor *p, const char *why)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return;
	b->dirty = true;
	if (!p && why) {
		snprintf(b->model_error, sizeof(b->model_error), "%s", why);
		return;
	}
	b->has_model = p != NULL;
	b->model = p ? *p : (struct predictor){ 0 };
	b->model_error[0] = '\0';
	bot_signal_ends(b);
}

void engine_bot_fail(struct engine *e, int64_t bot_id, int64_t now_us, const char *why)
{
	struct bot *b = find_bot(e, bot_id);

	if (b)
		bot_fail(b, now_us > e->now_us ? now_us : e->now_us, why);
}

/* ---- commands ---- */

static void answer_text(struct bot *b, const struct engine_command *c, enum bot_status before,
			struct engine_answer *a)
{
	const char *what = bot_event_name(c->event);

	a->status = b->status;
	a->positions = bot_positions(b);
	a->pending = (int64_t)b->orders_n - a->positions;
	if (b->status == BOT_ERROR)
		snprintf(a->message, sizeof(a->message), "Bot started, but failed at once: %.200s",
			 b->error);
	else if (c->event == EVENT_EMERGENCY_STOP)
		snprintf(a->message, sizeof(a->message),
			 b->orders_n ? "Emergency stop executed: %lld positions are being closed"
				     : "Emergency stop executed", (long long)a->positions);
	else if (before == b->status)
		snprintf(a->message, sizeof(a->message), "Bot was %s already",
			 bot_status_name(b->status));
	else if (c->event == EVENT_STOP && a->positions)
		snprintf(a->message, sizeof(a->message),
			 "Bot stopped successfully; %lld positions %s", (long long)a->positions,
			 c->close_positions ? "are being closed"
					    : "stay open behind their take profit and stop");
	else
		snprintf(a->message, sizeof(a->message), "Bot %s successfully",
			 c->event == EVENT_STOP ? "stopped" : c->event == EVENT_START ? "started" :
			 c->event == EVENT_PAUSE ? "paused" : c->event == EVENT_RESUME ? "resumed" :
			 what);
}

static void carry_out(struct bot *b, const struct engine_command *c, int64_t now_us)
{
	switch (c->event) {
	case EVENT_START:
		if (b->strategy->needs_model && !b->has_model)
			bot_fail(b, now_us, b->model_error[0] ? b->model_error :
				 "strategy \"model\" needs a model: assign one to this bot");
		break;
	case EVENT_PAUSE:
		bot_cancel_entries(b, c->correlation_id, now_us);
		break;
	case EVENT_STOP:
		if (c->close_positions)
			bot_close_all(b, CLOSE_STOP_COMMAND, c->correlation_id, now_us);
		else
			bot_cancel_entries(b, c->correlation_id, now_us);
		break;
	case EVENT_EMERGENCY_STOP:
		bot_close_all(b, CLOSE_EMERGENCY, c->correlation_id, now_us);
		break;
	case EVENT_RESUME:
	case EVENT_FAILURE:
		break;
	}
}

int engine_bot_command(struct engine *e, int64_t bot_id, const struct engine_command *c,
		       int64_t now_us, struct engine_answer *answer, struct err *err)
{
	struct bot *b = find_bot(e, bot_id);
	enum bot_status before, to;
	int rc;

	memset(answer, 0, sizeof(*answer));
	if (!b)
		return err_set(err, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	engine_advance(e, now_us);
	before = b->status;
	answer->status = before;
	if (c->event == EVENT_START && b->emergency == EMERGENCY_FLATTENING && b->orders_n)
		return err_set(err, ERR_CONFLICT,
			       "can't start: the emergency stop is still closing %zu orders",
			       b->orders_n);
	rc = bot_state_next(before, c->event, &to, err);
	if (rc)
		return rc;
	if (to != before || c->event == EVENT_EMERGENCY_STOP ||
	    (c->event == EVENT_START && b->emergency != EMERGENCY_NONE))
		bot_set_status(b, c->event, "", c->requested_by, c->correlation_id, e->now_us);
	if (to != before || c->event == EVENT_EMERGENCY_STOP || c->event == EVENT_STOP)
		carry_out(b, c, e->now_us);
	answer_text(b, c, before, answer);
	return 0;
}

int engine_close(struct engine *e, int64_t bot_id, int64_t order_id, const char *correlation_id,
		 int64_t now_us, int64_t *closing, struct err *err)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return err_set(err, ERR_NOT_FOUND, "there is no bot %lld", (long long)bot_id);
	engine_advance(e, now_us);
	*closing = 0;
	for (size_t i = b->orders_n; i-- > 0;) {
		if (order_id && b->orders[i]->id != order_id)
			continue;
		bot_close(b, b->orders[i], CLOSE_MANUAL, correlation_id, e->now_us);
		++*closing;
	}
	bot_refresh_due(b);
	if (order_id && !*closing)
		return err_set(err, ERR_NOT_FOUND, "bot %lld has no open order %lld",
			       (long long)bot_id, (long long)order_id);
	return 0;
}

int64_t engine_open_orders(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = find_bot(e, bot_id);

	return b ? (int64_t)b->orders_n : 0;
}

int64_t engine_bot_drop_orders(struct engine *e, int64_t bot_id, int64_t now_us)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return 0;
	engine_advance(e, now_us);
	return bot_drop_orders(b, e->now_us);
}

void engine_bot_account_reset(struct engine *e, int64_t bot_id, int64_t now_us)
{
	struct bot *b = find_bot(e, bot_id);

	if (!b)
		return;
	memset(&b->peak_equity, 0, sizeof(b->peak_equity));
	b->day[0] = '\0';
	b->loss_streak = 0;
	b->cooldown_until_us = 0;
	b->dirty = true;
	bot_equity(b, now_us);
}

void engine_report(struct engine *e, int64_t now_us, int64_t max_age_us, size_t most)
{
	size_t from = most < e->bots_n && e->report_at < e->bots_n ? e->report_at : 0;

	for (size_t i = 0; i < e->bots_n; i++) {
		size_t at = from + i < e->bots_n ? from + i : from + i - e->bots_n;
		struct bot *b = e->bots[at];
		bool old = b->moved || now_us - b->reported_us >= max_age_us;

		if (!b->dirty && !(old && most > 0))
			continue;
		if (!b->dirty) {
			most--;
			e->report_at = at + 1;
		}
		bot_report(b, now_us);
	}
}

enum bot_status engine_bot_status(const struct engine *e, int64_t bot_id)
{
	const struct bot *b = find_bot(e, bot_id);

	return b ? b->status : BOT_STOPPED;
}
