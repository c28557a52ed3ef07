/*
 * backup.h - makes a backup while everything runs, and checks whether a backup is good.
 *
 * backup_make copies the database as of one moment (SQLite's backup API), checks the copy page
 * by page, packs it with the files of the registered models and a manifest (manifest.h) into
 * one archive (archive.h), reads the archive back, and only then gives it its name. So a file
 * with a backup's name is complete. It does not hold the master key, the API token's file and
 * .env.
 *
 * A plain copy of the database (FILE.db, or what a migration leaves as app.db.v3.bak)
 * can be verified and restored as well; it has no models and no manifest.
 */
#ifndef WORKER_BACKUP_BACKUP_H
#define WORKER_BACKUP_BACKUP_H

#include "common/config.h"
#include "common/json.h"
#include "worker/backup/manifest.h"

#include <stdbool.h>
#include <stdint.h>

#define BACKUP_FILE_MAX (CONFIG_PATH_MAX + 64)

/* Gets the share done (0..1) and the current step. If it returns false, ends with ERR_CONFLICT. */
typedef bool backup_progress(void *ctx, double done, const char *what);

struct backup_args {
	const struct config *config;
	const char *file;	/* NULL: a dated name in BACKUP_DIR, and old ones are removed */
	bool force;		/* over a file that is there; see new_file.h */
	backup_progress *progress;	/* NULL: nobody asks */
	void *ctx;
};

struct backup_made {
	char file[BACKUP_FILE_MAX];
	int64_t bytes, database_bytes;
	int64_t took_us;
	size_t models, missing;		/* model files in it; registered ones that were not there */
	size_t removed;			/* old backups that rotation has taken away */
};

/*
 * If the file's name ends in ".db", writes only the database, as a SQLite file. ERR_BUSY:
 * another backup into BACKUP_DIR is being made. ERR_FULL: no space; leaves no file behind.
 */
MUST_CHECK int backup_make(const struct backup_args *a, struct backup_made *out, struct err *e);
/* Members "file", "bytes", ... of the object that is open in j. */
void backup_report(const struct backup_made *made, struct json *j);

struct backup_checked {
	bool plain;			/* a database without manifest */
	int64_t bytes;			/* of the file */
	struct manifest manifest;	/* plain: only schema_version and rows; manifest_free it */
};
/*
 * Unpacks the database to the new file "database" and checks everything: checksums, pages,
 * references, ledger, versions, row counts. The file stays when 0 is returned; after an error
 * (ERR_CORRUPT, ERR_NEWER, ERR_FULL, ...) it is removed.
 */
MUST_CHECK int backup_check(const char *file, const char *database, struct backup_checked *out,
			    struct err *e);

/* Unpacks the model files that DATA_DIR lacks; *n: how many were written. */
MUST_CHECK int backup_extract_models(const char *file, const char *data_dir, size_t *n,
				     struct err *e);

#endif
