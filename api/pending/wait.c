#include "api/pending/wait.h"

#include "api/app_db.h"
#include "api/http/reply.h"
#include "api/pending/command_reply.h"
#include "api/pending/room.h"
#include "common/clock.h"
#include "common/db/watch.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdlib.h>

#define WAIT_TICK_US 20000

struct waiting {
	struct guest guest;
	int64_t command_id;
	bool answered;
};

struct wait {
	struct room room;
	struct app *app;
	struct watch *watch;		/* NULL: the room's timer alone */
	struct event *watch_event;	/* on while somebody waits */
};

static bool come(struct room *room, struct guest *g, int *rc, struct err *e)
{
	struct wait *w = (struct wait *)room;
	struct waiting *x = (struct waiting *)g;
	struct db *db = w->app->database->db;
	struct command c;

	if (!db || store_command_get(db, x->command_id, &c, e) || !command_answered(&c))
		return false;
	x->answered = true;
	*rc = command_answer(g->r, &c, e);
	return true;
}

static void end(struct guest *g, int rc, struct err *e)
{
	const struct waiting *x = (struct waiting *)g;

	if (!x->answered)
		command_accepted(g->r, x->command_id,
				 "queued; the worker has not answered yet");
	reply_send(g->r, x->answered ? rc : 0, e);
	free(g);
}

static void empty(struct room *room)
{
	const struct wait *w = (struct wait *)room;

	if (w->watch_event)
		event_del(w->watch_event);
}

static const struct reason reason = {
	.soon_us = WAIT_TICK_US, .later_us = WAIT_TICK_US,
	.come = come, .end = end, .empty = empty,
};

static void on_watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct wait *w = arg;

	(void)fd;
	(void)what;
	if (watch_drain(w->watch))
		room_look(&w->room);
}

struct wait *wait_new(struct app *a)
{
	struct wait *w = xcalloc(1, sizeof(*w));
	struct err e = { 0 };

	w->app = a;
	room_init(&w->room, a->base, &reason);
	if (watch_open(a->cfg->db_path, &w->watch, &e)) {
		log_warn("wait", NULL, "the API looks for answers only every %d ms: %s",
			 WAIT_TICK_US / 1000, e.msg);
		w->watch = NULL;
		return w;
	}
	w->watch_event = event_new(a->base, watch_fd(w->watch), EV_READ | EV_PERSIST,
				   on_watch_cb, w);
	ASSERT(w->watch_event != NULL);
	return w;
}

void wait_free(struct wait *w)
{
	if (!w)
		return;
	room_fini(&w->room);
	if (w->watch_event)
		event_free(w->watch_event);
	watch_close(w->watch);
	free(w);
}

int wait_for_command(struct request *r, int64_t id, struct err *e)
{
	struct wait *w = r->app->wait;
	struct command c;
	struct waiting *x;
	int rc;

	rc = store_command_get(r->app->database->db, id, &c, e);
	if (rc)
		return rc;
	if (command_answered(&c))
		return command_answer(r, &c, e);
	x = xcalloc(1, sizeof(*x));
	x->command_id = id;
	room_enter(&w->room, &x->guest, r, r->app->cfg->command_wait_ms * US_PER_MS);
	if (w->room.n > 1)
		return 0;
	if (w->watch_event) {
		watch_drain(w->watch);
		event_add(w->watch_event, NULL);
	}
	/* The worker may have answered between our look and the watch: look once more. */
	room_wake(&w->room);
	return 0;
}

size_t wait_pending(const struct wait *w)
{
	return w->room.n;
}
