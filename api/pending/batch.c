#include "api/pending/batch.h"

#include "api/app_db.h"
#include "api/pending/idempotency.h"
#include "api/pending/room.h"
#include "common/clock.h"
#include "common/db/reserve.h"
#include "common/log.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct job {
	struct guest guest;
	void (*queued)(struct request *r, const struct command *c, int rc, struct err *e);
	bool over;			/* rc and e are its result */
	int rc;
	struct err e;
	struct command c;		/* last: most of it is never looked at */
};

struct batch {
	struct room room;
	struct app *app;
};

static struct job *first_job(struct batch *b)
{
	return (struct job *)b->room.first;
}

static struct job *next_job(struct job *j)
{
	return (struct job *)j->guest.next;
}

/* All of them have a result: those without a reason of their own this one. */
static void set_results(struct job *first, int rc, const struct err *e)
{
	for (struct job *j = first; j; j = next_job(j)) {
		j->over = true;
		if (!rc || j->rc)
			continue;
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
	for (struct job *j = first; j; j = next_job(j)) {
		j->rc = idempotency_queue_tx(db, j->guest.r, &j->c, &j->e);
		if (j->rc == ERR_FULL || (j->rc && !db_in_transaction(db))) {
			*e = j->e;
			db_rollback(db);
			return j->rc;
		}
	}
	return db_commit(db, e);
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

static bool come(struct room *room, struct guest *g, int *rc, struct err *e)
{
	struct batch *b = (struct batch *)room;
	struct job *j = (struct job *)g;
	struct app *a = b->app;
	struct err why = { 0 };
	int done;

	if (!j->over) {
		done = a->database->db ? write_with_reserve(a->database->db, first_job(b), &why)
			     : err_set(&why, ERR_IO, "%s", a->database->trouble);
		if (done == ERR_BUSY && !room_late(room, g))
			return false;
		set_results(first_job(b), done, &why);
		a->writes++;
	}
	*rc = j->rc;
	*e = j->e;
	return true;
}

static void end(struct guest *g, int rc, struct err *e)
{
	struct job *j = (struct job *)g;

	j->queued(g->r, &j->c, rc, e);
	free(j);
}

static const struct reason reason = {
	.in_line = true, .soon_us = 1000, .later_us = 5000, .come = come, .end = end,
};

struct batch *batch_new(struct app *a)
{
	struct batch *b = xcalloc(1, sizeof(*b));

	b->app = a;
	room_init(&b->room, a->base, &reason);
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	room_fini(&b->room);
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
	j->queued = queued;
	if (!b->room.first)
		room_wake(&b->room);	/* behind the other requests that this turn brought */
	room_enter(&b->room, &j->guest, r, APP_BUSY_MS * US_PER_MS);
	return &j->c;
}
