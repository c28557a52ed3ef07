#include "worker/engine/bot.h"

#include "worker/engine/risk.h"
#include "worker/trade/exits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US INT64_C(60000000)

static int64_t orders_last_minute(const struct bot *b, int64_t now_us)
{
	size_t n = b->sent_n < b->sent_most ? b->sent_n : b->sent_most;
	int64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += b->sent_us[i] > now_us - MINUTE_US && b->sent_us[i] <= now_us;
	return count;
}

/* Quote for one entry: capital or a share of the equity, times leverage on futures. */
static int spendable(const struct bot *b, struct money *out)
{
	bool share = strcmp(b->config.stake_mode, "equity_share") == 0;
	int64_t rate, leverage;

	*out = b->config.capital_per_trade;
	if (share && (rate_from_double(b->config.stake_share, &rate) ||
		      money_scale(b->equity, rate, ROUND_DOWN, out)))
		return ERR_RANGE;
	if (!b->market->info.futures)
		return 0;
	return rate_from_double(b->config.leverage, &leverage) ? ERR_RANGE :
	       money_scale(*out, leverage, ROUND_DOWN, out);
}

static int64_t entry_fee(const struct bot *b, const struct entry_plan *p)
{
	const struct fees *f = &b->account->fees;

	return p->type == TYPE_LIMIT_MAKER ? f->maker_e8 : f->taker_e8;
}

/* Quote that one unit of base loses at the stop, with the fees of both sides. */
static int loss_of_one(const struct bot *b, const struct entry_plan *p, struct price *out)
{
	bool is_long = price_cmp(p->stop, p->limit) < 0;
	struct price entry, exit;

	if (price_scale(p->limit, entry_fee(b, p), ROUND_UP, &entry) ||
	    price_scale(p->stop, b->account->fees.taker_e8, ROUND_UP, &exit) ||
	    price_sub(is_long ? p->limit : p->stop, is_long ? p->stop : p->limit, out))
		return ERR_RANGE;
	return price_add(*out, entry, out) ? ERR_RANGE : price_add(*out, exit, out);
}

/* Quantity of an entry by stake_mode, in whole steps; 0: there is none. */
static struct qty entry_quantity(const struct bot *b, const struct signal *sig,
				 const struct entry_plan *p)
{
	struct price per_unit = p->limit;
	struct money money;
	struct qty q = { 0 };
	int64_t rate;

	if (price_sign(p->limit) <= 0)
		return q;
	if (strcmp(b->config.stake_mode, "risk") == 0) {
		if (rate_from_double(b->config.stake_risk, &rate) ||
		    money_scale(b->equity, rate, ROUND_DOWN, &money) ||
		    loss_of_one(b, p, &per_unit) || price_sign(per_unit) <= 0)
			return q;
	} else if (spendable(b, &money)) {
		return q;
	}
	if (rate_from_double(sig->size, &rate) || money_scale(money, rate, ROUND_DOWN, &money) ||
	    money_sign(money) <= 0 || qty_for_money(money, per_unit, ROUND_DOWN, &q))
		return (struct qty){ 0 };
	return qty_to_step(q, b->market->info.step, ROUND_DOWN);
}

/*
 * A futures account is in one-way mode, with one position per symbol: a short would reduce the
 * open long, whose stops would then sell more than is held.
 */
static bool would_net(const struct bot *b, enum side side)
{
	for (size_t i = 0; i < b->orders_n; i++)
		if (b->orders[i]->side != side)
			return true;
	return false;
}

/*
 * Counted in candles, because decisions do not come exactly one candle apart: by the clock, an
 * interval of one candle would now and then be some milliseconds short, and an entry be lost.
 */
bool bot_entries_spaced(const struct bot *b, int64_t now_us)
{
	int64_t length_us = b->series->length_us, newest_us = b->last_entry_us;

	return newest_us == 0 || newest_us > now_us ||
	       (now_us / length_us - newest_us / length_us) * length_us >=
		b->config.decision_interval_ms * INT64_C(1000);
}

/*
 * Age of the market data: the longest of the silence until now, a silence after which no book
 * has come yet, and the delay of a feed that catches up.
 */
static int64_t data_age(const struct step *s)
{
	const struct market *m = s->market;
	int64_t age_us = m->event_us ? s->now_us - m->event_us : 0;

	if (m->stale_us > age_us)
		age_us = m->stale_us;
	return s->all->behind_us > age_us ? s->all->behind_us : age_us;
}

/* The rule that refuses an entry before anything is computed; NULL none. */
static const char *not_now(const struct bot *b, const struct signal *s, int64_t now_us,
			   bool spaced, const char **why)
{
	if (s->side == SIDE_SELL && !b->market->info.futures) {
		*why = "spot can't sell short";
		return "side";
	}
	if (b->config_waits) {
		*why = b->config_error;
		return "config_waits";
	}
	if (!trading_hours_inside(&b->config.trading_hours, now_us)) {
		*why = "it is outside of trading_hours";
		return "trading_hours";
	}
	if (!spaced) {
		*why = "less than decision_interval_ms since the newest entry";
		return "decision_interval";
	}
	if (would_net(b, s->side)) {
		*why = "the bot has open positions of the other side";
		return "side";
	}
	return NULL;
}

/* The same, and reports the refusal. */
static bool held_back(const struct step *s, struct bot *b, const struct signal *sig, bool spaced)
{
	const char *why = "", *rule = not_now(b, sig, s->now_us, spaced, &why);

	if (rule)
		bot_signal(s, b, sig, false, rule, why, NULL);
	return rule != NULL;
}

/* Market, IOC or FOK: it trades with the other side of the book and never rests. */
static bool takes(const struct entry_plan *p)
{
	return p->type == TYPE_MARKET || p->tif != TIF_GTC;
}

/*
 * As the bot's time_in_force says. IOC and FOK get the other side's best price, because at the
 * price of their own side they would not trade.
 */
static void plan_limit(const struct bot *b, enum side side, struct entry_plan *plan)
{
	const struct book_top *top = &b->market->top;
	const char *wanted = b->config.time_in_force;

	if (strcmp(wanted, "post_only") == 0)
		return;
	plan->type = TYPE_LIMIT;
	if (tif_parse(wanted, &plan->tif) == 0 && takes(plan))
		plan->limit = side == SIDE_BUY ? top->ask : top->bid;
}

/* Type, time in force and price of an entry. */
static void plan_entry(const struct bot *b, const struct signal *sig, struct entry_plan *plan)
{
	const struct market *m = b->market;
	bool buy = sig->side == SIDE_BUY;

	*plan = (struct entry_plan){
		.type = TYPE_LIMIT_MAKER, .limit = buy ? m->top.bid : m->top.ask,
	};
	if (sig->market || (price_sign(sig->limit) <= 0 &&
			    strcmp(b->config.order_type, "market") == 0)) {
		plan->type = TYPE_MARKET;
		plan->limit = buy ? m->top.ask : m->top.bid;
		return;
	}
	plan_limit(b, sig->side, plan);
	if (price_sign(sig->limit) > 0)
		plan->limit = price_to_tick(sig->limit, m->info.tick,
					    buy ? ROUND_DOWN : ROUND_UP);
}

/*
 * Exit rules of a new position, from the bot's settings. A target or stop that the strategy
 * gave as a price replaces the setting's fraction.
 */
static struct exit_rules rules_of(const struct bot *b, const struct signal *sig,
				  const struct entry_plan *plan)
{
	const struct bot_config *c = &b->config;
	double limit = price_double(plan->limit), target = price_double(plan->target);

	return (struct exit_rules){
		.roi = c->minimal_roi, .partial = c->partial_targets,
		.adjustment = c->position_adjustment, .trailing = c->trailing_stop,
		.trailing_only_offset = c->trailing_only_offset_is_reached,
		.trailing_positive = c->trailing_stop_positive,
		.trailing_offset = c->trailing_stop_positive_offset,
		.profit_target = price_sign(sig->target) > 0 ? fabs(target - limit) / limit :
				 sig->profit_target,
		.stop_loss = price_sign(sig->stop) > 0 ?
			     fabs(limit - price_double(plan->stop)) / limit : sig->stop_loss,
		.entry_fee_e8 = entry_fee(b, plan),
		.exit_fee_e8 = b->account->fees.maker_e8,
	};
}

/* The average target over a new position's exit rows, for the risk rules. */
static struct price average_target(const struct step *s, const struct signal *sig,
				   const struct entry_plan *plan)
{
	struct order o;

	if (!exit_rules_used(&plan->rules))
		return plan->target;
	o = (struct order){
		.side = sig->side, .entry_base = plan->limit, .profit_target = plan->target,
		.rules = plan->rules,
	};
	o.take_profit = exits_target(&s->market->info, &o, s->now_us);
	return exits_average_target(&s->market->info, &o);
}

/* Fills in what the risk rules read: the plan of an entry, the bot and its market. */
static void look_around(const struct step *s, const struct bot *b, const struct entry_plan *plan,
			enum side side, struct risk_input *in)
{
	const struct market *m = b->market;
	bool takes_ask = (side == SIDE_BUY) == takes(plan);

	*in = (struct risk_input){
		.limits = s->all->limits, .config = &b->config, .symbol = &m->info,
		.fees = b->account->fees,
		.now_us = s->now_us, .feed_age_us = data_age(s),
		.clock_drift_us = s->all->drift_us,
		.disk_full = s->all->disk_full,
		.book_valid = !m->depth_invalid &&
			      qty_sign(takes_ask ? m->top.ask_qty : m->top.bid_qty) > 0,
		.unknown_orders = (int64_t)bot_unknown_here(b),
		.open_all = b->account_id ? s->all->open_live : s->all->open_all,
		.open_bot = (int64_t)bot_working(b),
		.orders_last_min = orders_last_minute(b, s->now_us),
		.refusals = b->refusals, .refused_until_us = b->refused_until_us,
		.loss_streak = b->loss_streak, .cooldown_until_us = b->cooldown_until_us,
		.equity = b->equity, .peak_equity = b->peak_equity, .day_equity = b->day_equity,
		.last = m->last, .entry = plan->limit,
		.entry_type = takes(plan) ? TYPE_MARKET : plan->type,
		.has_exits = true, .target = plan->target, .stop = plan->stop,
		.quantity = plan->quantity, .taken_over = bot_remainders(b),
	};
}

/* Makes the plan of an entry, and from it what the risk rules read. */
static void judge(const struct step *s, const struct bot *b, const struct signal *sig,
		  struct entry_plan *plan, struct risk_input *in)
{
	bool has_exits;

	plan_entry(b, sig, plan);
	has_exits = order_exits(&b->market->info, sig, plan->limit, &plan->target, &plan->stop);
	plan->quantity = entry_quantity(b, sig, plan);
	look_around(s, b, plan, sig->side, in);
	in->has_exits = has_exits;
	if (!has_exits)
		return;
	plan->rules = rules_of(b, sig, plan);
	in->target = average_target(s, sig, plan);
}

/* Brings equity up to date and gives the free funds. False: unknown, the bot has failed. */
static bool has_account(const struct step *s, struct bot *b, struct money *free)
{
	struct account_value value;
	struct err e = { 0 };

	if (account_value(b->account, b->market->last, &value, &e)) {
		bot_fail(s, b, "%s", e.msg);
		return false;
	}
	bot_equity(s, b);
	*free = value.free;
	return true;
}

/* True: every risk rule passes. False: the refusal is reported. */
static bool passes(const struct step *s, struct bot *b, const struct signal *sig,
		   const struct risk_input *in)
{
	char rule[RISK_RULE_MAX], reason[RISK_REASON_MAX];

	if (risk_allows(in, rule, reason))
		return true;
	bot_signal(s, b, sig, false, rule, reason, NULL);
	return false;
}

void bot_consider(const struct step *s, struct bot *b, const struct signal *sig, bool spaced)
{
	char cid[CORRELATION_ID_MAX];
	struct entry_plan plan;
	struct risk_input in;
	struct money free;

	if (held_back(s, b, sig, spaced) || !has_account(s, b, &free))
		return;
	judge(s, b, sig, &plan, &in);
	in.free = free;
	if (!passes(s, b, sig, &in))
		return;
	bot_correlation_id(b, s->now_us, cid);
	bot_signal(s, b, sig, true, sig->rule, sig->reason, bot_enter(s, b, sig, &plan, cid));
}

/* ---- further entries ---- */

/* Has the price gone far enough against the position for position_adjustment to add to it? */
static bool adds_now(const struct step *s, const struct order *o, struct price average)
{
	const struct position_adjustment *a = &o->rules.adjustment;
	double way = price_double(s->market->last) / price_double(average) - 1;

	if (o->entries >= a->max_entries || o->phase != PHASE_HOLDING || qty_sign(o->leaving) > 0 ||
	    price_sign(average) <= 0 || price_sign(s->market->last) <= 0)
		return false;
	return (o->side == SIDE_BUY ? way : -way) <= -a->at;
}

static void add_entry(const struct step *s, struct bot *b, struct order *o,
		      const struct signal *sig)
{
	struct entry_plan plan;
	struct risk_input in;
	struct money free;
	int64_t factor;

	if (!has_account(s, b, &free))
		return;
	plan_entry(b, sig, &plan);
	plan.target = o->take_profit;
	plan.stop = exits_stop(o);
	if (rate_from_double(o->rules.adjustment.size_factor, &factor) ||
	    qty_scale(o->first_quantity, factor, ROUND_DOWN, &plan.quantity))
		return;
	plan.quantity = qty_to_step(plan.quantity, b->market->info.step, ROUND_DOWN);
	look_around(s, b, &plan, sig->side, &in);
	in.free = free;
	in.open_all--; /* this position is counted in it already */
	in.open_bot--;
	ASSERT(qty_add(in.taken_over, order_position(o), &in.taken_over) == 0);
	if (!passes(s, b, sig, &in))
		return;
	bot_signal(s, b, sig, true, sig->rule, sig->reason, o);
	bot_add(s, b, o, &plan);
}

static void consider_adding(const struct step *s, struct bot *b, struct order *o, bool spaced)
{
	struct price average = order_entry_price(o);
	char at[MONEY_TEXT_MAX], mean[MONEY_TEXT_MAX];
	struct signal sig = {
		.wanted = true, .side = o->side, .confidence = o->confidence, .size = 1,
		.tag = o->tag,
	};

	if (!adds_now(s, o, average))
		return;
	snprintf(sig.rule, sizeof(sig.rule), "position_adjustment");
	snprintf(sig.reason, sizeof(sig.reason), "%s is %.6g %% away from the average entry %s: "
		 "entry %d of %lld", price_text(s->market->last, at),
		 fabs(price_double(s->market->last) / price_double(average) - 1) * 100,
		 price_text(average, mean), o->entries + 1,
		 (long long)o->rules.adjustment.max_entries);
	if (!held_back(s, b, &sig, spaced))
		add_entry(s, b, o, &sig);
}

void bot_adjust(const struct step *s, struct bot *b, bool spaced)
{
	for (size_t i = 0; i < b->orders_n && b->status == BOT_RUNNING; i++)
		if (b->orders[i]->rules.adjustment.max_entries)
			consider_adding(s, b, b->orders[i], spaced);
}
