#include "common/db.h"

#include "common/clock.h"
#include "common/db_policy.h"
#include "common/fault.h"
#include "common/file.h"
#include "common/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BUSY_API_US (2000 * US_PER_MS)		/* a person waits for the answer */
#define BUSY_WORKER_US (5000 * US_PER_MS)
#define BUSY_OPEN_US (10 * US_PER_S)		/* another start may be copying the file */
#define BUSY_SLEEP_NS 500000			/* between two tries for the lock */
#define BACKUP_PATH_MAX 1200
#define WAL_PAGES 1000				/* the -wal file stays near 4 MB */
#define COPY_PAGES 1024				/* between two looks at who waits for a copy */
#define SQL_SHOWN 60				/* characters of a statement in a message */

struct stmt {
	struct db *db;
	const char *sql;	/* key of the cache: the address */
	sqlite3_stmt *st;
	int bad_param;		/* first parameter that can't be stored, 0 none */
	bool active;		/* stands on a row */
};

struct db {
	sqlite3 *lite;
	char *path, *wal_path;
	enum db_role role;
	bool relaxed;		/* commits don't wait for the disk */
	int lock_fd;		/* says that the file is in use, -1 none */
	bool cascade;		/* the statement being prepared deletes from bots */
	int active;		/* statements that stand on a row */
	int64_t busy_since_us, busy_limit_us;
	uint64_t commits;
	bool (*waiting)(void *ctx, int pages);	/* takes care of the -wal file; or NULL */
	void *waiting_ctx;
	struct stmt **cache;	/* open addressing, cache_size a power of two */
	size_t cache_size, cache_used;
};

/* ---- errors ---- */

static int fail_access(const struct db *db, int os, struct err *e)
{
	if (os == ENOSPC || os == EDQUOT)
		return err_set(e, ERR_FULL, "%s: no space left on its file system (%s): free some "
			       "space", db->path, strerror(os));
	if (os == EACCES || os == EROFS || os == EPERM)
		return err_set(e, ERR_READONLY, "%s or its folder can't be written (%s): give this "
			       "user the right to write both, or set DATA_DIR to another folder",
			       db->path, strerror(os));
	if (os == EISDIR)
		return err_set(e, ERR_IO, "%s is a folder: a database file is expected", db->path);
	return err_set(e, ERR_IO, "%s can't be read or written (%s): look at the disk and the "
		       "kernel's log", db->path, os ? strerror(os) : "input/output error");
}

static int fail_constraint(const struct db *db, int rc, struct err *e)
{
	const char *why = sqlite3_errmsg(db->lite);

	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return err_set(e, ERR_CONFLICT, "exists already: %s", why);
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return err_set(e, ERR_CONFLICT, "another row refers to it, or the one it refers to "
			       "is missing: %s", why);
	default:
		return err_set(e, ERR_INVALID, "not a valid row: %s", why);
	}
}

static int fail_damaged(const struct db *db, const char *why, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s): stop both programs, keep a copy, and "
		       "restore a backup", db->path, why);
}

/* SQLite does not keep the reason when a commit fails: then errno has it. */
static int os_error(const struct db *db)
{
	int os = errno;

	return sqlite3_system_errno(db->lite) ? sqlite3_system_errno(db->lite) : os;
}

/* The sentence for SQLite's result rc. "sql" may be NULL. */
static int fail(const struct db *db, int rc, const char *sql, struct err *e)
{
	const char *why = sqlite3_errmsg(db->lite);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return err_set(e, ERR_BUSY, "%s is locked by another program: end its transaction "
			       "(an open sqlite3 shell?) and try again", db->path);
	case SQLITE_FULL:
		return err_set(e, ERR_FULL, "%s: no space left on its file system: free some space",
			       db->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		if (rc == SQLITE_READONLY_DBMOVED)
			return err_set(e, ERR_IO, "%s was moved or deleted while in use: put it "
				       "back and restart both programs", db->path);
		return fail_access(db, EROFS, e);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return fail_access(db, os_error(db), e);
	case SQLITE_NOTADB:
		return err_set(e, ERR_CORRUPT, "%s is not a SQLite database: move it away, then "
			       "start again or restore a backup", db->path);
	case SQLITE_CORRUPT:
		return fail_damaged(db, why, e);
	case SQLITE_AUTH:
		return err_set(e, ERR_DENIED, "this program may not do that in %s (%s): %.*s",
			       db->path, why, SQL_SHOWN, sql ? sql : "");
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return fail_constraint(db, rc, e);
	case SQLITE_INTERRUPT:
		return err_set(e, ERR_UNAVAILABLE, "not read to its end: this program is ending");
	case SQLITE_TOOBIG:
		return err_set(e, ERR_RANGE, "%s: a value is too long to be stored", db->path);
	}
	/* No memory, or our use of SQLite is wrong. */
	ASSERT(rc != SQLITE_NOMEM && rc != SQLITE_MISUSE && rc != SQLITE_RANGE);
	return err_set(e, ERR_INVALID, "%s: SQL failed (%s): %.*s", db->path, why, SQL_SHOWN,
		       sql ? sql : "");
}

/* ---- opening ---- */

static bool in_memory(const struct db *db)
{
	return strcmp(db->path, ":memory:") == 0;
}

/*
 * Ours before SQLite's, so that the file is private: -wal and -shm inherit its mode. A
 * file that exists must not be opened here: closing it would drop all locks that this
 * process has on it, those of its other connections, and the next program that ends
 * would take the -wal file away from under them.
 */
static int make_file(const struct db *db, struct err *e)
{
	const char *slash = strrchr(db->path, '/');
	char *folder;
	int fd, rc = 0;

	if (slash && slash > db->path) {
		folder = strndup(db->path, (size_t)(slash - db->path));
		ASSERT(folder != NULL);
		rc = file_mkdirs(folder, e);
		free(folder);
	}
	if (rc)
		return rc;
	fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : fail_access(db, errno, e);
	close(fd);
	return 0;
}

static int open_lock(const char *path, int *fd, struct err *e)
{
	struct db named = { .path = (char *)path };
	char name[BACKUP_PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s.lock", path);

	if (n < 0 || (size_t)n >= sizeof(name))
		return err_set(e, ERR_INVALID, "the path is too long: %.200s", path);
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return *fd < 0 ? fail_access(&named, errno, e) : 0;
}

/* Every connection's share; the kernel gives it back, however we end. */
static int say_in_use(struct db *db, struct err *e)
{
	int rc = open_lock(db->path, &db->lock_fd, e);

	if (rc || flock(db->lock_fd, LOCK_SH | LOCK_NB) == 0)
		return rc;
	return err_set(e, ERR_BUSY, "%s is being restored from a backup: start again when that "
		       "has ended", db->path);
}

int db_lock(const char *path, int *fd, struct err *e)
{
	int held = -1, rc = open_lock(path, &held, e);

	if (rc)
		return rc;
	if (flock(held, LOCK_EX | LOCK_NB) == 0) {
		*fd = held;
		return 0;
	}
	close(held);
	return err_set(e, ERR_BUSY, "%s is in use by a running program", path);
}

/*
 * SQLite's own waits grow to 100 ms; commits here take single milliseconds, so
 * short steps let the loop go on sooner.
 */
static int on_busy(void *ctx, int tries)
{
	struct db *db = ctx;
	struct timespec step = { .tv_nsec = BUSY_SLEEP_NS };
	int64_t now = clock_mono_us();

	if (tries == 0)
		db->busy_since_us = now;
	if (now - db->busy_since_us >= db->busy_limit_us)
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

static int raw(struct db *db, const char *sql, struct err *e)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(db->lite, sql, NULL, NULL, NULL);
	return rc ? fail(db, rc, sql, e) : 0;
}

static int open_file(struct db *db, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(db->path, &db->lite, flags, NULL);

	if (rc)
		return fail(db, rc, NULL, e);
	/* SQLite falls back to reading without a word. */
	if (sqlite3_db_readonly(db->lite, "main"))
		return fail_access(db, EROFS, e);
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
 * median and 0.28 ms p99, NORMAL 0.013 and 0.026 ms; a busy disk's fsync takes ten
 * and more. Everybody begins with FULL: an order must be on the disk as planned
 * before its first byte leaves, or a power cut could lose what the exchange already
 * has. Only who has nothing like that to lose asks for less (db_set_durable).
 */
static int configure(struct db *db, struct err *e)
{
	static const char SQL_SETTINGS[] =
		"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL;"
		"PRAGMA journal_size_limit = 67108864;"	/* bytes it keeps after a burst */
		"PRAGMA schema_version";		/* the first read: is it a database? */

	sqlite3_busy_handler(db->lite, on_busy, db);
	sqlite3_wal_autocheckpoint(db->lite, WAL_PAGES);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	return raw(db, SQL_SETTINGS, e);
}

/*
 * Two first starts at once: SQLite answers "busy" without asking the busy handler
 * when both hold a read lock and want more, so the wait is ours.
 */
static int enter_wal(struct db *db, struct err *e)
{
	int rc, tries = 0;

	if (in_memory(db))
		return 0;
	do {
		rc = sqlite3_exec(db->lite, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	} while ((rc & 0xff) == SQLITE_BUSY && on_busy(db, tries++));
	return rc ? fail(db, rc, NULL, e) : 0;
}

/* No file of this name: said before SQLite says that it can't open it. */
static int check_there(const struct db *db, struct err *e)
{
	if (!access(db->path, F_OK) || errno != ENOENT)
		return 0;
	return err_set(e, ERR_IO, "database %s is gone: put it back, or restart both programs to "
		       "begin with an empty one", db->path);
}

static int open_as(const char *path, enum db_role role, bool make, struct db **out, struct err *e)
{
	struct db *db = xcalloc(1, sizeof(*db));
	int rc = 0;

	db->path = xstrdup(path);
	ASSERT(asprintf(&db->wal_path, "%s-wal", path) > 0);
	db->role = role;
	db->lock_fd = -1;
	db->busy_limit_us = BUSY_OPEN_US;
	db->cache_size = 64;
	db->cache = xcalloc(db->cache_size, sizeof(*db->cache));
	if (!in_memory(db) && (rc = make ? make_file(db, e) : check_there(db, e)))
		goto out;
	if (!in_memory(db) && role != DB_ALONE && (rc = say_in_use(db, e)))
		goto out;
	if ((rc = open_file(db, e)) || (rc = configure(db, e)))
		goto out;
	if (role != DB_TOOL && role != DB_ALONE && ((rc = enter_wal(db, e)) ||
				(rc = migrate_run(db, migrations, migrations_count, e))))
		goto out;
	if (role == DB_API || role == DB_CLI)
		sqlite3_set_authorizer(db->lite, on_authorize, db);
	db->busy_limit_us = role == DB_WORKER ? BUSY_WORKER_US : BUSY_API_US;
	*out = db;
	db = NULL;
out:
	db_close(db);
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
	for (size_t i = 0; i < db->cache_size; i++) {
		if (!db->cache[i])
			continue;
		sqlite3_finalize(db->cache[i]->st);
		free(db->cache[i]);
	}
	ASSERT(sqlite3_close(db->lite) == SQLITE_OK);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->cache);
	free(db->path);
	free(db->wal_path);
	free(db);
}

void db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->lite);
}

void db_set_busy_timeout(struct db *db, int64_t ms)
{
	db->busy_limit_us = ms * US_PER_MS;
}

/* ---- transactions ---- */

int db_begin(struct db *db, struct err *e)
{
	ASSERT(db->active == 0); /* a forgotten stmt_done would make this fail at random */
	return raw(db, "BEGIN IMMEDIATE", e);
}

void db_set_durable(struct db *db, bool durable)
{
	ASSERT(!db_in_transaction(db)); /* SQLite would not hear it there */
	if (durable == !db->relaxed)
		return;
	/* A failure leaves it more durable than asked, or is told by the next statement. */
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
		sqlite3_wal_autocheckpoint(db->lite, WAL_PAGES);
}

/*
 * SQLite writes the -wal file, waits for the disk, and only then shows the commit to
 * others, in memory: who wakes up at the write (inotify) looks too early, and
 * nothing wakes it again. Opening a file is an event too, and changes nothing. No
 * lock is lost at its close: SQLite's are on the other two files.
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
	fault_before_commit();
	rc = raw(db, "COMMIT", e);
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
	/* Its failure means that SQLite has rolled back by itself. */
	if (db_in_transaction(db))
		(void)sqlite3_exec(db->lite, "ROLLBACK", NULL, NULL, NULL);
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->lite);
}

int db_exec(struct db *db, const char *sql, struct err *e)
{
	/* Statement by statement: the authorizer looks at each on its own. */
	while (*sql) {
		sqlite3_stmt *st = NULL;
		const char *at = sql;
		int rc;

		db->cascade = false;
		errno = 0;
		rc = sqlite3_prepare_v2(db->lite, at, -1, &st, &sql);
		if (!rc && st)
			do {
				rc = sqlite3_step(st);
			} while (rc == SQLITE_ROW);
		if (rc && rc != SQLITE_DONE)
			rc = fail(db, rc, at, e);
		else
			rc = 0;
		sqlite3_finalize(st);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- statements ---- */

static size_t cache_slot(const struct db *db, const char *sql)
{
	size_t i = ((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 32;

	for (;; i++) {
		struct stmt *s = db->cache[i &= db->cache_size - 1];

		if (!s || s->sql == sql)
			return i;
	}
}

static void cache_grow(struct db *db)
{
	struct stmt **old = db->cache;
	size_t n = db->cache_size;

	db->cache_size *= 2;
	db->cache = xcalloc(db->cache_size, sizeof(*db->cache));
	for (size_t i = 0; i < n; i++)
		if (old[i])
			db->cache[cache_slot(db, old[i]->sql)] = old[i];
	free(old);
}

static void rest(struct stmt *s)
{
	sqlite3_reset(s->st); /* its result repeats the step's */
	if (s->active)
		s->db->active--;
	s->active = false;
}

int db_stmt(struct db *db, const char *sql, struct stmt **out, struct err *e)
{
	size_t slot = cache_slot(db, sql);
	struct stmt *s = db->cache[slot];
	sqlite3_stmt *st = NULL;
	int rc;

	if (s) {
		ASSERT(!s->active); /* nested use, or a forgotten stmt_done */
		stmt_done(s);
		*out = s;
		return 0;
	}
	db->cascade = false;
	rc = sqlite3_prepare_v3(db->lite, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
	if (rc)
		return fail(db, rc, sql, e);
	ASSERT(st != NULL);
	s = xcalloc(1, sizeof(*s));
	*s = (struct stmt){ .db = db, .sql = sql, .st = st };
	db->cache[slot] = s;
	if (++db->cache_used * 2 > db->cache_size)
		cache_grow(db);
	*out = s;
	return 0;
}

static void check_bind(struct stmt *s, int index, int rc)
{
	if (rc == SQLITE_OK)
		return;
	ASSERT(rc == SQLITE_TOOBIG); /* else: no such parameter, or bound while on a row */
	if (!s->bad_param)
		s->bad_param = index;
}

void stmt_bind_int(struct stmt *s, int index, int64_t v)
{
	check_bind(s, index, sqlite3_bind_int64(s->st, index, v));
}

void stmt_bind_double(struct stmt *s, int index, double v)
{
	/* SQLite would store NaN as NULL. */
	check_bind(s, index, isfinite(v) ? sqlite3_bind_double(s->st, index, v) : SQLITE_TOOBIG);
}

void stmt_bind_text(struct stmt *s, int index, const char *v)
{
	check_bind(s, index, sqlite3_bind_text(s->st, index, v, -1, SQLITE_TRANSIENT));
}

void stmt_bind_blob(struct stmt *s, int index, const void *v, size_t len)
{
	check_bind(s, index, sqlite3_bind_blob64(s->st, index, v ? v : "", len, SQLITE_TRANSIENT));
}

void stmt_bind_null(struct stmt *s, int index)
{
	check_bind(s, index, sqlite3_bind_null(s->st, index));
}

static void bind_exact(struct stmt *s, int index, int rc, double v)
{
	check_bind(s, index, rc ? SQLITE_TOOBIG : sqlite3_bind_double(s->st, index, v));
}

void stmt_bind_price(struct stmt *s, int index, struct price v)
{
	double real = 0;
	int rc = price_to_real(v, &real);

	bind_exact(s, index, rc, real);
}

void stmt_bind_qty(struct stmt *s, int index, struct qty v)
{
	double real = 0;
	int rc = qty_to_real(v, &real);

	bind_exact(s, index, rc, real);
}

void stmt_bind_money(struct stmt *s, int index, struct money v)
{
	double real = 0;
	int rc = money_to_real(v, &real);

	bind_exact(s, index, rc, real);
}

void stmt_near_price(struct stmt *s, int index, struct price v)
{
	stmt_bind_double(s, index, price_near_real(v));
}

void stmt_near_qty(struct stmt *s, int index, struct qty v)
{
	stmt_bind_double(s, index, qty_near_real(v));
}

void stmt_near_money(struct stmt *s, int index, struct money v)
{
	stmt_bind_double(s, index, money_near_real(v));
}

int stmt_step(struct stmt *s, struct err *e)
{
	int rc;

	if (s->bad_param) {
		rc = err_set(e, ERR_RANGE, "parameter %d can't be stored exactly in: %.*s",
			     s->bad_param, SQL_SHOWN, s->sql);
		rest(s);
		return rc;
	}
	errno = 0;
	rc = sqlite3_step(s->st);
	if (rc == SQLITE_ROW) {
		if (!s->active)
			s->db->active++;
		s->active = true;
		return STMT_ROW;
	}
	rc = rc == SQLITE_DONE ? STMT_END : fail(s->db, rc, s->sql, e);
	rest(s);
	return rc;
}

int stmt_run(struct stmt *s, struct err *e)
{
	int rc;

	if (fault_write())
		return fail(s->db, SQLITE_FULL, s->sql, e);
	rc = stmt_step(s, e);
	ASSERT(rc != STMT_ROW);
	return rc;
}

void stmt_done(struct stmt *s)
{
	rest(s);
	sqlite3_clear_bindings(s->st);
	s->bad_param = 0;
}

static sqlite3_stmt *at_column(struct stmt *s, int col)
{
	ASSERT(s->active && col >= 0 && col < sqlite3_column_count(s->st));
	return s->st;
}

int64_t stmt_int(struct stmt *s, int col)
{
	return sqlite3_column_int64(at_column(s, col), col);
}

double stmt_double(struct stmt *s, int col)
{
	return sqlite3_column_double(at_column(s, col), col);
}

const char *stmt_text(struct stmt *s, int col)
{
	return (const char *)sqlite3_column_text(at_column(s, col), col);
}

const void *stmt_blob(struct stmt *s, int col, size_t *len)
{
	const void *p = sqlite3_column_blob(at_column(s, col), col);

	*len = (size_t)sqlite3_column_bytes(s->st, col);
	return p;
}

bool stmt_is_null(struct stmt *s, int col)
{
	return sqlite3_column_type(at_column(s, col), col) == SQLITE_NULL;
}

struct price stmt_price(struct stmt *s, int col)
{
	struct price v;

	ASSERT(price_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

struct qty stmt_qty(struct stmt *s, int col)
{
	struct qty v;

	ASSERT(qty_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

struct money stmt_money(struct stmt *s, int col)
{
	struct money v;

	ASSERT(money_from_real(stmt_double(s, col), &v) == 0);
	return v;
}

void stmt_copy(struct stmt *s, int col, char *dst, size_t size)
{
	const char *text = stmt_text(s, col);
	size_t n = text ? strnlen(text, size - 1) : 0;

	/* Not in the middle of a UTF-8 character. */
	if (text && text[n])
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	if (n)
		memcpy(dst, text, n);
	dst[n] = '\0';
}

int stmt_columns(struct stmt *s)
{
	return sqlite3_column_count(s->st);
}

const char *stmt_column_name(struct stmt *s, int col)
{
	return sqlite3_column_name(s->st, col);
}

enum stmt_type stmt_column_type(struct stmt *s, int col)
{
	switch (sqlite3_column_type(at_column(s, col), col)) {
	case SQLITE_INTEGER: return STMT_INT;
	case SQLITE_FLOAT: return STMT_REAL;
	case SQLITE_TEXT: return STMT_TEXT;
	case SQLITE_BLOB: return STMT_BLOB;
	default: return STMT_NULL;
	}
}

/* ---- the file ---- */

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->lite);
}

int db_changes(struct db *db)
{
	return sqlite3_changes(db->lite);
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

bool db_moved(struct db *db)
{
	int moved = 0;

	if (in_memory(db))
		return false;
	return sqlite3_file_control(db->lite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == 0 && moved;
}

struct copy {
	db_copy_step *step;
	void *ctx;
	bool ended;		/* by step */
};

/* The read transaction keeps the source as it is now, however long the copy takes. */
static int copy_pages(sqlite3 *from, sqlite3 *to, struct copy *c)
{
	sqlite3_backup *b;
	int rc = sqlite3_exec(from, "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL);

	if (rc)
		return rc;
	b = sqlite3_backup_init(to, "main", from, "main");
	if (!b)
		return sqlite3_extended_errcode(to);
	do {
		rc = sqlite3_backup_step(b, COPY_PAGES);
		if (c->step && (rc == SQLITE_OK || rc == SQLITE_DONE)) {
			double all = sqlite3_backup_pagecount(b);

			c->ended = !c->step(c->ctx, all > 0 ? 1 - sqlite3_backup_remaining(b) / all
							    : 1);
		}
	} while (rc == SQLITE_OK && !c->ended);
	return sqlite3_backup_finish(b);
}

/* Into the new file "path", through a connection of its own: db may be writing. */
static int copy_file(const struct db *db, const char *path, struct copy *c, struct err *e)
{
	struct db target = { .path = (char *)path };
	sqlite3 *source = NULL;
	int rc, fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_access(&target, errno, e);
	close(fd);
	rc = sqlite3_open_v2(path, &target.lite, SQLITE_OPEN_READWRITE, NULL);
	if (!rc)
		rc = sqlite3_open_v2(db->path, &source, SQLITE_OPEN_READWRITE, NULL);
	if (!rc)
		sqlite3_busy_timeout(source, (int)(BUSY_API_US / US_PER_MS));
	if (!rc)
		rc = copy_pages(source, target.lite, c);
	if (rc)
		rc = fail(&target, rc, NULL, e);
	else if (c->ended)
		rc = err_set(e, ERR_CONFLICT, "the copy to %s was ended", path);
	sqlite3_close(source);
	sqlite3_close(target.lite);
	return rc;
}

int db_backup(struct db *db, const char *path, struct err *e)
{
	return db_backup_steps(db, path, NULL, NULL, e);
}

int db_backup_steps(struct db *db, const char *path, db_copy_step *step, void *ctx, struct err *e)
{
	struct copy c = { .step = step, .ctx = ctx };
	char temporary[BACKUP_PATH_MAX];
	int rc, n = snprintf(temporary, sizeof(temporary) - 16, "%s.part", path);

	if (n < 0 || (size_t)n >= sizeof(temporary) - 16)
		return err_set(e, ERR_INVALID, "backup: the path is too long: %.200s", path);
	if (in_memory(db))
		return err_set(e, ERR_INVALID, "backup: a database in memory has no file");
	rc = copy_file(db, temporary, &c, e);
	if (!rc && rename(temporary, path) != 0)
		rc = err_set(e, ERR_IO, "backup: %s can't be renamed to %s: %s", temporary, path,
			     strerror(errno));
	if (!rc) {
		file_sync_folder(path);
		return 0;
	}
	unlink(temporary);
	/* A full disk leaves SQLite's journal as well: it can't be rolled back there. */
	snprintf(temporary, sizeof(temporary), "%s.part-journal", path);
	unlink(temporary);
	return rc;
}

int db_check(struct db *db, struct err *e)
{
	static const char SQL_CHECK[] = "PRAGMA quick_check(1)";
	struct stmt *s;
	int rc = db_stmt(db, SQL_CHECK, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW)
		rc = strcmp(stmt_text(s, 0), "ok") == 0 ? 0 : fail_damaged(db, stmt_text(s, 0), e);
	stmt_done(s);
	return rc;
}

const char *db_library_version(void)
{
	return sqlite3_libversion();
}
