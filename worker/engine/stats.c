#include "worker/engine/stats.h"

#include "common/clock.h"
#include "worker/trade/order.h"

#include <stdio.h>
#include <string.h>

void day_text(int64_t us, char out[DAY_TEXT_MAX])
{
	char text[CLOCK_TEXT_MAX];

	snprintf(out, DAY_TEXT_MAX, "%.10s", clock_day(us, text));
}

static void add(struct money *sum, struct money part)
{
	(void)!money_add(*sum, part, sum);
}

/* The net result changed: updates its highest value, and the largest fall below that. */
static void follow(struct day_stats *s)
{
	struct money down;

	if (money_cmp(s->net, s->peak_net) > 0)
		s->peak_net = s->net;
	if (money_sub(s->peak_net, s->net, &down) == 0 && money_cmp(down, s->max_drawdown) > 0)
		s->max_drawdown = down;
}

void stats_of(const struct order *o, int64_t now_us, struct day_stats *trade)
{
	*trade = (struct day_stats){
		.bot_id = o->bot_id, .account_id = o->account_id, .trades = 1,
		.wins = money_sign(o->pnl) > 0,
		.losses = money_sign(o->pnl) < 0, .gross = o->gross, .fees = order_costs(o),
		.net = o->pnl, .volume = o->entry_notional, .updated_us = now_us,
	};
	day_text(now_us, trade->day);
	add(&trade->volume, o->exit_notional);
	follow(trade);
}

void stats_add(struct day_stats *day, const struct day_stats *trade)
{
	if (strcmp(day->day, trade->day) != 0) {
		*day = *trade;
		return;
	}
	day->trades += trade->trades;
	day->wins += trade->wins;
	day->losses += trade->losses;
	add(&day->gross, trade->gross);
	add(&day->fees, trade->fees);
	add(&day->net, trade->net);
	add(&day->volume, trade->volume);
	follow(day);
	day->updated_us = trade->updated_us;
}
