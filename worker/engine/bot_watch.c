#include "worker/engine/bot.h"

bool order_stop_crossed(const struct order *o, struct price last)
{
	int c = price_cmp(last, o->stop_loss);

	return o->side == SIDE_BUY ? c <= 0 : c >= 0;
}

/* A stop that rests gets some time to act; without one we act. */
void bot_watch_stops(struct bot *b, struct price last, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;) {
		struct order *o = b->orders[i];

		if (o->phase == PHASE_REMAINDER) {
			order_watch_remainder(b, o, last, now_us);
			bot_refresh_due(b);
			continue;
		}
		if (o->phase == PHASE_CLOSING || !order_stop_crossed(o, last) ||
		    qty_sign(order_position(o)) <= 0)
			continue;
		if (!order_stop_rests(b, o)) {
			bot_close(b, o, CLOSE_STOP_LOSS, "", now_us);
		} else if (!o->stop_crossed_us) {
			o->stop_crossed_us = now_us;
			order_report(b, o);
		}
		bot_refresh_due(b);
	}
}

static bool holding_runs(const struct bot *b, const struct order *o)
{
	return o->opened_us && o->phase != PHASE_CLOSING && o->phase != PHASE_REMAINDER &&
	       b->status != BOT_STOPPED;
}

/* Its resting stop was passed and has some time to act. */
static bool grace_runs(const struct order *o)
{
	return o->stop_crossed_us && o->phase != PHASE_CLOSING && o->phase != PHASE_REMAINDER;
}

static bool maker_waits(struct order *o)
{
	const struct leg *l = order_live_leg(o, LEG_ENTRY);

	return l && !l->cancel_requested && o->phase == PHASE_ENTERING && !o->retry_us;
}

static int64_t order_due(const struct bot *b, struct order *o)
{
	int64_t due = NEVER;

#define AT(time) (due = (time) < due ? (time) : due)
	if (maker_waits(o))
		AT(o->created_us + o->maker_timeout_us);
	if (holding_runs(b, o))
		AT(o->opened_us + o->holding_us);
	if (grace_runs(o))
		AT(o->stop_crossed_us + STOP_GRACE_US);
	if (o->retry_us)
		AT(o->retry_us);
	AT(order_ask_due(o));
#undef AT
	return due;
}

int64_t bot_orders_due(const struct bot *b)
{
	int64_t due = NEVER;

	for (size_t i = 0; i < b->orders_n; i++) {
		int64_t at = order_due(b, b->orders[i]);

		due = at < due ? at : due;
	}
	return due;
}

static void order_timer(struct bot *b, struct order *o, int64_t now_us)
{
	bool again = o->retry_us && now_us >= o->retry_us;

	if (again) {
		o->retry_us = 0;
		order_report(b, o);
	}
	if (holding_runs(b, o) && now_us >= o->opened_us + o->holding_us) {
		bot_close(b, o, CLOSE_HOLDING_TIME, "", now_us);
		return;
	}
	if (grace_runs(o) &&
	    now_us >= o->stop_crossed_us + STOP_GRACE_US) {
		bot_notice(b, o->correlation_id,
			   "the resting stop did not act in time: closing at market");
		bot_close(b, o, CLOSE_STOP_LOSS, "", now_us);
		return;
	}
	if (maker_waits(o) && now_us >= o->created_us + o->maker_timeout_us) {
		if (o->reason == CLOSE_NONE)
			o->reason = CLOSE_MAKER_TIMEOUT;
		(void)leg_cancel(b, o, order_live_leg(o, LEG_ENTRY), now_us);
		order_report(b, o);
	}
	if (again)
		order_progress(b, o, now_us);
}

void bot_orders_timer(struct bot *b, int64_t now_us)
{
	for (size_t i = b->orders_n; i-- > 0;)
		order_timer(b, b->orders[i], now_us);
	bot_ask_late(b, now_us);
}

static void back(int64_t *time_us, int64_t now_us)
{
	if (*time_us > now_us)
		*time_us = now_us;
}

void bot_times_back(struct bot *b, int64_t now_us)
{
	int64_t rest_us = engine_limits(b->engine)->cooldown_s * INT64_C(1000000);

	back(&b->start_us, now_us);
	back(&b->cooldown_until_us, now_us + rest_us);
	back(&b->refused_until_us, now_us + REFUSAL_MOST_US);
	for (size_t i = 0; i < b->orders_n; i++) {
		struct order *o = b->orders[i];

		back(&o->created_us, now_us);
		back(&o->opened_us, now_us);
		back(&o->stop_crossed_us, now_us);
		back(&o->uncovered_from_us, now_us);
		back(&o->retry_us, now_us + RETRY_MOST_US);
	}
	bot_refresh_due(b);
}
