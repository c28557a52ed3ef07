/*
 * migrate.h - numbered, append-only SQL steps that bring a file up to date.
 *
 * PRAGMA user_version holds the version of the last step that ran. Each step runs in one
 * exclusive transaction; a new file gets all steps in one. Before the first step on a file
 * that holds data, the file is copied to <path>.v<old>.bak; the newest two copies stay. The
 * log names the versions and the copy with its size. Two processes may call it at once: the
 * second waits, looks again and finds nothing to do.
 */
#ifndef COMMON_DB_MIGRATE_H
#define COMMON_DB_MIGRATE_H

#include "common/db/db.h"

struct migration {
	unsigned version;	/* 1, 2, 3 ... without a hole */
	const char *name;	/* file name without .sql */
	const char *sql;	/* neither BEGIN nor COMMIT nor PRAGMA */
};

extern const struct migration migrations[];
extern const unsigned migrations_count;

/* PRAGMA application_id of our files: "tbot". */
#define MIGRATE_APPLICATION_ID 0x74626f74

/*
 * Runs the steps of list[0..n) that did not run on db's file yet. A step that fails leaves
 * the file as it was before that step. ERR_NEWER: the file's version is above n;
 * ERR_CORRUPT: a database of another program; else db_open's errors.
 * db is in WAL mode and outside a transaction.
 */
MUST_CHECK int migrate_run(struct db *db, const struct migration *list, unsigned n, struct err *e);
/*
 * Reads the file's version. ERR_NEWER for a version above this program's, unless "newer" is
 * set; ERR_CORRUPT as above, and for a file that no step has made.
 */
MUST_CHECK int migrate_look(struct db *db, bool newer, int *version, struct err *e);
/* The same; refuses a newer version. */
MUST_CHECK int migrate_version(struct db *db, int *version, struct err *e);

#endif
