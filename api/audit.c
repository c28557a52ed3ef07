#include "api/audit.h"

#include "api/request.h"
#include "api/store_audit.h"
#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>

void audit_write(const struct request *r, const char *error)
{
	struct audit_row row = { .at_us = clock_now_us(), .status = r->code };
	struct err e = { 0 };

	if (r->method != EVHTTP_REQ_POST && r->method != EVHTTP_REQ_PUT &&
	    r->method != EVHTTP_REQ_DELETE && r->method != EVHTTP_REQ_PATCH)
		return;
	/* A database that just refused would be asked, and waited for, a second time. */
	if (r->error_db)
		return;
	/* Strangers must not be able to fill the disk: a line in the log is enough. */
	if (!r->route || !r->who.token_id) {
		log_warn("audit", r->correlation_id, "%s from %s refused with %d",
			 route_method_name(r->method), r->address, r->code);
		return;
	}
	row.actor = r->who.name;
	row.address = r->address;
	row.correlation_id = r->correlation_id;
	row.detail = error;
	snprintf(row.action, sizeof(row.action), "%s %s", route_method_name(r->method),
		 r->route->path);
	if (r->match.n)
		snprintf(row.target, sizeof(row.target), "%s", r->match.values[0]);
	log_info("audit", r->correlation_id, "%s by %s -> %d", row.action, row.actor, r->code);
	if (r->app->db && store_audit_add(r->app->db, &row, &e))
		log_warn("audit", r->correlation_id, "no audit row for %s: %s", row.action, e.msg);
}
