/*
 * hold.h - a database file itself, held by its device and inode, not by its name.
 *
 * A lock on a name locks a name: through a symbolic link, after "rm" of the lock's file or
 * after the folder got another name, a second program gets the same lock again. So the lock
 * is on the database file: the locks of an open file description (F_OFD_SETLK) on bytes that
 * neither SQLite nor the file's data ever use.
 *
 *	USE	shared: a connection of any program; exclusive: a restore, a migration
 *	WORKER	exclusive: the one worker; and the byte PID + its process id, so that who asks
 *		learns from the lock alone which process holds it
 *
 * Why one descriptor per file and process, in a table: SQLite's locks are POSIX locks. The
 * kernel drops all of them that a process has on a file as soon as the process closes ANY
 * descriptor of that file; another program then takes itself for the only one and removes the
 * -wal file. So the descriptor is opened once, before SQLite opens the file, shared by all
 * connections and threads of this process, and closed after the last of them. Nothing else in
 * the programs may open a database that is in use. flock on the file would do as well, but
 * has one lock for each file; the locks of F_OFD_SETLK end, as flock's, only with their own
 * descriptor: not when SQLite closes one of its own.
 */
#ifndef COMMON_DB_HOLD_H
#define COMMON_DB_HOLD_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db_hold;

enum db_hold_kind { DB_HOLD_SHARED, DB_HOLD_ALONE, DB_HOLD_WORKER };

/*
 * Hold the file that path leads to (symbolic links followed). ERR_BUSY: somebody, also this
 * process, holds it in a way that excludes ours; ERR_NOT_FOUND: no such file; ERR_IO.
 * When 0 is returned path still led to the held file.
 */
MUST_CHECK int db_hold_take(const char *path, enum db_hold_kind kind, struct db_hold **out,
			    struct err *e);
void db_hold_release(struct db_hold *take_h);	/* NULL is harmless */
/* Does path lead to another file than the held one, or to none? A stat. */
bool db_hold_lost(const struct db_hold *h, const char *path);
/* Does another process have the file in use? */
bool db_hold_others(const struct db_hold *h);
/* Is the file one of SQLite's write-ahead log (as its head says)? */
bool db_hold_is_wal(const struct db_hold *h);
/* The process that holds the worker's lock on the file at path; 0: none, or no such file. */
int64_t db_hold_worker(const char *path);

#endif
