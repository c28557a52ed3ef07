/*
 * backup.h - a copy of a database that others go on writing.
 */
#ifndef COMMON_DB_BACKUP_H
#define COMMON_DB_BACKUP_H

#include "common/db/db.h"

/* A consistent copy through SQLite's backup API. */
MUST_CHECK int db_backup(struct db *db, const char *path, struct err *e);
/*
 * The same in steps, of one moment: "step" hears how much is done (0..1) and ends it
 * with ERR_CONFLICT by answering false. Writers are not held up, but the -wal file can't
 * shrink meanwhile.
 */
typedef bool db_copy_step(void *ctx, double done);
MUST_CHECK int db_backup_steps(struct db *db, const char *path, db_copy_step *step, void *ctx,
			       struct err *e);

#endif
