/* Orders that come back after a restart, and what the venue says became of them. */
#include "tests/unit/fake_venue.h"

static struct leg *add_leg(struct order *o, enum leg_kind kind, const char *id,
			   enum leg_state state, const char *qty)
{
	struct leg *l = &o->legs[o->legs_n++];

	l->id = (int64_t)o->legs_n;
	l->kind = kind;
	l->n = ++o->leg_count[leg_kind_index(kind)];
	l->side = kind == LEG_ENTRY ? SIDE_BUY : SIDE_SELL;
	l->type = kind == LEG_ENTRY ? TYPE_LIMIT_MAKER : kind == LEG_STOP ? TYPE_STOP_MARKET :
		  TYPE_LIMIT;
	l->price = P("50000");
	l->quantity = Q(qty);
	l->state = state;
	snprintf(l->client_order_id, sizeof(l->client_order_id), "%s", id);
	return l;
}

static struct order *order_row(struct fake *f, enum order_phase phase, const char *filled)
{
	struct order *o = xcalloc(1, sizeof(*o));

	o->id = o->bot_id = 1;
	snprintf(o->symbol, sizeof(o->symbol), "BTCUSDT");
	o->status = qty_sign(Q(filled)) > 0 ? ORDER_ACTIVE : ORDER_PENDING;
	o->phase = phase;
	o->limit_price = P("50000");
	o->take_profit = P("50150");
	o->stop_loss = P("49950");
	o->quantity = Q("0.002");
	o->filled = Q(filled);
	assert_int_equal(money_notional(P("50000"), o->filled, ROUND_NEAREST,
					&o->entry_notional), 0);
	o->created_us = f->now - SECOND;
	o->opened_us = qty_sign(o->filled) > 0 ? f->now - SECOND : 0;
	o->holding_us = 120 * SECOND;
	o->maker_timeout_us = 20 * SECOND;
	return o;
}

/* The bot and its order come back; the venue is asked about every live leg. */
static void restart(struct fake *f, struct order *o)
{
	struct bot_restore r = { .status = BOT_RUNNING };
	struct trade t = { .id = 1, .time_us = f->now, .price = P("50000") };
	struct err e;

	fake_run(f, &r);
	assert_int_equal(engine_order_restore(f->e, o, &e), 0);
	free(o);
	t.qty = Q("1");
	engine_warm(f->e, WARM_AGAIN);
	engine_trade(f->e, f->m, &t, f->now);
	engine_warm(f->e, WARM_NONE);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
}

static struct fake *fake_down(bool futures)
{
	struct fake *f = fake_new(futures, futures, 3);

	/* ids go on behind the row that is restored: order 1, legs 1 to 3 */
	f->rows.orders_n = 1;
	f->rows.orders = xcalloc(1, sizeof(*f->rows.orders));
	f->rows.legs_n = 3;
	f->rows.legs = xcalloc(capacity(3), sizeof(*f->rows.legs));
	return f;
}

static void filled_while_down(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");

	(void)state;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-1-e1", LEG_LIVE, "0.002");
	f->answer = say(f, UPDATE_FILL, "tbaaaaaa-1-e1");
	f->answer.price = P("49998");
	f->answer.cumulative = Q("0.002");
	restart(f, o);
	assert_int_equal(last(f)->phase, PHASE_HOLDING);
	assert_int_equal(qty_units(last(f)->filled), qty_units(Q("0.002")));
	assert_int_equal(price_units(order_entry_price(last(f))), price_units(P("49998")));
	assert_int_equal(newest(f)->type, TYPE_LIMIT);
	assert_int_equal(engine_bot_status(f->e, 1), BOT_RUNNING); /* its trade was asked for */
	assert_int_equal(f->rows.notices_n, 0);
	assert_int_equal(f->rows.fills[0].f.trade_id, 555);
	fake_teardown(f);
}

static void never_arrived(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");

	(void)state;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-1-e1", LEG_SENT, "0.002");
	restart(f, o);
	assert_reason(f, CLOSE_ENTRY_REJECTED);
	assert_int_equal(f->placed_n, 0); /* it is not sent again */
	fake_teardown(f);
}

/* A venue that does not answer proves nothing: the legs stay as they are. */
static void no_answer(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");

	(void)state;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-1-e1", LEG_LIVE, "0.002");
	f->query_rc = ERR_UNAVAILABLE;
	restart(f, o);
	assert_int_equal(engine_open_orders(f->e, 1), 1);
	wait_us(f, 20 * SECOND);
	assert_int_equal(f->cancels_n, 1);
	fake_teardown(f);
}

/* Several legs of one order are gone: each is found out, not only the first. */
static void all_legs_gone(void **state)
{
	struct fake *f = fake_down(true);
	struct order *o = order_row(f, PHASE_HOLDING, "0.002");

	(void)state;
	add_leg(o, LEG_TAKE_PROFIT, "tbaaaaaa-1-t1", LEG_LIVE, "0.002");
	add_leg(o, LEG_STOP, "tbaaaaaa-1-s1", LEG_LIVE, "0.002");
	restart(f, o); /* the venue knows neither */
	assert_int_equal(f->queries, 2);
	assert_int_equal(leg_status(leg(f, 1)), STATUS_REJECTED);
	assert_int_equal(leg_status(leg(f, 2)), STATUS_REJECTED);
	wait_us(f, 4 * SECOND);
	assert_int_equal(f->placed_n, 2); /* both protections are placed anew */
	fake_teardown(f);
}

/* A version that waits at a start: what was under way is taken back, or it would grow. */
static void waiting_version_at_a_start(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");
	struct bot_restore r = { .status = BOT_RUNNING };
	struct bot_config c = f->bot;
	struct err e;

	(void)state;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-1-e1", LEG_LIVE, "0.002");
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	fake_run(f, &r);
	c.version = 2;
	snprintf(c.symbol, sizeof(c.symbol), "ETHUSDT");
	assert_int_equal(engine_bot_config_wait(f->e, 1, &c, "version 2 waits", &e), 0);
	assert_int_equal(engine_order_restore(f->e, o, &e), 0);
	free(o);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
	assert_int_equal(f->cancels_n, 1);
	assert_string_equal(f->cancels[0], "tbaaaaaa-1-e1");
	fake_teardown(f);
}

/* One decision, wanting in. */
static void decide(struct fake *f)
{
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
}

/* A venue that refused five times is not asked each second again because of a restart. */
static void refusals_outlive_a_restart(void **state)
{
	struct fake *f = fake_new(false, false, 0);
	struct bot_restore r = { .status = BOT_RUNNING, .refusals = 5 };
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1") };
	int64_t until_us = r.refused_until_us = f->now / SECOND * SECOND + 20 * SECOND;

	(void)state;
	b.bid_qty = b.ask_qty = Q("1");
	fake_run(f, &r);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
	engine_market_time(f->e, f->m, f->now / SECOND * SECOND, f->now);
	engine_book(f->e, f->m, &b, ++f->now);
	trade(f, "50000");
	f->brain.probability = 0.9;
	while (f->now < until_us - SECOND)
		decide(f);
	assert_int_equal(f->placed_n, 0);
	assert_string_equal(f->rows.signals[f->rows.signals_n - 1].rule, "venue_refused");
	assert_non_null(strstr(f->rows.signals[f->rows.signals_n - 1].reason, "refused 5 entries"));
	decide(f);
	assert_int_equal(f->placed_n, 1);
	tell(f, UPDATE_REJECTED, "tbaaaaaa-1-e1", "no");
	until_us = f->now + 32 * SECOND;	/* it goes on where it was */
	while (f->now < until_us - SECOND)
		decide(f);
	assert_int_equal(f->placed_n, 1);
	decide(f);
	decide(f);
	assert_int_equal(f->placed_n, 2);
	fake_teardown(f);
}

/* Of dust whose coins are gone in part (sold by hand) only the part's cost is taken over. */
static void dust_that_is_gone_in_part(void **state)
{
	struct fake *f = fake_new(false, false, 0);
	struct bot_restore r = { .status = BOT_RUNNING };
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1") };

	(void)state;
	r.dust = Q("0.000008");
	r.dust_cost = M("0.4");
	b.bid_qty = b.ask_qty = Q("1");
	fake_run(f, &r);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
	engine_market_time(f->e, f->m, f->now / SECOND * SECOND, f->now);
	engine_book(f->e, f->m, &b, ++f->now);
	trade(f, "50000");
	f->brain.probability = 0.9;
	decide(f);
	tell(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1", "");
	fake_account(f, "0.002002");
	fill(f, "tbaaaaaa-1-e1", "50000", "0.002", "0.002");
	assert_int_equal(qty_units(last(f)->dust_taken), qty_units(Q("0.000002")));
	assert_string_equal(cash(last(f)->dust_taken_cost), "0.1");
	fake_teardown(f);
}

static void accepted_while_down(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");

	(void)state;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-1-e1", LEG_SENT, "0.002");
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-1-e1");
	restart(f, o);
	assert_int_equal(leg_status(leg(f, 1)), STATUS_NEW);
	assert_string_equal(leg(f, 1)->exchange_id, "xtbaaaaaa-1-e1");
	fake_teardown(f);
}

/* A close that waits for nothing (a row edited by hand) is taken up again. */
static void closing_without_legs(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_CLOSING, "0.002");

	(void)state;
	o->reason = CLOSE_MANUAL;
	restart(f, o);
	assert_int_equal(newest(f)->type, TYPE_MARKET);
	fake_teardown(f);
}

/* The clock was set back (or an older recording is played): what lies ahead begins now. */
static void rows_from_the_future(void **state)
{
	struct fake *f = fake_down(false);
	struct order *o = order_row(f, PHASE_ENTERING, "0");
	struct bot_restore r = { .status = BOT_RUNNING };
	struct trade t = { .id = 1, .time_us = f->now, .price = P("50000") };
	int64_t year = INT64_C(365) * 86400 * SECOND;
	struct book_top b = { .bid = P("50000"), .ask = P("50000.1") };
	struct err e;

	(void)state;
	r.last_decision_us = r.cooldown_until_us = f->now + year;
	r.refusals = 9;
	r.refused_until_us = f->now + year;
	for (r.sent_n = 0; r.sent_n < 50; r.sent_n++)
		r.sent_us[r.sent_n] = f->now + year;
	o->id = 2; /* the next entry is number 1 here */
	o->created_us = f->now + year;
	o->retry_us = f->now + year;
	add_leg(o, LEG_ENTRY, "tbaaaaaa-2-e1", LEG_LIVE, "0.002");
	f->answer = say(f, UPDATE_ACCEPTED, "tbaaaaaa-2-e1");
	f->bot.max_positions = 2;
	fake_run(f, &r);
	assert_int_equal(engine_order_restore(f->e, o, &e), 0);
	free(o);
	t.qty = b.bid_qty = b.ask_qty = Q("1");
	engine_warm(f->e, WARM_AGAIN);
	engine_trade(f->e, f->m, &t, f->now);
	engine_warm(f->e, WARM_NONE);
	engine_resume_at(f->e, f->now);
	engine_reconcile(f->e, f->now);
	engine_advance(f->e, f->now);
	/* the entry's time runs out as if it had been sent now, when the longest retry is over */
	wait_us(f, 33 * SECOND);
	assert_int_equal(f->cancels_n, 1);
	/* and decisions go on: neither the last one nor a rest nor a rate lies ahead */
	wait_us(f, 300 * SECOND);
	engine_market_time(f->e, f->m, f->now / SECOND * SECOND, f->now);
	engine_book(f->e, f->m, &b, ++f->now);
	trade(f, "50000");
	f->brain.probability = 0.9;
	f->now = (f->now / SECOND + 1) * SECOND;
	engine_market_time(f->e, f->m, f->now + CANDLE_GRACE_US, f->now);
	assert_int_equal(f->placed_n, 1);
	fake_teardown(f);
}

/* A bot of whom a third is lost on the day that its row says; the limit is 5 %. */
static struct desk *lost_on(const char *day)
{
	struct desk *d = xcalloc(1, sizeof(*d));
	struct bot_restore r = { .status = BOT_RUNNING, .day_equity = M("15000") };
	struct predictor p = brain_of(d, 1);

	desk_init(d, false);
	d->config.max_daily_loss_pct = 5;
	d->config.max_drawdown_pct = 0;
	desk_open(d);
	snprintf(r.day, sizeof(r.day), "%s", day);
	assert_int_equal(session_account(d->s, 1, &d->bot, d->now, &d->err), 0);
	assert_int_equal(engine_bot_add(d->e, 1, &d->bot, &r, &d->err), 0);
	engine_bot_model(d->e, 1, &p, NULL);
	desk_listen(d);
	desk_book(d, "50000", "50000.1");
	desk_trade(d, "50000");
	return d;
}

static const char *rule_at(struct desk *d, int64_t at_us)
{
	d->now = at_us;
	desk_book(d, "50000", "50000.1");
	desk_trade(d, "50000");
	desk_decide(d, 1, 0.9);
	return d->rows.signals[d->rows.signals_n - 1].rule;
}

/* T0 is 08:00 on 2024-08-08. Set back over midnight, the clock begins no day a second time. */
static void a_day_begins_once(void **state)
{
	const int64_t day = 24 * 3600 * SECOND, midnight = T0 + 16 * 3600 * SECOND;
	struct desk *d;

	(void)state;
	d = lost_on("2024-08-09");
	assert_string_equal(rule_at(d, d->now), "daily_loss");
	assert_string_equal(rule_at(d, midnight - 10 * SECOND), "daily_loss");
	assert_string_equal(rule_at(d, midnight + SECOND), "daily_loss"); /* the day has come */
	assert_string_equal(rule_at(d, midnight + day + SECOND), "entry");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].day, "2024-08-10");
	desk_teardown((void **)&d);
	d = lost_on("2024-08-08"); /* as it should be */
	assert_string_equal(rule_at(d, d->now), "daily_loss");
	assert_string_equal(rule_at(d, midnight + SECOND), "entry");
	desk_teardown((void **)&d);
	/* a clock that was years ahead: a day of ours, and then days begin again */
	d = lost_on("2031-01-01");
	assert_string_equal(rule_at(d, d->now), "daily_loss");
	assert_string_equal(rule_at(d, T0 + day - SECOND), "daily_loss");
	assert_string_equal(rule_at(d, T0 + day + 2 * SECOND), "entry");
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_string_equal(d->rows.bots[1].day, "2024-08-09");
	desk_teardown((void **)&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filled_while_down), cmocka_unit_test(never_arrived),
		cmocka_unit_test(no_answer), cmocka_unit_test(all_legs_gone),
		cmocka_unit_test(accepted_while_down), cmocka_unit_test(closing_without_legs),
		cmocka_unit_test(rows_from_the_future),
		cmocka_unit_test(waiting_version_at_a_start),
		cmocka_unit_test(refusals_outlive_a_restart), cmocka_unit_test(a_day_begins_once),
		cmocka_unit_test(dust_that_is_gone_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
