/*
 * restore.h - puts a backup in the database's place.
 *
 *	lock (nobody runs)                          kill -9 here:
 *	unpack beside it, check, settle             the old database, a file .restoring
 *	missing model files into DATA_DIR/models    the same, and model files of no one
 *	old log folded into the old database        the same
 *	exchange the two files' names               <- one step: old before, new after
 *	check again                                 the new one
 *
 * The old database is kept as <db>.before-restore-<UTC time>. Bots that ran when the backup
 * was made are PAUSED (worker/store/backup.h lists what else changes).
 */
#ifndef WORKER_BACKUP_RESTORE_H
#define WORKER_BACKUP_RESTORE_H

#include "worker/backup/backup.h"
#include "worker/store/backup.h"

#include <stdbool.h>

#define RESTORE_PATH_MAX (CONFIG_PATH_MAX + 64)

struct restore_result {
	struct backup_checked checked;		/* manifest_free its manifest */
	struct backup_settled settled;
	size_t models;				/* files written */
	bool other_key;				/* another master key sealed its secrets */
	char kept[RESTORE_PATH_MAX];		/* where the old database is; "" there was none */
};

/*
 * ERR_BUSY: a program has the database open; ERR_CORRUPT, ERR_NEWER: the backup can't be used;
 * ERR_FULL. After every result DB_PATH holds either the complete old database or the complete
 * new one.
 */
MUST_CHECK int restore_run(const struct config *c, const char *file, struct restore_result *out,
			   struct err *e);

#endif
