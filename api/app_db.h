/*
 * app_db.h - the loop's connection to the database. For the loop's own modules: a handler has
 * r->db, which is this one or, in the thread of slow.h, the thread's (check-arrows.sh refuses
 * this header in api/routes).
 */
#ifndef API_APP_DB_H
#define API_APP_DB_H

#include "api/app.h"
#include "common/db/db.h"

#include <sys/types.h>

struct checkpoint;

struct app_db {
	struct db *db;			/* NULL while the file can't be opened */
	struct checkpoint *checkpoint;	/* of db; NULL: in its commits */
	char trouble[480];		/* why db is NULL, for a person */
	ino_t inode;			/* of the open file: a replaced one is reopened */
	dev_t device;
	unsigned generation;		/* grows with each opening */
};

/* Opens the database as DB_API and notes which file it is. */
MUST_CHECK int app_db_open(struct app *a, struct err *e);
/*
 * Called once a second, and before each request that changes something. Reopens a replaced
 * database file. When the file is missing it closes ours, because nobody would find what we
 * write; the database is opened again as soon as it is back. When -wal or -shm was removed
 * (a->lost) it ends the loop, because a process that has the old ones open, in any thread,
 * can't use new ones.
 */
void app_db_check(struct app *a);
void app_db_close(struct app *a);
/* How long a->db waits for locks, also after it was opened again. */
void app_db_patience(struct app *a, int64_t ms);
/*
 * PRAGMA data_version, read once per turn of the loop. All requests of a turn arrived before
 * the turn began, so each may be answered from what was committed before it began. Negative
 * on failure. a->db must be open.
 */
int64_t app_data_version(struct app *a);
/* Makes app_data_version read once per turn instead of in each call. Needs a->base. */
void app_turn_init(struct app *a);
void app_turn_fini(struct app *a);

#endif
