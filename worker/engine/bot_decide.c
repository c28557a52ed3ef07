#include "worker/engine/bot.h"
#include "worker/trade/exits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Can target and stop be computed from it? A faulty strategy must not end the worker. */
static bool usable(const struct signal *s)
{
	double most = s->side == SIDE_SELL ? 0.99 : 10;

	return isfinite(s->confidence) && s->size > 0 && s->size <= 10 && s->profit_target >= 0 &&
	       s->profit_target <= most &&
	       s->stop_loss > 0 && s->stop_loss <= 0.99;
}

/* ---- inputs beside its own candles ---- */

/*
 * A strategy with extra inputs decides the candle that ended at T with all of their candles that
 * ended by T. An input's candle may close later than the bot's own, because another market's
 * trades are still on their way, its clock is behind, or one market's intervals close one
 * after the other. So the bot's candle waits until every input has come up to T. b->undecided
 * counts the candles that wait; they are the newest ones. No wait is longer than about
 * CANDLE_GRACE_US plus the difference of the markets' lags, because our clock closes a candle
 * that no event closes.
 */

/* The bot's own window without the newest "without" candles. */
static struct window own_window(const struct bot *b, size_t without)
{
	struct window w = b->series->window;

	w.n -= without < w.n ? without : w.n;
	w.last_open_us -= (int64_t)without * w.length_us;
	return w;
}

/* A gap clears the window, and with it the candles that waited. */
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
 * Puts the windows into "in" as they are at the candle that is being decided. own: memory for
 * the bot's window without the candles that still wait.
 */
static void view_inputs(const struct bot *b, struct strategy_input *in, struct window *own)
{
	in->window = &b->series->window;
	in->work = &b->series->work;
	if (b->undecided) {
		*own = own_window(b, b->undecided);
		in->window = own;
		in->work = NULL; /* what it holds was computed from the whole window */
	}
	for (size_t i = 0; i < b->inputs_n; i++)
		in->extra[i] = &b->inputs[i]->window;
}

/* ---- the strategy's decision ---- */

/* The bot's open orders as a strategy sees them, *n of them. The list is the caller's. */
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
			.entry = o->entries > 1 ? order_entry_price(o) : o->limit_price,
			.quantity = order_position(o),
			.opened_us = o->created_us,
		};
		memcpy(list[i].tag, o->tag, sizeof(list[i].tag));
	}
	return list;
}

/* Fills sig from a decision and one of its entries (NULL: none); its reason is set already. */
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

/* About the newest candle, or about a fill. False: the bot has failed. Sets sig's reason. */
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

/* Is the intent about this position? It must be held, and neither closing nor a remainder. */
static bool meant(const struct order *o, const struct intent *i)
{
	return o->side == i->side && o->status == ORDER_ACTIVE && order_open(o) &&
	       (i->order_id == 0 || i->order_id == o->id);
}

static void exit_part(const struct step *s, struct bot *b, struct order *o, double share,
		      const char *cid)
{
	struct qty part = order_held(s, o);
	int64_t rate;

	if (share < 1 && (!(share > 0) || rate_from_double(share, &rate) ||
			  qty_scale(part, rate, ROUND_DOWN, &part)))
		return;
	if (share >= 1 || order_leave(s, o, part, CLOSE_EXIT_SIGNAL, cid) == PART_IS_ALL)
		bot_close(s, b, o, CLOSE_EXIT_SIGNAL, cid);
	else
		bot_progress(s, b, o);
}

static void move_stop(const struct step *s, struct bot *b, struct order *o, struct price stop)
{
	unsigned moved = order_want_stop(s, o, stop);
	enum close_reason due = price_sign(s->market->last) > 0 ? order_watch_stop(s, o) :
				CLOSE_NONE;

	if (due != CLOSE_NONE)
		bot_close(s, b, o, due, "");
	else if (moved)
		bot_progress(s, b, o);
}

/* Carries out an exit or a moved stop, of one position or of all of a side. */
static void change_positions(const struct step *s, struct bot *b, const struct intent *i)
{
	char cid[CORRELATION_ID_MAX];

	bot_correlation_id(b, s->now_us, cid);
	for (size_t k = b->orders_n; k-- > 0;) {
		struct order *o = k < b->orders_n ? b->orders[k] : NULL;

		if (!o || !meant(o, i))
			continue;
		if (i->kind == INTENT_EXIT)
			exit_part(s, b, o, i->share, cid);
		else
			move_stop(s, b, o, i->stop);
	}
}

/* Carries out a decision's intents in their order. False: there was no entry among them. */
static bool consider(const struct step *s, struct bot *b, const struct decision *d,
		     struct signal *sig, bool spaced)
{
	bool any = false;

	for (size_t i = 0; i < d->n && b->status == BOT_RUNNING; i++) {
		if (d->intents[i].kind != INTENT_ENTER) {
			change_positions(s, b, &d->intents[i]);
			continue;
		}
		any = true;
		signal_of(b, d, &d->intents[i], sig);
		if (usable(sig)) {
			bot_consider(s, b, sig, spaced);
			continue;
		}
		bot_fail(s, b, "strategy %s gave an entry with target %g and stop %g (fractions), "
			 "outside of what an order can have", b->strategy->spec->name,
			 sig->profit_target, sig->stop_loss);
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
	if (!ask_strategy(s, b, NULL, &d, &sig))
		return;
	if (!consider(s, b, &d, &sig, bot_entries_spaced(b, s->now_us))) {
		signal_of(b, &d, NULL, &sig);
		bot_signal(s, b, &sig, false, sig.rule, sig.reason, NULL);
	}
	bot_adjust(s, b, bot_entries_spaced(b, s->now_us));
}

void bot_decide_again(const struct step *s, struct bot *b, int64_t since_us)
{
	struct decision d;
	struct signal sig = { 0 };

	if (b->status == BOT_RUNNING && b->last_decision_us > since_us &&
	    ask_strategy(s, b, NULL, &d, &sig))
		(void)consider(s, b, &d, &sig, bot_entries_spaced(b, s->now_us));
}

/* ---- a fill of its own ---- */

/* As bot_entries_spaced, but by the clock, because a fill comes at any time inside a candle. */
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
