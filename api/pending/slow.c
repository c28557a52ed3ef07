#include "api/pending/slow.h"

#include "api/app_db.h"
#include "api/http/reply.h"
#include "api/pending/room.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
	struct guest guest;
	unsigned db_generation;		/* of the file that r is to read */
	enum { JOB_WAITS, JOB_GIVEN, JOB_DONE } state;
	int rc;
	struct err e;
};

struct slow {
	struct room room;		/* the first has the thread */
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below, up to fd, and of a given job's state */
	pthread_cond_t more;
	struct job *given;		/* NULL: the thread has nothing to do */
	bool stop;
	int fd;				/* eventfd: something is done */
	struct event *ready;
	struct db *db;			/* the thread's; changed under the lock only */
	unsigned db_generation;
};

static void set_db(struct slow *s, struct db *db)
{
	pthread_mutex_lock(&s->lock);
	s->db = db;
	pthread_mutex_unlock(&s->lock);
}

static int open_db(struct slow *s, const struct job *job, struct err *e)
{
	struct db *old = s->db, *db = NULL;
	int rc;

	if (old && s->db_generation == job->db_generation)
		return 0;
	set_db(s, NULL);
	db_close(old);
	rc = db_open_existing(s->app->cfg->db_path, DB_API, &db, e);
	set_db(s, db);
	s->db_generation = job->db_generation;
	return rc;
}

static void work(struct slow *s, struct job *job)
{
	job->rc = open_db(s, job, &job->e);
	if (job->rc && !job->guest.r->route->no_db)
		return;
	job->guest.r->db = s->db; /* NULL: it goes without */
	job->guest.r->db_generation = s->db_generation;
	job->rc = job->guest.r->route->handler(job->guest.r, &job->e);
}

static void *slow_thread(void *arg)
{
	const uint64_t one = 1;
	struct slow *s = arg;
	struct job *job;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->given && !s->stop)
			pthread_cond_wait(&s->more, &s->lock);
		if (s->stop)
			break;
		job = s->given;
		pthread_mutex_unlock(&s->lock);
		work(s, job);
		pthread_mutex_lock(&s->lock);
		s->given = NULL;
		job->state = JOB_DONE;
		/* The counter of an eventfd does not overflow by ones. */
		ASSERT(write(s->fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Gives the thread its next job, or finds that it is done. */
static bool come(struct room *room, struct guest *g, int *rc, struct err *e)
{
	struct slow *s = (struct slow *)room;
	struct job *job = (struct job *)g;
	bool done;

	pthread_mutex_lock(&s->lock);
	if (job->state == JOB_WAITS) {
		job->state = JOB_GIVEN;
		s->given = job;
		pthread_cond_signal(&s->more);
	}
	done = job->state == JOB_DONE;
	pthread_mutex_unlock(&s->lock);
	*rc = done ? job->rc : room_stopping(e);
	if (done)
		*e = job->e;
	return done;
}

static void end(struct guest *g, int rc, struct err *e)
{
	reply_send(g->r, rc, e);
	free(g);
}

static const struct reason reason = { .in_line = true, .come = come, .end = end };

static void on_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	struct slow *s = arg;
	uint64_t count;

	(void)what;
	if (read((int)fd, &count, sizeof(count)) > 0)
		room_look(&s->room);
}

struct slow *slow_new(struct app *a)
{
	struct slow *s = xcalloc(1, sizeof(*s));

	s->app = a;
	room_init(&s->room, a->base, &reason);
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(s->fd >= 0);
	s->ready = event_new(a->base, s->fd, EV_READ | EV_PERSIST, on_ready_cb, s);
	ASSERT(s->ready != NULL);
	event_add(s->ready, NULL);
	ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
	ASSERT(pthread_cond_init(&s->more, NULL) == 0);
	ASSERT(pthread_create(&s->thread, NULL, slow_thread, s) == 0);
	return s;
}

void slow_free(struct slow *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	if (s->db)
		db_interrupt(s->db);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	room_fini(&s->room);
	db_close(s->db);
	event_free(s->ready);
	close(s->fd);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int slow_run(struct request *r, struct err *e)
{
	struct slow *s = r->app->slow;
	struct job *job;

	if (s->room.n == SLOW_QUEUE_MAX)
		return request_error(r, e, 503, "busy", "%d slow requests wait already",
				     SLOW_QUEUE_MAX);
	job = xcalloc(1, sizeof(*job));
	job->db_generation = r->app->database->generation;
	room_enter(&s->room, &job->guest, r, ROOM_NO_LIMIT);
	if (s->room.n == 1)
		room_wake(&s->room);
	return 0;
}
