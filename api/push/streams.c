#include "api/push/streams.h"

#include "api/http/auth.h"
#include "api/push/push_source.h"
#include "api/push/stream.h"
#include "api/push/ws.h"
#include "common/clock.h"
#include "common/db/watch.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdlib.h>

struct streams {
	struct app *app;
	struct push *push;
	struct push_source *source;
	struct watch *watch;		/* NULL: the timer alone */
	struct event *watch_event;
	struct event *look;		/* the next look, when it has to wait */
	struct event *tick;
	struct event *reap;
	struct stream *first;
	size_t n;
	bool active;			/* tick and watch are on */
	bool stopping;
	bool failing;			/* the last look failed: said once */
	bool lost;			/* there was no database: the next may be another */
	int64_t looked_us;		/* monotonic; of the last look that read tables */
	int64_t pause_us;		/* from then to the next one, at least */
	unsigned left;			/* topics that the look under way did not come to yet */
	bool more, failed;		/* it could not tell, or read, everything so far */
	int64_t took_us;		/* it has taken so far */
	unsigned glances;		/* since the last wake-up, that saw nothing new */
	int64_t wanted_us[PUSH_TOPICS];	/* monotonic: somebody listened */
	int64_t data_version;		/* as of the last look */
	uint64_t writes;
	ino_t db_inode;			/* whose rows are known */
	dev_t db_device;
};

static void schedule(struct streams *all, int64_t in_us)
{
	struct timeval tv;

	if (evtimer_pending(all->look, NULL))
		return;
	if (in_us < 0)
		in_us = 0;
	tv.tv_sec = in_us / US_PER_S;
	tv.tv_usec = in_us % US_PER_S;
	event_add(all->look, &tv);
}

/* The file was replaced: numbers begin anew, and so does every client. */
static int renew(struct streams *all, struct err *e)
{
	int rc;

	push_source_forget(all->source, PUSH_ALL);
	rc = push_source_follow(all->source, all->app->db, push_wanted(all->push), e);
	if (rc)
		return rc;
	all->db_inode = all->app->db_inode;
	all->db_device = all->app->db_device;
	all->lost = false;
	for (struct stream *s = all->first; s; s = stream_list(s)->next)
		stream_renew(s);
	return 0;
}

static bool is_another(const struct streams *all)
{
	const struct app *a = all->app;

	return all->lost || a->db_inode != all->db_inode || a->db_device != all->db_device;
}

/* Something was committed since the last call. */
static bool has_moved(struct streams *all)
{
	struct app *a = all->app;
	int64_t version = db_data_version(a->db);
	bool moved = version != all->data_version || a->writes != all->writes;

	all->data_version = version;
	all->writes = a->writes;
	return moved;
}

/*
 * The wake-up comes with the first bytes of a commit, before it can be seen: what is
 * not there yet is looked for a few times more. Log lines of our own are no commit of
 * others and grow no app->writes: they are asked for each time.
 */
static int glance(struct streams *all, struct err *e)
{
	unsigned left;
	bool more;

	if (all->glances < STREAMS_GLANCES)
		schedule(all, STREAMS_GLANCE_US << 2 * all->glances++);
	return push_source_look(all->source, all->app->db, PUSH_BIT(PUSH_LOG), &more, &left, e);
}

/* A part of a look has ended; when it was the last, the next look waits its turn. */
static void look_ended(struct streams *all, int rc)
{
	int64_t least_us = all->more ? STREAMS_MORE_US : STREAMS_LOOK_US;

	all->failed |= rc != 0;
	if (all->left) {
		schedule(all, 0);
		return;
	}
	all->looked_us = clock_mono_us();
	all->pause_us = all->took_us * 10 > least_us ? all->took_us * 10 : least_us;
	if (all->failed)
		all->data_version = -1;
	if (all->more || all->failed)
		schedule(all, all->pause_us);
	all->took_us = 0;
	all->more = all->failed = false;
}

static int look(struct streams *all, bool all_of_them, struct err *e)
{
	struct app *a = all->app;
	int64_t begin = clock_mono_us();
	bool more = false;
	int rc = 0;

	if (!a->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", a->db_trouble);
	if (is_another(all)) {
		all->left = 0;
		rc = renew(all, e);
	}
	if (!rc && !all->left && !has_moved(all) && !all_of_them)
		return glance(all, e);
	push_sweep(all->push);
	if (!rc)
		rc = push_source_look(all->source, a->db, all->left ? all->left : PUSH_ALL, &more,
				      &all->left, e);
	all->more |= more;
	all->took_us += clock_mono_us() - begin;
	look_ended(all, rc);
	return rc;
}

static void look_and_log(struct streams *all, bool all_of_them)
{
	struct err e = { 0 };
	int rc;

	if (!all->app->db) { /* said by app_db_check */
		all->lost = true;
		return;
	}
	rc = look(all, all_of_them, &e);
	if (rc && !all->failing)
		log_warn("push", NULL, "changes can't be read: %s", e.msg);
	all->failing = rc != 0;
}

static int64_t until_next(const struct streams *all)
{
	return all->looked_us + all->pause_us - clock_mono_us();
}

static void on_look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct streams *all = arg;

	(void)fd;
	(void)what;
	look_and_log(all, false);
	if (all->active && !all->watch)
		schedule(all, all->pause_us);
}

static void on_watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct streams *all = arg;

	(void)fd;
	(void)what;
	if (!watch_drain(all->watch))
		return;
	all->glances = 0;
	schedule(all, until_next(all));
}

static void forget_unwanted(struct streams *all, int64_t now)
{
	unsigned wanted = push_wanted(all->push);
	unsigned old = 0;

	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (wanted & PUSH_BIT(i))
			all->wanted_us[i] = now;
		else if (now - all->wanted_us[i] > STREAMS_LINGER_US)
			old |= PUSH_BIT(i);
	}
	push_source_forget(all->source, old);
}

static void activate(struct streams *all)
{
	static const struct timeval second = { 1, 0 };

	if (all->active)
		return;
	all->active = true;
	event_add(all->tick, &second);
	if (all->watch) {
		watch_drain(all->watch);
		event_add(all->watch_event, NULL);
	} else {
		schedule(all, STREAMS_LOOK_US);
	}
}

static void deactivate(struct streams *all)
{
	all->active = false;
	event_del(all->tick);
	event_del(all->look);
	if (all->watch)
		event_del(all->watch_event);
}

static void on_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct streams *all = arg;
	int64_t now = clock_mono_us();

	(void)fd;
	(void)what;
	auth_refresh(all->app->auth, all->app);
	for (struct stream *s = all->first; s; s = stream_list(s)->next)
		stream_tick(s, now);
	forget_unwanted(all, now);
	if (!all->n && !push_source_topics(all->source))
		deactivate(all);
	else if (until_next(all) <= 0)
		look_and_log(all, true);
}

static void on_reap_cb(evutil_socket_t fd, short what, void *arg)
{
	struct streams *all = arg;
	struct stream *next;

	(void)fd;
	(void)what;
	for (struct stream *s = all->first; s; s = next) {
		next = stream_list(s)->next;
		if (stream_gone(s))
			stream_free(s);
	}
}

struct streams *streams_new(struct app *a)
{
	static const struct push_limits limits = {
		.ring_messages = STREAMS_RING_MESSAGES,
		.ring_bytes = STREAMS_RING_BYTES,
		.pending_bytes = STREAMS_PENDING_BYTES,
	};
	struct streams *all = xcalloc(1, sizeof(*all));
	struct err e = { 0 };

	all->app = a;
	all->data_version = -1;
	all->pause_us = STREAMS_LOOK_US;
	/* Microseconds grow faster than messages: no number is given twice, ever. */
	all->push = push_new(clock_now_us(), &limits);
	all->source = push_source_new(all->push);
	all->look = evtimer_new(a->base, on_look_cb, all);
	all->tick = event_new(a->base, -1, EV_PERSIST, on_tick_cb, all);
	all->reap = event_new(a->base, -1, 0, on_reap_cb, all);
	ASSERT(all->look && all->tick && all->reap);
	if (watch_open(a->cfg->db_path, &all->watch, &e)) {
		log_warn("push", NULL, "changes are looked for every %d ms: %s",
			 (int)(STREAMS_LOOK_US / US_PER_MS), e.msg);
		all->watch = NULL;
		return all;
	}
	all->watch_event = event_new(a->base, watch_fd(all->watch), EV_READ | EV_PERSIST,
				     on_watch_cb, all);
	ASSERT(all->watch_event != NULL);
	return all;
}

void streams_free(struct streams *all)
{
	if (!all)
		return;
	all->stopping = true;
	for (struct stream *s = all->first; s; s = stream_list(s)->next)
		stream_close(s, WS_GOING_AWAY, "the server stops");
	if (all->first)
		event_base_loop(all->app->base, EVLOOP_NONBLOCK);
	while (all->first)
		stream_free(all->first);
	event_free(all->look);
	event_free(all->tick);
	event_free(all->reap);
	if (all->watch_event)
		event_free(all->watch_event);
	watch_close(all->watch);
	push_source_free(all->source);
	push_free(all->push);
	free(all);
}

/* Some of API_MAX_CONNECTIONS stay free for requests. */
static size_t streams_max(const struct streams *all)
{
	size_t max = (size_t)all->app->cfg->api_max_connections;
	size_t kept = max / 50 + 2;

	return max > kept ? max - kept : 1;
}

struct push *streams_push(struct streams *all)
{
	return all->push;
}

struct app *streams_app(struct streams *all)
{
	return all->app;
}

int streams_ready(struct streams *all, unsigned topics, struct err *e)
{
	struct app *a = all->app;
	int64_t now = clock_mono_us();
	int rc = 0;

	if (!a->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", a->db_trouble);
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (topics & PUSH_BIT(i))
			all->wanted_us[i] = now;
	}
	activate(all);
	if (until_next(all) <= 0 || is_another(all))
		rc = look(all, false, e);
	return rc ? rc : push_source_follow(all->source, a->db, topics, e);
}

int streams_snapshot(struct streams *all, enum push_topic t, int64_t bot_id,
		     struct push_message **out, struct err *e)
{
	if (!all->app->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", all->app->db_trouble);
	return push_source_snapshot(all->source, all->app->db, t, bot_id, out, e);
}

int streams_may_add(struct streams *all, struct err *e)
{
	if (all->stopping)
		return err_set(e, ERR_LIMIT, "the server stops");
	if (all->n < streams_max(all))
		return 0;
	return err_set(e, ERR_LIMIT,
		       "%zu live connections are open already; raise API_MAX_CONNECTIONS for more",
		       all->n);
}

void streams_add(struct streams *all, struct stream *s)
{
	struct stream_list *at = stream_list(s);

	at->next = all->first;
	if (at->next)
		stream_list(at->next)->prev = s;
	all->first = s;
	all->n++;
	activate(all);
}

void streams_remove(struct streams *all, struct stream *s)
{
	struct stream_list *at = stream_list(s);

	if (at->prev)
		stream_list(at->prev)->next = at->next;
	else
		all->first = at->next;
	if (at->next)
		stream_list(at->next)->prev = at->prev;
	all->n--;
}

void streams_reap(struct streams *all)
{
	event_active(all->reap, EV_TIMEOUT, 0);
}
