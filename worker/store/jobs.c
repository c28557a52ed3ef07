#include "worker/store/jobs.h"

#include <string.h>

#define COLUMNS \
	"id, attempts, kind, state, args, progress, message, error, result, correlation_id," \
	" cancel_requested, pid, started_us, ended_us, length(CAST(args AS BLOB))"

static const char SQL_GET[] = "SELECT " COLUMNS " FROM jobs WHERE id = ?1";
static const char SQL_NEXT[] =
	"SELECT " COLUMNS " FROM jobs WHERE state = 'queued'"
	" AND (kind = 'backup') = ?1 ORDER BY id LIMIT 1";
static const char SQL_PUT[] =
	"UPDATE jobs SET attempts = ?2, state = ?3, progress = ?4, message = ?5, error = ?6,"
	" result = ?7, pid = ?8, started_us = ?9, ended_us = ?10 WHERE id = ?1";
static const char SQL_RECOVER_CANCEL[] =
	"UPDATE jobs SET state = 'cancelled', pid = NULL, ended_us = ?1"
	" WHERE state IN ('queued', 'running') AND cancel_requested = 1";
static const char SQL_RECOVER_FAIL[] =
	"UPDATE jobs SET state = 'failed', pid = NULL, ended_us = ?2,"
	" error = 'the worker ended each time this job ran; it is not tried again'"
	" WHERE state = 'running' AND attempts >= ?1";
static const char SQL_RECOVER_QUEUE[] = "UPDATE jobs SET state = 'queued', pid = NULL, message = "
					"'queued again after a worker restart'"
					" WHERE state = 'running'";
static const char SQL_LEFT[] =
	"SELECT id, pid FROM jobs WHERE state = 'running' AND pid IS NOT NULL ORDER BY id LIMIT ?1";
static const char SQL_INSERT[] =
	"INSERT INTO jobs(kind, args, requested_by, created_us) VALUES (?1, ?2, ?3, ?4)";
static const char SQL_NOTE[] =
	"INSERT INTO jobs(kind, state, progress, result, error, attempts, requested_by, created_us,"
	" started_us, ended_us) VALUES (?1, ?2, ?2 = 'done', ?3, ?4, 1, ?5, ?6, ?6, ?7)";
static const char SQL_NEWEST[] = "SELECT id, state, created_us, coalesce(ended_us, 0) FROM jobs"
				 " WHERE kind = ?1 ORDER BY id DESC LIMIT 1";

static void read_row(struct stmt *s, struct job_row *r)
{
	memset(r, 0, sizeof(*r));
	r->id = stmt_int(s, 0);
	r->attempts = stmt_int(s, 1);
	stmt_copy(s, 2, r->kind, sizeof(r->kind));
	stmt_copy(s, 3, r->state, sizeof(r->state));
	stmt_copy(s, 4, r->args, sizeof(r->args));
	r->progress = stmt_double(s, 5);
	stmt_copy(s, 6, r->message, sizeof(r->message));
	stmt_copy(s, 7, r->error, sizeof(r->error));
	stmt_copy(s, 8, r->result, sizeof(r->result));
	stmt_copy(s, 9, r->correlation_id, sizeof(r->correlation_id));
	r->cancel_requested = stmt_int(s, 10) != 0;
	r->pid = stmt_int(s, 11);
	r->started_us = stmt_int(s, 12);
	r->ended_us = stmt_int(s, 13);
	r->args_bytes = stmt_int(s, 14);
}

static int read_one(struct stmt *s, struct job_row *out, struct err *e)
{
	int rc = stmt_step(s, e);

	if (rc == STMT_ROW) {
		read_row(s, out);
		rc = 0;
	} else if (rc == STMT_END) {
		rc = err_set(e, ERR_NOT_FOUND, "there is no such job");
	}
	stmt_done(s);
	return rc;
}

int job_row_get(struct db *db, int64_t id, struct job_row *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_GET, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, id);
	return read_one(s, out, e);
}

int job_row_next(struct db *db, bool backup, struct job_row *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_NEXT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, backup);
	return read_one(s, out, e);
}

static void bind_or_null(struct stmt *s, int index, int64_t v)
{
	if (v)
		stmt_bind_int(s, index, v);
	else
		stmt_bind_null(s, index);
}

int job_row_put_tx(struct db *db, const struct job_row *r, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_PUT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, r->id);
	stmt_bind_int(s, 2, r->attempts);
	stmt_bind_text(s, 3, r->state);
	stmt_bind_double(s, 4, r->progress);
	stmt_bind_text(s, 5, r->message);
	stmt_bind_text(s, 6, r->error);
	stmt_bind_text(s, 7, r->result[0] ? r->result : "{}");
	bind_or_null(s, 8, r->pid);
	bind_or_null(s, 9, r->started_us);
	bind_or_null(s, 10, r->ended_us);
	return stmt_run(s, e);
}

static int update(struct db *db, const char *sql, const int64_t *values, int n, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	for (int i = 0; i < n; i++)
		stmt_bind_int(s, i + 1, values[i]);
	return stmt_run(s, e);
}

int job_rows_recover_tx(struct db *db, int64_t attempts, int64_t now_us, struct err *e)
{
	int64_t fail[] = { attempts, now_us };
	int rc = update(db, SQL_RECOVER_CANCEL, &now_us, 1, e);

	if (rc == 0)
		rc = update(db, SQL_RECOVER_FAIL, fail, 2, e);
	return rc ? rc : update(db, SQL_RECOVER_QUEUE, NULL, 0, e);
}

int job_rows_left(struct db *db, struct job_left *out, size_t max, size_t *n, struct err *e)
{
	size_t found = 0;
	struct stmt *s;
	int rc = db_stmt(db, SQL_LEFT, &s, e);

	if (rc)
		return rc;
	stmt_bind_int(s, 1, (int64_t)max);
	while ((rc = stmt_step(s, e)) == STMT_ROW)
		out[found++] = (struct job_left){ stmt_int(s, 0), stmt_int(s, 1) };
	stmt_done(s);
	if (rc == 0)
		*n = found;
	return rc;
}

int job_row_insert_tx(struct db *db, const char *kind, const char *args, const char *by,
		      int64_t now_us, int64_t *id, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_INSERT, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, kind);
	stmt_bind_text(s, 2, args);
	stmt_bind_text(s, 3, by);
	stmt_bind_int(s, 4, now_us);
	rc = stmt_run(s, e);
	if (rc == 0)
		*id = db_last_id(db);
	return rc;
}

int job_row_note_tx(struct db *db, const struct job_row *r, const char *by, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, SQL_NOTE, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, r->kind);
	stmt_bind_text(s, 2, r->state);
	stmt_bind_text(s, 3, r->result[0] ? r->result : "{}");
	stmt_bind_text(s, 4, r->error);
	stmt_bind_text(s, 5, by);
	stmt_bind_int(s, 6, r->started_us);
	stmt_bind_int(s, 7, r->ended_us);
	return stmt_run(s, e);
}

int job_row_newest(struct db *db, const char *kind, struct job_newest *out, struct err *e)
{
	struct job_newest newest = { 0 };
	struct stmt *s;
	int rc = db_stmt(db, SQL_NEWEST, &s, e);

	if (rc)
		return rc;
	stmt_bind_text(s, 1, kind);
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		newest.id = stmt_int(s, 0);
		stmt_copy(s, 1, newest.state, sizeof(newest.state));
		newest.created_us = stmt_int(s, 2);
		newest.ended_us = stmt_int(s, 3);
	}
	stmt_done(s);
	if (rc < 0)
		return rc;
	*out = newest;
	return 0;
}
