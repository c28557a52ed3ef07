/*
 * watch.h - wakes a loop when another process writes the database (inotify).
 *
 * SQLite in WAL mode writes commits to <db>-wal. This watches the folder, because the -wal
 * file may come and go. A wake-up is a hint: db_data_version tells whether something changed.
 * Each db_commit of any program wakes us (commit.c, wake_watchers), and so does a program that
 * closes the database. A commit in a sqlite3 shell that stays open wakes nobody, so callers
 * must also look from time to time.
 */
#ifndef COMMON_DB_WATCH_H
#define COMMON_DB_WATCH_H

#include "common/err.h"

struct watch;

MUST_CHECK int watch_open(const char *db_path, struct watch **out, struct err *e);
int watch_fd(const struct watch *w);	/* readable when something was written */
/* Empty the queue; true when the database's files were among what changed. */
int watch_drain(struct watch *w);
void watch_close(struct watch *w);

#endif
