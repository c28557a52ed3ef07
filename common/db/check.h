/*
 * check.h - checks whether a database is sound.
 */
#ifndef COMMON_DB_CHECK_H
#define COMMON_DB_CHECK_H

#include "common/db/db.h"

/*
 * PRAGMA quick_check. ERR_CORRUPT with the first line that it reports. A failed read does not
 * prove damage: it gives ERR_BUSY, ERR_FULL or ERR_IO, and trying again helps.
 */
MUST_CHECK int db_check(struct db *db, struct err *e);
/* PRAGMA integrity_check: the same, and whether indexes and tables agree. Slower. */
MUST_CHECK int db_check_whole(struct db *db, struct err *e);
/* (tests) The result that db_check would give for this first line of its pragma. */
MUST_CHECK int db_check_line(const struct db *db, const char *line, struct err *e);
/* Does each foreign key find its row? ERR_CORRUPT with the first that does not. */
MUST_CHECK int db_check_references(struct db *db, struct err *e);

#endif
