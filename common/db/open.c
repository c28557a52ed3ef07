#include "common/db/db.h"

#include "common/clock.h"
#include "common/db/internal.h"
#include "common/db/migrate.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_API_US (2000 * US_PER_MS)		/* a person waits for the answer */
#define BUSY_WORKER_US (5000 * US_PER_MS)
#define BUSY_OPEN_US (10 * US_PER_S)		/* another start may be copying the file */
#define BUSY_CLI_US (1000 * US_PER_MS)		/* for a healthcheck that has it open just now */
#define OLDER_NAP_US 10000			/* between two looks whether older programs ended */

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
	struct db *db = db_new(path, asked, role);

	db->busy_limit_us = BUSY_OPEN_US;
	db->newest = (int)migrations_count;
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
	if ((rc = db_connect(db, e)))
		return rc;
	if (!file && r->current && (rc = migrate_run(db, migrations, migrations_count, e)))
		return rc;
	if (r->schema && (rc = migrate_look(db, r->newer, &db->schema, e)))
		return rc;
	/* A copy that was put in place (a restore) is not in WAL mode yet. */
	if (r->current && db->schema == (int)migrations_count && (rc = db_enter_wal(db, e)))
		return rc;
	if (r->authorized)
		db_restrict(db);
	db->busy_limit_us = r->busy_us;
	db_lost_begin(db);
	return 0;
}

static int migrate_file(const char *path, struct err *e)
{
	struct db *db = new_handle(path, path, DB_ALONE);
	int rc = db_connect(db, e);

	if (!rc)
		rc = db_enter_wal(db, e);
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
