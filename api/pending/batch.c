#include "api/pending/batch.h"

#include "common/clock.h"
#include "common/db/reserve.h"
#include "common/log.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_US 1000

struct job {
	struct request *r;
	void (*queued)(struct request *r, const struct command *c, int rc, struct err *e);
	int rc;
	struct err e;
	struct job *next;
	struct command c;		/* last: most of it is never looked at */
};

struct batch {
	struct app *app;
	struct event *turn;
	struct job *first, **last;	/* oldest first */
	int64_t deadline_us;		/* monotonic, of all that wait */
};

static void fail_all(struct job *first, int rc, const struct err *e)
{
	for (struct job *j = first; j; j = j->next) {
		if (j->rc)
			continue; /* it has a reason of its own */
		j->rc = rc;
		j->e = *e;
	}
}

/*
 * Writes all commands in one transaction. A refused command leaves nothing in it. After some
 * errors (a full disk) SQLite has rolled back the whole transaction, so all commands fail.
 */
static int write_all(struct db *db, struct job *first, struct err *e)
{
	int rc = db_begin(db, e);

	if (rc)
		return rc;
	for (struct job *j = first; j; j = j->next) {
		j->rc = store_command_queue_tx(db, &j->c, &j->c.id, &j->e);
		if (j->rc == ERR_FULL || (j->rc && !db_in_transaction(db))) {
			*e = j->e;
			db_rollback(db);
			return j->rc;
		}
	}
	return db_commit(db, e);
}

static void tell(struct job *j)
{
	j->r->parked = false;
	j->queued(j->r, &j->c, j->rc, &j->e);
	free(j);
}

/* On a full disk it removes the reserve (common/db/reserve.h) and tries again. */
static int write_with_reserve(struct db *db, struct job *first, struct err *e)
{
	int rc = write_all(db, first, e);

	if (rc != ERR_FULL || !reserve_give(db_path(db)))
		return rc;
	log_error("batch", NULL, "the disk is full: the reserve was given up for commands; free "
		  "some space");
	return write_all(db, first, e);
}

static void flush(struct batch *b)
{
	static const struct timeval again = { 0, AGAIN_US };
	struct app *a = b->app;
	struct job *first = b->first, *next;
	struct err e = { 0 };
	int rc;

	if (!first)
		return;
	rc = a->db ? write_with_reserve(a->db, first, &e)
		   : err_set(&e, ERR_IO, "%s", a->db_trouble);
	if (rc == ERR_BUSY && !a->stopping && clock_mono_us() < b->deadline_us) {
		event_add(b->turn, &again);
		return;
	}
	if (rc)
		fail_all(first, rc, &e);
	a->writes++;
	b->first = NULL;
	b->last = &b->first;
	for (; first; first = next) {
		next = first->next;
		tell(first);
	}
}

static void on_turn_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

struct batch *batch_new(struct app *a)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->app = a;
	b->last = &b->first;
	b->turn = event_new(a->base, -1, 0, on_turn_cb, b);
	ASSERT(b->turn != NULL);
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	flush(b);
	event_free(b->turn);
	free(b);
}

struct command *batch_add(struct request *r,
			  void (*queued)(struct request *r, const struct command *c, int rc,
					 struct err *e))
{
	struct batch *b = r->app->batch;
	struct job *j = xrealloc(NULL, sizeof(*j));

	memset(j, 0, offsetof(struct job, c));
	store_command_init(&j->c);
	j->r = r;
	j->queued = queued;
	r->parked = true;
	if (!b->first) {
		b->deadline_us = clock_mono_us() + APP_BUSY_MS * US_PER_MS;
		/* Runs after the other requests of this turn, so that their commands join. */
		event_active(b->turn, EV_TIMEOUT, 0);
	}
	*b->last = j;
	b->last = &j->next;
	return &j->c;
}
