/*
 * SQLite works with open descriptors, so it never notices that a name leads to another file
 * by now. While a connection in WAL mode is open, SQLite itself never removes its -wal and -shm
 * (it needs the database alone for that). Other -wal or -shm files are therefore a loss as
 * well: two programs with different -shm files don't see each other's locks.
 */
#include "common/db/db.h"

#include "common/db/hold.h"
#include "common/db/internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define NAME_SIZE (DB_PATH_MAX + 16)

static bool identify(const struct db *db, const char *ending, struct stat *st)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", db->path, ending);
	return stat(name, st) == 0;
}

void db_lost_begin(struct db *db)
{
	static const char *const endings[] = { "-wal", "-shm" };
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (identify(db, endings[i], &st))
			db->beside[i] = (struct db_beside){ endings[i], st.st_dev, st.st_ino };
}

static int lost_beside(const struct db *db, const struct db_beside *b, struct err *e)
{
	struct stat st;

	if (!b->ending)
		return 0;
	if (identify(db, b->ending, &st) && st.st_dev == b->dev && st.st_ino == b->ino)
		return 0;
	return err_set(e, ERR_CONFLICT, "%s%s was removed or replaced while it was in use: nothing "
		       "may touch it while programs run", db->path, b->ending);
}

int db_lost(struct db *db, struct err *e)
{
	int rc = 0;

	if (!db->hold)
		return 0;
	if (db_hold_lost(db->hold, db->path) || db_hold_lost(db->hold, db->asked))
		return err_set(e, ERR_IO, "%s is another file now, or gone: it was replaced, moved "
			       "or deleted while it was in use, and nobody would find what is "
			       "written here now", db->asked);
	for (size_t i = 0; i < 2 && !rc; i++)
		rc = lost_beside(db, &db->beside[i], e);
	return rc;
}

void db_abandon(struct db *db)
{
	struct stat st;

	if (!identify(db, "-wal", &st))
		sqlite3_wal_checkpoint_v2(db->lite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	else if (!db->beside[0].ending || st.st_dev != db->beside[0].dev ||
		 st.st_ino != db->beside[0].ino)
		sqlite3_db_config(db->lite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}
