/*
 * engine_script.h - a seeded script of market events and commands, and a session
 * that plays it. Same seed, same script.
 */
#ifndef TESTS_UNIT_ENGINE_SCRIPT_H
#define TESTS_UNIT_ENGINE_SCRIPT_H

#include "tests/unit/engine_world.h"
#include "worker/report/digest.h"
#include "worker/report/fanout.h"

#define SCRIPT_BOTS 3		/* 1 and 2 on the first market, 3 on the second */
#define SCRIPT_MARKETS 2
#define MAX_OPEN 4

enum step_kind {
	STEP_TRADE, STEP_BOOK, STEP_TIME, STEP_GAP, STEP_VALID, STEP_ADVANCE, STEP_DRIFT,
	STEP_BRAIN, STEP_COMMAND, STEP_CLOSE, STEP_FAIL, STEP_CONFIG, STEP_RESET
};

struct script_step {
	enum step_kind kind;
	int market;
	int64_t bot, now;
	struct trade trade;
	struct book_top book;
	int64_t exchange_us, drift_us;
	bool flag;		/* valid, close positions, force */
	enum bot_event event;
	enum side side;
	double probability;
	bool exits;
	struct bot_config config;
};

struct script {
	uint64_t seed, state;
	bool futures, reckless;
	struct config config;
	struct symbol_info markets[SCRIPT_MARKETS];
	struct bot_config bots[SCRIPT_BOTS + 1];
	struct script_step *steps;
	size_t n, cap;
};

/* splitmix64, by Sebastiano Vigna, public domain */
HELPER uint64_t draw(struct script *s)
{
	uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

HELPER int64_t below(struct script *s, int64_t n) { return (int64_t)(draw(s) % (uint64_t)n); }
HELPER bool chance(struct script *s, int percent) { return below(s, 100) < percent; }

HELPER void script_settings(struct script *s)
{
	static const int64_t latencies[] = { 0, 1, 50, 300 };

	config_defaults(&s->config);
	s->config.sim_latency_ms = latencies[below(s, 4)];
	s->config.sim_slippage = chance(s, 50) ? 0.0001 : 0;
	s->config.max_open_positions = MAX_OPEN;
	s->config.max_risk_per_trade_pct = 100;
	s->config.max_daily_loss_pct = 0;
	s->config.max_drawdown_pct = 0;
	s->config.cooldown_after_losses = chance(s, 30) ? 3 : 0;
	s->config.cooldown_s = 5;
	s->config.max_orders_per_min = 30;
	s->config.sim_tick_interval_s = 7;
	s->config.min_risk_reward_ratio = 0;
}

HELPER void script_bot(struct script *s, int64_t bot)
{
	static const char *const capitals[] = { "12", "100", "900", "2500" };
	static const char *const tifs[] = { "GTC", "post_only", "post_only", "IOC", "FOK" };
	struct bot_config *c = &s->bots[bot];

	bot_config_defaults(c);
	c->version = 1;
	memcpy(c->symbol, s->markets[bot == 3].symbol, sizeof(c->symbol));
	snprintf(c->exchange, sizeof(c->exchange), "%s",
		 s->futures ? "binance_futures" : "binance");
	c->capital_per_trade = M(capitals[below(s, 4)]);
	c->profit_target_pct = 0.0005 + 0.0005 * (double)below(s, 6);
	c->stop_loss_pct = 0.0005 + 0.0005 * (double)below(s, 6);
	c->holding_time = 3 + below(s, 40);
	c->maker_order_timeout = 1 + below(s, 10);
	c->max_positions = 1 + below(s, 3);
	c->decision_interval_ms = 1 + below(s, 3000);
	c->confidence_threshold = 0.5;
	c->leverage = s->futures ? 1 + (double)below(s, 20) : 1;
	snprintf(c->time_in_force, sizeof(c->time_in_force), "%s",
		 tifs[(s->seed / 2 + (uint64_t)bot) % 5]);
	if (!s->reckless)
		return;
	c->capital_per_trade = M("2500");	/* waits for its liquidation */
	c->leverage = 100;
	c->stop_loss_pct = 0.5;
	c->profit_target_pct = 0.9;
	c->holding_time = 3000;
	c->ignore_risk_per_trade = true;
}

HELPER struct script_step *script_add(struct script *s, enum step_kind kind, int64_t now)
{
	struct script_step *p;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 1024;
		s->steps = xrealloc(s->steps, s->cap * sizeof(*s->steps));
	}
	p = &s->steps[s->n++];
	memset(p, 0, sizeof(*p));
	p->kind = kind;
	p->now = now;
	return p;
}

struct walk {			/* the price of a market, in ticks */
	int64_t mid, spread;
	bool wild;
};

HELPER struct price ticks(const struct script *s, int m, int64_t n)
{
	return price_of_units(n * price_units(s->markets[m].tick));
}

HELPER struct qty some_qty(struct script *s, int m)
{
	int64_t most = chance(s, 15) ? 200000 : chance(s, 50) ? 3000 : 200;

	return qty_of_units((1 + below(s, most)) * qty_units(s->markets[m].step));
}

HELPER void script_trade(struct script *s, int m, struct walk *w, int64_t now)
{
	struct script_step *p = script_add(s, STEP_TRADE, now);
	bool sold = chance(s, 50);
	int64_t through = chance(s, 25) ? 1 + below(s, 5) : 0;

	p->market = m;
	p->trade = (struct trade){ .id = (int64_t)s->n, .time_us = now, .buyer_is_maker = sold };
	if (chance(s, 3))		/* late */
		p->trade.time_us -= below(s, 3 * SECOND);
	p->trade.price = ticks(s, m, sold ? w->mid - w->spread - through :
			       w->mid + w->spread + through);
	p->trade.qty = some_qty(s, m);
}

HELPER void script_book(struct script *s, int m, struct walk *w, int64_t now)
{
	struct script_step *p = script_add(s, STEP_BOOK, now);

	p->market = m;
	p->book.bid = ticks(s, m, w->mid - w->spread);
	p->book.ask = ticks(s, m, w->mid + w->spread);
	p->book.bid_qty = some_qty(s, m);
	p->book.ask_qty = some_qty(s, m);
	if (chance(s, 1))
		*(chance(s, 50) ? &p->book.bid_qty : &p->book.ask_qty) = qty_of_units(0);
}

HELPER void script_walk(struct script *s, int m, struct walk *w)
{
	int64_t unit = w->mid / 20000 + 1;	/* 0.005 % */

	if (chance(s, 2))
		w->wild = !w->wild;
	if (chance(s, 40))
		w->mid += (below(s, 2 * unit + 1) - unit) * (w->wild ? 6 : 1);
	if (chance(s, 1) && w->wild)
		w->mid += (below(s, 3) - 1) * unit * (s->reckless ? 400 : 100);	/* a jump */
	w->spread = 1 + below(s, 3);
	(void)m;
}

/* Something a person or a fault does. */
HELPER void script_act(struct script *s, int64_t now)
{
	static const enum bot_event events[] = {
		EVENT_START, EVENT_START, EVENT_START, EVENT_START, EVENT_STOP, EVENT_PAUSE,
		EVENT_RESUME, EVENT_RESUME, EVENT_EMERGENCY_STOP,
	};
	int what = (int)below(s, 100);
	struct script_step *p = script_add(s, STEP_COMMAND, now);

	p->bot = 1 + below(s, SCRIPT_BOTS);
	p->flag = chance(s, 50);
	p->event = events[below(s, 9)];
	if (what < 70)
		return;
	if (what < 80) {
		p->kind = STEP_CLOSE;
	} else if (what < 86) {
		p->kind = STEP_FAIL;
	} else if (what < 97) {
		struct bot_config old = s->bots[p->bot];

		p->kind = STEP_CONFIG;
		script_bot(s, p->bot);
		s->bots[p->bot].version = old.version + 1;
		s->bots[p->bot].leverage = old.leverage;
		p->config = s->bots[p->bot];
	} else {
		p->kind = STEP_RESET;
		p->config = s->bots[p->bot];
	}
}

HELPER void script_step(struct script *s, struct walk *walks, int64_t *now)
{
	int m = (int)below(s, SCRIPT_MARKETS), what = (int)below(s, 1000);
	struct script_step *p;

	*now += chance(s, 70) ? below(s, 50 * MS) : chance(s, 95) ? below(s, SECOND) :
		below(s, 20 * SECOND);
	if (chance(s, 2))
		*now = (*now / SECOND + 1) * SECOND;	/* right on a deadline */
	script_walk(s, m, &walks[m]);
	if (what < 450) {
		script_trade(s, m, &walks[m], *now);
	} else if (what < 750) {
		script_book(s, m, &walks[m], *now);
	} else if (what < 850) {
		p = script_add(s, STEP_TIME, *now);
		p->market = m;
		p->exchange_us = *now;
	} else if (what < 950) {
		p = script_add(s, STEP_BRAIN, *now);
		p->bot = 1 + below(s, SCRIPT_BOTS);
		p->probability = chance(s, 60) ? 0.9 : 0.1;
		p->exits = chance(s, 5);
		p->side = s->futures && chance(s, 50) ? SIDE_SELL : SIDE_BUY;
	} else if (what < 970) {
		script_act(s, *now);
	} else if (what < 990) {
		(void)script_add(s, STEP_ADVANCE, *now);
	} else if (what < 994) {
		p = script_add(s, STEP_VALID, *now);
		p->market = m;
		p->flag = chance(s, 70);
	} else if (what < 996) {
		p = script_add(s, STEP_DRIFT, *now);
		p->drift_us = chance(s, 80) ? 0 : 5 * SECOND;
	} else if (what < 998) {
		p = script_add(s, STEP_GAP, *now);
		p->market = m;
	}
}

HELPER void script_make(struct script *s, uint64_t seed, size_t steps)
{
	struct walk walks[SCRIPT_MARKETS];
	int64_t now = T0 - 600 * SECOND;	/* a funding time lies on the way */

	memset(s, 0, sizeof(*s));
	s->seed = s->state = seed;
	s->futures = seed % 2;
	s->reckless = seed % 10 == 3 || seed % 10 == 7;
	for (int m = 0; m < SCRIPT_MARKETS; m++)
		s->markets[m] = world_info(s->futures);
	snprintf(s->markets[1].symbol, sizeof(s->markets[1].symbol), "ETHUSDT");
	snprintf(s->markets[1].base, sizeof(s->markets[1].base), "ETH");
	script_settings(s);
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++)
		script_bot(s, b);
	walks[0] = (struct walk){ .mid = s->futures ? 600000 : 6000000, .spread = 1 };
	walks[1] = (struct walk){ .mid = s->futures ? 30000 : 300000, .spread = 1 };
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		struct script_step *p = script_add(s, STEP_COMMAND, now);

		p->bot = b;
		p->event = EVENT_START;
	}
	while (s->n < steps)
		script_step(s, walks, &now);
}

HELPER void script_free(struct script *s) { free(s->steps); }

/* ---- a session that plays it ---- */

struct stage {
	const struct script *script;
	struct session *s;
	struct engine *e;
	struct brain brain[SCRIPT_BOTS + 1];
	struct bot_config config[SCRIPT_BOTS + 1];	/* that the engine took last */
	struct rows rows;
	struct world paper;
	struct fanout fanout;
	struct digest *digest;
	int64_t drift_us;
	int64_t gift_e8[SCRIPT_BOTS + 1];	/* losses beyond the account that the market bore */
	char **log;			/* what was reported, as text; when logging */
	size_t log_n;
	bool logging;
};

HELPER void PRINTF_LIKE(2, 3) stage_log(struct stage *g, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!g->logging)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	GROW(g->log, g->log_n);
	g->log[g->log_n++] = xstrdup(text);
}

#define LL(x) ((long long)(x))

HELPER void log_order(void *ctx, const struct order *o)
{
	stage_log(ctx, "order %lld bot %lld %s %s %s %s %s limit %lld tp %lld sl %lld qty %lld "
		  "filled %lld exited %lld basefees %lld dust %lld in %lld out %lld fees %lld %lld "
		  "funding %lld gross %lld pnl %lld v %lld hold %lld %lld cid %s close %s at "
		  "%lld %lld %lld upd %lld crossed %lld retry %lld %d debt %lld bare %lld %lld "
		  "taken %lld for %lld, dust for %lld",
		  LL(o->id), LL(o->bot_id), o->symbol,
		  side_name(o->side), order_status_name(o->status), order_phase_name(o->phase),
		  close_reason_name(o->reason), LL(price_units(o->limit_price)),
		  LL(price_units(o->take_profit)), LL(price_units(o->stop_loss)),
		  LL(qty_units(o->quantity)), LL(qty_units(o->filled)), LL(qty_units(o->exited)),
		  LL(qty_units(o->base_fees)), LL(qty_units(o->dust)),
		  LL(money_units(o->entry_notional)), LL(money_units(o->exit_notional)),
		  LL(money_units(o->quote_fees)), LL(money_units(o->base_fees_value)),
		  LL(money_units(o->funding)), LL(money_units(o->gross)),
		  LL(money_units(o->pnl)), LL(o->config_version),
		  LL(o->holding_us), LL(o->maker_timeout_us), o->correlation_id,
		  o->close_correlation_id, LL(o->created_us), LL(o->opened_us), LL(o->closed_us),
		  LL(o->updated_us), LL(o->stop_crossed_us), LL(o->retry_us), o->retries,
		  LL(money_units(o->bad_debt)), LL(o->uncovered_us), LL(o->uncovered_from_us),
		  LL(qty_units(o->dust_taken)), LL(money_units(o->dust_taken_cost)),
		  LL(money_units(o->dust_cost)));
}

HELPER void log_leg(void *ctx, const struct order *o, const struct leg *l)
{
	stage_log(ctx, "leg %lld %s order %lld %s %s %d price %lld stop %lld qty %lld filled "
		  "%lld %s cancel %d ex %s reason %s cid %s at %lld %lld %lld", LL(l->id),
		  l->client_order_id, LL(o->id), side_name(l->side), leg_type_name(l->type),
		  l->reduce_only, LL(price_units(l->price)), LL(price_units(l->stop_price)),
		  LL(qty_units(l->quantity)), LL(qty_units(l->filled)),
		  leg_status_name(leg_status(l)),
		  l->state == LEG_CANCELLING, l->exchange_id, l->reject_reason, l->correlation_id,
		  LL(l->requested_us), LL(l->acked_us), LL(l->done_us));
}

HELPER void log_fill(void *ctx, const struct fill_report *f)
{
	stage_log(ctx, "fill %lld %s order %lld trade %lld price %lld qty %lld fee %lld %s %d "
		  "at %lld",
		  LL(f->id), f->leg->client_order_id, LL(f->order->id), LL(f->trade_id),
		  LL(price_units(f->price)), LL(qty_units(f->quantity)), LL(f->fee_e8),
		  f->fee_asset, f->maker, LL(f->at_us));
}

HELPER void log_status(void *ctx, const struct status_report *s)
{
	stage_log(ctx, "status bot %lld %s -> %s %s: %s by %s cid %s at %lld", LL(s->bot_id),
		  bot_status_name(s->from), bot_status_name(s->to), s->event, s->reason,
		  s->requested_by, s->correlation_id, LL(s->at_us));
}

HELPER void log_stats(void *ctx, const struct day_stats *s, const struct day_stats *trade)
{
	(void)trade;
	stage_log(ctx, "stats bot %lld %s %lld %lld %lld gross %lld fees %lld net %lld vol %lld dd "
		  "%lld peak %lld at %lld", LL(s->bot_id), s->day, LL(s->trades), LL(s->wins),
		  LL(s->losses), LL(money_units(s->gross)), LL(money_units(s->fees)),
		  LL(money_units(s->net)), LL(money_units(s->volume)),
		  LL(money_units(s->max_drawdown)), LL(money_units(s->peak_net)),
		  LL(s->updated_us));
}

HELPER void log_bot(void *ctx, const struct bot_report *b)
{
	stage_log(ctx, "bot %lld %s %d err %s start %lld v %lld cerr %s pending %lld open %lld "
		  "equity %lld peak %lld day %s %lld price %lld decided %lld streak %lld cool %lld",
		  LL(b->bot_id), bot_status_name(b->status), b->emergency, b->error,
		  LL(b->start_us), LL(b->config_version), b->config_error, LL(b->pending_orders),
		  LL(b->open_positions), LL(money_units(b->equity)),
		  LL(money_units(b->peak_equity)), b->day, LL(money_units(b->day_equity)),
		  LL(price_units(b->last_price)), LL(b->last_decision_us), LL(b->loss_streak),
		  LL(b->cooldown_until_us));
}

HELPER void log_equity(void *ctx, const struct equity_report *q)
{
	stage_log(ctx, "equity bot %lld at %lld %lld %lld %lld", LL(q->bot_id), LL(q->at_us),
		  LL(money_units(q->equity)), LL(money_units(q->balance)),
		  LL(money_units(q->unrealized)));
}

HELPER void log_candle(void *ctx, const struct candle_report *r)
{
	const struct candle *c = r->candle;

	stage_log(ctx, "candle %s %s %lld close %lld volume %lld", r->symbol, r->interval,
		  LL(c->open_us), LL(price_units(c->close)), LL(qty_units(c->volume)));
}

/* Rows of the paper venue, to its world and to the log. */
HELPER void both_account(void *ctx, const struct sim_account *r)
{
	struct stage *g = ctx;

	world_account(&g->paper, r);
	stage_log(g, "account %lld epoch %lld position %lld entry %lld funding %lld", LL(r->bot_id),
		  LL(r->epoch), LL(qty_units(r->position)), LL(price_units(r->entry_price)),
		  LL(r->next_funding_us));
}

HELPER void both_ledger(void *ctx, const struct sim_ledger_row *r)
{
	struct stage *g = ctx;

	digest_sim_store(g->digest).ledger(g->digest, r);
	if (r->kind == LEDGER_RESET)
		g->gift_e8[r->bot_id] = 0;
	if (r->kind == LEDGER_LIQUIDATION && r->account == LEDGER_MARKET && !r->client_order_id[0])
		g->gift_e8[r->bot_id] -= r->amount_e8;
	stage_log(g, "ledger %lld bot %lld %lld %s %s %lld %s %s at %lld", LL(r->entry_id),
		  LL(r->bot_id), LL(r->epoch), ledger_account_name(r->account), r->asset,
		  LL(r->amount_e8), ledger_kind_name(r->kind), r->client_order_id, LL(r->at_us));
}

HELPER void both_balance(void *ctx, const struct sim_balance *r)
{
	struct stage *g = ctx;

	world_balance(&g->paper, r);
	stage_log(g, "balance bot %lld %lld %s %s %lld", LL(r->bot_id), LL(r->epoch),
		  ledger_account_name(r->account), r->asset, LL(r->amount_e8));
}

HELPER void both_order(void *ctx, const struct sim_order *r)
{
	struct stage *g = ctx;

	world_order(&g->paper, r);
	stage_log(g, "simorder %s seq %lld filled %lld ahead %lld reserved %lld %s due %lld "
		  "ex %lld",
		  r->client_order_id, LL(r->seq), LL(qty_units(r->filled)),
		  LL(qty_units(r->queue_ahead)), LL(r->reserved_e8), sim_stage_name(r->stage),
		  LL(r->due_us), LL(r->exchange_id));
}

HELPER void both_gone(void *ctx, const char *id)
{
	struct stage *g = ctx;

	world_order_gone(&g->paper, id);
	stage_log(g, "gone %s", id);
}

HELPER void both_counter(void *ctx, const char *name, int64_t next)
{
	struct stage *g = ctx;

	world_counter(&g->paper, name, next);
	stage_log(g, "counter %s %lld", name, LL(next));
}

/* Session and markets, no bots yet; rows and ids go on where "rows" stands. */
HELPER void stage_open(struct stage *g, const struct script *script)
{
	struct reporter rows = rows_reporter(&g->rows), digest;
	struct reporter text = {
		.ctx = g, .order = log_order, .leg = log_leg, .fill = log_fill,
		.status = log_status, .stats = log_stats, .bot = log_bot, .equity = log_equity,
		.candle = log_candle,
	};
	struct sim_store paper = { .ctx = g, .account = both_account, .ledger = both_ledger,
				   .balance = both_balance, .order = both_order,
				   .order_gone = both_gone, .counter = both_counter };
	struct session_args a = {
		.config = &script->config,
		.first_order_id = (int64_t)g->rows.orders_n + 1,
		.first_leg_id = (int64_t)g->rows.legs_n + 1,
		.first_fill_id = (int64_t)g->rows.fills_n + 1,
		.first_signal_id = (int64_t)g->rows.signals_n + 1,
	};
	struct err e;

	g->script = script;
	g->digest = digest_new();
	digest = digest_reporter(g->digest);
	fanout_add(&g->fanout, &rows);
	fanout_add(&g->fanout, &digest);
	fanout_add(&g->fanout, &text);
	a.reporter = fanout_reporter(&g->fanout);
	assert_int_equal(paper_session(&a, &paper, &g->s, &e), 0);
	g->e = session_engine(g->s);
	for (int m = 0; m < SCRIPT_MARKETS; m++)
		session_market_add(g->s, &script->markets[m]);
}

HELPER void stage_bot(struct stage *g, int64_t bot, const struct bot_restore *r)
{
	struct predictor p = { .model_id = 7, .ctx = &g->brain[bot], .predict = brain_predict };
	struct err e;

	assert_int_equal(session_account(g->s, bot, &g->config[bot], g->script->steps[0].now,
					 &e), 0);
	assert_int_equal(engine_bot_add(g->e, bot, &g->config[bot], r, &e), 0);
	engine_bot_model(g->e, bot, &p, NULL);
}

HELPER void stage_close(struct stage *g)
{
	session_free(g->s);
	rows_free(&g->rows);
	free(g->paper.rows);
	free(g->paper.ups);
	digest_free(g->digest);
	for (size_t i = 0; i < g->log_n; i++)
		free(g->log[i]);
	free(g->log);
	free(g);
}

HELPER void stage_command(struct stage *g, const struct script_step *p)
{
	struct engine_command c = {
		.event = p->event, .close_positions = p->flag, .requested_by = "script",
		.correlation_id = "c",
	};
	struct engine_answer a;
	struct err e;
	int64_t n;
	int rc = 0;			/* refusals are part of the script */

	if (p->kind == STEP_COMMAND)
		rc = engine_bot_command(g->e, p->bot, &c, p->now, &a, &e);
	else if (p->kind == STEP_CLOSE)
		rc = engine_close(g->e, p->bot, 0, "c", p->now, &n, &e);
	else if (p->kind == STEP_FAIL)
		engine_bot_fail(g->e, p->bot, p->now, "a fault of the script");
	else if (p->kind == STEP_RESET)
		rc = session_account_reset(g->s, p->bot, &g->config[p->bot], p->flag, p->now, &e);
	else if (engine_bot_config(g->e, p->bot, &p->config, &e) == 0)
		g->config[p->bot] = p->config;
	assert_true(rc == 0 || rc == ERR_CONFLICT);
}

HELPER void stage_play(struct stage *g, const struct script_step *p, const struct feed_sink *sink)
{
	int market = sink->market(sink->ctx, g->script->markets[p->market].symbol);

	switch (p->kind) {
	case STEP_TRADE:
		sink->trade(sink->ctx, market, &p->trade, p->now);
		break;
	case STEP_BOOK:
		sink->book(sink->ctx, market, &p->book, p->now);
		break;
	case STEP_TIME:
		sink->time(sink->ctx, market, p->exchange_us, p->now);
		break;
	case STEP_GAP:
		sink->gap(sink->ctx, market, p->now);
		break;
	case STEP_VALID:
		sink->book_valid(sink->ctx, market, p->flag, p->now);
		break;
	case STEP_ADVANCE:
		engine_advance(g->e, p->now);
		break;
	case STEP_DRIFT:
		engine_clock_drift(g->e, p->drift_us);
		g->drift_us = p->drift_us;
		break;
	case STEP_BRAIN:
		g->brain[p->bot].probability = p->probability;
		g->brain[p->bot].exits = p->exits;
		g->brain[p->bot].side = p->side;
		break;
	case STEP_COMMAND:
	case STEP_CLOSE:
	case STEP_FAIL:
	case STEP_CONFIG:
	case STEP_RESET:
		stage_command(g, p);
		break;
	}
}

#endif
