#include "api/audit.h"

#include "api/request.h"
#include "api/store_audit.h"
#include "common/clock.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT_WAITING_MAX 256	/* while the database refuses; then the oldest go */

struct audit {
	struct app *app;
	struct event *turn;
	struct audit_row rows[AUDIT_WAITING_MAX];
	size_t n;
};

static void on_turn_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	audit_flush(arg);
}

struct audit *audit_new(struct app *app)
{
	struct audit *a = xcalloc(1, sizeof(*a));

	a->app = app;
	a->turn = event_new(app->base, -1, 0, on_turn_cb, a);
	ASSERT(a->turn != NULL);
	return a;
}

void audit_free(struct audit *a)
{
	if (!a)
		return;
	audit_flush(a);
	event_free(a->turn);
	free(a);
}

void audit_flush(struct audit *a)
{
	struct err e = { 0 };

	if (!a->n || !a->app->db)
		return;
	if (store_audit_add(a->app->db, a->rows, a->n, &e)) {
		log_warn("audit", a->rows[0].correlation_id, "%zu audit rows wait: %s", a->n, e.msg);
		return;
	}
	a->n = 0;
}

static struct audit_row *next_row(struct audit *a)
{
	if (a->n == AUDIT_WAITING_MAX) {
		log_error("audit", a->rows[0].correlation_id, "audit row lost: %s by %s -> %d",
			  a->rows[0].action, a->rows[0].actor, a->rows[0].status);
		a->n--;
		memmove(&a->rows[0], &a->rows[1], a->n * sizeof(a->rows[0]));
	}
	return &a->rows[a->n++];
}

static void fill(struct audit_row *row, const struct request *r, const char *error)
{
	memset(row, 0, sizeof(*row));
	row->at_us = clock_now_us();
	row->status = r->code;
	snprintf(row->actor, sizeof(row->actor), "%s", r->who.name);
	snprintf(row->address, sizeof(row->address), "%s", r->address);
	snprintf(row->correlation_id, sizeof(row->correlation_id), "%s", r->correlation_id);
	snprintf(row->detail, sizeof(row->detail), "%s", error);
	snprintf(row->action, sizeof(row->action), "%s %s", route_method_name(r->method),
		 r->route->path);
	if (r->match.n)
		snprintf(row->target, sizeof(row->target), "%s", r->match.values[0]);
}

void audit_add(const struct request *r, const char *error)
{
	static const struct timeval at_once = { 0, 0 };
	struct audit *a = r->app->audit;
	struct audit_row *row;

	if (r->method != EVHTTP_REQ_POST && r->method != EVHTTP_REQ_PUT &&
	    r->method != EVHTTP_REQ_DELETE && r->method != EVHTTP_REQ_PATCH)
		return;
	/* Strangers must not be able to fill the disk: a line in the log is enough. */
	if (!r->route || !r->who.token_id) {
		log_warn("audit", r->correlation_id, "%s from %s refused with %d",
			 route_method_name(r->method), r->address, r->code);
		return;
	}
	row = next_row(a);
	fill(row, r, error);
	log_info("audit", r->correlation_id, "%s by %s -> %d", row->action, row->actor, r->code);
	/* A database that just refused would be asked, and waited for, a second time. */
	if (!r->error_db)
		event_add(a->turn, &at_once);
}
