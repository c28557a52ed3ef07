/* Schema 7 to 8: what was open as one row of type OCO is taken back, its coins are free again. */
#include "common/db/migrate.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

static struct err e;

static double number(struct db *db, const char *sql)
{
	struct stmt *s;
	double v;

	if (db_stmt(db, sql, &s, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(stmt_step(s, &e), STMT_ROW);
	v = stmt_double(s, 0);
	stmt_done(s);
	return v;
}

static const char ROWS[] =
	"INSERT INTO bots(id, name, created_us, updated_us) VALUES (7, 'seven', 1, 1),"
	" (8, 'eight', 1, 1);"
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
	" entry_price, quantity, filled, exited, strategy, mode, config_version,"
	" created_us, holding_us, maker_timeout_us, updated_us) VALUES"
	" (1, 7, 'tb1-7-1', 'BTCUSDT', 'BUY', 'closed', 'done', 40000, 40000, 0.1, 0.1, 0.1,"
	" 's', 'simulation', 1, 1, 1, 1, 1),"
	" (2, 7, 'tb1-7-2', 'BTCUSDT', 'BUY', 'active', 'holding', 48000, 48000, 0.1, 0.1, 0.04,"
	" 's', 'simulation', 1, 1, 1, 1, 1),"
	" (3, 8, 'tb1-8-3', 'BTCUSDT', 'BUY', 'active', 'closing', 48000, 48000, 0.2, 0.2, 0,"
	" 's', 'simulation', 1, 1, 1, 1, 1);"
	"INSERT INTO exchange_orders(id, client_order_id, order_id, bot_id, venue, leg, n, symbol,"
	" side, type, reduce_only, price, stop_price, quantity, filled, state, cancel_requested,"
	" requested_us, correlation_id) VALUES"
	" (1, 'tb1-7-1-t-1', 1, 7, 'sim', 't', 1, 'BTCUSDT', 'SELL', 'OCO', 0, 50000,"
	" 45000, 0.1, 0.1,"
	" 'filled', 0, 1, 'c1'),"
	" (2, 'tb1-7-2-t-1', 2, 7, 'sim', 't', 1, 'BTCUSDT', 'SELL', 'OCO', 0, 50000,"
	" 45000, 0.1, 0.04,"
	" 'partially_filled', 0, 1, 'c2'),"
	" (3, 'tb1-8-3-t-1', 3, 8, 'sim', 't', 1, 'BTCUSDT', 'SELL', 'OCO', 0, 50000,"
	" 45000, 0.2, 0,"
	" 'new', 1, 1, 'c3'),"
	" (4, 'tb1-7-2-e-1', 2, 7, 'sim', 'e', 1, 'BTCUSDT', 'BUY', 'LIMIT', 0, 48000,"
	" NULL, 0.2, 0.1,"
	" 'partially_filled', 0, 1, 'c2');"
	"INSERT INTO sim_accounts(bot_id, kind, base_asset, quote_asset, initial_capital, leverage,"
	" epoch, created_us, updated_us) VALUES (7, 'spot', 'BTC', 'USDT', 1000, 1, 2, 1, 1),"
	" (8, 'spot', 'BTC', 'USDT', 1000, 1, 1, 1, 1);"
	"INSERT INTO sim_ledger(entry_id, bot_id, epoch, account, asset, amount, kind,"
	" at_us) VALUES"
	" (1, 7, 2, 'free', 'BTC', -0.06, 'reserve', 900),"
	" (1, 7, 2, 'reserved', 'BTC', 0.06, 'reserve', 900);"
	"INSERT INTO sim_balances(bot_id, epoch, account, asset, amount) VALUES"
	" (7, 1, 'free', 'BTC', 5), (7, 1, 'reserved', 'BTC', 0), (7, 2, 'free', 'BTC', 0.1),"
	" (7, 2, 'reserved', 'BTC', 0.06), (7, 2, 'free', 'USDT', 30), (7, 2, 'reserved',"
	" 'USDT', 4),"
	" (8, 1, 'free', 'BTC', 0), (8, 1, 'reserved', 'BTC', 0.2);"
	"INSERT INTO counters(name, value) VALUES ('entry', 40), ('sim_order', 9);"
	"INSERT INTO sim_orders(client_order_id, seq, bot_id, symbol, side, type,"
	" reduce_only, price,"
	" stop_price, quantity, filled, queue_ahead, reserved, reserved_asset, stage, due_us,"
	" exchange_id) VALUES"
	" ('tb1-7-2-t-1', 1, 7, 'BTCUSDT', 'SELL', 'OCO', 0, 50000, 0, 0.1, 0.04, 0, 0.06, 'BTC',"
	" 'resting', 0, 3),"
	" ('tb1-7-2-e-1', 2, 7, 'BTCUSDT', 'BUY', 'LIMIT', 0, 48000, 0, 0.2, 0.1, 0, 4, 'USDT',"
	" 'resting', 0, 4),"
	" ('tb1-8-3-t-1', 3, 8, 'BTCUSDT', 'SELL', 'OCO', 0, 50000, 45000, 0.2, 0, 0, 0.2, 'BTC',"
	" 'resting', 0, 5),"
	" ('cancel:tb1-8-3-t-1', 4, 8, 'BTCUSDT', 'BUY', 'LIMIT_MAKER', 0, 0, 0, 0, 0, 0, 0, '',"
	" 'cancelling', 9, 0),"
	" ('cancel:tb1-7-2-e-1', 5, 7, 'BTCUSDT', 'BUY', 'LIMIT_MAKER', 0, 0, 0, 0, 0, 0, 0, '',"
	" 'cancelling', 9, 0);";

/* Each of these is one number: what it must be. */
static const struct { const char *sql; double is; } AFTER[] = {
	/* the venue has none of them, and no cancel of one; the rest goes on */
	{ "SELECT count(*) FROM sim_orders", 2 },
	{ "SELECT count(*) FROM sim_orders WHERE client_order_id LIKE '%tb1-7-2-e-1'", 2 },
	/* coins are free, booked once each, in the account's epoch; quote is untouched */
	{ "SELECT amount FROM sim_balances WHERE bot_id = 7 AND epoch = 2 AND account = 'free'"
	  " AND asset = 'BTC'", 0.16 },
	{ "SELECT sum(amount) FROM sim_balances WHERE bot_id = 7 AND account = 'reserved'", 4 },
	{ "SELECT amount FROM sim_balances WHERE bot_id = 7 AND epoch = 1"
	  " AND account = 'free'", 5 },
	{ "SELECT amount FROM sim_balances WHERE bot_id = 8 AND account = 'free'", 0.2 },
	{ "SELECT amount FROM sim_balances WHERE bot_id = 8 AND account = 'reserved'", 0 },
	{ "SELECT count(*) FROM v_ledger_errors", 0 },
	{ "SELECT count(*) FROM sim_ledger WHERE kind = 'release' AND at_us = 900", 4 },
	{ "SELECT sum(amount) FROM sim_ledger WHERE entry_id = 40 AND account = 'free'"
	  " AND client_order_id = 'tb1-7-2-t-1' AND epoch = 2", 0.06 },
	{ "SELECT sum(amount) FROM sim_ledger WHERE entry_id = 41 AND account = 'reserved'"
	  " AND client_order_id = 'tb1-8-3-t-1'", -0.2 },
	{ "SELECT value FROM counters WHERE name = 'entry'", 42 },
	/* the legs are over; what was over and what is no OCO stays */
	{ "SELECT count(*) FROM exchange_orders WHERE id IN (2, 3) AND state = 'cancelled'"
	  " AND leg_state = 'ended' AND cancel_requested = 0 AND reject_reason LIKE 'upgrade:%'"
	  " AND done_us = 900 AND type = 'OCO'", 2 },
	{ "SELECT filled FROM exchange_orders WHERE id = 2", 0.04 },
	{ "SELECT count(*) FROM exchange_orders WHERE id = 1 AND state = 'filled'"
	  " AND reject_reason = ''", 1 },
	{ "SELECT count(*) FROM exchange_orders WHERE id = 4 AND state = 'partially_filled'", 1 },
	{ "SELECT count(*) FROM order_events", 2 },
	{ "SELECT count(*) FROM order_events WHERE order_id = 2 AND from_state = 'live'"
	  " AND to_state = 'cancelled' AND at_us = 900 AND correlation_id = 'c2'", 1 },
	{ "SELECT count(*) FROM order_events WHERE order_id = 3 AND from_state = 'cancelling'", 1 },
	/* the first start looks at these trades at once */
	{ "SELECT count(*) FROM trading_orders WHERE retry_us = 1 AND id IN (2, 3)", 2 },
	{ "SELECT retry_us FROM trading_orders WHERE id = 1", 0 },
};

static void open_ones_are_taken_back(void **state)
{
	struct db *db = NULL;

	(void)state;
	assert_true(migrations_count >= 8);
	if (db_open(scratch_path("app.db"), DB_TOOL, &db, &e) ||
	    db_exec(db, "PRAGMA journal_mode = WAL", &e) || migrate_run(db, migrations, 7, &e) ||
	    db_exec(db, ROWS, &e) || migrate_run(db, migrations, migrations_count, &e))
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < sizeof(AFTER) / sizeof(AFTER[0]); i++) {
		double is = number(db, AFTER[i].sql);

		if (is - AFTER[i].is > 1e-12 || AFTER[i].is - is > 1e-12)
			fail_msg("%s: %.9g", AFTER[i].sql, is);
	}
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(open_ones_are_taken_back, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
