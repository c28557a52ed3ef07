/*
 * manifest.h - the contents of a backup as JSON: the first file in its archive.
 *
 *	{"format":1, "program":"trading-bot 1.0.0", "made":"2026-07-25T03:00:00.000000Z",
 *	 "schema_version":1, "master_key":"5f1c0a...",
 *	 "files":[{"name":"app.db","bytes":4096,"sha256":"..."}, {"name":"models/...", ...}],
 *	 "rows":{"bots":1, ...}, "missing":["models/..."],
 *	 "not_included":["master.key", ...]}
 *
 * master_key identifies the key that seals the stored exchange keys without revealing it, so
 * that a restore can say whether the present key is the right one.
 */
#ifndef WORKER_BACKUP_MANIFEST_H
#define WORKER_BACKUP_MANIFEST_H

#include "common/buf.h"
#include "common/crypto.h"
#include "worker/backup/archive.h"
#include "worker/store/backup.h"

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_DATABASE "app.db"
#define MANIFEST_BYTES_MAX (16 << 20)
#define KEY_NAME_MAX 17

struct manifest_file {
	char name[ARCHIVE_NAME_MAX];	/* in the archive, and below DATA_DIR */
	int64_t bytes;
	char sha256[SHA256_HEX_MAX];
};

struct manifest {
	char program[48];
	int64_t made_us;		/* us UTC, the moment that the copy shows */
	int schema_version;
	char key_name[KEY_NAME_MAX];	/* "" : there was no master key */
	struct backup_rows rows;
	size_t files_n;
	struct manifest_file *files;	/* the database first; owned */
	size_t missing;			/* registered models whose file was not there */
};

void manifest_free(struct manifest *m);		/* leaves it empty */
struct manifest_file *manifest_add(struct manifest *m);	/* zeroed; borrowed until the next */
const struct manifest_file *manifest_find(const struct manifest *m, const char *name);

void manifest_write(const struct manifest *m, const struct backup_models *missing,
		    struct buf *out);
/* ERR_CORRUPT; ERR_NEWER: a format of a later version. m must be empty. */
MUST_CHECK int manifest_read(const struct buf *text, struct manifest *m, struct err *e);

/* 16 hex digits that name the key in this file; "" when it can't be read. */
void manifest_key_name(const char *key_file, char out[KEY_NAME_MAX]);

#endif
