/*
 * db_check.h - is a database sound?
 */
#ifndef COMMON_DB_CHECK_H
#define COMMON_DB_CHECK_H

#include "common/db.h"

/* PRAGMA quick_check; ERR_CORRUPT with its first line. */
MUST_CHECK int db_check(struct db *db, struct err *e);
/* PRAGMA integrity_check: the same, and whether indexes and tables agree. Slower. */
MUST_CHECK int db_check_whole(struct db *db, struct err *e);
/* Does each foreign key find its row? ERR_CORRUPT with the first that does not. */
MUST_CHECK int db_check_references(struct db *db, struct err *e);

#endif
