#include "worker/engine/bot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t bot_positions(const struct bot *b)
{
	int64_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += b->orders[i]->status == ORDER_ACTIVE &&
			b->orders[i]->phase != PHASE_REMAINDER;
	return n;
}

size_t bot_working(const struct bot *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->orders_n; i++)
		n += b->orders[i]->phase != PHASE_REMAINDER;
	return n;
}

void bot_set_status(const struct step *s, struct bot *b, enum bot_event event, const char *why,
		    const char *by, const char *correlation_id)
{
	struct status_report *r;
	enum bot_status from = b->status;

	ASSERT(bot_state_next(from, event, &b->status, NULL) == 0);
	if (event == EVENT_EMERGENCY_STOP)
		b->emergency = bot_working(b) ? EMERGENCY_FLATTENING : EMERGENCY_LATCHED;
	if (event == EVENT_START) {
		b->emergency = EMERGENCY_NONE;
		b->error[0] = '\0';
		if (from != b->status)
			b->start_us = s->now_us;
	}
	if (event == EVENT_STOP || event == EVENT_EMERGENCY_STOP)
		b->error[0] = '\0';
	b->dirty = true;
	bot_signal_ends(s, b); /* the next refusal gets a row of its own */
	r = &effects_add(s, EFFECT_STATUS, NULL, 0)->u.status;
	*r = (struct status_report){
		.bot_id = b->id, .from = from, .to = b->status, .at_us = s->now_us,
	};
	snprintf(r->event, sizeof(r->event), "%s", bot_event_name(event));
	snprintf(r->reason, sizeof(r->reason), "%s", why);
	snprintf(r->requested_by, sizeof(r->requested_by), "%s", by);
	snprintf(r->correlation_id, sizeof(r->correlation_id), "%s", correlation_id);
}

void bot_cancel_entries(const struct step *s, struct bot *b, const char *correlation_id)
{
	for (size_t i = b->orders_n; i-- > 0;)
		order_cancel_entry(s, b->orders[i], CLOSE_ENTRY_CANCELLED, correlation_id);
}

void bot_fail(const struct step *s, struct bot *b, const char *fmt, ...)
{
	char why[sizeof(b->error)];
	va_list ap;
	bool known;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	known = b->status == BOT_ERROR && strcmp(b->error, why) == 0;
	memcpy(b->error, why, sizeof(b->error));
	if (!known)
		bot_set_status(s, b, EVENT_FAILURE, why, "worker", "");
	bot_cancel_entries(s, b, "");
}
