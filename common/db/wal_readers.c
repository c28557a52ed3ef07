#include "common/db/wal_readers.h"

#include "common/buf.h"
#include "common/err.h"
#include "common/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_LOCKS_FROM 123
#define READ_LOCKS_TO 127

struct wal_readers {
	char *shm_path;
	int fd;			/* -1 not yet */
};

struct wal_readers *wal_readers_new(const char *db_path)
{
	struct wal_readers *r = xcalloc(1, sizeof(*r));

	ASSERT(asprintf(&r->shm_path, "%s-shm", db_path) > 0);
	r->fd = -1;
	return r;
}

void wal_readers_free(struct wal_readers *r)
{
	if (!r)
		return;
	free(r->shm_path);
	free(r);
}

static void name_of(pid_t pid, char *out, size_t size)
{
	struct buf name = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	if (file_read(path, 64, &name, NULL))
		buf_puts(&name, "no name");
	snprintf(out, size, "process %ld (%.*s)", (long)pid,
		 (int)strcspn(buf_text(&name), "\n"), buf_text(&name));
	buf_free(&name);
}

const char *wal_readers_name(struct wal_readers *r, char *out, size_t size)
{
	snprintf(out, size, "another program");
	if (r->fd < 0)
		r->fd = open(r->shm_path, O_RDWR | O_CLOEXEC);
	if (r->fd < 0)
		return out;
	for (int i = READ_LOCKS_FROM; i <= READ_LOCKS_TO; i++) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i,
				      .l_len = 1 };

		/* 0: of another namespace (a container's) */
		if (fcntl(r->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0) {
			name_of(lock.l_pid, out, size);
			break;
		}
	}
	return out;
}
