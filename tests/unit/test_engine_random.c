/*
 * Random markets and commands on the paper venue: what must hold after every event,
 * the same script twice, and a session cut anywhere and taken up from its rows.
 */
#include "tests/unit/engine_script.h"
#include "worker/engine/engine_internal.h"

#define STEPS 4000
#define SEEDS 40		/* RANDOM_SEEDS in the environment: more, or fewer */
#define FLAT_WITHIN (180 * SECOND)

static uint64_t seeds(void)
{
	const char *more = getenv("RANDOM_SEEDS");

	return more ? strtoull(more, NULL, 10) : SEEDS;
}

static struct stage *open_stage(const struct script *script)
{
	struct stage *g = xcalloc(1, sizeof(*g));

	g->paper.next_trade = g->paper.next_entry = g->paper.next_order = 1;
	stage_open(g, script);
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		g->config[b] = script->bots[b];
		g->config[b].version = 1;
		stage_bot(g, b, NULL);
	}
	return g;
}

/* ---- what must hold ---- */

struct truth {			/* the books kept again, from the rows alone */
	struct stage *g;
	size_t at;		/* step */
	size_t orders_seen, fills_seen, statuses_seen;
	int64_t *numbers;	/* of the venue's trades, of all fills so far */
	struct qty *in, *out;	/* by order id: sums of its fills */
	size_t in_n;
	struct qty dust[SCRIPT_BOTS + 1];	/* that closed orders left, since the last reset */
	struct money cash[SCRIPT_BOTS + 1];	/* that closed orders moved */
	struct money won[SCRIPT_BOTS + 1];	/* their results */
	/* Cost of their dust, less what they took over. */
	struct money left_cost[SCRIPT_BOTS + 1];
	struct money borne[SCRIPT_BOTS + 1];	/* of it by the market */
	int64_t epoch[SCRIPT_BOTS + 1];
	int64_t emergency_us[SCRIPT_BOTS + 1];	/* when it began, 0 none */
	struct day_stats day[SCRIPT_BOTS + 1];	/* of the closed orders of the newest day */
};

#define HOLDS(t, cond)                                                             \
	do {                                                                       \
		if (!(cond))                                                       \
			fail_msg("seed %llu, step %zu: %s",                        \
				 (unsigned long long)(t)->g->script->seed, (t)->at, #cond); \
	} while (0)

static struct money moved(const struct order *o)
{
	struct money m;

	if (o->side == SIDE_BUY)
		assert_int_equal(money_sub(o->exit_notional, o->entry_notional, &m), 0);
	else
		assert_int_equal(money_sub(o->entry_notional, o->exit_notional, &m), 0);
	assert_int_equal(money_sub(m, o->quote_fees, &m), 0);
	assert_int_equal(money_sub(m, o->funding, &m), 0);
	return m;
}

/* The day's totals again, from the closed orders alone. */
static void count_day(struct truth *t, const struct order *o)
{
	struct day_stats *d = &t->day[o->bot_id];
	char day[DAY_TEXT_MAX];

	if (qty_sign(o->filled) <= 0)
		return;
	day_text(o->closed_us, day);
	if (strcmp(day, d->day) != 0)
		*d = (struct day_stats){ .bot_id = o->bot_id };
	memcpy(d->day, day, sizeof(d->day));
	d->trades++;
	d->wins += money_sign(o->pnl) > 0;
	d->losses += money_sign(o->pnl) < 0;
	assert_int_equal(money_add(d->net, o->pnl, &d->net), 0);
	assert_int_equal(money_add(d->gross, o->gross, &d->gross), 0);
	assert_int_equal(money_add(d->fees, order_costs(o), &d->fees), 0);
}

static void check_stats(struct truth *t, int64_t bot)
{
	const struct day_stats *is = &t->g->rows.stats[bot], *want = &t->day[bot];
	struct money net;

	HOLDS(t, strcmp(is->day, want->day) == 0);
	HOLDS(t, is->trades == want->trades && is->wins == want->wins);
	HOLDS(t, is->losses == want->losses);
	HOLDS(t, money_cmp(is->net, want->net) == 0 && money_cmp(is->gross, want->gross) == 0);
	HOLDS(t, money_cmp(is->fees, want->fees) == 0);
	assert_int_equal(money_sub(is->gross, is->fees, &net), 0);
	HOLDS(t, money_cmp(net, is->net) == 0);
	HOLDS(t, money_cmp(is->peak_net, is->net) >= 0 && money_sign(is->max_drawdown) >= 0);
}

static void on_closed(void *ctx, const struct order *o)
{
	struct truth *t = ctx;
	struct money net;

	assert_int_equal(money_sub(o->gross, order_costs(o), &net), 0);
	HOLDS(t, money_cmp(net, o->pnl) == 0);
	count_day(t, o);
	HOLDS(t, qty_cmp(order_position(o), o->dust) == 0);
	HOLDS(t, qty_sign(o->dust) >= 0);
	HOLDS(t, (qty_sign(o->dust_taken) > 0) == (money_sign(o->dust_taken_cost) > 0));
	HOLDS(t, o->reason != CLOSE_NONE);
	assert_int_equal(qty_add(t->dust[o->bot_id], left_of(o), &t->dust[o->bot_id]), 0);
	assert_int_equal(money_add(t->cash[o->bot_id], moved(o), &t->cash[o->bot_id]), 0);
	assert_int_equal(money_add(t->won[o->bot_id], o->pnl, &t->won[o->bot_id]), 0);
	assert_int_equal(money_add(t->borne[o->bot_id], o->bad_debt, &t->borne[o->bot_id]), 0);
	assert_int_equal(money_add(t->left_cost[o->bot_id], o->dust_cost,
				   &t->left_cost[o->bot_id]), 0);
	assert_int_equal(money_sub(t->left_cost[o->bot_id], o->dust_taken_cost,
				   &t->left_cost[o->bot_id]), 0);
}

/* New entries only from a running bot, and never above a limit. */
static void check_new_orders(struct truth *t, const enum bot_status *before)
{
	const struct rows *r = &t->g->rows;

	for (; t->orders_seen < r->orders_n; t->orders_seen++) {
		const struct order *o = &r->orders[t->orders_seen];

		HOLDS(t, before[o->bot_id] == BOT_RUNNING);
		HOLDS(t, qty_cmp(o->quantity, t->g->script->markets[0].min_qty) >= 0);
		HOLDS(t, engine_open_orders(t->g->e, o->bot_id) <=
			 t->g->config[o->bot_id].max_positions);
		HOLDS(t, t->g->e->all.open_all <= MAX_OPEN);
	}
}

/* One number is one fill, also where one execution closed several orders. */
static void check_number(struct truth *t, int64_t trade_id)
{
	for (size_t i = 0; i < t->fills_seen; i++)
		HOLDS(t, t->numbers[i] != trade_id);
	t->numbers = xrealloc(t->numbers, (t->fills_seen + 1) * sizeof(*t->numbers));
	t->numbers[t->fills_seen] = trade_id;
}

static void check_fills(struct truth *t)
{
	const struct rows *r = &t->g->rows;

	if (t->in_n < r->orders_n) {
		t->in = xrealloc(t->in, r->orders_n * sizeof(*t->in));
		t->out = xrealloc(t->out, r->orders_n * sizeof(*t->out));
		for (; t->in_n < r->orders_n; t->in_n++)
			t->in[t->in_n] = t->out[t->in_n] = (struct qty){ 0 };
	}
	for (; t->fills_seen < r->fills_n; t->fills_seen++) {
		const struct kept_fill *f = &r->fills[t->fills_seen];
		struct qty *sum = f->kind == LEG_ENTRY ? &t->in[f->order_id - 1] :
			&t->out[f->order_id - 1];

		assert_int_equal(qty_add(*sum, f->f.quantity, sum), 0);
		HOLDS(t, qty_sign(f->f.quantity) > 0);
		check_number(t, f->f.trade_id);
	}
	for (size_t i = 0; i < r->orders_n; i++) {
		HOLDS(t, qty_cmp(t->in[i], r->orders[i].filled) == 0);
		HOLDS(t, qty_cmp(t->out[i], r->orders[i].exited) == 0);
		HOLDS(t, qty_cmp(r->orders[i].filled, r->orders[i].quantity) <= 0);
		HOLDS(t, qty_sign(order_position(&r->orders[i])) >= 0);
	}
}

/* A reset begins a new account: what was, does not count any more. */
static void check_epoch(struct truth *t, int64_t bot)
{
	const struct sim_account *a = sim_account_get(session_venue(t->g->s), bot);

	if (t->epoch[bot] && a->epoch != t->epoch[bot]) {
		t->dust[bot] = (struct qty){ 0 };
		t->cash[bot] = t->won[bot] = t->borne[bot] = (struct money){ 0 };
		t->left_cost[bot] = (struct money){ 0 };
	}
	t->epoch[bot] = a->epoch;
}

/* Spot, nothing open: what was won is the money that came, with dust at its cost. */
static void check_results(struct truth *t, int64_t bot, const struct account_value *b)
{
	const struct rows *r = &t->g->rows;

	if (t->g->script->futures)
		return;
	for (size_t i = 0; i < r->orders_n; i++)
		if (r->orders[i].bot_id == bot && r->orders[i].status != ORDER_CLOSED)
			return;
	HOLDS(t, money_units(b->balance) + money_units(t->left_cost[bot]) ==
		 INT64_C(10000) * RATE_ONE + money_units(t->won[bot]));
}

/* What the orders hold and moved is what the account holds and has. */
static void check_account(struct truth *t, int64_t bot)
{
	const struct rows *r = &t->g->rows;
	struct venue *v = session_venue(t->g->s);
	struct qty held = t->dust[bot];
	struct money cash_now = t->cash[bot], want;
	struct account_value b;
	struct err e;

	if (sim_account_value(v, bot, &b, &e))
		return; /* no price yet */
	for (size_t i = 0; i < r->orders_n; i++) {
		const struct order *o = &r->orders[i];
		struct qty q = order_position(o);

		if (o->bot_id != bot || o->status == ORDER_CLOSED)
			continue;
		if (o->side == SIDE_SELL)
			q = qty_neg(q);
		assert_int_equal(qty_add(held, q, &held), 0);
		assert_int_equal(qty_sub(held, o->dust_taken, &held), 0);
		assert_int_equal(money_add(cash_now, moved(o), &cash_now), 0);
	}
	HOLDS(t, qty_cmp(b.base, held) == 0);
	want = money_of_units(money_units(cash_now) + INT64_C(10000) * RATE_ONE +
			      t->g->gift_e8[bot]);
	if (!t->g->script->futures || qty_sign(b.base) == 0)
		HOLDS(t, money_cmp(want, b.balance) == 0);
	HOLDS(t, money_sign(b.equity) >= 0 && money_sign(b.free) >= 0);
	check_results(t, bot, &b);
	if (t->g->script->futures && engine_open_orders(t->g->e, bot) == 0) {
		HOLDS(t, money_units(b.balance) ==
			 INT64_C(10000) * RATE_ONE + money_units(t->won[bot]));
		HOLDS(t, money_units(t->borne[bot]) == t->g->gift_e8[bot]);
	}
}

/* Does the venue hold a stop in this leg? Its own rows say so. */
static bool stops(const struct world *w, const struct leg *l)
{
	const struct sim_order *row = &w->orders[world_order_at(w, l->client_order_id)];

	return row->stage == SIM_RESTING && price_sign(row->stop_price) > 0;
}

static struct qty rest_of(const struct leg *l)
{
	struct qty q;

	assert_int_equal(qty_sub(l->quantity, l->filled, &q), 0);
	return q;
}

/* Would the venue take an order at the stop's price for all that it holds? */
static bool could_protect(const struct order *o, const struct symbol_info *info)
{
	struct qty held = qty_to_step(order_position(o), info->step, ROUND_DOWN);
	struct money worth;

	assert_int_equal(money_notional(o->stop_loss, held, ROUND_DOWN, &worth), 0);
	return qty_cmp(held, info->min_qty) >= 0 &&
	       (info->futures || money_cmp(worth, info->min_notional) >= 0);
}

/*
 * The venue holds exactly the orders that we think live, for trades that are open; and a
 * position that could be sold has somebody who will sell it.
 */
static void check_legs(struct truth *t)
{
	const struct rows *r = &t->g->rows;
	const struct world *w = &t->g->paper;
	size_t alive = 0, here = 0;

	for (size_t i = 0; i < w->orders_n; i++)
		here += w->orders[i].stage != SIM_CANCELLING;
	for (size_t i = 0; i < r->orders_n; i++) {
		const struct order *o = &r->orders[i];
		const struct symbol_info *info = &t->g->script->markets[o->bot_id == 3];
		struct qty covered = { 0 };
		bool exit = false;

		if (o->status == ORDER_CLOSED)
			continue;
		for (size_t k = 0; k < r->legs_n; k++) {
			const struct leg *l = &r->legs[k].leg;

			if (r->legs[k].order_id != o->id || leg_done(l))
				continue;
			alive++;
			exit = exit || l->kind != LEG_ENTRY;
			if (stops(w, l))
				assert_int_equal(qty_add(covered, rest_of(l), &covered), 0);
			HOLDS(t, world_order_at(w, l->client_order_id) < w->orders_n);
		}
		/* what no stop at the venue covers is watched, and timed */
		HOLDS(t, (qty_cmp(covered, qty_to_step(order_position(o), info->step,
						       ROUND_DOWN)) < 0) ==
			 (o->uncovered_from_us != 0));
		HOLDS(t, exit || o->retry_us || o->phase != PHASE_HOLDING ||
			 !could_protect(o, info));
	}
	HOLDS(t, alive == here);
}

/* Could a market order of either side trade on the bot's market? */
static bool could_close(const struct truth *t, int64_t bot, int64_t now)
{
	const struct venue *v = session_venue(t->g->s);
	const struct symbol_info *info = &t->g->script->markets[bot == 3];
	int m = sim_symbol_find(v, info->symbol, info->futures);

	return v->ops->tradable(v, bot, m, SIDE_BUY, now) &&
	       v->ops->tradable(v, bot, m, SIDE_SELL, now);
}

/* Flat in bounded time after an emergency stop, and nothing but a start undoes it. */
static void check_emergency(struct truth *t, int64_t bot, int64_t now)
{
	const struct rows *r = &t->g->rows;

	for (size_t i = t->statuses_seen; i < r->statuses_n; i++) {
		const struct kept_status *k = &r->statuses[i];

		if (k->s.bot_id != bot)
			continue;
		if (strcmp(k->event, "emergency-stop") == 0 && strcmp(k->by, "script") == 0 &&
		    !t->emergency_us[bot])
			t->emergency_us[bot] = k->s.at_us;
		if (strcmp(k->event, "start") == 0)
			t->emergency_us[bot] = 0;
	}
	/* nothing can be sold without a book: the time begins when there is one */
	if (t->emergency_us[bot] && !could_close(t, bot, now))
		t->emergency_us[bot] = now;
	if (t->emergency_us[bot] && now > t->emergency_us[bot] + FLAT_WITHIN)
		HOLDS(t, engine_open_orders(t->g->e, bot) == 0);
	if (t->emergency_us[bot])
		HOLDS(t, engine_bot_status(t->g->e, bot) == BOT_STOPPED);
}

static void check_all(struct truth *t, const enum bot_status *before, int64_t now)
{
	int64_t open = 0;
	struct err e;

	if (sim_check(session_venue(t->g->s), &e))
		fail_msg("seed %llu, step %zu: %s", (unsigned long long)t->g->script->seed, t->at,
			 e.msg);
	check_new_orders(t, before);
	check_fills(t);
	for (int64_t b = 1; b <= SCRIPT_BOTS; b++) {
		check_epoch(t, b);
		check_account(t, b);
		check_stats(t, b);
		check_emergency(t, b, now);
		open += engine_open_orders(t->g->e, b);
	}
	if (t->at % 8 == 0)
		check_legs(t);
	t->statuses_seen = t->g->rows.statuses_n;
	HOLDS(t, t->g->e->all.open_all == open);
}

static void play_checked(struct stage *g, struct truth *t)
{
	struct feed_sink sink = session_sink(g->s, g->script->futures);

	t->g = g;
	g->rows.on_closed = on_closed;
	g->rows.ctx = t;
	for (size_t i = 0; i < g->script->n; i++) {
		enum bot_status before[SCRIPT_BOTS + 1];

		for (int64_t b = 1; b <= SCRIPT_BOTS; b++)
			before[b] = engine_bot_status(g->e, b);
		t->at = i;
		stage_play(g, &g->script->steps[i], &sink);
		/* a start and its first entry lie in different steps */
		check_all(t, before, g->script->steps[i].now);
	}
	free(t->in);
	free(t->out);
	free(t->numbers);
}

static void invariants(void **state)
{
	size_t orders = 0, closed[CLOSE_EXIT_SIGNAL + 1] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= seeds(); seed++) {
		struct truth t = { 0 };
		struct script script;
		struct stage *g;

		script_make(&script, seed, STEPS);
		g = open_stage(&script);
		play_checked(g, &t);
		orders += g->rows.orders_n;
		for (size_t i = 0; i < g->rows.orders_n; i++)
			closed[g->rows.orders[i].reason]++;
		stage_close(g);
		script_free(&script);
	}
	/* the scripts reach every way out, or they test less than they say */
	printf("%zu orders:", orders);
	for (int i = 0; i <= CLOSE_EXIT_SIGNAL; i++) {
		printf(" %s %zu", close_reason_name((enum close_reason)i), closed[i]);
		assert_true(closed[i] > 0);
	}
	printf("\n");
}

/* ---- the same again ---- */

static void digest_of(uint64_t seed, char hex[SHA256_HEX_MAX], uint64_t *lines)
{
	struct script script;
	struct feed_sink sink;
	struct stage *g;

	script_make(&script, seed, STEPS);
	g = open_stage(&script);
	sink = session_sink(g->s, g->script->futures);
	for (size_t i = 0; i < script.n; i++)
		stage_play(g, &script.steps[i], &sink);
	*lines = digest_lines(g->digest);
	digest_hex(g->digest, hex);
	stage_close(g);
	script_free(&script);
}

static void same_digest(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= seeds() / 4; seed++) {
		char one[SHA256_HEX_MAX], two[SHA256_HEX_MAX];
		uint64_t lines_one, lines_two;

		digest_of(seed, one, &lines_one);
		digest_of(seed, two, &lines_two);
		assert_true(lines_one > 100);
		assert_int_equal(lines_one, lines_two);
		assert_string_equal(one, two);
	}
}

/* ---- cut and taken up ---- */

static void restore_paper(struct stage *b, const struct world *w)
{
	struct venue *v = session_venue(b->s);
	struct err e;

	for (size_t i = 0; i < w->accounts_n; i++)
		assert_int_equal(sim_account_restore(v, &w->accounts[i], &e), 0);
	for (size_t i = 0; i < w->balances_n; i++)
		assert_int_equal(sim_balance_restore(v, &w->balances[i], &e), 0);
	for (size_t i = 0; i < w->orders_n; i++)
		assert_int_equal(sim_order_restore(v, &w->orders[i], &e), 0);
	sim_counter_restore(v, "trade", w->next_trade);
	sim_counter_restore(v, "entry", w->next_entry);
	sim_counter_restore(v, "sim_order", w->next_order);
	sim_restore_round(v);
	b->paper = *w;
	b->paper.rows = NULL;
	b->paper.ups = NULL;
	if (sim_check(v, &e))
		fail_msg("%s", e.msg);
}

static void restore_bot(struct stage *b, const struct stage *a, int64_t bot)
{
	const struct bot_report *row = &a->rows.bots[bot];
	struct bot_restore r = {
		.status = row->status, .emergency = (enum emergency)row->emergency,
		.start_us = row->start_us, .last_decision_us = row->last_decision_us,
		.loss_streak = row->loss_streak, .cooldown_until_us = row->cooldown_until_us,
		.refusals = row->refusals, .refused_until_us = row->refused_until_us,
		.equity = row->equity, .last_price = row->last_price,
		.peak_equity = row->peak_equity, .day_equity = row->day_equity,
		.dust = row->dust, .dust_cost = row->dust_cost,
		.stats = a->rows.stats[bot],
	};

	memcpy(r.error, row->error, sizeof(r.error));
	memcpy(r.day, row->day, sizeof(r.day));
	for (size_t i = 0; i < a->rows.orders_n; i++)
		if (a->rows.orders[i].bot_id == bot)
			r.last_entry_us = a->rows.orders[i].created_us;
	for (size_t i = a->rows.legs_n; i-- > 0 && r.sent_n < ORDERS_KEPT;)
		if (a->rows.legs[i].bot_id == bot)
			r.sent_us[r.sent_n++] = a->rows.legs[i].leg.requested_us;
	b->brain[bot] = a->brain[bot];
	b->config[bot] = a->config[bot];
	stage_bot(b, bot, &r);
}

/* Open orders with their live legs, as the database gives them back. */
static void restore_orders(struct stage *b, const struct stage *a)
{
	struct order *o = xcalloc(1, sizeof(*o));
	struct err e;

	for (size_t i = 0; i < a->rows.orders_n; i++) {
		*o = a->rows.orders[i];
		if (o->status == ORDER_CLOSED)
			continue;
		for (size_t k = 0; k < a->rows.legs_n; k++) {
			const struct kept_leg *l = &a->rows.legs[k];

			if (l->order_id != o->id)
				continue;
			o->leg_count[leg_kind_index(l->leg.kind)]++;
			if (!leg_done(&l->leg))
				o->legs[o->legs_n++] = l->leg;
		}
		assert_int_equal(engine_order_restore(b->e, o, &e), 0);
	}
	free(o);
}

#define COPY(array, n) memcpy(b->rows.array = xcalloc(capacity(n), sizeof(*a->rows.array)), \
			      a->rows.array, (n) * sizeof(*a->rows.array))

/* A new session from what a's rows say, before step "at" of the script, at a time. */
static struct stage *take_up(const struct stage *a, const struct script *script, size_t at,
			     int64_t now_us)
{
	struct stage *b = xcalloc(1, sizeof(*b));
	struct feed_sink sink;

	b->rows.orders_n = a->rows.orders_n;
	b->rows.legs_n = a->rows.legs_n;
	b->rows.fills_n = a->rows.fills_n;
	b->rows.signals_n = a->rows.signals_n;
	if (b->rows.orders_n)
		COPY(orders, b->rows.orders_n);
	if (b->rows.legs_n)
		COPY(legs, b->rows.legs_n);
	if (b->rows.fills_n)
		COPY(fills, b->rows.fills_n);
	if (b->rows.signals_n)
		COPY(signals, b->rows.signals_n);
	stage_open(b, script);
	engine_resume_at(b->e, now_us);
	restore_paper(b, &a->paper);
	for (int64_t bot = 1; bot <= SCRIPT_BOTS; bot++)
		restore_bot(b, a, bot);
	restore_orders(b, a);
	sink = session_sink(b->s, script->futures);
	sink.warm(sink.ctx, true);
	for (size_t i = 0; i < at; i++)
		if (script->steps[i].kind <= STEP_VALID)
			stage_play(b, &script->steps[i], &sink);
	sink.warm(sink.ctx, false);
	engine_clock_drift(b->e, a->drift_us);
	b->drift_us = a->drift_us;
	b->logging = true;
	session_reconcile(b->s, engine_now(b->e));
	return b;
}

/* ---- the clock is set back, then a start ---- */

#define DAY (INT64_C(86400) * SECOND)

static void shift(struct script *s, int64_t by_us)
{
	for (size_t i = 0; i < s->n; i++) {
		s->steps[i].now += by_us;
		s->steps[i].trade.time_us += by_us;
		s->steps[i].exchange_us += by_us;
	}
}

/* No row of the time before may name a moment that is further away than it may be. */
static void check_no_far_deadline(const struct stage *b)
{
	int64_t now = engine_now(b->e), latency = b->script->config.sim_latency_ms * MS;

	for (size_t i = 0; i < b->paper.orders_n; i++)
		assert_true(b->paper.orders[i].due_us <=
			    now + (b->paper.orders[i].stage == SIM_RESTING ? 0 : latency));
	for (size_t i = 0; i < b->paper.accounts_n; i++)
		assert_true(b->paper.accounts[i].next_funding_us <= now + 8 * 3600 * SECOND);
	for (size_t i = 0; i < b->e->bots_n; i++) {
		const struct bot *bot = b->e->bots[i];

		assert_true(bot->start_us <= now);
		assert_true(bot->cooldown_until_us <=
			    now + b->script->config.cooldown_s * SECOND);
		for (size_t k = 0; k < bot->orders_n; k++)
			assert_true(bot->orders[k]->retry_us <= now + RETRY_MOST_US);
	}
}

/* What is held has an exit at the venue, or one will be tried in a moment, or it closes. */
static void check_protected(const struct stage *b)
{
	int64_t latency_us = b->script->config.sim_latency_ms * MS;

	for (size_t i = 0; i < b->e->bots_n; i++) {
		struct bot *bot = b->e->bots[i];
		struct step step = engine_step(b->e, bot, engine_now(b->e));

		for (size_t k = 0; k < bot->orders_n; k++) {
			const struct order *o = bot->orders[k];

			if (o->phase != PHASE_HOLDING || !order_closable(&step, o) || o->retry_us)
				continue;
			for (size_t n = 0; n < o->legs_n; n++)
				assert_true(leg_done(&o->legs[n]) ||
					    o->legs[n].state != LEG_SENT ||
					    o->legs[n].requested_us + latency_us >
					    engine_now(b->e));
			assert_true(order_exit_live(o));
		}
	}
}

static void set_back_at(const struct script *script, size_t cut, size_t *open)
{
	struct stage *a = open_stage(script), *b;
	struct script earlier = *script;
	struct feed_sink sink = session_sink(a->s, a->script->futures);
	int64_t now;

	for (size_t i = 0; i < cut; i++)
		stage_play(a, &script->steps[i], &sink);
	engine_report(a->e, engine_now(a->e), 0, SIZE_MAX);
	earlier.steps = xcalloc(script->n, sizeof(*script->steps));
	memcpy(earlier.steps, script->steps, script->n * sizeof(*script->steps));
	shift(&earlier, -DAY);
	now = engine_now(a->e) - DAY;
	b = take_up(a, &earlier, cut, now);
	check_no_far_deadline(b);
	*open += (size_t)b->e->all.open_all;
	engine_advance(b->e, now += SECOND);
	check_protected(b);
	for (int64_t bot = 1; bot <= SCRIPT_BOTS; bot++) {
		struct script_step stop = { .kind = STEP_COMMAND, .bot = bot, .now = now,
				     .event = EVENT_EMERGENCY_STOP };

		stage_play(b, &stop, &sink);
	}
	for (int m = 0; m < SCRIPT_MARKETS; m++) {
		struct market *market = engine_market(b->e, script->markets[m].symbol,
						      script->futures);
		struct book_top book = market_top(market);

		book.bid_qty = book.ask_qty = Q("1000");
		if (price_sign(book.bid) <= 0 || price_sign(book.ask) <= 0)
			book.bid = book.ask = market_last(market); /* a gap took it away */
		if (price_sign(book.bid) > 0)
			engine_book(b->e, market, &book, now);
		engine_book_valid(b->e, market, true, now);
	}
	engine_advance(b->e, now + 180 * SECOND);
	for (int64_t bot = 1; bot <= SCRIPT_BOTS; bot++)
		if (engine_open_orders(b->e, bot))
			fail_msg("seed %llu cut at %zu: bot %lld is not flat",
				 (unsigned long long)script->seed, cut, (long long)bot);
	stage_close(a);
	stage_close(b);
	free(earlier.steps);
}

static size_t delicate_cut(const struct script *script, struct script *dice);

/* A day back and a start: nothing waits for the day to come again. */
static void set_back_anywhere(void **state)
{
	size_t open = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= seeds(); seed++) {
		struct script script;
		struct script dice = { .state = seed * 99 };

		script_make(&script, seed, STEPS);
		for (int i = 0; i < 3; i++)
			set_back_at(&script, delicate_cut(&script, &dice), &open);
		script_free(&script);
	}
	printf("%zu orders were open when the clock was set back\n", open);
	assert_true(open > seeds());
}

static void compare_logs(const struct stage *a, const struct stage *b, size_t cut)
{
	size_t n = a->log_n < b->log_n ? a->log_n : b->log_n;

	for (size_t i = 0; i < n; i++)
		if (strcmp(a->log[i], b->log[i]) != 0)
			fail_msg("seed %llu cut at %zu, row %zu differs:\n  %s\n  %s",
				 (unsigned long long)a->script->seed, cut, i, a->log[i], b->log[i]);
	if (a->log_n != b->log_n)
		fail_msg("seed %llu cut at %zu: %zu rows and %zu; next: %s",
			 (unsigned long long)a->script->seed, cut, a->log_n, b->log_n,
			 a->log_n > n ? a->log[n] : b->log[n]);
}

static void cut_at(const struct script *script, size_t cut, size_t *rows)
{
	struct stage *a = open_stage(script), *b;
	struct feed_sink sink_a = session_sink(a->s, a->script->futures), sink_b;

	for (size_t i = 0; i < cut; i++)
		stage_play(a, &script->steps[i], &sink_a);
	engine_report(a->e, engine_now(a->e), 0, SIZE_MAX);
	b = take_up(a, script, cut, engine_now(a->e));
	sink_b = session_sink(b->s, b->script->futures);
	a->logging = true;
	for (size_t i = cut; i < script->n; i++) {
		stage_play(a, &script->steps[i], &sink_a);
		stage_play(b, &script->steps[i], &sink_b);
		if (i % 50 == 0) {
			engine_report(a->e, engine_now(a->e), 0, SIZE_MAX);
			engine_report(b->e, engine_now(b->e), 0, SIZE_MAX);
		}
	}
	compare_logs(a, b, cut);
	*rows += a->log_n;
	stage_close(a);
	stage_close(b);
}

/* Something is on its way that a restart could forget. */
static bool delicate(const struct stage *g, enum step_kind newest)
{
	const struct rows *r = &g->rows;

	if (newest == STEP_GAP)
		return true;
	for (size_t i = r->legs_n > 40 ? r->legs_n - 40 : 0; i < r->legs_n; i++) {
		const struct order *o = &r->orders[r->legs[i].order_id - 1];

		if (o->status != ORDER_CLOSED &&
		    (r->legs[i].leg.state == LEG_CANCELLING || o->retry_us ||
						  o->stop_crossed_us))
			return true;
	}
	return false;
}

/* One of the delicate places, or any when there is none. */
static size_t delicate_cut(const struct script *script, struct script *dice)
{
	struct stage *g = open_stage(script);
	struct feed_sink sink = session_sink(g->s, g->script->futures);
	size_t cut = 10 + (size_t)below(dice, STEPS - 20), found = 0;

	for (size_t i = 0; i < script->n; i++) {
		stage_play(g, &script->steps[i], &sink);
		if (delicate(g, script->steps[i].kind) && below(dice, (int64_t)++found) == 0)
			cut = i + 1;
	}
	stage_close(g);
	return cut;
}

static void cut_anywhere(void **state)
{
	size_t rows = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= seeds(); seed++) {
		struct script script;
		struct script dice = { .state = seed * 77 };

		script_make(&script, seed, STEPS);
		cut_at(&script, 10 + (size_t)below(&dice, STEPS - 20), &rows);
		for (int i = 0; i < 3; i++)
			cut_at(&script, delicate_cut(&script, &dice), &rows);
		script_free(&script);
	}
	printf("%zu rows after cuts agree\n", rows);
	assert_true(rows > seeds() * 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
		cmocka_unit_test(same_digest),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(set_back_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
