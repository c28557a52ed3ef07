#include "common/db/db.h"

#include "common/clock.h"
#include "common/db/hold.h"
#include "common/db/internal.h"
#include "common/db/policy.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BUSY_SLEEP_NS 500000			/* between two tries for the lock */

/*
 * SQLite's own busy handler waits up to 100 ms between two tries. Commits here take single
 * milliseconds, so short waits let the loop go on sooner.
 */
static int on_busy(void *ctx, int tries)
{
	struct db *db = ctx;
	struct timespec step = { .tv_nsec = BUSY_SLEEP_NS };
	int64_t now = clock_mono_us();

	if (tries == 0)
		db->busy_since_us = now;
	if (now - db->busy_since_us >= db->busy_limit_us || (db->hurry && *db->hurry))
		return 0;
	nanosleep(&step, NULL);
	return 1;
}

static int on_authorize(void *ctx, int action, const char *a, const char *b, const char *schema,
			const char *trigger)
{
	struct db *db = ctx;
	bool ok = false;

	(void)schema;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION: /* load_extension() is off by SQLite's default */
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		ok = db_policy_pragma(a, b);
		break;
	case SQLITE_INSERT:
		ok = db_policy_write(db->role, DB_INSERT, a, NULL);
		break;
	case SQLITE_UPDATE:
		/* Asked when json_each and such are declared; real writes to it are off. */
		if (sqlite3_stricmp(a, "sqlite_master") == 0)
			return SQLITE_OK;
		ok = db_policy_write(db->role, DB_UPDATE, a, b);
		break;
	case SQLITE_DELETE:
		ok = db_policy_write(db->role, DB_DELETE, a, NULL) ||
		     (db->cascade && db_policy_cascade("bots", a));
		db->cascade = db->cascade || (ok && sqlite3_stricmp(a, "bots") == 0);
		break;
	}
	return ok ? SQLITE_OK : SQLITE_DENY;
}

/*
 * Nobody asks how much memory SQLite has, and counting it takes a lock for each allocation. Only
 * before the first connection; later it answers SQLITE_MISUSE and changes nothing.
 */
static void count_no_memory(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int connect(struct db *db, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc;

	(void)pthread_once(&once, count_no_memory);
	rc = sqlite3_open_v2(db->path, &db->lite, flags, NULL);
	if (rc)
		return db_fail(db, rc, NULL, e);
	/* SQLite falls back to reading without a word. */
	if (sqlite3_db_readonly(db->lite, "main"))
		return db_fail_access(db, EROFS, e);
	return 0;
}

/*
 * How durable a commit is. In WAL mode a commit survives the end of the process,
 * kill -9 included, as soon as it returned, with any "synchronous": the pages are
 * in the kernel. They differ at power loss only:
 *   FULL    one fsync of the -wal file per commit; nothing committed is lost.
 *   NORMAL  fsync at checkpoints only; the newest commits may be lost, never in
 *           part: the file stays consistent.
 * Measured (a commit of two rows; 2 cores, virtual disk, ext4): FULL 0.12 ms at the
 * median and 0.28 ms p99, NORMAL 0.013 and 0.026 ms; on a busy disk one fsync takes ten
 * milliseconds and more. FULL is the default, because the row of a planned order must be on
 * the disk before the order's first byte leaves: otherwise a power cut could lose an order
 * that the exchange has. A caller whose rows may be lost asks for NORMAL (db_set_durable).
 */
static int configure(struct db *db, struct err *e)
{
	static const char SQL_SETTINGS[] =
		"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
		"PRAGMA journal_size_limit = 67108864;"	/* bytes it keeps after a burst */
		"PRAGMA schema_version";		/* the first read: is it a database? */

	sqlite3_busy_handler(db->lite, on_busy, db);
	sqlite3_wal_autocheckpoint(db->lite, DB_WAL_PAGES);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	return db_exec(db, SQL_SETTINGS, e);
}

/*
 * Retries by itself, because SQLite returns "busy" without calling the busy handler when two
 * first starts both hold a read lock and want a write lock.
 */
int db_enter_wal(struct db *db, struct err *e)
{
	int rc, tries = 0;

	if (db_in_memory(db))
		return 0;
	do {
		rc = sqlite3_exec(db->lite, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	} while ((rc & 0xff) == SQLITE_BUSY && on_busy(db, tries++));
	return rc ? db_fail(db, rc, NULL, e) : 0;
}

struct db *db_new(const char *path, const char *asked, enum db_role role)
{
	struct db *db = xcalloc(1, sizeof(*db));

	db->path = xstrdup(path);
	db->asked = xstrdup(asked);
	ASSERT(asprintf(&db->wal_path, "%s-wal", path) > 0);
	db->role = role;
	db->lock_fd = -1;
	db_stmts_init(db);
	return db;
}

int db_connect(struct db *db, struct err *e)
{
	int rc = connect(db, e);

	return rc ? rc : configure(db, e);
}

void db_restrict(struct db *db)
{
	sqlite3_set_authorizer(db->lite, on_authorize, db);
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db_stmts_free(db);
	ASSERT(sqlite3_close(db->lite) == SQLITE_OK);
	db_hold_release(db->hold);	/* only now: see hold.h */
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db->asked);
	free(db->wal_path);
	free(db);
}

void db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->lite);
}

void db_set_hurry(struct db *db, const volatile int *flag)
{
	db->hurry = flag;
}

void db_set_busy_timeout(struct db *db, int64_t ms)
{
	db->busy_limit_us = ms * US_PER_MS;
}

static int64_t read_pragma(struct db *db, const char *sql)
{
	int64_t v = 0;

	return db_number(db, sql, NULL, &v, NULL) ? -1 : v;
}

int64_t db_data_version(struct db *db)
{
	static const char SQL_DATA_VERSION[] = "PRAGMA data_version";

	return read_pragma(db, SQL_DATA_VERSION);
}

int db_schema_version(struct db *db)
{
	static const char SQL_USER_VERSION[] = "PRAGMA user_version";

	return db->schema > 0 ? db->schema : (int)read_pragma(db, SQL_USER_VERSION);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

const char *db_library_version(void)
{
	return sqlite3_libversion();
}
