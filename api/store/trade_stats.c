#include "api/store/trade_stats.h"

#include "common/clock.h"

#include <math.h>

#define DAYS_PER_YEAR 365.0
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

static int add(struct money *sum, struct money v)
{
	return money_add(*sum, v, sum);
}

/* Adds the day that ended to the sums, and the days without a trade before the next one. */
static void close_day(struct stats *s, int64_t next_day)
{
	double net = money_double(s->day_net);

	s->sum += net;
	s->sum2 += net * net;
	if (net < 0)
		s->down2 += net * net;
	s->days += next_day - s->day;
	s->day = next_day;
	s->day_net = money_of_units(0);
}

static int count(struct stats *s, const struct closed_trade *t)
{
	int sign = money_sign(t->pnl);

	s->trades++;
	s->wins += sign > 0;
	s->losses += sign < 0;
	if (s->trades == 1 || money_cmp(t->pnl, s->best) > 0)
		s->best = t->pnl;
	if (s->trades == 1 || money_cmp(t->pnl, s->worst) < 0)
		s->worst = t->pnl;
	if (t->opened_us && t->closed_us > t->opened_us)
		s->held_us += t->closed_us - t->opened_us;
	return add(sign < 0 ? &s->lost : &s->profits, t->pnl);
}

static int track_drawdown(struct stats *s)
{
	struct money down;
	int rc;

	if (money_cmp(s->net, s->peak) > 0)
		s->peak = s->net;
	rc = money_sub(s->peak, s->net, &down);
	if (!rc && money_cmp(down, s->max_drawdown) > 0)
		s->max_drawdown = down;
	return rc;
}

int trade_stats_add(struct stats *s, const struct closed_trade *t)
{
	int64_t day = t->closed_us / US_PER_DAY;
	int rc;

	if (!s->trades) {
		s->day = day;
		s->first_us = t->closed_us;
	} else if (day > s->day) {
		close_day(s, day);
	}
	s->last_us = t->closed_us;
	rc = count(s, t);
	if (!rc)
		rc = add(&s->gross, t->gross);
	if (!rc)
		rc = add(&s->fees, t->fees);
	if (!rc)
		rc = add(&s->volume, t->volume);
	if (!rc)
		rc = add(&s->net, t->pnl);
	if (!rc)
		rc = add(&s->day_net, t->pnl);
	return rc ? rc : track_drawdown(s);
}

static void day_ratios(const struct stats *s, struct stats_ratios *out)
{
	double n = (double)s->days, mean = s->sum / n;
	double variance = (s->sum2 - n * mean * mean) / (n - 1);
	double down = sqrt(s->down2 / n);

	/* When all days are equal, rounding still leaves a small variance. */
	out->has_sharpe = variance > 1e-12 * s->sum2 / n && variance > 0;
	if (out->has_sharpe)
		out->sharpe = mean / sqrt(variance) * sqrt(DAYS_PER_YEAR);
	out->has_sortino = down > 0;
	if (out->has_sortino)
		out->sortino = mean / down * sqrt(DAYS_PER_YEAR);
}

void stats_end(const struct stats *s, double capital, struct stats_ratios *out)
{
	struct stats all = *s;
	double lost = -money_double(s->lost);
	double top = capital + money_double(s->peak);

	*out = (struct stats_ratios){ 0 };
	if (!s->trades)
		return;
	out->has_rate = true;
	out->win_rate = (double)s->wins / (double)s->trades;
	out->expectancy = money_double(s->net) / (double)s->trades;
	out->has_factor = lost > 0;
	if (out->has_factor)
		out->profit_factor = money_double(s->profits) / lost;
	if (capital > 0 && top > 0) /* the trades may be of several accounts, one after another */
		out->max_drawdown_pct = fmin(100, 100 * money_double(s->max_drawdown) / top);
	close_day(&all, all.day + 1);
	if (all.days >= 2)
		day_ratios(&all, out);
}
