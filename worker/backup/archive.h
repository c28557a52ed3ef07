/*
 * archive.h - the file that a backup is: a gzip-compressed tar (ustar), which
 * "tar -xzf" opens as well.
 *
 * Plain files with names like "app.db" or "models/0f3a"; nothing else is written, and
 * nothing else is taken: an archive is input, and may come from anywhere.
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

/* One or two words of plain characters, such as "models/0f3a": may it be an entry's name? */
bool archive_name_ok(const char *name);
/*
 * A new file "path" (mode 0600, an old one is emptied). Entries are dated time_us.
 * ERR_FULL when the disk is, then and in the calls below.
 */
MUST_CHECK int archive_create(const char *path, int64_t time_us, struct archive_writer **out,
			      struct err *e);
MUST_CHECK int archive_add(struct archive_writer *w, const char *name, const struct buf *data,
			   struct err *e);
/*
 * The file at "from", which must hold "bytes" bytes with that SHA-256: ERR_CONFLICT when
 * it has become another one since it was looked at.
 */
MUST_CHECK int archive_add_file(struct archive_writer *w, const char *name, const char *from,
				int64_t bytes, const char sha256[SHA256_HEX_MAX], struct err *e);
/* All of it on the disk. The writer is gone afterwards, also after an error. */
MUST_CHECK int archive_finish(struct archive_writer *take_w, struct err *e);
void archive_abandon(struct archive_writer *w);	/* NULL is harmless; the file stays */

/* ERR_CORRUPT, then and in the calls below: no archive, or a damaged one. */
MUST_CHECK int archive_open(const char *path, struct archive_reader **out, struct err *e);
void archive_close(struct archive_reader *r);
/* The next entry, whatever is left of this one is passed over. ERR_END: whole to its end. */
MUST_CHECK int archive_next(struct archive_reader *r, struct archive_entry *out, struct err *e);
/* Up to max bytes of the entry; *n 0: its end. */
MUST_CHECK int archive_read(struct archive_reader *r, void *data, size_t max, size_t *n,
			    struct err *e);
/*
 * What is left of the entry into the new file "to" (mode 0600, fsynced; NULL: nowhere);
 * sha256 of it.
 */
MUST_CHECK int archive_extract(struct archive_reader *r, const char *to,
			       char sha256[SHA256_HEX_MAX], struct err *e);

#endif
