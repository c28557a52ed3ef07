#include "common/db/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/*
 * db_commit causes IN_CLOSE_NOWRITE once its commit is visible. IN_MODIFY is left out, because
 * SQLite writes page by page and each page would wake every watcher.
 */
#define EVENTS (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)
#define QUEUE_BYTES 8192	/* per read; about 200 events */

struct watch {
	int fd;
	char *name;		/* of the database file, inside its folder */
};

static int fail(const char *folder, int os, struct err *e)
{
	if (os == EMFILE || os == ENOSPC)
		return err_set(e, ERR_LIMIT,
			       "%s can't be watched: the system's limit is reached. Raise "
			       "fs.inotify.max_user_instances or fs.inotify.max_user_watches",
			       folder);
	if (os == ENOENT || os == ENOTDIR)
		return err_set(e, ERR_NOT_FOUND, "%s can't be watched: there is no such folder",
			       folder);
	if (os == EACCES)
		return err_set(e, ERR_DENIED, "%s can't be watched: this user may not read it",
			       folder);
	return err_set(e, ERR_IO, "%s can't be watched: %s", folder, strerror(os));
}

static char *folder_of(const char *path, const char *slash)
{
	char *s;

	if (!slash)
		return xstrdup(".");
	s = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	ASSERT(s != NULL);
	return s;
}

int watch_open(const char *db_path, struct watch **out, struct err *e)
{
	char *real = realpath(db_path, NULL);	/* the -wal file is where a link leads */
	const char *path = real ? real : db_path, *slash = strrchr(path, '/');
	char *folder = folder_of(path, slash);
	struct watch *w = xcalloc(1, sizeof(*w));
	int rc = 0;

	w->name = xstrdup(slash ? slash + 1 : path);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0 || inotify_add_watch(w->fd, folder, EVENTS | IN_ONLYDIR) < 0) {
		rc = fail(folder, errno, e);
		goto out;
	}
	*out = w;
	w = NULL;
out:
	watch_close(w);
	free(folder);
	free(real);
	return rc;
}

int watch_fd(const struct watch *w)
{
	return w->fd;
}

static bool is_ours(const struct watch *w, const struct inotify_event *ev)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	size_t n = strlen(w->name);

	if (ev->mask & (IN_Q_OVERFLOW | IN_IGNORED))
		return true; /* we can't know: look */
	if (ev->len == 0 || strncmp(ev->name, w->name, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(ev->name + n, ends[i]) == 0)
			return true;
	return false;
}

int watch_drain(struct watch *w)
{
	_Alignas(struct inotify_event) char queue[QUEUE_BYTES];
	bool ours = false;
	ssize_t n;

	while ((n = read(w->fd, queue, sizeof(queue))) > 0) {
		for (const char *p = queue; p < queue + n; ) {
			const struct inotify_event *ev = (const void *)p;

			ours = ours || is_ours(w, ev);
			p += sizeof(*ev) + ev->len;
		}
	}
	return ours;
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->name);
	free(w);
}
