#include "worker/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {			/* a market that a feed names */
	char symbol[SYMBOL_MAX];
	struct market *market;		/* NULL: none that we trade on */
};

struct way {				/* where the sink of a source leads */
	struct session *session;
	char source[MARKET_SOURCE_MAX];
	struct listing *list;		/* by the handle that the feed has */
	size_t n;
};

struct session {
	struct engine *engine;
	struct venue *venue;
	const char *market_data;
	struct money initial_capital;
	struct fees fees[2];		/* of paper on a spot and on a futures market */
	struct way **ways;		/* a feed keeps the pointer: they stay where they are */
	size_t ways_n;
	uint64_t events;
	int64_t act_from_us;		/* 0: always; reset by the first event that acts */
	bool again;			/* events of before a resume come */
};

static int limits_from(const struct config *c, struct risk_limits *l, struct err *e)
{
	int64_t notional;

	*l = (struct risk_limits){
		.max_open_positions = c->max_open_positions,
		.max_risk_per_trade_pct = c->max_risk_per_trade_pct,
		.min_risk_reward_ratio = c->min_risk_reward_ratio,
		.max_daily_loss_pct = c->max_daily_loss_pct,
		.max_drawdown_pct = c->max_drawdown_pct,
		.cooldown_after_losses = c->cooldown_after_losses,
		.cooldown_s = c->cooldown_s,
		.max_orders_per_min = c->max_orders_per_min,
		.price_band_pct = c->price_band_pct,
		.stale_feed_us = c->stale_feed_ms * 1000,
		.max_clock_drift_us = c->max_clock_drift_ms * 1000,
	};
	if (rate_from_double(c->max_notional, &notional))
		return err_set(e, ERR_RANGE, "MAX_NOTIONAL %g does not fit", c->max_notional);
	l->max_notional = money_of_units(notional);
	return 0;
}

int session_new(const struct session_args *a, struct session **out, struct err *e)
{
	const struct config *c = a->config;
	const char *market_data = a->market_data ? a->market_data : "replay";
	struct engine_args engine = { .reporter = a->reporter, .market_data = market_data };
	struct router_args venues = { .makers = a->venues, .n = a->venues_n, .stray = a->stray,
				      .market_data = market_data, .ctx = a->stray_ctx };
	struct fees fees[2];
	struct session *s;
	int64_t capital;
	int rc;

	rc = limits_from(c, &engine.limits, e);
	if (rc)
		return rc;
	if (rate_from_double(c->sim_initial_capital, &capital))
		return err_set(e, ERR_RANGE, "SIMULATION_INITIAL_CAPITAL %g does not fit",
			       c->sim_initial_capital);
	engine.equity_interval_us = (int64_t)(c->sim_tick_interval_s * 1e6);
	engine.signal_repeat_us = (int64_t)(c->sim_strategy_interval_s * 1e6);
	engine.installation = a->installation;
	engine.first_order_id = a->first_order_id ? a->first_order_id : 1;
	engine.first_leg_id = a->first_leg_id ? a->first_leg_id : 1;
	engine.first_fill_id = a->first_fill_id ? a->first_fill_id : 1;
	engine.first_signal_id = a->first_signal_id ? a->first_signal_id : 1;

	if (fees_with(c->sim_commission, false, &fees[false]) ||
	    fees_with(c->sim_commission, true, &fees[true]))
		return err_set(e, ERR_RANGE, "SIMULATION_COMMISSION %g does not fit",
			       c->sim_commission);

	s = xcalloc(1, sizeof(*s));
	s->market_data = market_data;
	memcpy(s->fees, fees, sizeof(fees));
	s->initial_capital = money_of_units(capital);
	s->engine = engine_new(&engine);
	venues.sink = engine_venue_sink(s->engine);
	rc = router_new(&venues, &s->venue, e);
	if (rc) {
		session_free(s);
		return rc;
	}
	engine_set_venue(s->engine, s->venue);
	*out = s;
	return 0;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	engine_free(s->engine);
	if (s->venue)
		s->venue->ops->free(s->venue);
	for (size_t i = 0; i < s->ways_n; i++) {
		free(s->ways[i]->list);
		free(s->ways[i]);
	}
	free(s->ways);
	free(s);
}

struct engine *session_engine(struct session *s)
{
	return s->engine;
}

struct venue *session_venue(struct session *s)
{
	return s->venue;
}

static struct way *way_of(struct session *s, const char *source)
{
	struct way *way;

	for (size_t i = 0; i < s->ways_n; i++)
		if (strcmp(s->ways[i]->source, source) == 0)
			return s->ways[i];
	way = xcalloc(1, sizeof(*way));
	way->session = s;
	snprintf(way->source, sizeof(way->source), "%s", source);
	s->ways = xrealloc(s->ways, (s->ways_n + 1) * sizeof(struct way *));
	s->ways[s->ways_n++] = way;
	return way;
}

static struct listing *listed(struct way *way, const char *symbol)
{
	struct listing *l;

	for (size_t i = 0; i < way->n; i++)
		if (strcmp(way->list[i].symbol, symbol) == 0)
			return &way->list[i];
	way->list = xrealloc(way->list, (way->n + 1) * sizeof(way->list[0]));
	l = &way->list[way->n++];
	*l = (struct listing){ 0 };
	snprintf(l->symbol, sizeof(l->symbol), "%s", symbol);
	return l;
}

struct market *session_market_add(struct session *s, const struct symbol_info *info)
{
	struct symbol_info here = *info;
	struct market *m;

	if (!here.source[0])
		market_source(s->market_data, here.futures, here.source);
	if (market_source_of(s->market_data, here.source))
		here.fees = s->fees[here.futures];
	m = engine_market_add(s->engine, &here);
	listed(way_of(s, here.source), here.symbol)->market = m;
	return m;
}

/* ---- market data ---- */

/* The feed names a market; it may be one that we trade on later. */
static int on_market(void *ctx, const char *symbol)
{
	struct way *way = ctx;

	return (int)(listed(way, symbol) - way->list);
}

/* The first event that is no history ends the warm-up. (Not inline: rare.) */
__attribute__((noinline)) static void after_history(struct session *s, int64_t now_us)
{
	if (now_us < s->act_from_us || s->again)
		return;
	s->act_from_us = 0;
	engine_warm(s->engine, WARM_NONE);
}

/* An event of this market begins. NULL: it is none of ours. */
static struct market *begin(struct way *way, int market, int64_t now_us)
{
	struct market *m = way->list[market].market;
	struct session *s = way->session;

	if (!m)
		return NULL;
	s->events += !s->again;
	if (s->act_from_us)
		after_history(s, now_us);
	return m;
}

static void on_trade(void *ctx, int market, const struct trade *t, int64_t now_us)
{
	struct way *way = ctx;
	struct market *m = begin(way, market, now_us);

	if (m)
		engine_trade(way->session->engine, m, t, now_us);
}

static void on_book(void *ctx, int market, const struct book_top *b, int64_t now_us)
{
	struct way *way = ctx;
	struct market *m = begin(way, market, now_us);

	if (m)
		engine_book(way->session->engine, m, b, now_us);
}

static void on_time(void *ctx, int market, int64_t exchange_us, int64_t now_us)
{
	struct way *way = ctx;
	struct market *m = begin(way, market, now_us);

	if (m)
		engine_market_time(way->session->engine, m, exchange_us, now_us);
}

static void on_gap(void *ctx, int market, int64_t now_us)
{
	struct way *way = ctx;
	struct market *m = begin(way, market, now_us);

	if (m)
		engine_gap(way->session->engine, m, now_us);
}

static void on_book_valid(void *ctx, int market, bool valid, int64_t now_us)
{
	struct way *way = ctx;
	struct market *m = begin(way, market, now_us);

	if (m)
		engine_book_valid(way->session->engine, m, valid, now_us);
}

static void on_warm(void *ctx, bool on)
{
	struct session *s = ((struct way *)ctx)->session;

	s->again = on;
	engine_warm(s->engine, on ? WARM_AGAIN : s->act_from_us ? WARM_NEW : WARM_NONE);
}

struct feed_sink session_source_sink(struct session *s, const char *source)
{
	return (struct feed_sink){
		.ctx = way_of(s, source), .market = on_market, .trade = on_trade, .book = on_book,
		.time = on_time, .gap = on_gap, .book_valid = on_book_valid, .warm = on_warm,
	};
}

struct feed_sink session_sink(struct session *s, bool futures)
{
	char source[MARKET_SOURCE_MAX];

	return session_source_sink(s, market_source(s->market_data, futures, source));
}

void session_act_from(struct session *s, int64_t act_from_us)
{
	s->act_from_us = act_from_us;
	engine_warm(s->engine, act_from_us ? WARM_NEW : WARM_NONE);
}

void session_reconcile(struct session *s, int64_t now_us)
{
	s->venue->ops->times_back(s->venue, now_us);
	engine_reconcile(s->engine, now_us);
}

/* ---- accounts ---- */

static int account_of(const struct session *s, int64_t bot_id, const struct bot_config *c,
		      struct venue_account *a, struct err *e)
{
	char source[MARKET_SOURCE_MAX];
	const struct market *m = engine_market(
		s->engine, bot_config_source(c, s->market_data, source), c->symbol);

	*a = (struct venue_account){
		.bot_id = bot_id, .account_id = bot_config_account(c),
		.capital = s->initial_capital, .leverage_e8 = RATE_ONE,
	};
	if (bot_config_futures(c) && rate_from_double(c->leverage, &a->leverage_e8))
		return err_set(e, ERR_RANGE, "leverage %g does not fit", c->leverage);
	if (!m)
		return err_set(e, ERR_NOT_FOUND, "no market data for %s of %s", c->symbol, source);
	a->market = market_handle(m);
	return 0;
}

int session_account(struct session *s, int64_t bot_id, const struct bot_config *config,
		    int64_t now_us, struct err *e)
{
	struct venue_account a;
	int rc = account_of(s, bot_id, config, &a, e);

	return rc ? rc : s->venue->ops->account_set(s->venue, &a, now_us, e);
}

int session_account_reset(struct session *s, int64_t bot_id, const struct bot_config *config,
			  bool force, int64_t now_us, struct err *e)
{
	struct venue_account a;
	int rc = account_of(s, bot_id, config, &a, e);

	if (rc)
		return rc;
	if (force)
		engine_bot_drop_orders(s->engine, bot_id, now_us);
	else if (engine_open_orders(s->engine, bot_id))
		return err_set(
			e, ERR_CONFLICT,
			"bot %lld has %lld open orders: close them first, or reset with force",
			(long long)bot_id, (long long)engine_open_orders(s->engine, bot_id));
	/* No order holds anything: coins under the lot step must not keep it. */
	rc = s->venue->ops->account_reset(s->venue, &a, now_us, e);
	if (rc == 0)
		engine_bot_account_reset(s->engine, bot_id, now_us);
	return rc;
}

uint64_t session_events(const struct session *s)
{
	return s->events;
}
