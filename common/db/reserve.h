/*
 * reserve.h - room on the disk that is given up when there is no other: <db>.reserve.
 *
 * The worker makes the file beside the database, with every block allocated. On a full disk
 * whoever can't write any more (the worker's commit, a command of the command line or the
 * API) removes it: then commands are heard and what they cause is stored. The worker makes
 * it again when there is room for it and as much again.
 */
#ifndef COMMON_DB_RESERVE_H
#define COMMON_DB_RESERVE_H

#include "common/err.h"

#include <stdbool.h>

#define RESERVE_BYTES (4LL * 1024 * 1024)

bool reserve_there(const char *db_path);
/* 0: it is there. ERR_FULL: there is no room for it; ERR_READONLY, ERR_IO. */
MUST_CHECK int reserve_make(const char *db_path, struct err *e);
/* False: there was none to give up. */
bool reserve_give(const char *db_path);

#endif
