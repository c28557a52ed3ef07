#include "common/db/stop_mark.h"

#include "common/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 8

static const char *const texts[] = {		/* pinned: both programs read them */
	[STOP_MARK_NONE] = "none   \n",
	[STOP_MARK_ASKED] = "asked  \n",
	[STOP_MARK_TOLD] = "told   \n",
};

static int open_mark(const char *db_path, int flags)
{
	char path[CONFIG_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s.stop", db_path);
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool stop_mark_there(const char *db_path)
{
	int fd = open_mark(db_path, O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum stop_mark stop_mark_get(const char *db_path)
{
	char text[TEXT_BYTES];
	int fd = open_mark(db_path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return STOP_MARK_NONE;
	n = pread(fd, text, sizeof(text), 0);
	close(fd);
	for (int i = STOP_MARK_ASKED; n == TEXT_BYTES && i <= STOP_MARK_TOLD; i++)
		if (memcmp(text, texts[i], TEXT_BYTES) == 0)
			return (enum stop_mark)i;
	return STOP_MARK_NONE;
}

int stop_mark_set(const char *db_path, enum stop_mark m, struct err *e)
{
	int fd = open_mark(db_path, O_WRONLY | O_CREAT);
	int os = fd < 0 ? errno : 0;
	ssize_t n;

	if (!os) {
		n = pwrite(fd, texts[m], TEXT_BYTES, 0);
		os = n < 0 ? errno : n != TEXT_BYTES ? ENOSPC : 0;
		if (!os && fdatasync(fd) && errno != EINVAL)
			os = errno;
		close(fd);
	}
	if (!os)
		return 0;
	return err_set(e, os == ENOSPC || os == EDQUOT || os == EFBIG ? ERR_FULL :
		       os == EACCES || os == EROFS ? ERR_READONLY : ERR_IO,
		       "%s.stop can't be written: %s", db_path, strerror(os));
}
