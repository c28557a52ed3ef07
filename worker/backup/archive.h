/*
 * archive.h - reads and writes a backup's file: a gzip-compressed tar (ustar), which
 * "tar -xzf" opens as well.
 *
 * It holds plain files with names like "app.db" or "models/0f3a". Reading refuses everything
 * else, because an archive may come from anywhere.
 */
#ifndef WORKER_BACKUP_ARCHIVE_H
#define WORKER_BACKUP_ARCHIVE_H

#include "common/buf.h"
#include "common/crypto.h"
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_NAME_MAX 100		/* with NUL; ustar's field without its prefix */

struct archive_writer;
struct archive_reader;

struct archive_entry {
	char name[ARCHIVE_NAME_MAX];
	int64_t bytes;
};

/* May this be an entry's name? One or two words of plain characters, such as "models/0f3a". */
bool archive_name_ok(const char *name);
/*
 * Makes the file "path" (mode 0600; empties an old one). Entries get the date time_us. This
 * and the calls below return ERR_FULL when the disk is full.
 */
MUST_CHECK int archive_create(const char *path, int64_t time_us, struct archive_writer **out,
			      struct err *e);
MUST_CHECK int archive_add(struct archive_writer *w, const char *name, const struct buf *data,
			   struct err *e);
/*
 * Adds the file at "from". ERR_CONFLICT when it does not hold "bytes" bytes with this SHA-256,
 * because it changed since the caller looked at it.
 */
MUST_CHECK int archive_add_file(struct archive_writer *w, const char *name, const char *from,
				int64_t bytes, const char sha256[SHA256_HEX_MAX], struct err *e);
/* Writes everything to the disk. Frees the writer, also after an error. */
MUST_CHECK int archive_finish(struct archive_writer *take_w, struct err *e);
void archive_abandon(struct archive_writer *w);	/* NULL is harmless; the file stays */

/* This and the calls below return ERR_CORRUPT for a file that is no archive or is damaged. */
MUST_CHECK int archive_open(const char *path, struct archive_reader **out, struct err *e);
void archive_close(struct archive_reader *r);
/* Goes to the next entry and skips the rest of this one. ERR_END: the archive is complete. */
MUST_CHECK int archive_next(struct archive_reader *r, struct archive_entry *out, struct err *e);
/* Reads up to max bytes of the entry; *n 0: its end. */
MUST_CHECK int archive_read(struct archive_reader *r, void *data, size_t max, size_t *n,
			    struct err *e);
/*
 * Writes the rest of the entry to the new file "to" (mode 0600, fsynced; NULL: to no file) and
 * computes its sha256.
 */
MUST_CHECK int archive_extract(struct archive_reader *r, const char *to,
			       char sha256[SHA256_HEX_MAX], struct err *e);

#endif
