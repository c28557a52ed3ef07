#include "api/push/look.h"

#include "api/app_db.h"
#include "api/push/push_source.h"
#include "common/clock.h"
#include "common/db/watch.h"
#include "common/log.h"

#include <event2/event.h>
#include <stdlib.h>

struct look {
	struct app *app;
	struct push *push;
	struct push_source *source;
	void (*renewed)(void *ctx);
	void *ctx;
	struct watch *watch;		/* NULL: the timer alone */
	struct event *watch_event;
	struct event *next;		/* the next look, when it has to wait */
	bool active;			/* somebody listens, or did a moment ago */
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

static void schedule(struct look *l, int64_t in_us)
{
	struct timeval tv;

	if (evtimer_pending(l->next, NULL))
		return;
	if (in_us < 0)
		in_us = 0;
	tv.tv_sec = in_us / US_PER_S;
	tv.tv_usec = in_us % US_PER_S;
	event_add(l->next, &tv);
}

/* The file was replaced, so row numbers begin anew and every client needs snapshots. */
static int renew(struct look *l, struct err *e)
{
	int rc;

	push_source_forget(l->source, PUSH_ALL);
	rc = push_source_follow(l->source, l->app->database->db, push_wanted(l->push), e);
	if (rc)
		return rc;
	l->db_inode = l->app->database->inode;
	l->db_device = l->app->database->device;
	l->lost = false;
	l->renewed(l->ctx);
	return 0;
}

static bool is_another(const struct look *l)
{
	const struct app *a = l->app;

	return l->lost || a->database->inode != l->db_inode || a->database->device != l->db_device;
}

/* Something was committed since the last call. */
static bool has_moved(struct look *l)
{
	struct app *a = l->app;
	int64_t version = db_data_version(a->database->db);
	bool moved = version != l->data_version || a->writes != l->writes;

	l->data_version = version;
	l->writes = a->writes;
	return moved;
}

/*
 * The wake-up may come with the first bytes of a commit, before the commit is visible, so a
 * look that finds nothing is repeated a few times. Our own log lines change neither the
 * data_version nor app->writes, so they are read each time.
 */
static int glance(struct look *l, struct err *e)
{
	unsigned left;
	bool more;

	if (l->glances < LOOK_GLANCES)
		schedule(l, LOOK_GLANCE_US << 2 * l->glances++);
	return push_source_look(l->source, l->app->database->db, PUSH_BIT(PUSH_LOG), &more, &left,
				e);
}

/* A part of a look has ended. After the last part, the time of the next look is set. */
static void look_ended(struct look *l, int rc)
{
	int64_t least_us = l->more ? LOOK_MORE_US : LOOK_US;

	l->failed |= rc != 0;
	if (l->left) {
		schedule(l, 0);
		return;
	}
	l->looked_us = clock_mono_us();
	l->pause_us = l->took_us * 10 > least_us ? l->took_us * 10 : least_us;
	if (l->failed)
		l->data_version = -1;
	if (l->more || l->failed)
		schedule(l, l->pause_us);
	l->took_us = 0;
	l->more = l->failed = false;
}

static int look(struct look *l, bool all_of_them, struct err *e)
{
	struct app *a = l->app;
	int64_t begin = clock_mono_us();
	bool more = false;
	int rc = 0;

	if (!a->database->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", a->database->trouble);
	if (is_another(l)) {
		l->left = 0;
		rc = renew(l, e);
	}
	if (!rc && !l->left && !has_moved(l) && !all_of_them)
		return glance(l, e);
	push_sweep(l->push);
	if (!rc)
		rc = push_source_look(l->source, a->database->db, l->left ? l->left : PUSH_ALL,
				      &more, &l->left, e);
	l->more |= more;
	l->took_us += clock_mono_us() - begin;
	look_ended(l, rc);
	return rc;
}

static void look_and_log(struct look *l, bool all_of_them)
{
	struct err e = { 0 };
	int rc;

	if (!l->app->database->db) { /* said by app_db_check */
		l->lost = true;
		return;
	}
	rc = look(l, all_of_them, &e);
	if (rc && !l->failing)
		log_warn("push", NULL, "changes can't be read: %s", e.msg);
	l->failing = rc != 0;
}

static int64_t until_next(const struct look *l)
{
	return l->looked_us + l->pause_us - clock_mono_us();
}

static void on_look_cb(evutil_socket_t fd, short what, void *arg)
{
	struct look *l = arg;

	(void)fd;
	(void)what;
	look_and_log(l, false);
	if (l->active && !l->watch)
		schedule(l, l->pause_us);
}

static void on_watch_cb(evutil_socket_t fd, short what, void *arg)
{
	struct look *l = arg;

	(void)fd;
	(void)what;
	if (!watch_drain(l->watch))
		return;
	l->glances = 0;
	schedule(l, until_next(l));
}

static void forget_unwanted(struct look *l, int64_t now)
{
	unsigned wanted = push_wanted(l->push);
	unsigned old = 0;

	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (wanted & PUSH_BIT(i))
			l->wanted_us[i] = now;
		else if (now - l->wanted_us[i] > LOOK_LINGER_US)
			old |= PUSH_BIT(i);
	}
	push_source_forget(l->source, old);
}

struct look *look_new(struct app *a, void (*renewed)(void *ctx), void *ctx)
{
	static const struct push_limits limits = {
		.ring_messages = LOOK_RING_MESSAGES,
		.ring_bytes = LOOK_RING_BYTES,
		.pending_bytes = LOOK_PENDING_BYTES,
		.total_bytes = LOOK_TOTAL_BYTES,
	};
	struct look *l = xcalloc(1, sizeof(*l));
	struct err e = { 0 };

	l->app = a;
	l->renewed = renewed;
	l->ctx = ctx;
	l->data_version = -1;
	l->pause_us = LOOK_US;
	/* Starts at the clock's microseconds, so that no number is ever used twice. */
	l->push = push_new(clock_now_us(), &limits);
	l->source = push_source_new(l->push);
	l->next = evtimer_new(a->base, on_look_cb, l);
	ASSERT(l->next != NULL);
	if (watch_open(a->cfg->db_path, &l->watch, &e)) {
		log_warn("push", NULL, "the API looks for changes only every %d ms: %s",
			 (int)(LOOK_US / US_PER_MS), e.msg);
		l->watch = NULL;
		return l;
	}
	l->watch_event = event_new(a->base, watch_fd(l->watch), EV_READ | EV_PERSIST,
				   on_watch_cb, l);
	ASSERT(l->watch_event != NULL);
	return l;
}

void look_free(struct look *l)
{
	if (!l)
		return;
	event_free(l->next);
	if (l->watch_event)
		event_free(l->watch_event);
	watch_close(l->watch);
	push_source_free(l->source);
	push_free(l->push);
	free(l);
}

struct push *look_push(struct look *l)
{
	return l->push;
}

void look_begin(struct look *l)
{
	if (l->active)
		return;
	l->active = true;
	if (l->watch) {
		watch_drain(l->watch);
		event_add(l->watch_event, NULL);
	} else {
		schedule(l, LOOK_US);
	}
}

bool look_tick(struct look *l, size_t clients)
{
	forget_unwanted(l, clock_mono_us());
	if (clients || push_source_topics(l->source)) {
		if (until_next(l) <= 0)
			look_and_log(l, true);
		return true;
	}
	l->active = false;
	event_del(l->next);
	if (l->watch)
		event_del(l->watch_event);
	return false;
}

int look_ready(struct look *l, unsigned topics, struct err *e)
{
	struct app *a = l->app;
	int64_t now = clock_mono_us();
	int rc = 0;

	if (!a->database->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", a->database->trouble);
	for (unsigned i = 0; i < PUSH_TOPICS; i++) {
		if (topics & PUSH_BIT(i))
			l->wanted_us[i] = now;
	}
	look_begin(l);
	if (until_next(l) <= 0 || is_another(l))
		rc = look(l, false, e);
	return rc ? rc : push_source_follow(l->source, a->database->db, topics, e);
}

int look_snapshot(struct look *l, enum push_topic t, int64_t bot_id,
		     struct push_message **out, struct err *e)
{
	if (!l->app->database->db)
		return err_set(e, ERR_UNAVAILABLE, "%s", l->app->database->trouble);
	return push_source_snapshot(l->source, l->app->database->db, t, bot_id, out, e);
}
