#include "worker/store/future.h"

#include <stdio.h>

#define TIMES(table, column) \
	{ table, "SELECT count(*), coalesce(max(" column "), 0) FROM " table " WHERE " column \
	  " > ?1" }

static const struct {
	const char *table, *sql;
} times[] = {
	TIMES("trading_orders", "max(created_us, updated_us)"),
	TIMES("exchange_orders", "requested_us"),
	TIMES("fills", "at_us"),
	TIMES("signals", "last_us"),
	TIMES("equity", "at_us"),
	TIMES("candles", "open_us"),
	TIMES("sim_ledger", "at_us"),
	TIMES("bot_events", "at_us"),
	TIMES("bot_state", "updated_us"),
	TIMES("worker_heartbeat", "beat_us"),
	TIMES("commands", "created_us"),
	TIMES("jobs", "created_us"),
	TIMES("notifications", "created_us"),
	TIMES("audit_log", "at_us"),
	TIMES("logs", "at_us"),
	TIMES("trading_config_history", "changed_us"),
	TIMES("api_tokens", "created_us"),
};

int store_future(struct db *db, int64_t limit_us, int64_t *n, int64_t *newest_us, char table[32],
		 struct err *e)
{
	int64_t rows = 0, newest = 0;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct stmt *s;
		int rc = db_stmt(db, times[i].sql, &s, e);

		if (rc)
			return rc;
		stmt_bind_int(s, 1, limit_us);
		rc = stmt_step(s, e);
		if (rc == STMT_ROW) {
			rows += stmt_int(s, 0);
			if (stmt_int(s, 1) > newest) {
				newest = stmt_int(s, 1);
				snprintf(table, 32, "%s", times[i].table);
			}
		}
		stmt_done(s);
		if (rc < 0)
			return rc;
	}
	*n = rows;
	*newest_us = newest;
	return 0;
}
