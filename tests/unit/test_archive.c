/* Archives: what comes out is what went in, and what is damaged or hostile is refused. */
#include "common/file.h"
#include "tests/unit/scratch.h"
#include "worker/backup/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define BLOCK 512

static struct err e;

static void fill(struct buf *b, size_t n, unsigned seed)
{
	buf_clear(b);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		buf_putc(b, (char)(seed >> 16));
	}
}

static void add_file(struct archive_writer *w, const char *name, size_t n)
{
	char sha256[SHA256_HEX_MAX];
	struct buf b = { 0 };

	fill(&b, n, (unsigned)n);
	assert_int_equal(file_write(scratch_path("part"), buf_text(&b), n, 0600, &e), 0);
	assert_int_equal(crypto_sha256_file(scratch_path("part"), sha256, &e), 0);
	assert_int_equal(archive_add_file(w, name, scratch_path("part"), (int64_t)n, sha256, &e),
			 0);
	buf_free(&b);
}

static const size_t sizes[] = { 0, 1, 511, 512, 513, 70000, 200000 };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void make(const char *path)
{
	struct archive_writer *w;
	struct buf text = { 0 };
	char name[32];

	buf_puts(&text, "{\"format\":1}\n");
	assert_int_equal(archive_create(path, 1753412400000000, &w, &e), 0);
	assert_int_equal(archive_add(w, "manifest.json", &text, &e), 0);
	for (size_t i = 0; i < SIZES; i++) {
		snprintf(name, sizeof(name), "models/%zu", i);
		add_file(w, name, sizes[i]);
	}
	assert_int_equal(archive_finish(w, &e), 0);
	buf_free(&text);
}

/* 0: every entry as it was made. */
static int read_all(const char *path)
{
	struct archive_reader *r = NULL;
	struct archive_entry entry;
	char sha256[SHA256_HEX_MAX], expected[SHA256_HEX_MAX];
	struct buf b = { 0 };
	size_t n = 0;
	int rc = archive_open(path, &r, &e);

	while (rc == 0 && (rc = archive_next(r, &entry, &e)) == 0) {
		rc = archive_extract(r, NULL, sha256, &e);
		if (rc || n++ == 0)
			continue;
		assert_true(n <= SIZES + 1);
		fill(&b, sizes[n - 2], (unsigned)sizes[n - 2]);
		crypto_sha256_hex(buf_text(&b), b.len, expected);
		if (entry.bytes != (int64_t)b.len || strcmp(sha256, expected) != 0)
			rc = ERR_CORRUPT;
	}
	archive_close(r);
	buf_free(&b);
	if (rc == ERR_END)
		rc = n == SIZES + 1 ? 0 : ERR_CORRUPT;
	return rc;
}

static void round_trip(void **state)
{
	(void)state;
	make(scratch_path("a.tar.gz"));
	assert_int_equal(read_all(scratch_path("a.tar.gz")), 0);
	assert_int_equal(archive_open(scratch_path("none"), &(struct archive_reader *){ NULL }, &e),
			 ERR_NOT_FOUND);
}

static void tar_opens_it(void **state)
{
	char command[512];

	(void)state;
	make(scratch_path("a.tar.gz"));
	snprintf(command, sizeof(command), "cd %s && tar -xzf a.tar.gz && test -f models/6 &&"
		 " test $(wc -c < models/5) = 70000", scratch_folder);
	assert_int_equal(system(command), 0);
}

/* Every cut, every changed byte of what was written: never taken for whole. */
static void damage_is_seen(void **state)
{
	struct buf whole = { 0 };

	(void)state;
	make(scratch_path("a.tar.gz"));
	assert_int_equal(file_read(scratch_path("a.tar.gz"), 1 << 22, &whole, &e), 0);
	for (size_t i = 0; i < 150; i++) {
		size_t at = whole.len * i / 150;

		assert_int_equal(file_write(scratch_path("cut"), whole.data, at, 0600, &e), 0);
		assert_int_not_equal(read_all(scratch_path("cut")), 0);
		if (at >= 4 && at < 10)
			continue; /* gzip's header: time, flags and system mean nothing */
		whole.data[at] ^= 0x10;
		assert_int_equal(file_write(scratch_path("bad"), whole.data, whole.len, 0600, &e),
				 0);
		assert_int_not_equal(read_all(scratch_path("bad")), 0);
		whole.data[at] ^= 0x10;
	}
	buf_free(&whole);
}

static void put(char *field, const char *text)
{
	while (*text)
		*field++ = *text++;
}

/* A tar as any program could make it, with the sum put right. */
static int taken(const char *name, char type, const char *size, const char *prefix)
{
	char tar[4 * BLOCK] = { 0 };
	struct archive_reader *r = NULL;
	struct archive_entry entry;
	unsigned sum = 0;
	gzFile gz = gzopen(scratch_path("made"), "wb");
	int rc;

	put(tar, name);
	put(tar + 124, size);
	tar[156] = type;
	put(tar + 257, "ustar");
	put(tar + 345, prefix);
	memset(tar + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	assert_int_equal(gzwrite(gz, tar, sizeof(tar)), sizeof(tar));
	assert_int_equal(gzclose(gz), Z_OK);
	assert_int_equal(archive_open(scratch_path("made"), &r, &e), 0);
	rc = archive_next(r, &entry, &e);
	if (rc == 0)
		rc = archive_next(r, &entry, &e);
	archive_close(r);
	return rc;
}

static void hostile_names_are_refused(void **state)
{
	static const char *const names[] = {
		"/etc/passwd", "../app.db", "models/../app.db", "models/..", "models/.hidden",
		".env", "models/a/b", "models/", "a\nb", "a b", "", "models//a", "C:\\x",
	};

	(void)state;
	assert_int_equal(taken("app.db", '0', "00000000005", ""), ERR_END);
	assert_int_equal(taken("models/0f", '\0', "00000000005", ""), ERR_END);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(taken(names[i], '0', "00000000005", ""), ERR_CORRUPT);
	for (const char *type = "123456789LKxgS"; *type; type++)
		assert_int_equal(taken("app.db", *type, "00000000005", ""), ERR_CORRUPT);
	assert_int_equal(taken("app.db", '0', "00000000005", "/etc"), ERR_CORRUPT);
	assert_int_equal(taken("app.db", '0', "9", ""), ERR_CORRUPT);
	assert_int_equal(taken("app.db", '0', "77777777777", ""), ERR_CORRUPT);
}

static void changed_files_are_noticed(void **state)
{
	static const char other[SHA256_HEX_MAX] = "00";
	struct archive_writer *w;

	(void)state;
	assert_int_equal(archive_create(scratch_path("a.tar.gz"), 0, &w, &e), 0);
	assert_int_equal(file_write(scratch_path("f"), "one", 3, 0600, &e), 0);
	assert_int_equal(archive_add_file(w, "f", scratch_path("f"), 3, other, &e), ERR_CONFLICT);
	archive_abandon(w);
	assert_int_equal(archive_create(scratch_path("none/a"), 0, &w, &e), ERR_NOT_FOUND);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(round_trip),
		WITH_FOLDER(tar_opens_it),
		WITH_FOLDER(damage_is_seen),
		WITH_FOLDER(hostile_names_are_refused),
		WITH_FOLDER(changed_files_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
