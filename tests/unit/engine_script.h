/*
 * engine_script.h - a seeded script of market events and commands. Same seed, same script.
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
	double share;			/* of the exit; 0 all */
	struct price stop_to;		/* 0 none */
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

/*
 * Exits as rules, for two bots of three. Drawn from dice of their own, so that a seed's
 * market and commands are the same with them or without.
 */
HELPER void script_rules(struct script *s, int64_t bot, struct bot_config *c)
{
	struct script dice = { .state = s->seed * 977 + s->n * 31 + (uint64_t)bot };
	struct minimal_roi *roi = &c->minimal_roi;
	struct partial_targets *parts = &c->partial_targets;

	c->stop_move_s = 1 + below(&dice, 4);
	if (chance(&dice, 33))
		return;
	if (chance(&dice, 40)) {
		roi->n = 2;
		roi->tiers[0].ratio = 0.001 * (double)below(&dice, 3);
		roi->tiers[1].minutes = 1;
		c->holding_time = 100;
	}
	c->trailing_stop = chance(&dice, 50);
	if (chance(&dice, 50)) {
		c->trailing_stop_positive = 0.0004;
		c->trailing_stop_positive_offset = 0.0006;
		c->trailing_only_offset_is_reached = chance(&dice, 50);
	}
	for (int64_t n = below(&dice, 4); n > 0 && chance(&dice, 80); n--) {
		parts->list[parts->n].at = 0.0003 * (double)(parts->n + 1);
		parts->list[parts->n++].share = 0.25 + 0.05 * (double)below(&dice, 2);
	}
	if (chance(&dice, 40))
		c->position_adjustment = (struct position_adjustment){
			2 + below(&dice, 3), 0.0002 + 0.0001 * (double)below(&dice, 4),
			0.5 + 0.5 * (double)below(&dice, 3) };
	if (chance(&dice, 30))
		c->profit_target_pct = 0;
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
	if (!s->reckless) {
		script_rules(s, bot, c);
		return;
	}
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

/* What else its strategy wants: a part of the exit, a moved stop. Not drawn: see script_rules. */
HELPER void script_wish(struct script *s, struct script_step *p, const struct walk *w)
{
	p->share = p->now % 2 ? 0.4 : 0;
	if (p->now % 5 == 0)
		p->stop_to = ticks(s, p->bot == 3, w->mid - w->mid / (1000 + p->now % 3 * 1000));
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
		script_wish(s, p, &walks[p->bot == 3]);
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

#endif
