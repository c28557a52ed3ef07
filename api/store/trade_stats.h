/*
 * trade_stats.h - ratios over closed trades, which are added in the order of closing.
 *
 *	win_rate      = wins / trades
 *	profit_factor = sum of profits / |sum of losses|
 *	expectancy    = net / trades
 *	max_drawdown  = max over time of (highest running net so far - running net)
 *	sharpe        = mean(d) / sd(d) x sqrt(365)		sd with n - 1
 *	sortino       = mean(d) / sqrt(mean(min(d, 0)^2)) x sqrt(365)
 *
 * d: net of each UTC day / capital, days without trades count as 0 (crypto trades
 * every day, hence 365). W. F. Sharpe, "The Sharpe Ratio" (1994); F. Sortino and
 * R. van der Meer, "Downside Risk" (1991). Sums of money are exact.
 */
#ifndef API_STORE_TRADE_STATS_H
#define API_STORE_TRADE_STATS_H

#include "common/err.h"
#include "common/money.h"

#include <stdbool.h>
#include <stdint.h>

struct stats {
	int64_t trades, wins, losses;
	struct money gross, fees, net, volume, profits, lost, best, worst;
	struct money peak, max_drawdown;	/* of the running net */
	int64_t held_us;			/* sum of the time that positions were open */
	int64_t first_us, last_us;		/* closing of the first and last trade */
	/* days so far; the one that is open is added by stats_end */
	int64_t day, days;			/* days since 1970; count */
	struct money day_net;
	double sum, sum2, down2;		/* of day_net, squares, squares of negative ones */
};

struct closed_trade {
	int64_t closed_us, opened_us;	/* opened 0: unknown */
	struct money gross, fees, pnl, volume;
};

/* ERR_RANGE: a sum does not fit. */
MUST_CHECK int trade_stats_add(struct stats *s, const struct closed_trade *t);

struct stats_ratios {
	bool has_rate, has_factor, has_sharpe, has_sortino;	/* false: not defined */
	double win_rate, profit_factor, expectancy, sharpe, sortino, max_drawdown_pct;
};
/* capital: what the trades began with, quote asset; 0 or less: no ratio to it. */
void stats_end(const struct stats *s, double capital, struct stats_ratios *out);

#endif
