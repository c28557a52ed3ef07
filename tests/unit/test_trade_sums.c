#include "api/store/trade_sums.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define DAY INT64_C(86400000000)

static struct db *db;
static struct trade_sums *sums;

static int setup(void **state)
{
	struct err e;

	if (scratch_setup(state) || db_open(scratch_path("app.db"), DB_WORKER, &db, &e))
		return -1;
	sums = trade_sums_new();
	return 0;
}

static int teardown(void **state)
{
	trade_sums_free(sums);
	db_close(db);
	return scratch_teardown(state);
}

static void sql(const char *text)
{
	struct err e;

	if (db_exec(db, text, &e))
		fail_msg("%s: %s", text, e.msg);
}

/* As the worker writes it: the trade and its day in one transaction. */
static void trade(int64_t id, int64_t bot, int64_t closed_us, const char *symbol, int pnl)
{
	char text[1200];

	snprintf(text, sizeof(text),
		 "INSERT INTO trading_orders(id, bot_id, order_id, symbol, side, status, phase,"
		 " limit_price, quantity, filled, entry_notional, exit_notional, fees, gross, pnl,"
		 " close_reason, strategy, mode, config_version, created_us, opened_us, closed_us,"
		 " holding_us, maker_timeout_us, updated_us) VALUES (%lld, %lld, '%lld', '%s',"
		 " 'BUY', 'closed', 'done', 1, 1, 1, 100, 100, 1, %d, %d, '%s', 'm', 's', 1, 0, 1,"
		 " %lld, 0, 0, 0); INSERT INTO trading_stats(bot_id, day, trades, net, updated_us)"
		 " VALUES (%lld, date(%lld / 1000000, 'unixepoch'), 1, %d, 0) ON CONFLICT DO UPDATE"
		 " SET trades = trades + 1, net = net + excluded.net",
		 (long long)id, (long long)bot, (long long)id, symbol, pnl + 1, pnl,
		 pnl > 0 ? "take_profit" : "stop_loss", (long long)closed_us, (long long)bot,
		 (long long)closed_us, pnl);
	sql(text);
}

static const struct bot_sums *ask(int64_t bot, int64_t trades, int64_t read)
{
	const struct bot_sums *s = NULL;
	struct err e;

	if (trade_sums_get(sums, db, 1, bot, &s, &e))
		fail_msg("%s", e.msg);
	assert_int_equal(bot_sums_stats(s)->trades, trades);
	assert_int_equal(trade_sums_read(sums), read);
	return s;
}

static int64_t net(const struct bot_sums *s)
{
	return money_units(bot_sums_stats(s)->net) / 100000000;
}

static void only_new_ones_are_read(void **state)
{
	(void)state;
	ask(1, 0, 0);
	trade(1, 1, DAY, "A", 10);
	trade(2, 1, DAY, "A", -4); /* at the same time: the number decides */
	trade(3, 2, DAY, "A", 7);
	assert_int_equal(net(ask(1, 2, 2)), 6);
	ask(1, 2, 0);
	trade(5, 1, 2 * DAY, "A", 1);
	assert_int_equal(net(ask(1, 3, 1)), 7);
	trade(4, 1, 2 * DAY + 1, "A", 1); /* opened before 5, closed after it */
	assert_int_equal(net(ask(1, 4, 1)), 8);
	assert_int_equal(net(ask(2, 1, 1)), 7);
	assert_true(bot_sums_stats(ask(1, 4, 0))->first_us == DAY);
}

static void what_does_not_add_up_is_read_anew(void **state)
{
	(void)state;
	trade(1, 1, 5 * DAY, "A", 10);
	trade(2, 1, 6 * DAY, "A", 10);
	ask(1, 2, 2);
	trade(3, 1, 2 * DAY, "A", -5); /* of an older time, as a replay's */
	assert_int_equal(net(ask(1, 3, 3)), 15);
	assert_true(bot_sums_stats(ask(1, 3, 0))->first_us == 2 * DAY);
	/* Days and trades need not agree, they must move together. */
	sql("DELETE FROM trading_stats WHERE day = '1970-01-06'");
	ask(1, 3, 3);
	ask(1, 3, 0);
	trade(4, 1, 7 * DAY, "A", 1);
	ask(1, 4, 1);
	sql("UPDATE trading_orders SET pnl = 20.0 WHERE id = 1; UPDATE trading_stats"
	    " SET net = net + 10.0 WHERE day = '1970-01-07'");
	assert_int_equal(net(ask(1, 4, 4)), 26);
}

/* Old trades go, the totals of their days stay: sums are over what is kept, to the day. */
static void old_days_go(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 6; i++)
		trade(i + 1, 1, i * DAY / 2, "A", 1);
	ask(1, 6, 6);
	sql("DELETE FROM trading_orders WHERE id = 1");
	ask(1, 6, 0);
	sql("DELETE FROM trading_orders WHERE id = 2");
	ask(1, 4, 4);
	ask(1, 4, 0);
	sql("DELETE FROM trading_orders");
	ask(1, 0, 0);
	trade(7, 1, 9 * DAY, "A", 1);
	ask(1, 1, 1);
}

static void another_file(void **state)
{
	const struct bot_sums *s;
	struct err e;

	(void)state;
	trade(1, 1, DAY, "A", 1);
	ask(1, 1, 1);
	assert_int_equal(trade_sums_get(sums, db, 2, 1, &s, &e), 0);
	assert_int_equal(trade_sums_read(sums), 1);
}

static void groups(const struct bot_sums *s, const char *by, const char *expected)
{
	struct trade_group *list;
	char text[400] = "";
	struct err e;
	size_t n;

	assert_int_equal(bot_sums_groups(s, by, &list, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s %lld %lld/%lld %lld;", list[i].key,
			 (long long)list[i].trades, (long long)list[i].wins,
			 (long long)list[i].losses,
			 (long long)(money_units(list[i].net) / 100000000));
	}
	free(list);
	assert_string_equal(text, expected);
}

static void groups_of_all_kinds(void **state)
{
	const struct bot_sums *s;

	(void)state;
	groups(ask(1, 0, 0), "day", "");
	trade(1, 1, 0, "B", 1);		/* Thursday, 1970-01-01 */
	trade(2, 1, 3 * DAY, "A", -2);	/* Sunday */
	trade(3, 1, 4 * DAY, "B", 4);	/* Monday */
	trade(4, 1, 31 * DAY, "A", 8);	/* Sunday, 1970-02-01 */
	trade(5, 1, 31 * DAY, "B", -16);
	s = ask(1, 5, 5);
	groups(s, "day", "1970-02-01 2 1/1 -8;1970-01-05 1 1/0 4;1970-01-04 1 0/1 -2;"
	       "1970-01-01 1 1/0 1;");
	groups(s, "week", "1970-01-26 2 1/1 -8;1970-01-05 1 1/0 4;1969-12-29 2 1/1 -1;");
	groups(s, "month", "1970-02 2 1/1 -8;1970-01 3 2/1 3;");
	groups(s, "symbol", "B 3 2/1 -11;A 2 1/1 6;");
	groups(s, "reason", "take_profit 3 3/0 13;stop_loss 2 0/2 -18;");
}

static void many_bots(void **state)
{
	(void)state;
	for (int64_t bot = 1; bot <= TRADE_SUMS_BOTS + 1; bot++)
		trade(bot, bot, DAY, "A", 1);
	for (int64_t bot = 1; bot <= TRADE_SUMS_BOTS; bot++)
		ask(bot, 1, 1);
	ask(1, 1, 0);
	ask(TRADE_SUMS_BOTS + 1, 1, 1); /* bot 2 was not asked for longest: it goes */
	ask(1, 1, 0);
	ask(2, 1, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_new_ones_are_read), T(what_does_not_add_up_is_read_anew), T(another_file),
		T(old_days_go), T(groups_of_all_kinds), T(many_bots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
