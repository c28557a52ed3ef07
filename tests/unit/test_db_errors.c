/*
 * What a broken disk, a locked or foreign file gives: the code, and a sentence
 * that says what to do. Cases that root could not see run as another user.
 */
#include "common/db/check.h"
#include "tests/unit/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SKIPPED 77
#define NOBODY 65534

static const char SQL_PUT[] = "INSERT INTO counters(name, value) VALUES (?1, ?2)";
static const char SQL_COUNT[] = "SELECT count(*) FROM counters";

static struct err e;

static struct db *open_db(enum db_role role)
{
	struct db *db = NULL;

	memset(&e, 0, sizeof(e));
	if (db_open(scratch_path("app.db"), role, &db, &e))
		fail_msg("%s", e.msg);
	return db;
}

/* Opening fails with this code, a sentence that holds "part", and no handle. */
static void expect_refused(const char *path, int code, const char *part)
{
	const enum db_role roles[] = { DB_WORKER, DB_API, DB_CLI, DB_TOOL };

	for (size_t i = 0; i < 4; i++) {
		struct db *db = NULL;
		int rc = db_open(path, roles[i], &db, &e);

		if (rc != code || !strstr(e.msg, part) || !strstr(e.msg, path) || db)
			fail_msg("%s: %d %s", path, rc, e.msg);
	}
}

static void write_file(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static int put(struct db *db, int64_t n)
{
	static char long_name[2000];
	struct stmt *s;
	int rc = db_stmt(db, SQL_PUT, &s, &e);

	if (rc)
		return rc;
	memset(long_name, 'x', sizeof(long_name) - 1);
	snprintf(long_name, 20, "%lld", (long long)n);
	long_name[strlen(long_name)] = 'x';
	stmt_bind_text(s, 1, long_name);
	stmt_bind_int(s, 2, n);
	return stmt_run(s, &e);
}

static int64_t count(struct db *db)
{
	struct stmt *s;
	int64_t n = -1;

	if (db_stmt(db, SQL_COUNT, &s, NULL))
		return -1;
	if (stmt_step(s, NULL) == STMT_ROW)
		n = stmt_int(s, 0);
	stmt_done(s);
	return n;
}

static void test_locked(void **state)
{
	struct db *holder = open_db(DB_WORKER), *db = open_db(DB_API);

	(void)state;
	assert_int_equal(db_begin(holder, &e), 0);
	db_set_busy_timeout(db, 1);
	assert_int_equal(db_begin(db, &e), ERR_BUSY);
	assert_non_null(strstr(e.msg, "locked by another program"));
	assert_int_equal(db_exec(db, "INSERT INTO commands(kind) VALUES ('pause')", &e), ERR_BUSY);
	assert_false(db_in_transaction(db));
	assert_int_equal(count(db), 0); /* readers go on */
	assert_int_equal(db_commit(holder, &e), 0);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	db_close(db);
	db_close(holder);
}

static void test_garbage(void **state)
{
	char page[8192];

	(void)state;
	memset(page, 'g', sizeof(page));
	write_file(scratch_path("text"), "name = value\n", 13);
	expect_refused(scratch_path("text"), ERR_CORRUPT, "not a SQLite database");
	write_file(scratch_path("big"), page, sizeof(page));
	expect_refused(scratch_path("big"), ERR_CORRUPT, "not a SQLite database");
	/* The right first bytes and nothing behind them. */
	memcpy(page, "SQLite format 3", 16);
	write_file(scratch_path("head"), page, sizeof(page));
	expect_refused(scratch_path("head"), ERR_CORRUPT, "not a SQLite database");
}

static void test_damaged(void **state)
{
	struct db *db = open_db(DB_WORKER);
	char page[4096];
	struct stat st;
	int fd, rc;

	(void)state;
	for (int64_t n = 0; n < 200; n++)
		assert_int_equal(put(db, n), 0);
	db_close(db);
	assert_int_equal(stat(scratch_path("app.db"), &st), 0);
	memset(page, 'g', sizeof(page));
	fd = open(scratch_path("app.db"), O_WRONLY);
	for (off_t at = st.st_size - 60 * 4096; at < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
	close(fd);
	db = open_db(DB_WORKER);
	assert_int_equal(db_check(db, &e), ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "restore a backup"));
	do {
		rc = put(db, 1000 + rand() % 1000);
	} while (rc == 0);
	assert_int_equal(rc, ERR_CORRUPT);
	assert_non_null(strstr(e.msg, "is damaged"));
	db_close(db);
}

/* A page that could not be read stands in the same list as one that is wrong. */
static void test_what_can_not_be_read_is_not_damaged(void **state)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{ "ok", 0 },
		{ "Tree 3 page 7: btreeInitPage() returns error code 11", ERR_CORRUPT },
		{ "row 3 missing from index bots_name", ERR_CORRUPT },
		{ "Page 9: never used", ERR_CORRUPT },
		{ "Tree 4 page 5: unable to get the page. error code=10", ERR_IO },
		{ "Tree 4 page 5: unable to get the page. error code=266", ERR_IO },
		{ "Tree 4 page 5: unable to get the page. error code=522", ERR_CORRUPT },
		{ "Tree 4 page 5: unable to get the page. error code=5", ERR_BUSY },
		{ "Tree 4 page 5: unable to get the page. error code=13", ERR_FULL },
	};
	struct db *db = open_db(DB_WORKER);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&e, 0, sizeof(e));
		if (db_check_line(db, cases[i].line, &e) != cases[i].code)
			fail_msg("%s: %s", cases[i].line, e.msg);
		assert_int_equal(!!strstr(e.msg, "restore a backup"), cases[i].code == ERR_CORRUPT);
	}
	db_close(db);
}

static void test_not_a_file(void **state)
{
	struct db *db;

	(void)state;
	expect_refused(scratch_folder, ERR_IO, "is a folder");
	write_file(scratch_path("file"), "x", 1);
	assert_int_equal(db_open(scratch_path("file/app.db"), DB_WORKER, &db, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "/file"));
}

static void test_newer(void **state)
{
	struct db *db = open_db(DB_WORKER);
	const enum db_role roles[] = { DB_WORKER, DB_API, DB_CLI };

	(void)state;
	assert_int_equal(db_exec(db, "PRAGMA user_version = 4711", &e), 0);
	db_close(db);
	for (size_t i = 0; i < 3; i++) {
		db = NULL;
		assert_int_equal(db_open(scratch_path("app.db"), roles[i], &db, &e), ERR_NEWER);
		assert_null(db);
		assert_non_null(strstr(e.msg, "4711"));
	}
	db = open_db(DB_TOOL); /* doctor can still look */
	assert_int_equal(db_schema_version(db), 4711);
	db_close(db);
}

/* ---- read-only ---- */

static int become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	return setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY);
}

/* 0 when opening as an unprivileged user gives ERR_READONLY. */
static int open_unprivileged(void *arg)
{
	struct db *db;
	int rc;

	if (become_nobody())
		return SKIPPED;
	rc = db_open(scratch_path("app.db"), *(enum db_role *)arg, &db, &e);
	if (rc == ERR_READONLY && strstr(e.msg, "give this user the right"))
		return 0;
	fprintf(stderr, "%d %s\n", rc, rc ? e.msg : "opened");
	return 1;
}

static void expect_readonly(void)
{
	enum db_role roles[] = { DB_WORKER, DB_API, DB_CLI };

	for (size_t i = 0; i < 3; i++) {
		int rc = scratch_child(open_unprivileged, &roles[i]);

		if (rc == SKIPPED)
			skip();
		assert_int_equal(rc, 0);
	}
}

static void test_readonly_file(void **state)
{
	(void)state;
	db_close(open_db(DB_WORKER));
	assert_int_equal(chmod(scratch_folder, 0777), 0);
	assert_int_equal(chmod(scratch_path("app.db"), 0444), 0);
	expect_readonly();
	assert_int_equal(chmod(scratch_path("app.db"), 0000), 0);
	expect_readonly();
}

static void test_readonly_folder(void **state)
{
	(void)state;
	assert_int_equal(chmod(scratch_folder, 0555), 0);
	expect_readonly(); /* no file yet */
	assert_int_equal(chmod(scratch_folder, 0755), 0);
	db_close(open_db(DB_WORKER));
	assert_int_equal(chmod(scratch_path("app.db"), 0666), 0);
	assert_int_equal(chmod(scratch_folder, 0555), 0);
	expect_readonly(); /* the file could be written, -wal can't be made */
	assert_int_equal(chmod(scratch_folder, 0755), 0);
}

static void test_query_only(void **state)
{
	struct db *db = open_db(DB_WORKER);

	(void)state;
	assert_int_equal(db_exec(db, "PRAGMA query_only = ON", &e), 0);
	assert_int_equal(put(db, 1), ERR_READONLY);
	db_close(db);
}

/* ---- no space ---- */

static void test_full(void **state)
{
	struct db *db = open_db(DB_WORKER);
	int64_t n = 0;

	(void)state;
	assert_int_equal(db_exec(db, "PRAGMA max_page_count = 200", &e), 0);
	while (put(db, n) == 0)
		n++;
	assert_int_equal(e.code, ERR_FULL);
	assert_non_null(strstr(e.msg, "free some space"));
	assert_int_equal(count(db), n);
	/* It goes on once there is space again. */
	assert_int_equal(db_exec(db, "PRAGMA max_page_count = 100000", &e), 0);
	assert_int_equal(put(db, n), 0);
	assert_int_equal(db_check(db, &e), 0);
	db_close(db);
}

static int fill_disk(const char *path, int blocks)
{
	static char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	while (blocks-- > 0 && write(fd, block, sizeof(block)) == sizeof(block))
		;
	return close(fd);
}

/* In a mount namespace of its own: nothing is left behind, whatever happens. */
static int on_full_disk(void *arg)
{
	struct db *db = NULL, *late = NULL;
	int64_t n = 0;

	(void)arg;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", scratch_folder, "tmpfs", 0, "size=4m"))
		return SKIPPED;
	if (db_open(scratch_path("app.db"), DB_WORKER, &db, &e) ||
	    fill_disk(scratch_path("filler"), 300))
		return 1;
	while (put(db, n) == 0 && n < 100000)
		n++;
	if (e.code != ERR_FULL || count(db) != n)
		return 2;
	fill_disk(scratch_path("rest"), 100000);
	/* A first start there fails with the same word. */
	if (db_open(scratch_path("late.db"), DB_WORKER, &late, &e) != ERR_FULL)
		return 3;
	if (unlink(scratch_path("filler")))
		return 4;
	if (put(db, n) || db_check(db, &e))
		return 5;
	db_close(db);
	return 0;
}

static void test_full_disk(void **state)
{
	int rc;

	(void)state;
	rc = scratch_child(on_full_disk, NULL);
	if (rc == SKIPPED)
		skip();
	assert_int_equal(rc, 0);
}

/* ---- the operating system refuses ---- */

static int over_file_limit(void *arg)
{
	struct rlimit limit = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };
	struct db *db;
	int64_t n = 0;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	if (db_open(scratch_path("app.db"), DB_WORKER, &db, &e) || setrlimit(RLIMIT_FSIZE, &limit))
		return 1;
	while (put(db, n) == 0 && n < 100000)
		n++;
	if (e.code != ERR_FULL || !strstr(e.msg, "File too large")) {
		fprintf(stderr, "%d %s\n", e.code, e.msg);
		return 2;
	}
	return count(db) == n ? 0 : 3;
}

static void test_io(void **state)
{
	struct db *db;

	(void)state;
	assert_int_equal(scratch_child(over_file_limit, NULL), 0);
	db = open_db(DB_WORKER);
	assert_int_equal(db_check(db, &e), 0);
	db_close(db);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_locked),
		WITH_FOLDER(test_garbage),
		WITH_FOLDER(test_damaged),
		WITH_FOLDER(test_what_can_not_be_read_is_not_damaged),
		WITH_FOLDER(test_not_a_file),
		WITH_FOLDER(test_newer),
		WITH_FOLDER(test_readonly_file),
		WITH_FOLDER(test_readonly_folder),
		WITH_FOLDER(test_query_only),
		WITH_FOLDER(test_full),
		WITH_FOLDER(test_full_disk),
		WITH_FOLDER(test_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
