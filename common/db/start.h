/*
 * start.h - decides whether this start of a program may make a database.
 *
 * If a lost database were replaced by an empty one, the bot would look healthy and have no
 * positions; and the lost file, put back later, would meet a -wal file that is not its own.
 * So only the very first start in a folder makes a database: when none of
 *
 *	app.db, app.db-wal, app.db.lock, DATA_DIR/master.key, DATA_DIR/models/
 *
 * exists. The decision is made while app.db.lock is held exclusively; a second program waits
 * and then finds app.db. A lock file counts as absent when this start made it, or when its
 * note says that its maker was killed before the database was there.
 */
#ifndef COMMON_DB_START_H
#define COMMON_DB_START_H

#include "common/config.h"
#include "common/err.h"

#include <stdbool.h>

/*
 * 0: there is a database at DB_PATH. new_database (--new-database) makes a missing database
 * in any case and keeps an old -wal file under another name. ERR_NOT_FOUND: app.db is
 * missing and this is not the first start; ERR_UNAVAILABLE: the file system can't hold a
 * database (fs_kind.h).
 */
MUST_CHECK int db_start(const struct config *c, bool new_database, struct err *e);

#endif
