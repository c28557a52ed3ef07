/* Statistics of a bot: ratios, groups, and reports of outside bots. */
#include "api/routes/handlers.h"
#include "api/store/bots.h"
#include "api/store/stats.h"
#include "api/view/stats_json.h"
#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

static int known_bot(struct request *r, int64_t *id, struct err *e)
{
	int rc = request_id(r, "id", id, e);

	return rc ? rc : store_bots_exists(r->db, *id, e);
}

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

int handle_stats(struct request *r, struct err *e)
{
	struct reported_totals reported;
	const struct bot_sums *s;
	int64_t id;
	int rc;

	rc = known_bot(r, &id, e);
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

int handle_stats_pnl(struct request *r, struct err *e)
{
	struct time_range t = {
		.from_us = request_query_time(r, "from", 0),
		.to_us = request_query_time(r, "to", INT64_MAX),
	};
	const char *by = request_query(r, "by") ? request_query(r, "by") : "day";
	int64_t id;
	int rc = known_bot(r, &id, e);

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

int handle_stats_update(struct request *r, struct err *e)
{
	char today[CLOCK_TEXT_MAX];
	struct stats_report s = { 0 };
	struct db *db = r->db;
	int64_t id;
	int rc;

	rc = known_bot(r, &id, e);
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
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	json_bool(&r->json, "success", true);
	return store_stats_reported_day(db, id, s.day, &r->json, e);
}
