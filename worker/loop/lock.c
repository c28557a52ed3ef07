#include "worker/loop/lock.h"

#include "common/clock.h"
#include "common/config.h"
#include "common/db/hold.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_US (3 * US_PER_S)

struct worker_lock {
	int fd;				/* of <db>.worker */
	struct db_hold *hold;		/* of the database itself */
};

/* Names the holder: the lock shows its pid; for an earlier version the file does. */
static int locked_by_other(const char *db_path, const char *path, struct err *e)
{
	int64_t holder = db_hold_worker(db_path);
	struct buf pid = { 0 };
	int rc;

	if (holder)
		buf_printf(&pid, "%lld", (long long)holder);
	else if (file_read(path, 64, &pid, NULL))
		buf_puts(&pid, "unknown");
	rc = err_set(e, ERR_BUSY, "another trading-bot-worker (pid %.*s) runs on %s; stop it first",
		     (int)strcspn(buf_text(&pid), "\n"), buf_text(&pid), db_path);
	buf_free(&pid);
	return rc;
}

static int write_pid(int fd, const char *path, struct err *e)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) || write(fd, text, (size_t)n) != n)
		return err_set(e, ERR_IO, "can't write %s; is the disk full?", path);
	return 0;
}

static int try_lock(const char *db_path, struct worker_lock *l, struct err *e)
{
	if (flock(l->fd, LOCK_EX | LOCK_NB))
		return ERR_BUSY;
	return db_hold_take(db_path, DB_HOLD_WORKER, &l->hold, e);
}

static int lock_both(const char *db_path, const char *path, struct worker_lock *l, struct err *e)
{
	int64_t until_us = clock_mono_us() + LOCK_WAIT_US;
	int rc;

	while ((rc = try_lock(db_path, l, e)) == ERR_BUSY && clock_mono_us() < until_us)
		usleep(20000);
	if (rc == ERR_BUSY)
		return locked_by_other(db_path, path, e);
	return rc ? rc : write_pid(l->fd, path, e);
}

int worker_lock(const char *db_path, struct worker_lock **out, struct err *e)
{
	struct worker_lock *l = xcalloc(1, sizeof(*l));
	char path[CONFIG_PATH_MAX + 16];
	int rc;

	snprintf(path, sizeof(path), "%s.worker", db_path);
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->fd < 0)
		rc = err_set(
			e, errno == EACCES || errno == EROFS ? ERR_READONLY : ERR_IO,
			"can't open %s: %s; the data directory must be writable by this user", path,
			strerror(errno));
	else
		rc = lock_both(db_path, path, l, e);
	if (rc)
		worker_unlock(l);
	else
		*out = l;
	return rc;
}

void worker_unlock(struct worker_lock *l)
{
	if (!l)
		return;
	db_hold_release(l->hold);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}
