#include "api/pending/retry.h"

#include "api/app_db.h"
#include "api/pending/room.h"
#include "common/clock.h"

#include <stdlib.h>

struct retry {
	struct guest guest;
	struct retry_work work;
};

struct retries {
	struct room room;
};

/* One try. *busy: nothing was done, and another one makes sense. */
static int try_work(struct request *r, const struct retry_work *w, bool *busy, struct err *e)
{
	struct app *a = r->app;
	uint64_t before = a->database->db ? db_commits(a->database->db) : 0;
	int rc;

	r->db = a->database->db;
	rc = w->again(r, w->ctx, e);
	*busy = rc == ERR_BUSY && a->database->db && db_commits(a->database->db) == before;
	if (*busy)
		request_begin_answer(r);
	return rc;
}

static bool come(struct room *room, struct guest *g, int *rc, struct err *e)
{
	bool busy = false;

	*rc = room->closing ? room_stopping(e)
			    : try_work(g->r, &((struct retry *)g)->work, &busy, e);
	return !busy;
}

static void end(struct guest *g, int rc, struct err *e)
{
	struct retry *x = (struct retry *)g;

	x->work.end(g->r, x->work.ctx, rc, e);
	free(x);
}

/* Another's commit takes about a millisecond; once that is not so, it may take long. */
static const struct reason reason = {
	.in_line = true, .one = true, .soon_us = 1000, .later_us = 5000, .come = come, .end = end,
};

struct retries *retries_new(struct app *a)
{
	struct retries *all = xcalloc(1, sizeof(*all));

	room_init(&all->room, a->base, &reason);
	return all;
}

void retries_free(struct retries *all)
{
	if (!all)
		return;
	room_fini(&all->room);
	free(all);
}

void retry_run(struct request *r, const struct retry_work *w, bool writes)
{
	struct retries *all = r->app->retries;
	struct err e = { 0 };
	struct retry *x;
	bool busy = true;
	int rc = ERR_BUSY;

	if (!writes || !all->room.first)
		rc = try_work(r, w, &busy, &e);
	if (!busy) {
		w->end(r, w->ctx, rc, &e);
		return;
	}
	if (all->room.n < RETRY_MAX) {
		x = xcalloc(1, sizeof(*x));
		x->work = *w;
		room_enter(&all->room, &x->guest, r, APP_BUSY_MS * US_PER_MS);
		return;
	}
	rc = request_error(r, &e, 503, "busy",
			   "another program holds the database, and %d requests wait for it",
			   RETRY_MAX);
	w->end(r, w->ctx, rc, &e);
}
