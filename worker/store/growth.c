#include "worker/store/growth.h"

#include "common/clock.h"

#include <math.h>

#define DAY_US (INT64_C(86400) * US_PER_S)
#define WINDOW_US (7 * DAY_US)
#define LEAST_US (3600 * US_PER_S)	/* less says nothing about a day */
#define SAMPLES_KEPT 24.0		/* of equity, a day and bot */

static const char SQL_BYTES[] =
	"SELECT coalesce(sum(d.pgsize), 0) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name"
	" WHERE d.aggregate = TRUE AND s.tbl_name = ?1";

/* Rows after ?1, all rows, the time of the oldest. */
#define MEASURE(table, column, where) \
	"SELECT sum(" column " > ?1), count(*), min(" column ") FROM " table " WHERE " where

struct grower {
	const char *table;
	const char *measure;
	int64_t keep;			/* offset in struct config of its days; -1 for good */
	bool sampled;			/* of its rows SAMPLES_KEPT a day and bot stay for good */
};

#define KEEP(member) ((int64_t)offsetof(struct config, member))
static const struct grower growers[] = {
	{ "trading_orders", MEASURE("trading_orders", "created_us", "1"), KEEP(keep_orders_days),
	  false },
	{ "exchange_orders", MEASURE("exchange_orders", "requested_us", "1"),
	  KEEP(keep_fills_days), false },
	{ "order_events", MEASURE("order_events", "at_us", "1"), KEEP(keep_fills_days), false },
	{ "fills", MEASURE("fills", "at_us", "1"), KEEP(keep_fills_days), false },
	{ "sim_ledger", MEASURE("sim_ledger", "at_us", "1"), KEEP(keep_details_days), false },
	{ "bot_events", MEASURE("bot_events", "at_us", "1"), KEEP(keep_details_days), false },
	{ "commands", MEASURE("commands", "created_us", "1"), KEEP(keep_details_days), false },
	{ "jobs", MEASURE("jobs", "created_us", "1"), KEEP(keep_details_days), false },
	{ "audit_log", MEASURE("audit_log", "at_us", "1"), KEEP(keep_audit_days), false },
	{ "trading_stats", MEASURE("trading_stats", "updated_us", "1"), -1, false },
	{ "equity", MEASURE("equity", "at_us", "1"), -1, true },
};

static int number(struct db *db, const char *sql, const char *table, double *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	if (table)
		stmt_bind_text(s, 1, table);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*out = stmt_double(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

struct measured { double per_day, rows; };	/* rows a day, and there */

static int measure(struct db *db, const struct grower *g, int64_t from_us, double days,
		   struct measured *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, g->measure, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, from_us);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*out = (struct measured){ stmt_double(s, 0) / days, stmt_double(s, 1) };
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

static int64_t keep_days(const struct grower *g, const struct config *c)
{
	return g->keep < 0 ? 0 : *(const int64_t *)(const void *)((const char *)c + g->keep);
}

static int add(struct db *db, const struct grower *g, const struct config *c, int64_t from_us,
	       struct growth *out, struct err *e)
{
	static const char SQL_BOTS[] = "SELECT count(*) FROM bots";
	int64_t days = keep_days(g, c);
	struct measured m = { 0, 0 };
	double bytes = 0, bots = 0, per_row;
	int rc = number(db, SQL_BYTES, g->table, &bytes, e);

	if (rc == 0)
		rc = measure(db, g, from_us, out->days, &m, e);
	if (rc == 0 && g->sampled)
		rc = number(db, SQL_BOTS, NULL, &bots, e);
	if (rc || m.rows == 0)
		return rc;
	per_row = bytes / m.rows;
	if (g->sampled && m.per_day > SAMPLES_KEPT * bots) {
		out->details_end += m.per_day * per_row;	/* whole for a day */
		out->details += m.per_day * per_row;
		m.per_day = SAMPLES_KEPT * bots;
	}
	out->per_day += m.per_day * per_row;
	if (days == 0) {
		out->lasting_per_day += m.per_day * per_row;
	} else {
		out->details += bytes;
		out->details_end += m.per_day * per_row * (double)days;
	}
	return 0;
}

int store_growth(struct db *db, const struct config *c, int64_t now_us, struct growth *out,
		 struct err *e)
{
	static const char SQL_FIRST[] = "SELECT coalesce(min(at_us), 0) FROM equity";
	double first = 0, age;
	int rc = number(db, SQL_FIRST, NULL, &first, e);

	*out = (struct growth){ 0 };
	age = (double)now_us - first;
	if (rc || first == 0 || age < (double)LEAST_US)
		return rc;
	if (age > (double)WINDOW_US)
		age = (double)WINDOW_US;
	out->days = age / (double)DAY_US;
	for (size_t i = 0; rc == 0 && i < sizeof(growers) / sizeof(growers[0]); i++)
		rc = add(db, &growers[i], c, now_us - (int64_t)age, out, e);
	return rc;
}

double growth_days_left(const struct growth *g, double free_bytes)
{
	double coming = g->details_end > g->details ? g->details_end - g->details : 0;

	if (coming >= free_bytes)
		return g->per_day > 0 ? free_bytes / g->per_day : HUGE_VAL;
	return g->lasting_per_day > 0 ? (free_bytes - coming) / g->lasting_per_day : HUGE_VAL;
}
