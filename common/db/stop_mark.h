/*
 * stop_mark.h - an emergency stop of all bots without the database: <db>.stop.
 *
 *	none --ask--> asked --the worker told its engine--> told --committed--> none
 *
 * For a database that takes no command: full disk, locked, damaged. The file is made and
 * filled by the worker while there is room, and only ever overwritten in place, which needs
 * no space. The worker looks at it some times a second and when it starts, so it is heard
 * where no signal arrives (another container), and by a worker that is away; it outlives a
 * kill between the signal and the commit.
 */
#ifndef COMMON_DB_STOP_MARK_H
#define COMMON_DB_STOP_MARK_H

#include "common/err.h"

#include <stdbool.h>

enum stop_mark { STOP_MARK_NONE, STOP_MARK_ASKED, STOP_MARK_TOLD };

/* The file: each worker makes its own before it trades. */
bool stop_mark_there(const char *db_path);
/* STOP_MARK_NONE also when there is no such file. */
enum stop_mark stop_mark_get(const char *db_path);
/* ERR_FULL, ERR_READONLY, ERR_IO: it is not kept. */
MUST_CHECK int stop_mark_set(const char *db_path, enum stop_mark m, struct err *e);

#endif
