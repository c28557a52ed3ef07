#include "worker/engine/bot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNAL_WRITE_US INT64_C(5000000)	/* a repeating row is rewritten this often */
#define MINUTE_US INT64_C(60000000)
#define DAY_US (24 * 60 * MINUTE_US)
#define SHIFT_US INT64_C(50000)		/* between what two neighbours do regularly */

/*
 * Which period a time lies in, on a grid that does not depend on when we started. Bots
 * take turns, some at a time: a thousand at once would be a long turn of the loop, and
 * each at a time of its own a thousand short ones.
 */
static int64_t period_of(const struct bot *b, int64_t every, int64_t at_us)
{
	return (at_us - b->id * SHIFT_US % every) / every;
}

/* ---- signals ---- */

static void write_signal(struct bot *b)
{
	const struct reporter *r = engine_reporter(b->engine);

	b->signal_written_us = b->signal.last_us;
	if (r->signal)
		r->signal(r->ctx, &b->signal);
}

/* What was counted and not yet written is written; the next decision is a new row. */
void bot_signal_ends(struct bot *b)
{
	if (b->signal.id && b->signal_written_us != b->signal.last_us)
		write_signal(b);
	b->signal.id = 0;
}

/* Equal refusals become one row that counts; everything else is a new row. */
static void report_signal(struct bot *b, const struct signal *s, bool taken, const char *rule,
			  const char *reason, int64_t order_id, const char *correlation_id,
			  int64_t now_us)
{
	struct signal_report *now = &b->signal;
	int64_t repeat_us = engine_signal_repeat(b->engine);
	bool same = now->id && !taken && !now->taken && now->side == s->side &&
		    strcmp(now->rule, rule) == 0 && now->config_version == b->config.version &&
		    period_of(b, repeat_us, now_us) == period_of(b, repeat_us, now->at_us);

	if (!same) {
		bot_signal_ends(b);
		memset(now, 0, sizeof(*now));
		now->id = engine_take_signal_id(b->engine);
		now->at_us = now_us;
	}
	now->bot_id = b->id;
	memcpy(now->symbol, b->market->info.symbol, sizeof(now->symbol));
	memcpy(now->strategy, b->config.strategy, sizeof(now->strategy));
	now->side = s->side;
	now->wanted = s->wanted;
	now->taken = taken;
	now->confidence = s->confidence;
	now->price = b->market->last;
	snprintf(now->rule, sizeof(now->rule), "%s", rule);
	snprintf(now->reason, sizeof(now->reason), "%s", reason);
	now->order_id = order_id;
	now->repeats++;
	now->model_id = b->has_model ? b->model.model_id : 0;
	now->config_version = b->config.version;
	snprintf(now->correlation_id, sizeof(now->correlation_id), "%s", correlation_id);
	now->last_us = now_us;
	if (!same || period_of(b, SIGNAL_WRITE_US, now_us) !=
			     period_of(b, SIGNAL_WRITE_US, b->signal_written_us))
		write_signal(b);
}

/* ---- status ---- */

void bot_set_status(struct bot *b, enum bot_event event, const char *why, const char *by,
		    const char *correlation_id, int64_t now_us)
{
	const struct reporter *r = engine_reporter(b->engine);
	struct status_report s = {
		.bot_id = b->id, .from = b->status, .event = bot_event_name(event), .reason = why,
		.requested_by = by, .correlation_id = correlation_id, .at_us = now_us,
	};

	ASSERT(bot_state_next(b->status, event, &s.to, NULL) == 0);
	if (event == EVENT_EMERGENCY_STOP)
		b->emergency = bot_working(b) ? EMERGENCY_FLATTENING : EMERGENCY_LATCHED;
	if (event == EVENT_START) {
		b->emergency = EMERGENCY_NONE;
		b->error[0] = '\0';
		if (s.from != s.to)
			b->start_us = now_us;
	}
	if (event == EVENT_STOP || event == EVENT_EMERGENCY_STOP)
		b->error[0] = '\0';
	b->status = s.to;
	b->dirty = true;
	bot_signal_ends(b); /* the next refusal is news again */
	if (r->status)
		r->status(r->ctx, &s);
	bot_refresh_due(b);
}

void bot_fail(struct bot *b, int64_t now_us, const char *why)
{
	bool known = b->status == BOT_ERROR && strncmp(b->error, why, sizeof(b->error) - 1) == 0;

	snprintf(b->error, sizeof(b->error), "%s", why);
	if (!known)
		bot_set_status(b, EVENT_FAILURE, why, "worker", "", now_us);
	bot_cancel_entries(b, "", now_us);
}

/* ---- money ---- */

/* The open orders' gain at the last price, together. False: no amount is so large. */
static bool unrealized(const struct bot *b, struct money *sum)
{
	*sum = (struct money){ 0 };
	for (size_t i = 0; i < b->orders_n; i++)
		if (money_add(*sum, order_unrealized(b->orders[i], b->market->last), sum))
			return false;
	return true;
}

/*
 * A clock that was set back repeats a day that has begun: it does not begin anew, or the
 * day's loss would be forgotten. A day that lies in the future (the clock was wrong before)
 * lasts until it comes, but no longer than a day of ours.
 */
static bool day_begins(struct bot *b, int64_t now_us)
{
	char day[DAY_TEXT_MAX];
	int order;

	day_text(now_us, day);
	order = strcmp(day, b->day);
	if (order >= 0 || b->day_ahead_us == 0 || now_us < b->day_ahead_us)
		b->day_ahead_us = order < 0 ? now_us : 0;
	if (order == 0 || (order < 0 && now_us - b->day_ahead_us < DAY_US))
		return false;
	b->day_ahead_us = 0;
	memcpy(b->day, day, sizeof(b->day));
	return true;
}

/*
 * The peak and the day's first equity stay, so no single price may make them: open
 * positions count at what they cost, for the day also at their loss.
 */
void bot_equity(struct bot *b, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct venue_balance balance;
	struct money gain, settled;
	struct err e;

	if (v->ops->balance(v, b->id, &balance, &e))
		return; /* no account yet: stays as it was */
	b->equity = balance.equity;
	b->moved = true;
	if (!unrealized(b, &gain) || money_sub(b->equity, gain, &settled))
		return;
	if (money_cmp(settled, b->peak_equity) > 0) {
		b->peak_equity = settled;
		b->dirty = true;
	}
	if (day_begins(b, now_us)) {
		b->day_equity = money_cmp(settled, b->equity) < 0 ? settled : b->equity;
		b->dirty = true;
	}
}

static void sample_equity(struct bot *b, int64_t now_us)
{
	const struct reporter *r = engine_reporter(b->engine);
	struct venue *v = engine_venue(b->engine);
	struct equity_report q = { .bot_id = b->id, .at_us = now_us };
	struct venue_balance balance;
	struct err e;

	bot_equity(b, now_us);
	if (!r->equity || v->ops->balance(v, b->id, &balance, &e))
		return;
	q.equity = balance.equity;
	q.balance = balance.balance;
	if (unrealized(b, &q.unrealized))
		r->equity(r->ctx, &q);
}

/* ---- decisions ---- */

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
static int64_t data_age(const struct bot *b, int64_t now_us)
{
	const struct market *m = b->market;
	int64_t age_us = m->event_us ? now_us - m->event_us : 0;
	int64_t behind_us = engine_behind_us(b->engine);

	if (m->stale_us > age_us)
		age_us = m->stale_us;
	return behind_us > age_us ? behind_us : age_us;
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
static void judge(const struct bot *b, const struct signal *s, const struct venue_balance *balance,
		  int64_t now_us, struct entry_plan *plan, struct risk_input *in)
{
	const struct market *m = b->market;
	bool buy = s->side == SIDE_BUY;

	*plan = (struct entry_plan){ .limit = buy ? m->top.bid : m->top.ask };
	plan->quantity = entry_quantity(b, plan->limit);
	*in = (struct risk_input){
		.limits = engine_limits(b->engine), .config = &b->config, .symbol = &m->info,
		.now_us = now_us, .feed_age_us = data_age(b, now_us),
		.clock_drift_us = engine_drift(b->engine),
		.disk_full = engine_is_disk_full(b->engine),
		.book_valid = !m->depth_invalid &&
			      qty_sign(buy ? m->top.bid_qty : m->top.ask_qty) > 0,
		.unknown_orders = (int64_t)m->unknown_n,
		.open_all = engine_open_all(b->engine), .open_bot = (int64_t)bot_working(b),
		.orders_last_min = orders_last_minute(b, now_us),
		.refusals = b->refusals, .refused_until_us = b->refused_until_us,
		.loss_streak = b->loss_streak, .cooldown_until_us = b->cooldown_until_us,
		.equity = b->equity, .peak_equity = b->peak_equity, .day_equity = b->day_equity,
		.free = balance->free, .last = m->last, .entry = plan->limit,
		.has_exits = order_exits(&m->info, s, plan->limit, &plan->target, &plan->stop),
		.quantity = plan->quantity, .taken_over = bot_remainders(b),
	};
	in->target = plan->target;
	in->stop = plan->stop;
}

static void consider_entry(struct bot *b, const struct signal *s, int64_t now_us)
{
	struct venue *v = engine_venue(b->engine);
	struct venue_balance balance = { 0 };
	char rule[RISK_RULE_MAX], reason[RISK_REASON_MAX], cid[CORRELATION_ID_MAX];
	const char *why = "", *held_back = not_now(b, s, now_us, &why);
	struct entry_plan plan;
	struct risk_input in;
	int64_t order_id;
	struct err e = { 0 };

	if (held_back) {
		report_signal(b, s, false, held_back, why, 0, "", now_us);
		return;
	}
	if (v->ops->balance(v, b->id, &balance, &e)) {
		bot_fail(b, now_us, e.msg);
		return;
	}
	bot_equity(b, now_us);
	judge(b, s, &balance, now_us, &plan, &in);
	if (!risk_allows(&in, rule, reason)) {
		report_signal(b, s, false, rule, reason, 0, "", now_us);
		return;
	}
	snprintf(cid, sizeof(cid), "bot%lld-%lld", (long long)b->id, (long long)now_us);
	bot_enter(b, s, &plan, cid, now_us, &order_id);
	report_signal(b, s, true, s->rule, s->reason, order_id, cid, now_us);
}

/* False: it can't decide, and the bot has failed. */
static bool ask_strategy(struct bot *b, struct signal *s, int64_t now_us)
{
	struct strategy_input in = {
		.config = &b->config, .window = &b->series->window, .work = &b->series->work,
		.model = b->has_model ? &b->model : NULL, .last = b->market->last,
		.top = b->market->top,
	};
	struct err e = { 0 };
	char why[160];

	if (b->strategy->decide(&in, s, &e)) {
		err_prefix(&e, "strategy %s", b->strategy->name);
		bot_fail(b, now_us, e.msg);
		return false;
	}
	if (!s->wanted || usable(s))
		return true;
	snprintf(why, sizeof(why), "strategy %s gave a target of %g and a stop of %g, which no "
		 "order can have", b->strategy->name, s->profit_target, s->stop_loss);
	bot_fail(b, now_us, why);
	return false;
}

void bot_decide(struct bot *b, int64_t now_us)
{
	struct signal s = { 0 };

	b->last_execution_us = now_us;
	if (b->status != BOT_RUNNING)
		return;
	b->last_decision_us = now_us;
	b->moved = true;
	if (!ask_strategy(b, &s, now_us))
		return;
	if (s.wanted)
		consider_entry(b, &s, now_us);
	else
		report_signal(b, &s, false, s.rule, s.reason, 0, "", now_us);
}

void bot_decide_again(struct bot *b, int64_t since_us, int64_t now_us)
{
	struct signal s = { 0 };

	if (b->status == BOT_RUNNING && b->last_decision_us > since_us &&
	    ask_strategy(b, &s, now_us) && s.wanted)
		consider_entry(b, &s, now_us);
}

/* ---- time ---- */

/* Other bots of the market see that something of ours is unknown. */
static void count_unknown(struct bot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += order_unknown_legs(b->orders[i]);
	b->market->unknown_n += n - b->unknown_n;
	b->unknown_n = n;
}

void bot_refresh_due(struct bot *b)
{
	count_unknown(b);
	b->due_us = bot_orders_due(b);
	if (engine_equity_interval(b->engine) && b->equity_due_us < b->due_us)
		b->due_us = b->equity_due_us;
	engine_due(b->engine, b);
}

/* When the period that a time lies in began; "ahead" periods later. */
static int64_t sample_time(const struct bot *b, int64_t every, int64_t at_us, int64_t ahead)
{
	return (period_of(b, every, at_us) + ahead) * every + b->id * SHIFT_US % every;
}

/* Once in a period; of periods that passed while nobody looked, once in the newest. */
static void equity_timer(struct bot *b, int64_t now_us)
{
	int64_t every = engine_equity_interval(b->engine), newest;

	if (!every || now_us < b->equity_due_us)
		return;
	newest = sample_time(b, every, engine_target(b->engine), 0);
	if (b->equity_due_us && newest > now_us) {
		b->equity_due_us = newest;
		return;
	}
	if (b->equity_due_us)
		sample_equity(b, now_us);
	b->equity_due_us = sample_time(b, every, now_us, 1);
}

void bot_timer(struct bot *b, int64_t now_us)
{
	equity_timer(b, now_us);
	bot_orders_timer(b, now_us);
	bot_refresh_due(b);
}

int64_t bot_positions(const struct bot *b)
{
	int64_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += b->orders[i]->status == ORDER_ACTIVE &&
			b->orders[i]->phase != PHASE_REMAINDER;
	return n;
}

void bot_report(struct bot *b, int64_t now_us)
{
	const struct reporter *r = engine_reporter(b->engine);
	struct venue *v = engine_venue(b->engine);
	struct venue_balance balance;
	struct bot_report row = {
		.bot_id = b->id, .status = b->status, .emergency = (int)b->emergency,
		.start_us = b->start_us, .last_execution_us = b->last_execution_us,
		.config_version = b->config.version,
		.model_id = b->has_model ? b->model.model_id : 0,
		.open_positions = bot_positions(b),
		.equity = b->equity, .peak_equity = b->peak_equity, .day_equity = b->day_equity,
		.dust = b->dust, .dust_cost = b->dust_cost,
		.last_price = price_sign(b->market->last) > 0 ? b->market->last : b->last_price,
		.last_decision_us = b->last_decision_us,
		.candles = (int64_t)b->series->window.n,
		.loss_streak = b->loss_streak, .cooldown_until_us = b->cooldown_until_us,
		.refusals = b->refusals, .refused_until_us = b->refused_until_us,
		.updated_us = now_us, .figures_only = !b->dirty,
	};

	if (v->ops->balance(v, b->id, &balance, NULL) == 0)
		row.equity = balance.equity; /* peak and day move with samples and decisions */
	row.pending_orders = (int64_t)bot_working(b) - row.open_positions;
	memcpy(row.error, b->error, sizeof(row.error));
	memcpy(row.config_error, b->config_error, sizeof(row.config_error));
	memcpy(row.model_error, b->model_error, sizeof(row.model_error));
	memcpy(row.day, b->day, sizeof(row.day));
	b->dirty = false;
	b->moved = false;
	b->reported_us = now_us;
	if (r->bot)
		r->bot(r->ctx, &row);
}

void bot_free(struct bot *b)
{
	for (size_t i = 0; i < b->orders_n; i++)
		free(b->orders[i]);
	free(b->orders);
	free(b->sent_us);
	free(b);
}
