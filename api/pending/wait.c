#include "api/pending/wait.h"

#include "api/http/reply.h"
#include "api/pending/command.h"
#include "common/clock.h"
#include "common/db/watch.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdlib.h>

#define WAIT_TICK_US 20000

struct parked {
	struct request *r;
	int64_t command_id;
	int64_t deadline_us;	/* monotonic */
	struct parked *next;
};

struct wait {
	struct app *app;
	struct watch *watch;		/* NULL: the timer alone */
	struct event *watch_event;
	struct event *timer;
	struct parked *first;
	size_t n;
};

/* Answers p's request when it can be; false: it waits on. */
static bool try_answer(struct wait *w, struct parked *p)
{
	struct command c;
	struct err e = { 0 };
	int rc;

	rc = w->app->db ? store_command_get(w->app->db, p->command_id, &c, &e) : ERR_BUSY;
	if (rc == 0 && command_answered(&c)) {
		rc = command_answer(p->r, &c, &e);
		reply_send(p->r, rc, &e);
		return true;
	}
	if (clock_mono_us() < p->deadline_us)
		return false;
	command_accepted(p->r, p->command_id);
	reply_send(p->r, 0, NULL);
	return true;
}

static void check_all(struct wait *w)
{
	struct parked **at = &w->first;

	while (*at) {
		struct parked *p = *at;

		if (!try_answer(w, p)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		w->n--;
		free(p);
	}
	if (!w->first) {
		event_del(w->timer);
		if (w->watch_event)
			event_del(w->watch_event);
	}
}

static void on_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check_all(arg);
}

static void on_watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct wait *w = arg;

	(void)fd;
	(void)what;
	if (watch_drain(w->watch))
		check_all(w);
}

struct wait *wait_new(struct app *a)
{
	struct wait *w = xcalloc(1, sizeof(*w));
	struct err e = { 0 };

	w->app = a;
	w->timer = event_new(a->base, -1, EV_PERSIST, on_timer_cb, w);
	ASSERT(w->timer != NULL);
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
	for (struct parked *p = w->first; p; p = p->next)
		p->deadline_us = 0;
	check_all(w);
	if (w->watch_event)
		event_free(w->watch_event);
	event_free(w->timer);
	watch_close(w->watch);
	free(w);
}

int wait_for_command(struct request *r, int64_t id, struct err *e)
{
	static const struct timeval tick = { 0, WAIT_TICK_US };
	struct wait *w = r->app->wait;
	struct command c;
	struct parked *p;
	int rc;

	rc = store_command_get(r->app->db, id, &c, e);
	if (rc)
		return rc;
	if (command_answered(&c))
		return command_answer(r, &c, e);
	p = xcalloc(1, sizeof(*p));
	p->r = r;
	p->command_id = id;
	p->deadline_us = clock_mono_us() + r->app->cfg->command_wait_ms * US_PER_MS;
	p->next = w->first;
	w->first = p;
	r->parked = true;
	if (w->n++)
		return 0;
	event_add(w->timer, &tick);
	if (w->watch_event) {
		watch_drain(w->watch);
		event_add(w->watch_event, NULL);
	}
	/* Look once more, because the worker may have answered before the watch began. */
	event_active(w->timer, EV_TIMEOUT, 0);
	return 0;
}

size_t wait_pending(const struct wait *w)
{
	return w->n;
}
