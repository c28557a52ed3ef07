/* Figures of trades: statistics, the paper account, series. */
#include "tests/unit/api_calls.h"

#include <math.h>

#define ORDERS "/api/v1/trading/bots/1/orders"
#define STATS "/api/v1/trading/bots/1/stats"
#define T0 "1700000000000000"	/* 2023-11-14T22:13:20Z */

#define ORDER_COLUMNS \
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase," \
	" limit_price, entry_price, exit_price, quantity, filled, position, entry_notional," \
	" exit_notional, fees, gross, pnl, confidence, close_reason, strategy, mode," \
	" config_version, created_us, opened_us, closed_us, updated_us, holding_us," \
	" maker_timeout_us) VALUES "

/* Three closed trades of bot 1 on two days (+10, -4, +2.5), one that never filled. */
/* Of a cursor, behind the list that it belongs to. */
static const char *place_of(const char *cursor)
{
	const char *dash = cursor ? strchr(cursor, '-') : NULL;

	assert_non_null(dash);
	return dash + 1;
}

static const char SQL_CLOSED[] =
	ORDER_COLUMNS
	"(1, 1, 'tb1-1-1', 'BTCUSDT', 'BUY', 'closed', 'done', 100, 100, 111, 1, 1, 0, 100, 111, 1,"
	" 11, 10, 0.5, 'take_profit', 'model', 'simulation', 1, " T0 ", " T0 " + 1000000,"
	" " T0 " + 5000000, 1, 0, 0),"
	"(2, 1, 'tb1-1-2', 'BTCUSDT', 'SELL', 'closed', 'done', 100, 100, 103, 1, 1, 0, 100, 103,"
	" 1, -3, -4, 0.5, 'stop_loss', 'model', 'simulation', 1, " T0 ", " T0 " + 1000000,"
	" " T0 " + 5000000, 1, 0, 0),"
	"(3, 1, 'tb1-1-3', 'ETHUSDT', 'BUY', 'closed', 'done', 10, 10, 10.35, 10, 10, 0, 100,"
	" 103.5, 1, 3.5, 2.5, 0.5, 'take_profit', 'model', 'simulation', 1, " T0 ","
	" " T0 " + 86400000000, " T0 " + 86403000000, 1, 0, 0),"
	"(4, 1, 'tb1-1-4', 'BTCUSDT', 'BUY', 'closed', 'done', 100, NULL, NULL, 1, 0, 0, 0, 0, 0,"
	" 0, 0, 0.5, 'maker_timeout', 'model', 'simulation', 1, " T0 ", NULL,"
	" " T0 " + 6000000, 1, 0, 0)";

/* A long of 0.5 from 61000, a short of 2 from 3000, one entry that waits. */
static const char SQL_OPEN[] =
	ORDER_COLUMNS
	"(11, 1, 'tb1-1-11', 'BTCUSDT', 'BUY', 'active', 'holding', 61000, 61000.1, NULL, 0.5, 0.5,"
	" 0.5, 30500.05, 0, 12.3, 0, 0, 0.61, '', 'model', 'simulation', 1, " T0 ", " T0 ","
	" NULL, 1, 0, 0),"
	"(12, 2, 'tb1-2-12', 'ETHUSDT', 'SELL', 'active', 'holding', 3000, 3000, NULL, 2, 2, -2,"
	" 6000, 0, 1, 0, 0, 0.7, '', 'model', 'simulation', 1, " T0 ", " T0 ", NULL, 1, 0, 0),"
	"(13, 1, 'tb1-1-13', 'BTCUSDT', 'BUY', 'pending', 'entering', 60000, NULL, NULL, 0.5, 0, 0,"
	" 0, 0, 0, 0, 0, 0.7, '', 'model', 'simulation', 1, " T0 " + 7, NULL, NULL, 1, 0, 0)";
static const char SQL_STATES[] =
	"INSERT INTO bot_state(bot_id, status, mode, last_price, equity, start_us, updated_us)"
	" VALUES (1, 'RUNNING', 'simulation', 61837.63, 10123.45678901, " T0 ", 1),"
	" (2, 'PAUSED', 'simulation', 2900.5, 10000, " T0 ", 1)";

/* One report may be as large as its fields allow, and there may be any number of them. */
static void totals_of_any_size(void **state)
{
	static const char *const bys[] = { "day", "week", "month", "symbol", "reason" };
	struct answer r;

	(void)state;
	r = call("POST", ORDERS,
		 "{\"order_id\":\"x\",\"symbol\":\"BTCUSDT\",\"side\":\"BUY\",\"status\":\"closed\","
		 "\"quantity\":9e7,\"entry_price\":9e7,\"exit_price\":9e7,\"pnl\":9e7}", 201);
	answer_free(&r);
	r = get(STATS "/pnl");
	assert_true(answer_number(&r, "pnl.0.volume") == 1.62e16);
	assert_true(answer_number(&r, "pnl.0.net") == 9e7);
	answer_free(&r);
	seed("INSERT INTO reported_orders(bot_id, order_id, symbol, side, status, quantity, pnl,"
	     " fees, close_reason, created_us, closed_us, updated_us)"
	     " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
	     " SELECT 1, 'y' || i, 'BTCUSDT', 'BUY', 'closed', 1.0, 9e7, 9e7, '', 1, 1, 1 FROM n;"
	     "INSERT INTO reported_stats(bot_id, day, trades, wins, losses, gross, fees, net,"
	     " volume, updated_us)"
	     " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
	     " SELECT 1, date('2020-01-01', i || ' days'), 1, 1, 0, 9e7, 9e7, -9e7, 9e7, 1 FROM n");
	r = get(STATS);
	assert_true(answer_number(&r, "reported.orders_pnl") == 2001 * 9e7);
	assert_true(answer_number(&r, "reported.net") == -2000 * 9e7);
	answer_free(&r);
	for (size_t i = 0; i < sizeof(bys) / sizeof(bys[0]); i++) {
		char path[80];

		snprintf(path, sizeof(path), STATS "/pnl?by=%s", bys[i]);
		r = get(path);
		assert_true(length(&r, "pnl") >= 1);
		answer_free(&r);
	}
}

static void stats(void **state)
{
	struct answer r;

	(void)state;
	seed(SQL_CLOSED);
	r = get(STATS);
	assert_true(answer_number(&r, "trades") == 3);
	assert_true(answer_number(&r, "wins") == 2);
	assert_true(answer_number(&r, "net") == 8.5);
	assert_true(answer_number(&r, "max_drawdown") == 4);
	assert_true(fabs(answer_number(&r, "profit_factor") - 12.5 / 4) < 1e-12);
	assert_true(answer_number(&r, "sharpe") > 0);
	answer_free(&r);
	r = get(STATS "/pnl");
	assert_int_equal(length(&r, "pnl"), 2);
	assert_string_equal(answer_text(&r, "pnl.0.group"), "2023-11-15");
	assert_true(answer_number(&r, "pnl.1.net") == 6);
	assert_true(answer_number(&r, "pnl.1.volume") == 414);
	answer_free(&r);
	r = get(STATS "/pnl?by=week");
	assert_int_equal(length(&r, "pnl"), 1);
	assert_string_equal(answer_text(&r, "pnl.0.group"), "2023-11-13");
	answer_free(&r);
	r = get(STATS "/pnl?by=month");
	assert_string_equal(answer_text(&r, "pnl.0.group"), "2023-11");
	answer_free(&r);
	r = get(STATS "/pnl?by=symbol&from=2023-11-15");
	assert_int_equal(length(&r, "pnl"), 1);
	assert_string_equal(answer_text(&r, "pnl.0.group"), "ETHUSDT");
	answer_free(&r);
	r = get(STATS "/pnl?by=reason");
	assert_string_equal(answer_text(&r, "pnl.0.group"), "take_profit");
	assert_true(answer_number(&r, "pnl.0.net") == 12.5);
	answer_free(&r);
}

/* What there is none of is null, not 0: a bot that never traded has no worst trade of 0. */
static void stats_without_trades(void **state)
{
	static const char *const paths[] = { STATS, "/api/v1/simulation/performance" };
	static const char *const none[] = { "best", "worst", "win_rate", "profit_factor",
					    "expectancy", "average_win", "average_loss",
					    "average_holding_s", "max_drawdown_pct", "sharpe",
					    "sortino", "first_trade", "last_trade" };
	struct answer r;

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		r = get(paths[p]);
		for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
			if (!cJSON_IsNull(answer_at(&r, none[i])))
				fail_msg("%s %s: %s", paths[p], none[i], buf_text(&r.body));
		answer_free(&r);
	}
	seed(SQL_CLOSED);
	for (size_t p = 0; p < 2; p++) {
		r = get(paths[p]);
		assert_true(answer_number(&r, "best") == 10);
		assert_true(answer_number(&r, "worst") == -4);
		answer_free(&r);
	}
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"Second\"}", 201, NULL);
	seed("UPDATE trading_orders SET bot_id = 2 WHERE id = 2");
	r = get("/api/v1/trading/bots/2/stats");	/* lost alone: its best is no 0 either */
	assert_true(answer_number(&r, "best") == -4 && answer_number(&r, "worst") == -4);
	answer_free(&r);
}

static double drawdown_pct(const char *path)
{
	struct answer r = get(path);
	double pct = answer_number(&r, "max_drawdown_pct");

	answer_free(&r);
	return pct;
}

/* In percent of the highest that the trades made of the capital: which account a bot has now,
 * and in what, is no part of it. */
static void drawdown_is_of_the_trades(void **state)
{
	const double want = 100 * 4.0 / 10010;

	(void)state;
	seed(SQL_CLOSED);
	assert_true(fabs(drawdown_pct(STATS) - want) < 1e-9);
	seed("INSERT INTO sim_accounts(bot_id, kind, base_asset, quote_asset, initial_capital,"
	     " epoch, created_us, updated_us) VALUES (1, 'spot', 'BTC', 'USDT', 9876.5, 1, 1, 1)");
	assert_true(fabs(drawdown_pct(STATS) - want) < 1e-9);
	seed("UPDATE sim_accounts SET base_asset = 'ETH', quote_asset = 'BTC',"
	     " initial_capital = 0.5; UPDATE trading_configs SET symbol = 'ETHBTC'");
	assert_true(fabs(drawdown_pct(STATS) - want) < 1e-9);
	assert_true(fabs(drawdown_pct("/api/v1/simulation/performance") - want) < 1e-9);
}

static void no_price_yet(const char *path, const char *key)
{
	struct answer r = get(path);

	if (!cJSON_IsNull(answer_at(&r, key)))
		fail_msg("%s: %s: %s", path, key, buf_text(&r.body));
	answer_free(&r);
}

/* Before the market has spoken there is no price; 0 would be one. */
static void no_price_is_null(void **state)
{
	static const char *const paths[] = {
		"/api/v1/status", "/api/v1/bots/1/status", "/api/v1/simulation/status",
	};

	(void)state;
	for (int with_row = 0; with_row < 2; with_row++) {
		for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
			no_price_yet(paths[i], "last_price");
		no_price_yet("/api/v1/bots", "bots.0.last_price");
		no_price_yet("/api/v1/bots/1", "last_price");
		seed("INSERT OR REPLACE INTO bot_state(bot_id, status, mode, equity, updated_us)"
		     " VALUES (1, 'RUNNING', 'simulation', 10000, 1)");
	}
	seed(SQL_OPEN);
	no_price_yet("/api/v1/trading/bots/1/positions", "positions.0.live_price");
	no_price_yet("/api/v1/trading/bots/1/positions", "positions.0.unrealized_pnl");
}

enum { MANY = 60 };	/* more than may wait */

static void ask_many(int fds[MANY])
{
	for (int i = 0; i < MANY; i++) {
		struct buf out = { 0 };

		fds[i] = api_connect(&a);
		api_write_head(&a, &out, "GET", i % 2 ? STATS : STATS "/pnl?by=week");
		buf_puts(&out, "\r\n");
		assert_true(api_send(fds[i], out.data, out.len));
		buf_free(&out);
	}
}

/* What reads much waits in a queue with an end; each gets its own answer. */
static void stats_for_many(void **state)
{
	int fds[MANY], answered = 0;

	(void)state;
	seed(SQL_CLOSED);
	ask_many(fds);
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	for (int i = 0; i < MANY; i++) {
		struct answer r = api_read(fds[i], false);

		if (r.status == 200)
			assert_int_equal(answer_at(&r, "pnl") == NULL, i % 2);
		else
			assert_string_equal(answer_text(&r, "error.code"), "busy");
		answered += r.status == 200;
		answer_free(&r);
		close(fds[i]);
	}
	assert_true(answered > 0);
}

static void end_while_many_wait(void **state)
{
	int fds[MANY];

	(void)state;
	ask_many(fds);
	/* All are with the server: this one came behind them. */
	api_expect(&a, "GET", "/api/v1/status", NULL, 200, NULL);
	struct api ended = a;

	api_stop(&ended);
	for (int i = 0; i < MANY; i++) {
		struct answer r = api_read(fds[i], false);

		if (r.status != 200)
			assert_int_equal(r.status, 503);
		answer_free(&r);
		close(fds[i]);
	}
	api_run(&a);
	api_expect(&a, "GET", STATS, NULL, 200, NULL);
}

static void stats_update(void **state)
{
	struct answer r;

	(void)state;
	r = call("POST", STATS "/update",
		 "{\"day\":\"2026-01-31\",\"trades\":4,\"wins\":3,\"net\":12.5}", 200);
	assert_true(answer_number(&r, "losses") == 0);
	answer_free(&r);
	r = call("POST", STATS "/update",
		 "{\"day\":\"2026-01-31\",\"losses\":1}", 200);
	assert_true(answer_number(&r, "trades") == 4);
	assert_true(answer_number(&r, "losses") == 1);
	answer_free(&r);
	api_expect(&a, "POST", STATS "/update", "{\"day\":\"31.1.\"}", 422,
		   "invalid_fields");
	api_expect(&a, "POST", STATS "/update", NULL, 200, NULL);
}

static void simulation(void **state)
{
	struct answer r;

	(void)state;
	api_expect(&a, "POST", "/api/v1/bots", "{\"name\":\"Second\"}", 201, NULL);
	seed(SQL_STATES);
	seed(SQL_CLOSED);
	seed("INSERT INTO sim_accounts(bot_id, kind, base_asset, quote_asset, initial_capital,"
	     " epoch, created_us, updated_us) VALUES (1, 'spot', 'BTC', 'USDT', 10000, 2, 1, 1);"
	     "INSERT INTO sim_balances VALUES (1, 2, 'free', 'USDT', 9000.1),"
	     " (1, 1, 'free', 'USDT', 1);"
	     "INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind, at_us)"
	     " VALUES (1, 1, 1, 'free', 'USDT', 10000, 'deposit', 1),"
	     " (1, 1, 1, 'capital', 'USDT', -10000, 'deposit', 1)");
	r = get("/api/v1/simulation/status");
	assert_string_equal(answer_text(&r, "account.quote_asset"), "USDT");
	assert_true(cJSON_IsFalse(answer_at(&r, "running"))); /* no worker */
	assert_true(has(&r, "\"equity\":10123.45678901,"));
	answer_free(&r);
	r = get("/api/v1/simulation/portfolio?bot_id=1");
	assert_int_equal(length(&r, "balances"), 1);
	assert_true(answer_number(&r, "balances.0.amount") == 9000.1);
	answer_free(&r);
	r = get("/api/v1/simulation/performance");
	assert_true(fabs(answer_number(&r, "total_return_pct") - 1.2345678901) < 1e-9);
	assert_true(answer_number(&r, "trades") == 3);
	answer_free(&r);
	seed("UPDATE bot_state SET equity = 0 WHERE bot_id = 1"); /* bankrupt, not unknown */
	r = get("/api/v1/simulation/performance");
	assert_true(answer_number(&r, "equity") == 0);
	assert_true(answer_number(&r, "total_return_pct") == -100);
	answer_free(&r);
	r = get("/api/v1/simulation/performance?bot_id=2"); /* never ran: what it begins with */
	assert_true(answer_number(&r, "equity") == 10000);
	answer_free(&r);
	seed("DELETE FROM bot_state WHERE bot_id = 2");
	r = get("/api/v1/simulation/performance?bot_id=2"); /* no worker has had it at all */
	assert_true(answer_number(&r, "equity") == 10000);
	assert_true(answer_number(&r, "total_return_pct") == 0);
	answer_free(&r);
	r = get("/api/v1/simulation/ledger?limit=1");
	assert_true(answer_number(&r, "ledger.0.amount") == -10000);
	answer_free(&r);
	api_expect(&a, "GET", "/api/v1/simulation/status?bot_id=5", NULL, 404, "not_found");
	api_expect(&a, "POST", "/api/v1/simulation/reset", "{\"bot_id\":5}", 404, "not_found");
}

static void series(void **state)
{
	struct answer r;

	(void)state;
	seed("INSERT INTO equity(bot_id, at_us, equity, balance, unrealized)"
	    " VALUES (1, 1000000, 10, 9, 1), (1, 2000000, 11, 9, 2),"
	     " (1, 3000000, 12, 9, 3)");
	seed("INSERT INTO candles VALUES"
	     " ('synthetic', 'BTCUSDT', '1s', 1000000, 1, 2, 0.5, 1.5, 10, 4, 3),"
	     " ('synthetic', 'BTCUSDT', '1s', 2000000, 1, 2, 0.5, 1.5, 10, 4, 3),"
	     " ('synthetic_futures', 'BTCUSDT', '1s', 2000000, 7, 7, 7, 7, 10, 4, 3),"
	     " ('synthetic', 'BTCUSDT', '1m', 0, 1, 2, 0.5, 1.5, 10, 4, 3)");
	seed("INSERT INTO candle_runs VALUES ('synthetic', 'BTCUSDT', '1s', 'x', 1000000, 3000000),"
	     " ('synthetic_futures', 'BTCUSDT', '1s', 'x', 2000000, 3000000)");
	r = get("/api/v1/equity?limit=2");
	assert_true(answer_number(&r, "equity.0.equity") == 12);
	assert_string_equal(place_of(answer_text(&r, "next_cursor")), "2000000");
	answer_free(&r);
	r = get("/api/v1/equity?limit=2&cursor=2000000");
	assert_int_equal(length(&r, "equity"), 1);
	assert_string_equal(answer_text(&r, "equity.0.at"), "1970-01-01T00:00:01.000000Z");
	answer_free(&r);
	r = get("/api/v1/equity?from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:03Z");
	assert_int_equal(length(&r, "equity"), 1);
	answer_free(&r);
	r = get("/api/v1/data/candles?symbol=BTCUSDT");
	assert_int_equal(length(&r, "candles"), 2);
	assert_true(answer_number(&r, "candles.0.low") == 0.5);
	assert_string_equal(answer_text(&r, "source"), "synthetic");
	answer_free(&r);
	r = get("/api/v1/data/candles?symbol=BTCUSDT&source=synthetic_futures");
	assert_int_equal(length(&r, "candles"), 1);
	assert_true(answer_number(&r, "candles.0.low") == 7);
	answer_free(&r);
	r = get("/api/v1/data/candles?symbol=ETHUSDT");
	assert_true(cJSON_IsNull(answer_at(&r, "source")));
	answer_free(&r);
	r = get("/api/v1/data");
	assert_int_equal(length(&r, "candles"), 3);
	answer_free(&r);
}

#define WITH_API(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(stats),
		WITH_API(stats_without_trades),
		WITH_API(drawdown_is_of_the_trades),
		WITH_API(no_price_is_null),
		WITH_API(totals_of_any_size),
		WITH_API(stats_for_many),
		WITH_API(end_while_many_wait),
		WITH_API(stats_update),
		WITH_API(simulation),
		WITH_API(series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
