#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define DAY_US (24 * 60 * MINUTE_US)

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
void bot_equity(const struct step *s, struct bot *b)
{
	struct account_value value;
	struct money gain, settled;

	if (account_value(b->account, b->market->last, &value, NULL))
		return; /* no account yet: stays as it was */
	b->equity = value.equity;
	b->moved = true;
	if (!unrealized(b, &gain) || money_sub(b->equity, gain, &settled))
		return;
	if (money_cmp(settled, b->peak_equity) > 0) {
		b->peak_equity = settled;
		b->dirty = true;
	}
	if (day_begins(b, s->now_us)) {
		b->day_equity = money_cmp(settled, b->equity) < 0 ? settled : b->equity;
		b->dirty = true;
	}
}

static void sample(const struct step *s, struct bot *b)
{
	struct equity_report q = { .bot_id = b->id, .account_id = b->account_id,
				   .at_us = s->now_us };
	struct account_value value;

	bot_equity(s, b);
	if (account_value(b->account, b->market->last, &value, NULL))
		return;
	q.equity = value.equity;
	q.balance = value.balance;
	if (unrealized(b, &q.unrealized))
		effects_add(s, EFFECT_EQUITY, NULL, 0)->u.equity = q;
}

/* Once in a period; of periods that passed while nobody looked, once in the newest. */
void bot_equity_timer(const struct step *s, struct bot *b)
{
	int64_t every = s->all->equity_interval_us, newest;

	if (!every || s->now_us < b->equity_due_us)
		return;
	newest = bot_period_begin(b, every, s->all->target_us, 0);
	if (b->equity_due_us && newest > s->now_us) {
		b->equity_due_us = newest;
		return;
	}
	if (b->equity_due_us)
		sample(s, b);
	b->equity_due_us = bot_period_begin(b, every, s->now_us, 1);
}

void bot_account_reset(const struct step *s, struct bot *b)
{
	memset(&b->peak_equity, 0, sizeof(b->peak_equity));
	bot_drop_remainders(s, b);
	b->day[0] = '\0';
	b->loss_streak = 0;
	b->cooldown_until_us = 0;
	b->dirty = true;
	bot_equity(s, b);
}
