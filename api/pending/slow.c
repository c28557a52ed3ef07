#include "api/pending/slow.h"

#include "api/http/reply.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
	struct request *r;
	unsigned db_generation;		/* of the file that r is to read */
	int rc;
	struct err e;
	struct job *next;
};

struct slow {
	struct app *app;
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below, up to fd */
	pthread_cond_t more;
	struct job *first, **last;	/* waiting, oldest first */
	struct job *done;
	size_t n;			/* waiting, running and done */
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
	if (job->rc && !job->r->route->no_db)
		return;
	job->r->db = s->db; /* NULL: it goes without */
	job->r->db_generation = s->db_generation;
	job->rc = job->r->route->handler(job->r, &job->e);
}

static void *slow_thread(void *arg)
{
	const uint64_t one = 1;
	struct slow *s = arg;
	struct job *job;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->first && !s->stop)
			pthread_cond_wait(&s->more, &s->lock);
		if (s->stop)
			break;
		job = s->first;
		s->first = job->next;
		if (!s->first)
			s->last = &s->first;
		pthread_mutex_unlock(&s->lock);
		work(s, job);
		pthread_mutex_lock(&s->lock);
		job->next = s->done;
		s->done = job;
		/* The counter of an eventfd does not overflow by ones. */
		ASSERT(write(s->fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void finish_done(struct slow *s)
{
	struct job *job, *next;

	pthread_mutex_lock(&s->lock);
	job = s->done;
	s->done = NULL;
	for (const struct job *i = job; i; i = i->next)
		s->n--;
	pthread_mutex_unlock(&s->lock);
	for (; job; job = next) {
		next = job->next;
		reply_send(job->r, job->rc, &job->e);
		free(job);
	}
}

static void on_ready_cb(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	if (read((int)fd, &count, sizeof(count)) > 0)
		finish_done(arg);
}

struct slow *slow_new(struct app *a)
{
	struct slow *s = xcalloc(1, sizeof(*s));

	s->app = a;
	s->last = &s->first;
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
	struct job *next;

	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	if (s->db)
		db_interrupt(s->db);
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	finish_done(s);
	for (struct job *job = s->first; job; job = next) {
		next = job->next;
		job->rc = err_set(&job->e, ERR_UNAVAILABLE, "the API is stopping");
		reply_send(job->r, job->rc, &job->e);
		free(job);
	}
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
	struct job *job = xcalloc(1, sizeof(*job));

	job->r = r;
	job->db_generation = r->app->db_generation;
	pthread_mutex_lock(&s->lock);
	if (s->n == SLOW_QUEUE_MAX) {
		pthread_mutex_unlock(&s->lock);
		free(job);
		return request_error(r, e, 503, "busy", "%d slow requests wait already",
				     SLOW_QUEUE_MAX);
	}
	s->n++;
	*s->last = job;
	s->last = &job->next;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	r->parked = true;
	return 0;
}
