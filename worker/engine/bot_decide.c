#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

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

/* What one entry may spend: capital or a share of the equity, times leverage on futures. */
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

/* Quote that one unit of base loses at the stop, with the fees of both sides. */
static int loss_of_one(const struct bot *b, const struct entry_plan *p, struct price *out)
{
	const struct fees *f = &b->market->info.fees;
	int64_t in_fee = p->type == TYPE_LIMIT_MAKER ? f->maker_e8 : f->taker_e8;
	bool is_long = price_cmp(p->stop, p->limit) < 0;
	struct price entry, exit;

	if (price_scale(p->limit, in_fee, ROUND_UP, &entry) ||
	    price_scale(p->stop, f->taker_e8, ROUND_UP, &exit) ||
	    price_sub(is_long ? p->limit : p->stop, is_long ? p->stop : p->limit, out))
		return ERR_RANGE;
	return price_add(*out, entry, out) ? ERR_RANGE : price_add(*out, exit, out);
}

/* Base of an entry as the bot's stake says, in whole steps; 0: there is none. */
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

	return isfinite(s->confidence) && s->size > 0 && s->size <= 10 && s->profit_target > 0 &&
	       s->profit_target <= most &&
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
	if (bot_config_unready(&b->config)) {
		*why = bot_config_unready(&b->config);
		return "exits_not_ready";
	}
	if (!trading_hours_inside(&b->config.trading_hours, now_us)) {
		*why = "outside of trading_hours";
		return "trading_hours";
	}
	if (!spaced) {
		*why = "the newest entry is younger than decision_interval_ms";
		return "decision_interval";
	}
	if (would_net(b, s->side)) {
		*why = "positions of the other side are open";
		return "side";
	}
	return NULL;
}

/* It takes from the other side of the book and never rests. */
static bool takes(const struct entry_plan *p)
{
	return p->type == TYPE_MARKET || p->tif != TIF_GTC;
}

/* As the bot's time_in_force says; one that never rests begins at the other side's best price. */
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

/* How and at which price the entry is sent. */
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

/* Everything that the rules look at; the plan is filled on the way. */
static void judge(const struct step *s, const struct bot *b, const struct signal *sig,
		  struct money free, struct entry_plan *plan, struct risk_input *in)
{
	const struct market *m = b->market;
	bool buy = sig->side == SIDE_BUY, has_exits;

	plan_entry(b, sig, plan);
	if (takes(plan))
		buy = !buy; /* that side of the book must be known */
	has_exits = order_exits(&m->info, sig, plan->limit, &plan->target, &plan->stop);
	plan->quantity = entry_quantity(b, sig, plan);
	*in = (struct risk_input){
		.limits = s->all->limits, .config = &b->config, .symbol = &m->info,
		.now_us = s->now_us, .feed_age_us = data_age(s),
		.clock_drift_us = s->all->drift_us,
		.disk_full = s->all->disk_full,
		.book_valid = !m->depth_invalid &&
			      qty_sign(buy ? m->top.bid_qty : m->top.ask_qty) > 0,
		.unknown_orders = (int64_t)bot_unknown_here(b),
		.open_all = b->account_id ? s->all->open_live : s->all->open_all,
		.open_bot = (int64_t)bot_working(b),
		.orders_last_min = orders_last_minute(b, s->now_us),
		.refusals = b->refusals, .refused_until_us = b->refused_until_us,
		.loss_streak = b->loss_streak, .cooldown_until_us = b->cooldown_until_us,
		.equity = b->equity, .peak_equity = b->peak_equity, .day_equity = b->day_equity,
		.free = free, .last = m->last, .entry = plan->limit,
		.entry_type = takes(plan) ? TYPE_MARKET : plan->type, .has_exits = has_exits,
		.quantity = plan->quantity, .taken_over = bot_remainders(b),
	};
	in->target = plan->target;
	in->stop = plan->stop;
}

static void consider_entry(const struct step *s, struct bot *b, const struct signal *sig,
			   bool spaced)
{
	char rule[RISK_RULE_MAX], reason[RISK_REASON_MAX], cid[CORRELATION_ID_MAX];
	const char *why = "", *held_back = not_now(b, sig, s->now_us, spaced, &why);
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

/* ---- inputs beside its own candles ---- */

/*
 * A strategy with extra inputs decides the candle that ended at T with all of their candles that
 * ended by T. Another market's candle may close a moment later than the bot's own (its trades
 * are on their way, its clock runs behind), and of one market the intervals close one after the
 * other. So a candle waits until each input has come: "undecided" counts those that do, and the
 * newest decided one is behind them. Candles close by our clock when no event closes them, so
 * this is a matter of CANDLE_GRACE_US and the difference of the markets' lags.
 */

/* The bot's own window without the newest "without" candles. */
static struct window own_window(const struct bot *b, size_t without)
{
	struct window w = b->series->window;

	w.n -= without < w.n ? without : w.n;
	w.last_open_us -= (int64_t)without * w.length_us;
	return w;
}

/* A gap clears the window, and what waited is gone with it. */
static void forget_lost(struct bot *b)
{
	if (b->undecided > b->series->window.n)
		b->undecided = b->series->window.n;
}

void bot_inputs_wait(struct bot *b)
{
	b->undecided++;
	forget_lost(b);
}

bool bot_inputs_ready(struct bot *b)
{
	struct window w;

	forget_lost(b);
	if (b->undecided == 0)
		return false;
	w = own_window(b, b->undecided - 1);
	for (size_t i = 0; i < b->inputs_n; i++)
		if (!strategy_complete(&b->inputs[i]->window, w.last_open_us + w.length_us))
			return false;
	b->undecided--;
	return true;
}

/*
 * What the strategy sees at the newest candle that is decided (or is being): the windows go
 * into "in"; own is the memory for a part of the bot's.
 */
static void view_inputs(const struct bot *b, struct strategy_input *in, struct window *own)
{
	in->window = &b->series->window;
	in->work = &b->series->work;
	if (b->undecided) {
		*own = own_window(b, b->undecided);
		in->window = own;
		in->work = NULL; /* it is of the whole window */
	}
	for (size_t i = 0; i < b->inputs_n; i++)
		in->extra[i] = &b->inputs[i]->window;
}

/* ---- the strategy's decision ---- */

/* What the bot has open, for the strategy; n of them. */
static struct strategy_position *positions_of(const struct bot *b, size_t *n)
{
	struct strategy_position *list;

	*n = b->orders_n;
	if (*n == 0)
		return NULL;
	list = xcalloc(*n, sizeof(list[0]));
	for (size_t i = 0; i < *n; i++) {
		const struct order *o = b->orders[i];

		list[i] = (struct strategy_position){
			.order_id = o->id, .side = o->side, .waits = o->status == ORDER_PENDING,
			.entry = o->limit_price, .quantity = order_position(o),
			.opened_us = o->created_us,
		};
		memcpy(list[i].tag, o->tag, sizeof(list[i].tag));
	}
	return list;
}

/* The decision, with one of its entries (NULL: none), as it is considered and told. */
static void signal_of(const struct bot *b, const struct decision *d, const struct intent *i,
		      struct signal *sig)
{
	snprintf(sig->rule, sizeof(sig->rule), "%s", d->rule);
	sig->wanted = i != NULL;
	sig->side = i ? i->side : d->side;
	sig->confidence = i ? i->confidence : d->confidence;
	sig->market = i && i->market;
	sig->size = i ? i->size : 1;
	sig->limit = i ? i->limit : (struct price){ 0 };
	sig->target = i ? i->target : (struct price){ 0 };
	sig->stop = i ? i->stop : (struct price){ 0 };
	sig->profit_target = i && i->profit_target != 0 ? i->profit_target :
			     b->config.profit_target_pct;
	sig->stop_loss = i && i->stop_loss != 0 ? i->stop_loss : b->config.stop_loss_pct;
	sig->tag = i ? i->tag : "";
}

/* About the newest candle, or about a fill. False: the bot has failed. sig: its reason is set. */
static bool ask_strategy(const struct step *s, struct bot *b, const struct strategy_fill *fill,
			 struct decision *d, struct signal *sig)
{
	size_t n;
	struct strategy_position *positions = positions_of(b, &n);
	struct strategy_input in = {
		.config = &b->config, .params = b->config.strategy_params,
		.model = b->has_model ? &b->model : NULL, .positions_n = n,
		.positions = positions,
	};
	struct window own;
	struct err e = { 0 };
	int rc;

	view_inputs(b, &in, &own);
	rc = fill ? strategy_filled(b->strategy, &b->strategy_state, &b->state_open_us, &in, fill,
				    d, &e) :
		    strategy_follow(b->strategy, &b->strategy_state, &b->state_open_us, &in, d, &e);
	if (rc)
		bot_fail(s, b, "strategy %s: %s", b->strategy->spec->name, e.msg);
	else
		(void)strategy_reason(b->strategy, &in, d, sig->reason);
	free(positions);
	return rc == 0;
}

/* Whole positions; a share of one is not sold by itself. */
static void exit_positions(const struct step *s, struct bot *b, const struct intent *i)
{
	char cid[CORRELATION_ID_MAX];

	snprintf(cid, sizeof(cid), "bot%lld-%lld", (long long)b->id, (long long)s->now_us);
	for (size_t k = b->orders_n; k-- > 0;) {
		struct order *o = k < b->orders_n ? b->orders[k] : NULL;

		if (o && o->side == i->side && o->status == ORDER_ACTIVE &&
		    o->phase != PHASE_REMAINDER && i->share >= 1 &&
		    (i->order_id == 0 || i->order_id == o->id))
			bot_close(s, b, o, CLOSE_EXIT_SIGNAL, cid);
	}
}

/* Its exits and entries, one after the other. False: there was no entry. */
static bool consider(const struct step *s, struct bot *b, const struct decision *d,
		     struct signal *sig, bool spaced)
{
	bool any = false;

	for (size_t i = 0; i < d->n && b->status == BOT_RUNNING; i++) {
		if (d->intents[i].kind == INTENT_EXIT)
			exit_positions(s, b, &d->intents[i]);
		if (d->intents[i].kind != INTENT_ENTER)
			continue;
		any = true;
		signal_of(b, d, &d->intents[i], sig);
		if (usable(sig) || bot_config_unready(&b->config)) {
			consider_entry(s, b, sig, spaced);
			continue;
		}
		bot_fail(s, b, "strategy %s gave a target of %g and a stop of %g, which no order "
			 "can have", b->strategy->spec->name, sig->profit_target, sig->stop_loss);
	}
	return any;
}

void bot_decide(const struct step *s, struct bot *b)
{
	struct decision d;
	struct signal sig = { 0 };

	b->last_execution_us = s->now_us;
	if (b->status != BOT_RUNNING)
		return;
	b->last_decision_us = s->now_us;
	b->moved = true;
	if (!ask_strategy(s, b, NULL, &d, &sig) ||
	    consider(s, b, &d, &sig, entries_spaced(b, s->now_us)))
		return;
	signal_of(b, &d, NULL, &sig);
	bot_signal(s, b, &sig, false, sig.rule, sig.reason, NULL);
}

void bot_decide_again(const struct step *s, struct bot *b, int64_t since_us)
{
	struct decision d;
	struct signal sig = { 0 };

	if (b->status == BOT_RUNNING && b->last_decision_us > since_us &&
	    ask_strategy(s, b, NULL, &d, &sig))
		(void)consider(s, b, &d, &sig, entries_spaced(b, s->now_us));
}

/* ---- an own fill ---- */

/* By the clock, because a fill comes at any time inside a candle. */
static bool fill_spaced(const struct bot *b, int64_t now_us)
{
	return b->last_entry_us == 0 || b->last_entry_us > now_us ||
	       now_us - b->last_entry_us >= b->config.decision_interval_ms * INT64_C(1000);
}

static void decide_on_fill(const struct step *s, struct bot *b, const struct strategy_fill *fill)
{
	struct decision d;
	struct signal sig = { 0 };

	if (b->status != BOT_RUNNING || !ask_strategy(s, b, fill, &d, &sig) || d.n == 0 ||
	    consider(s, b, &d, &sig, fill_spaced(b, s->now_us)))
		return;
	signal_of(b, &d, NULL, &sig);
	bot_signal(s, b, &sig, false, sig.rule, sig.reason, NULL);
}

void bot_filled(const struct step *s, struct bot *b, size_t from)
{
	if (!b->strategy->on_fill)
		return;
	for (size_t i = from; i < s->effects->n; i++) {
		struct effect f = s->effects->list[i]; /* what it causes moves the list */
		const struct order *o = f.order;
		const struct leg *l = f.kind == EFFECT_FILL ? order_leg_by_id(f.order, f.leg_id) :
							      NULL;

		if (l)
			decide_on_fill(s, b, &(struct strategy_fill){
				.order_id = o->id, .side = l->side, .entry = l->kind == LEG_ENTRY,
				.closed = o->status == ORDER_CLOSED, .price = f.u.fill.price,
				.quantity = f.u.fill.quantity, .time_us = f.u.fill.at_us,
				.tag = o->tag,
			});
	}
}
