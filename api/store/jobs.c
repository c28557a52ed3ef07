#include "api/store/jobs.h"

#include <string.h>

#define JOB_SELECT \
	"SELECT id, kind, args, state, progress, message, result, error, cancel_requested," \
	" requested_by, correlation_id, created_us, started_us, ended_us FROM jobs "
static const char SQL_LIST[] = JOB_SELECT "WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
static const char SQL_LIST_STATE[] =
	JOB_SELECT "WHERE id < ?1 AND state = ?3 ORDER BY id DESC LIMIT ?2";
static const char SQL_GET[] = JOB_SELECT "WHERE id = ?1";
static const char SQL_STATE[] = "SELECT state FROM jobs WHERE id = ?1";
static const char SQL_CANCEL[] = "UPDATE jobs SET cancel_requested = 1 WHERE id = ?1";
const struct column store_jobs_columns[] = {
	{ "id", COL_INT }, { "kind", COL_TEXT }, { "args", COL_JSON }, { "state", COL_TEXT },
	{ "progress", COL_REAL }, { "message", COL_TEXT }, { "result", COL_JSON },
	{ "error", COL_NULLTEXT }, { "cancel_requested", COL_BOOL }, { "requested_by", COL_TEXT },
	{ "correlation_id", COL_TEXT }, { "created", COL_TIME }, { "started", COL_TIME },
	{ "ended", COL_TIME }, { NULL, COL_INT },
};

int store_jobs_list(struct db *db, const char *state, const struct page *p, struct json *j,
		    struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, state ? SQL_LIST_STATE : SQL_LIST, &s, e);

	if (rc)
		return rc;
	page_bind(s, 1, 2, p);
	if (state)
		stmt_bind_text(s, 3, state);
	return rows_page(j, "jobs", s, store_jobs_columns, p, e);
}

int store_jobs_get(struct db *db, int64_t id, struct json *j, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return rows_one(j, s, store_jobs_columns, "job", id, e);
}

int store_jobs_cancel_tx(struct db *db, int64_t id, struct err *e)
{
	char state[16] = "";
	struct stmt *s;
	int rc = db_stmt(db, SQL_STATE, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		stmt_copy(s, 0, state, sizeof(state));
	stmt_done(s);
	if (rc < 0)
		return rc;
	if (rc == STMT_END)
		return err_set(e, ERR_NOT_FOUND, "there is no job %lld", (long long)id);
	if (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0)
		return err_set(e, ERR_CONFLICT, "job %lld is %s already", (long long)id, state);
	rc = db_stmt(db, SQL_CANCEL, &s, e);
	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return stmt_run(s, e);
}
