#include "worker/engine/bot.h"

#include <stdio.h>
#include <string.h>

#define SIGNAL_WRITE_US INT64_C(5000000)	/* a repeating row is rewritten this often */
#define SHIFT_US INT64_C(50000)		/* between the periods of bots with adjacent ids */

/*
 * Number of the period that a time lies in. Periods don't depend on when the worker started,
 * because a restart must not change the rows. Those of each bot are shifted by its id, because
 * a thousand rows at one time would make one long turn of the loop. The shifts are multiples
 * of SHIFT_US, so that some bots share a turn, because a turn for each would cost more.
 */
static int64_t period_of(const struct bot *b, int64_t every, int64_t at_us)
{
	return (at_us - b->id * SHIFT_US % every) / every;
}

int64_t bot_period_begin(const struct bot *b, int64_t every, int64_t at_us, int64_t ahead)
{
	return (period_of(b, every, at_us) + ahead) * every + b->id * SHIFT_US % every;
}

void bot_correlation_id(const struct bot *b, int64_t now_us, char out[CORRELATION_ID_MAX])
{
	snprintf(out, CORRELATION_ID_MAX, "bot%lld-%lld", (long long)b->id, (long long)now_us);
}

static void write_signal(const struct step *s, struct bot *b)
{
	b->signal_written_us = b->signal.last_us;
	effects_add(s, EFFECT_SIGNAL, NULL, 0)->u.signal = b->signal;
}

void bot_signal_ends(const struct step *s, struct bot *b)
{
	if (b->signal.id && b->signal.repeats > 1) {
		b->signal.ended = true;
		write_signal(s, b);
	}
	b->signal.id = 0;
}

/* Is it the refusal of the newest row again, within the same period and settings? */
static bool repeats(const struct step *s, const struct bot *b, const struct signal *sig,
		    const char *rule)
{
	const struct signal_report *now = &b->signal;
	int64_t every_us = s->all->signal_repeat_us;

	return now->id && !now->taken && now->side == sig->side && strcmp(now->rule, rule) == 0 &&
	       now->config_version == b->config.version &&
	       period_of(b, every_us, s->now_us) == period_of(b, every_us, now->at_us);
}

void bot_signal(const struct step *s, struct bot *b, const struct signal *sig, bool taken,
		const char *rule, const char *reason, const struct order *o)
{
	struct signal_report *now = &b->signal;
	bool same = !taken && repeats(s, b, sig, rule);

	if (!same) {
		bot_signal_ends(s, b);
		memset(now, 0, sizeof(*now));
		now->id = s->ids->signal++;
		now->at_us = s->now_us;
		if (o)
			memcpy(now->correlation_id, o->correlation_id, sizeof(now->correlation_id));
		else
			bot_correlation_id(b, s->now_us, now->correlation_id);
	}
	now->bot_id = b->id;
	now->account_id = b->account_id;
	memcpy(now->symbol, b->market->info.symbol, sizeof(now->symbol));
	memcpy(now->strategy, b->config.strategy, sizeof(now->strategy));
	now->side = sig->side;
	now->wanted = sig->wanted;
	now->taken = taken;
	now->confidence = sig->confidence;
	now->price = b->market->last;
	snprintf(now->rule, sizeof(now->rule), "%s", rule);
	snprintf(now->reason, sizeof(now->reason), "%s", reason);
	now->order_id = o ? o->id : 0;
	now->repeats++;
	now->model_id = b->has_model ? b->model.model_id : 0;
	now->config_version = b->config.version;
	now->last_us = s->now_us;
	if (!same || period_of(b, SIGNAL_WRITE_US, s->now_us) !=
			     period_of(b, SIGNAL_WRITE_US, b->signal_written_us))
		write_signal(s, b);
}
