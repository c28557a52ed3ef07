#include "common/db/migrate.h"

#include "common/clock.h"
#include "common/db/backup.h"
#include "common/db/check.h"
#include "common/log.h"
#include "common/number.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_PATH_MAX 1100
#define COPIES_KEPT 2

struct run {
	int64_t start_us;		/* monotonic */
	int from;			/* the version that was copied aside; 0 not yet */
};

static const char SQL_OBJECTS[] = "SELECT count(*) FROM sqlite_master";
static const char SQL_APPLICATION[] = "PRAGMA application_id";

/* Our own file, or an empty one? */
static int check_owner(struct db *db, int version, struct err *e)
{
	int64_t objects = 0, id = 0;
	int rc;

	if ((rc = db_number(db, SQL_OBJECTS, NULL, &objects, e)) ||
	    (rc = db_number(db, SQL_APPLICATION, NULL, &id, e)))
		return rc;
	if (id == MIGRATE_APPLICATION_ID || (id == 0 && version == 0 && objects == 0))
		return 0;
	return err_set(e, ERR_CORRUPT,
		       "%s is a database of another program (application id %lld, version %d): "
		       "set DATA_DIR to a folder of its own", db_path(db), (long long)id, version);
}

static int read_version(struct db *db, int *version, struct err *e)
{
	int v = db_schema_version(db), rc;

	if (v < 0) /* the reason comes with the next read */
		return err_set(e, ERR_IO, "%s: cannot read the schema version", db_path(db));
	rc = check_owner(db, v, e);
	if (!rc)
		*version = v;
	return rc;
}

static int check_version(struct db *db, unsigned n, int *version, struct err *e)
{
	int v = 0, rc = read_version(db, &v, e);

	if (rc)
		return rc;
	if (v > (int)n)
		return err_set(e, ERR_NEWER, "%s has schema version %d and this program knows %u: "
			       "a newer version wrote it. Start that version, or restore the copy "
			       "%s.v%u.bak", db_path(db), v, n, db_path(db), n);
	*version = v;
	return 0;
}

static const char *copy_name(struct db *db, int version, char out[BACKUP_PATH_MAX])
{
	snprintf(out, BACKUP_PATH_MAX, "%s.v%d.bak", db_path(db), version);
	return out;
}

/* Copies once per run, because a user goes back to the version before, not to one in between. */
static int copy_aside(struct db *db, struct run *r, int version, struct err *e)
{
	char path[BACKUP_PATH_MAX];
	int rc;

	if (version == 0 || r->from) /* nothing in it yet, or copied already */
		return 0;
	rc = db_backup(db, copy_name(db, version, path), e);
	if (rc)
		err_prefix(e, "no schema change without a copy of the file");
	else
		r->from = version;
	return rc;
}

/* The version in the name <database>.v<version>.bak, else -1. */
static int copy_version(const char *base, const char *name)
{
	size_t n = strlen(base), digits;
	int64_t version;
	char text[8];

	if (strncmp(name, base, n) != 0 || strncmp(name + n, ".v", 2) != 0)
		return -1;
	name += n + 2;
	digits = strspn(name, "0123456789");
	if (digits >= sizeof(text) || strcmp(name + digits, ".bak") != 0)
		return -1;
	snprintf(text, sizeof(text), "%.*s", (int)digits, name);
	return number_int(text, 0, INT_MAX, &version) ? (int)version : -1;
}

/* The copies of COPIES_KEPT versions stay; each is as large as the database was. */
static void remove_old_copies(struct db *db)
{
	const char *slash = strrchr(db_path(db), '/');
	const char *base = slash ? slash + 1 : db_path(db);
	char folder[BACKUP_PATH_MAX], path[BACKUP_PATH_MAX];
	int newer = 0, version, highest = INT_MAX;
	struct dirent **list = NULL;
	int n;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - db_path(db)) : 1,
		 slash ? db_path(db) : ".");
	n = scandir(folder[0] ? folder : "/", &list, NULL, NULL);
	for (;; newer++) {
		int next = -1;

		for (int i = 0; i < n; i++) {
			version = copy_version(base, list[i]->d_name);
			if (version > next && version < highest)
				next = version;
		}
		if (next < 0)
			break;
		highest = next;
		if (newer >= COPIES_KEPT && !unlink(copy_name(db, next, path)))
			log_info("schema", NULL, "%s is removed: there are newer copies", path);
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

static void tell(struct db *db, const struct run *r, int to)
{
	char path[BACKUP_PATH_MAX];
	struct stat st = { 0 };

	(void)stat(copy_name(db, r->from, path), &st);
	log_info("schema", NULL, "%s went from schema version %d to %d in %lld ms; the copy "
		 "from before is %s (%.1f MB)", db_path(db), r->from, to,
		 (long long)((clock_mono_us() - r->start_us) / US_PER_MS), path,
		 (double)st.st_size / (1024 * 1024));
}

static int apply_tx(struct db *db, const struct migration *m, struct err *e)
{
	char pragmas[96];
	int rc;

	if ((rc = db_exec(db, m->sql, e)))
		return rc;
	ASSERT(db_in_transaction(db)); /* a step must not commit by itself */
	snprintf(pragmas, sizeof(pragmas), "PRAGMA user_version = %u; PRAGMA application_id = %d",
		 m->version, MIGRATE_APPLICATION_ID);
	if ((rc = db_exec(db, pragmas, e)))
		return rc;
	return db_check_references(db, e);
}

/* One step, or all of a new file; *done when there was none left to do. */
static int step(struct db *db, const struct migration *list, unsigned n, struct run *r,
		bool *done, struct err *e)
{
	const struct migration *m;
	int version, rc;

	if ((rc = db_exec(db, "BEGIN EXCLUSIVE", e)))
		return rc;
	/* Only now, because another process may have migrated while we waited. */
	if ((rc = check_version(db, n, &version, e)))
		goto out;
	*done = version == (int)n;
	if (*done)
		goto out;
	if ((rc = copy_aside(db, r, version, e)))
		goto out;
	/* A new file gets all steps at once, so that nobody sees or copies a half made one. */
	for (unsigned i = (unsigned)version; i < (version ? (unsigned)version + 1 : n); i++) {
		m = &list[i];
		ASSERT(m->version == i + 1);
		if ((rc = apply_tx(db, m, e))) {
			err_prefix(e, "schema step %s failed, %s is unchanged", m->name,
				   db_path(db));
			goto out;
		}
	}
	return db_commit(db, e);
out:
	db_rollback(db);
	return rc;
}

int migrate_run(struct db *db, const struct migration *list, unsigned n, struct err *e)
{
	struct run r = { .start_us = clock_mono_us() };
	bool done = false;
	int version, rc;

	if ((rc = check_version(db, n, &version, e)))
		return rc;
	if (version == (int)n) /* the usual start: no lock needed */
		return 0;
	/* Off while tables are rebuilt; db_check_references looks before the commit. */
	if ((rc = db_exec(db, "PRAGMA foreign_keys = OFF", e)))
		return rc;
	while (!rc && !done)
		rc = step(db, list, n, &r, &done, e);
	if (db_exec(db, "PRAGMA foreign_keys = ON", rc ? NULL : e) && !rc)
		rc = e ? e->code : ERR_IO;
	if (!rc && r.from) {
		tell(db, &r, (int)n);
		remove_old_copies(db);
	}
	return rc;
}

int migrate_look(struct db *db, bool newer, int *version, struct err *e)
{
	int v = 0, rc = newer ? read_version(db, &v, e) :
				check_version(db, migrations_count, &v, e);

	if (!rc && v == 0)
		rc = err_set(e, ERR_CORRUPT, "%s is an empty database: restore a backup, or remove "
			     "it and start a program with --new-database", db_path(db));
	if (!rc)
		*version = v;
	return rc;
}

int migrate_version(struct db *db, int *version, struct err *e)
{
	return migrate_look(db, false, version, e);
}
