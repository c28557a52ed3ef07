#include "worker/backup/archive.h"

#include "common/clock.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK 512
#define CHUNK 65536
#define LEVEL "wb1"	/* zlib's fastest: a database shrinks to a third with it as well */

/* POSIX.1-1988 "ustar" */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8];
	char prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

struct archive_writer {
	char *path;
	int fd;			/* for fsync; zlib closes its own */
	gzFile gz;
	int64_t time_us;
};

struct archive_reader {
	char *path;
	gzFile gz;
	int64_t left, padding;	/* bytes of the entry that are still to come */
};

/* The sum of the header's bytes with blanks for the sum itself. */
static unsigned checksum(const struct header *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	const size_t at = offsetof(struct header, checksum);
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= at && i < at + sizeof(h->checksum) ? ' ' : bytes[i];
	return sum;
}

static int64_t padding_of(int64_t bytes)
{
	return (BLOCK - bytes % BLOCK) % BLOCK;
}

/* Octal digits, or GNU's big-endian number with the first bit set from 8 GiB on. */
static void put_size(char field[12], int64_t bytes)
{
	if (bytes < INT64_C(1) << 33) {
		snprintf(field, 12, "%011llo", (unsigned long long)bytes);
		return;
	}
	for (int i = 11; i >= 4; i--, bytes >>= 8)
		field[i] = (char)(bytes & 0xff);
	field[0] = (char)0x80;
}

static int64_t get_octal(const char *field, size_t size)
{
	int64_t v = 0;

	for (size_t i = 0; i < size && field[i] && field[i] != ' '; i++) {
		if (field[i] < '0' || field[i] > '7')
			return -1;
		v = v * 8 + (field[i] - '0');
	}
	return v;
}

static int64_t get_size(const char field[12])
{
	int64_t v = 0;

	if ((unsigned char)field[0] != 0x80)
		return get_octal(field, 12);
	for (int i = 4; i < 12; i++)
		v = (int64_t)((uint64_t)v << 8 | (unsigned char)field[i]);
	return v;
}

/* Refuses names that lead out of a folder. */
bool archive_name_ok(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	const char *slash = strchr(name, '/');
	const char *last = slash ? slash + 1 : name;

	if (*name == '.' || *last == '.' || !*last || slash == name ||
	    strlen(name) >= ARCHIVE_NAME_MAX)
		return false;
	return last[strspn(last, plain)] == '\0' &&
	       (!slash || name + strspn(name, plain) == slash);
}

/* ---- writing ---- */

static int write_failed(const struct archive_writer *w, struct err *e)
{
	int code = Z_OK;
	const char *why = gzerror(w->gz, &code);

	if (code == Z_ERRNO || code == Z_OK)
		return file_error(e, "write", w->path);
	return err_set(e, ERR_IO, "can't write %s: %s", w->path, why);
}

static int put(struct archive_writer *w, const void *data, size_t len, struct err *e)
{
	if (len == 0 || gzwrite(w->gz, data, (unsigned)len) == (int)len)
		return 0;
	return write_failed(w, e);
}

static int put_header(struct archive_writer *w, const char *name, int64_t bytes, struct err *e)
{
	struct header h = { .type = '0', .magic = "ustar", .version = { '0', '0' } };

	ASSERT(archive_name_ok(name));
	memcpy(h.name, name, strlen(name));
	snprintf(h.mode, sizeof(h.mode), "%07o", 0600);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	put_size(h.size, bytes);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
		 (unsigned long long)(w->time_us / US_PER_S));
	snprintf(h.checksum, sizeof(h.checksum), "%06o", checksum(&h));
	h.checksum[7] = ' ';
	return put(w, &h, sizeof(h), e);
}

static int put_padding(struct archive_writer *w, int64_t bytes, struct err *e)
{
	static const char zeros[BLOCK];

	return put(w, zeros, (size_t)padding_of(bytes), e);
}

int archive_create(const char *path, int64_t time_us, struct archive_writer **out, struct err *e)
{
	struct archive_writer *w;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), copy;

	if (fd < 0)
		return file_error(e, "write", path);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0) {
		int rc = file_error(e, "write", path);

		close(fd);
		return rc;
	}
	w = xcalloc(1, sizeof(*w));
	w->path = xstrdup(path);
	w->fd = fd;
	w->time_us = time_us;
	w->gz = gzdopen(copy, LEVEL);
	ASSERT(w->gz != NULL);		/* out of memory */
	*out = w;
	return 0;
}

int archive_add(struct archive_writer *w, const char *name, const struct buf *data, struct err *e)
{
	int rc = put_header(w, name, (int64_t)data->len, e);

	if (!rc)
		rc = put(w, buf_text(data), data->len, e);
	return rc ? rc : put_padding(w, (int64_t)data->len, e);
}

static int copy_in(struct archive_writer *w, int fd, const char *from, struct sha256 *h,
		   int64_t *bytes, struct err *e)
{
	char *chunk = xcalloc(1, CHUNK);
	int rc = 0;
	ssize_t n;

	*bytes = 0;
	while (!rc && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = file_error(e, "read", from);
			break;
		}
		sha256_add(h, chunk, (size_t)n);
		*bytes += n;
		rc = put(w, chunk, (size_t)n, e);
	}
	free(chunk);
	return rc;
}

int archive_add_file(struct archive_writer *w, const char *name, const char *from, int64_t bytes,
		     const char sha256[SHA256_HEX_MAX], struct err *e)
{
	char found[SHA256_HEX_MAX];
	struct sha256 *h = NULL;
	int64_t copied = 0;
	int rc, fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return file_error(e, "read", from);
	h = sha256_new();
	rc = put_header(w, name, bytes, e);
	if (!rc)
		rc = copy_in(w, fd, from, h, &copied, e);
	if (!rc) {
		sha256_hex(h, found);
		if (copied != bytes || strcmp(found, sha256) != 0)
			rc = err_set(e, ERR_CONFLICT, "%s changed while it was copied; try again",
				     from);
	}
	if (!rc)
		rc = put_padding(w, bytes, e);
	sha256_free(h);
	close(fd);
	return rc;
}

void archive_abandon(struct archive_writer *w)
{
	if (!w)
		return;
	if (w->gz)
		(void)gzclose_w(w->gz);
	close(w->fd);
	free(w->path);
	free(w);
}

int archive_finish(struct archive_writer *w, struct err *e)
{
	static const char zeros[2 * BLOCK];
	int rc = put(w, zeros, sizeof(zeros), e);

	if (!rc && gzflush(w->gz, Z_FINISH) != Z_OK)
		rc = write_failed(w, e);
	errno = 0;
	if (gzclose_w(w->gz) != Z_OK && !rc)
		rc = file_error(e, "write", w->path);
	w->gz = NULL;
	if (!rc && fsync(w->fd))
		rc = file_error(e, "write", w->path);
	archive_abandon(w);
	return rc;
}

/* ---- reading ---- */

static int damaged(const struct archive_reader *r, const char *why, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s is damaged (%s): use another backup", r->path, why);
}

static int get(struct archive_reader *r, void *data, size_t len, struct err *e)
{
	int code = Z_OK, n = gzread(r->gz, data, (unsigned)len);
	const char *why;

	if (n == (int)len)
		return 0;
	why = gzerror(r->gz, &code);
	if (n < 0 && code == Z_ERRNO)
		return file_error(e, "read", r->path);
	return damaged(r, n < 0 && code != Z_BUF_ERROR ? why : "it ends too early", e);
}

int archive_open(const char *path, struct archive_reader **out, struct err *e)
{
	struct archive_reader *r;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	gzFile gz;

	if (fd < 0)
		return file_error(e, "read", path);
	gz = gzdopen(fd, "rb");
	ASSERT(gz != NULL);
	(void)gzbuffer(gz, CHUNK);
	r = xcalloc(1, sizeof(*r));
	r->path = xstrdup(path);
	r->gz = gz;
	*out = r;
	return 0;
}

void archive_close(struct archive_reader *r)
{
	if (!r)
		return;
	(void)gzclose_r(r->gz);
	free(r->path);
	free(r);
}

/* Skips the rest of the entry. */
static int pass_over(struct archive_reader *r, struct err *e)
{
	char *chunk = xcalloc(1, CHUNK);
	int rc = 0;

	r->left += r->padding;
	r->padding = 0;
	while (!rc && r->left > 0) {
		size_t n = r->left < CHUNK ? (size_t)r->left : CHUNK;

		rc = get(r, chunk, n, e);
		r->left -= (int64_t)n;
	}
	free(chunk);
	return rc;
}

/* Reads to the end after the last entry, because gzip's checksum is there. */
static int read_end(struct archive_reader *r, struct err *e)
{
	char chunk[BLOCK];
	int n, code = Z_OK;

	while ((n = gzread(r->gz, chunk, sizeof(chunk))) > 0)
		for (int i = 0; i < n; i++)
			if (chunk[i])
				return damaged(r, "something follows its end", e);
	(void)gzerror(r->gz, &code);
	if (n < 0 || code == Z_BUF_ERROR)
		return damaged(r, "its end is missing", e);
	return err_set(e, ERR_END, "the end of %s", r->path);
}

int archive_next(struct archive_reader *r, struct archive_entry *out, struct err *e)
{
	static const struct header none;
	struct header h;
	int64_t bytes;
	int rc = pass_over(r, e);

	if (!rc)
		rc = get(r, &h, sizeof(h), e);
	if (rc)
		return rc;
	if (memcmp(&h, &none, sizeof(h)) == 0)
		return read_end(r, e);
	bytes = get_size(h.size);
	if (get_octal(h.checksum, sizeof(h.checksum)) != checksum(&h))
		return damaged(r, "it is no tar archive", e);
	if (!memchr(h.name, '\0', sizeof(h.name)) || h.prefix[0] || !archive_name_ok(h.name) ||
	    (h.type != '0' && h.type != '\0') || bytes < 0)
		return damaged(r, "it holds what no backup of ours holds", e);
	r->left = bytes;
	r->padding = padding_of(bytes);
	snprintf(out->name, sizeof(out->name), "%s", h.name);
	out->bytes = bytes;
	return 0;
}

int archive_read(struct archive_reader *r, void *data, size_t max, size_t *n, struct err *e)
{
	size_t want = r->left < (int64_t)max ? (size_t)r->left : max;
	int rc = want ? get(r, data, want, e) : 0;

	if (rc)
		return rc;
	r->left -= (int64_t)want;
	*n = want;
	return 0;
}

static int put_all(int fd, const char *data, size_t len, const char *to, struct err *e)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_error(e, "write", to);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int archive_extract(struct archive_reader *r, const char *to, char sha256[SHA256_HEX_MAX],
		    struct err *e)
{
	char *chunk = xcalloc(1, CHUNK);
	struct sha256 *h = sha256_new();
	int rc = 0, fd = -1;
	size_t n = 0;

	if (to) {
		fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			rc = file_error(e, "write", to);
	}
	while (!rc && !(rc = archive_read(r, chunk, CHUNK, &n, e)) && n > 0) {
		sha256_add(h, chunk, n);
		if (to)
			rc = put_all(fd, chunk, n, to, e);
	}
	if (!rc && to && fsync(fd))
		rc = file_error(e, "write", to);
	if (!rc)
		sha256_hex(h, sha256);
	if (fd >= 0)
		close(fd);
	sha256_free(h);
	free(chunk);
	return rc;
}
