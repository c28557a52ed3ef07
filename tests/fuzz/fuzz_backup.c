/*
 * A backup that came from anywhere: the archive (also without gzip, which zlib passes
 * through), and its manifest.
 */
#include "tests/fuzz/fuzz.h"
#include "worker/backup/archive.h"
#include "worker/backup/manifest.h"
#include "worker/backup/rotation.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_name(const char *name)
{
	ASSERT(name[0] && name[0] != '/' && name[0] != '.' && !strstr(name, "..") &&
	       !strstr(name, "/.") && strlen(name) < ARCHIVE_NAME_MAX);
}

static void read_archive(const uint8_t *data, size_t size)
{
	struct archive_reader *r = NULL;
	char sha256[SHA256_HEX_MAX], path[64];
	struct archive_entry entry;
	int fd = memfd_create("archive", MFD_CLOEXEC);

	ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ASSERT(archive_open(path, &r, NULL) == 0);
	while (archive_next(r, &entry, NULL) == 0) {
		check_name(entry.name);
		ASSERT(entry.bytes >= 0);
		/* some are passed over */
		if (entry.name[0] % 2 && archive_extract(r, NULL, sha256, NULL))
			break;
	}
	archive_close(r);
	close(fd);
}

static void read_manifest(const uint8_t *data, size_t size)
{
	struct backup_models none = { 0 };
	struct manifest m = { 0 }, again = { 0 };
	struct buf text = { 0 };
	int64_t us;

	buf_add(&text, data, size);
	(void)rotation_parse(buf_text(&text), &us);
	if (manifest_read(&text, &m, NULL) == 0) {
		ASSERT(m.files_n > 0 && !strcmp(m.files[0].name, MANIFEST_DATABASE));
		/* What was read can be written, and read again as the same. */
		buf_clear(&text);
		manifest_write(&m, &none, &text);
		ASSERT(manifest_read(&text, &again, NULL) == 0);
		ASSERT(again.files_n == m.files_n && again.rows.n == m.rows.n &&
		       again.made_us == m.made_us && again.schema_version == m.schema_version);
	} else {
		ASSERT(m.files == NULL);
	}
	manifest_free(&again);
	manifest_free(&m);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 16)
		return 0;
	read_archive(data, size);
	read_manifest(data, size);
	return 0;
}
