#include "common/db/start.h"

#include "common/clock.h"
#include "common/db/db.h"
#include "common/db/fs_kind.h"
#include "common/db/internal.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_US (10 * US_PER_S)		/* for the other program's first start */

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool there(const char *path)
{
	return exists(path) && !db_file_is_empty(path);
}

static bool in_data_dir(const struct config *c, const char *name)
{
	char path[CONFIG_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", c->data_dir, name);
	return exists(path);
}

/* Did the process that made the lock file end before it had made a database? */
static bool unfinished(const struct db_lock *l)
{
	char note[32];

	if (db_lock_made(l))
		return true;
	db_lock_note_get(l, note, sizeof(note));
	return strcmp(note, DB_NOTE_NEW) == 0;
}

/* The trace that shows that there was a database here; NULL: none. */
static const char *find_trace(const struct config *c, const char *path, const struct db_lock *l)
{
	if (db_file_has(path, ""))
		return "its file is empty";
	if (db_file_has(path, "-wal"))
		return "its -wal file is there";
	if (!unfinished(l))
		return "its lock's file is there";
	if (in_data_dir(c, "master.key"))
		return "master.key is there";
	if (in_data_dir(c, "models"))
		return "the folder models is there";
	return NULL;
}

static int missing(const char *path, const char *trace, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND, "%s is missing here, and this is no first start (%s): "
		       "restore it (trading-bot restore FILE), or pass --new-database to begin "
		       "with an empty one", path, trace);
}

static int set_aside(const char *path, struct err *e)
{
	char to[DB_PATH_MAX + 64], when[32];
	time_t now = (time_t)(clock_now_us() / US_PER_S);
	struct tm tm;

	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	snprintf(to, sizeof(to), "%s.before-new-%s", path, when);
	return db_file_set_aside(path, to, e);
}

static int make(const struct config *c, const char *path, bool new_database,
		struct db_lock *l, struct err *e)
{
	const char *trace = find_trace(c, path, l);
	int rc;

	if (trace && !new_database)
		return missing(path, trace, e);
	rc = set_aside(path, e);
	if (!rc)
		rc = db_make(path, l, e);
	if (!rc)
		log_info("db", NULL, "%s is made: %s", path,
			 trace ? "--new-database" : "the first start here");
	return rc;
}

int db_start(const struct config *c, bool new_database, struct err *e)
{
	int64_t until_us = clock_mono_us() + WAIT_US;
	struct db_lock *l = NULL;
	char path[DB_PATH_MAX];
	int rc = db_file_name(c->db_path, path, e);

	if (!rc)
		rc = fs_kind_check(path, e);
	if (rc || there(path))
		return rc;
	rc = db_file_folder(path, e);
	if (!rc)
		rc = db_lock_for(path, DB_NOTE_NEW, until_us, &l, e);
	if (rc)
		return there(path) ? 0 : rc;
	if (!there(path))
		rc = make(c, path, new_database, l, e);
	if (rc && !there(path)) {
		db_lock_undo(l);
		return rc;
	}
	db_unlock(l);
	return rc;
}
