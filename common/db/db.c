#include "common/db/internal.h"

#include "common/clock.h"
#include "common/db/migrate.h"
#include "common/db/policy.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUSY_API_US (2000 * US_PER_MS)		/* a person waits for the answer */
#define BUSY_WORKER_US (5000 * US_PER_MS)
#define BUSY_OPEN_US (10 * US_PER_S)		/* another start may be copying the file */
#define BUSY_CLI_US (1000 * US_PER_MS)		/* for a healthcheck that has it open just now */
#define BUSY_SLEEP_NS 500000			/* between two tries for the lock */
#define OLDER_NAP_US 10000			/* between two looks whether older programs ended */

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

static int open_file(struct db *db, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(db->path, &db->lite, flags, NULL);

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
static int enter_wal(struct db *db, struct err *e)
{
	int rc, tries = 0;

	if (db_in_memory(db))
		return 0;
	do {
		rc = sqlite3_exec(db->lite, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	} while ((rc & 0xff) == SQLITE_BUSY && on_busy(db, tries++));
	return rc ? db_fail(db, rc, NULL, e) : 0;
}

/* What a role needs of the file. */
static const struct role {
	bool lock;		/* takes its share of the lock */
	bool lock_file;		/* and makes the lock's file where there is none */
	bool one_name;		/* hard links are refused */
	bool current;		/* needs this program's schema: an older one is brought up to it */
	bool schema;		/* looks at the schema's version at all */
	bool newer;		/* goes on with that of a newer program */
	bool authorized;
	int64_t busy_us;	/* waits for another program's transaction */
	int64_t open_us;	/* waits for older programs' end */
} roles[] = {
	[DB_WORKER] = { true, true, true, true, true, false, false, BUSY_WORKER_US, BUSY_OPEN_US },
	[DB_API] = { true, true, true, true, true, false, true, BUSY_API_US, BUSY_OPEN_US },
	[DB_CLI] = { true, true, true, true, true, false, true, BUSY_API_US, BUSY_CLI_US },
	[DB_SECRETS] = { true, true, true, true, true, false, true, BUSY_API_US, BUSY_CLI_US },
	[DB_COMMAND] = { true, false, true, false, true, true, true, BUSY_API_US, 0 },
	[DB_READ] = { true, false, true, false, true, false, true, BUSY_API_US, 0 },
	[DB_TOOL] = { true, true, false, false, false, false, false, BUSY_API_US, 0 },
	[DB_ALONE] = { false, false, false, false, false, false, false, BUSY_API_US, 0 },
};

static struct db *new_handle(const char *path, const char *asked, enum db_role role)
{
	struct db *db = xcalloc(1, sizeof(*db));

	db->path = xstrdup(path);
	db->asked = xstrdup(asked);
	ASSERT(asprintf(&db->wal_path, "%s-wal", path) > 0);
	db->role = role;
	db->lock_fd = -1;
	db->busy_limit_us = BUSY_OPEN_US;
	db_stmts_init(db);
	return db;
}

/*
 * Hard links do no harm under the name that is in use, because its -wal file is there. An
 * emergency stop must not fail because of them.
 */
static int check_names(const struct db *db, struct err *e)
{
	const struct role *r = &roles[db->role];

	if (!r->one_name || (!r->lock_file && db_file_has(db->path, "-wal")))
		return 0;
	return db_file_one_name(db->path, e);
}

/* Opened, configured, and its schema looked at; in memory: made. */
static int open_once(struct db *db, int64_t until_us, struct err *e)
{
	const struct role *r = &roles[db->role];
	bool file = !db_in_memory(db);
	int rc = 0;

	if (file && ((rc = db_file_there(db, e)) || (rc = check_names(db, e))))
		return rc;
	if (file && r->lock && (rc = db_file_use(db, r->lock_file, until_us, e)))
		return rc;
	if ((rc = open_file(db, e)) || (rc = configure(db, e)))
		return rc;
	if (!file && r->current && (rc = migrate_run(db, migrations, migrations_count, e)))
		return rc;
	if (r->schema && (rc = migrate_look(db, r->newer, &db->schema, e)))
		return rc;
	/* A copy that was put in place (a restore) is not in WAL mode yet. */
	if (r->current && db->schema == (int)migrations_count && (rc = enter_wal(db, e)))
		return rc;
	if (r->authorized)
		sqlite3_set_authorizer(db->lite, on_authorize, db);
	db->busy_limit_us = r->busy_us;
	db_lost_begin(db);
	return 0;
}

static int migrate_file(const char *path, struct err *e)
{
	struct db *db = new_handle(path, path, DB_ALONE);
	int rc = open_file(db, e);

	if (!rc)
		rc = configure(db, e);
	if (!rc)
		rc = enter_wal(db, e);
	if (!rc)
		rc = migrate_run(db, migrations, migrations_count, e);
	db_close(db);
	return rc;
}

/* Nobody else may have it open, because a program of the older version can't use the new schema. */
static int bring_up_to_date(const char *path, int version, struct err *e)
{
	struct db_lock *l = NULL;
	int rc = db_lock_for(path, "schema change", 0, &l, e);

	if (rc == ERR_BUSY)
		return err_set(e, rc, "%s has schema version %d, this program needs %u, and "
			       "programs of the older version still run on it: stop them first "
			       "(trading-bot-worker, trading-bot-api). Nothing was changed", path,
			       version, migrations_count);
	if (rc)
		return rc;
	db_lock_note(l, "schema change");
	rc = migrate_file(path, e);
	db_lock_note(l, "");
	db_unlock(l);
	return rc;
}

static int make_empty(const char *path, struct err *e)
{
	struct db named = { .path = (char *)path };
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : db_fail_access(&named, errno, e);
	close(fd);
	return 0;
}

int db_make(const char *path, struct db_lock *l, struct err *e)
{
	struct db named = { .path = (char *)path };
	char part[DB_PATH_MAX + 16];
	int rc;

	snprintf(part, sizeof(part), "%s.new", path);
	db_lock_note(l, DB_NOTE_NEW);
	db_file_remove(part);
	rc = make_empty(part, e);
	if (!rc)
		rc = migrate_file(part, e);
	if (!rc && rename(part, path))
		rc = db_fail_access(&named, errno, e);
	if (rc) {
		db_file_remove(part);
		return rc;
	}
	file_sync_folder(path);
	db_lock_note(l, "");
	return 0;
}

static bool is_made(const char *path)
{
	return access(path, F_OK) == 0 && !db_file_is_empty(path);
}

/* Two first starts may be here at once; the second finds the file that the first made. */
static int make_missing(const char *path, enum db_role role, struct err *e)
{
	int64_t until_us = clock_mono_us() + BUSY_OPEN_US;
	struct db_lock *l = NULL;
	int rc = 0;

	if (is_made(path))
		return 0;
	rc = db_file_folder(path, e);
	if (!rc && !roles[role].current)
		return make_empty(path, e);
	if (!rc)
		rc = db_lock_for(path, DB_NOTE_NEW, until_us, &l, e);
	if (!rc && !is_made(path))
		rc = db_make(path, l, e);
	db_unlock(l);
	return rc == ERR_BUSY && is_made(path) ? 0 : rc;
}

static int open_as(const char *path, enum db_role role, bool make, struct db **out, struct err *e)
{
	int64_t until_us = clock_mono_us() + BUSY_OPEN_US;
	int64_t older_us = clock_mono_us() + roles[role].open_us;
	char name[DB_PATH_MAX];
	int version, rc = db_file_name(path, name, e);

	if (!rc && make && strcmp(name, ":memory:") != 0)
		rc = make_missing(name, role, e);
	while (!rc) {
		struct db *db = new_handle(name, path, role);

		rc = open_once(db, until_us, e);
		if (!rc && (!roles[role].current || db->schema >= (int)migrations_count)) {
			*out = db;
			return 0;
		}
		version = db->schema;
		db_close(db);
		if (rc)
			break;
		rc = bring_up_to_date(name, version, e);
		if (rc == ERR_BUSY && clock_mono_us() < older_us) {
			usleep((useconds_t)(OLDER_NAP_US * (1 + getpid() % 7)));
			rc = 0;
		}
	}
	return rc;
}

int db_open(const char *path, enum db_role role, struct db **out, struct err *e)
{
	return open_as(path, role, true, out, e);
}

int db_open_existing(const char *path, enum db_role role, struct db **out, struct err *e)
{
	return open_as(path, role, false, out, e);
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
	struct stmt *s = NULL;
	int64_t v = -1;

	if (db_stmt(db, sql, &s, NULL))
		return -1;
	ASSERT(s);
	if (stmt_step(s, NULL) == STMT_ROW)
		v = stmt_int(s, 0);
	stmt_done(s);
	return v;
}

int64_t db_data_version(struct db *db)
{
	static const char SQL_DATA_VERSION[] = "PRAGMA data_version";

	return read_pragma(db, SQL_DATA_VERSION);
}

int db_schema_version(struct db *db)
{
	static const char SQL_USER_VERSION[] = "PRAGMA user_version";

	return (int)read_pragma(db, SQL_USER_VERSION);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

const char *db_library_version(void)
{
	return sqlite3_libversion();
}
