/*
 * backup.h - makes a backup while everything runs, and says whether one is good.
 *
 * Made: the database is copied as of one moment (SQLite's backup API), looked at page by
 * page, packed with the files of the registered models and a manifest (manifest.h) into
 * one archive (archive.h), read back, and only then given its name: a file with a
 * backup's name is whole. Not in it: the master key, the API token's file, .env.
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

/* Hears how far it is (0..1) and what is done; false ends it with ERR_CONFLICT. */
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
 * A file name that ends in ".db": the database alone, as SQLite has it. ERR_BUSY: another
 * backup into BACKUP_DIR is being made. ERR_FULL: no room; nothing is left behind.
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
 * Unpacks the database to "database" (a new file, which stays when 0 is returned) and
 * checks everything: sums, pages, references, ledger, versions, row counts. ERR_CORRUPT,
 * ERR_NEWER, ERR_FULL, ... and then "database" is gone again.
 */
MUST_CHECK int backup_check(const char *file, const char *database, struct backup_checked *out,
			    struct err *e);

/* Of "file" into the folder DATA_DIR, what is not there yet; *n how many were written. */
MUST_CHECK int backup_extract_models(const char *file, const char *data_dir, size_t *n,
				     struct err *e);

#endif
