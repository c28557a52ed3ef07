/* Statistics of a bot: ratios, groups, and reports of outside bots. */
#include "api/routes/table.h"
#include "api/store/stats.h"
#include "api/view/stats_json.h"
#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

static void reported_json(struct json *j, const struct reported_totals *t)
{
	json_object(j, "reported");
	json_int(j, "orders", t->orders);
	amount_json(j, "orders_pnl", t->orders_pnl);
	json_int(j, "days", t->days);
	json_int(j, "trades", t->trades);
	json_int(j, "wins", t->wins);
	json_int(j, "losses", t->losses);
	amount_json(j, "gross", t->gross);
	amount_json(j, "fees", t->fees);
	amount_json(j, "net", t->net);
	amount_json(j, "volume", t->volume);
	json_object_end(j);
}

static int handle_stats(struct request *r, struct err *e)
{
	struct reported_totals reported;
	const struct bot_sums *s;
	int64_t id;
	int rc;

	rc = request_bot(r, &id, e);
	if (!rc)
		rc = trade_sums_get(r->app->sums, r->db, r->db_generation, id, &s, e);
	if (!rc)
		rc = store_stats_reported(r->db, id, &reported, e);
	if (rc)
		return rc;
	json_int(&r->json, "bot_id", id);
	/* of all trades, whatever accounts came one after the other */
	stats_json(&r->json, bot_sums_stats(s), r->app->cfg->sim_initial_capital);
	reported_json(&r->json, &reported);
	json_time(&r->json, "timestamp", clock_now_us());
	return 0;
}

/* Over all time the sums are in memory already, unless they are too large for exact sums. */
static int pnl_of_all_time(struct request *r, int64_t id, const char *by, struct err *e)
{
	static const struct time_range always = { .from_us = 0, .to_us = INT64_MAX };
	const struct bot_sums *s;
	struct trade_group *groups = NULL;
	size_t n = 0;
	int rc = trade_sums_get(r->app->sums, r->db, r->db_generation, id, &s, e);

	if (!rc)
		rc = bot_sums_groups(s, by, &groups, &n, e);
	if (rc == ERR_RANGE)
		return store_stats_pnl(r->db, id, by, &always, &r->json, e);
	if (!rc)
		rc = store_stats_pnl_of(r->db, id, by, groups, n, &r->json, e);
	free(groups);
	return rc;
}

static int handle_stats_pnl(struct request *r, struct err *e)
{
	struct time_range t = {
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
	};
	const char *by = request_query(r, "by") ? request_query(r, "by") : "day";
	int64_t id;
	int rc = request_bot(r, &id, e);

	if (rc)
		return rc;
	json_int(&r->json, "bot_id", id);
	json_string(&r->json, "by", by);
	if (t.from_us == 0 && t.to_us == INT64_MAX)
		return pnl_of_all_time(r, id, by, e);
	return store_stats_pnl(r->db, id, by, &t, &r->json, e);
}

#define NUMBER(s, r, field) \
	do { \
		const cJSON *v = request_member(r, #field); \
		(s)->field.given = v != NULL; \
		(s)->field.value = v ? v->valuedouble : 0; \
	} while (0)

/* The counts of the day as they are now, if this report gave one of them. */
static int check_counts(struct request *r, int64_t id, const struct stats_report *s, struct err *e)
{
	struct reported_totals t = { 0 };
	int64_t day_us;
	int rc = 0;

	if (!clock_parse(s->day, &day_us))
		request_check_past(r, "day", day_us);
	if (s->trades.given || s->wins.given || s->losses.given)
		rc = store_stats_reported_counts(r->db, id, s->day, &t, e);
	if (rc)
		return rc;
	if (t.wins > t.trades)
		field_error(request_fields(r), "wins", "must be at most trades (%lld)",
			    (long long)t.trades);
	else if (t.wins + t.losses > t.trades)
		field_error(request_fields(r), "losses", "must be at most trades - wins (%lld)",
			    (long long)(t.trades - t.wins));
	return request_fields_check(r, 422, e);
}

static int handle_stats_update(struct request *r, struct err *e)
{
	char today[CLOCK_TEXT_MAX];
	struct stats_report s = { 0 };
	struct db *db = r->db;
	int64_t id;
	int rc;

	rc = request_bot(r, &id, e);
	if (!rc)
		rc = db_begin(db, e);
	if (rc)
		return rc;
	s.day = request_text(r, "day", clock_day(clock_now_us(), today));
	NUMBER(&s, r, trades);
	NUMBER(&s, r, wins);
	NUMBER(&s, r, losses);
	NUMBER(&s, r, gross);
	NUMBER(&s, r, fees);
	NUMBER(&s, r, net);
	NUMBER(&s, r, volume);
	rc = store_stats_report_tx(db, id, &s, clock_now_us(), e);
	if (!rc)
		rc = check_counts(r, id, &s, e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	return store_stats_reported_day(db, id, s.day, &r->json, e);
}

/* ---- the routes ---- */

static const struct param q_pnl[] = {
	{ .name = "by", .type = PARAM_CHOICE, .choices = "day|week|month|symbol|reason",
	  .help = "what a row stands for, day unless given" },
	FROM_TO, END
};

static const struct param b_stats[] = {
	{ .name = "day", .type = PARAM_DAY, .help = "UTC day, today unless given" },
	COUNT("trades", "closed trades of the day"), COUNT("wins", "of them with a profit"),
	COUNT("losses", "of them with a loss"), AMOUNT("gross", false, -AMOUNT_MAX, "quote asset"),
	AMOUNT("fees", false, 0, "quote asset"), AMOUNT("net", false, -AMOUNT_MAX, "quote asset"),
	AMOUNT("volume", false, 0, "quote asset"), END
};

const struct part_field stats_fields[] = {
	F("trades", "count"), F("wins", "count"), F("losses", "count"), F("gross", "amount"),
	F("fees", "amount"), F("net", "amount"), F("volume", "amount"),
	{ "win_rate", "number?", "wins / trades, 0 to 1." },
	{ "profit_factor", "number?", "Sum of profits / sum of losses; null without a loss." },
	{ "expectancy", "number?", "net / trades, quote asset." },
	{ "average_win", "number?", "Quote asset." },
	{ "average_loss", "number?", "Quote asset, below 0." },
	{ "best", "amount?", "Best trade, quote asset; null without trades." },
	{ "worst", "amount?", "Worst trade, quote asset; null without trades." },
	{ "average_holding_s", "number?", "Seconds that a position was open." },
	{ "max_drawdown", "amount", "Largest fall of the running net, quote asset." },
	{ "max_drawdown_pct", "number?",
	  "The same in percent of SIMULATION_INITIAL_CAPITAL and highest net." },
	{ "sharpe", "number?", "Of daily returns, per year of 365 days." },
	{ "sortino", "number?", "As sharpe, counting only losing days." },
	{ "first_trade", "time?", "When the first trade was closed." },
	{ "last_trade", "time?", "When the last trade was closed." },
	{ NULL, NULL, NULL },
};

static const struct part parts[] = {
	{ "Stats", "Totals and ratios of closed trades.", NULL,
	  FIELDS(F("bot_id", "id"), F("reported", "ReportedTotals"), NOW), stats_fields },
	OBJECT("ReportedTotals", "What outside bots reported.",
	       { "orders", "count", "Closed ones." },
	       { "orders_pnl", "amount", "Their sum, quote asset." },
	       { "days", "count", "With a report." }, F("trades", "count"), F("wins", "count"),
	       F("losses", "count"), F("gross", "amount"), F("fees", "amount"),
	       F("net", "amount"), F("volume", "amount")),
	ROWS("PnlRow", "Profit and loss of one group.", store_stats_pnl_columns,
	     { "group", NULL, "The day, Monday of the week, month, symbol or reason." },
	     { "source", "worker|reported", NULL }),
	OBJECT("PnlList", "Profit and loss in groups.",
	       F("bot_id", "id"), { "by", "day|week|month|symbol|reason", NULL },
	       F("pnl", "[PnlRow]")),
	ROWS("DayReported", "A reported day after the report.", store_stats_day_columns,
	     OK, { "day", "day", "UTC." }),
};

static const struct route rows[] = {
	{ R(GET, TRADING "/stats"), V, DO(stats, "Totals and ratios of a bot's closed trades"),
	  .slow = true, ONE("Stats") },
	{ R(GET, TRADING "/stats/pnl"), V,
	  DO(stats_pnl, "Profit and loss per day, week, month, symbol or reason"), .query = q_pnl,
	  .slow = true, ONE("PnlList") },
	{ R(POST, TRADING "/stats/update"), T,
	  DO(stats_update, "Report a day's totals of an outside bot"), .body = b_stats,
	  ONE("DayReported"), .says = CHANGE,
	  .example = "{\"day\":\"2026-01-31\",\"trades\":4,\"wins\":3,"
		     "\"losses\":1,\"net\":12.5}" },
};
const struct route_group stats_routes = { "Statistics", ROWS_OF(rows), ROWS_OF(parts) };
