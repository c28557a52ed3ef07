/*
 * Random markets and commands on the paper venue: what must hold after every event, and the
 * same script twice.
 */
#include "tests/unit/engine_stage.h"
#include "worker/engine/engine_internal.h"
#include "worker/trade/exits.h"

#define FLAT_WITHIN (180 * SECOND)

/* ---- what must hold ---- */

struct truth {			/* the books kept again, from the rows alone */
	struct stage *g;
	size_t at;		/* step */
	size_t orders_seen, fills_seen, statuses_seen;
	int64_t *numbers;	/* of the venue's trades, of all fills so far */
	struct qty *in, *out;	/* by order id: sums of its fills */
	size_t in_n;
	struct price *stops;	/* by order id: its stop when it was looked at last */
	size_t stops_n;
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

static bool worse(const struct order *o, struct price a, struct price b)
{
	return o->side == SIDE_BUY ? price_cmp(a, b) < 0 : price_cmp(a, b) > 0;
}

/*
 * Exits as rules: a stop never moves away from the price, no entry is one too many, a part
 * that leaves is held, and what rests for an old stop is replaced in bounded time.
 */
static void check_exits(struct truth *t)
{
	for (size_t i = 0; i < t->g->e->bots_n; i++) {
		const struct bot *b = t->g->e->bots[i];

		for (size_t k = 0; k < b->orders_n; k++) {
			const struct order *o = b->orders[k];
			int64_t most = o->rules.adjustment.max_entries;

			HOLDS(t, !worse(o, o->stop_loss, t->stops[o->id]));
			t->stops[o->id] = o->stop_loss;
			HOLDS(t, o->entries <= (most ? most : 1));
			HOLDS(t, qty_cmp(o->leaving, order_position(o)) <= 0);
			HOLDS(t, o->phase == PHASE_CLOSING || o->phase == PHASE_REMAINDER ||
				 !o->coverable_from_us || !exits_replaced(o) ||
				 engine_now(t->g->e) < o->coverable_from_us + REPLACE_GRACE_US);
		}
	}
}

/* Its row was just made: nothing of before is known of its stop. */
static void see_stops(struct truth *t)
{
	size_t n = t->g->rows.orders_n + 1;

	if (n <= t->stops_n)
		return;
	t->stops = xrealloc(t->stops, n * sizeof(*t->stops));
	for (; t->stops_n < n; t->stops_n++)
		t->stops[t->stops_n] = t->stops_n ? t->g->rows.orders[t->stops_n - 1].stop_loss :
						    (struct price){ 0 };
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
	see_stops(t);
	check_exits(t);
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
	free(t->stops);
}

static void invariants(void **state)
{
	size_t orders = 0, closed[CLOSE_REASONS] = { 0 };

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
	for (int i = 0; i < CLOSE_REASONS; i++) {
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
	uint64_t lines = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= seeds() / 4; seed++) {
		char one[SHA256_HEX_MAX], two[SHA256_HEX_MAX];
		uint64_t lines_one, lines_two;

		digest_of(seed, one, &lines_one);
		digest_of(seed, two, &lines_two);
		assert_true(lines_one > 0);
		assert_int_equal(lines_one, lines_two);
		assert_string_equal(one, two);
		lines += lines_one;
	}
	assert_true(lines > 100 * (seeds() / 4)); /* some scripts are quiet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants),
		cmocka_unit_test(same_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
