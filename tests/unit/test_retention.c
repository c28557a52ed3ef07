/* Old rows go, a few at a time; what they said together stays. */
#include "common/clock.h"
#include "common/db/db.h"
#include "tests/unit/scratch.h"
#include "tests/unit/sim_world.h"
#include "worker/store/bots.h"
#include "worker/store/candles.h"
#include "worker/store/retention.h"
#include "worker/store/sim.h"

#define DAY (INT64_C(86400) * US_PER_S)

static struct db *db;
static struct err e;

static int setup(void **state)
{
	return scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, NULL);
}

static int teardown(void **state)
{
	db_close(db);
	return scratch_teardown(state);
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

static void run(const char *sql)
{
	if (db_exec(db, sql, &e))
		fail_msg("%s", e.msg);
}

/* The clock of the next keep(): the newest row's time, or later. */
static int64_t clock_us;

static void clock_of(const char *table, const char *column)
{
	char sql[100];

	snprintf(sql, sizeof(sql), "SELECT max(%s) FROM %s", column, table);
	clock_us = (int64_t)number(sql);
}

/* Turns until nothing goes any more; the most that went in one. */
static int64_t keep(struct retention *k)
{
	int64_t n, most = 0;

	k->clock_us = k->engine_us = clock_us;
	for (int quiet = 0; quiet < 12 * KEEP_TURNS; quiet++) {
		assert_int_equal(db_begin(db, &e), 0);
		if (retention_tx(db, k, &n, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(db_commit(db, &e), 0);
		most = n > most ? n : most;
		if (n)
			quiet = -1;
		assert_true(number("SELECT count(*) FROM v_ledger_errors") == 0);
	}
	return most;
}

static void equity_by_the_hour(void **state)
{
	struct retention k = { 0 };

	(void)state;
	/* two bots, three days, a sample a minute */
	run("WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < 4319)"
	    " INSERT INTO equity(bot_id, at_us, equity, balance, unrealized)"
	    " SELECT b, 1723104000000000 + n * 60000000 + b, n, n, 0 FROM t,"
	    " (SELECT 1 AS b UNION SELECT 2)");
	clock_of("equity", "at_us");
	assert_int_equal(keep(&k), KEEP_ROWS);
	/* the newest day whole, of the two before the first of each hour */
	assert_true(number("SELECT count(*) FROM equity WHERE bot_id = 1") == 48 + 1440);
	assert_true(number("SELECT count(*) FROM equity WHERE bot_id = 2") == 48 + 1441);
	assert_true(number("SELECT equity FROM equity WHERE bot_id = 2 ORDER BY at_us") == 0);
	assert_true(number("SELECT equity FROM equity WHERE bot_id = 2 ORDER BY at_us LIMIT 1"
			   " OFFSET 1") == 60);
	/* an hour later, also after a restart: one hour more */
	run("INSERT INTO equity(bot_id, at_us, equity, balance, unrealized)"
	    " VALUES (1, 1723104000000000 + 4379 * 60000000 + 1, 9, 9, 0)");
	k = (struct retention){ 0 };
	clock_of("equity", "at_us");
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM equity WHERE bot_id = 1") == 49 + 1381 + 1);
}

static struct venue *paper;

static void on_row(void *ctx, const struct sim_ledger_row *r)
{
	(void)ctx;
	assert_int_equal(store_sim_ledger_tx(db, r, &e), 0);
}

static void on_balance(void *ctx, const struct sim_balance *r)
{
	(void)ctx;
	assert_int_equal(store_sim_balance_tx(db, r, &e), 0);
}

static void trade_days(int from, int to)
{
	struct venue_order o = { .bot_id = 1, .symbol = "BTCUSDT", .type = TYPE_MARKET };
	struct book_top top = { .bid = P("61234.57"), .ask = P("61234.57") };

	top.bid_qty = top.ask_qty = Q("1");
	for (int i = from * 10; i < to * 10; i++) {
		int64_t now = T0 + i * (DAY / 10);

		assert_int_equal(db_begin(db, &e), 0);
		top.update_id = i + 1;
		sim_book(paper, 0, &top, now);
		o.bot_id = 1 + i / 2 % 2; /* in turns: rows of both lie between each other */
		o.side = i % 2 ? SIDE_SELL : SIDE_BUY;
		o.quantity = i % 2 ? Q("0.00998") : Q("0.01");
		snprintf(o.client_order_id, sizeof(o.client_order_id), "o%d", i);
		assert_int_equal(paper->ops->place(paper, &o, 1, now, &e), 0);
		paper->ops->advance(paper, now + 500000);
		assert_int_equal(db_commit(db, &e), 0);
	}
}

/* Whatever goes, the balances stay the sums of their rows. */
static void assert_sums(void)
{
	assert_true(number("SELECT count(*) FROM (SELECT bot_id, epoch, account, asset,"
			   " sum(CAST(round(amount * 1e8) AS INTEGER)) AS booked FROM sim_ledger"
			   " GROUP BY 1, 2, 3, 4) FULL JOIN (SELECT bot_id, epoch, account, asset,"
			   " CAST(round(amount * 1e8) AS INTEGER) AS kept FROM sim_balances)"
			   " USING (bot_id, epoch, account, asset)"
			   " WHERE ifnull(booked, 0) != ifnull(kept, 0)") == 0);
}

static void ledger_is_carried_forward(void **state)
{
	struct sim_args args;
	struct sim_account_args a = { .bot_id = 1, .symbol = "BTCUSDT",
				      .initial_capital = M("10000"), .leverage_e8 = RATE_ONE };
	struct symbol_info info = world_info(false);
	struct retention k = { .details_days = 3 };
	double rows;

	(void)state;
	sim_args_init(&args);
	args.store = (struct sim_store){ .ledger = on_row, .balance = on_balance };
	paper = sim_new(&args);
	(void)sim_symbol_add(paper, &info);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(sim_account_add(paper, &a, T0, &e), 0);
	a.bot_id = 2;
	assert_int_equal(sim_account_add(paper, &a, T0, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	trade_days(0, 20);
	rows = number("SELECT count(*) FROM sim_ledger");
	clock_of("sim_ledger", "at_us");
	assert_true(keep(&k) <= KEEP_ROWS);
	assert_sums();
	assert_true(number("SELECT count(*) FROM sim_ledger") < rows / 4);
	assert_true(number("SELECT count(*) FROM sim_ledger WHERE kind != 'carried' AND at_us <"
			   " (SELECT max(at_us) FROM sim_ledger) - 3 * 86400000000") == 0);
	/* what was carried is carried again */
	rows = number("SELECT count(*) FROM sim_ledger");
	trade_days(20, 60);
	clock_of("sim_ledger", "at_us");
	(void)keep(&k);
	assert_sums();
	assert_true(number("SELECT count(*) FROM sim_ledger") < rows * 2);
	/* 0: for ever */
	k.details_days = 0;
	trade_days(60, 80);
	clock_of("sim_ledger", "at_us");
	rows = number("SELECT count(*) FROM sim_ledger");
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM sim_ledger") == rows);
	paper->ops->free(paper);
}

/* Sums beyond every amount: the rows stay, and the commit goes through. */
static void ledger_that_does_not_fit(void **state)
{
	struct retention k = { .details_days = 1 };

	(void)state;
	run("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 40)"
	    " INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind, at_us)"
	    " SELECT n, 1, 1, a, 'USDT', s * 9e10, 'fill', n * 86400000000"
	    " FROM t, (SELECT 'free' AS a, 1.0 AS s UNION SELECT 'market', -1.0)");
	clock_of("sim_ledger", "at_us");
	assert_int_equal(keep(&k), 0);
	assert_true(number("SELECT count(*) FROM sim_ledger") == 80);
}

static void answered_commands(void **state)
{
	struct retention k = { .details_days = 1 };

	(void)state;
	run("DELETE FROM commands; WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t"
	    " WHERE n < 999) INSERT INTO commands(kind, bot_id, created_us, status)"
	    " SELECT 'pause', 1, 1723104000000000 + n * 259200000, iif(n = 5, 'queued', 'done')"
	    " FROM t");
	clock_of("commands", "created_us");
	assert_true(keep(&k) <= KEEP_ROWS);
	/* of three days the last, and what nobody has answered */
	assert_true(number("SELECT count(*) FROM commands") == 334 + 1);
	assert_true(number("SELECT count(*) FROM commands WHERE status = 'queued'") == 1);
}

#define TRADES(from, to, status) \
	"WITH RECURSIVE t(n) AS (SELECT " #from " UNION ALL" \
	" SELECT n + 1 FROM t WHERE n < " #to ")" \
	" INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase," \
	" limit_price, quantity, strategy, mode, config_version, created_us, closed_us," \
	" holding_us, maker_timeout_us, updated_us)" \
	" SELECT n, 1, n, 'B', 'BUY', " status ", 'x', 1, 1, 'model', 'simulation', 1," \
	" n * 864000000, n * 864000000, 1, 1, 1 FROM t"

static void closed_trades(void **state)
{
	struct retention k = { .orders_days = 2 };

	(void)state;
	/* a hundred a day for ten days; some stay open */
	run(TRADES(1, 1000, "iif(n % 300 = 7, 'active', 'closed')"));
	run("UPDATE trading_orders SET closed_us = NULL WHERE status = 'active'");
	run("INSERT INTO exchange_orders(client_order_id, order_id, bot_id, venue, leg, n, symbol,"
	    " side, type, reduce_only, quantity, state, requested_us) SELECT 'c' || id, id, 1,"
	    " 'sim', 'e', 1, 'B', 'BUY', 'LIMIT', 0, 1, 'filled', 1 FROM trading_orders");
	run("INSERT INTO fills(client_order_id, order_id, bot_id, venue, symbol, trade_id, side,"
	    " price, quantity, fee, fee_asset, maker, at_us) SELECT 'c' || id, id, 1, 'sim', 'B',"
	    " id, 'BUY', 1, 1, 0, 'B', 1, 1 FROM trading_orders");
	clock_of("trading_orders", "created_us");
	assert_true(keep(&k) <= 20);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE status = 'closed'") == 200);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE status = 'active'") == 4);
	assert_true(number("SELECT count(*) FROM exchange_orders") == 204);
	assert_true(number("SELECT count(*) FROM fills") == 204);
	/* an old one that is closed at last goes too */
	run("UPDATE trading_orders SET status = 'closed', closed_us = 1 WHERE id = 7");
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE id = 7") == 0);
	k.orders_days = 0;
	run(TRADES(2001, 2100, "'closed'"));
	clock_of("trading_orders", "created_us");
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE id < 2000") == 203);
}

/* Of paper trades the exchange orders and fills go, the trade stays; of real money all. */
static void details_of_paper_trades(void **state)
{
	struct retention k = { .fills_days = 2 };

	(void)state;
	run(TRADES(1, 1000, "iif(n % 300 = 7, 'active', 'closed')"));
	run("UPDATE trading_orders SET closed_us = NULL WHERE status = 'active'");
	run("UPDATE trading_orders SET mode = 'live' WHERE id % 10 = 0");
	run("INSERT INTO exchange_orders(client_order_id, order_id, bot_id, venue, leg, n, symbol,"
	    " side, type, reduce_only, quantity, state, requested_us) SELECT 'c' || id, id, 1,"
	    " 'sim', 'e', 1, 'B', 'BUY', 'LIMIT', 0, 1, 'filled', 1 FROM trading_orders");
	run("INSERT INTO fills(client_order_id, order_id, bot_id, venue, symbol, trade_id, side,"
	    " price, quantity, fee, fee_asset, maker, at_us) SELECT 'c' || id, id, 1, 'sim', 'B',"
	    " id, 'BUY', 1, 1, 0, 'B', 1, 1 FROM trading_orders");
	run("UPDATE trading_orders SET filled = 1");
	clock_of("trading_orders", "created_us");
	assert_true(keep(&k) <= 40);
	assert_true(number("SELECT count(*) FROM trading_orders") == 1000);
	/* 200 young ones; of the 800 before 80 live ones and three that are open */
	assert_true(number("SELECT count(*) FROM exchange_orders") == 200 + 80 + 3);
	assert_true(number("SELECT count(*) FROM fills") == 200 + 80 + 3);
	/* the newest trade's stay, however old */
	clock_us += 100 * DAY;
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM fills WHERE order_id = 999") == 0);
	assert_true(number("SELECT count(*) FROM fills WHERE order_id = 1000") == 1);
}

static void entries_that_never_filled(void **state)
{
	struct retention k = { .fills_days = 2 };

	(void)state;
	run(TRADES(1, 100, "'closed'"));
	run("UPDATE trading_orders SET filled = 1 WHERE id % 2 = 0");
	run("UPDATE trading_orders SET mode = 'live' WHERE id = 5");
	clock_us = 100 * DAY;
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE id % 2 = 0") == 50);
	assert_true(number("SELECT count(*) FROM trading_orders WHERE id = 5") == 1);
	assert_true(number("SELECT count(*) FROM trading_orders") == 51);
}

/* A thousand bots that never change keep none of the others' events from going. */
static void events_of_bots(void **state)
{
	struct retention k = { .details_days = 2 };

	(void)state;
	run("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 2000)"
	    " INSERT INTO bot_events(bot_id, from_status, to_status, event, at_us)"
	    " SELECT iif(n < 1000, n + 1, 1), 'RUNNING', 'PAUSED', 'pause',"
	    " 1723104000000000 + n * 864000000 FROM t");
	clock_of("bot_events", "at_us");
	assert_true(keep(&k) <= KEEP_ROWS);
	/* two days of a hundred each, and the only one of the others */
	assert_true(number("SELECT count(*) FROM bot_events WHERE bot_id = 1") == 201);
	assert_true(number("SELECT count(*) FROM bot_events WHERE bot_id != 1") == 999);
	k.details_days = 0;
	run("INSERT INTO bot_events(bot_id, from_status, to_status, event, at_us)"
	    " VALUES (1, '', '', '', 1923104000000000)");
	clock_of("bot_events", "at_us");
	assert_int_equal(keep(&k), 0);
}

static void ended_jobs(void **state)
{
	struct retention k = { .details_days = 2 };

	(void)state;
	/* a hundred a day for ten days: one in ten failed, some are still there, the first is
	 * the only one that was cancelled */
	run("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000)"
	    " INSERT INTO jobs(kind, state, created_us, ended_us) SELECT iif(n IN (5, 6),"
	    " 'backtest', 'backup'), CASE WHEN n = 1 THEN 'cancelled' WHEN n = 7 THEN 'queued'"
	    " WHEN n % 10 = 0 THEN 'failed' ELSE 'done' END, n * 864000000,"
	    " iif(n = 7, NULL, n * 864000000 + 1) FROM t");
	run("INSERT INTO backtests(id, symbol, strategy, interval, from_us, to_us, created_us)"
	    " VALUES (5, 'B', 'model', '1s', 1, 2, 3)");
	clock_of("jobs", "created_us");
	assert_true(keep(&k) <= KEEP_ROWS);
	assert_true(number("SELECT count(*) FROM jobs WHERE id >= 800") == 201);
	assert_true(number("SELECT count(*) FROM jobs WHERE id IN (1, 5, 6, 7)") == 4);
	assert_true(number("SELECT count(*) FROM jobs") == 205);
	/* how many backups failed is told by the metrics: that does not go back */
	assert_true(number("SELECT value FROM counters WHERE name = 'backup_failures'") == 79);
	assert_true(number("SELECT count(*) FROM jobs WHERE state = 'failed'") == 21);
	/* what had to stay goes when nothing holds it any more */
	run("DELETE FROM backtests; UPDATE jobs SET state = 'done', kind = 'backup',"
	    " ended_us = 1 WHERE id IN (5, 7)");
	(void)keep(&k);
	assert_true(number("SELECT count(*) FROM jobs WHERE id IN (1, 5, 6, 7)") == 2);
}

static void audit_of_a_year(void **state)
{
	struct retention k = { .details_days = 1, .orders_days = 1, .audit_days = 365 };

	(void)state;
	run("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5000)"
	    " INSERT INTO audit_log(at_us, actor, action) SELECT n * 8640000000, 'admin', 'POST'"
	    " FROM t");
	clock_of("audit_log", "at_us");
	assert_true(keep(&k) <= KEEP_ROWS);
	assert_true(number("SELECT count(*) FROM audit_log") == 3651);
	k.audit_days = 0;
	run("INSERT INTO audit_log(at_us, actor, action) VALUES (1923104000000000, 'a', 'POST')");
	clock_of("audit_log", "at_us");
	assert_int_equal(keep(&k), 0);
}

/*
 * Rows of a time to come (the clock was 400 days ahead for ten seconds) delete nothing, and
 * keep nothing from going that is old.
 */
static void rows_of_the_future(void **state)
{
	struct retention k = { .details_days = 2, .orders_days = 2, .audit_days = 2 };

	(void)state;
	clock_us = T0;
	/* a row of the future, then one a day for ten days, another, and one of now */
	run("CREATE TEMP TABLE d AS WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t"
	    " WHERE n < 12) SELECT n, 1723104000000000 + CASE WHEN n IN (0, 11) THEN 400"
	    " WHEN n = 12 THEN 0 ELSE n - 11 END * 86400000000 AS at FROM t ORDER BY n");
	run("DELETE FROM commands; DELETE FROM bot_events; DELETE FROM audit_log");
	run("INSERT INTO commands(kind, bot_id, created_us, status) SELECT 'pause', 1, at, 'done'"
	    " FROM d");
	run("INSERT INTO audit_log(at_us, actor, action) SELECT at, 'a', 'POST' FROM d");
	run("INSERT INTO bot_events(bot_id, from_status, to_status, event, at_us)"
	    " SELECT 1, '', '', '', at FROM d");
	run("INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase,"
	    " limit_price, quantity, strategy, mode, config_version, created_us, closed_us,"
	    " holding_us, maker_timeout_us, updated_us) SELECT n + 1, 1, n, 'B', 'BUY', 'closed',"
	    " 'x', 1, 1, 'model', 'simulation', 1, at, at, 1, 1, 1 FROM d");
	run("INSERT INTO equity(bot_id, at_us, equity, balance, unrealized)"
	    " SELECT 1, at + n + h * 60000000, 1, 1, 0 FROM d,"
	    " (SELECT 0 AS h UNION SELECT 1)");
	(void)keep(&k);
	/* two of the future, two of the newest two days, the one of now */
	assert_true(number("SELECT count(*) FROM commands") == 5);
	assert_true(number("SELECT count(*) FROM audit_log") == 5);
	assert_true(number("SELECT count(*) FROM bot_events") == 5);
	assert_true(number("SELECT count(*) FROM trading_orders") == 5);
	/* samples of the newest day, and of the future, stay whole */
	assert_true(number("SELECT count(*) FROM equity") == 9 + 2 + 2 + 4);
	/* in doubt about the clock nothing goes */
	run("UPDATE commands SET created_us = 1; UPDATE audit_log SET at_us = 1");
	clock_us = 0;
	assert_int_equal(keep(&k), 0);
}

/* Seconds are kept for a day of the market's own time, whatever the clock says. */
static void seconds_of_a_day(void **state)
{
	struct candle_row r = { .key = { "synthetic", "BTCUSDT", "1s" }, .length_us = US_PER_S };

	(void)state;
	assert_int_equal(db_begin(db, &e), 0);
	for (int64_t i = 0; i < 3 * 1440; i++) {
		r.candle.open_us = T0 + i * 60 * US_PER_S;
		assert_int_equal(store_candle_tx(db, &r, T0 + 9 * DAY, &e), 0);
	}
	snprintf(r.key.symbol, sizeof(r.key.symbol), "ETHUSDT");
	r.candle.open_us = T0;
	assert_int_equal(store_candle_tx(db, &r, T0 + 9 * DAY, &e), 0);
	/* a candle of a time to come takes none along, nor does any while the clock is in doubt */
	r.candle.open_us = T0 + 400 * DAY;
	assert_int_equal(store_candle_tx(db, &r, T0 + 60 * US_PER_S, &e), 0);
	r.candle.open_us = T0 + 402 * DAY;
	assert_int_equal(store_candle_tx(db, &r, 0, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_true(number("SELECT count(*) FROM candles WHERE symbol = 'BTCUSDT'") == 1441);
	assert_true(number("SELECT count(*) FROM candles WHERE symbol = 'ETHUSDT'") == 3);
}

/* No turn reads a whole table when there is nothing to do. */
static void looks_at_little(void **state)
{
	static const char SQL_PLAN[] =
		"EXPLAIN QUERY PLAN SELECT q.rowid FROM equity q INDEXED BY equity_time"
		" WHERE q.at_us >= 1 AND q.at_us < 2 AND EXISTS (SELECT 1 FROM equity p"
		" WHERE p.bot_id = q.bot_id AND p.at_us >= 0 AND p.at_us < q.at_us)"
		" ORDER BY q.at_us LIMIT 3";
	struct stmt *s;

	(void)state;
	assert_int_equal(db_stmt(db, SQL_PLAN, &s, &e), 0);
	while (stmt_step(s, &e) == STMT_ROW)
		assert_null(strstr(stmt_text(s, 3), "SCAN"));
	stmt_done(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equity_by_the_hour, setup, teardown),
		cmocka_unit_test_setup_teardown(ledger_is_carried_forward, setup, teardown),
		cmocka_unit_test_setup_teardown(ledger_that_does_not_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(answered_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(closed_trades, setup, teardown),
		cmocka_unit_test_setup_teardown(details_of_paper_trades, setup, teardown),
		cmocka_unit_test_setup_teardown(entries_that_never_filled, setup, teardown),
		cmocka_unit_test_setup_teardown(events_of_bots, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_jobs, setup, teardown),
		cmocka_unit_test_setup_teardown(audit_of_a_year, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_of_the_future, setup, teardown),
		cmocka_unit_test_setup_teardown(seconds_of_a_day, setup, teardown),
		cmocka_unit_test_setup_teardown(looks_at_little, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
