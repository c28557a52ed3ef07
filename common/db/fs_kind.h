/*
 * fs_kind.h - checks whether a database can live on a file system.
 *
 * SQLite's write-ahead log needs memory that all programs share (the mapped -shm file) and
 * locks that the kernel keeps. A file system that another kernel serves, over a network or
 * into a virtual machine, does not guarantee them: two programs may then see two different
 * states and damage the file.
 */
#ifndef COMMON_DB_FS_KIND_H
#define COMMON_DB_FS_KIND_H

#include "common/err.h"

/* type: statfs's f_type. The name of a file system that can't; NULL: it can, or is unknown. */
const char *fs_kind_refused(unsigned long type);
/*
 * Checks the file system of path, or of the nearest existing folder above it. ERR_UNAVAILABLE
 * names the file system and says what to do.
 */
MUST_CHECK int fs_kind_check(const char *path, struct err *e);

#endif
