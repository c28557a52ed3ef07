#include "api/routes/handlers.h"
#include "api/store/bots.h"
#include "api/store/signals.h"

#include <string.h>

int handle_signals(struct request *r, struct err *e)
{
	const char *taken = request_query(r, "taken");
	struct page p = { 0 };
	int64_t id;
	int rc;

	rc = request_id(r, "id", &id, e);
	if (!rc)
		rc = store_bots_exists(r->app->db, id, e);
	if (!rc)
		rc = request_page(r, &p, e);
	if (rc)
		return rc;
	return store_signals_list(r->app->db, id, taken ? !strcmp(taken, "true") : -1,
				  request_query(r, "rule"), &p, &r->json, e);
}
