/*
 * hold.h - locks a database file itself, by its device and inode, not by its name.
 *
 * A lock file locks only a name: through a symbolic link, after "rm" of the lock file or after
 * the folder was renamed, a second program would get the same lock. So this lock is on the
 * database file: open file description locks (F_OFD_SETLK) on bytes that neither SQLite nor
 * the file's data ever use.
 *
 *	USE	shared: a connection of any program; exclusive: a restore, a migration
 *	WORKER	exclusive: the one worker; also locks the byte PID + its process id, so that
 *		others learn from the lock alone which process holds it
 *
 * Each process opens one descriptor per file and keeps it in a table, because SQLite's locks
 * are POSIX locks: as soon as a process closes ANY descriptor of a file, the kernel drops all
 * POSIX locks that the process has on that file; another program would then believe that it is
 * alone and remove the -wal file. So the descriptor is opened once, before SQLite opens the
 * file, is shared by all connections and threads of the process, and is closed after the last
 * of them. Nothing else in the programs may open a database that is in use.
 *
 * F_OFD_SETLK locks end only with their own descriptor, so SQLite's closes don't end them.
 * flock has this property too, but only one lock per file, and two are needed.
 */
#ifndef COMMON_DB_HOLD_H
#define COMMON_DB_HOLD_H

#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db_hold;

enum db_hold_kind { DB_HOLD_SHARED, DB_HOLD_ALONE, DB_HOLD_WORKER };

/*
 * Holds the file that path leads to, through symbolic links. ERR_BUSY: another process, or
 * this one, holds it in a way that excludes ours; ERR_NOT_FOUND: no such file; ERR_IO. When 0
 * is returned, path led to the held file after it was locked.
 */
MUST_CHECK int db_hold_take(const char *path, enum db_hold_kind kind, struct db_hold **out,
			    struct err *e);
void db_hold_release(struct db_hold *take_h);	/* NULL is harmless */
/* Does path lead to another file than the held one, or to none? Costs one stat(). */
bool db_hold_lost(const struct db_hold *h, const char *path);
/* Does another process have the file in use? */
bool db_hold_others(const struct db_hold *h);
/* Does the file's header say that it uses SQLite's write-ahead log? */
bool db_hold_is_wal(const struct db_hold *h);
/* The process that holds the worker's lock on the file at path; 0: none, or no such file. */
int64_t db_hold_worker(const char *path);

#endif
