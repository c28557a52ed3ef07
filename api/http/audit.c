#include "api/http/audit.h"

#include "api/app_db.h"
#include "api/http/request.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/registry/audit.h"
#include "common/registry/bot_config_keys.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_HOUR (3600 * US_PER_S)
#define AGAIN_US 5000
#define AUDIT_WAITING_MAX 256	/* while the database refuses; then the oldest go */

struct audit {
	struct app *app;
	struct event *turn;
	struct audit_row rows[AUDIT_WAITING_MAX];
	size_t n;
	int64_t busy_since_us;	/* monotonic: others hold the database; 0 not */
	/* refusals */
	int64_t hour_us;	/* wall clock: begin of the hour that denied counts */
	unsigned denied;	/* with a row */
	uint64_t more;		/* since the last such row, without one */
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

/* True: another program has held the database for at most APP_BUSY_MS; the timer tries again. */
static bool is_short(struct audit *a, int rc)
{
	static const struct timeval soon = { 0, AGAIN_US };
	int64_t now = clock_mono_us();

	if (rc != ERR_BUSY || a->app->stopping)
		return false;
	if (!a->busy_since_us)
		a->busy_since_us = now;
	if (now - a->busy_since_us > APP_BUSY_MS * US_PER_MS)
		return false;
	event_add(a->turn, &soon);
	return true;
}

bool audit_flush(struct audit *a)
{
	struct err e = { 0 };
	int rc;

	if (!a->n || !a->app->database->db)
		return true;
	rc = store_audit_add(a->app->database->db, a->rows, a->n, &e);
	if (!rc) {
		a->n = 0;
		a->busy_since_us = 0;
		return true;
	}
	if (is_short(a, rc))
		return false;
	log_warn("audit", a->rows[0].correlation_id, "%zu audit rows wait: %s", a->n, e.msg);
	return true;
}

static bool changes_state(const struct request *r)
{
	return r->method == EVHTTP_REQ_POST || r->method == EVHTTP_REQ_PUT ||
	       r->method == EVHTTP_REQ_DELETE || r->method == EVHTTP_REQ_PATCH;
}

/* The first AUDIT_DENIED_PER_HOUR refusals of an hour get rows; the others are counted. */
static bool in_budget(struct audit *a, int64_t now)
{
	if (!a->hour_us || now - a->hour_us >= US_PER_HOUR || now < a->hour_us) {
		a->hour_us = now;
		a->denied = 0;
	}
	if (a->denied < AUDIT_DENIED_PER_HOUR) {
		a->denied++;
		return true;
	}
	a->more++;
	return false;
}

static struct audit_row *next_row(struct audit *a)
{
	if (a->n == AUDIT_WAITING_MAX) {
		log_error("audit", a->rows[0].correlation_id, "audit row lost: %s by %s -> %d",
			  a->rows[0].action, a->rows[0].actor, a->rows[0].status);
		a->n--;
		memmove(&a->rows[0], &a->rows[1], a->n * sizeof(a->rows[0]));
	}
	memset(&a->rows[a->n], 0, sizeof(a->rows[0]));
	return &a->rows[a->n++];
}

static bool is_param(const struct param *p, const char *name)
{
	while (p && p->name && strcmp(p->name, name) != 0)
		p++;
	return p && p->name;
}

/* A member that nobody knows is the caller's text, and may be a secret in the wrong place. */
static bool names_caller_text(const struct request *r)
{
	const char *name = r->fields && r->fields->n ? r->fields->list[0].field : NULL;

	return name && !(r->route && (is_param(r->route->body, name) ||
				      is_param(r->route->query, name))) &&
	       !bot_key_find(name);
}

static void fill(struct audit_row *row, const struct request *r, const char *error)
{
	row->at_us = clock_now_us();
	row->status = r->code;
	snprintf(row->actor, sizeof(row->actor), "%s",
		 r->who.token_id ? r->who.name : AUDIT_STRANGER);
	snprintf(row->address, sizeof(row->address), "%s", r->address);
	snprintf(row->correlation_id, sizeof(row->correlation_id), "%s", r->correlation_id);
	snprintf(row->detail, sizeof(row->detail), "%s", *error && names_caller_text(r)
		 ? "a member is not known here" : error);
	snprintf(row->action, sizeof(row->action), "%s %s", route_method_name(r->method),
		 r->route ? r->route->path : "?");
	if (r->route && r->match.n)
		snprintf(row->target, sizeof(row->target), "%s", r->match.values[0]);
}

/* Adds to the row how many refusals before it got no row. */
static void say_more(struct audit *a, struct audit_row *row)
{
	size_t len = strlen(row->detail);

	if (a->more)
		snprintf(row->detail + len, sizeof(row->detail) - len,
			 " (before this one %llu more were refused and have no row)",
			 (unsigned long long)a->more);
	a->more = 0;
}

void audit_add(const struct request *r, const char *error)
{
	static const struct timeval at_once = { 0, 0 };
	bool denied = r->code == 401 || r->code == 403;
	struct audit *a = r->app->audit;
	struct audit_row *row;

	if (denied ? !in_budget(a, clock_now_us())
		   : !changes_state(r) || !r->route || !r->who.token_id)
		return;
	row = next_row(a);
	fill(row, r, error);
	if (denied)
		say_more(a, row);
	log_write(denied ? LOG_WARN : LOG_INFO, LOG_AUDIT, r->correlation_id,
		  "%s from %s by %s -> %d", row->action, row->address, row->actor, r->code);
	/* If the database just failed, asking it again would only wait a second time. */
	if (!r->error_db)
		event_add(a->turn, &at_once);
}
