/*
 * policy.h - which table each role may write: one table of rules.
 *
 * The tables' owners are written in schema/0001_init.sql. connection.c asks here for
 * every statement that it prepares (SQLite's authorizer).
 */
#ifndef COMMON_DB_POLICY_H
#define COMMON_DB_POLICY_H

#include "common/db/role.h"

#include <stdbool.h>

enum db_write { DB_INSERT, DB_UPDATE, DB_DELETE };

/* column: of an update, else NULL. */
bool db_policy_write(enum db_role role, enum db_write what, const char *table, const char *column);
/* Deleting a row of "from" deletes rows of "table" by foreign key: may it? */
bool db_policy_cascade(const char *from, const char *table);
/* Pragmas that read; arg NULL when there is none. */
bool db_policy_pragma(const char *name, const char *arg);

#endif
