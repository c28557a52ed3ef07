#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

#include <math.h>
#include <stdio.h>
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

/* Base that the bot's capital buys at a price (times leverage on futures). */
static struct qty entry_quantity(const struct bot *b, struct price limit)
{
	const struct symbol_info *info = &b->market->info;
	struct money capital = b->config.capital_per_trade;
	struct qty q = { 0 };
	int64_t leverage;

	if (info->futures && (rate_from_double(b->config.leverage, &leverage) ||
			      money_scale(capital, leverage, ROUND_DOWN, &capital)))
		return q;
	if (price_sign(limit) <= 0 || qty_for_money(capital, limit, ROUND_DOWN, &q))
		return (struct qty){ 0 };
	return qty_to_step(q, info->step, ROUND_DOWN);
}

/* A futures account is one-way: a short would eat the open long, and its stops with it. */
static bool would_net(const struct bot *b, enum side side)
{
	for (size_t i = 0; i < b->orders_n; i++)
		if (b->orders[i]->side != side)
			return true;
	return false;
}

/* Can targets be computed from it? A strategy is not trusted with the worker's life. */
static bool usable(const struct signal *s)
{
	double most = s->side == SIDE_SELL ? 0.99 : 10;

	return isfinite(s->confidence) && s->profit_target > 0 && s->profit_target <= most &&
	       s->stop_loss > 0 && s->stop_loss <= 0.99;
}

/*
 * Counted in candles, because a candle's decision comes a little earlier or later than
 * the one before: by the clock one of two neighbours would be lost now and then.
 */
static bool entries_spaced(const struct bot *b, int64_t now_us)
{
	int64_t length_us = b->series->length_us, newest_us = b->last_entry_us;

	return newest_us == 0 || newest_us > now_us ||
	       (now_us / length_us - newest_us / length_us) * length_us >=
		b->config.decision_interval_ms * INT64_C(1000);
}

/*
 * Of what we decide by: a silence until now, one after which no book has come, or a feed
 * that catches up.
 */
static int64_t data_age(const struct step *s)
{
	const struct market *m = s->market;
	int64_t age_us = m->event_us ? s->now_us - m->event_us : 0;

	if (m->stale_us > age_us)
		age_us = m->stale_us;
	return s->all->behind_us > age_us ? s->all->behind_us : age_us;
}

/* What holds an entry back before any figure is looked at: the rule, NULL none. */
static const char *not_now(const struct bot *b, const struct signal *s, int64_t now_us,
			   const char **why)
{
	if (s->side == SIDE_SELL && !b->market->info.futures) {
		*why = "spot can't sell short";
		return "side";
	}
	if (b->config_waits) {
		*why = b->config_error;
		return "config_waits";
	}
	if (!entries_spaced(b, now_us)) {
		*why = "the newest entry is younger than decision_interval_ms";
		return "decision_interval";
	}
	if (would_net(b, s->side)) {
		*why = "positions of the other side are open";
		return "side";
	}
	return NULL;
}

/* Everything that the rules look at; the plan is filled on the way. */
static void judge(const struct step *s, const struct bot *b, const struct signal *sig,
		  struct money free, struct entry_plan *plan, struct risk_input *in)
{
	const struct market *m = b->market;
	bool buy = sig->side == SIDE_BUY;

	*plan = (struct entry_plan){ .limit = buy ? m->top.bid : m->top.ask };
	plan->quantity = entry_quantity(b, plan->limit);
	*in = (struct risk_input){
		.limits = s->all->limits, .config = &b->config, .symbol = &m->info,
		.now_us = s->now_us, .feed_age_us = data_age(s),
		.clock_drift_us = s->all->drift_us,
		.disk_full = s->all->disk_full,
		.book_valid = !m->depth_invalid &&
			      qty_sign(buy ? m->top.bid_qty : m->top.ask_qty) > 0,
		.unknown_orders = (int64_t)m->unknown_n,
		.open_all = s->all->open_all, .open_bot = (int64_t)bot_working(b),
		.orders_last_min = orders_last_minute(b, s->now_us),
		.refusals = b->refusals, .refused_until_us = b->refused_until_us,
		.loss_streak = b->loss_streak, .cooldown_until_us = b->cooldown_until_us,
		.equity = b->equity, .peak_equity = b->peak_equity, .day_equity = b->day_equity,
		.free = free, .last = m->last, .entry = plan->limit,
		.has_exits = order_exits(&m->info, sig, plan->limit, &plan->target, &plan->stop),
		.quantity = plan->quantity, .taken_over = bot_remainders(b),
	};
	in->target = plan->target;
	in->stop = plan->stop;
}

static void consider_entry(const struct step *s, struct bot *b, const struct signal *sig)
{
	char rule[RISK_RULE_MAX], reason[RISK_REASON_MAX], cid[CORRELATION_ID_MAX];
	const char *why = "", *held_back = not_now(b, sig, s->now_us, &why);
	struct account_value value;
	struct entry_plan plan;
	struct risk_input in;
	struct err e = { 0 };

	if (held_back) {
		bot_signal(s, b, sig, false, held_back, why, NULL);
		return;
	}
	if (account_value(b->account, b->market->last, &value, &e)) {
		bot_fail(s, b, "%s", e.msg);
		return;
	}
	bot_equity(s, b);
	judge(s, b, sig, value.free, &plan, &in);
	if (!risk_allows(&in, rule, reason)) {
		bot_signal(s, b, sig, false, rule, reason, NULL);
		return;
	}
	snprintf(cid, sizeof(cid), "bot%lld-%lld", (long long)b->id, (long long)s->now_us);
	bot_signal(s, b, sig, true, sig->rule, sig->reason, bot_enter(s, b, sig, &plan, cid));
}

/* False: it can't decide, and the bot has failed. */
static bool ask_strategy(const struct step *s, struct bot *b, struct signal *sig)
{
	struct strategy_input in = {
		.config = &b->config, .window = &b->series->window, .work = &b->series->work,
		.model = b->has_model ? &b->model : NULL, .last = b->market->last,
		.top = b->market->top,
	};
	struct err e = { 0 };

	if (b->strategy->decide(&in, sig, &e)) {
		bot_fail(s, b, "strategy %s: %s", b->strategy->name, e.msg);
		return false;
	}
	if (!sig->wanted || usable(sig))
		return true;
	bot_fail(s, b, "strategy %s gave a target of %g and a stop of %g, which no order can have",
		 b->strategy->name, sig->profit_target, sig->stop_loss);
	return false;
}

void bot_decide(const struct step *s, struct bot *b)
{
	struct signal sig = { 0 };

	b->last_execution_us = s->now_us;
	if (b->status != BOT_RUNNING)
		return;
	b->last_decision_us = s->now_us;
	b->moved = true;
	if (!ask_strategy(s, b, &sig))
		return;
	if (sig.wanted)
		consider_entry(s, b, &sig);
	else
		bot_signal(s, b, &sig, false, sig.rule, sig.reason, NULL);
}

void bot_decide_again(const struct step *s, struct bot *b, int64_t since_us)
{
	struct signal sig = { 0 };

	if (b->status == BOT_RUNNING && b->last_decision_us > since_us &&
	    ask_strategy(s, b, &sig) && sig.wanted)
		consider_entry(s, b, &sig);
}
