/*
 * file.h - whole files and folders.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/buf.h"
#include "common/err.h"

#include <stddef.h>

/* mkdir -p with mode 0700 for what is made. */
MUST_CHECK int file_mkdirs(const char *path, struct err *e);
/* Whole file into out (cleared first); ERR_LIMIT when longer than max bytes. */
MUST_CHECK int file_read(const char *path, size_t max, struct buf *out, struct err *e);
/* Written to a temporary beside it, fsynced, renamed: whole or not at all. */
MUST_CHECK int file_write(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Makes a rename or a link in the folder of path survive a power cut. */
void file_sync_folder(const char *path);
/* Bytes free for us on the file system of path; -1 on error. */
long long file_free_bytes(const char *path);
/* Fills e from errno: "can't <what> <path>: why, and what to do". Returns the ERR_ that fits. */
int file_error(struct err *e, const char *what, const char *path);

#endif
