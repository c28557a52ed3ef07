/*
 * start.h - may this start of a program make a database?
 *
 * An empty database beside a lost one looks like a working bot without positions, and the
 * lost file put back beside the new -wal is a third thing. So only a folder's very first start
 * makes one: nothing of
 *
 *	app.db, app.db-wal, app.db.lock, DATA_DIR/master.key, DATA_DIR/models/
 *
 * is there. This is judged while app.db.lock is held exclusively: who comes second waits, and
 * finds app.db. A lock's file that this start made counts as absent, as does one whose note says
 * that its maker was killed before its database was there.
 */
#ifndef COMMON_DB_START_H
#define COMMON_DB_START_H

#include "common/config.h"
#include "common/err.h"

#include <stdbool.h>

/*
 * After 0 there is a database at DB_PATH. new_database (--new-database): make a missing one in
 * any case; what is left beside it (-wal) is kept under another name. ERR_NOT_FOUND: app.db is
 * missing, and this is no first start; ERR_UNAVAILABLE: its file system can't hold one
 * (fs_kind.h).
 */
MUST_CHECK int db_start(const struct config *c, bool new_database, struct err *e);

#endif
