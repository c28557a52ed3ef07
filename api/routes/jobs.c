#include "api/routes/handlers.h"
#include "api/store/jobs.h"

#include <stdio.h>

int handle_jobs_list(struct request *r, struct err *e)
{
	struct page p = { 0 };
	int rc = request_page(r, &p, e);

	return rc ? rc : store_jobs_list(r->app->db, request_query(r, "state"), &p, &r->json, e);
}

int handle_jobs_get(struct request *r, struct err *e)
{
	int64_t id;
	int rc = request_id(r, "id", &id, e);

	return rc ? rc : store_jobs_get(r->app->db, id, &r->json, e);
}

int handle_jobs_cancel(struct request *r, struct err *e)
{
	struct db *db = r->app->db;
	char link[48];
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = db_begin(db, e);
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
