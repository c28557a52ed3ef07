#include "common/migrate.h"

#include "common/db_backup.h"
#include "common/db_check.h"

#include <stdio.h>

#define BACKUP_PATH_MAX 1100

static const char SQL_OBJECTS[] = "SELECT count(*) FROM sqlite_master";
static const char SQL_APPLICATION[] = "PRAGMA application_id";

static int read_int(struct db *db, const char *sql, int64_t *out, struct err *e)
{
	struct stmt *s;
	int rc = db_stmt(db, sql, &s, e);

	if (rc)
		return rc;
	rc = stmt_step(s, e);
	if (rc == STMT_ROW) {
		*out = stmt_int(s, 0);
		rc = 0;
	}
	stmt_done(s);
	return rc;
}

/* Our own file, or an empty one? */
static int check_owner(struct db *db, int version, struct err *e)
{
	int64_t objects = 0, id = 0;
	int rc;

	if ((rc = read_int(db, SQL_OBJECTS, &objects, e)) ||
	    (rc = read_int(db, SQL_APPLICATION, &id, e)))
		return rc;
	if (id == MIGRATE_APPLICATION_ID || (id == 0 && version == 0 && objects == 0))
		return 0;
	return err_set(e, ERR_CORRUPT,
		       "%s is a database of another program (application id %lld, version %d): "
		       "set DATA_DIR to a folder of its own", db_path(db), (long long)id, version);
}

static int check_version(struct db *db, unsigned n, int *version, struct err *e)
{
	int v = db_schema_version(db), rc;

	if (v < 0) /* the reason comes with the next read */
		return err_set(e, ERR_IO, "%s: cannot read the schema version", db_path(db));
	if ((rc = check_owner(db, v, e)))
		return rc;
	if (v > (int)n)
		return err_set(e, ERR_NEWER, "%s has schema version %d and this program knows %u: "
			       "a newer version wrote it. Start that version, or restore the copy "
			       "%s.v%u.bak", db_path(db), v, n, db_path(db), n);
	*version = v;
	return 0;
}

static int copy_aside(struct db *db, int version, struct err *e)
{
	char path[BACKUP_PATH_MAX];
	int rc;

	if (version == 0) /* nothing in it yet */
		return 0;
	snprintf(path, sizeof(path), "%s.v%d.bak", db_path(db), version);
	if ((rc = db_backup(db, path, e)))
		err_prefix(e, "no schema change without a copy of the file");
	return rc;
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
static int step(struct db *db, const struct migration *list, unsigned n, bool *done, struct err *e)
{
	const struct migration *m;
	int version, rc;

	if ((rc = db_exec(db, "BEGIN EXCLUSIVE", e)))
		return rc;
	/* Only now: another process may have been here while we waited. */
	if ((rc = check_version(db, n, &version, e)))
		goto out;
	*done = version == (int)n;
	if (*done)
		goto out;
	if ((rc = copy_aside(db, version, e)))
		goto out;
	/* A new file gets all steps at once: nobody sees it half made, or keeps a copy of that. */
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
		rc = step(db, list, n, &done, e);
	if (db_exec(db, "PRAGMA foreign_keys = ON", rc ? NULL : e) && !rc)
		rc = e ? e->code : ERR_IO;
	return rc;
}

int migrate_version(struct db *db, int *version, struct err *e)
{
	int v = 0, rc = check_version(db, migrations_count, &v, e);

	if (!rc && v == 0)
		rc = err_set(e, ERR_CORRUPT, "%s is an empty database", db_path(db));
	if (!rc)
		*version = v;
	return rc;
}
