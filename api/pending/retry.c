#include "api/pending/retry.h"

#include "common/clock.h"

#include <event2/event.h>
#include <stdlib.h>

#define SOON_US 1000		/* until the next try: another's commit takes about so long */
#define LATER_US 5000		/* once that is not so */
#define SOON_TRIES 50

struct retry {
	struct request *r;
	struct retry_work work;
	int64_t deadline_us;	/* monotonic */
	struct retry *next;
};

struct retries {
	struct app *app;
	struct event *timer;
	struct retry *first, **last;	/* oldest first */
	size_t n;
	unsigned tries;		/* of the first one */
};

/* One try. *busy: nothing was done, and another one makes sense. */
static int try_work(struct request *r, const struct retry_work *w, bool *busy, struct err *e)
{
	struct app *a = r->app;
	uint64_t before = a->db ? db_commits(a->db) : 0;
	int rc;

	r->db = a->db;
	rc = w->again(r, w->ctx, e);
	*busy = rc == ERR_BUSY && a->db && db_commits(a->db) == before;
	if (*busy)
		request_begin_answer(r);
	return rc;
}

static void arm(struct retries *all)
{
	int64_t us = all->tries < SOON_TRIES ? SOON_US : LATER_US;
	const struct timeval tv = { 0, all->tries ? us : 0 };

	if (all->first)
		event_add(all->timer, &tv);
}

static struct retry *take_first(struct retries *all)
{
	struct retry *x = all->first;

	all->first = x->next;
	if (!all->first)
		all->last = &all->first;
	all->n--;
	all->tries = 0;
	return x;
}

/* Tries one request per turn, because each may wait for the disk while others need the loop. */
static void on_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct retries *all = arg;
	struct retry *x = all->first;
	struct err e = { 0 };
	bool busy;
	int rc;

	(void)fd;
	(void)what;
	if (!x)
		return;
	rc = try_work(x->r, &x->work, &busy, &e);
	if (busy && clock_mono_us() < x->deadline_us) {
		all->tries++;
	} else {
		take_first(all);
		x->work.end(x->r, x->work.ctx, rc, &e);
		free(x);
	}
	arm(all);
}

struct retries *retries_new(struct app *a)
{
	struct retries *all = xcalloc(1, sizeof(*all));

	all->app = a;
	all->last = &all->first;
	all->timer = event_new(a->base, -1, 0, on_timer_cb, all);
	ASSERT(all->timer != NULL);
	return all;
}

void retries_free(struct retries *all)
{
	struct err e = { 0 };

	if (!all)
		return;
	while (all->first) {
		struct retry *x = take_first(all);

		x->work.end(x->r, x->work.ctx,
			    err_set(&e, ERR_UNAVAILABLE, "the API is stopping"), &e);
		free(x);
	}
	event_free(all->timer);
	free(all);
}

static void wait_in_line(struct retries *all, struct request *r, const struct retry_work *w)
{
	struct retry *x = xcalloc(1, sizeof(*x));

	x->r = r;
	x->work = *w;
	x->deadline_us = clock_mono_us() + APP_BUSY_MS * US_PER_MS;
	*all->last = x;
	all->last = &x->next;
	if (all->n++)
		return;
	all->tries = 1;
	arm(all);
}

void retry_run(struct request *r, const struct retry_work *w, bool writes)
{
	struct retries *all = r->app->retries;
	struct err e = { 0 };
	bool busy = true;
	int rc = ERR_BUSY;

	if (!writes || !all->first)
		rc = try_work(r, w, &busy, &e);
	if (!busy) {
		w->end(r, w->ctx, rc, &e);
		return;
	}
	if (all->n < RETRY_MAX) {
		wait_in_line(all, r, w);
		return;
	}
	rc = request_error(r, &e, 503, "busy",
			   "another program holds the database, and %d requests wait for it",
			   RETRY_MAX);
	w->end(r, w->ctx, rc, &e);
}
