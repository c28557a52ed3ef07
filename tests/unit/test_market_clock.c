/* Ages of what a market's rows tell: in the market's time, which may be its own. */
#include "common/registry/market_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S INT64_C(1000000)
#define NOW (INT64_C(1796000000) * S)
#define RECORDED (INT64_C(1723161600) * S)

static struct db *db;

static int64_t machine_sql(int64_t at_us)
{
	int64_t got;
	struct stmt *s;

	assert_int_equal(db_stmt(db, "SELECT " MARKET_CLOCK_MACHINE_SQL("?1")
				 " FROM worker_heartbeat h", &s, NULL), 0);
	stmt_bind_int(s, 1, at_us);
	assert_int_equal(stmt_step(s, NULL), STMT_ROW);
	got = stmt_int(s, 0);
	stmt_done(s);
	return got;
}

static struct market_clock get(void)
{
	struct market_clock c;

	assert_int_equal(market_clock_get(db, NOW, &c, NULL), 0);
	return c;
}

static void ages(void **state)
{
	struct market_clock c;
	struct err e;

	(void)state;
	assert_int_equal(db_open(":memory:", DB_WORKER, &db, &e), 0);
	c = get();			/* no worker ever */
	assert_int_equal(market_clock_now_us(&c), NOW);
	assert_int_equal(market_clock_age_us(&c, NOW - 5 * S), 5 * S);
	assert_int_equal(db_exec(db, "INSERT INTO worker_heartbeat(id, pid, boot_id, version,"
				 " started_us, beat_us, trading_mode, market_data, feed_state)"
				 " VALUES (1, 1, 'b', 'v', 1, 1, 'simulation', 'replay', 'live')",
				 &e), 0);
	c = get();			/* the machine's time */
	assert_int_equal(market_clock_machine_us(&c, NOW - S), NOW - S);
	assert_int_equal(machine_sql(NOW - S), NOW - S);
	assert_int_equal(db_exec(db, "UPDATE worker_heartbeat SET market_us = 1723161600000000,"
				 " market_at_us = 1795999990000000", &e), 0);
	c = get();			/* a time of its own, that moved 10 s ago */
	assert_int_equal(market_clock_now_us(&c), RECORDED);
	assert_int_equal(market_clock_age_us(&c, RECORDED - 7 * S), 7 * S);
	assert_int_equal(market_clock_age_us(&c, RECORDED + 7 * S), 0);
	for (int64_t ago = -3; ago <= 3; ago++) {
		int64_t want = NOW - 10 * S - (ago > 0 ? ago : 0) * S;

		assert_int_equal(market_clock_machine_us(&c, RECORDED - ago * S), want);
		assert_int_equal(machine_sql(RECORDED - ago * S), want);
	}
	assert_int_equal(market_clock_machine_us(&c, 0), 0);
	assert_int_equal(machine_sql(0), 0);
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
