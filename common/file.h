/*
 * file.h - whole files and folders.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/buf.h"
#include "common/err.h"

#include <stddef.h>

/* mkdir -p; new folders get mode 0700. */
MUST_CHECK int file_mkdirs(const char *path, struct err *e);
/* Whole file into out (cleared first); ERR_LIMIT when longer than max bytes. */
MUST_CHECK int file_read(const char *path, size_t max, struct buf *out, struct err *e);
/* Writes a temporary file beside path, fsyncs and renames it: path is whole or untouched. */
MUST_CHECK int file_write(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Syncs the folder of path, so that a rename or a link in it survives a power cut. */
void file_sync_folder(const char *path);
/* Bytes free for us on the file system of path; -1 on error. */
long long file_free_bytes(const char *path);
/* Fills e from errno: "can't <what> <path>: why, and what to do". Returns the ERR_ that fits. */
int file_error(struct err *e, const char *what, const char *path);

#endif
