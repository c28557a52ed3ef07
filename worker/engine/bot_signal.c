#include "worker/engine/bot.h"

#include <stdio.h>
#include <string.h>

#define SIGNAL_WRITE_US INT64_C(5000000)	/* a repeating row is rewritten this often */

static void write_signal(const struct step *s, struct bot *b)
{
	b->signal_written_us = b->signal.last_us;
	effects_add(s, EFFECT_SIGNAL, NULL, 0)->u.signal = b->signal;
}

void bot_signal_ends(const struct step *s, struct bot *b)
{
	if (b->signal.id && b->signal_written_us != b->signal.last_us)
		write_signal(s, b);
	b->signal.id = 0;
}

static bool repeats(const struct step *s, const struct bot *b, const struct signal *sig,
		    const char *rule)
{
	const struct signal_report *now = &b->signal;
	int64_t every_us = s->all->signal_repeat_us;

	return now->id && !now->taken && now->side == sig->side && strcmp(now->rule, rule) == 0 &&
	       now->config_version == b->config.version &&
	       bot_period(b, every_us, s->now_us) == bot_period(b, every_us, now->at_us);
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
	}
	now->bot_id = b->id;
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
	snprintf(now->correlation_id, sizeof(now->correlation_id), "%s",
		 o ? o->correlation_id : "");
	now->last_us = s->now_us;
	if (!same || bot_period(b, SIGNAL_WRITE_US, s->now_us) !=
			     bot_period(b, SIGNAL_WRITE_US, b->signal_written_us))
		write_signal(s, b);
}
