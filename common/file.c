#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define READ_CHUNK 65536

int file_error(struct err *e, const char *what, const char *path)
{
	const char *reason = strerror(errno);

	switch (errno) {
	case ENOENT:
		return err_set(e, ERR_NOT_FOUND, "can't %s %s: there is no such file or folder",
			       what, path);
	case EACCES:
	case EPERM:
		return err_set(e, ERR_DENIED,
			       "can't %s %s: this user (%u) has no permission; "
			       "see its owner and mode with ls -l",
			       what, path, (unsigned)geteuid());
	case ENOSPC:
	case EDQUOT:
		return err_set(e, ERR_FULL, "can't %s %s: %s; free some space", what, path, reason);
	case EROFS:
		return err_set(e, ERR_READONLY, "can't %s %s: the file system is read-only", what,
			       path);
	default: return err_set(e, ERR_IO, "can't %s %s: %s", what, path, reason);
	}
}

static int make_one(const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	/* whatever mkdir says, an existing folder is what was wanted */
	int why = errno;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(e, ERR_IO, "can't make folder %s: a file of that name is there",
			       path);
	}
	errno = why;
	return file_error(e, "make folder", path);
}

int file_mkdirs(const char *path, struct err *e)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *p = copy; *p && !rc; p++) {
		if (*p != '/' || p == copy || p[-1] == '/')
			continue;
		*p = '\0';
		rc = make_one(copy, e);
		*p = '/';
	}
	if (!rc && *copy)
		rc = make_one(copy, e);
	free(copy);
	return rc;
}

int file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	char *chunk = xcalloc(1, READ_CHUNK);
	int fd = -1, rc = 0;
	ssize_t n;

	buf_clear(out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		rc = file_error(e, "read", path);
		goto out;
	}
	while ((n = read(fd, chunk, READ_CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = file_error(e, "read", path);
			goto out;
		}
		if ((size_t)n > max - out->len) {
			rc = err_set(e, ERR_LIMIT, "%s is longer than %zu bytes", path, max);
			goto out;
		}
		buf_add(out, chunk, (size_t)n);
	}
out:
	if (rc)
		buf_clear(out);
	if (fd >= 0)
		close(fd);
	free(chunk);
	return rc;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The rename must reach the disk too. Some file systems can't sync a folder: ignored. */
void file_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf folder = { 0 };
	int fd;

	if (slash)
		buf_add(&folder, path, slash == path ? 1 : (size_t)(slash - path));
	else
		buf_puts(&folder, ".");
	fd = open(buf_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	buf_free(&folder);
}

int file_write(const char *path, const void *data, size_t len, int mode, struct err *e)
{
	struct buf tmp = { 0 };
	bool made = false;
	int fd, rc = 0;

	buf_printf(&tmp, "%s.XXXXXX", path);
	fd = mkostemp(tmp.data, O_CLOEXEC);
	made = fd >= 0;
	if (fd < 0 || write_all(fd, data, len) || fchmod(fd, (mode_t)mode) || fsync(fd)) {
		rc = file_error(e, "write", path);
		goto out;
	}
	if (rename(tmp.data, path)) {
		rc = file_error(e, "write", path);
		goto out;
	}
	made = false;
	file_sync_folder(path);
out:
	if (fd >= 0)
		close(fd);
	if (made)
		(void)unlink(tmp.data);
	buf_free(&tmp);
	return rc;
}

long long file_free_bytes(const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs))
		return -1;
	return (long long)fs.f_bavail * (long long)fs.f_frsize;
}
