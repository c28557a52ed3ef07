/* The life of an order on the paper venue: entry, protection, every way out, its money. */
#include "tests/unit/engine_world.h"

/* An entry that is filled and protected; returns the equity before it. */
static struct money enter(struct desk *d)
{
	struct money before;

	desk_start(d);
	before = desk_balance(d, 1).equity;
	desk_decide(d, 1, 0.9);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_ENTERING);
	desk_trade(d, "49999.99"); /* through our bid */
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	desk_wait(d, 20 * MS);
	return before;
}

static void assert_closed(struct desk *d, enum close_reason reason)
{
	const struct order *o = rows_last(&d->rows);

	assert_string_equal(order_status_name(o->status), "closed");
	assert_string_equal(close_reason_name(o->reason), close_reason_name(reason));
	assert_int_equal(engine_open_orders(d->e, o->bot_id), 0);
	assert_int_equal(o->phase, PHASE_DONE);
	assert_true(o->closed_us > 0);
	for (size_t i = 0; i < d->rows.legs_n; i++)
		if (d->rows.legs[i].order_id == o->id)
			assert_true(leg_done(&d->rows.legs[i].leg));
	desk_check(d);
}

static void take_profit(void **state)
{
	struct desk *d = *state;
	struct money before = enter(d);
	const struct order *o = rows_last(&d->rows);
	const struct leg *t = rows_find_leg(&d->rows, o->id, LEG_TAKE_PROFIT), *stop;

	assert_int_equal(o->status, ORDER_ACTIVE);
	assert_string_equal(cash(o->entry_notional), "100");
	assert_int_equal(price_units(o->take_profit), price_units(P("50150")));
	assert_int_equal(price_units(o->stop_loss), price_units(P("49950")));
	assert_int_equal(t->type, TYPE_LIMIT_MAKER);
	assert_string_equal(t->list_id, "tbaaaaaa-1-l1");
	assert_int_equal(leg_status(t), STATUS_NEW);
	stop = rows_find_leg(&d->rows, o->id, LEG_STOP);
	assert_int_equal(stop->type, TYPE_STOP_MARKET);
	assert_string_equal(stop->client_order_id, "tbaaaaaa-1-s1");
	assert_string_equal(stop->list_id, "tbaaaaaa-1-l1");
	assert_int_equal(leg_status(stop), STATUS_NEW);
	assert_int_equal(qty_units(t->quantity), qty_units(Q("0.00199"))); /* less the fee */
	desk_trade(d, "50150.01");
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_int_equal(qty_units(rows_last(&d->rows)->dust), qty_units(Q("0.000008")));
	assert_true(money_sign(rows_last(&d->rows)->pnl) > 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
	assert_int_equal(d->rows.stats[1].trades, 1);
	assert_int_equal(d->rows.stats[1].wins, 1);
	assert_string_equal(d->rows.stats[1].day, "2024-08-08");
}

static void stop_loss_rests(void **state)
{
	struct desk *d = *state;
	struct money before = enter(d);

	desk_book(d, "49949", "49949.01");
	desk_trade(d, "49950");
	assert_closed(d, CLOSE_STOP_LOSS);
	assert_true(money_sign(rows_last(&d->rows)->pnl) < 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
	assert_int_equal(d->rows.stats[1].losses, 1);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_CLOSE), 0);
}

/* The crash that fills the entry goes on through the stop before it could rest. */
static void stop_loss_too_late(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_book(d, "49940", "49940.01");
	desk_trade(d, "49940"); /* fills at 50000; the stop lies at 49950 */
	assert_int_equal(rows_last(&d->rows)->status, ORDER_ACTIVE);
	desk_wait(d, 11 * MS); /* the list arrives and is refused */
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_REJECTED);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_CLOSING);
	desk_wait(d, 11 * MS);
	assert_closed(d, CLOSE_STOP_LOSS);
}

/* The price jumps over the target before the OCO could rest: the gain is taken. */
static void target_too_late(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.99");
	desk_book(d, "50200", "50200.01");
	desk_trade(d, "50200");
	desk_wait(d, 25 * MS);
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_REJECTED);
	assert_true(price_cmp(order_exit_price(rows_last(&d->rows)), P("50200")) <= 0);
	assert_true(price_cmp(order_exit_price(rows_last(&d->rows)), P("50150")) > 0);
}

static void maker_timeout_unfilled(void **state)
{
	struct desk *d = *state;
	struct money before;

	desk_start(d);
	before = desk_balance(d, 1).equity;
	desk_decide(d, 1, 0.9);
	desk_wait(d, 20 * SECOND - 21 * MS);
	assert_false(rows_find_leg(&d->rows, 1, LEG_ENTRY)->state == LEG_CANCELLING);
	desk_wait(d, MS);
	assert_true(rows_find_leg(&d->rows, 1, LEG_ENTRY)->state == LEG_CANCELLING);
	desk_wait(d, 10 * MS);
	assert_closed(d, CLOSE_MAKER_TIMEOUT);
	assert_int_equal(d->rows.stats[1].trades, 0);
	assert_int_equal(qty_units(rows_last(&d->rows)->filled), 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
}

static void maker_timeout_partly(void **state)
{
	struct desk *d = *state;
	struct money before;

	desk_start(d);
	before = desk_balance(d, 1).equity;
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.001", true); /* 10 were ahead of us */
	assert_int_equal(rows_last(&d->rows)->status, ORDER_ACTIVE);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_ENTERING);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_ENTRY)),
			 STATUS_PARTIALLY_FILLED);
	assert_int_equal(qty_units(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)->quantity),
			 qty_units(Q("0.00099")));
	desk_wait(d, 21 * SECOND);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_ENTRY)), STATUS_CANCELLED);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	desk_trade(d, "50150.01");
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_pnl(d, 1, rows_last(&d->rows), before);
}

static void holding_time(void **state)
{
	struct desk *d = *state;
	struct money before = enter(d);

	desk_wait(d, 119 * SECOND);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	desk_wait(d, 2 * SECOND);
	assert_closed(d, CLOSE_HOLDING_TIME);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)), STATUS_CANCELLED);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_CLOSE)), STATUS_FILLED);
	assert_pnl(d, 1, rows_last(&d->rows), before);
	/* 120 s after the fill, not after the entry was sent, plus two ways to the venue */
	assert_int_equal(rows_last(&d->rows)->closed_us - rows_last(&d->rows)->opened_us,
			 120 * SECOND + 20 * MS);
}

static void max_positions(void **state)
{
	struct desk *d = *state;

	d->bot.max_positions = 2;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_decide(d, 1, 0.9);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
	assert_int_equal(engine_open_orders(d->e, 1), 2);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "max_positions");
	desk_trade(d, "49999.99");
	desk_wait(d, 20 * MS);
	desk_trade(d, "50150.01"); /* both reach their target */
	assert_int_equal(engine_open_orders(d->e, 1), 0);
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 3);
}

/* Each piece gets its own OCO; a piece too small for one waits for the next. */
static void pieces(void **state)
{
	struct desk *d = *state;
	struct money before;

	desk_start(d);
	before = desk_balance(d, 1).equity;
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.00005", true); /* 2.50 USDT: no OCO takes so little */
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_TAKE_PROFIT), 0);
	desk_trade_qty(d, "50000", "0.00015", true);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_TAKE_PROFIT), 1);
	desk_wait(d, 20 * MS);
	desk_trade_qty(d, "50000", "0.0017", true);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_TAKE_PROFIT), 2);
	desk_wait(d, 20 * MS);
	/* the last 5 USDT less fees are too little alone: one OCO is taken back for them */
	desk_trade_qty(d, "50000", "0.0001", true);
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	assert_true(d->rows.legs[3].leg.state == LEG_CANCELLING);
	desk_wait(d, 25 * MS);
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_TAKE_PROFIT), 3);
	for (int i = 3; i <= 4; i++) /* both of the second list */
		assert_int_equal(leg_status(&d->rows.legs[i].leg), STATUS_CANCELLED);
	for (int i = 5; i <= 6; i++)
		assert_int_equal(leg_status(&d->rows.legs[i].leg), STATUS_NEW);
	desk_trade(d, "50150.01");
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_true(qty_cmp(rows_last(&d->rows)->dust, Q("0.00001")) < 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
}

/* A target that fills in part stays: its rest is too little for a new order, but not for it. */
static void target_in_parts(void **state)
{
	struct desk *d = *state;
	struct money before = enter(d);

	desk_book(d, "50149.99", "50150");
	desk_wait(d, 20 * MS);
	desk_trade_qty(d, "50150", "10.00195", false); /* 10 were ahead of us */
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_HOLDING);
	assert_int_equal(leg_status(rows_find_leg(&d->rows, 1, LEG_TAKE_PROFIT)),
			 STATUS_PARTIALLY_FILLED);
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 1);
	desk_trade_qty(d, "50150", "1", false);
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_true(qty_cmp(rows_last(&d->rows)->dust, Q("0.00001")) < 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
}

static void dust(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000", "10.00004", true); /* 2 USDT: nothing that can be sold */
	desk_wait(d, 21 * SECOND);
	/* see test_engine_remainder.c */
	assert_int_equal(rows_last(&d->rows)->phase, PHASE_REMAINDER);
	assert_int_equal(rows_last(&d->rows)->reason, CLOSE_MAKER_TIMEOUT);
	assert_int_equal(qty_units(order_position(rows_last(&d->rows))),
			 qty_units(Q("0.00003996")));
	assert_int_equal(engine_open_orders(d->e, 1), 0);
}

static void post_only_rejected(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	d->brain[1].probability = 0.9;
	desk_second(d);
	d->brain[1].probability = 0;
	desk_book(d, "49990", "49990.01"); /* our bid would cross now */
	desk_wait(d, 20 * MS);
	assert_closed(d, CLOSE_ENTRY_REJECTED);
	assert_non_null(strstr(rows_find_leg(&d->rows, 1, LEG_ENTRY)->reject_reason,
			       "LIMIT_MAKER"));
	assert_int_equal(engine_bot_status(d->e, 1), BOT_RUNNING);
	assert_int_equal(d->rows.stats[1].trades, 0);
}

/* What a position paid for its time is part of what its trades won, each its share. */
static void funding_is_a_cost(void **state)
{
	struct desk *d = *state;
	struct money before, won = { 0 }, funding = { 0 };

	d->bot.max_positions = 2;
	d->bot.holding_time = 100000;
	d->bot.profit_target_pct = 5;
	d->bot.stop_loss_pct = 0.5;
	before = enter(d);
	desk_wait(d, 50 * MS);
	desk_decide(d, 1, 0.9);
	desk_trade(d, "49999.9");
	desk_wait(d, 20 * MS);
	assert_int_equal(engine_open_orders(d->e, 1), 2);
	desk_wait(d, INT64_C(17) * 3600 * SECOND); /* two funding times lie in between */
	assert_int_equal(desk_order(d, 1, EVENT_STOP, true), 0);
	desk_wait(d, SECOND);
	for (size_t i = 0; i < 2; i++) {
		const struct order *o = &d->rows.orders[i];

		assert_int_equal(o->status, ORDER_CLOSED);
		assert_true(money_sign(o->funding) > 0);
		assert_int_equal(money_add(won, o->pnl, &won), 0);
		assert_int_equal(money_add(funding, o->funding, &funding), 0);
	}
	assert_int_equal(money_add(before, won, &won), 0);
	assert_string_equal(cash(desk_balance(d, 1).equity), cash(won));
	assert_string_equal(cash(funding), "0.03999992"); /* 0.01 % of 2 x 0.002 x 49999.9, twice */
	assert_string_equal(cash(d->rows.stats[1].net), cash(d->rows.stats[1].net));
}

/* On a price of a few ticks a target or a stop would be nothing: no order could have it. */
static void no_room_for_exits(void **state)
{
	static const struct {
		enum side side;
		const char *bid, *ask;
		double target, stop;
	} cases[] = {
		{ SIDE_BUY, "0.1", "0.2", 0.5, 0.1 },	/* a stop of 0 */
		{ SIDE_SELL, "0.4", "0.5", 0.9, 0.5 },	/* a target of 0 */
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct desk d;
		const struct signal_report *s;

		desk_init(&d, true);
		d.config.price_band_pct = 0;
		d.bot.ignore_risk_reward = true;
		d.bot.capital_per_trade = M("9");
		snprintf(d.bot.side_mode, sizeof(d.bot.side_mode), "both");
		desk_open(&d);
		desk_add_bot(&d, 1, &d.bot);
		assert_int_equal(desk_order(&d, 1, EVENT_START, false), 0);
		desk_listen(&d);
		desk_book(&d, cases[i].bid, cases[i].ask);
		desk_trade(&d, cases[i].bid);
		d.brain[1].side = cases[i].side;
		d.brain[1].target = cases[i].target;
		d.brain[1].stop = cases[i].stop;
		desk_decide(&d, 1, 0.9);
		assert_int_equal(d.rows.orders_n, 0);
		s = &d.rows.signals[d.rows.signals_n - 1];
		for (size_t k = 0; k < d.rows.signals_n; k++)
			if (d.rows.signals[k].wanted)
				s = &d.rows.signals[k];
		assert_string_equal(s->rule, "filters");
		assert_int_equal(engine_bot_status(d.e, 1), BOT_RUNNING);
		desk_close(&d);
	}
}

static void short_on_futures(void **state)
{
	struct desk *d = *state;
	struct money before;

	snprintf(d->bot.side_mode, sizeof(d->bot.side_mode), "both");
	desk_start(d);
	before = desk_balance(d, 1).equity;
	d->brain[1].side = SIDE_SELL;
	desk_decide(d, 1, 0.9);
	assert_int_equal(price_units(rows_last(&d->rows)->limit_price), price_units(P("50000.1")));
	desk_trade_qty(d, "50000.2", "5", false);
	desk_wait(d, 20 * MS);
	assert_int_equal(qty_units(desk_balance(d, 1).base), -qty_units(Q("0.001")));
	assert_int_equal(rows_find_leg(&d->rows, 1, LEG_STOP)->type, TYPE_STOP_MARKET);
	assert_int_equal(rows_find_leg(&d->rows, 1, LEG_STOP)->side, SIDE_BUY);
	assert_true(rows_find_leg(&d->rows, 1, LEG_STOP)->reduce_only);
	assert_int_equal(price_units(rows_last(&d->rows)->take_profit), price_units(P("49850")));
	assert_int_equal(price_units(rows_last(&d->rows)->stop_loss), price_units(P("50050.1")));
	desk_trade(d, "49849.9");
	desk_wait(d, 20 * MS);
	assert_closed(d, CLOSE_TAKE_PROFIT);
	assert_true(money_sign(rows_last(&d->rows)->pnl) > 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
	assert_int_equal(qty_units(rows_last(&d->rows)->dust), 0);
}

static void short_stopped(void **state)
{
	struct desk *d = *state;
	struct money before;

	desk_start(d);
	before = desk_balance(d, 1).equity;
	d->brain[1].side = SIDE_SELL;
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "50000.2", "5", false);
	desk_wait(d, 20 * MS);
	desk_book(d, "50060", "50060.1");
	desk_trade(d, "50060");
	desk_wait(d, 20 * MS);
	assert_closed(d, CLOSE_STOP_LOSS);
	assert_true(money_sign(rows_last(&d->rows)->pnl) < 0);
	assert_pnl(d, 1, rows_last(&d->rows), before);
}

/* A one-way account can't hold both sides: the second entry would eat the first. */
static void no_netting(void **state)
{
	struct desk *d = *state;

	d->bot.max_positions = 3;
	desk_start(d);
	desk_decide(d, 1, 0.9);
	d->brain[1].side = SIDE_SELL;
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 1);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "side");
	d->brain[1].side = SIDE_BUY;
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 2);
}

static void spot_sells_no_short(void **state)
{
	struct desk *d = *state;

	desk_start(d);
	d->brain[1].side = SIDE_SELL;
	desk_decide(d, 1, 0.9);
	assert_int_equal(d->rows.orders_n, 0);
	assert_string_equal(d->rows.signals[d->rows.signals_n - 1].rule, "side");
}

static void liquidation(void **state)
{
	struct desk *d = *state;
	struct money before, after, sum = { 0 };

	d->bot.leverage = 100;
	d->bot.capital_per_trade = M("4000");
	d->bot.stop_loss_pct = 0.5;
	d->bot.profit_target_pct = 2;
	d->bot.ignore_risk_per_trade = true;
	d->bot.max_positions = 2;
	desk_start(d);
	before = desk_balance(d, 1).equity;
	desk_decide(d, 1, 0.9);
	desk_decide(d, 1, 0.9);
	desk_trade_qty(d, "49999.9", "500", true);
	desk_wait(d, 20 * MS);
	assert_int_equal(qty_units(desk_balance(d, 1).base), qty_units(Q("16")));
	desk_book(d, "49600", "49600.1");
	desk_trade(d, "49600");
	assert_int_equal(qty_units(desk_balance(d, 1).base), 0);
	desk_wait(d, SECOND);
	assert_closed(d, CLOSE_LIQUIDATION);
	assert_string_equal(close_reason_name(d->rows.orders[0].reason), "liquidation");
	assert_int_equal(engine_bot_status(d->e, 1), BOT_ERROR);
	after = desk_balance(d, 1).equity;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(money_add(sum, d->rows.orders[i].pnl, &sum), 0);
	assert_int_equal(money_add(before, sum, &before), 0);
	assert_string_equal(cash(after), cash(before));
	assert_int_equal(rows_count_legs(&d->rows, 1, LEG_TAKE_PROFIT), 1); /* no new one */
	assert_int_equal(d->rows.statuses_n, 2); /* start, failure: told once */
}

/* Leaving a market of its own for a while, all money comes out of the account's books. */
static void many_trades_add_up(void **state)
{
	struct desk *d = *state;
	struct money before, sum = { 0 }, dust_cost = { 0 };
	struct qty dust_held = { 0 };
	static const char *const outs[] = { "50150.01", "49900", "50160", "49950" };

	desk_start(d);
	before = desk_balance(d, 1).equity;
	for (int i = 0; i < 12; i++) {
		desk_book(d, "50000", d->futures ? "50000.1" : "50000.01");
		desk_trade(d, "50000");
		desk_decide(d, 1, 0.9);
		desk_trade(d, "49999.9");
		desk_wait(d, 20 * MS);
		desk_book(d, outs[i % 4], "50160.1");
		desk_trade(d, i % 4 == 0 && d->futures ? "50150.1" : outs[i % 4]);
		desk_wait(d, 2 * SECOND);
	}
	assert_int_equal(d->rows.orders_n, 12);
	for (size_t i = 0; i < d->rows.orders_n; i++) {
		const struct order *o = &d->rows.orders[i];
		struct money c;

		assert_int_equal(o->status, ORDER_CLOSED);
		assert_int_equal(money_add(sum, o->pnl, &sum), 0);
		assert_int_equal(qty_add(dust_held, left_of(o), &dust_held), 0);
		assert_int_equal(money_sub(o->dust_cost, o->dust_taken_cost, &c), 0);
		assert_int_equal(money_add(dust_cost, c, &dust_cost), 0);
	}
	assert_string_equal(cash(d->rows.stats[1].net), cash(sum));
	assert_int_equal(d->rows.stats[1].trades, 12);
	assert_int_equal(d->rows.stats[1].wins, 6);
	assert_int_equal(d->rows.stats[1].losses, 6);
	if (!d->futures)
		assert_int_equal(qty_units(desk_balance(d, 1).base), qty_units(dust_held));
	assert_int_equal(money_add(before, sum, &before), 0);
	assert_int_equal(money_sub(before, dust_cost, &before), 0);
	assert_string_equal(cash(desk_balance(d, 1).balance), cash(before));
}

/* What a trade leaves under the lot step goes out with the next: it does not pile up. */
static void dust_goes_along(void **state)
{
	struct desk *d = *state;
	struct qty step = Q("0.00001");

	d->bot.capital_per_trade = M("200");
	desk_start(d);
	for (int i = 0; i < 40; i++) {
		desk_book(d, "50000", "50000.01");
		desk_trade(d, "50000");
		desk_decide(d, 1, 0.9);
		desk_trade(d, "49999.9");
		desk_wait(d, 20 * MS);
		desk_trade(d, "50160");
		desk_wait(d, 2 * SECOND);
		assert_int_equal(rows_last(&d->rows)->status, ORDER_CLOSED);
		assert_true(qty_cmp(desk_balance(d, 1).base, step) < 0);
		assert_int_equal(qty_units(rows_last(&d->rows)->dust),
				 qty_units(desk_balance(d, 1).base));
		desk_check(d);
	}
	assert_int_equal(d->rows.orders_n, 40);
	assert_int_equal(qty_units(d->rows.orders[1].dust_taken),
			 qty_units(d->rows.orders[0].dust));
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(qty_units(d->rows.bots[1].dust), qty_units(desk_balance(d, 1).base));
	/* a new account has none */
	assert_int_equal(session_account_reset(d->s, 1, &d->bot, false, ++d->now, &d->err), 0);
	engine_report(d->e, d->now, 0, SIZE_MAX);
	assert_int_equal(qty_units(d->rows.bots[1].dust), 0);
}

#define SPOT(f) cmocka_unit_test_setup_teardown(f, desk_setup_spot, desk_teardown)
#define FUTURES(f) { #f " futures", f, desk_setup_futures, desk_teardown, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOT(take_profit), SPOT(stop_loss_rests), SPOT(stop_loss_too_late),
		SPOT(target_too_late), SPOT(maker_timeout_unfilled), SPOT(maker_timeout_partly),
		SPOT(holding_time), SPOT(max_positions), SPOT(pieces), SPOT(target_in_parts),
		SPOT(dust), SPOT(post_only_rejected), SPOT(spot_sells_no_short),
		SPOT(many_trades_add_up), SPOT(dust_goes_along), FUTURES(many_trades_add_up),
		FUTURES(short_on_futures),
		cmocka_unit_test(no_room_for_exits), FUTURES(funding_is_a_cost),
		FUTURES(short_stopped), FUTURES(no_netting), FUTURES(liquidation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
