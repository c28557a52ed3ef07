#include "common/db/reserve.h"

#include "common/config.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512			/* of st_blocks */
#define PATH_SIZE (CONFIG_PATH_MAX + 16)

static void path_of(const char *db_path, char out[PATH_SIZE])
{
	snprintf(out, PATH_SIZE, "%s.reserve", db_path);
}

bool reserve_disk_full(const char *db_path)
{
	char folder[CONFIG_PATH_MAX];
	char *slash;
	int64_t left;

	snprintf(folder, sizeof(folder), "%s", db_path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	left = file_free_bytes(slash ? folder : ".");
	return left >= 0 && left < DISK_FULL_BYTES;
}

bool reserve_there(const char *db_path)
{
	char path[PATH_SIZE];
	struct stat st;

	path_of(db_path, path);
	return stat(path, &st) == 0 && st.st_size >= RESERVE_BYTES &&
	       st.st_blocks * BLOCK >= RESERVE_BYTES;
}

static int fail(const char *path, int os, struct err *e)
{
	int code = os == ENOSPC || os == EDQUOT || os == EFBIG ? ERR_FULL :
		   os == EACCES || os == EROFS || os == EPERM ? ERR_READONLY : ERR_IO;

	return err_set(e, code, "the reserve of %lld MiB for a full disk, %s, can't be made: %s",
		       RESERVE_BYTES >> 20, path, strerror(os));
}

/* If the file system can't allocate, glibc writes into each block instead. */
static int allocate(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int os;

	if (fd < 0)
		return errno;
	os = posix_fallocate(fd, 0, RESERVE_BYTES);
	if (close(fd) && !os)
		os = errno;
	return os;
}

int reserve_make(const char *db_path, struct err *e)
{
	char path[PATH_SIZE], folder[PATH_SIZE];
	char *slash;
	int os = 0;

	if (reserve_there(db_path))
		return 0;
	path_of(db_path, path);
	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	if (file_free_bytes(slash ? folder : ".") < 2 * RESERVE_BYTES)
		os = ENOSPC;
	if (!os)
		os = allocate(path);
	if (!os && reserve_there(db_path))
		return 0;
	(void)unlink(path);
	return fail(path, os ? os : EIO, e);
}

bool reserve_give(const char *db_path)
{
	char path[PATH_SIZE];

	path_of(db_path, path);
	return unlink(path) == 0;
}
