/*
 * db_internal.h - what the files of the database module share; nobody else includes it,
 * and nothing else includes <sqlite3.h>.
 *
 *	db.c		a connection: opened, configured, closed
 *	db_file.c	the file itself: made, and said to be in use
 *	db_stmt.c	statements and their cache
 *	db_commit.c	transactions, and when they are on the disk
 *	db_backup.c	a copy while others write
 *	db_check.c	is it sound?
 *	db_error.c	SQLite's results as sentences
 */
#ifndef COMMON_DB_INTERNAL_H
#define COMMON_DB_INTERNAL_H

#include "common/db.h"

#include <sqlite3.h>

#define DB_WAL_PAGES 1000		/* the -wal file stays near 4 MB */
#define DB_SQL_SHOWN 60			/* characters of a statement in a message */

struct stmt {
	struct db *db;
	const char *sql;	/* key of the cache: the address */
	sqlite3_stmt *st;
	int bad_param;		/* first parameter that can't be stored, 0 none */
	bool active;		/* stands on a row */
};

struct db {
	sqlite3 *lite;
	char *path, *wal_path;
	enum db_role role;
	bool relaxed;		/* commits don't wait for the disk */
	int lock_fd;		/* says that the file is in use, -1 none */
	bool cascade;		/* the statement being prepared deletes from bots */
	int active;		/* statements that stand on a row */
	int64_t busy_since_us, busy_limit_us;
	uint64_t commits;
	bool (*waiting)(void *ctx, int pages);	/* takes care of the -wal file; or NULL */
	void *waiting_ctx;
	struct stmt **cache;	/* open addressing, cache_size a power of two */
	size_t cache_size, cache_used;
};

/* db_file.c */
bool db_in_memory(const struct db *db);
/* Make it, empty, with the folders above it; harmless when it is there. */
MUST_CHECK int db_file_make(const struct db *db, struct err *e);
/* ERR_IO when no file has this name: said before SQLite says that it can't open it. */
MUST_CHECK int db_file_there(const struct db *db, struct err *e);
/* Every connection's share of the lock (db_lock); the kernel gives it back, however we end. */
MUST_CHECK int db_file_use(struct db *db, struct err *e);

/* db_stmt.c */
void db_stmts_init(struct db *db);
void db_stmts_free(struct db *db);

/* db_error.c: each fills e and returns its code. */
/* The sentence for SQLite's result rc. "sql" may be NULL. */
int db_fail(const struct db *db, int rc, const char *sql, struct err *e);
int db_fail_access(const struct db *db, int os, struct err *e);		/* os: an errno, or 0 */
int db_fail_damaged(const struct db *db, const char *why, struct err *e);

#endif
