/*
 * risk.h - the rules an entry must pass. Each refusal names its rule.
 *
 * Rules never block an exit. Percentages are of equity at the last price. What it is
 * compared with lasts, so one wrong price may not make it: peak_equity is the highest
 * with open positions at what they cost, day_equity the day's first without open gains.
 *
 * What a trade wins or loses is counted after fees, as they would be paid:
 *
 *	reward = (target - entry) x quantity - maker fee of entry - maker fee of target
 *	risk = (entry - stop) x quantity + maker fee of entry + taker fee of stop
 *
 * MAX_RISK_PER_TRADE judges the whole position that the stop then protects: to the risk comes
 * (entry - stop) x taken_over + taker fee of stop.
 */
#ifndef WORKER_ENGINE_RISK_H
#define WORKER_ENGINE_RISK_H

#include "common/money.h"
#include "common/registry/bot_config.h"
#include "worker/market/market.h"
#include "worker/market/order_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct risk_limits {			/* from the environment; 0 switches a rule off */
	int64_t max_open_positions;	/* over all bots */
	double max_risk_per_trade_pct;	/* % of equity lost when the stop is hit */
	double min_risk_reward_ratio;
	double max_daily_loss_pct;	/* % of the day's first equity */
	double max_drawdown_pct;	/* % from the peak */
	int64_t cooldown_after_losses, cooldown_s;
	int64_t max_orders_per_min;	/* orders of one bot: entries, exits, replacements */
	struct money max_notional;	/* quote asset, of one entry */
	double price_band_pct;		/* entry price against the last trade */
	int64_t stale_feed_us;
	int64_t max_clock_drift_us;
};

struct risk_input {			/* everything a rule may look at */
	const struct risk_limits *limits;
	const struct bot_config *config;
	const struct symbol_info *symbol;
	struct fees fees;		/* that the account pays */
	int64_t now_us;
	int64_t feed_age_us;		/* silence of the symbol since its book was new */
	int64_t clock_drift_us;
	bool disk_full;			/* no room to store what an entry causes */
	bool book_valid;
	int64_t unknown_orders;		/* of the market, whose outcome the venue does not say */
	int64_t open_all, open_bot;	/* pending and active orders */
	int64_t orders_last_min;	/* sent for this bot */
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	int64_t loss_streak, cooldown_until_us;
	struct money equity, peak_equity, day_equity, free;
	struct price last;
	/* What is sent, on the symbol's grid: no rule judges the fractions they come from. */
	struct price entry;		/* limit price, or what a market order may get */
	enum leg_type entry_type;	/* TYPE_MARKET: it takes, and pays for that */
	bool has_exits;			/* false: no target and stop fit around this price */
	struct price target;		/* of partial targets their average; 0: none */
	struct price stop;
	struct qty quantity;
	/* Base of remainders and of a position that is added to: they end at the stop too. */
	struct qty taken_over;
};

#define RISK_RULE_MAX 32
#define RISK_REASON_MAX 160

/* true: the entry may go. false: rule and reason (with the numbers) are filled. */
bool risk_allows(const struct risk_input *in, char rule[RISK_RULE_MAX],
		 char reason[RISK_REASON_MAX]);
/* The rules' names in the order they are asked; NULL behind the last. */
const char *risk_rule_name(size_t i);	/* (tests) */

#endif
