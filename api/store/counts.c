#include "api/store/counts.h"

static const char SQL_COUNTS[] =
	"SELECT (SELECT count(*) FROM bots),"
	" (SELECT count(*) FROM bot_state WHERE status = 'RUNNING'),"
	" (SELECT coalesce(sum(open_positions), 0) FROM bot_state),"
	" (SELECT count(*) FROM commands WHERE status = 'queued'),"
	" (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')),"
	" (SELECT count(*) FROM notifications WHERE state = 'queued')";

int store_counts_get(struct db *db, struct store_counts *out, struct err *e)
{
	struct stmt *s;
	int rc;

	rc = db_stmt(db, SQL_COUNTS, &s, e);
	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		out->bots = stmt_int(s, 0);
		out->running = stmt_int(s, 1);
		out->open_positions = stmt_int(s, 2);
		out->queued_commands = stmt_int(s, 3);
		out->open_jobs = stmt_int(s, 4);
		out->notifications = stmt_int(s, 5);
	}
	stmt_done(s);
	return rc < 0 ? rc : 0;
}
