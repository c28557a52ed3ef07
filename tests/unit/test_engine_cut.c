/*
 * A session on the paper venue that is cut anywhere and taken up from its rows: it goes on as
 * if nothing had been. The same with a clock that was set back in between.
 */
#include "tests/unit/engine_stage.h"
#include "worker/engine/engine_internal.h"

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
	for (size_t i = 0; i < a->rows.orders_n; i++) {
		const struct order *o = &a->rows.orders[i];
		int64_t newest = o->added_us ? o->added_us : o->created_us;

		if (o->bot_id == bot && newest > r.last_entry_us)
			r.last_entry_us = newest;
	}
	for (size_t i = a->rows.legs_n; i-- > 0 && r.sent_n < ORDERS_KEPT;)
		if (a->rows.legs[i].bot_id == bot && /* a list is one request */
		    (!a->rows.legs[i].leg.list_id[0] || a->rows.legs[i].leg.kind != LEG_STOP))
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

/* Since the start: a stop that trails is replaced now and then. */
static bool just_sent(const struct leg *l, int64_t now_us)
{
	return l->requested_us <= now_us && l->requested_us > now_us - LEG_ANSWER_US;
}

/* What is held has an exit at the venue, or one will be tried in a moment, or it closes. */
static void check_protected(const struct stage *b)
{
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
					    just_sent(&o->legs[n], step.now_us));
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
		struct market *market = engine_market(
			b->e, script->futures ? "replay_futures" : "replay",
			script->markets[m].symbol);
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
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(set_back_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
