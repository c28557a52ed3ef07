#include "common/log/file.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_US US_PER_S	/* between two looks at the file's name and the disk */
#define EARLY_BYTES 65536
#define PATH_SIZE 1200

struct log_file {
	char folder[PATH_SIZE], path[PATH_SIZE];
	int64_t bytes, spare;
	int files;
	int fd;			/* -1: can't be opened, or is about to be */
	int64_t size;
	int64_t look_us;	/* monotonic: when to look next */
	bool room;		/* on the disk, as last seen */
};

/* Of this process. Threads log while the loop's thread makes the folder. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	struct log_file *file;
	char folder[PATH_SIZE], name[64];
	struct buf early;
	bool keeps;		/* early lines, until the folder may be made */
} own;

/* ---- one file ---- */

static void shut(struct log_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static bool leads_to_ours(const struct log_file *f, struct stat *now)
{
	struct stat named;

	return stat(f->path, &named) == 0 && fstat(f->fd, now) == 0 &&
	       named.st_dev == now->st_dev && named.st_ino == now->st_ino;
}

static int open_newest(struct log_file *f, struct err *e)
{
	struct stat st;

	f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (f->fd < 0 || fstat(f->fd, &st)) {
		int rc = file_error(e, "write", f->path);

		shut(f);
		return rc;
	}
	f->size = st.st_size;
	return 0;
}

/* Once a second: is the file still the one of that name, how long is it, is there room? */
static void look(struct log_file *f)
{
	int64_t now = clock_mono_us();
	struct stat st;

	if (now < f->look_us)
		return;
	f->look_us = now + LOOK_US;
	f->room = file_free_bytes(f->folder) >= f->spare;
	if (f->fd >= 0 && leads_to_ours(f, &st))
		f->size = st.st_size;
	else
		shut(f);
	if (f->fd < 0 && open_newest(f, NULL))
		return;		/* tried again at the next look */
}

/* Another process of the same name may have done it already: then its new file is opened. */
static bool rotate(struct log_file *f)
{
	char from[PATH_SIZE + 8], to[PATH_SIZE + 8];
	struct stat st;
	bool ours = leads_to_ours(f, &st);

	for (int i = f->files - 2; ours && i >= 0; i--) {
		snprintf(to, sizeof(to), "%s.%d", f->path, i + 1);
		snprintf(from, sizeof(from), i ? "%s.%d" : "%s", f->path, i);
		if (rename(from, to) && errno != ENOENT)
			return false;
	}
	shut(f);
	return open_newest(f, NULL) == 0 && f->size < f->bytes;
}

int log_file_open(const struct log_file_args *a, struct log_file **out, struct err *e)
{
	struct log_file *f = xcalloc(1, sizeof(*f));
	int rc;

	snprintf(f->folder, sizeof(f->folder), "%s", a->folder);
	snprintf(f->path, sizeof(f->path), "%s/%s.log", a->folder, a->name);
	f->bytes = a->bytes;
	f->files = a->files;
	f->spare = a->spare;
	rc = open_newest(f, e);
	if (rc) {
		free(f);
		return rc;
	}
	f->room = file_free_bytes(f->folder) >= f->spare;
	f->look_us = clock_mono_us() + LOOK_US;
	*out = f;
	return 0;
}

bool log_file_put(struct log_file *f, const char *line, size_t len)
{
	ssize_t n;

	look(f);
	if (f->fd < 0 || !f->room)
		return false;
	if (f->size > 0 && f->size + (int64_t)len > f->bytes && !rotate(f))
		return false;
	do {
		n = write(f->fd, line, len);
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len) {
		f->size += n;
		return true;
	}
	/* Half a line would make the next one unreadable too. */
	if (n > 0 && ftruncate(f->fd, f->size))
		f->look_us = 0;
	return false;
}

void log_file_free(struct log_file *f)
{
	if (!f)
		return;
	shut(f);
	free(f);
}

/* ---- of this process ---- */

static bool put(const char *line, size_t len)
{
	bool taken = true;

	pthread_mutex_lock(&lock);
	if (own.file)
		taken = log_file_put(own.file, line, len);
	else if (own.keeps && own.early.len + len <= EARLY_BYTES)
		buf_add(&own.early, line, len);
	pthread_mutex_unlock(&lock);
	return taken;
}

/* A forked child has copies of our descriptors, and must not rotate our files. */
static void in_child(void)
{
	own.file = NULL;
	own.keeps = false;
	pthread_mutex_init(&lock, NULL);
}

static int open_own(struct err *e)	/* the caller has the lock, or is alone */
{
	const struct log_file_args args = {
		.folder = own.folder, .name = own.name, .bytes = LOG_FILE_BYTES,
		.files = LOG_FILES, .spare = LOG_FILE_SPARE,
	};
	struct log_file *f = NULL;
	int rc = log_file_open(&args, &f, e);

	if (rc)
		return rc;
	if (own.early.len)
		(void)log_file_put(f, own.early.data, own.early.len);
	buf_free(&own.early);
	own.keeps = false;
	own.file = f;
	return 0;
}

void log_files_begin(const char *folder, const char *service)
{
	if (!strcmp(folder, LOG_FILES_OFF))
		return;
	snprintf(own.folder, sizeof(own.folder), "%s", folder);
	snprintf(own.name, sizeof(own.name), "%s", service);
	own.keeps = true;
	pthread_atfork(NULL, NULL, in_child);
	if (access(own.folder, F_OK) == 0)
		(void)!open_own(NULL);	/* log_files_make says why it can't be */
	log_set_file(put);
}

void log_files_make(void)
{
	struct err e = { 0 };
	int rc;

	if (!own.folder[0] || own.file)
		return;
	rc = file_mkdirs(own.folder, &e);
	pthread_mutex_lock(&lock);
	if (rc == 0)
		rc = open_own(&e);
	if (rc)
		buf_free(&own.early);
	own.keeps = false;
	pthread_mutex_unlock(&lock);
	if (rc)
		log_warn("log", NULL, "no log files, lines go to stderr only: %s", e.msg);
}
