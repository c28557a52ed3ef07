#include "api/store/trade_stats.h"

#include "common/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY (INT64_C(86400) * US_PER_S)

static void feed(struct stats *s, int64_t closed_us, double pnl)
{
	struct closed_trade t = { .closed_us = closed_us, .opened_us = closed_us - 10 * US_PER_S };

	t.pnl = money_of_units((int64_t)llround(pnl * 1e8));
	t.fees = money_of_units(100000000);
	assert_int_equal(money_add(t.pnl, t.fees, &t.gross), 0);
	t.volume = money_of_units(40000000000);
	assert_int_equal(trade_stats_add(s, &t), 0);
}

static void empty(void **state)
{
	struct stats s = { 0 };
	struct stats_ratios r;

	(void)state;
	stats_end(&s, 1000, &r);
	assert_false(r.has_rate || r.has_factor || r.has_sharpe || r.has_sortino);
}

static void totals(void **state)
{
	struct stats s = { 0 };
	struct stats_ratios r;

	(void)state;
	feed(&s, DAY, 10);
	feed(&s, DAY + 1, -4);
	feed(&s, DAY + 2, -8);
	feed(&s, DAY + 3, 0);
	feed(&s, DAY + 4, 6.5);
	stats_end(&s, 1000, &r);
	assert_int_equal(s.trades, 5);
	assert_int_equal(s.wins, 2);
	assert_int_equal(s.losses, 2);
	assert_int_equal(money_units(s.net), 450000000);
	assert_int_equal(money_units(s.gross), 950000000);
	assert_int_equal(money_units(s.fees), 500000000);
	assert_int_equal(money_units(s.volume), 5 * INT64_C(40000000000));
	assert_int_equal(money_units(s.best), 1000000000);
	assert_int_equal(money_units(s.worst), -800000000);
	assert_int_equal(money_units(s.max_drawdown), 1200000000);
	assert_int_equal(s.held_us, 50 * US_PER_S);
	assert_true(r.win_rate == 0.4);
	assert_true(fabs(r.profit_factor - 16.5 / 12) < 1e-12);
	assert_true(fabs(r.expectancy - 0.9) < 1e-12);
	assert_true(fabs(r.max_drawdown_pct - 100 * 12.0 / 1010) < 1e-12);
	assert_false(r.has_sharpe); /* one day */
}

/*
 * Daily nets 10, 0, -5, 20 (the second day without a trade): mean 6.25, sample
 * variance (3.75^2 + 6.25^2 + 11.25^2 + 13.75^2) / 3, downside sqrt(25 / 4).
 */
static void ratios_over_days(void **state)
{
	const double sd = sqrt((3.75 * 3.75 + 6.25 * 6.25 + 11.25 * 11.25 + 13.75 * 13.75) / 3);
	struct stats s = { 0 };
	struct stats_ratios r;

	(void)state;
	feed(&s, 10 * DAY, 4);
	feed(&s, 10 * DAY + 5, 6);
	feed(&s, 12 * DAY, -5);
	feed(&s, 13 * DAY + 7, 20);
	stats_end(&s, 1000, &r);
	assert_true(r.has_sharpe && r.has_sortino);
	assert_true(fabs(r.sharpe - 6.25 / sd * sqrt(365)) < 1e-9);
	assert_true(fabs(r.sortino - 6.25 / 2.5 * sqrt(365)) < 1e-9);
}

static void equal_days_have_no_sharpe(void **state)
{
	struct stats s = { 0 };
	struct stats_ratios r;

	(void)state;
	for (int d = 1; d < 9; d++)
		feed(&s, d * DAY, 0.1);
	stats_end(&s, 1000, &r);
	assert_false(r.has_sharpe);
	assert_false(r.has_sortino);
	assert_false(r.has_factor);
}

static void sums_that_do_not_fit(void **state)
{
	struct closed_trade t = { .closed_us = DAY, .pnl = money_of_units(INT64_MAX / 2 + 2) };
	struct stats s = { 0 };

	(void)state;
	assert_int_equal(trade_stats_add(&s, &t), 0);
	assert_int_equal(trade_stats_add(&s, &t), ERR_RANGE);
}

/* Accounts that were lost one after another: each was all there was, and more than all is none. */
static void no_drawdown_over_all(void **state)
{
	struct stats s = { 0 };
	struct stats_ratios r;

	(void)state;
	feed(&s, DAY, -999);
	stats_end(&s, 1000, &r);
	assert_true(fabs(r.max_drawdown_pct - 99.9) < 1e-9);
	feed(&s, DAY + 1, -1000);
	stats_end(&s, 1000, &r);
	assert_true(r.max_drawdown_pct == 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(totals),
		cmocka_unit_test(ratios_over_days),
		cmocka_unit_test(equal_days_have_no_sharpe),
		cmocka_unit_test(sums_that_do_not_fit),
		cmocka_unit_test(no_drawdown_over_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
