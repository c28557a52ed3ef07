#include "api/view/stats_json.h"

#include "common/clock.h"

static void maybe(struct json *j, const char *key, bool has, double v)
{
	if (has)
		json_double(j, key, v);
	else
		json_null(j, key);
}

void stats_json(struct json *j, const struct stats *s, double capital)
{
	struct stats_ratios r;

	stats_end(s, capital, &r);
	json_int(j, "trades", s->trades);
	json_int(j, "wins", s->wins);
	json_int(j, "losses", s->losses);
	json_money(j, "gross", s->gross);
	json_money(j, "fees", s->fees);
	json_money(j, "net", s->net);
	json_money(j, "volume", s->volume);
	maybe(j, "win_rate", r.has_rate, r.win_rate);
	maybe(j, "profit_factor", r.has_factor, r.profit_factor);
	maybe(j, "expectancy", r.has_rate, r.expectancy);
	maybe(j, "average_win", s->wins > 0,
	      s->wins ? money_double(s->profits) / (double)s->wins : 0);
	maybe(j, "average_loss", s->losses > 0,
	      s->losses ? money_double(s->lost) / (double)s->losses : 0);
	maybe(j, "best", s->trades > 0, money_double(s->best));
	maybe(j, "worst", s->trades > 0, money_double(s->worst));
	maybe(j, "average_holding_s", s->trades > 0,
	      s->trades ? (double)s->held_us / (double)US_PER_S / (double)s->trades : 0);
	json_money(j, "max_drawdown", s->max_drawdown);
	maybe(j, "max_drawdown_pct", r.has_rate && capital > 0, r.max_drawdown_pct);
	maybe(j, "sharpe", r.has_sharpe, r.sharpe);
	maybe(j, "sortino", r.has_sortino, r.sortino);
	json_time(j, "first_trade", s->first_us);
	json_time(j, "last_trade", s->last_us);
}
