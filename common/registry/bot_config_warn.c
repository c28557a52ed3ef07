/* Warnings about valid settings that can't trade or can't win under the worker's risk settings. */
#include "common/registry/bot_config.h"

#include "common/registry/bot_json.h"
#include "common/registry/quote_asset.h"
#include "common/registry/symbol_info.h"
#include "common/span.h"

#include <stdio.h>
#include <string.h>

#define PERCENT 100.0
#define RATE 1e-8			/* of struct fees */
/* 0.003 / 0.001 must pass a ratio of 3 whatever the last bit of the division is. */
#define RATIO_EPSILON 1e-9
#define HIT_RATE_HIGH 0.7		/* needed to break even: who needs more is told */
#define MAINTENANCE 0.005		/* of the notional: USD-M's smallest bracket and ours */
#define EXIT_KEPT 0.99			/* of an entry, that can be sold after its fee in coins */

/* ---- what a trade wins and loses, as fractions of the entry; as worker/engine/risk.c ---- */

static double maker(const struct bot_config_limits *l)
{
	return (double)l->fees.maker_e8 * RATE;
}

/* At the target: gain less both fees; entry and target rest, so both are makers. */
static double reward(const struct bot_config *c, const struct bot_config_limits *l)
{
	return c->profit_target_pct - maker(l) - (1 + c->profit_target_pct) * maker(l);
}

/* At the stop: loss and both fees; the stop is a taker. */
static double risk(const struct bot_config *c, const struct bot_config_limits *l)
{
	return c->stop_loss_pct + maker(l) +
	       (1 - c->stop_loss_pct) * (double)l->fees.taker_e8 * RATE;
}

static double notional(const struct bot_config *c)
{
	return money_double(c->capital_per_trade) * (bot_config_futures(c) ? c->leverage : 1);
}

/* ---- warnings ---- */

static void warn_risk_reward(const struct bot_config *c, const struct bot_config_limits *l,
			     struct field_errors *w)
{
	double ratio = reward(c, l) / risk(c, l);
	double least = (l->min_risk_reward * risk(c, l) + 2 * maker(l)) / (1 - maker(l));

	if (c->profit_target_pct <= 0 || c->ignore_risk_reward ||
	    ratio + RATIO_EPSILON >= l->min_risk_reward)
		return;
	field_error(w, "profit_target_pct", "is %.3g times the risk after fees; with "
		    "MIN_RISK_REWARD_RATIO=%.6g no entry is made: use %.4g (%.4g %%) or more, a "
		    "smaller stop_loss_pct, or ignore_risk_reward", ratio, l->min_risk_reward,
		    least, least * PERCENT);
}

static void warn_fees(const struct bot_config *c, const struct bot_config_limits *l,
		      struct field_errors *w)
{
	double won = reward(c, l), lost = risk(c, l), hit_rate = lost / (won + lost);

	if (c->profit_target_pct <= 0)
		return;
	if (won <= 0)
		field_error(w, "profit_target_pct", "of %.6g %% does not pay for the fees of "
			    "buying and selling, %.6g %%: every trade loses%s",
			    c->profit_target_pct * PERCENT, 2 * maker(l) * PERCENT,
			    c->ignore_risk_reward ? "" : ", and edge_after_fees lets none begin");
	else if (hit_rate > HIT_RATE_HIGH)
		field_error(w, "profit_target_pct", "of %.6g %% leaves %.4g %% after fees, the "
			    "stop costs %.4g %%: %.1f %% of the trades must reach the target "
			    "to break even", c->profit_target_pct * PERCENT, won * PERCENT,
			    lost * PERCENT, hit_rate * PERCENT);
}

/* Does the strategy itself end positions? */
static bool strategy_exits(const struct bot_config *c)
{
	return strcmp(c->strategy, "rsi") == 0 && c->strategy_params[RSI_EXIT] > 0;
}

/* A further entry is made before the stop only where it comes nearer to the entry. */
static void warn_adjustment(const struct bot_config *c, struct field_errors *w)
{
	if (c->position_adjustment.max_entries && c->position_adjustment.at >= c->stop_loss_pct)
		field_error(w, "position_adjustment", "adds at %.6g %%, but the stop comes at "
			    "%.6g %%: no further entry is ever made",
			    c->position_adjustment.at * PERCENT, c->stop_loss_pct * PERCENT);
}

static void warn_partial(const struct bot_config *c, struct field_errors *w)
{
	const struct partial_targets *p = &c->partial_targets;

	if (p->n && c->profit_target_pct > 0 && p->list[p->n - 1].at >= c->profit_target_pct)
		field_error(w, "partial_targets", "have one at %.6g %%, which is not before the "
			    "target at %.6g %%: it leaves at the target",
			    p->list[p->n - 1].at * PERCENT, c->profit_target_pct * PERCENT);
}

static void warn_no_target(const struct bot_config *c, struct field_errors *w)
{
	if (c->profit_target_pct > 0)
		return;
	if (c->minimal_roi.n)
		field_error(w, "profit_target_pct", "is 0: minimal_roi alone sets the target");
	else if (!c->trailing_stop && !strategy_exits(c))
		field_error(w, "profit_target_pct", "is 0, and neither minimal_roi nor "
			    "trailing_stop nor the strategy takes a gain: a position ends at its "
			    "stop or after holding_time only");
}

static void warn_risk(const struct bot_config *c, const struct bot_config_limits *l,
		      struct field_errors *w)
{
	double loss = notional(c) * risk(c, l), equity = money_double(l->equity);

	if (c->ignore_risk_per_trade || l->max_risk_per_trade_pct <= 0 || equity <= 0 ||
	    loss / equity * PERCENT <= l->max_risk_per_trade_pct)
		return;
	field_error(w, "stop_loss_pct", "would cost %.4g %% of the equity with fees; with "
		    "MAX_RISK_PER_TRADE=%.6g no entry is made: use a smaller stop_loss_pct or "
		    "capital_per_trade", loss / equity * PERCENT, l->max_risk_per_trade_pct);
}

static void warn_notional(const struct bot_config *c, const struct bot_config_limits *l,
			  struct field_errors *w)
{
	if (l->max_notional <= 0 || notional(c) <= l->max_notional)
		return;
	field_error(w, "capital_per_trade", "makes entries of %.8g; with MAX_NOTIONAL=%.8g none "
		    "is made", notional(c), l->max_notional);
}

/* Does the list hold this label, such as "BTCUSDT (spot)"? */
static bool recorded_has(const char *list, const char *label)
{
	for (const char *p = list; (p = strstr(p, label)) != NULL; p++)
		if (p == list || p[-1] == ' ')
			return true;
	return false;
}

static void warn_symbol(const struct bot_config *c, const struct bot_config_limits *l,
			struct field_errors *w)
{
	char label[SYMBOL_MAX + 12];

	snprintf(label, sizeof(label), "%s (%s)", c->symbol,
		 bot_config_futures(c) ? "USD-M" : "spot");
	if (l->recorded && !recorded_has(l->recorded, label))
		field_error(w, "symbol", "%s is not among the markets that the worker replays: %s",
			    label, l->recorded);
	else if (!l->recorded && !quote_asset_of(c->symbol))
		field_error(w, "symbol", "%s ends with no asset that pairs are priced in (USDT, "
			    "BTC, EUR): no market is known by this name", c->symbol);
}

/*
 * The smallest value of an order: by the worker's market, else by our table, else what is
 * usual. *from: which of them.
 */
static double least_worth(const struct bot_config *c, const struct bot_config_limits *l,
			  const char **from)
{
	bool futures = bot_config_futures(c);
	struct symbol_info known;

	if (l->market && money_sign(l->market->min_notional) > 0) {
		*from = "of the worker's market";
		return money_double(l->market->min_notional);
	}
	if (symbol_info_known(c->symbol, futures, &known)) {
		*from = "by our table of 2024-08";
		return money_double(known.min_notional);
	}
	*from = futures ? "usual for futures" :
		"usual for its quote asset";
	return money_double(quote_least_notional(c->symbol, futures));
}

/* On spot the sale must reach the smallest value too, after the fee and at the stop's price. */
static void warn_least(const struct bot_config *c, const struct bot_config_limits *l,
		       struct field_errors *w)
{
	bool futures = bot_config_futures(c);
	const char *from;
	double least = least_worth(c, l, &from);
	double exit = futures ? 1 : EXIT_KEPT * (1 - c->stop_loss_pct);

	if (notional(c) * exit >= least)
		return;
	field_error(w, "capital_per_trade", "makes entries of %.8g, the exchange's least is "
		    "%.8g (%s)%s: none is made; use %.8g or more", notional(c), least, from,
		    futures ? "" : ", also for the sale at the stop", least / exit /
		    (futures ? c->leverage : 1));
}

static void warn_threshold(const struct bot_config *c, struct field_errors *w)
{
	if (strcmp(c->strategy, "model") == 0 && c->confidence_threshold <= 0)
		field_error(w, "confidence_threshold", "of 0 takes every decision as an entry, "
			    "whatever the model says");
}

int64_t bot_interval_s(const char *interval)
{
	static const struct { const char *name; int64_t seconds; } known[] = {
#define INTERVAL(name, seconds) { name, seconds },
		BOT_INTERVALS(INTERVAL)
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, interval) == 0)
			return known[i].seconds;
	return 0;
}

static void warn_holding(const struct bot_config *c, struct field_errors *w)
{
	if (c->holding_time >= bot_interval_s(c->interval))
		return;
	field_error(w, "holding_time", "of %lld s is shorter than one candle of %s: a position is "
		    "closed before the next decision", (long long)c->holding_time, c->interval);
}

/*
 * With isolated margin only the entry's own margin covers its loss. The paper account covers
 * all of its positions with all of its money (cross margin).
 */
static void warn_liquidation(const struct bot_config *c, const struct bot_config_limits *l,
			     struct field_errors *w)
{
	double alone = 1 / c->leverage - MAINTENANCE;
	double all = notional(c) * (double)c->max_positions;
	double cross = money_double(l->equity) / all - MAINTENANCE;

	if (!bot_config_futures(c) || alone > c->stop_loss_pct)
		return;
	if (money_sign(l->equity) > 0 && cross <= c->stop_loss_pct)
		field_error(w, "leverage", "of %g: the liquidation comes %.4g %% from the "
			    "entry, before the stop at %.4g %%, even with all of the account "
			    "behind %lld positions", c->leverage, (cross > 0 ? cross : 0) * PERCENT,
			    c->stop_loss_pct * PERCENT, (long long)c->max_positions);
	else
		field_error(w, "leverage", "of %g: with an entry's own margin (isolated) the "
			    "liquidation comes %.4g %% from the entry, before the stop at %.4g %%; "
			    "only the rest of the paper account (cross) keeps it from that",
			    c->leverage, (alone > 0 ? alone : 0) * PERCENT,
			    c->stop_loss_pct * PERCENT);
}

/* A decision needs some closed candles, which take long at a long interval. */
static void warn_warming(const struct bot_config *c, const struct bot_config_limits *l,
			 struct field_errors *w)
{
	int64_t length_s = bot_interval_s(c->interval);
	int needed = (int)bot_look_back(c);
	int64_t missing = needed - l->candles;
	char wait[SPAN_TEXT_MAX];

	if (length_s < 60 || missing <= 0)
		return;
	span_text(missing * length_s, wait);
	if (l->candles > 0)
		field_error(w, "interval", "of %s decides on %d closed candles, %lld are stored: "
			    "the first decision comes %s later", c->interval, needed,
			    (long long)l->candles, wait);
	else
		field_error(w, "interval", "of %s decides on %d closed candles, none are stored "
			    "that reach up to now: the first decision comes %s later, as after "
			    "each gap in the market data", c->interval, needed, wait);
}

void bot_config_warnings(const struct bot_config *c, const struct bot_config_limits *l,
			 struct field_errors *w)
{
	warn_symbol(c, l, w);
	warn_risk_reward(c, l, w);
	warn_fees(c, l, w);
	warn_no_target(c, w);
	warn_adjustment(c, w);
	warn_partial(c, w);
	warn_risk(c, l, w);
	warn_notional(c, l, w);
	warn_least(c, l, w);
	warn_threshold(c, w);
	warn_holding(c, w);
	warn_liquidation(c, l, w);
	warn_warming(c, l, w);
	if (strcmp(c->strategy, "model") == 0 && c->model_id == 0)
		field_error(w, "model_id", "is 0: strategy \"model\" makes no entry until a "
			    "model is assigned");
}
