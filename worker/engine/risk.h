/*
 * risk.h - the rules an entry must pass. Each refusal names its rule.
 *
 * Rules never block an exit. Daily loss and drawdown compare the equity at the last price
 * with day_equity and peak_equity. These two are kept, so one wrong price must not set them:
 * peak_equity counts open positions at what they cost, day_equity without their gains.
 *
 * What a trade wins or loses is counted after fees, as they would be paid:
 *
 *	reward = (target - entry) x quantity - fee of entry - maker fee of target
 *	risk = (entry - stop) x quantity + fee of entry + taker fee of stop
 *
 * The fee of the entry is the maker's, or the taker's for an entry that never rests.
 * MAX_RISK_PER_TRADE judges the whole position that the stop will protect, so it adds
 * (entry - stop) x taken_over + taker fee of stop to the risk.
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
	int64_t feed_age_us;		/* age of the market data: silence, or delay of the feed */
	int64_t clock_drift_us;
	bool disk_full;			/* no room to store what an entry causes */
	bool book_valid;
	int64_t unknown_orders;		/* on this market, outcome not reported by the venue */
	int64_t open_all, open_bot;	/* pending and active orders */
	int64_t orders_last_min;	/* sent for this bot */
	int64_t refusals, refused_until_us;	/* entries that the venue refused in a row */
	int64_t loss_streak, cooldown_until_us;
	struct money equity, peak_equity, day_equity, free;
	struct price last;
	/* As it is sent, rounded to the symbol's grid: the rules don't judge other figures. */
	struct price entry;		/* limit price, or what a market order expects */
	enum leg_type entry_type;	/* TYPE_MARKET: it never rests and pays the taker fee */
	bool has_exits;			/* false: no target and stop fit around this price */
	struct price target;		/* the average, with partial targets; 0: none */
	struct price stop;
	struct qty quantity;
	/* Base of remainders and of a position that is added to: they end at the stop too. */
	struct qty taken_over;
};

#define RISK_RULE_MAX 32
#define RISK_REASON_MAX 160

/* true: every rule passes. false: the first that refuses, and its reason with the numbers. */
bool risk_allows(const struct risk_input *in, char rule[RISK_RULE_MAX],
		 char reason[RISK_REASON_MAX]);
/* The rules' names in the order in which they are asked; NULL after the last. */
const char *risk_rule_name(size_t i);	/* (tests) */

#endif
