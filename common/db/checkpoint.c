#include "common/db/checkpoint.h"

#include "common/db/wal_readers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct checkpoint {
	struct db *db;			/* whose commits we hear of */
	struct db *own;			/* the thread's connection */
	struct wal_readers *readers;	/* the thread's */
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t wake;
	bool wanted, end;
	struct checkpoint_state state;
};

/* Runs in the loop's thread inside its commit, so it only wakes the thread. */
static bool on_pages(void *ctx, int pages)
{
	struct checkpoint *c = ctx;

	if (pages < CHECKPOINT_PAGES)
		return true;
	if (pages >= CHECKPOINT_MOST)
		return false;
	pthread_mutex_lock(&c->lock);
	c->wanted = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	return true;
}

static bool await_work(struct checkpoint *c)
{
	bool end;

	pthread_mutex_lock(&c->lock);
	while (!c->wanted && !c->end)
		pthread_cond_wait(&c->wake, &c->lock);
	end = c->end;
	c->wanted = false;
	pthread_mutex_unlock(&c->lock);
	return !end;
}

/* Pages that can't be moved now wait for the next time; a reader that stays blocks ever more. */
static void move_pages(struct checkpoint *c)
{
	struct checkpoint_state now = { 0 };
	struct err e = { 0 };
	int waiting = 0, left = 0;
	int rc = db_checkpoint(c->own, &waiting, &left, &e);
	char who[120];

	now.failing = rc || left > CHECKPOINT_HELD;
	if (rc)
		snprintf(now.why, sizeof(now.why), "%.255s", e.msg);
	else if (now.failing)
		snprintf(now.why, sizeof(now.why), "%d pages of the -wal file can't be moved while "
			 "%s reads in an old transaction", left,
			 wal_readers_name(c->readers, who, sizeof(who)));
	pthread_mutex_lock(&c->lock);
	now.made = c->state.made + 1;
	now.failed = c->state.failed + (rc != 0);
	now.wal_pages = rc ? c->state.wal_pages : waiting;
	c->state = now;
	pthread_mutex_unlock(&c->lock);
}

static void *work(void *ctx)
{
	struct checkpoint *c = ctx;

	while (await_work(c))
		move_pages(c);
	return NULL;
}

static void release(struct checkpoint *c)
{
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	db_close(c->own);
	wal_readers_free(c->readers);
	free(c);
}

int checkpoint_begin(struct db *db, struct checkpoint **out, struct err *e)
{
	struct checkpoint *c = xcalloc(1, sizeof(*c));
	int rc;

	c->db = db;
	c->readers = wal_readers_new(db_path(db));
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	rc = db_open_existing(db_path(db), DB_TOOL, &c->own, e);
	if (rc == 0 && pthread_create(&c->thread, NULL, work, c))
		rc = err_set(e, ERR_LIMIT, "no thread for the database's checkpoints; raise the "
			     "limit of threads of this user");
	if (rc) {
		release(c);
		return rc;
	}
	db_on_wal(db, on_pages, c);
	*out = c;
	return 0;
}

void checkpoint_end(struct checkpoint *c)
{
	if (!c)
		return;
	db_on_wal(c->db, NULL, NULL);
	pthread_mutex_lock(&c->lock);
	c->end = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	release(c);
}

void checkpoint_state(struct checkpoint *c, struct checkpoint_state *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->state;
	pthread_mutex_unlock(&c->lock);
}
