/*
 * reserve.h - disk space kept for the moment when the disk is full: <db>.reserve.
 *
 * The worker makes this file beside the database with every block allocated. On a full disk
 * the first program whose write fails (the worker's commit, or a command of the command line
 * or the API) removes the file; the freed space lets commands and their effects be stored.
 * The worker makes the file again when twice its size is free.
 */
#ifndef COMMON_DB_RESERVE_H
#define COMMON_DB_RESERVE_H

#include "common/err.h"

#include <stdbool.h>

#define RESERVE_BYTES (4LL * 1024 * 1024)

/* Less is as good as no room: a write of a few pages may fail. */
#define DISK_FULL_BYTES (256 * 1024)
/* Are less than DISK_FULL_BYTES left where the database is? */
bool reserve_disk_full(const char *db_path);
bool reserve_there(const char *db_path);
/* 0: it is there. ERR_FULL: there is no room for it; ERR_READONLY, ERR_IO. */
MUST_CHECK int reserve_make(const char *db_path, struct err *e);
/* Removes the file. False: there was none. */
bool reserve_give(const char *db_path);

#endif
