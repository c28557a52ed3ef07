/*
 * internal.h - what the files of the database module share; nobody else includes it,
 * and nothing else includes <sqlite3.h>. A file calls only files that
 * stand below it in this list.
 *
 *	start.c	decides whether this start may make a database
 *	open.c	a file opened for a role; made, or brought up to date, when it must be
 *	migrate.c	the schema's steps
 *	backup.c	a copy while others write
 *	check.c	checks whether the database is sound
 *	connection.c	a connection: configured, asked, closed
 *	commit.c	transactions, and when they are on the disk
 *	lost.c	checks that the name still leads to the file that we have open
 *	file.c	the file's names, and its lock: in use, or somebody's alone
 *	stmt.c	statements and their cache
 *	error.c	SQLite's results as sentences
 */
#ifndef COMMON_DB_INTERNAL_H
#define COMMON_DB_INTERNAL_H

#include "common/db/role.h"
#include "common/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct db_hold;
struct db_lock;

#define DB_WAL_PAGES 1000		/* the -wal file stays near 4 MB */
#define DB_SQL_SHOWN 60			/* characters of a statement in a message */

struct stmt {
	struct db *db;
	const char *sql;	/* key of the cache: the address */
	sqlite3_stmt *st;
	int bad_param;		/* first parameter that can't be stored, 0 none */
	bool active;		/* stands on a row */
	bool clean;		/* reset and without bindings, since stmt_done */
};

/* A file beside the database, as we opened it. */
struct db_beside {
	const char *ending;	/* "-wal"; NULL: there was none */
	dev_t dev;
	ino_t ino;
};

struct db {
	sqlite3 *lite;
	char *asked;		/* the path as it was given; a symbolic link perhaps */
	char *path, *wal_path;	/* where that leads */
	enum db_role role;
	bool relaxed;		/* commits don't wait for the disk */
	int lock_fd;		/* says that the name is in use, -1 none */
	struct db_hold *hold;	/* the file itself; NULL: DB_ALONE, or in memory */
	struct db_beside beside[2];
	int schema;		/* version when it was opened */
	int newest;		/* the version that this program makes */
	bool cascade;		/* the statement being prepared deletes from bots */
	int active;		/* statements that stand on a row */
	int64_t busy_since_us, busy_limit_us;
	const volatile int *hurry;	/* not 0: wait for nobody; NULL none */
	uint64_t commits;
	bool (*waiting)(void *ctx, int pages);	/* takes care of the -wal file; or NULL */
	void *waiting_ctx;
	int (*may_write)(void *ctx, struct err *e);	/* or NULL */
	void *may_write_ctx;
	int (*add)(void *ctx, struct db *db, struct err *e);	/* or NULL */
	void *add_ctx;
	struct stmt **cache;	/* open addressing, cache_size a power of two */
	size_t cache_size, cache_used;
};

/* file.c */
#define DB_PATH_MAX 1024
bool db_in_memory(const struct db *db);
/* Resolves path: follows a symbolic link in its last part, as SQLite does. */
MUST_CHECK int db_file_name(const char *path, char out[DB_PATH_MAX], struct err *e);
MUST_CHECK int db_file_folder(const char *path, struct err *e);	/* made when missing */
void db_file_remove(const char *path);	/* with what SQLite keeps beside it */
/* ERR_IO when no file has this name; its message is better than SQLite's. */
MUST_CHECK int db_file_there(const struct db *db, struct err *e);
bool db_file_has(const char *path, const char *ending);	/* such a file beside it */
bool db_file_is_empty(const char *path);		/* there, without a byte */
/* ERR_CONFLICT: hard links. */
MUST_CHECK int db_file_one_name(const char *path, struct err *e);
/* Renames -wal and its like from path's to "to"'s, before another database gets the name. */
MUST_CHECK int db_file_set_aside(const char *path, const char *to, struct err *e);
/*
 * Takes the connection's share of the lock (db_lock); the kernel releases it however the
 * process ends. Waits up to until_us (monotonic) for a holder whose note says that it ends
 * by itself.
 */
MUST_CHECK int db_file_use(struct db *db, bool make_lock_file, int64_t until_us, struct err *e);
/*
 * db_lock with a note in the lock file that names the holder's work, so that others wait for
 * its end. With the note "make new" a lock file without a database counts as absent.
 */
MUST_CHECK int db_lock_for(const char *path, const char *note, int64_t until_us,
			   struct db_lock **out, struct err *e);
#define DB_NOTE_NEW "make new"
void db_lock_note(struct db_lock *l, const char *note);
void db_lock_note_get(const struct db_lock *l, char *out, size_t size);

/* connection.c */
/* A connection before db_connect, with a busy timeout of 0; path: where "asked" leads. */
struct db *db_new(const char *path, const char *asked, enum db_role role);
MUST_CHECK int db_connect(struct db *db, struct err *e);
MUST_CHECK int db_enter_wal(struct db *db, struct err *e);
void db_restrict(struct db *db);	/* to what its role may write (policy.h) */

/* open.c */
/* Makes a new database where there is no file or an empty one; l: its lock (db_lock_for). */
MUST_CHECK int db_make(const char *path, struct db_lock *l, struct err *e);

/* lost.c */
void db_lost_begin(struct db *db);	/* from now on: these files */

/* stmt.c */
void db_stmts_init(struct db *db);
void db_stmts_free(struct db *db);

/* error.c: each fills e and returns its code. */
/* The sentence for SQLite's result rc. "sql" may be NULL. */
int db_fail(const struct db *db, int rc, const char *sql, struct err *e);
int db_fail_access(const struct db *db, int os, struct err *e);		/* os: an errno, or 0 */
int db_fail_damaged(const struct db *db, const char *why, struct err *e);

#endif
