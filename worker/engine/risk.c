#include "worker/engine/risk.h"

#include <math.h>
#include <stdio.h>

/* 0.003 / 0.001 must pass a ratio of 3, and 5 % a limit of 5, whatever the last bit is. */
#define EPSILON 1e-9
/* What is left to sell at the least after the entry's fee in coins. */
#define KEPT_RATE_E8 (RATE_ONE / 100 * 99)

#define refuse(...) (snprintf(why, RISK_REASON_MAX, __VA_ARGS__), false)

static bool book(const struct risk_input *in, char *why)
{
	if (!in->book_valid || price_sign(in->entry) <= 0)
		return refuse("no valid book: waiting for best bid and ask");
	return true;
}

static bool stale_feed(const struct risk_input *in, char *why)
{
	if (in->limits->stale_feed_us && in->feed_age_us > in->limits->stale_feed_us)
		return refuse("no market event for %lld ms, STALE_FEED_MS is %lld",
			      (long long)(in->feed_age_us / 1000),
			      (long long)(in->limits->stale_feed_us / 1000));
	return true;
}

static bool clock_drift(const struct risk_input *in, char *why)
{
	int64_t drift = in->clock_drift_us < 0 ? -in->clock_drift_us : in->clock_drift_us;

	if (in->limits->max_clock_drift_us && drift > in->limits->max_clock_drift_us)
		return refuse("clock is %lld ms off the exchange's, MAX_CLOCK_DRIFT_MS is %lld",
			      (long long)(in->clock_drift_us / 1000),
			      (long long)(in->limits->max_clock_drift_us / 1000));
	return true;
}

/* What may be open already is not added to. */
static bool unknown_order(const struct risk_input *in, char *why)
{
	if (in->unknown_orders)
		return refuse("%lld orders on this market whose outcome the venue has not said",
			      (long long)in->unknown_orders);
	return true;
}

static bool max_positions(const struct risk_input *in, char *why)
{
	if (in->open_bot >= in->config->max_positions)
		return refuse("%lld open, max_positions is %lld", (long long)in->open_bot,
			      (long long)in->config->max_positions);
	return true;
}

static bool max_open_positions(const struct risk_input *in, char *why)
{
	if (in->limits->max_open_positions && in->open_all >= in->limits->max_open_positions)
		return refuse("%lld open over all bots, MAX_OPEN_POSITIONS is %lld",
			      (long long)in->open_all, (long long)in->limits->max_open_positions);
	return true;
}

static bool cooldown(const struct risk_input *in, char *why)
{
	if (in->now_us < in->cooldown_until_us)
		return refuse("%lld losses in a row, cooling down for %lld s more",
			      (long long)in->loss_streak,
			      (long long)((in->cooldown_until_us - in->now_us) / 1000000 + 1));
	return true;
}

static bool order_rate(const struct risk_input *in, char *why)
{
	if (in->limits->max_orders_per_min &&
	    in->entries_last_min >= in->limits->max_orders_per_min)
		return refuse("%lld entries in the last minute, MAX_ORDERS_PER_MIN is %lld",
			      (long long)in->entries_last_min,
			      (long long)in->limits->max_orders_per_min);
	return true;
}

static bool risk_reward(const struct risk_input *in, char *why)
{
	double ratio = in->stop_loss > 0 ? in->profit_target / in->stop_loss : INFINITY;

	if (in->config->ignore_risk_reward)
		return true;
	if (ratio + EPSILON < in->limits->min_risk_reward_ratio)
		return refuse("target %.4f%% / stop %.4f%% = %.3f, MIN_RISK_REWARD_RATIO is %.2f",
			      in->profit_target * 100, in->stop_loss * 100, ratio,
			      in->limits->min_risk_reward_ratio);
	return true;
}

static bool risk_per_trade(const struct risk_input *in, char *why)
{
	double at_risk = price_double(in->entry) * qty_double(in->quantity) * in->stop_loss;
	double equity = money_double(in->equity);
	double pct = equity > 0 ? at_risk / equity * 100 : INFINITY;

	if (in->config->ignore_risk_per_trade || in->limits->max_risk_per_trade_pct <= 0)
		return true;
	if (pct > in->limits->max_risk_per_trade_pct + EPSILON)
		return refuse("the stop would cost %.2f%% of equity, MAX_RISK_PER_TRADE is %.2f",
			      pct, in->limits->max_risk_per_trade_pct);
	return true;
}

static bool daily_loss(const struct risk_input *in, char *why)
{
	double start = money_double(in->day_equity);
	double loss = start > 0 ? (start - money_double(in->equity)) / start * 100 : 0;

	if (in->limits->max_daily_loss_pct > 0 &&
	    loss >= in->limits->max_daily_loss_pct - EPSILON)
		return refuse("%.2f%% lost today, MAX_DAILY_LOSS is %.2f", loss,
			      in->limits->max_daily_loss_pct);
	return true;
}

static bool drawdown(const struct risk_input *in, char *why)
{
	double peak = money_double(in->peak_equity);
	double down = peak > 0 ? (peak - money_double(in->equity)) / peak * 100 : 0;

	if (in->limits->max_drawdown_pct > 0 && down >= in->limits->max_drawdown_pct - EPSILON)
		return refuse("%.2f%% below the peak, MAX_DRAWDOWN is %.2f", down,
			      in->limits->max_drawdown_pct);
	return true;
}

static bool price_band(const struct risk_input *in, char *why)
{
	double last = price_double(in->last), entry = price_double(in->entry);
	double off = last > 0 ? fabs(entry - last) / last * 100 : INFINITY;

	if (in->limits->price_band_pct > 0 && off > in->limits->price_band_pct + EPSILON)
		return refuse("entry is %.3f%% off the last trade, PRICE_BAND is %.3f", off,
			      in->limits->price_band_pct);
	return true;
}

/*
 * On spot the exit must pass the filters as well, with what fees leave and at the
 * stop's price, or a position would be left that nothing can sell.
 */
static bool sellable_at_stop(const struct risk_input *in, char *why)
{
	double down = in->stop_loss > 0 && in->stop_loss < 1 ? in->stop_loss : 0;
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	struct money notional;
	struct price stop;
	struct qty left;
	int64_t rate;

	if (in->symbol->futures)
		return true;
	if (rate_from_double(1 - down, &rate) ||
	    price_scale(in->entry, rate, ROUND_DOWN, &stop) ||
	    qty_scale(in->quantity, KEPT_RATE_E8, ROUND_DOWN, &left) ||
	    money_notional(stop, qty_to_step(left, in->symbol->step, ROUND_DOWN), ROUND_DOWN,
			   &notional))
		return refuse("price times quantity does not fit");
	left = qty_to_step(left, in->symbol->step, ROUND_DOWN);
	if (qty_cmp(left, in->symbol->min_qty) < 0)
		return refuse("after fees %s could be sold, the symbol's least is %s; raise "
			      "capital_per_trade", qty_text(left, have),
			      qty_text(in->symbol->min_qty, want));
	if (money_cmp(notional, in->symbol->min_notional) < 0)
		return refuse("notional %s at the stop is under the symbol's least %s; raise "
			      "capital_per_trade", money_text(notional, have),
			      money_text(in->symbol->min_notional, want));
	return true;
}

static bool filters(const struct risk_input *in, char *why)
{
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	struct money notional;

	if (qty_sign(in->quantity) <= 0 || qty_cmp(in->quantity, in->symbol->min_qty) < 0)
		return refuse("quantity %s is under the symbol's least %s; raise capital_per_trade",
			      qty_text(in->quantity, have), qty_text(in->symbol->min_qty, want));
	if (qty_sign(in->symbol->max_qty) > 0 && qty_cmp(in->quantity, in->symbol->max_qty) > 0)
		return refuse("quantity %s is over the symbol's most %s; lower capital_per_trade",
			      qty_text(in->quantity, have), qty_text(in->symbol->max_qty, want));
	if (money_notional(in->entry, in->quantity, ROUND_DOWN, &notional))
		return refuse("price times quantity does not fit");
	if (money_cmp(notional, in->symbol->min_notional) < 0)
		return refuse("notional %s is under the symbol's least %s; raise capital_per_trade",
			      money_text(notional, have),
			      money_text(in->symbol->min_notional, want));
	return sellable_at_stop(in, why);
}

static bool max_notional(const struct risk_input *in, char *why)
{
	struct money notional = { 0 };
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];

	if (money_sign(in->limits->max_notional) <= 0)
		return true;
	if (money_notional(in->entry, in->quantity, ROUND_UP, &notional) ||
	    money_cmp(notional, in->limits->max_notional) > 0)
		return refuse("notional %s is over MAX_NOTIONAL %s", money_text(notional, have),
			      money_text(in->limits->max_notional, want));
	return true;
}

static bool funds(const struct risk_input *in, char *why)
{
	struct money notional;
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];

	if (money_notional(in->entry, in->quantity, ROUND_UP, &notional))
		return refuse("price times quantity does not fit");
	if (in->symbol->futures && in->config->leverage > 1) {
		int64_t share;

		if (rate_from_double(1 / in->config->leverage, &share) ||
		    money_scale(notional, share, ROUND_UP, &notional))
			return refuse("margin does not fit");
	}
	if (money_cmp(notional, in->free) > 0)
		return refuse("needs %s, free is %s", money_text(notional, want),
			      money_text(in->free, have));
	return true;
}

static const struct {
	const char *name;
	bool (*passes)(const struct risk_input *in, char *why);
} rules[] = {
	{ "book", book },
	{ "stale_feed", stale_feed },
	{ "clock_drift", clock_drift },
	{ "unknown_order", unknown_order },
	{ "max_positions", max_positions },
	{ "max_open_positions", max_open_positions },
	{ "cooldown", cooldown },
	{ "order_rate", order_rate },
	{ "risk_reward", risk_reward },
	{ "risk_per_trade", risk_per_trade },
	{ "daily_loss", daily_loss },
	{ "drawdown", drawdown },
	{ "price_band", price_band },
	{ "filters", filters },
	{ "max_notional", max_notional },
	{ "funds", funds },
};

bool risk_allows(const struct risk_input *in, char rule[RISK_RULE_MAX],
		 char reason[RISK_REASON_MAX])
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rules[i].passes(in, reason)) {
			snprintf(rule, RISK_RULE_MAX, "%s", rules[i].name);
			return false;
		}
	}
	return true;
}

const char *risk_rule_name(size_t i)
{
	return i < sizeof(rules) / sizeof(rules[0]) ? rules[i].name : NULL;
}
