#include "worker/engine/bot.h"

#include "common/clock.h"

#include <stdio.h>
#include <string.h>

void day_text(int64_t us, char out[DAY_TEXT_MAX])
{
	char text[CLOCK_TEXT_MAX];

	snprintf(out, DAY_TEXT_MAX, "%.10s", clock_day(us, text));
}

void stats_add(struct day_stats *s, const struct order *o, int64_t now_us)
{
	char day[DAY_TEXT_MAX];
	struct money down;

	day_text(now_us, day);
	if (strcmp(day, s->day) != 0) {
		memset(s, 0, sizeof(*s));
		memcpy(s->day, day, sizeof(s->day));
	}
	s->bot_id = o->bot_id;
	s->trades++;
	s->wins += money_sign(o->pnl) > 0;
	s->losses += money_sign(o->pnl) < 0;
	ASSERT(money_add(s->fees, order_costs(o), &s->fees) == 0);
	ASSERT(money_add(s->gross, o->gross, &s->gross) == 0);
	ASSERT(money_add(s->net, o->pnl, &s->net) == 0);
	ASSERT(money_add(s->volume, o->entry_notional, &s->volume) == 0);
	ASSERT(money_add(s->volume, o->exit_notional, &s->volume) == 0);
	if (money_cmp(s->net, s->peak_net) > 0)
		s->peak_net = s->net;
	ASSERT(money_sub(s->peak_net, s->net, &down) == 0);
	if (money_cmp(down, s->max_drawdown) > 0)
		s->max_drawdown = down;
	s->updated_us = now_us;
}
