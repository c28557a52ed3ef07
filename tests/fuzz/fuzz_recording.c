/* A recording: gzip around lines. The input is the file, or (first byte even) its text. */
#include "tests/fuzz/fuzz.h"
#include "worker/feed/recording.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define LINES_MAX 100000

static void put_file(int fd, const uint8_t *data, size_t size, bool plain)
{
	gzFile z;

	ASSERT(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	if (!plain) {
		ASSERT(write(fd, data, size) == (ssize_t)size);
		return;
	}
	z = gzdopen(dup(fd), "wb1");
	ASSERT(z != NULL);
	if (size)
		ASSERT(gzwrite(z, data, (unsigned)size) == (int)size);
	ASSERT(gzclose(z) == Z_OK);
}

static void read_all(const char *path)
{
	struct recording_line line = { 0 };
	struct recording *r = NULL;
	struct err e = { 0 };
	int64_t lines = 0;
	int rc;

	if (recording_open(path, &r, &e)) {
		ASSERT(r == NULL && e.msg[0]);
		return;
	}
	while ((rc = recording_next(r, &line, &e)) != ERR_END && rc != ERR_CORRUPT) {
		ASSERT(line.number == ++lines && lines < LINES_MAX);
		if (rc == 0) /* touch what it says is there */
			ASSERT(!line.len || memchr(line.json, '\n', line.len) == NULL);
		else
			ASSERT(rc == ERR_INVALID);
	}
	recording_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];

	if (fd < 0) {
		fd = memfd_create("recording", MFD_CLOEXEC);
		ASSERT(fd >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (size < 1 || size > 65536)
		return 0;
	put_file(fd, data + 1, size - 1, data[0] % 2 == 0);
	read_all(path);
	return 0;
}
