/*
 * The paper venue behind a bad line: news late, told twice or lost, requests refused or
 * swallowed at random. Whatever happens on the way, nothing is sold twice, no limit is
 * passed, no leg waits for an answer longer than its deadline, and in the end every bot
 * is flat with books that agree.
 */
#include "tests/unit/engine_script.h"
#include "worker/engine/engine_internal.h"

#define STEPS 3000
#define SEEDS 40
#define QUEUE_MAX 4096

struct news {
	int64_t due, seq;
	struct venue_update u;
};

struct line {			/* a venue between engine and paper venue */
	struct venue venue;	/* first */
	struct venue *sim;
	struct venue_sink to;
	struct script dice;
	bool calm;		/* from now on nothing is refused, late or lost */
	bool loses;
	struct news queue[QUEUE_MAX];	/* by due, then seq */
	size_t n;
	int64_t seq, newest_due;
	size_t refused, twice, late, lost;
};

static struct line *line_of(struct venue *v)
{
	return (struct line *)(void *)v;
}

static bool refuses(struct line *l)
{
	bool no = !l->calm && chance(&l->dice, 10);

	l->refused += no;
	return no;
}

static bool loses(struct line *l, int percent)
{
	bool lost = l->loses && !l->calm && chance(&l->dice, percent);

	l->lost += lost;
	return lost;
}

static int line_place(struct venue *v, const struct venue_order *orders, size_t n, int64_t now_us,
		      struct err *e)
{
	struct line *l = line_of(v);

	if (refuses(l))
		return err_set(e, ERR_UNAVAILABLE, "the line is down");
	if (loses(l, 4))
		return 0;
	return l->sim->ops->place(l->sim, orders, n, now_us, e);
}

static int line_cancel(struct venue *v, int64_t bot_id, const char *symbol, const char *id,
		       int64_t now_us, struct err *e)
{
	struct line *l = line_of(v);

	if (refuses(l))
		return err_set(e, ERR_UNAVAILABLE, "the line is down");
	if (loses(l, 4))
		return 0;
	return l->sim->ops->cancel(l->sim, bot_id, symbol, id, now_us, e);
}

static void line_flush(struct venue *v) { (void)v; }

static int64_t line_next_due(const struct venue *v)
{
	const struct line *l = (const struct line *)(const void *)v;
	int64_t due = l->sim->ops->next_due(l->sim);

	return l->n && l->queue[0].due < due ? l->queue[0].due : due;
}

static void enqueue(struct line *l, const struct venue_update *u, int64_t due)
{
	size_t at = l->n;

	assert_true(l->n < QUEUE_MAX);
	for (; at > 0 && l->queue[at - 1].due > due; at--)
		l->queue[at] = l->queue[at - 1];
	l->queue[at] = (struct news){ .due = due, .seq = l->seq++, .u = *u };
	l->queue[at].u.at_us = due;
	l->n++;
}

/* The account is told at once, also ahead of the news why. */
static void on_account(void *ctx, const struct account *a)
{
	struct line *l = ctx;

	l->to.account(l->to.ctx, a);
}

/* News keep their order; what is told again comes again much later. */
static void on_news(void *ctx, const struct venue_update *u)
{
	struct line *l = ctx;
	int64_t due = u->at_us;

	/* A fill that nobody hears of is found when the leg is asked about for another reason. */
	if (u->kind != UPDATE_FILL && u->kind != UPDATE_FUNDING && loses(l, 8))
		return;
	if (!l->calm && chance(&l->dice, 30)) {
		due += below(&l->dice, 800 * MS);
		l->late++;
	}
	if (due < l->newest_due)
		due = l->newest_due;
	l->newest_due = due;
	enqueue(l, u, due);
	if (!l->calm && chance(&l->dice, 25)) {
		enqueue(l, u, due + below(&l->dice, 5 * SECOND));
		l->twice++;
	}
}

static void line_advance(struct venue *v, int64_t now_us)
{
	struct line *l = line_of(v);

	for (int64_t due = line_next_due(v); due <= now_us; due = line_next_due(v)) {
		struct venue_update u;

		if (!l->n || l->queue[0].due > due) {
			l->sim->ops->advance(l->sim, due);
			continue;
		}
		u = l->queue[0].u;
		l->n--;
		memmove(&l->queue[0], &l->queue[1], l->n * sizeof(l->queue[0]));
		l->to.update(l->to.ctx, &u);
	}
}

static int line_market_add(struct venue *v, const struct symbol_info *info)
{
	return line_of(v)->sim->ops->market_add(line_of(v)->sim, info);
}

static void line_trade(struct venue *v, int market, const struct trade *t,
		       int64_t now_us)
{
	line_of(v)->sim->ops->on_trade(line_of(v)->sim, market, t, now_us);
}

static void line_book(struct venue *v, int market, const struct book_top *b,
		      int64_t now_us)
{
	line_of(v)->sim->ops->on_book(line_of(v)->sim, market, b, now_us);
}

static void line_time(struct venue *v, int market, int64_t now_us)
{
	line_of(v)->sim->ops->on_time(line_of(v)->sim, market, now_us);
}

static void line_book_valid(struct venue *v, int market, bool valid,
			    int64_t now_us)
{
	line_of(v)->sim->ops->on_book_valid(line_of(v)->sim, market, valid, now_us);
}

/* As a real exchange: what it could do now is not known here. */
static bool line_tradable(const struct venue *v, int64_t bot_id, int market, enum side side,
			  int64_t now_us)
{
	(void)v;
	(void)bot_id;
	(void)market;
	(void)side;
	(void)now_us;
	return true;
}

static int line_ask(struct venue *v, const struct venue_query *q, int64_t now_us, struct err *e)
{
	struct line *l = line_of(v);

	if (refuses(l))
		return err_set(e, ERR_UNAVAILABLE, "the line is down");
	if (loses(l, 8))
		return 0;
	return l->sim->ops->ask(l->sim, q, now_us, e);
}

/* Ahead of late news, as an answer on another connection is. */
static void on_answer(void *ctx, const struct venue_answer *a)
{
	struct line *l = ctx;

	l->to.answer(l->to.ctx, a);
}

static int line_bot_set(struct venue *v, int64_t bot_id, int64_t account_id,
			const struct venue_caps **caps, struct err *e)
{
	return line_of(v)->sim->ops->bot_set(line_of(v)->sim, bot_id, account_id, caps, e);
}

static void line_free(struct venue *v) { (void)v; }

static const struct venue_ops LINE_OPS = {
	.name = "line", .caps = { .resting_stop = true, .oco = true },
	.bot_set = line_bot_set, .place = line_place, .cancel = line_cancel,
	.flush = line_flush, .next_due = line_next_due, .advance = line_advance,
	.market_add = line_market_add, .on_trade = line_trade, .on_book = line_book,
	.on_time = line_time, .on_book_valid = line_book_valid, .tradable = line_tradable,
	.ask = line_ask, .free = line_free,
};

/* ---- the engine on it ---- */

struct scene {
	struct script script;
	struct line line;
	struct engine *e;
	struct market *markets[SCRIPT_MARKETS];
	struct rows rows;
	struct bot_config config[SCRIPT_BOTS + 1];
	struct brain brain[SCRIPT_BOTS + 1];
	size_t orders_seen;
	bool asks;			/* reconciles now and then, while news is on the way */
};

static void open_scene(struct scene *s, uint64_t seed)
{
	struct engine_args a = { .reporter = rows_reporter(&s->rows), .venue = &s->line.venue,
				 .first_order_id = 1, .first_leg_id = 1, .first_fill_id = 1,
				 .first_signal_id = 1, .market_data = "replay" };
	struct sim_args sim;
	struct err e;

	script_make(&s->script, seed, STEPS);
	s->asks = seed % 3 == 0;
	s->line.loses = seed % 3 == 1;
	a.limits.max_open_positions = MAX_OPEN;
	s->line.venue.ops = &LINE_OPS;
	s->line.dice.state = seed * 31;
	s->e = engine_new(&a);
	s->line.to = engine_venue_sink(s->e);
	sim_args_init(&sim);
	sim.sink = (struct venue_sink){ .ctx = &s->line, .update = on_news,
					  .answer = on_answer, .account = on_account };
	sim.funding_rate_e8 = 0;
	s->line.sim = sim_new(&sim);
	for (int m = 0; m < SCRIPT_MARKETS; m++) {
		struct symbol_info info = s->script.markets[m];

		market_source("replay", info.futures, info.source);
		s->markets[m] = engine_market_add(s->e, &info);
	}
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		struct predictor p = { .model_id = 7, .ctx = &s->brain[b],
				       .predict = brain_predict };
		struct sim_account_args acc = { .bot_id = b, .futures = s->script.futures,
						.initial_capital = M("10000"),
						.leverage_e8 = RATE_ONE };

		s->config[b] = s->script.bots[b];
		s->config[b].leverage = 1;
		memcpy(acc.symbol, s->config[b].symbol, sizeof(acc.symbol));
		assert_int_equal(sim_account_add(s->line.sim, &acc, T0 - SECOND, &e), 0);
		assert_int_equal(engine_bot_add(s->e, b, &s->config[b], NULL, &e), 0);
		engine_bot_model(s->e, b, &p, NULL);
	}
}

static void close_scene(struct scene *s)
{
	engine_free(s->e);
	s->line.sim->ops->free(s->line.sim);
	rows_free(&s->rows);
	script_free(&s->script);
	free(s);
}

static int order_bot(struct scene *s, int64_t bot, enum bot_event event, bool close, int64_t now)
{
	struct engine_command c = { .event = event, .close_positions = close,
				    .requested_by = "script", .correlation_id = "c" };
	struct engine_answer a;
	struct err e;

	return engine_bot_command(s->e, bot, &c, now, &a, &e);
}

static void act(struct scene *s, const struct script_step *p)
{
	struct bot_config c = p->config;
	struct err e;
	int64_t n;
	int rc = 0;

	if (p->kind == STEP_COMMAND) {
		rc = order_bot(s, p->bot, p->event, p->flag, p->now);
	} else if (p->kind == STEP_CLOSE) {
		rc = engine_close(s->e, p->bot, 0, "c", p->now, &n, &e);
	} else if (p->kind == STEP_FAIL) {
		engine_bot_fail(s->e, p->bot, p->now, "a fault of the script");
	} else if (p->kind == STEP_CONFIG) {
		c.leverage = 1;
		rc = engine_bot_config(s->e, p->bot, &c, &e);
		if (rc == 0)
			s->config[p->bot] = c;
	}
	assert_true(rc == 0 || rc == ERR_CONFLICT);
}

static void play(struct scene *s, const struct script_step *p)
{
	struct market *m = s->markets[p->market];

	switch (p->kind) {
	case STEP_TRADE:
		engine_trade(s->e, m, &p->trade, p->now);
		break;
	case STEP_BOOK:
		engine_book(s->e, m, &p->book, p->now);
		break;
	case STEP_TIME:
		engine_market_time(s->e, m, p->exchange_us, p->now);
		break;
	case STEP_BRAIN:
		s->brain[p->bot].probability = p->probability;
		s->brain[p->bot].exits = p->exits;
		s->brain[p->bot].share = p->share;
		s->brain[p->bot].stop_to = p->stop_to;
		s->brain[p->bot].side = p->side;
		break;
	case STEP_COMMAND:
	case STEP_CLOSE:
	case STEP_FAIL:
	case STEP_CONFIG:
		act(s, p);
		break;
	case STEP_ADVANCE:
		engine_advance(s->e, p->now);
		if (s->asks)
			engine_reconcile(s->e, p->now);
		break;
	case STEP_GAP:
	case STEP_VALID:
	case STEP_DRIFT:
	case STEP_RESET:
		engine_advance(s->e, p->now);
		break;
	}
}

#define HOLDS(s, at, cond)                                                         \
	do {                                                                       \
		if (!(cond))                                                       \
			fail_msg("seed %llu, step %zu: %s",                        \
				 (unsigned long long)(s)->script.seed, at, #cond); \
	} while (0)

static bool waits(const struct leg *l)
{
	return l->state == LEG_SENT || l->state == LEG_UNKNOWN || l->state == LEG_CANCELLING;
}

/* A leg that waits for the venue is asked about in bounded time. */
static void check_deadlines(struct scene *s, size_t at)
{
	for (size_t i = 0; i < s->e->bots_n; i++) {
		const struct bot *b = s->e->bots[i];

		for (size_t k = 0; k < b->orders_n; k++) {
			for (size_t n = 0; n < b->orders[k]->legs_n; n++) {
				const struct leg *l = &b->orders[k]->legs[n];

				if (!waits(l))
					continue;
				HOLDS(s, at, l->ask_us > s->e->now_us);
				HOLDS(s, at, l->ask_us <= s->e->now_us +
				      (l->asks ? ASK_MOST_US : LEG_ANSWER_US));
			}
		}
	}
}

static void check(struct scene *s, size_t at, const enum bot_status *before)
{
	struct err e;

	if (sim_check(s->line.sim, &e))
		fail_msg("seed %llu, step %zu: %s", (unsigned long long)s->script.seed, at, e.msg);
	for (; s->orders_seen < s->rows.orders_n; s->orders_seen++) {
		const struct order *o = &s->rows.orders[s->orders_seen];

		HOLDS(s, at, before[o->bot_id] == BOT_RUNNING);
		HOLDS(s, at, engine_open_orders(s->e, o->bot_id) <=
			     s->config[o->bot_id].max_positions);
		HOLDS(s, at, s->e->all.open_all <= MAX_OPEN);
	}
	for (size_t i = 0; i < s->rows.orders_n; i++)
		HOLDS(s, at, qty_sign(order_position(&s->rows.orders[i])) >= 0);
	check_deadlines(s, at);
}

/* The line is good again: everything closes, and the books are the same on both sides. */
static void finish(struct scene *s, int64_t now)
{
	struct qty held[SCRIPT_BOTS + 1] = { { 0 } };
	int64_t cash_e8[SCRIPT_BOTS + 1] = { 0 };

	s->line.calm = true;
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++)
		assert_int_equal(order_bot(s, b, EVENT_EMERGENCY_STOP, false, now), 0);
	for (int m = 0; m < SCRIPT_MARKETS; m++) {
		struct book_top book = market_top(s->markets[m]);

		book.bid_qty = book.ask_qty = Q("1000");
		engine_book(s->e, s->markets[m], &book, now);
	}
	engine_advance(s->e, now + 120 * SECOND);
	for (size_t i = 0; i < s->rows.orders_n; i++) {
		const struct order *o = &s->rows.orders[i];
		int64_t in = money_units(o->entry_notional), out = money_units(o->exit_notional);

		HOLDS(s, i, o->status == ORDER_CLOSED || o->phase == PHASE_REMAINDER);
		cash_e8[o->bot_id] += (o->side == SIDE_BUY ? out - in : in - out) -
				      money_units(o->quote_fees);
		assert_int_equal(qty_add(held[o->bot_id], left_of(o), &held[o->bot_id]), 0);
		if (o->phase == PHASE_REMAINDER)
			assert_int_equal(qty_add(held[o->bot_id], order_position(o),
						 &held[o->bot_id]), 0);
	}
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		struct account_value balance;
		struct err e;

		assert_int_equal(sim_account_value(s->line.sim, b, &balance, &e), 0);
		/* fills whose news is lost or late are asked for: to the last unit */
		HOLDS(s, (size_t)b, qty_cmp(balance.base, held[b]) == 0);
		HOLDS(s, (size_t)b, money_units(balance.balance) ==
		      INT64_C(10000) * RATE_ONE + cash_e8[b]);
	}
}

static void bad_line(void **state)
{
	const char *more = getenv("RANDOM_SEEDS");
	uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
	size_t refused = 0, twice = 0, late = 0, lost = 0, filled = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct scene *s = xcalloc(1, sizeof(*s));

		open_scene(s, seed);
		for (size_t i = 0; i < s->script.n; i++) {
			enum bot_status before[SCRIPT_BOTS + 1];

			for (int64_t b = 1; b <= SCRIPT_BOTS; b++)
				before[b] = engine_bot_status(s->e, b);
			play(s, &s->script.steps[i]);
			check(s, i, before);
		}
		finish(s, s->script.steps[s->script.n - 1].now);
		refused += s->line.refused;
		twice += s->line.twice;
		late += s->line.late;
		lost += s->line.lost;
		for (size_t i = 0; i < s->rows.orders_n; i++)
			filled += qty_sign(s->rows.orders[i].filled) > 0;
		close_scene(s);
	}
	printf("%zu trades; %zu requests refused, %zu news late, %zu told twice, %zu lost\n",
	       filled, refused, late, twice, lost);
	assert_true(refused > seeds && twice > seeds && late > seeds && filled > seeds);
	assert_true(lost > seeds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
