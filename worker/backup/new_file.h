/*
 * new_file.h - the one way to make a file where a person says.
 *
 * Nothing is written over a file that is there unless told so (--force), and never, told or not,
 * over what the bot lives by: the database and its companions (also under names that are not
 * there just now: a new "app.db-wal" would be read as the database's log), the master key, the
 * API's token and TLS files, .env, a model, or a file that any program has open.
 *
 *	new_file_check -- write <name>.part -- new_file_place
 */
#ifndef WORKER_BACKUP_NEW_FILE_H
#define WORKER_BACKUP_NEW_FILE_H

#include "common/config.h"

#include <stdbool.h>

/*
 * May this file be made? ERR_DENIED: never that one; ERR_CONFLICT: it exists (force: also what a
 * log beside it says to be a database in use); ERR_BUSY: force, and a program has it open;
 * ERR_INVALID: no plain file; ERR_NOT_FOUND: its folder is not there.
 */
MUST_CHECK int new_file_check(const struct config *c, const char *file, bool force, struct err *e);
/*
 * Gives the written file "part" its name; without force ERR_CONFLICT when somebody has made one
 * meanwhile. "part" stays after an error.
 */
MUST_CHECK int new_file_place(const char *part, const char *file, bool force, struct err *e);

#endif
