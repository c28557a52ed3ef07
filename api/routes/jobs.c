#include "api/routes/table.h"
#include "api/store/jobs.h"

#include <stdio.h>

static int handle_jobs_list(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_jobs_list(r->db, request_query(r, "state"), &p, &r->json, e);
}

static int handle_jobs_get(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	return rc ? rc : store_jobs_get(r->db, id, &r->json, e);
}

static int handle_jobs_cancel(struct request *r, struct err *e)
{
	struct db *db = r->db;
	char link[48];
	int64_t id;
	int rc = request_begin(r, &id, e);

	if (rc)
		return rc;
	rc = store_jobs_cancel_tx(db, id, e);
	rc = db_end(db, rc, e);
	if (rc)
		return rc;
	snprintf(link, sizeof(link), "/api/v1/jobs/%lld", (long long)id);
	request_add_header(r, "Location", link);
	r->code = 202;
	json_bool(&r->json, "success", true);
	json_string(&r->json, "link", link);
	return store_jobs_get(db, id, &r->json, e);
}

/* ---- the routes ---- */

static const struct param q_jobs[] = {
	PAGE,
	{ .name = "state", .type = PARAM_CHOICE, .choices = "queued|running|done|failed|cancelled",
	  .help = "only these" },
	END
};

#define JOB_COLUMNS(...) store_jobs_columns, FIELDS( \
	__VA_ARGS__ { "args", "object", "What was asked for." }, \
	{ "state", "queued|running|done|failed|cancelled", NULL }, \
	{ "result", "object", "What it found." }, HELP("error", "Why it failed."), \
	HELP("message", "What it is doing, for a person."), MAYBE("started"), MAYBE("ended"))

static const struct part parts[] = {
	{ "Job", "Work in a child process of the worker.", JOB_COLUMNS(), NULL },
	{ "JobCancelled", "A job that will end soon.", JOB_COLUMNS(
	  OK, { "link", "text", "Where to see how it ends." },), NULL },
	PAGE_OF("JobList", "jobs", "Job", "Jobs, newest first."),
};

static const struct route rows[] = {
	{ R(GET, "/jobs"), V, DO(jobs_list, "Backtests, trainings and downloads"),
	  .query = q_jobs, ONE("JobList") },
	{ R(GET, "/jobs/:id"), V, DO(jobs_get, "One job"), ONE("Job") },
	{ R(DELETE, "/jobs/:id"), T, DO(jobs_cancel, "Cancel a job"),
	  .gives = { { 202, "JobCancelled" } }, .says = CHANGE | SAYS_LOCATION },
};
const struct route_group jobs_routes = { "Jobs", ROWS_OF(rows), ROWS_OF(parts) };
