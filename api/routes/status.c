#include "api/routes/handlers.h"
#include "api/store/status.h"
#include "api/view/status_cache.h"
#include "api/view/status_json.h"
#include "common/clock.h"

/* The bot of the path; the default bot 1 where the path names none. */
static int bot_of_path(struct request *r, int64_t *id, struct err *e)
{
	if (!request_path_value(r, "id")) {
		*id = 1;
		return 0;
	}
	return request_id(r, "id", id, e);
}

int handle_status(struct request *r, struct err *e)
{
	struct status_key key = {
		.data_version = r->app->data_version,
		.writes = r->app->writes,
		.mono_us = r->begin_us,
	};
	const struct buf *body;
	struct bot_status b;
	int rc;

	rc = bot_of_path(r, &key.bot_id, e);
	if (rc)
		return rc;
	body = status_cache_get(r->app->status, &key);
	if (body) {
		buf_clear(&r->out);
		buf_add(&r->out, body->data, body->len);
		return 0;
	}
	rc = store_status_get(r->app->db, key.bot_id, &b, e);
	if (rc)
		return rc;
	status_json(&r->json, &b, clock_now_us());
	status_cache_put(r->app->status, &key, &r->out);
	return 0;
}
