/*
 * backup.h - copies a database while others write it.
 */
#ifndef COMMON_DB_BACKUP_H
#define COMMON_DB_BACKUP_H

#include "common/db/db.h"

/* A consistent copy through SQLite's backup API. */
MUST_CHECK int db_backup(struct db *db, const char *path, struct err *e);
/*
 * The same in steps; the copy still shows one moment. "step" gets the share done (0..1); when
 * it returns false the copy ends with ERR_CONFLICT. Writers don't wait, but the -wal file
 * can't shrink meanwhile.
 */
typedef bool db_copy_step(void *ctx, double done);
MUST_CHECK int db_backup_steps(struct db *db, const char *path, db_copy_step *step, void *ctx,
			       struct err *e);

#endif
