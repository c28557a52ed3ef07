/* What engine and paper venue report, written to a real database and read back. */
#include "common/clock.h"
#include "common/db/db.h"
#include "tests/unit/scratch.h"
#include "tests/unit/sim_world.h"
#include "worker/engine/stats.h"
#include "worker/store/bots.h"
#include "worker/store/orders.h"
#include "worker/store/outbox.h"
#include "worker/store/sim.h"

#define SIM_TEXT sizeof(((struct venue_update *)0)->reason)
#define HUGE INT64_C(9223372036854775807)	/* the largest amount there is, in 1e-8 */

static struct db *db;
static struct outbox *box;
static struct reporter to;
static struct err e;

static int setup(void **state)
{
	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL))
		return -1;
	box = outbox_new("simulation", "sim");
	to = outbox_reporter(box);
	return 0;
}

static int teardown(void **state)
{
	outbox_free(box);
	db_close(db);
	return scratch_teardown(state);
}

static void run(const char *sql)
{
	struct stmt *s;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	assert_int_equal(stmt_run(s, &e), 0);
}

static void flush(void)
{
	assert_int_equal(db_begin(db, &e), 0);
	if (outbox_flush_tx(box, db, T0, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(db_commit(db, &e), 0);
	outbox_clear(box);
}

static double number(const char *sql)
{
	struct stmt *s;
	double v;

	assert_int_equal(db_stmt(db, sql, &s, &e), 0);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_double(s, 0);
	stmt_done(s);
	return v;
}

/* Whoever deletes a bot does it between two looks of the worker: its last row is late. */
static void state_of_a_deleted_bot(void **state)
{
	struct bot_report gone = { .bot_id = 99 }, here = { .bot_id = 1 };

	(void)state;
	to.bot(to.ctx, &gone);
	to.bot(to.ctx, &here);
	flush();
	assert_true(number("SELECT count(*) FROM bot_state WHERE bot_id = 99") == 0);
	assert_true(number("SELECT count(*) FROM bot_state WHERE bot_id = 1") == 1);
}

static struct order big_order(int64_t id, int64_t units)
{
	struct order o = { .id = id, .bot_id = 1, .symbol = "BTCUSDT", .strategy = "model" };

	o.limit_price = o.take_profit = o.stop_loss = price_of_units(units);
	o.quantity = o.filled = qty_of_units(units);
	o.entry_notional = o.exit_notional = o.gross = o.pnl = money_of_units(units);
	o.quote_fees = money_of_units(units / 4);
	return o;
}

static void report_all(int64_t id, int64_t units)
{
	struct order o = big_order(id, units);
	struct leg l = { .id = id, .kind = LEG_ENTRY, .n = 1, .price = price_of_units(units),
			 .quantity = qty_of_units(units), .filled = qty_of_units(units) };
	struct fill_report f = { .id = id, .order = &o, .leg = &l, .trade_id = id,
				 .price = price_of_units(units), .quantity = qty_of_units(units),
				 .fee_e8 = units, .fee_asset = "USDT" };
	struct candle c = { .open_us = T0, .volume = qty_of_units(units) };
	struct day_stats d = { .bot_id = 1, .day = "2024-08-08", .volume = money_of_units(units) };
	struct bot_report b = { .bot_id = 1, .equity = money_of_units(units),
				.last_price = price_of_units(units) };
	struct equity_report q = { .bot_id = 1, .at_us = T0, .equity = money_of_units(units) };
	struct signal_report s = { .id = id, .bot_id = 1, .price = price_of_units(units) };

	snprintf(l.client_order_id, sizeof(l.client_order_id), "tb1-1-%lld-e-1", (long long)id);
	c.open = c.high = c.low = c.close = price_of_units(units);
	to.order(to.ctx, &o);
	to.leg(to.ctx, &o, &l);
	to.fill(to.ctx, &f);
	to.candle(to.ctx, &(struct candle_report){
		.symbol = "BTCUSDT", .interval = "1s", .length_us = US_PER_S, .since_us = T0,
		.candle = &c });
	to.stats(to.ctx, &d, &d);
	to.bot(to.ctx, &b);
	to.equity(to.ctx, &q);
	to.signal(to.ctx, &s);
}

/* Every row of money or decision says whose money it is about, and if that is real. */
static void whose_money(void **state)
{
	static const char *const rows[] = {	/* each text is one statement (db_stmt) */
		"SELECT account_id FROM trading_orders", "SELECT account_id FROM exchange_orders",
		"SELECT account_id FROM fills", "SELECT account_id FROM signals",
		"SELECT account_id FROM trading_stats", "SELECT account_id FROM equity",
	};
	struct order o = big_order(1, 100);
	struct leg l = { .id = 1, .kind = LEG_ENTRY, .n = 1, .client_order_id = "tb1-1-1-e-1" };
	struct fill_report f = { .id = 1, .order = &o, .leg = &l, .trade_id = 1 };
	struct day_stats d = { .bot_id = 1, .account_id = 7, .day = "2024-08-08" };
	struct bot_report b = { .bot_id = 1, .account_id = 7 };
	struct equity_report q = { .bot_id = 1, .account_id = 7, .at_us = T0 };
	struct signal_report s = { .id = 1, .bot_id = 1, .account_id = 7 };

	(void)state;
	o.account_id = 7;
	to.order(to.ctx, &o);
	to.leg(to.ctx, &o, &l);
	to.fill(to.ctx, &f);
	to.stats(to.ctx, &d, &d);
	to.bot(to.ctx, &b);
	to.equity(to.ctx, &q);
	to.signal(to.ctx, &s);
	flush();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(number(rows[i]) == 7);
	assert_true(number("SELECT mode = 'live' FROM trading_orders") == 1);
	assert_true(number("SELECT mode = 'live' FROM bot_state WHERE bot_id = 1") == 1);
	b.account_id = 0;
	to.bot(to.ctx, &b);
	flush();
	assert_true(number("SELECT mode = 'simulation' FROM bot_state WHERE bot_id = 1") == 1);
}

/* Where a row's order went; of an account that nobody named only that it is real money. */
static void where_it_went(void **state)
{
	struct order o = big_order(1, 100);
	struct leg l = { .id = 1, .kind = LEG_ENTRY, .n = 1, .client_order_id = "a" };
	struct fill_report f = { .id = 1, .order = &o, .leg = &l, .trade_id = 1 };

	(void)state;
	outbox_account(box, 7, "live", "binance");
	to.order(to.ctx, &o);
	to.leg(to.ctx, &o, &l);
	o.id = l.id = f.id = 2;
	o.account_id = 7;
	l.client_order_id[0] = 'b';
	to.order(to.ctx, &o);
	to.leg(to.ctx, &o, &l);
	to.fill(to.ctx, &f);
	o.id = 3;
	o.account_id = 8;
	to.order(to.ctx, &o);
	flush();
	assert_true(number("SELECT venue = 'sim' FROM exchange_orders WHERE client_order_id = 'a'")
		    == 1);
	assert_true(number("SELECT venue = 'binance' FROM exchange_orders"
			   " WHERE client_order_id = 'b'") == 1);
	assert_true(number("SELECT venue = 'binance' FROM fills") == 1);
	assert_true(number("SELECT mode = 'simulation' FROM trading_orders WHERE id = 1") == 1);
	assert_true(number("SELECT mode = 'live' FROM trading_orders WHERE id = 2") == 1);
	assert_true(number("SELECT mode = 'live' FROM trading_orders WHERE id = 3") == 1);
}

/* A day of paper and a day of real money are two rows, and a start takes the bot's own. */
static void a_day_per_account(void **state)
{
	struct day_stats d = { .bot_id = 1, .trades = 1, .day = "2024-08-08" };
	struct bot_report b = { .bot_id = 1, .account_id = 7 };
	struct bot_restore old;
	struct day_stats now;

	(void)state;
	to.stats(to.ctx, &d, &d);
	to.stats(to.ctx, &d, &d);
	d.account_id = 7;
	to.stats(to.ctx, &d, &d);
	to.bot(to.ctx, &b);
	flush();
	assert_true(number("SELECT trades FROM trading_stats WHERE account_id = 0") == 2);
	assert_true(number("SELECT trades FROM trading_stats WHERE account_id = 7") == 1);
	assert_int_equal(store_stats_get(db, 1, "2024-08-08", &now, &e), 0);
	assert_true(now.trades == 1 && now.account_id == 7);
	assert_int_equal(store_bot_restore(db, 1, &old, &e), 0);
	assert_true(old.stats.trades == 1 && old.account_id == 7);
	b.account_id = 0;
	to.bot(to.ctx, &b);
	flush();
	assert_int_equal(store_bot_restore(db, 1, &old, &e), 0);
	assert_true(old.stats.trades == 2 && old.account_id == 0);
}

/* A number that REAL can't hold to its last digit must not stop the loop's commit. */
static void amounts_beyond_real(void **state)
{
	static const int64_t units[] = {
		INT64_C(7000000000000002), INT64_C(123456789012345678), HUGE, HUGE - 1
	};

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct stmt *s;

		report_all((int64_t)i + 1, units[i]);
		flush();
		/* and everybody can read it */
		assert_int_equal(db_stmt(db, "SELECT filled FROM trading_orders ORDER BY id DESC",
					 &s, &e), 0);
		assert_int_equal(stmt_step(s, &e), STMT_ROW);
		assert_true(llabs(qty_units(stmt_qty(s, 0)) - units[i]) <= units[i] / 1000000000);
		stmt_done(s);
	}
	/* a sum that no amount can hold stays what it was */
	assert_true((int64_t)number("SELECT volume FROM trading_stats") == 1304567890);
}

#define TOTAL(column) number("SELECT " column " FROM trading_stats WHERE day = '2024-08-08'")

/* Each closed trade is added to its day, whoever traded that day before. */
static void days_add_up(void **state)
{
	static const char SQL_DAYS[] =
		"INSERT INTO trading_stats(bot_id, day, trades, wins, gross, net, volume, peak_net,"
		" updated_us) VALUES (1, '2024-08-08', 2, 2, 7, 7, 10, 7, 1),"
		" (1, '2024-08-09', 5, 5, 7, 7, 10, 7, 1)";
	static const int64_t pnl[] = { 3, -5, 4, 1 };

	(void)state;
	assert_int_equal(db_exec(db, SQL_DAYS, &e), 0);
	for (size_t i = 0; i < 4; i++) {
		struct order o = big_order((int64_t)i + 1, 4 * RATE_ONE);
		struct day_stats day, trade;

		o.pnl = money_of_units(pnl[i] * RATE_ONE);
		stats_of(&o, T0, &trade);
		day = trade; /* what the engine knows of the day does not matter */
		to.stats(to.ctx, &day, &trade);
		flush();
	}
	assert_true(TOTAL("trades") == 6 && TOTAL("wins") == 5 && TOTAL("losses") == 1);
	assert_true(TOTAL("net") == 10 && TOTAL("gross") == 7 + 16 && TOTAL("fees") == 4);
	assert_true(TOTAL("volume") == 10 + 32 && TOTAL("updated_us") == (double)T0);
	assert_true(TOTAL("peak_net") == 10 && TOTAL("max_drawdown") == 5);
	assert_true(number("SELECT trades FROM trading_stats WHERE day = '2024-08-09'") == 5);
}

static int take_order(void *ctx, const struct order *o, struct err *why)
{
	(void)why;
	*(struct order *)ctx = *o;
	return 0;
}

/* An open order is the same after a restart, its costs each in its own place. */
static void open_order(void **state)
{
	struct order o = big_order(1, INT64_C(1234567890123)), back = { 0 };

	(void)state;
	o.status = ORDER_ACTIVE;
	o.base_fees = Q("0.00000123");
	o.base_fees_value = M("0.06150001");
	o.quote_fees = M("1.5");
	o.funding = M("-0.25000003");
	o.gross = o.pnl = money_of_units(0);
	o.rules.trailing = true;
	o.rules.stop_loss = 0.01;
	to.order(to.ctx, &o);
	flush();
	/* what moves while it is open */
	o.take_profit = P("51000");
	o.stop_loss = P("49500.5");
	o.entry_base = P("50000.25");
	o.profit_target = P("51500");
	o.best = P("50900");
	o.stop_wanted = P("49600");
	o.stop_by = STOP_TRAILING;
	o.stop_moved_us = T0 + 1;
	o.entries = 3;
	o.added_us = T0 + 2;
	o.leaving = Q("0.001");
	assert_int_equal(qty_add(o.quantity, Q("1"), &o.quantity), 0);
	to.order(to.ctx, &o);
	flush();
	assert_true(number("SELECT fees FROM trading_orders") == 1.31149998);
	assert_int_equal(store_open_orders(db, take_order, &back, &e), 0);
	assert_memory_equal(&back, &o, ORDER_HEAD_SIZE);
}

/* Each state of a leg is the same after a restart; what has ended stays away. */
static void legs_of_each_state(void **state)
{
	struct order o = big_order(1, 1), back = { 0 };
	size_t at = 0;

	(void)state;
	o.status = ORDER_ACTIVE;
	to.order(to.ctx, &o);
	for (int s = 0; s < LEG_STATES; s++) {
		struct leg l = { .id = s + 1, .kind = LEG_TAKE_PROFIT, .n = s + 1,
				 .state = (enum leg_state)s, .quantity = Q("1") };

		l.end = s == LEG_ENDED ? END_EXPIRED : END_NONE;
		l.acked_us = s >= LEG_LIVE ? T0 : 0;
		l.tif = (enum tif)(s % (TIF_FOK + 1));
		snprintf(l.client_order_id, sizeof(l.client_order_id), "leg %d", s);
		if (s % 2)
			snprintf(l.list_id, sizeof(l.list_id), "list %d", s);
		to.leg(to.ctx, &o, &l);
	}
	flush();
	assert_int_equal(store_open_orders(db, take_order, &back, &e), 0);
	assert_int_equal(back.legs_n, LEG_STATES - 1);
	for (int s = 0; s < LEG_STATES; s++) {
		char list[16] = "";

		if (s == LEG_ENDED)
			continue;
		if (s % 2)
			snprintf(list, sizeof(list), "list %d", s);
		assert_string_equal(back.legs[at].list_id, list);
		assert_int_equal(back.legs[at].state, s);
		assert_int_equal(back.legs[at++].tif, s % (TIF_FOK + 1));
	}
	assert_true(number("SELECT count(*) FROM exchange_orders WHERE state = 'expired'"
			   " AND leg_state = 'ended'") == 1);
}

/* Rows of before there were states: the status and what was asked for say it. */
static void legs_of_before(void **state)
{
	static const struct { const char *status; int cancel; enum leg_state want; } rows[] = {
		{ "planned", 0, LEG_PLANNED }, { "planned", 1, LEG_CANCELLING },
		{ "new", 0, LEG_LIVE }, { "new", 1, LEG_CANCELLING },
		{ "partially_filled", 0, LEG_LIVE }, { "unknown", 0, LEG_UNKNOWN },
	};
	struct order o = big_order(1, 1), back;
	struct leg l = { .id = 1, .kind = LEG_STOP, .n = 1, .quantity = Q("1"),
			 .client_order_id = "old" };
	static char sql[6][200]; /* a statement is kept by its text's address */

	(void)state;
	o.status = ORDER_ACTIVE;
	to.order(to.ctx, &o);
	to.leg(to.ctx, &o, &l);
	flush();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&back, 0, sizeof(back));
		snprintf(sql[i], sizeof(sql[i]), "UPDATE exchange_orders SET leg_state = '',"
			 " state = '%s', cancel_requested = %d", rows[i].status, rows[i].cancel);
		run(sql[i]);
		assert_int_equal(store_open_orders(db, take_order, &back, &e), 0);
		assert_int_equal(back.legs_n, 1);
		assert_int_equal(back.legs[0].state, rows[i].want);
	}
	/* target and stop were one row: it is history, and counts */
	memset(&back, 0, sizeof(back));
	run("UPDATE exchange_orders SET leg_state = 'ended', state = 'cancelled', type = 'OCO'");
	assert_int_equal(store_open_orders(db, take_order, &back, &e), 0);
	assert_int_equal(back.legs_n, 0);
	assert_int_equal(back.leg_count[leg_kind_index(LEG_STOP)], 1);
	run("UPDATE exchange_orders SET type = 'OCTOPUS'");
	assert_int_equal(store_open_orders(db, take_order, &back, &e), ERR_CORRUPT);
	run("UPDATE exchange_orders SET type = 'OCO'");
	run("UPDATE exchange_orders SET leg_state = 'dancing'");
	assert_int_equal(store_open_orders(db, take_order, &back, &e), ERR_CORRUPT);
}

static void history_of_an_order(void **state)
{
	struct order o = big_order(1, 1);
	struct order_event m = {
		.order = &o, .leg_id = 3, .client_order_id = "tb1-1-1-e-1", .from = "sent",
		.to = "rejected", .event = "rejected", .why = "LOT_SIZE", .venue_us = T0,
		.at_us = T0 + 1, .correlation_id = "c",
	};

	(void)state;
	to.order(to.ctx, &o);
	to.move(to.ctx, &m);
	flush();
	assert_true(number("SELECT count(*) FROM order_events WHERE order_id = 1 AND bot_id = 1"
			   " AND client_order_id = 'tb1-1-1-e-1' AND from_state = 'sent'"
			   " AND to_state = 'rejected' AND event = 'rejected' AND why = 'LOT_SIZE'"
			   " AND venue_us + 1 = at_us AND correlation_id = 'c'") == 1);
}

/* What late fills are looked up in: legs of closed orders, those of the newest first. */
static void ended_legs(void **state)
{
	struct leg l = { .kind = LEG_ENTRY, .n = 1, .state = LEG_ENDED, .end = END_FILLED,
			 .filled = Q("0.1") };
	struct ended_leg found[3];
	size_t n;

	(void)state;
	for (int64_t id = 1; id <= 6; id++) {
		struct order o = big_order(id, 1);

		o.bot_id = id == 6 ? 2 : 1;
		o.status = id == 5 ? ORDER_ACTIVE : ORDER_CLOSED;
		l.id = id;
		snprintf(l.client_order_id, sizeof(l.client_order_id), "leg of %d", (int)id);
		to.order(to.ctx, &o);
		to.leg(to.ctx, &o, &l);
	}
	flush();
	assert_int_equal(store_ended_legs(db, 1, found, 3, &n, &e), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(found[i].client_order_id[7], '4' - (int)i);
		assert_int_equal(qty_units(found[i].filled), qty_units(Q("0.1")));
	}
	assert_int_equal(store_ended_legs(db, 3, found, 3, &n, &e), 0);
	assert_int_equal(n, 0);
}

/* The venue that the database gives back has what the one before had. */
static void assert_restored(struct venue *v, const struct sim_args *args, struct price last)
{
	struct account_value before, after;
	struct venue *again = sim_new(args);
	struct trade t = { .price = last };

	if (store_sim_restore(db, again, &e))
		fail_msg("%s", e.msg);
	again->ops->warm(again, true);
	sim_trade(again, sim_symbol_find(again, "BTCUSDT", false), &t, T0);
	assert_int_equal(sim_account_value(v, 1, &before, &e), 0);
	assert_int_equal(sim_account_value(again, 1, &after, &e), 0);
	assert_int_equal(qty_cmp(before.base, after.base), 0);
	assert_true(llabs(money_units(before.equity) - money_units(after.equity)) <= 2);
	again->ops->free(again);
}

/* A paper account so rich that its balances are rounded starts again all the same. */
static void rich_account(void **state)
{
	struct sim_args args;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("80000000"), .leverage_e8 = RATE_ONE };
	struct venue_order o = { .bot_id = 1, .symbol = "BTCUSDT", .type = TYPE_LIMIT };
	struct trade t = { .id = 1, .price = P("61234.57"), .time_us = T0 };
	struct symbol_info info = world_info(false);
	struct venue *v;
	int market;

	(void)state;
	sim_args_init(&args);
	info.fees.taker_e8 = 12347; /* fees with eight decimals */
	args.store = outbox_sim_store(box);
	v = sim_new(&args);
	market = sim_symbol_add(v, &info);
	assert_int_equal(sim_account_add(v, &a, T0, &e), 0);
	t.qty = Q("1");
	for (int i = 0; i < 20; i++) {
		int64_t now = T0 + i * 1000000;

		sim_trade(v, market, &t, now);
		o.side = i % 2 ? SIDE_SELL : SIDE_BUY;
		o.type = i == 19 ? TYPE_LIMIT : TYPE_MARKET;
		o.price = i == 19 ? P("71234.57") : (struct price){ 0 };
		o.quantity = i % 2 ? Q("1") : Q("1.23457");
		snprintf(o.client_order_id, sizeof(o.client_order_id), "o%d", i);
		assert_int_equal(v->ops->place(v, &o, 1, now, &e), 0);
		v->ops->advance(v, now + 500000);
		flush();
		assert_restored(v, &args, t.price);
	}
	v->ops->free(v);
}

static void expired(void *ctx, const struct venue_update *u)
{
	if (u->kind == UPDATE_EXPIRED)
		snprintf(ctx, SIM_TEXT, "%s", u->reason);
}

static void rejected(void *ctx, const struct venue_update *u)
{
	size_t n = strlen(ctx);

	if (u->kind == UPDATE_REJECTED)
		snprintf((char *)ctx + n, SIM_TEXT - n, "%s %.*s, ", u->client_order_id,
			 (int)strcspn(u->reason, ":"), u->reason);
}

/* What travels keeps its time in force over a restart. */
static void order_on_its_way(void **state)
{
	static char reason[SIM_TEXT];
	struct sim_args args;
	struct symbol_info info = world_info(false);
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("1000"), .leverage_e8 = RATE_ONE };
	struct venue_order o = { .bot_id = 1, .symbol = "BTCUSDT", .client_order_id = "o1",
				 .side = SIDE_BUY, .type = TYPE_LIMIT, .tif = TIF_FOK,
				 .price = P("50000"), .quantity = Q("0.01") };
	struct venue *v;

	(void)state;
	sim_args_init(&args);
	args.store = outbox_sim_store(box);
	v = sim_new(&args);
	(void)sim_symbol_add(v, &info);
	assert_int_equal(sim_account_add(v, &a, T0, &e), 0);
	assert_int_equal(v->ops->place(v, &o, 1, T0, &e), 0);
	flush();
	v->ops->free(v);
	args.store = (struct sim_store){ 0 };
	args.sink = (struct venue_sink){ .ctx = reason, .update = expired };
	v = sim_new(&args);
	assert_int_equal(store_sim_restore(db, v, &e), 0);
	v->ops->advance(v, T0 + 1000000);
	assert_memory_equal(reason, "FOK", 3);
	v->ops->free(v);
}

/* A list that was kept and read again is still one: refused as a whole for its two prices. */
static void list_on_its_way(void **state)
{
	struct sim_args args;
	struct symbol_info info = world_info(false);
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("1000"), .leverage_e8 = RATE_ONE };
	struct venue_order o[2] = { { .bot_id = 1, .symbol = "BTCUSDT", .client_order_id = "t",
				      .list_id = "l", .side = SIDE_SELL, .type = TYPE_LIMIT_MAKER,
				      .price = P("49800"), .quantity = Q("0.001") } };
	static char reasons[SIM_TEXT];
	struct venue *v;

	(void)state;
	o[1] = o[0];
	o[1].type = TYPE_STOP_MARKET;
	o[1].stop_price = P("49900");
	snprintf(o[1].client_order_id, sizeof(o[1].client_order_id), "s");
	sim_args_init(&args);
	args.store = outbox_sim_store(box);
	v = sim_new(&args);
	(void)sim_symbol_add(v, &info);
	assert_int_equal(sim_account_add(v, &a, T0, &e), 0);
	assert_int_equal(v->ops->place(v, o, 2, T0, &e), 0);
	flush();
	v->ops->free(v);
	assert_true(number("SELECT count(*) FROM sim_orders WHERE list_id = 'l'") == 2);
	args.store = (struct sim_store){ 0 };
	args.sink = (struct venue_sink){ .ctx = reasons, .update = rejected };
	v = sim_new(&args);
	assert_int_equal(store_sim_restore(db, v, &e), 0);
	v->ops->advance(v, T0 + 1000000);
	assert_string_equal(reasons, "t OCO, s OCO, ");
	v->ops->free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(state_of_a_deleted_bot, setup, teardown),
		cmocka_unit_test_setup_teardown(amounts_beyond_real, setup, teardown),
		cmocka_unit_test_setup_teardown(whose_money, setup, teardown),
		cmocka_unit_test_setup_teardown(where_it_went, setup, teardown),
		cmocka_unit_test_setup_teardown(a_day_per_account, setup, teardown),
		cmocka_unit_test_setup_teardown(days_add_up, setup, teardown),
		cmocka_unit_test_setup_teardown(legs_of_each_state, setup, teardown),
		cmocka_unit_test_setup_teardown(legs_of_before, setup, teardown),
		cmocka_unit_test_setup_teardown(history_of_an_order, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_legs, setup, teardown),
		cmocka_unit_test_setup_teardown(open_order, setup, teardown),
		cmocka_unit_test_setup_teardown(rich_account, setup, teardown),
		cmocka_unit_test_setup_teardown(order_on_its_way, setup, teardown),
		cmocka_unit_test_setup_teardown(list_on_its_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
