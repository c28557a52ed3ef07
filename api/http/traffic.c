#include "api/http/traffic.h"

#include "api/http/request.h"
#include "api/view/metrics.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds. */
static const double bounds[] = {
	0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
	0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
};
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

static const int statuses[] = {
	101, 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 426, 429,
	500, 501, 503,
};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

enum verb { VERB_OWN, VERB_HEAD, VERB_OPTIONS, VERB_OTHER, VERBS };	/* OWN: the route's */
enum kind { KIND_READ, KIND_WRITE, KINDS };
enum reason { REASON_NO_TOKEN, REASON_BAD_TOKEN, REASON_ROLE, REASON_HOST, REASON_ORIGIN, REASONS };

static const char *const kind_names[] = { "read", "write" };
static const char *const reason_names[] = { "no_token", "bad_token", "role", "host", "origin" };

struct row {			/* a route's, the last one is for no route */
	uint64_t n[VERBS][STATUSES + 1];	/* the last: any other status */
};

struct traffic {
	size_t n;			/* of routes */
	struct row *rows;
	uint64_t durations[KINDS][BOUNDS + 1];
	double sums[KINDS];	/* s */
	uint64_t refused[REASONS];
	uint64_t rate_limited;
};

struct traffic *traffic_new(void)
{
	struct traffic *t = xcalloc(1, sizeof(*t));

	t->n = route_count();
	t->rows = xcalloc(t->n + 1, sizeof(*t->rows));
	return t;
}

void traffic_free(struct traffic *t)
{
	if (!t)
		return;
	free(t->rows);
	free(t);
}

static size_t status_index(int code)
{
	for (size_t i = 0; i < STATUSES; i++) {
		if (statuses[i] == code)
			return i;
	}
	return STATUSES;
}

static enum verb verb_of(const struct request *r)
{
	if (r->route && r->method == r->route->method)
		return VERB_OWN;
	if (r->method == EVHTTP_REQ_HEAD)
		return VERB_HEAD;
	return r->method == EVHTTP_REQ_OPTIONS ? VERB_OPTIONS : VERB_OTHER;
}

static void add_refusal(struct traffic *t, const struct request *r)
{
	const char *code = r->error_code ? r->error_code : "";

	if (r->code == 429)
		t->rate_limited++;
	else if (r->code == 401 && request_header(r, "Authorization"))
		t->refused[REASON_BAD_TOKEN]++;
	else if (r->code == 401)
		t->refused[REASON_NO_TOKEN]++;
	else if (!strcmp(code, "forbidden"))
		t->refused[REASON_ROLE]++;
	else if (!strcmp(code, "host_not_allowed"))
		t->refused[REASON_HOST]++;
	else if (!strcmp(code, "origin_not_allowed"))
		t->refused[REASON_ORIGIN]++;
}

void traffic_add(struct traffic *t, const struct request *r)
{
	struct row *row = &t->rows[r->route ? r->match.number : t->n];
	enum kind kind = r->method == EVHTTP_REQ_GET || r->method == EVHTTP_REQ_HEAD ||
			 r->method == EVHTTP_REQ_OPTIONS ? KIND_READ : KIND_WRITE;
	double took = (double)(clock_mono_us() - r->begin_us) / US_PER_S;
	size_t i = 0;

	row->n[verb_of(r)][status_index(r->code)]++;
	while (i < BOUNDS && took > bounds[i])
		i++;
	t->durations[kind][i]++;
	t->sums[kind] += took;
	if (r->code >= 400)
		add_refusal(t, r);
}

static const char *verb_name(enum verb v, const struct route *route)
{
	switch (v) {
	case VERB_OWN:
		return route ? route_method_name(route->method) : "other";
	case VERB_HEAD: return "HEAD";
	case VERB_OPTIONS: return "OPTIONS";
	case VERB_OTHER:
	case VERBS: break;
	}
	return "other";
}

static void row_metrics(const struct traffic *t, size_t at, struct buf *out)
{
	const struct route *route = at < t->n ? route_at(at) : NULL;
	char path[128] = "none", status[8];

	if (route)
		snprintf(path, sizeof(path), "%s%s", route->root ? "" : "/api/v1", route->path);
	for (enum verb v = 0; v < VERBS; v++) {
		for (size_t i = 0; i <= STATUSES; i++) {
			uint64_t n = t->rows[at].n[v][i];

			if (!n)
				continue;
			snprintf(status, sizeof(status), "%d", i < STATUSES ? statuses[i] : 0);
			metrics_sample(out, METRIC_API_REQUESTS, (double)n,
				       (const char *const[]){ path, verb_name(v, route), status });
		}
	}
}

void traffic_metrics(const struct traffic *t, struct buf *out)
{
	metrics_family(out, METRIC_API_REQUESTS);
	for (size_t i = 0; i <= t->n; i++)
		row_metrics(t, i, out);
	metrics_family(out, METRIC_API_DURATION);
	for (enum kind k = 0; k < KINDS; k++)
		metrics_histogram(out, METRIC_API_DURATION,
				  &(struct metrics_histogram){
					  .bounds = bounds,
					  .counts = t->durations[k],
					  .n = BOUNDS,
					  .sum = t->sums[k],
				  },
				  &kind_names[k]);
	metrics_single(out, METRIC_API_RATE_LIMITED, (double)t->rate_limited);
	metrics_family(out, METRIC_API_AUTH_FAILURES);
	for (enum reason i = 0; i < REASONS; i++)
		metrics_sample(out, METRIC_API_AUTH_FAILURES, (double)t->refused[i],
			       &reason_names[i]);
}
