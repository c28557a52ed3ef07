/*
 * stop_mark.h - an emergency stop of all bots without the database: <db>.stop.
 *
 *	none --ask--> asked --the worker told its engine--> told --committed--> none
 *
 * For a database that can't take a command, because the disk is full or the file is locked or
 * damaged. The worker makes and fills the file while there is space; later writes only
 * overwrite it in place, which needs no space. The worker reads it a few times per second and
 * when it starts. So the stop also reaches a worker that no signal can reach (in another
 * container) or that does not run, and it survives a kill between signal and commit.
 */
#ifndef COMMON_DB_STOP_MARK_H
#define COMMON_DB_STOP_MARK_H

#include "common/err.h"

#include <stdbool.h>

enum stop_mark { STOP_MARK_NONE, STOP_MARK_ASKED, STOP_MARK_TOLD };

/* Does the file exist? Each worker makes it before it trades. */
bool stop_mark_there(const char *db_path);
/* STOP_MARK_NONE also when there is no such file. */
enum stop_mark stop_mark_get(const char *db_path);
/* ERR_FULL, ERR_READONLY, ERR_IO: the mark is not stored. */
MUST_CHECK int stop_mark_set(const char *db_path, enum stop_mark m, struct err *e);

#endif
