#include "worker/engine/bot.h"

#include "worker/engine/risk.h"

#include <string.h>

#define MINUTE_US INT64_C(60000000)
#define DAY_US (24 * 60 * MINUTE_US)

/* The open orders' gain at the last price, in total. False: too large for an amount. */
static bool unrealized(const struct bot *b, struct money *sum)
{
	*sum = (struct money){ 0 };
	for (size_t i = 0; i < b->orders_n; i++)
		if (money_add(*sum, order_unrealized(b->orders[i], b->market->last), sum))
			return false;
	return true;
}

/*
 * Does a new UTC day begin? Not when the clock was set back, because MAX_DAILY_LOSS would
 * forget the loss of the day that had begun: b->day, which is in the future then, lasts until
 * it comes. But it lasts 24 hours at most, because a clock that was a year ahead would
 * otherwise leave the bot with one day for a year.
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
 * Later equity is compared with the peak and with the day's first equity, so one wrong price
 * must not set them. Therefore open positions count at what they cost. In the day's equity an
 * open loss counts as well, because a loss of yesterday is none of today.
 */
void bot_equity(const struct step *s, struct bot *b)
{
	struct account_value value;
	struct money gain, settled;

	if (account_value(b->account, b->market->last, &value, NULL))
		return; /* no account yet: equity stays as it was */
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

/*
 * One sample a period. When the clock passes several periods at once (target_us is where it
 * goes), only the newest gets its sample, because the others would all be the same.
 */
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
