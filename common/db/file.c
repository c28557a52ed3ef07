#include "common/db/db.h"

#include "common/clock.h"
#include "common/db/hold.h"
#include "common/db/internal.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_BYTES (DB_PATH_MAX + 64)
#define LINKS_MAX 40			/* as the kernel's */
#define NOTE_MAX 32
#define NAP_NS (5 * 1000 * 1000)

static const char *const companions[] = { "-wal", "-shm", "-journal" };
#define COMPANIONS (sizeof(companions) / sizeof(companions[0]))

/*
 * The lock on <path>.lock says that this name of a database is in use, also while no file has
 * the name (during a first start or a restore). hold.h keeps a second program off the file
 * itself; this lock is for the name, and for programs of earlier versions, which know no
 * other lock.
 */
struct db_lock {
	int fd;
	char name[NAME_MAX_BYTES];
	bool made;			/* there was no file of that name */
	struct db_hold *hold;		/* NULL: there is no database yet */
};

bool db_in_memory(const struct db *db)
{
	return strcmp(db->path, ":memory:") == 0;
}

/* ---- names ---- */

/* Where the link at path leads, seen from here. False: it is no link, or too long. */
static bool follow(char path[DB_PATH_MAX])
{
	char target[DB_PATH_MAX], joined[2 * DB_PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash = strrchr(path, '/');
	int len;

	if (n < 0)
		return false;
	target[n] = '\0';
	if (target[0] == '/' || !slash)
		len = snprintf(joined, sizeof(joined), "%s", target);
	else
		len = snprintf(joined, sizeof(joined), "%.*s/%s", (int)(slash - path), path,
			       target);
	if (len < 0 || len >= DB_PATH_MAX)
		return false;
	memcpy(path, joined, (size_t)len + 1);
	return true;
}

int db_file_name(const char *path, char out[DB_PATH_MAX], struct err *e)
{
	struct stat st;

	if (strlen(path) >= DB_PATH_MAX)
		return err_set(e, ERR_INVALID, "the path is too long: %.200s", path);
	snprintf(out, DB_PATH_MAX, "%s", path);
	for (int i = 0; i < LINKS_MAX && lstat(out, &st) == 0 && S_ISLNK(st.st_mode); i++)
		if (!follow(out))
			break;
	return 0;
}

/* The time depends on the process id, because two processes that wait would else collide again. */
static void nap(void)
{
	struct timespec t = { .tv_nsec = NAP_NS * (1 + getpid() % 5) };

	nanosleep(&t, NULL);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool db_file_has(const char *path, const char *ending)
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof(name), "%s%s", path, ending);
	return exists(name);
}

bool db_file_is_empty(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

int db_file_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int rc;

	if (!slash || slash == path)
		return 0;
	folder = strndup(path, (size_t)(slash - path));
	ASSERT(folder != NULL);
	rc = file_mkdirs(folder, e);
	free(folder);
	return rc;
}

void db_file_remove(const char *path)
{
	char name[NAME_MAX_BYTES];

	(void)unlink(path);
	for (size_t i = 0; i < COMPANIONS; i++) {
		snprintf(name, sizeof(name), "%s%s", path, companions[i]);
		(void)unlink(name);
	}
}

int db_file_there(const struct db *db, struct err *e)
{
	if (!access(db->path, F_OK) || errno != ENOENT)
		return 0;
	return err_set(e, ERR_IO, "database %s is missing: put it back, or restore a backup",
		       db->path);
}

/*
 * SQLite names the -wal file after the database file. Under a second name of the same file it
 * would make a second -wal file, and commits there would be invisible under the first name.
 */
int db_file_one_name(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) || st.st_nlink < 2 || S_ISDIR(st.st_mode))
		return 0;
	return err_set(e, ERR_CONFLICT, "%s has %lu names (hard links), and each would have a "
		       "-wal file of its own, so that commits get lost: remove the other names "
		       "(find FOLDER -samefile %s)", path, (unsigned long)st.st_nlink, path);
}

int db_file_set_aside(const char *path, const char *to, struct err *e)
{
	char from[NAME_MAX_BYTES], name[NAME_MAX_BYTES];

	for (size_t i = 0; i < COMPANIONS; i++) {
		snprintf(from, sizeof(from), "%s%s", path, companions[i]);
		snprintf(name, sizeof(name), "%s%s", to, companions[i]);
		if (exists(from) && rename(from, name))
			return file_error(e, "move", from);
	}
	return 0;
}

/* ---- the lock ---- */

/* Makes a file of this name that is locked from its first moment on. 1: there is one already. */
static int make_lock(const char *name, int how, const char *note, int *fd)
{
	char temporary[NAME_MAX_BYTES + 8];
	int made, os = 0;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", name);
	made = mkostemp(temporary, O_CLOEXEC);
	if (made < 0)
		return -1;
	if (flock(made, how | LOCK_NB) || dprintf(made, "%s", note) < 0 || link(temporary, name))
		os = errno;
	(void)unlink(temporary);
	if (os) {
		close(made);
		errno = os;
		return os == EEXIST ? 1 : -1;
	}
	*fd = made;
	return 0;
}

/* 0: locked; 1: the file was removed or replaced meanwhile; 2: another holds it; -1: see errno. */
static int try_lock(const char *name, int how, int *fd)
{
	struct stat here, there;
	int found = open(name, O_RDWR | O_CLOEXEC), rc = 0;

	if (found < 0)
		return -1;
	if (flock(found, how | LOCK_NB))
		rc = errno == EWOULDBLOCK ? 2 : -1;
	else if (fstat(found, &here) || stat(name, &there) || here.st_ino != there.st_ino ||
		 here.st_dev != there.st_dev)
		rc = 1;
	if (rc)
		close(found);
	else
		*fd = found;
	return rc;
}

/* The note of the lock's holder: work that ends by itself soon; "" none. */
static void read_note(const char *name, char out[NOTE_MAX])
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, NOTE_MAX - 1);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static int busy(const char *path, int how, const char *note, struct err *e)
{
	if (how == LOCK_EX)
		return err_set(e, ERR_BUSY, "%s is in use by a running program", path);
	if (note[0])
		return err_set(e, ERR_BUSY, "%s is not ready yet (another program: %s): try again "
			       "when that has ended", path, note);
	return err_set(e, ERR_BUSY, "%s is being restored from a backup: start again when that "
		       "has ended", path);
}

/*
 * Locks <path>.lock. "make" creates a missing lock file with this note; without "make" *fd is
 * -1 when there is none. Waits while the holder's note says that its work ends by itself.
 */
static int lock_name(const char *path, int how, const char *make, int64_t until_us,
		     struct db_lock *l, struct err *e)
{
	struct db named = { .path = (char *)path };
	char note[NOTE_MAX] = "";
	int rc, bare = 0;	/* looks at a lock without a note: it may be just ending */

	for (;; nap()) {
		rc = try_lock(l->name, how, &l->fd);
		if (rc < 0 && errno == ENOENT && !make)
			return 0;
		if (rc < 0 && errno == ENOENT) {
			rc = make_lock(l->name, how, make, &l->fd);
			l->made = rc == 0;
		}
		if (rc == 0)
			return 0;
		if (rc < 0)
			return db_fail_access(&named, errno, e);
		if (rc == 2)
			read_note(l->name, note);
		bare += rc == 2 && !note[0];
		if (rc == 2 && (bare > 2 || clock_mono_us() >= until_us))
			return busy(path, how, note, e);
	}
}

static int name_of(const char *path, struct db_lock *l, struct err *e)
{
	int n = snprintf(l->name, sizeof(l->name), "%s.lock", path);

	l->fd = -1;
	if (n < 0 || (size_t)n >= sizeof(l->name))
		return err_set(e, ERR_INVALID, "the path is too long: %.200s", path);
	return 0;
}

/*
 * True when the -wal file is missing although other programs have the database open: somebody
 * removed it. They notice it and end within a second. Until then a new -wal file would hold
 * commits that they never see.
 */
static bool wal_is_lost(const char *path, const struct db_hold *h)
{
	return db_hold_others(h) && db_hold_is_wal(h) && !db_file_has(path, "-wal");
}

static int hold_file(struct db *db, int64_t until_us, struct err *e)
{
	for (;; nap()) {
		struct db_hold *h = NULL;
		int rc = db_hold_take(db->path, DB_HOLD_SHARED, &h, e);

		if (rc == ERR_BUSY)
			return busy(db->path, LOCK_SH, "", e);
		if (rc == ERR_NOT_FOUND)
			return db_file_there(db, e);
		if (rc)
			return rc;
		if (!wal_is_lost(db->path, h)) {
			db->hold = h;
			return 0;
		}
		db_hold_release(h);
		if (clock_mono_us() >= until_us)
			return err_set(e, ERR_BUSY, "%s-wal was removed while programs use it: "
				       "stop them, then start them again", db->path);
	}
}

int db_file_use(struct db *db, bool make_lock_file, int64_t until_us, struct err *e)
{
	struct db_lock l = { .fd = -1 };
	int rc = name_of(db->path, &l, e);

	if (!rc)
		rc = lock_name(db->path, LOCK_SH, make_lock_file ? "" : NULL, until_us, &l, e);
	if (rc)
		return rc;
	db->lock_fd = l.fd;
	return hold_file(db, until_us, e);
}

int db_lock_for(const char *path, const char *note, int64_t until_us, struct db_lock **out,
		struct err *e)
{
	struct db_lock *l = xcalloc(1, sizeof(*l));
	char name[DB_PATH_MAX];
	int rc = db_file_name(path, name, e);

	l->fd = -1;
	if (!rc)
		rc = name_of(name, l, e);
	if (!rc)
		rc = lock_name(name, LOCK_EX, note, until_us, l, e);
	if (!rc && exists(name))
		rc = db_hold_take(name, DB_HOLD_ALONE, &l->hold, e);
	if (rc) {
		db_unlock(l);
		return rc;
	}
	*out = l;
	return 0;
}

int db_lock(const char *path, struct db_lock **out, struct err *e)
{
	char note[NOTE_MAX];
	int rc = db_lock_for(path, "", 0, out, e);

	if (rc)
		return rc;
	db_lock_note_get(*out, note, sizeof(note));
	if (strcmp(note, DB_NOTE_NEW) != 0)	/* what a killed one left */
		db_lock_note(*out, "");
	return 0;
}

bool db_lock_made(const struct db_lock *l)
{
	return l->made;
}

void db_lock_note(struct db_lock *l, const char *note)
{
	/* The note only tells others that waiting helps, so a failed write does no harm. */
	if (ftruncate(l->fd, 0) || pwrite(l->fd, note, strlen(note), 0) < 0)
		return;
}

void db_lock_note_get(const struct db_lock *l, char *out, size_t size)
{
	ssize_t n = pread(l->fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = '\0';
}

void db_lock_undo(struct db_lock *l)
{
	if (l && l->made)
		(void)unlink(l->name);
	db_unlock(l);
}

void db_unlock(struct db_lock *l)
{
	if (!l)
		return;
	db_hold_release(l->hold);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}
