#include "common/db/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far behind any file's end, and behind SQLite's own lock bytes at 1 GiB. */
#define BYTE_USE (INT64_C(1) << 62)
#define BYTE_WORKER (BYTE_USE + 1)
#define BYTE_PID (BYTE_USE + (INT64_C(1) << 32))
#define PIDS (INT64_C(1) << 31)
#define WAL_VERSION_AT 18		/* in the file's head: 2 means write-ahead log */

/* One of this process's database files. */
struct file {
	dev_t dev;
	ino_t ino;
	int fd;
	unsigned takers;
	unsigned shared;		/* takers that are DB_HOLD_SHARED */
	bool alone, worker;
	struct file *next;
};

struct db_hold {
	struct file *file;
	enum db_hold_kind kind;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *table;

static struct file *find(const struct stat *st)
{
	struct file *f = table;

	while (f && (f->dev != st->st_dev || f->ino != st->st_ino))
		f = f->next;
	return f;
}

static int fail(const char *path, struct err *e)
{
	if (errno == ENOENT || errno == ENOTDIR)
		return err_set(e, ERR_NOT_FOUND, "there is no database %s", path);
	if (errno == EACCES || errno == EPERM || errno == EROFS)
		return err_set(e, ERR_READONLY, "%s or its folder can't be read and written (%s): "
			       "give this user the right to both, or set DATA_DIR to another "
			       "folder", path, strerror(errno));
	return err_set(e, ERR_IO, "%s can't be opened: %s", path, strerror(errno));
}

/* The file is not in the table, so we have no connection to it: opening and closing is safe. */
static int open_new(const char *path, struct file **out, struct err *e)
{
	struct file *f;
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && (errno == EACCES || errno == EROFS)) /* SQLite says what is missing */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		return fail(path, e);
	f = find(&st);
	if (f) /* replaced by a known one since the stat: closing fd would drop SQLite's locks */
		goto out;
	f = xcalloc(1, sizeof(*f));
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->fd = fd;
	f->next = table;
	table = f;
out:
	*out = f;
	return 0;
}

static void drop(struct file *f)
{
	struct file **at = &table;

	if (f->takers)
		return;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	close(f->fd);
	free(f);
}

static int get_file(const char *path, struct file **out, struct err *e)
{
	struct stat st;

	if (stat(path, &st))
		return fail(path, e);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "%s is a folder: a database file is expected", path);
	*out = find(&st);
	return *out ? 0 : open_new(path, out, e);
}

static int set_lock(const struct file *f, short type, int64_t from)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = 1 };

	return fcntl(f->fd, F_OFD_SETLK, &l);
}

/* A byte in [from, from + n) that another file description has locked; -1 none. */
static int64_t locked_byte(const struct file *f, short type, int64_t from, int64_t n)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = from, .l_len = n };

	if (fcntl(f->fd, F_OFD_GETLK, &l) || l.l_type == F_UNLCK)
		return -1;
	return l.l_start;
}

static int lock_shared(struct file *f)
{
	if (f->alone || (f->shared == 0 && set_lock(f, F_RDLCK, BYTE_USE)))
		return -1;
	f->shared++;
	return 0;
}

static int lock_alone(struct file *f)
{
	if (f->alone || f->shared || set_lock(f, F_WRLCK, BYTE_USE))
		return -1;
	f->alone = true;
	return 0;
}

static int lock_worker(struct file *f)
{
	if (f->worker || set_lock(f, F_WRLCK, BYTE_WORKER))
		return -1;
	(void)set_lock(f, F_WRLCK, BYTE_PID + getpid());
	f->worker = true;
	return 0;
}

static int lock(struct file *f, enum db_hold_kind kind, const char *path, struct err *e)
{
	int rc = -1;

	errno = EAGAIN;
	switch (kind) {
	case DB_HOLD_SHARED: rc = lock_shared(f); break;
	case DB_HOLD_ALONE: rc = lock_alone(f); break;
	case DB_HOLD_WORKER: rc = lock_worker(f); break;
	}
	if (rc == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(e, ERR_BUSY, "%s is in use by a running program", path);
	if (errno == EBADF)
		return err_set(e, ERR_READONLY, "%s can't be written: give this user the right to, "
			       "or set DATA_DIR to another folder", path);
	return err_set(e, ERR_IO, "%s can't be locked (%s): its file system must support locks",
		       path, strerror(errno));
}

static void unlock(struct file *f, enum db_hold_kind kind)
{
	switch (kind) {
	case DB_HOLD_SHARED:
		if (--f->shared == 0)
			(void)set_lock(f, F_UNLCK, BYTE_USE);
		break;
	case DB_HOLD_ALONE:
		f->alone = false;
		(void)set_lock(f, F_UNLCK, BYTE_USE);
		break;
	case DB_HOLD_WORKER:
		f->worker = false;
		(void)set_lock(f, F_UNLCK, BYTE_WORKER);
		(void)set_lock(f, F_UNLCK, BYTE_PID + getpid());
		break;
	}
}

static bool leads_to(const char *path, const struct file *f)
{
	struct stat st;

	if (stat(path, &st))
		return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;
	return st.st_dev == f->dev && st.st_ino == f->ino;
}

/* *again: the file was replaced while we locked it, so the lock is on a file without a name. */
static int take(const char *path, enum db_hold_kind kind, struct file **out, bool *again,
		struct err *e)
{
	struct file *f = NULL;
	int rc = get_file(path, &f, e);

	*again = false;
	if (rc)
		return rc;
	rc = lock(f, kind, path, e);
	if (rc == 0 && !leads_to(path, f)) {
		unlock(f, kind);
		*again = true;
	}
	if (rc || *again) {
		drop(f);
		return rc;
	}
	f->takers++;
	*out = f;
	return 0;
}

int db_hold_take(const char *path, enum db_hold_kind kind, struct db_hold **out, struct err *e)
{
	struct file *f = NULL;
	bool again;
	int rc;

	pthread_mutex_lock(&table_lock);
	do {
		rc = take(path, kind, &f, &again, e);
	} while (rc == 0 && again);
	pthread_mutex_unlock(&table_lock);
	if (rc)
		return rc;
	*out = xcalloc(1, sizeof(**out));
	(*out)->file = f;
	(*out)->kind = kind;
	return 0;
}

void db_hold_release(struct db_hold *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&table_lock);
	unlock(h->file, h->kind);
	h->file->takers--;
	drop(h->file);
	pthread_mutex_unlock(&table_lock);
	free(h);
}

bool db_hold_lost(const struct db_hold *h, const char *path)
{
	return !leads_to(path, h->file);
}

bool db_hold_others(const struct db_hold *h)
{
	return locked_byte(h->file, F_WRLCK, BYTE_USE, 1) >= 0;
}

bool db_hold_is_wal(const struct db_hold *h)
{
	char version = 0;

	return pread(h->file->fd, &version, 1, WAL_VERSION_AT) == 1 && version == 2;
}

int64_t db_hold_worker(const char *path)
{
	struct file *f = NULL;
	int64_t at = -1, pid = 0;

	pthread_mutex_lock(&table_lock);
	if (get_file(path, &f, NULL) == 0) {
		at = f->worker ? -1 : locked_byte(f, F_RDLCK, BYTE_PID, PIDS);
		pid = f->worker ? getpid() : at < 0 ? 0 : at - BYTE_PID;
		drop(f);
	}
	pthread_mutex_unlock(&table_lock);
	return pid;
}
