/* Schema 6 to 7: coins that waited without a cost get one, and a resting order goes on. */
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
	"INSERT INTO bots(id, name, created_us, updated_us) VALUES (7, 'seven', 1, 1);"
	"INSERT INTO bot_state(bot_id, status, mode, last_price, dust, updated_us)"
	" VALUES (7, 'RUNNING', 'simulation', 50000, 0.0000096, 1);"
	"INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase, limit_price,"
	" entry_price, quantity, filled, dust_taken, dust, strategy, mode, config_version,"
	" created_us, holding_us, maker_timeout_us, updated_us) VALUES"
	" (1, 7, 'tb1-7-1', 'BTCUSDT', 'BUY', 'closed', 'done', 40000, 40000, 0.1, 0.1, 0, 0.00009,"
	" 's', 'simulation', 1, 1, 1, 1, 1),"
	" (2, 7, 'tb1-7-2', 'BTCUSDT', 'BUY', 'active', 'holding', 48000, 48000, 0.1, 0.1, 0.00009,"
	" 0, 's', 'simulation', 1, 1, 1, 1, 1);"
	"INSERT INTO sim_orders VALUES ('tb1-7-2-t-1', 1, 7, 'BTCUSDT', 'SELL', 'STOP_MARKET', 0,"
	" 0, 45000, 0.1, 0.04, 0, 0.06, 'BTC', 'resting', 0, 3)";

static void dust_gets_its_cost(void **state)
{
	struct db *db = NULL;

	(void)state;
	assert_true(migrations_count >= 7);
	if (db_open(scratch_path("app.db"), DB_TOOL, &db, &e) ||
	    db_exec(db, "PRAGMA journal_mode = WAL", &e) || migrate_run(db, migrations, 6, &e) ||
	    db_exec(db, ROWS, &e) || migrate_run(db, migrations, migrations_count, &e))
		fail_msg("%s", e.msg);
	assert_true(number(db, "SELECT dust_cost FROM bot_state WHERE bot_id = 7") == 0.48);
	/* as it counted until now: at the entry price of the trade that holds it */
	assert_true(number(db, "SELECT dust_cost FROM trading_orders WHERE id = 1") == 3.6);
	assert_true(number(db, "SELECT dust_taken_cost FROM trading_orders WHERE id = 2") == 4.32);
	assert_true(number(db, "SELECT bad_debt + uncovered_us + uncovered_from_us + dust_cost"
			       " FROM trading_orders WHERE id = 2") == 0);
	assert_true(number(db, "SELECT trigger_price FROM sim_orders") == 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dust_gets_its_cost, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
