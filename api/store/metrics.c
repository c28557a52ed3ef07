#include "api/store/metrics.h"

#include "common/db/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SQL_COUNT[] = "SELECT count(*) FROM bots";
#define M(type, column, member) ROW_MEMBER(struct bot_metrics, type, column, member)

static const struct row_column columns[] = {
	M(ROW_TEXT, "b.id", id),
	M(ROW_TEXT, "b.name", name),
	M(ROW_TEXT, "c.symbol", symbol),
	M(ROW_TEXT, "c.strategy", strategy),
	M(ROW_TEXT, "c.exchange", exchange),
	M(ROW_TEXT, "s.mode", mode),
	M(ROW_TEXT, "coalesce(s.status, 'STOPPED')", status),
	M(ROW_REAL, "s.equity", equity),
	M(ROW_REAL, "s.peak_equity", peak_equity),
	M(ROW_INT, "s.open_positions", open_positions),
	M(ROW_INT, "s.pending_orders", pending_orders),
	M(ROW_INT, "s.last_execution_us", last_execution_us),
	M(ROW_INT, "t.trades", trades),
	M(ROW_INT, "t.wins", wins),
	M(ROW_INT, "t.losses", losses),
	M(ROW_REAL, "t.net", net),
	M(ROW_REAL, "t.fees", fees),
	M(ROW_REAL, "iif(s.day >= ?1, s.day_equity, 0.0)", day_equity),
	M(ROW_INT, "u.n", without_stop),
};
static const struct row_table bots = ROW_TABLE(
	"bots b LEFT JOIN trading_configs c ON c.bot_id = b.id"
	" LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN (SELECT bot_id, account_id, sum(trades) AS trades, sum(wins) AS wins,"
	" sum(losses) AS losses, sum(net) AS net, sum(fees) AS fees FROM trading_stats"
	" GROUP BY bot_id, account_id) t ON t.bot_id = b.id"
	" AND t.account_id = coalesce(s.account_id, 0)"
	" LEFT JOIN (SELECT o.bot_id, count(*) AS n FROM trading_orders o"
	" WHERE o.status != 'closed' AND o.phase != 'remainder' AND o.position > 0 AND NOT EXISTS"
	" (SELECT 1 FROM exchange_orders x"
	" WHERE x.order_id = o.id AND x.leg = 's' AND x.state IN ('new', 'partially_filled'))"
	" GROUP BY o.bot_id) u ON u.bot_id = b.id",
	columns);
ROW_SQL(all_bots, bots, "ORDER BY b.id");
static const char SQL_JOBS[] =
	"SELECT sum(state = 'queued'), sum(state = 'running'), sum(state = 'done'),"
	" sum(state = 'failed'), sum(state = 'cancelled') FROM jobs";
static const char SQL_BACKUPS[] =
	"SELECT coalesce(b.ended_us, 0),"
	" coalesce(iif(json_valid(b.result), json_extract(b.result, '$.bytes'), 0), 0) * 1.0,"
	" coalesce(iif(json_valid(b.result), json_extract(b.result, '$.took_s'), 0), 0) * 1.0,"
	" (SELECT count(*) FROM jobs WHERE kind = 'backup' AND state = 'failed')"
	" + (SELECT coalesce(sum(value), 0) FROM counters WHERE name = 'backup_failures')"
	" FROM (SELECT 1) LEFT JOIN (SELECT ended_us, result FROM jobs WHERE kind = 'backup'"
	" AND state = 'done' ORDER BY id DESC LIMIT 1) b";
static const char SQL_NOTIFY_OLDEST[] =
	"SELECT coalesce(min(created_us), 0) FROM notifications WHERE state = 'queued'";
static const char SQL_NOTIFY_LANES[] =
	"SELECT channel = 'webhook', sum(delivered), sum(failed), sum(dropped), sum(retries)"
	" FROM notification_lanes WHERE channel IN ('telegram', 'webhook') GROUP BY channel";

int store_metrics_bots(struct db *db, const char *day, struct bot_metrics **out, size_t *n,
		       struct err *e)
{
	struct bot_metrics *list;
	int64_t room = 0, found = 0;
	struct stmt *s;
	int rc;

	rc = db_number(db, SQL_COUNT, NULL, &room, e);
	if (!rc)
		rc = row_select(db, &all_bots, &s, e);
	if (rc)
		return rc;
	stmt_bind_text(s, 1, day);
	list = xcalloc((size_t)room + 1, sizeof(*list));
	/* A bot that was made between the two statements waits for the next call. */
	while (found < room && (rc = stmt_step(s, e)) == STMT_ROW)
		ASSERT(row_read(s, &bots, &list[found++]));
	stmt_done(s);
	if (rc < 0) {
		free(list);
		return rc;
	}
	*out = list;
	*n = (size_t)found;
	return 0;
}

int store_metrics_jobs(struct db *db, int64_t out[JOB_STATES_N], struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_JOBS, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		for (int i = 0; i < JOB_STATES_N; i++)
			out[i] = stmt_int(s, i);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_metrics_backups(struct db *db, struct backup_metrics *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_BACKUPS, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->done_us = stmt_int(s, 0);
		out->bytes = stmt_double(s, 1);
		out->took_s = stmt_double(s, 2);
		out->failures = stmt_int(s, 3);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_metrics_notify(struct db *db, struct notify_metrics *out, struct err *e)
{
	struct notify_metrics m = { 0 };
	struct stmt *s;
	int rc = db_number(db, SQL_NOTIFY_OLDEST, NULL, &m.oldest_us, e);

	if (!rc)
		rc = db_stmt(db, SQL_NOTIFY_LANES, &s, e);
	if (rc)
		return rc;
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		for (int i = 0; i < NOTIFY_RESULTS_N; i++)
			m.n[stmt_int(s, 0)][i] = stmt_int(s, i + 1);
	stmt_done(s);
	if (!rc)
		*out = m;
	return rc;
}
