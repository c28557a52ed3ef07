#include "api/audit.h"

#include "api/request.h"
#include "api/store_audit.h"
#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define US_PER_HOUR (3600 * US_PER_S)

static bool changes_state(const struct request *r)
{
	return r->method == EVHTTP_REQ_POST || r->method == EVHTTP_REQ_PUT ||
	       r->method == EVHTTP_REQ_DELETE || r->method == EVHTTP_REQ_PATCH;
}

/* Of an hour's refusals the first AUDIT_DENIED_PER_HOUR have rows; the others are counted. */
static bool in_budget(struct audit_denied *d, int64_t now)
{
	if (!d->since_us || now - d->since_us >= US_PER_HOUR || now < d->since_us) {
		d->since_us = now;
		d->rows = 0;
	}
	if (d->rows < AUDIT_DENIED_PER_HOUR) {
		d->rows++;
		return true;
	}
	d->more++;
	return false;
}

static void add(const struct request *r, struct audit_row *row)
{
	struct err e = { 0 };

	if (r->app->db && store_audit_add(r->app->db, row, &e))
		log_warn("audit", r->correlation_id, "no audit row for %s: %s", row->action, e.msg);
}

/* Refused before it reached a route's handler, or a read that was not allowed. */
static void write_denied(const struct request *r, const char *error, struct audit_row *row)
{
	struct audit_denied *d = &r->app->denied;
	char detail[600];

	if (!in_budget(d, row->at_us))
		return;
	snprintf(detail, sizeof(detail), "%s", error);
	if (d->more)
		snprintf(detail + strlen(detail), sizeof(detail) - strlen(detail),
			 " (before this one %llu more were refused and have no row)",
			 (unsigned long long)d->more);
	d->more = 0;
	row->detail = detail;
	log_warn("audit", r->correlation_id, "%s from %s (%s) refused with %d", row->action,
		 r->address, row->actor, r->code);
	add(r, row);
}

void audit_write(const struct request *r, const char *error)
{
	bool denied = r->code == 401 || r->code == 403;
	struct audit_row row = {
		.at_us = clock_now_us(),
		.status = r->code,
		.actor = r->who.token_id ? r->who.name : AUDIT_STRANGER,
		.address = r->address,
		.correlation_id = r->correlation_id,
		.detail = error,
	};

	/* A database that just refused would be asked, and waited for, a second time. */
	if ((!changes_state(r) && !denied) || r->error_db)
		return;
	snprintf(row.action, sizeof(row.action), "%s %s", route_method_name(r->method),
		 r->route ? r->route->path : "?");
	if (r->route && r->match.n)
		snprintf(row.target, sizeof(row.target), "%s", r->match.values[0]);
	if (denied) {
		write_denied(r, error, &row);
	} else if (r->route && r->who.token_id) {
		log_info("audit", r->correlation_id, "%s by %s -> %d", row.action, row.actor,
			 r->code);
		add(r, &row);
	}
}
