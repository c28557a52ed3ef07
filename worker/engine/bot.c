#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * ---- deadlines ----
 *
 * There is no list of timers. bot_due() computes the earliest deadline from the state of bot
 * and orders at the end of every step, and bot_timer() does whatever is due. So a deadline
 * can't outlive its reason, and a restart has nothing to set up: the rows are enough.
 */

static int64_t check_due(const struct bot *b)
{
	return b->orders_n ? bot_period_begin(b, CHECK_US, b->checked_us, 1) : NEVER;
}

/*
 * While orders are open, the venue's open orders and the account are asked for regularly,
 * because an update of the venue may have been lost without anybody knowing.
 */
static void check_timer(const struct step *s, struct bot *b)
{
	if (s->now_us < check_due(b))
		return;
	b->checked_us = s->now_us;
	(void)effects_add(s, EFFECT_ASK_OPEN_ORDERS, NULL, 0);
	(void)effects_add(s, EFFECT_ASK_ACCOUNT, NULL, 0);
}

void bot_timer(const struct step *s, struct bot *b)
{
	check_timer(s, b);
	bot_equity_timer(s, b);
	bot_orders_timer(s, b);
}

int64_t bot_due(const struct step *s, const struct bot *b)
{
	int64_t due = s->all->equity_interval_us ? b->equity_due_us : NEVER;

	due = check_due(b) < due ? check_due(b) : due;
	for (size_t i = 0; i < b->orders_n; i++) {
		int64_t at = order_due(b->orders[i], b->status != BOT_STOPPED);

		due = at < due ? at : due;
	}
	return due;
}

static void back(int64_t *time_us, int64_t now_us)
{
	if (*time_us > now_us)
		*time_us = now_us;
}

void bot_times_back(const struct step *s, struct bot *b)
{
	int64_t rest_us = s->all->limits->cooldown_s * INT64_C(1000000);

	back(&b->start_us, s->now_us);
	back(&b->cooldown_until_us, s->now_us + rest_us);
	back(&b->refused_until_us, s->now_us + REFUSAL_MOST_US);
	for (size_t i = 0; i < b->orders_n; i++)
		order_times_back(b->orders[i], s->now_us);
}

/* An emergency stop that came while the bot was not loaded: its orders don't close yet. */
static void go_on_flattening(const struct step *s, struct bot *b)
{
	for (size_t i = b->orders_n; b->emergency == EMERGENCY_FLATTENING && i-- > 0;)
		if (b->orders[i]->phase != PHASE_CLOSING)
			bot_close(s, b, b->orders[i], CLOSE_EMERGENCY, "");
}

/*
 * Since our rows were written the venue may have filled, ended or never received a leg. So a
 * start assumes nothing: it asks about each live leg, and the answer is handled like an update
 * that came late. A cancel is sent again, because it may never have left. A close without
 * live legs gets no answer that would continue it, so it is continued here.
 */
void bot_reconcile(const struct step *s, struct bot *b)
{
	b->checked_us = s->now_us;
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];

		for (size_t k = 0; k < o->legs_n; k++)
			leg_await(&o->legs[k], s->now_us);
		order_ask_all(s, o);
		if (o->phase == PHASE_CLOSING && order_live_legs(o) == 0 && !o->retry_us)
			bot_progress(s, b, o);
	}
	go_on_flattening(s, b);
}

/* ---- figures ---- */

size_t bot_unknown_legs(const struct bot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += order_unknown_legs(b->orders[i]);
	return n;
}

size_t bot_unknown_here(const struct bot *b)
{
	const struct market *m = b->market;
	size_t n = 0;

	for (size_t i = 0; m->unknown_n && i < m->bots_n; i++)
		if (m->bots[i]->account_id == b->account_id)
			n += m->bots[i]->unknown_n;
	return n;
}

void bot_report(struct bot *b, int64_t now_us, struct bot_report *row)
{
	struct account_value value;

	*row = (struct bot_report){
		.bot_id = b->id, .account_id = b->account_id, .status = b->status,
		.emergency = (int)b->emergency,
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

	if (account_value(b->account, b->market->last, &value, NULL) == 0)
		row->equity = value.equity; /* only bot_equity() changes peak and day */
	row->pending_orders = (int64_t)bot_working(b) - row->open_positions;
	memcpy(row->error, b->error, sizeof(row->error));
	memcpy(row->config_error, b->config_error, sizeof(row->config_error));
	memcpy(row->model_error, b->model_error, sizeof(row->model_error));
	memcpy(row->day, b->day, sizeof(row->day));
	b->dirty = false;
	b->moved = false;
	b->reported_us = now_us;
}

void bot_free(struct bot *b)
{
	for (size_t i = 0; i < b->orders_n; i++)
		free(b->orders[i]);
	free(b->orders);
	free(b->sent_us);
	free(b->strategy_state);
	free(b);
}
