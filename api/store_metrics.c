#include "api/store_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SQL_COUNT[] = "SELECT count(*) FROM bots";
static const char SQL_BOTS[] =
	"SELECT b.id, b.name, coalesce(c.symbol, ''), coalesce(c.strategy, ''),"
	" coalesce(c.exchange, ''), coalesce(s.mode, ''), coalesce(s.status, 'STOPPED'),"
	" coalesce(s.equity, 0.0), coalesce(s.peak_equity, 0.0), coalesce(s.open_positions, 0),"
	" coalesce(s.pending_orders, 0), coalesce(s.last_execution_us, 0), coalesce(t.trades, 0),"
	" coalesce(t.wins, 0), coalesce(t.losses, 0), coalesce(t.net, 0.0), coalesce(t.fees, 0.0)"
	" FROM bots b LEFT JOIN trading_configs c ON c.bot_id = b.id"
	" LEFT JOIN bot_state s ON s.bot_id = b.id"
	" LEFT JOIN (SELECT bot_id, sum(trades) AS trades, sum(wins) AS wins,"
	" sum(losses) AS losses, sum(net) AS net, sum(fees) AS fees FROM trading_stats"
	" GROUP BY bot_id) t ON t.bot_id = b.id ORDER BY b.id";
static const char SQL_JOBS[] =
	"SELECT sum(state = 'queued'), sum(state = 'running'), sum(state = 'done'),"
	" sum(state = 'failed'), sum(state = 'cancelled') FROM jobs";

static const char SQL_LANES[] =
	"SELECT channel, sum(delivered), sum(failed), sum(dropped), sum(retries)"
	" FROM notification_lanes GROUP BY channel";
static const char SQL_OLDEST[] =
	"SELECT coalesce(min(created_us), 0) FROM notifications WHERE state = 'queued'";

static void read_bot(struct stmt *s, struct bot_metrics *b)
{
	snprintf(b->id, sizeof(b->id), "%lld", (long long)stmt_int(s, 0));
	stmt_copy(s, 1, b->name, sizeof(b->name));
	stmt_copy(s, 2, b->symbol, sizeof(b->symbol));
	stmt_copy(s, 3, b->strategy, sizeof(b->strategy));
	stmt_copy(s, 4, b->exchange, sizeof(b->exchange));
	stmt_copy(s, 5, b->mode, sizeof(b->mode));
	stmt_copy(s, 6, b->status, sizeof(b->status));
	b->equity = stmt_double(s, 7);
	b->peak_equity = stmt_double(s, 8);
	b->open_positions = stmt_int(s, 9);
	b->pending_orders = stmt_int(s, 10);
	b->last_execution_us = stmt_int(s, 11);
	b->trades = stmt_int(s, 12);
	b->wins = stmt_int(s, 13);
	b->losses = stmt_int(s, 14);
	b->net = stmt_double(s, 15);
	b->fees = stmt_double(s, 16);
}

static int count_bots(struct db *db, size_t *n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_COUNT, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*n = (size_t)stmt_int(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_metrics_bots(struct db *db, struct bot_metrics **out, size_t *n, struct err *e)
{
	struct bot_metrics *list;
	size_t room = 0, found = 0;
	struct stmt *s;
	int rc;

	rc = count_bots(db, &room, e);
	if (!rc)
		rc = db_stmt(db, SQL_BOTS, &s, e);
	if (rc)
		return rc;
	list = xcalloc(room + 1, sizeof(*list));
	/* A bot made between the two looks waits for the next one. */
	while (found < room && (rc = stmt_step(s, e)) == STMT_ROW)
		read_bot(s, &list[found++]);
	stmt_done(s);
	if (rc < 0) {
		free(list);
		return rc;
	}
	*out = list;
	*n = found;
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

static int oldest(struct db *db, int64_t *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_OLDEST, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		*out = stmt_int(s, 0);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

int store_metrics_notify(struct db *db, struct notify_metrics out[NOTIFY_CHANNELS_N],
			 int64_t *oldest_us, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_LANES, &s, e);

	if (rc)
		return rc;
	memset(out, 0, NOTIFY_CHANNELS_N * sizeof(*out));
	while ((rc = stmt_step(s, e)) == STMT_ROW) {
		struct notify_metrics *m = &out[strcmp(stmt_text(s, 0), "telegram") != 0];

		m->delivered = stmt_int(s, 1);
		m->failed = stmt_int(s, 2);
		m->dropped = stmt_int(s, 3);
		m->retries = stmt_int(s, 4);
	}
	stmt_done(s);
	return rc ? rc : oldest(db, oldest_us, e);
}
