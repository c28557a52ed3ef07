/* How fast does a database grow, by its own rows? */
#include "tests/unit/scratch.h"
#include "worker/store/growth.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <math.h>
#include <sys/stat.h>

#define DAY (INT64_C(86400) * US_PER_S)
#define NOW (INT64_C(1723104000) * US_PER_S)

static void run(struct db *db, const char *sql)
{
	struct err e;

	if (db_exec(db, sql, &e))
		fail_msg("%s", e.msg);
}

static double file_bytes(struct db *db)
{
	struct stat st;

	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_int_equal(stat(scratch_path("app.db"), &st), 0);
	return (double)st.st_size;
}

static void measured_from_rows(void **state)
{
	struct config c = { .keep_details_days = 30, .keep_orders_days = 0 };
	struct growth g;
	struct err e = { 0 };
	struct db *db;
	double before;

	(void)state;
	assert_int_equal(db_open(scratch_path("app.db"), DB_WORKER, &db, &e), 0);
	assert_int_equal(store_growth(db, &c, NOW, &g, &e), 0);
	assert_true(g.days == 0 && g.per_day == 0);
	run(db, "INSERT INTO equity(bot_id, at_us, equity, balance, unrealized)"
	    " VALUES (1, 1723104000000000 - 10 * 86400000000, 1, 1, 0)");
	before = file_bytes(db);
	/* a thousand trades and ten thousand bookings a day, for ten days */
	run(db, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10000)"
	    " INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase,"
	    " limit_price, quantity, strategy, mode, config_version, created_us, closed_us,"
	    " holding_us, maker_timeout_us, updated_us) SELECT n, 1, 'tb1-1-' || n, 'BTCUSDT',"
	    " 'BUY', 'closed', 'done', 1, 1, 'model', 'simulation', 1,"
	    " 1723104000000000 - (10000 - n) * 86400000, 1, 1, 1, 1 FROM t");
	assert_int_equal(store_growth(db, &c, NOW, &g, &e), 0);
	assert_true(g.days == 7);
	assert_true(fabs(g.lasting_per_day - (file_bytes(db) - before) / 10) <
		    g.lasting_per_day * 0.05);
	assert_true(fabs(growth_days_left(&g, g.lasting_per_day * 400) - 400) < 1);
	/* kept for a month only: nothing stays for good, it ends at thirty days' worth */
	c.keep_orders_days = 30;
	assert_int_equal(store_growth(db, &c, NOW, &g, &e), 0);
	assert_true(fabs(g.details_end / g.details - 3) < 0.1);
	assert_true(g.lasting_per_day < g.per_day / 20);
	assert_true(growth_days_left(&g, g.details) < 15); /* not even that has room */
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(measured_from_rows, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
