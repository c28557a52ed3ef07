/*
 * new_file.h - makes a file at a path that a person gave.
 *
 * An existing file is replaced only with --force. Some files are never replaced, because the
 * bot needs them: the database and the files beside it, the master key, the API's token and
 * TLS files, .env, a model, and a file that any program has open. The names beside the
 * database are refused even when no such file exists now, because a new "app.db-wal" would be
 * read as the database's log.
 *
 *	new_file_check -- write <name>.part -- new_file_place
 */
#ifndef WORKER_BACKUP_NEW_FILE_H
#define WORKER_BACKUP_NEW_FILE_H

#include "common/config.h"

#include <stdbool.h>

/*
 * Checks whether this file may be made. ERR_DENIED: it is one of the files above;
 * ERR_CONFLICT: it exists, or with force: a -wal file beside it shows that it is a database in
 * use; ERR_BUSY: with force, a program has it open; ERR_INVALID: not a plain file;
 * ERR_NOT_FOUND: its folder does not exist.
 */
MUST_CHECK int new_file_check(const struct config *c, const char *file, bool force, struct err *e);
/*
 * Renames the written file "part" to "file". Without force: ERR_CONFLICT when "file" exists by
 * now. "part" stays after an error.
 */
MUST_CHECK int new_file_place(const char *part, const char *file, bool force, struct err *e);

#endif
