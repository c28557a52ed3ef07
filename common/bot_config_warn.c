/* What a valid configuration can't do under the worker's risk settings. */
#include "common/asset.h"
#include "common/bot_config.h"

#include <stdio.h>
#include <string.h>

#define PERCENT 100.0
/* 0.003 / 0.001 must pass a ratio of 3 whatever the last bit of the division is. */
#define RATIO_EPSILON 1e-9

static double notional(const struct bot_config *c)
{
	return money_double(c->capital_per_trade) * c->leverage;
}

static void warn_risk_reward(const struct bot_config *c, const struct bot_config_limits *l,
			     struct field_errors *w)
{
	double ratio = c->profit_target_pct / c->stop_loss_pct;

	if (c->ignore_risk_reward || ratio + RATIO_EPSILON >= l->min_risk_reward)
		return;
	field_error(w, "profit_target_pct", "is %.3g times stop_loss_pct; with "
		    "MIN_RISK_REWARD_RATIO=%.6g no entry is made: use %.6g or more, a smaller "
		    "stop_loss_pct, or ignore_risk_reward", ratio, l->min_risk_reward,
		    c->stop_loss_pct * l->min_risk_reward);
}

static void warn_fees(const struct bot_config *c, const struct bot_config_limits *l,
		      struct field_errors *w)
{
	/* In as maker, out as taker: what a trade that is closed for any reason pays. */
	double fees = (double)(l->fees.maker_e8 + l->fees.taker_e8) / (double)RATE_ONE;

	if (c->profit_target_pct > fees)
		return;
	field_error(w, "profit_target_pct", "of %.6g %% does not pay for the fees of buying and "
		    "selling, %.6g %%: every trade loses", c->profit_target_pct * PERCENT,
		    fees * PERCENT);
}

static void warn_risk(const struct bot_config *c, const struct bot_config_limits *l,
		      struct field_errors *w)
{
	double loss = notional(c) * c->stop_loss_pct, equity = money_double(l->equity);

	if (c->ignore_risk_per_trade || l->max_risk_per_trade_pct <= 0 || equity <= 0 ||
	    loss / equity * PERCENT <= l->max_risk_per_trade_pct)
		return;
	field_error(w, "stop_loss_pct", "would cost %.4g %% of the equity; with "
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

/* Is "BTCUSDT (spot)" a member of the list? */
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
	char label[SYMBOL_MAX + 12], base[ASSET_MAX], quote[ASSET_MAX];

	snprintf(label, sizeof(label), "%s (%s)", c->symbol,
		 bot_config_futures(c) ? "USD-M" : "spot");
	if (l->recorded && !recorded_has(l->recorded, label))
		field_error(w, "symbol", "%s is not among the markets that the worker replays: %s",
			    label, l->recorded);
	else if (!l->recorded && !asset_split(c->symbol, base, quote))
		field_error(w, "symbol", "%s ends with no asset that pairs are priced in (USDT, "
			    "BTC, EUR): no market is known by this name", c->symbol);
}

void bot_config_warnings(const struct bot_config *c, const struct bot_config_limits *l,
			 struct field_errors *w)
{
	warn_symbol(c, l, w);
	warn_risk_reward(c, l, w);
	warn_fees(c, l, w);
	warn_risk(c, l, w);
	warn_notional(c, l, w);
	if (strcmp(c->strategy, "model") == 0 && c->model_id == 0)
		field_error(w, "model_id", "is 0: strategy \"model\" makes no entry until a "
			    "model is assigned");
}
