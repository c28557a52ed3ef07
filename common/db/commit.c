#include "common/db/db.h"

#include "common/db/internal.h"
#include "common/fault.h"

#include <fcntl.h>
#include <unistd.h>

int db_begin(struct db *db, struct err *e)
{
	int rc;

	ASSERT(db->active == 0); /* a forgotten stmt_done would make this fail at random */
	rc = db_exec(db, "BEGIN IMMEDIATE", e);
	if (!rc && db->may_write && (rc = db->may_write(db->may_write_ctx, e)))
		db_rollback(db);
	return rc;
}

void db_on_begin(struct db *db, int (*check)(void *ctx, struct err *e), void *ctx)
{
	db->may_write = check;
	db->may_write_ctx = ctx;
}

void db_on_commit(struct db *db, int (*add)(void *ctx, struct db *db, struct err *e), void *ctx)
{
	db->add = add;
	db->add_ctx = ctx;
}

/*
 * Wakes the programs that watch the database with inotify. SQLite writes the -wal file, waits
 * for the disk, and only then makes the commit visible, in shared memory. A watcher that
 * wakes at the write therefore looks too early, and nothing would wake it again. So this
 * opens and closes the -wal file: that is an inotify event and changes nothing. The close
 * drops no lock, because SQLite's locks are on the other two files (see hold.h).
 */
static void wake_watchers(const struct db *db)
{
	int fd = open(db->wal_path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

int db_commit(struct db *db, struct err *e)
{
	int rc;

	ASSERT(db_in_transaction(db));
	rc = db->add ? db->add(db->add_ctx, db, e) : 0;
	fault_before_commit();
	if (!rc)
		rc = db_exec(db, "COMMIT", e);
	if (rc) {
		db_rollback(db);
		return rc;
	}
	db->commits++;
	fault_after_commit();
	wake_watchers(db);
	return 0;
}

uint64_t db_commits(const struct db *db)
{
	return db->commits;
}

void db_rollback(struct db *db)
{
	/* A failure here means that SQLite has rolled back by itself. */
	if (db_in_transaction(db))
		(void)sqlite3_exec(db->lite, "ROLLBACK", NULL, NULL, NULL);
}

int db_end(struct db *db, int rc, struct err *e)
{
	if (!rc)
		return db_commit(db, e);
	db_rollback(db);
	return rc;
}

void db_set_durable(struct db *db, bool durable)
{
	ASSERT(!db_in_transaction(db)); /* SQLite would not hear it there */
	if (durable == !db->relaxed)
		return;
	/* A failure leaves commits more durable than asked, or the next statement reports it. */
	if (sqlite3_exec(db->lite, durable ? "PRAGMA synchronous = FULL" :
			 "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) == SQLITE_OK)
		db->relaxed = !durable;
}

static int on_wal(void *ctx, sqlite3 *lite, const char *schema, int pages)
{
	struct db *db = ctx;

	if (!db->waiting(db->waiting_ctx, pages))
		sqlite3_wal_checkpoint_v2(lite, schema, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK; /* the commit is done, whatever becomes of the pages */
}

void db_on_wal(struct db *db, bool (*waiting)(void *ctx, int pages), void *ctx)
{
	db->waiting = waiting;
	db->waiting_ctx = ctx;
	if (waiting)
		sqlite3_wal_hook(db->lite, on_wal, db);
	else
		sqlite3_wal_autocheckpoint(db->lite, DB_WAL_PAGES);
}

int db_checkpoint(struct db *db, int *waiting, int *left, struct err *e)
{
	int log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(db->lite, "main", SQLITE_CHECKPOINT_PASSIVE, &log,
					   &moved);

	/* Busy means that another connection moves the pages now, which is as good. */
	if (rc && (rc & 0xff) != SQLITE_BUSY)
		return db_fail(db, rc, NULL, e);
	*waiting = log > 0 ? log : 0;
	*left = log > moved ? log - moved : 0;
	return 0;
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->lite);
}
