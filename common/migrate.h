/*
 * migrate.h - numbered, append-only SQL steps that bring a file up to date.
 *
 * user_version holds the version of the last step that ran. Each step runs in one
 * BEGIN EXCLUSIVE transaction; before a step on a file that holds data, the file
 * is copied to <path>.v<old>.bak. Two processes may call it at once: the second
 * waits, looks again and finds nothing to do.
 */
#ifndef COMMON_MIGRATE_H
#define COMMON_MIGRATE_H

struct migration {
	unsigned version;	/* 1, 2, 3 ... without a hole */
	const char *name;	/* file name without .sql */
	const char *sql;
};

extern const struct migration migrations[];
extern const unsigned migrations_count;

#endif
