#include "common/checkpoint.h"

#include <pthread.h>
#include <stdlib.h>

struct checkpoint {
	struct db *db;			/* whose commits we hear of */
	struct db *own;			/* the thread's connection */
	pthread_t thread;
	pthread_mutex_t lock;		/* of all below */
	pthread_cond_t wake;
	bool wanted, end;
	uint64_t made, failed;
};

/* In the loop's thread, inside its commit: say what is wanted and be gone. */
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

static void *work(void *ctx)
{
	struct checkpoint *c = ctx;

	while (await_work(c)) {
		/* PASSIVE: waits for nobody, and nobody for it. What remains is next time's. */
		bool ok = db_exec(c->own, "PRAGMA wal_checkpoint(PASSIVE)", NULL) == 0;

		pthread_mutex_lock(&c->lock);
		c->made++;
		c->failed += !ok;
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

static void release(struct checkpoint *c)
{
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	db_close(c->own);
	free(c);
}

int checkpoint_begin(struct db *db, struct checkpoint **out, struct err *e)
{
	struct checkpoint *c = xcalloc(1, sizeof(*c));
	int rc;

	c->db = db;
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

void checkpoint_count(struct checkpoint *c, uint64_t *made, uint64_t *failed)
{
	pthread_mutex_lock(&c->lock);
	*made = c->made;
	*failed = c->failed;
	pthread_mutex_unlock(&c->lock);
}
