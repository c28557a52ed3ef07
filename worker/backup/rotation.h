/*
 * rotation.h - the backups in BACKUP_DIR: their names, and which of them are kept.
 *
 * Keeps the newest BACKUP_KEEP backups, the newest of each of the last BACKUP_KEEP_DAILY days
 * that have one, and the newest of each of the last BACKUP_KEEP_WEEKLY weeks (UTC, from Monday)
 * that have one. Then removes the oldest of these until all together have at most
 * BACKUP_MAX_BYTES. Other files in the folder are left alone.
 */
#ifndef WORKER_BACKUP_ROTATION_H
#define WORKER_BACKUP_ROTATION_H

#include "common/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rotation_rule {
	int64_t newest, days, weeks;
};

/* us[0..n), newest first: keep[i] says whether the i-th stays. */
void rotation_choose(const struct rotation_rule *rule, const int64_t *us, size_t n, bool *keep);
/*
 * Clears keep[] for the oldest until the kept ones have at most most_bytes together; the first
 * (newest) is always kept.
 */
void rotation_bound(int64_t most_bytes, const int64_t *bytes, size_t n, bool *keep);

#define ROTATION_STAMP_MAX 17
/* 20260725T030000Z */
void rotation_stamp(int64_t us, char out[ROTATION_STAMP_MAX]);
/* dir/trading-bot-20260725T030000Z.tar.gz; with -1, -2 ... when that second has one. */
void rotation_name(const char *dir, int64_t us, char *out, size_t size);
/* Is it such a name? *us: its second. */
bool rotation_parse(const char *name, int64_t *us);

struct rotation_file {
	char name[64];
	int64_t us;		/* us UTC, from its name */
	int64_t bytes;
};
/* The backups in dir, newest first; the caller must free *out. */
MUST_CHECK int rotation_list(const char *dir, struct rotation_file **out, size_t *n,
			     struct err *e);
/* Removes the backups that the rules don't keep, but never "made", the newest. Returns how many. */
size_t rotation_remove(const struct config *c, const char *made);
/* Removes what an interrupted backup left; the caller holds the folder's lock. */
void rotation_clean(const char *dir);

#endif
