#include "worker/engine/risk.h"

#include "worker/trade/order.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* 0.003 / 0.001 must pass a ratio of 3, and 5 % a limit of 5, whatever the last bit is. */
#define EPSILON 1e-9
/* Share of a spot entry that can be sold: its fee, taken in coins, is assumed to be up to 1 %. */
#define KEPT_RATE_E8 (RATE_ONE / 100 * 99)

#define refuse(...) (snprintf(why, RISK_REASON_MAX, __VA_ARGS__), false)
#define NUMBER_MAX 40

/* Two numbers with as many decimals as it takes to tell them apart. */
static void tell_apart(double a, double b, char a_text[NUMBER_MAX], char b_text[NUMBER_MAX])
{
	for (int decimals = 2; decimals <= 12; decimals++) {
		snprintf(a_text, NUMBER_MAX, "%.*f", decimals, a);
		snprintf(b_text, NUMBER_MAX, "%.*f", decimals, b);
		if (strcmp(a_text, b_text) != 0)
			return;
	}
	snprintf(a_text, NUMBER_MAX, "%.2f", a);
	snprintf(b_text, NUMBER_MAX, "%.2f", b);
}

/* ---- what a trade wins and loses, after fees ---- */

struct outcome {
	struct money reward, risk;	/* quote asset */
};

/* Fee rate of a fill of this order: an order that rests in the book is a maker. */
static int64_t fee_rate(const struct fees *f, enum leg_type type)
{
	switch (type) {
	case TYPE_LIMIT_MAKER:
	case TYPE_LIMIT: /* ours rest: targets */
		return f->maker_e8;
	case TYPE_MARKET:
	case TYPE_STOP_MARKET:
		return f->taker_e8;
	}
	return f->taker_e8;
}

/* The value of a fill and its fee. */
static int fill_value(const struct risk_input *in, struct price at, enum leg_type type,
		      struct money *value, struct money *fee)
{
	int rc = money_notional(at, in->quantity, ROUND_NEAREST, value);

	return rc ? rc : money_scale(*value, fee_rate(&in->fees, type), ROUND_UP, fee);
}

/* Without a target the reward isn't known before, so the rules about it pass. */
static bool has_target(const struct risk_input *in) { return price_sign(in->target) > 0; }

/* Gain after fees (negative: loss) if the entry ends at the price "exit". */
static int gain(const struct risk_input *in, struct price exit, enum leg_type type,
		struct money *out)
{
	bool rises = has_target(in) ? price_cmp(in->target, in->entry) > 0 :
				      price_cmp(in->stop, in->entry) < 0;
	struct money in_value, in_fee, out_value, out_fee, won;

	if (fill_value(in, in->entry, in->entry_type, &in_value, &in_fee) ||
	    fill_value(in, exit, type, &out_value, &out_fee) ||
	    (rises ? money_sub(out_value, in_value, &won) : money_sub(in_value, out_value, &won)) ||
	    money_sub(won, in_fee, &won) || money_sub(won, out_fee, out))
		return ERR_RANGE;
	return 0;
}

/* Without exits or quantity there is no trade to judge: "filters" says so. */
static bool is_trade(const struct risk_input *in)
{
	return in->has_exits && qty_sign(in->quantity) > 0;
}

static int outcome(const struct risk_input *in, struct outcome *out)
{
	int rc = has_target(in) ? gain(in, in->target, TYPE_LIMIT, &out->reward) : 0;

	if (rc == 0)
		rc = gain(in, in->stop, TYPE_STOP_MARKET, &out->risk);
	if (rc == 0)
		out->risk = money_neg(out->risk);
	return rc;
}

/* ---- the rules ---- */

static bool book(const struct risk_input *in, char *why)
{
	if (!in->book_valid || price_sign(in->entry) <= 0)
		return refuse("the order book is out of step or empty on one side; waiting for it");
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
		return refuse("the clock is %lld ms off the exchange's, MAX_CLOCK_DRIFT_MS is %lld",
			      (long long)(in->clock_drift_us / 1000),
			      (long long)(in->limits->max_clock_drift_us / 1000));
	return true;
}

/* The space that is left must do for the rows of the orders that are open. */
static bool disk_full(const struct risk_input *in, char *why)
{
	if (in->disk_full)
		return refuse("the disk is full and the reserve file is used up: free some space");
	return true;
}

/* The unknown order may be open, and an entry would add to it. */
static bool unknown_order(const struct risk_input *in, char *why)
{
	if (in->unknown_orders)
		return refuse("the venue has not said what became of %lld orders on this market",
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

static bool venue_refused(const struct risk_input *in, char *why)
{
	if (in->now_us < in->refused_until_us)
		return refuse("the venue refused %lld entries in a row; the next try is in %lld ms",
			      (long long)in->refusals,
			      (long long)((in->refused_until_us - in->now_us) / 1000 + 1));
	return true;
}

static bool order_rate(const struct risk_input *in, char *why)
{
	if (in->limits->max_orders_per_min &&
	    in->orders_last_min >= in->limits->max_orders_per_min)
		return refuse("%lld orders in the last minute, MAX_ORDERS_PER_MIN is %lld",
			      (long long)in->orders_last_min,
			      (long long)in->limits->max_orders_per_min);
	return true;
}

/* A trade that reaches its target must win. */
static bool edge_after_fees(const struct risk_input *in, char *why)
{
	char reward[MONEY_TEXT_MAX], target[MONEY_TEXT_MAX], entry[MONEY_TEXT_MAX];
	struct outcome o;

	if (in->config->ignore_risk_reward || !is_trade(in) || !has_target(in))
		return true;
	if (outcome(in, &o))
		return refuse("price times quantity does not fit");
	if (money_sign(o.reward) <= 0)
		return refuse("from entry %s to target %s a trade gains %s after fees: it would "
			      "win nothing at its target", price_text(in->entry, entry),
			      price_text(in->target, target), money_text(o.reward, reward));
	return true;
}

static bool risk_reward(const struct risk_input *in, char *why)
{
	char has[NUMBER_MAX], least[NUMBER_MAX], target[MONEY_TEXT_MAX], stop[MONEY_TEXT_MAX];
	struct outcome o;
	double ratio;

	if (in->config->ignore_risk_reward || !is_trade(in) || !has_target(in) ||
	    in->limits->min_risk_reward_ratio <= 0)
		return true;
	if (outcome(in, &o))
		return refuse("price times quantity does not fit");
	ratio = money_sign(o.risk) > 0 ? money_double(o.reward) / money_double(o.risk) : INFINITY;
	if (ratio + EPSILON >= in->limits->min_risk_reward_ratio)
		return true;
	tell_apart(ratio, in->limits->min_risk_reward_ratio, has, least);
	return refuse("target wins %s, stop loses %s after fees = %s, MIN_RISK_REWARD_RATIO is %s",
		      money_text(o.reward, target), money_text(o.risk, stop), has, least);
}

/* What the coins taken over lose if the stop sells them, with its fee. */
static int risk_of_taken(const struct risk_input *in, struct money *out)
{
	struct money now, then, fee;

	if (money_notional(in->entry, in->taken_over, ROUND_UP, &now) ||
	    money_notional(in->stop, in->taken_over, ROUND_DOWN, &then) ||
	    money_scale(then, fee_rate(&in->fees, TYPE_STOP_MARKET), ROUND_UP, &fee) ||
	    (price_cmp(in->stop, in->entry) < 0 ? money_sub(now, then, &now) :
						  money_sub(then, now, &now)))
		return ERR_RANGE;
	return money_add(now, fee, out);
}

static bool risk_per_trade(const struct risk_input *in, char *why)
{
	double equity = money_double(in->equity), pct;
	char has[NUMBER_MAX], most[NUMBER_MAX], stop[MONEY_TEXT_MAX];
	struct outcome o;
	struct money taken;

	if (in->config->ignore_risk_per_trade || in->limits->max_risk_per_trade_pct <= 0 ||
	    !is_trade(in))
		return true;
	if (outcome(in, &o) || risk_of_taken(in, &taken) || money_add(o.risk, taken, &o.risk))
		return refuse("price times quantity does not fit");
	pct = equity > 0 ? money_double(o.risk) / equity * 100 : INFINITY;
	if (pct <= in->limits->max_risk_per_trade_pct + EPSILON)
		return true;
	tell_apart(pct, in->limits->max_risk_per_trade_pct, has, most);
	return refuse("the stop would cost %s with fees, %s%% of equity, MAX_RISK_PER_TRADE is %s",
		      money_text(o.risk, stop), has, most);
}

static bool daily_loss(const struct risk_input *in, char *why)
{
	double start = money_double(in->day_equity);
	double loss = start > 0 ? (start - money_double(in->equity)) / start * 100 : 0;
	char has[NUMBER_MAX], most[NUMBER_MAX];

	if (in->limits->max_daily_loss_pct <= 0 ||
	    loss < in->limits->max_daily_loss_pct - EPSILON)
		return true;
	tell_apart(loss, in->limits->max_daily_loss_pct, has, most);
	return refuse("%s%% lost today, MAX_DAILY_LOSS is %s", has, most);
}

static bool drawdown(const struct risk_input *in, char *why)
{
	double peak = money_double(in->peak_equity);
	double down = peak > 0 ? (peak - money_double(in->equity)) / peak * 100 : 0;
	char has[NUMBER_MAX], most[NUMBER_MAX];

	if (in->limits->max_drawdown_pct <= 0 || down < in->limits->max_drawdown_pct - EPSILON)
		return true;
	tell_apart(down, in->limits->max_drawdown_pct, has, most);
	return refuse("%s%% below the peak, MAX_DRAWDOWN is %s", has, most);
}

static bool price_band(const struct risk_input *in, char *why)
{
	double last = price_double(in->last), entry = price_double(in->entry);
	double off = last > 0 ? fabs(entry - last) / last * 100 : INFINITY;
	char has[NUMBER_MAX], most[NUMBER_MAX];

	if (in->limits->price_band_pct <= 0 || off <= in->limits->price_band_pct + EPSILON)
		return true;
	tell_apart(off, in->limits->price_band_pct, has, most);
	return refuse("entry is %s%% off the last trade, PRICE_BAND is %s", has, most);
}

/*
 * On spot the exit must pass the filters as well, with the quantity that fees leave and at the
 * stop's price, because otherwise the position could not be sold at its stop.
 */
static bool sellable_at_stop(const struct risk_input *in, char *why)
{
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	struct money notional;
	struct qty left;

	if (in->symbol->futures)
		return true;
	if (qty_scale(in->quantity, KEPT_RATE_E8, ROUND_DOWN, &left) ||
	    money_notional(in->stop, qty_to_step(left, in->symbol->step, ROUND_DOWN), ROUND_DOWN,
			   &notional))
		return refuse("price times quantity does not fit");
	left = qty_to_step(left, in->symbol->step, ROUND_DOWN);
	if (qty_cmp(left, in->symbol->min_qty) < 0)
		return refuse("after fees %s could be sold, the symbol's minimum is %s; raise "
			      "capital_per_trade", qty_text(left, have),
			      qty_text(in->symbol->min_qty, want));
	if (money_cmp(notional, in->symbol->min_notional) < 0)
		return refuse("notional %s at the stop is below the symbol's minimum %s; raise "
			      "capital_per_trade", money_text(notional, have),
			      money_text(in->symbol->min_notional, want));
	return true;
}

static bool filters(const struct risk_input *in, char *why)
{
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	struct money notional;

	if (qty_sign(in->quantity) <= 0 || qty_cmp(in->quantity, in->symbol->min_qty) < 0)
		return refuse("quantity %s is below the symbol's minimum %s; raise "
			      "capital_per_trade", qty_text(in->quantity, have),
			      qty_text(in->symbol->min_qty, want));
	if (qty_sign(in->symbol->max_qty) > 0 && qty_cmp(in->quantity, in->symbol->max_qty) > 0)
		return refuse("quantity %s is above the symbol's maximum %s; lower "
			      "capital_per_trade", qty_text(in->quantity, have),
			      qty_text(in->symbol->max_qty, want));
	if (money_notional(in->entry, in->quantity, ROUND_DOWN, &notional))
		return refuse("price times quantity does not fit");
	if (money_cmp(notional, in->symbol->min_notional) < 0)
		return refuse("notional %s is below the symbol's minimum %s; raise "
			      "capital_per_trade", money_text(notional, have),
			      money_text(in->symbol->min_notional, want));
	if (!in->has_exits)
		return refuse("the symbol's price grid leaves no target and stop on the two sides "
			      "of this price");
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
		return refuse("notional %s is above MAX_NOTIONAL %s", money_text(notional, have),
			      money_text(in->limits->max_notional, want));
	return true;
}

/* As the venue reserves it: margin and fee on futures; on spot the fee is paid in coins. */
static int reserved(const struct risk_input *in, struct money *out)
{
	const struct fees *f = &in->fees;
	struct money notional, fee;
	int64_t leverage;

	if (money_notional(in->entry, in->quantity, ROUND_UP, &notional))
		return ERR_RANGE;
	if (!in->symbol->futures) {
		*out = notional;
		return 0;
	}
	if (rate_from_double(in->config->leverage, &leverage) || leverage < RATE_ONE ||
	    money_scale(notional, f->taker_e8 > f->maker_e8 ? f->taker_e8 : f->maker_e8, ROUND_UP,
			&fee) ||
	    money_share(notional, qty_of_units(RATE_ONE), qty_of_units(leverage), ROUND_UP,
			&notional))
		return ERR_RANGE;
	return money_add(notional, fee, out);
}

static bool funds(const struct risk_input *in, char *why)
{
	char have[MONEY_TEXT_MAX], want[MONEY_TEXT_MAX];
	struct money need;

	if (reserved(in, &need))
		return refuse("price times quantity does not fit");
	if (money_cmp(need, in->free) > 0)
		return refuse("the entry needs %s%s, the account has %s free",
			      money_text(need, want),
			      in->symbol->futures ? " of margin and fees" : "",
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
	{ "disk_full", disk_full },
	{ "unknown_order", unknown_order },
	{ "max_positions", max_positions },
	{ "max_open_positions", max_open_positions },
	{ "cooldown", cooldown },
	{ "venue_refused", venue_refused },
	{ "order_rate", order_rate },
	{ "edge_after_fees", edge_after_fees },
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
