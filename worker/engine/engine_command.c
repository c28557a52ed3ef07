#include "worker/engine/engine_internal.h"

#include <stdio.h>
#include <string.h>

static void answer_text(struct bot *b, const struct engine_command *c, enum bot_status before,
			struct engine_answer *a)
{
	const char *what = bot_event_name(c->event);

	a->status = b->status;
	a->positions = bot_positions(b);
	a->pending = (int64_t)bot_working(b) - a->positions;
	if (b->status == BOT_ERROR)
		snprintf(a->message, sizeof(a->message),
			 "The bot started but failed at once: %.200s", b->error);
	else if (c->event == EVENT_EMERGENCY_STOP)
		snprintf(a->message, sizeof(a->message),
			 bot_working(b) ? "Emergency stop executed: %lld positions are being closed"
				     : "Emergency stop executed", (long long)a->positions);
	else if (before == b->status)
		snprintf(a->message, sizeof(a->message), "Bot is already %s",
			 bot_status_name(b->status));
	else if (c->event == EVENT_STOP && a->positions)
		snprintf(a->message, sizeof(a->message),
			 "Bot stopped successfully; %lld positions %s", (long long)a->positions,
			 c->close_positions ? "are being closed"
					    : "stay open with their target and stop");
	else
		snprintf(a->message, sizeof(a->message), "Bot %s successfully",
			 c->event == EVENT_STOP ? "stopped" : c->event == EVENT_START ? "started" :
			 c->event == EVENT_PAUSE ? "paused" : c->event == EVENT_RESUME ? "resumed" :
			 what);
}

static void carry_out(const struct step *s, struct bot *b, const struct engine_command *c)
{
	switch (c->event) {
	case EVENT_START:
		if (b->strategy->spec->needs_model && !b->has_model)
			bot_fail(s, b, "%s", b->model_error[0] ? b->model_error :
				 "strategy \"model\" needs a model: assign one to this bot");
		break;
	case EVENT_PAUSE:
		bot_cancel_entries(s, b, c->correlation_id);
		break;
	case EVENT_STOP:
		if (c->close_positions)
			bot_close_all(s, b, CLOSE_STOP_COMMAND, c->correlation_id);
		else
			bot_cancel_entries(s, b, c->correlation_id);
		break;
	case EVENT_EMERGENCY_STOP:
		bot_close_all(s, b, CLOSE_EMERGENCY, c->correlation_id);
		break;
	case EVENT_RESUME:
	case EVENT_FAILURE:
		break;
	}
}

int engine_bot_command(struct engine *e, int64_t bot_id, const struct engine_command *c,
		       int64_t now_us, struct engine_answer *answer, struct err *err)
{
	enum bot_status before, to;
	struct step s;
	struct bot *b;
	int rc = engine_need_bot(e, bot_id, &b, err);

	memset(answer, 0, sizeof(*answer));
	if (rc)
		return rc;
	engine_advance(e, now_us);
	before = b->status;
	answer->status = before;
	if (c->event == EVENT_START && b->emergency == EMERGENCY_FLATTENING && bot_working(b))
		return err_set(err, ERR_CONFLICT,
			       "can't start: the emergency stop is still closing %zu orders",
			       bot_working(b));
	rc = bot_state_next(before, c->event, &to, err);
	if (rc)
		return rc;
	s = engine_step(e, b, e->now_us);
	if (to != before || c->event == EVENT_EMERGENCY_STOP ||
	    (c->event == EVENT_START && b->emergency != EMERGENCY_NONE))
		bot_set_status(&s, b, c->event, "", c->requested_by, c->correlation_id);
	if (to != before || c->event == EVENT_EMERGENCY_STOP || c->event == EVENT_STOP)
		carry_out(&s, b, c);
	engine_step_done(e, b);
	answer_text(b, c, before, answer);
	return 0;
}

static bool too_small(const struct step *s, const struct order *o)
{
	return o->phase == PHASE_REMAINDER && !order_closable(s, o);
}

int engine_close(struct engine *e, int64_t bot_id, int64_t order_id, const char *correlation_id,
		 int64_t now_us, int64_t *closing, struct err *err)
{
	struct step s;
	struct bot *b;
	int rc = engine_need_bot(e, bot_id, &b, err);

	if (rc)
		return rc;
	engine_advance(e, now_us);
	s = engine_step(e, b, e->now_us);
	*closing = 0;
	for (size_t i = b->orders_n; i-- > 0;) {
		if (order_id && b->orders[i]->id != order_id)
			continue;
		if (too_small(&s, b->orders[i])) {
			if (order_id)
				return err_set(err, ERR_CONFLICT, "order %lld holds less than "
					       "the exchange's minimum; it is sold with the "
					       "bot's next exit", (long long)order_id);
			continue;
		}
		bot_close(&s, b, b->orders[i], CLOSE_MANUAL, correlation_id);
		++*closing;
	}
	engine_step_done(e, b);
	if (order_id && !*closing)
		return err_set(err, ERR_NOT_FOUND, "bot %lld has no open order %lld",
			       (long long)bot_id, (long long)order_id);
	return 0;
}

int64_t engine_bot_drop_orders(struct engine *e, int64_t bot_id, int64_t now_us)
{
	struct bot *b = engine_find_bot(e, bot_id);
	struct step s;
	int64_t n;

	if (!b)
		return 0;
	engine_advance(e, now_us);
	s = engine_step(e, b, e->now_us);
	n = bot_drop_orders(&s, b);
	engine_step_done(e, b);
	return n;
}

void engine_bot_account_reset(struct engine *e, int64_t bot_id, int64_t now_us)
{
	struct bot *b = engine_find_bot(e, bot_id);
	struct step s;

	if (!b)
		return;
	s = engine_step(e, b, now_us);
	bot_account_reset(&s, b);
	engine_step_done(e, b);
}
