/*
 * policy.h - which table each role may write: one table of rules.
 *
 * schema/0001_init.sql says who owns each table. connection.c asks these functions for every
 * statement that it prepares (SQLite's authorizer).
 */
#ifndef COMMON_DB_POLICY_H
#define COMMON_DB_POLICY_H

#include "common/db/role.h"

#include <stdbool.h>

enum db_write { DB_INSERT, DB_UPDATE, DB_DELETE };

/* column: the updated column, else NULL. */
bool db_policy_write(enum db_role role, enum db_write what, const char *table, const char *column);
/* May deleting a row of "from" delete rows of "table" through a foreign key? */
bool db_policy_cascade(const char *from, const char *table);
/* Is this a pragma that only reads? arg: NULL when there is none. */
bool db_policy_pragma(const char *name, const char *arg);

#endif
