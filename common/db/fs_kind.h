/*
 * fs_kind.h - can a database live on this file system?
 *
 * SQLite's write-ahead log needs memory that all programs share (the mapped -shm file) and locks
 * that the kernel keeps. File systems that another kernel serves, over a network or into a virtual
 * machine, have neither for sure: two programs then see two states, and the file gets damaged.
 */
#ifndef COMMON_DB_FS_KIND_H
#define COMMON_DB_FS_KIND_H

#include "common/err.h"

/* By statfs's f_type: the file system's name when it can't; NULL: it can, or is not known. */
const char *fs_kind_refused(unsigned long type);
/*
 * The file system of path, or of the folder above it that is there. ERR_UNAVAILABLE names it and
 * says what to do.
 */
MUST_CHECK int fs_kind_check(const char *path, struct err *e);

#endif
