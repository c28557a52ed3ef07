#include "worker/worker_lock.h"

#include "common/clock.h"
#include "common/config.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_WAIT_US (3 * US_PER_S)

/* The lock's file holds the pid of who has it. */
static int locked_by_other(const char *db_path, const char *path, struct err *e)
{
	struct buf pid = { 0 };
	int rc;

	if (file_read(path, 64, &pid, NULL))
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

/* A worker that is just ending gets a moment. */
static bool locked(int fd)
{
	for (int64_t until_us = clock_mono_us() + LOCK_WAIT_US;;) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (clock_mono_us() >= until_us)
			return false;
		usleep(20000);
	}
}

int worker_lock(const char *db_path, int *fd, struct err *e)
{
	char path[CONFIG_PATH_MAX + 16];
	int held, rc;

	snprintf(path, sizeof(path), "%s.worker", db_path);
	held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (held < 0)
		return err_set(
			e, errno == EACCES || errno == EROFS ? ERR_READONLY : ERR_IO,
			"can't open %s: %s; the data directory must be writable by this user", path,
			strerror(errno));
	rc = locked(held) ? write_pid(held, path, e) : locked_by_other(db_path, path, e);
	if (rc)
		close(held);
	else
		*fd = held;
	return rc;
}
