#include "worker/job/job.h"

#include "worker/store/jobs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct job_kind *const job_kinds[] = { &job_check, &job_backup, NULL };

const struct job_kind *job_kind_find(const char *name)
{
	for (size_t i = 0; job_kinds[i]; i++)
		if (strcmp(job_kinds[i]->name, name) == 0)
			return job_kinds[i];
	return NULL;
}

/* Sends one line to the worker; replaces newlines, because they would begin another line. */
static void tell(char what, const char *text)
{
	char line[JOB_LINE_MAX];
	int n = snprintf(line, sizeof(line) - 1, "%c %s", what, text);
	size_t len = n < (int)sizeof(line) - 1 ? (size_t)n : sizeof(line) - 2;

	for (size_t i = 0; i < len; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	line[len] = '\n';
	if (write(JOB_FD, line, len + 1) < 0)
		_exit(1); /* the worker is gone: it starts us again */
}

void job_progress(double fraction, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n = snprintf(text, sizeof(text), "%.4f ", fraction);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	tell('P', text);
}

/* Sends the result whole or not at all. */
static int tell_result(const struct buf *text, struct err *e)
{
	if (text->len > JOB_LINE_MAX - 3)
		return err_set(e, ERR_RANGE, "its result has %zu bytes, %d can be kept", text->len,
			       JOB_LINE_MAX - 3);
	tell('R', buf_text(text));
	return 0;
}

static int read_args(const struct job_row *row, cJSON **out, struct err *e)
{
	struct err why = { 0 };

	if (row->args_bytes >= (int64_t)sizeof(row->args))
		return err_set(e, ERR_RANGE, "its args have %lld bytes, %zu are possible",
			       (long long)row->args_bytes, sizeof(row->args) - 1);
	if (json_read(row->args, strlen(row->args), out, &why))
		return err_set(e, ERR_INVALID, "its args can't be read: %s", why.msg);
	if (!cJSON_IsObject(*out))
		return err_set(e, ERR_INVALID, "its args must be a JSON object");
	return 0;
}

static int run_row(const struct config *c, const struct job_row *row, struct err *e)
{
	const struct job_kind *kind = job_kind_find(row->kind);
	struct buf text = { 0 };
	struct json result = { .out = &text };
	cJSON *args = NULL;
	struct job job = { .id = row->id, .kind = row->kind, .config = c, .result = &result };
	int rc;

	if (!kind)
		return err_set(e, ERR_INVALID, "there is no job kind \"%s\"", row->kind);
	rc = read_args(row, &args, e);
	if (rc)
		goto out;
	job.args = args;
	json_object(&result, NULL);
	rc = kind->run(&job, e);
	json_object_end(&result);
	if (rc == 0)
		rc = tell_result(&text, e);
out:
	cJSON_Delete(args);
	buf_free(&text);
	return rc;
}

/* In a job started by hand JOB_FD may become any file that is opened next, such as the database. */
static bool started_by_worker(void)
{
	struct stat st;

	return fstat(JOB_FD, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

int job_run(const struct config *c, int64_t id)
{
	struct db *db = NULL;
	struct job_row row;
	struct err e = { 0 };
	int rc;

	if (!started_by_worker()) {
		fputs("trading-bot: job-run is started by the worker; to queue a job: "
		      "trading-bot job KIND\n", stderr);
		return 1;
	}
	rc = db_open_existing(c->db_path, DB_READ, &db, &e);

	if (rc == 0)
		rc = job_row_get(db, id, &row, &e);
	db_close(db);
	if (rc == 0)
		rc = run_row(c, &row, &e);
	if (rc)
		tell('E', e.msg);
	return rc ? 1 : 0;
}
