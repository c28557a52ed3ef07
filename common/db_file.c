#include "common/db_internal.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_PATH_MAX 1200

bool db_in_memory(const struct db *db)
{
	return strcmp(db->path, ":memory:") == 0;
}

/*
 * Ours before SQLite's, so that the file is private: -wal and -shm inherit its mode. A
 * file that exists must not be opened here: closing it would drop all locks that this
 * process has on it, those of its other connections, and the next program that ends
 * would take the -wal file away from under them.
 */
int db_file_make(const struct db *db, struct err *e)
{
	const char *slash = strrchr(db->path, '/');
	char *folder;
	int fd, rc = 0;

	if (slash && slash > db->path) {
		folder = strndup(db->path, (size_t)(slash - db->path));
		ASSERT(folder != NULL);
		rc = file_mkdirs(folder, e);
		free(folder);
	}
	if (rc)
		return rc;
	fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : db_fail_access(db, errno, e);
	close(fd);
	return 0;
}

int db_file_there(const struct db *db, struct err *e)
{
	if (!access(db->path, F_OK) || errno != ENOENT)
		return 0;
	return err_set(e, ERR_IO, "database %s is gone: put it back, or restart both programs to "
		       "begin with an empty one", db->path);
}

static int open_lock(const char *path, int *fd, struct err *e)
{
	struct db named = { .path = (char *)path };
	char name[LOCK_PATH_MAX];
	int n = snprintf(name, sizeof(name), "%s.lock", path);

	if (n < 0 || (size_t)n >= sizeof(name))
		return err_set(e, ERR_INVALID, "the path is too long: %.200s", path);
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return *fd < 0 ? db_fail_access(&named, errno, e) : 0;
}

int db_file_use(struct db *db, struct err *e)
{
	int rc = open_lock(db->path, &db->lock_fd, e);

	if (rc || flock(db->lock_fd, LOCK_SH | LOCK_NB) == 0)
		return rc;
	return err_set(e, ERR_BUSY, "%s is being restored from a backup: start again when that "
		       "has ended", db->path);
}

int db_lock(const char *path, int *fd, struct err *e)
{
	int held = -1, rc = open_lock(path, &held, e);

	if (rc)
		return rc;
	if (flock(held, LOCK_EX | LOCK_NB) == 0) {
		*fd = held;
		return 0;
	}
	close(held);
	return err_set(e, ERR_BUSY, "%s is in use by a running program", path);
}
