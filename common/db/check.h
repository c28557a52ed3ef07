/*
 * check.h - is a database sound?
 */
#ifndef COMMON_DB_CHECK_H
#define COMMON_DB_CHECK_H

#include "common/db/db.h"

/*
 * PRAGMA quick_check; ERR_CORRUPT with its first line. What could not be read is not damaged for
 * that: ERR_BUSY, ERR_FULL or ERR_IO then, and trying again helps.
 */
MUST_CHECK int db_check(struct db *db, struct err *e);
/* PRAGMA integrity_check: the same, and whether indexes and tables agree. Slower. */
MUST_CHECK int db_check_whole(struct db *db, struct err *e);
/* The same of a first line that SQLite gave, by quick_check or integrity_check. */
MUST_CHECK int db_check_line(const struct db *db, const char *line, struct err *e);
/* Does each foreign key find its row? ERR_CORRUPT with the first that does not. */
MUST_CHECK int db_check_references(struct db *db, struct err *e);

#endif
